/* Interface Predictions: when an order comes, what a person may like, what a month will cost. All are asked of the
 * service, with the last answer where it cannot say. */
#include "bus/bus-private.h"

#define RECOMMENDATIONS_DEFAULT 10

static void time_known(const struct failure *f, const struct order_estimate *e, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "ttttd", e->cooking, e->delivery, e->earliest, e->latest, e->confidence);
}

static int predictions_method_get_delivery_time(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	const char *uid;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "order_uid", uid, NULL)) < 0)
		return r;
	if (isempty(uid))
		return bus_error_invalid(e, "'order_uid' is empty");
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	prediction_delivery_time(b->core, uid, time_known, op);
	return 1;
}

static int append_list(sd_bus_message *m, const struct recommended *list, size_t n)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', CC_SIG_RECOMMENDATION);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(m, CC_SIG_RECOMMENDATION, list[i].product.id, strempty(list[i].product.name),
					  list[i].product.price, list[i].product.currency, list[i].score,
					  strempty(list[i].reason));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static void list_known(const struct failure *f, const struct recommended *list, size_t n, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_list(reply, list, n));
}

static int predictions_method_get_recommendations(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct bus_op *op;
	uint32_t limit;
	int r;

	r = sd_bus_message_read(m, "u", &limit);
	if (r < 0)
		return r;
	if (limit > RECOMMENDATIONS_MAX)
		return bus_error_invalid(e, "'limit' is %u; at most %d are recommended", limit, RECOMMENDATIONS_MAX);
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	prediction_recommendations(b->core, limit > 0 ? limit : RECOMMENDATIONS_DEFAULT, list_known, op);
	return 1;
}

static void forecast_known(const struct failure *f, const struct spending_forecast *forecast, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "xxxs", forecast->amount, forecast->low, forecast->high, forecast->currency);
}

static int predictions_method_get_spending_forecast(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	const char *period;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &period)) < 0 ||
	    (r = bus_check_texts(e, "period", period, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	prediction_spending_forecast(b->core, period, forecast_known, op);
	return 1;
}

static int predictions_property_get_asked(sd_bus *bus, const char *path, const char *interface, const char *property,
					  sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;

	(void)bus, (void)path, (void)interface, (void)e;
	return bus_append_u64(reply, prediction_asked(b->core, streq(property, "ForecastTimestamp") ?
								       "spending-forecast" : "recommendations"));
}

const sd_bus_vtable bus_predictions_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDeliveryTime", SD_BUS_ARGS("s", order_uid),
				SD_BUS_RESULT("t", cooking, "t", delivery, "t", earliest, "t", latest, "d", confidence),
				predictions_method_get_delivery_time, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetRecommendations", SD_BUS_ARGS("u", limit), SD_BUS_RESULT("a(tsxsds)", products),
				predictions_method_get_recommendations, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetSpendingForecast", SD_BUS_ARGS("s", period),
				SD_BUS_RESULT("x", amount, "x", low, "x", high, "s", currency),
				predictions_method_get_spending_forecast, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("RecommendationsTimestamp", "t", predictions_property_get_asked, 0, 0),
	SD_BUS_PROPERTY("ForecastTimestamp", "t", predictions_property_get_asked, 0, 0),
	SD_BUS_VTABLE_END,
};
