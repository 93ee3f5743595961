/* What the predictive backend foretells, asked for by a person: when an order comes, what they may like, what a month
 * will cost. Asked within a bounded time; when that fails the last answer stands in, checked against what is known
 * here: no answer is made up, none outlives what it was about, and nothing is recommended that cannot be had. */
#include <time.h>

#include "base/timeutil.h"
#include "core/core-internal.h"

#define BUDGET (5 * USEC_PER_SEC)
#define KEPT_MAX (256U << 10) /* bytes of an answer that is kept */
#define KIND_RECOMMENDATIONS "recommendations"
#define KIND_FORECAST "spending-forecast"
#define SPARE 20              /* asked for beyond the limit: some may not be sold here any more */

struct prediction {
	struct open_call call;
	struct core *core;
	struct failure failure;
	const char *kind;
	char *subject;      /* an order's uid, a period, "" */
	unsigned limit;
	uint64_t about;
	json_object *body;  /* what is answered; NULL: nothing */
	delivery_time_cb time_done;
	recommendations_cb list_done;
	forecast_cb forecast_done;
	void *userdata;
};

static void prediction_free(void *data)
{
	struct prediction *p = data;

	if (!p)
		return;
	open_call_end(&p->call);
	failure_done(&p->failure);
	free(p->subject);
	json_object_put(p->body);
	free(p);
}
DEFINE_CLEANUP(struct prediction *, prediction_free);

static struct prediction *prediction_new(struct core *c, const char *kind, const char *subject, void *userdata)
{
	struct prediction *p = new0(struct prediction, 1);

	if (!p)
		return NULL;
	open_call_begin(c, &p->call, prediction_free);
	p->core = c;
	p->kind = kind;
	p->userdata = userdata;
	p->subject = strdup(subject);
	if (!p->subject)
		failure_set(&p->failure, CC_E_STORAGE, "There is not enough memory");
	return p;
}

/* ---- answers ---- */

static void answer_time(struct prediction *p, const struct failure *f)
{
	const struct order_view *v = f ? NULL : order_pending_find(p->core, p->subject);

	if (!f && (!v || v->estimate.delivery == 0)) {
		failure_set(&p->failure, CC_E_CONFLICT, "The order is no longer on its way");
		f = &p->failure;
	}
	p->time_done(f, f ? NULL : &v->estimate, p->userdata);
}

static bool can_be_recommended(struct core *c, uint64_t id, struct product *product)
{
	uint32_t in_cart = 0;

	if (catalog_get_product(c->catalog, id, product) < 0)
		return false;
	if (product_is_available(product) && !isempty(product->name) &&
	    state_cart_get(c->state, c->world, c->session.row.user, id, &in_cart) >= 0 && in_cart == 0)
		return true;
	product_done(product);
	return false;
}

static bool is_listed(const struct recommended *list, size_t n, uint64_t product)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].product.id == product)
			return true;
	return false;
}

static void answer_list(struct prediction *p, const struct failure *f)
{
	size_t n = 0, all = f ? 0 : json_object_array_length(p->body);
	struct recommended *list = new0(struct recommended, p->limit);
	struct recommendation r;

	for (size_t i = 0; list && i < all && n < p->limit; i++) {
		if (predictive_decode_recommendation(json_object_array_get_idx(p->body, i), &r) < 0)
			continue;
		if (!is_listed(list, n, r.product) && can_be_recommended(p->core, r.product, &list[n].product)) {
			list[n].score = r.score;
			list[n++].reason = TAKE_PTR(r.reason);
		}
		recommendation_done(&r);
	}
	p->list_done(f, list, n, p->userdata);
	for (size_t i = 0; i < n; i++) {
		product_done(&list[i].product);
		free(list[i].reason);
	}
	free(list);
}

static void answer_forecast(struct prediction *p, const struct failure *f)
{
	struct spending_forecast forecast = { 0 };

	if (!f && predictive_decode_forecast(p->body, p->subject, &forecast) < 0) {
		failure_set(&p->failure, CC_E_PROTOCOL, "The service's forecast makes no sense");
		f = &p->failure;
	}
	p->forecast_done(f, f ? NULL : &forecast, p->userdata);
}

static void prediction_end(struct core *c, void *data)
{
	_cleanup_(prediction_freep) struct prediction *p = data;
	const struct failure *f = p->failure.error == CC_E_NONE ? NULL : &p->failure;

	(void)c;
	if (p->time_done)
		answer_time(p, f);
	else if (p->list_done)
		answer_list(p, f);
	else
		answer_forecast(p, f);
}

/* ---- the last answer ---- */

static bool same_month(uint64_t a, uint64_t b)
{
	time_t ta = (time_t)(a / USEC_PER_SEC), tb = (time_t)(b / USEC_PER_SEC);
	struct tm x, y;

	return localtime_r(&ta, &x) && localtime_r(&tb, &y) && x.tm_year == y.tm_year && x.tm_mon == y.tm_mon;
}

/* Of the service's clock: a forecast is of the month it was made in. */
static bool is_outlived(const struct prediction *p, uint64_t about)
{
	return p->forecast_done && !same_month(about, core_service_now(p->core));
}

static bool is_away(const struct core *c)
{
	return c->contact_known && !c->online;
}

/* p->body is then the last answer. */
static bool use_last(struct prediction *p)
{
	_cleanup_free_ char *body = NULL;
	struct core *c = p->core;
	const struct order_view *v;
	uint64_t asked, about;

	if (!c->user)
		return false;
	if (p->time_done) {
		v = order_pending_find(c, p->subject);
		return v && v->estimate.delivery > 0;
	}
	if (userdb_prediction_get(c->user, p->kind, p->subject, &asked, &about, &body) < 0 || is_outlived(p, about))
		return false;
	json_object_put(TAKE_PTR(p->body));
	return json_parse(body, strlen(body), JSON_MAX_DEPTH, &p->body) >= 0;
}

static void keep(struct prediction *p)
{
	const char *text = json_object_to_json_string_ext(p->body, JSON_C_TO_STRING_PLAIN);
	struct core *c = p->core;

	if (!c->user || !text || strlen(text) > KEPT_MAX)
		return;
	if (userdb_prediction_put(c->user, p->kind, p->subject, now_realtime(), p->about, text) < 0)
		log_warning("A prediction could not be stored: %s, ignoring", userdb_error(c->user));
}

/* ---- asking ---- */

/* Whether it can be answered from; what is no good is not kept. */
static bool take_answer(struct prediction *p, json_object *body)
{
	struct spending_forecast forecast;
	struct delivery_time said;

	if (p->time_done) {
		if (predictive_decode_delivery_time(body, &said) < 0)
			return false;
		estimate_said(p->core, p->subject, &said, p->about, body);
		return true;
	}
	if (p->list_done && (!json_object_is_type(body, json_type_array) ||
			     json_object_array_length(body) > PREDICTIVE_LIMIT_MAX))
		return false;
	if (p->forecast_done && predictive_decode_forecast(body, p->subject, &forecast) < 0)
		return false;
	json_object_put(p->body);
	p->body = json_object_get(body);
	keep(p);
	return true;
}

/* A refusal and the end of the session are answers; a service that is away, or raves, is none. */
static bool is_final(const struct api_reply *reply)
{
	return reply->outcome == API_UNAUTHORIZED || reply->outcome == API_NO_TOKEN ||
	       (reply->outcome == API_REFUSED && reply->status != 429);
}

static void answered(const struct api_reply *reply, void *userdata)
{
	struct prediction *p = userdata;

	if (reply->outcome == API_OK) {
		if (!take_answer(p, reply->body) && !use_last(p))
			failure_set(&p->failure, CC_E_PROTOCOL, "The service's prediction makes no sense");
	} else if (is_final(reply) || !use_last(p))
		failure_from_reply(&p->failure, reply);
	prediction_end(p->core, p);
}

/* Whoever has a last answer to fall back on, or is known to be without network, does not wait for repetitions. */
static int ask(struct prediction *p)
{
	struct core *c = p->core;
	unsigned wanted = p->limit + cart_count(c) + SPARE;
	uint64_t budget = is_away(c) || use_last(p) ? 0 : BUDGET;
	int r;

	if (p->time_done)
		r = predictive_delivery_time(c->api, p->subject, budget, answered, p, NULL);
	else if (p->list_done)
		r = predictive_recommendations(c->api, wanted < PREDICTIVE_LIMIT_MAX ? wanted : PREDICTIVE_LIMIT_MAX,
					       budget, answered, p, NULL);
	else
		r = predictive_spending_forecast(c->api, p->subject, budget, answered, p, NULL);
	if (r < 0)
		failure_set(&p->failure, CC_E_BACKEND, "The prediction could not be asked for: %s", strerror(-r));
	return r;
}

/* Where the services are known to be away, or the session has expired, what was said last is said at once. */
static void begin(struct prediction *p)
{
	struct core *c = p->core;
	bool away = is_away(c) || !session_active(c);

	if (p->failure.error == CC_E_NONE && session_require(c, /* reading= */ true, &p->failure) >= 0 &&
	    !(away && use_last(p)) && session_require(c, /* reading= */ false, &p->failure) >= 0 && ask(p) >= 0)
		return;
	(void)core_defer(c, prediction_end, p, prediction_free);
}

/* ---- calls ---- */

static int check_order(struct prediction *p)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	struct failure *f = &p->failure;
	const char *status;

	if (order_get(p->core, p->subject, &v, f) < 0)
		return -ECANCELED;
	status = v->order->status;
	if (v->local)
		return failure_set(f, CC_E_CONFLICT, "The order is not yet at the service (it is '%s')", status);
	if (!status_is_pending(status))
		return failure_set(f, CC_E_CONFLICT, "Nothing is expected of the order any more (it is '%s')", status);
	if (streq(status, STATUS_AWAITING_PAYMENT))
		return failure_set(f, CC_E_CONFLICT, "The order is expected once it is paid");
	p->about = v->order->end_expected;
	return 0;
}

void prediction_delivery_time(struct core *c, const char *order_uid, delivery_time_cb done, void *userdata)
{
	struct prediction *p = prediction_new(c, "", order_uid, userdata);

	if (!p)
		return;
	p->time_done = done;
	if (p->failure.error == CC_E_NONE)
		(void)check_order(p);
	begin(p);
}

void prediction_recommendations(struct core *c, unsigned limit, recommendations_cb done, void *userdata)
{
	struct prediction *p = prediction_new(c, KIND_RECOMMENDATIONS, "", userdata);

	if (!p)
		return;
	p->list_done = done;
	p->limit = limit;
	begin(p);
}

void prediction_spending_forecast(struct core *c, const char *period, forecast_cb done, void *userdata)
{
	struct prediction *p = prediction_new(c, KIND_FORECAST, period, userdata);

	if (!p)
		return;
	p->forecast_done = done;
	p->about = core_service_now(c);
	if (p->failure.error == CC_E_NONE && !streq(period, "month"))
		failure_set(&p->failure, CC_E_INVALID_ARGS, "The period '%.40s' is not 'month'", period);
	begin(p);
}

uint64_t prediction_asked(struct core *c, const char *kind)
{
	const char *subject = streq(kind, KIND_FORECAST) ? "month" : "";
	_cleanup_free_ char *body = NULL;
	uint64_t asked, about;

	if (!c->user || userdb_prediction_get(c->user, kind, subject, &asked, &about, &body) < 0)
		return 0;
	return asked;
}
