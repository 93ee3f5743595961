/* The predictive backend, /PredictiveBackend: its calls, and its records. */
#include "backend/predictive.h"

#include "backend/decode.h"

#define TRY_TIMEOUT (5 * USEC_PER_SEC) /* somebody looks at an order, or waits */

static int get(struct api *a, const char *path, uint64_t budget, api_cb done, void *userdata, struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_PREDICTIVE,
				 .method = "GET",
				 .path = path,
				 .aside = true,
				 .retry_budget = budget,
				 .timeout = TRY_TIMEOUT,
			 },
			 done, userdata, ret);
}

static int get_of(struct api *a, const char *call, const char *value, uint64_t budget, api_cb done, void *userdata,
		  struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(value), *path = NULL;

	path = escaped ? strprintf("%s=%s", call, escaped) : NULL;
	return path ? get(a, path, budget, done, userdata, ret) : -ENOMEM;
}

int predictive_delivery_time(struct api *a, const char *order_uid, uint64_t budget, api_cb done, void *userdata,
			     struct api_call **ret)
{
	return get_of(a, "DeliveryTimeGet?deliveryOrderUid", order_uid, budget, done, userdata, ret);
}

int predictive_recommendations(struct api *a, unsigned limit, uint64_t budget, api_cb done, void *userdata,
			       struct api_call **ret)
{
	_cleanup_free_ char *path = strprintf("RecommendationsGet?limit=%u", limit);

	return path ? get(a, path, budget, done, userdata, ret) : -ENOMEM;
}

int predictive_spending_forecast(struct api *a, const char *period, uint64_t budget, api_cb done, void *userdata,
				 struct api_call **ret)
{
	return get_of(a, "SpendingForecastGet?period", period, budget, done, userdata, ret);
}

int predictive_decode_delivery_time(json_object *o, struct delivery_time *ret)
{
	static const struct field fields[] = {
		{ "cookingEnd", FIELD_TIME, offsetof(struct delivery_time, cooking) },
		{ "deliveryEnd", FIELD_TIME, offsetof(struct delivery_time, delivery) },
		{ "earliest", FIELD_TIME, offsetof(struct delivery_time, earliest) },
		{ "latest", FIELD_TIME, offsetof(struct delivery_time, latest) },
	};
	struct delivery_time t = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &t);
	if (r < 0)
		return r;
	if (t.delivery == 0)
		return decode_refuse("deliveryEnd");
	if (t.earliest > t.delivery)
		return decode_refuse("earliest");
	if (t.latest > 0 && t.latest < t.delivery)
		return decode_refuse("latest");
	if (json_get_double(o, "confidence", &t.confidence) < 0 || t.confidence < 0 || t.confidence > 1)
		return decode_refuse("confidence");
	*ret = t;
	return 0;
}

void recommendation_done(struct recommendation *r)
{
	free(r->reason);
	*r = (struct recommendation){ 0 };
}

int predictive_decode_recommendation(json_object *o, struct recommendation *ret)
{
	static const struct field fields[] = {
		{ "productId", FIELD_ID, offsetof(struct recommendation, product) },
		{ "reason", FIELD_TEXT, offsetof(struct recommendation, reason) },
	};
	struct recommendation rec = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &rec);
	if (r == 0 && rec.product == 0)
		r = decode_refuse("productId");
	if (r == 0 && json_get_double(o, "score", &rec.score) < 0)
		r = decode_refuse("score");
	if (r < 0) {
		recommendation_done(&rec);
		return r;
	}
	*ret = rec;
	return 0;
}

int predictive_decode_forecast(json_object *o, const char *period, struct spending_forecast *ret)
{
	struct spending_forecast f = { 0 };
	const char *said;
	int r;

	if (decode_word(o, "period", &said) < 0)
		return -EBADMSG;
	if (!streq(said, period))
		return decode_refuse("period");
	r = decode_currency(o, "USD", f.currency);
	if (r < 0)
		return r;
	if (json_get_money(o, "amount", f.currency, &f.amount) <= 0)
		return decode_refuse("amount");
	f.low = f.high = f.amount;
	if (json_get_money(o, "low", f.currency, &f.low) < 0 || f.low > f.amount)
		return decode_refuse("low");
	if (json_get_money(o, "high", f.currency, &f.high) < 0 || f.high < f.amount)
		return decode_refuse("high");
	*ret = f;
	return 0;
}
