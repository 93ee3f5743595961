/* Interface Statistics: what is asked, checked by name; series, deliveries and the overview as they go out. */
#include <math.h>

#include "bus/bus-options.h"
#include "bus/bus-private.h"
#include "core/statistics.h"

struct filter {
	char **statuses, **places;
	char *source;
	bool has_statuses, has_places;
};

static void filter_done(struct filter *f)
{
	strv_free(f->statuses);
	strv_free(f->places);
	free(f->source);
}

/* The filter's lists go over to the query. */
static int filter_read(sd_bus_message *m, struct filter *f, struct series_query *q, sd_bus_error *e)
{
	static const struct bus_option table[] = {
		{ "statuses", "as", bus_option_strv, offsetof(struct filter, statuses),
		  BUS_OPTION_HAS(struct filter, has_statuses) },
		{ "places", "as", bus_option_strv, offsetof(struct filter, places),
		  BUS_OPTION_HAS(struct filter, has_places) },
		{ "source", "s", bus_option_text, offsetof(struct filter, source), 0 },
		{ 0 },
	};
	char quoted[QUOTED_SIZE];
	int r;

	r = bus_options_read(m, table, f, e);
	if (r < 0)
		return r;
	if (f->has_statuses && !f->statuses)
		return bus_error_invalid(e, "'statuses' is empty");
	if (f->has_places && !f->places)
		return bus_error_invalid(e, "'places' is empty");
	if (f->source && !streq(f->source, "local"))
		return bus_error_invalid(e, "'source' \"%s\" is not 'local'", bus_quote(quoted, f->source));
	q->local = f->source || f->statuses || f->places;
	q->statuses = f->statuses;
	q->places = f->places;
	return 0;
}

static int range_check(const struct series_query *q, sd_bus_error *e)
{
	if (q->from > INT64_MAX || q->to > INT64_MAX)
		return bus_error_invalid(e, "'%s' is not a time", q->from > INT64_MAX ? "from" : "to");
	if (q->to > 0 && q->from > q->to)
		return bus_error_invalid(e, "'from' is after 'to'");
	return 0;
}

static int query_read(sd_bus_message *m, struct series_query *q, sd_bus_error *e)
{
	const char *metric, *period;
	char quoted[QUOTED_SIZE];
	int r;

	r = sd_bus_message_read(m, "sstt", &metric, &period, &q->from, &q->to);
	if (r < 0)
		return r;
	r = metric_from_name(metric);
	if (r < 0)
		return bus_error_invalid(e, "'metric' \"%s\" is not one that is known: total-amount, item-cost, orders, "
					 "items, order-time, delivery-place, delivery-duration, delivery-delay",
					 bus_quote(quoted, metric));
	q->metric = (enum statistics_metric)r;
	r = calendar_period_from_name(period);
	if (r < 0)
		return bus_error_invalid(e, "'period' \"%s\" is not one of day, week, month, year, all",
					 bus_quote(quoted, period));
	q->period = (enum calendar_period)r;
	return range_check(q, e);
}

static int append_series(sd_bus_message *m, const char *source, const struct series *s)
{
	int r;

	if ((r = sd_bus_message_append(m, "ss", source, s->unit)) < 0 ||
	    (r = sd_bus_message_open_container(m, 'a', CC_SIG_SERIES_POINT)) < 0)
		return r;
	for (size_t i = 0; i < s->n; i++) {
		const struct series_point *p = &s->points[i];

		r = sd_bus_message_append(m, CC_SIG_SERIES_POINT, p->label, p->start, p->value);
		if (r < 0)
			return r;
	}
	return sd_bus_message_close_container(m);
}

static void series_ready(const struct failure *f, const char *source, const struct series *s, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_series(reply, source, s));
}

/* Nobody is asked for a person who is not there. */
static int start(struct bus *b, sd_bus_message *m, struct bus_op **ret, sd_bus_error *e)
{
	struct userdb *u;
	int r;

	r = bus_require_userdb(b, &u, e);
	return r < 0 ? r : bus_op_new(b, m, ret, e);
}

static int statistics_method_get_series(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct series_query q = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = query_read(m, &q, e)) < 0 ||
	    (r = start(b, m, &op, e)) < 0)
		return r;
	statistics_series(b->core, &q, series_ready, op);
	return 1;
}

static int statistics_method_get_filtered_series(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(filter_done) struct filter filter = { 0 };
	struct series_query q = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = query_read(m, &q, e)) < 0 ||
	    (r = filter_read(m, &filter, &q, e)) < 0 ||
	    (r = start(b, m, &op, e)) < 0)
		return r;
	statistics_series(b->core, &q, series_ready, op);
	return 1;
}

/* ---- deliveries ---- */

/* They come newest first and go out oldest first. */
static int append_deliveries(sd_bus_message *m, const struct delivery *d, size_t n)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', CC_SIG_DELIVERY);
	while (r >= 0 && n-- > 0)
		r = sd_bus_message_append(m, CC_SIG_DELIVERY, d[n].uid, d[n].created, d[n].promised, d[n].real);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static void deliveries_ready(const struct failure *f, const struct delivery *d, size_t n, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_deliveries(reply, d, n));
}

static int statistics_method_get_deliveries(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(filter_done) struct filter filter = { 0 };
	struct series_query q = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "tt", &q.from, &q.to)) < 0 ||
	    (r = range_check(&q, e)) < 0 ||
	    (r = filter_read(m, &filter, &q, e)) < 0 ||
	    (r = start(b, m, &op, e)) < 0)
		return r;
	statistics_deliveries(b->core, &q, deliveries_ready, op);
	return 1;
}

/* ---- overview ---- */

static int open_rows(sd_bus_message *m, const char *key, const char *array)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
	    (r = sd_bus_message_append_basic(m, 's', key)) < 0 ||
	    (r = sd_bus_message_open_container(m, 'v', array)) < 0)
		return r;
	return sd_bus_message_open_container(m, 'a', array + 1);
}

static int close_rows(sd_bus_message *m)
{
	int r;

	if ((r = sd_bus_message_close_container(m)) < 0 ||
	    (r = sd_bus_message_close_container(m)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int append_best(sd_bus_message *m, const struct overview *o)
{
	int r;

	r = open_rows(m, "favourites", "a" CC_SIG_FAVOURITE);
	for (size_t i = 0; r >= 0 && i < o->n_favourites; i++)
		r = sd_bus_message_append(m, CC_SIG_FAVOURITE, o->favourites[i].product, o->favourites[i].name,
					  o->favourites[i].quantity, o->favourites[i].amount);
	if (r < 0 || (r = close_rows(m)) < 0)
		return r;
	r = open_rows(m, "places", "a" CC_SIG_PLACE_SUM);
	for (size_t i = 0; r >= 0 && i < o->n_places; i++)
		r = sd_bus_message_append(m, CC_SIG_PLACE_SUM, o->places[i].text, o->places[i].orders,
					  o->places[i].amount);
	if (r < 0 || (r = close_rows(m)) < 0)
		return r;
	r = open_rows(m, "price-changes", "a" CC_SIG_PRICE_CHANGE);
	for (size_t i = 0; r >= 0 && i < o->n_prices; i++)
		r = sd_bus_message_append(m, CC_SIG_PRICE_CHANGE, o->prices[i].product, o->prices[i].name,
					  o->prices[i].paid, o->prices[i].now, o->prices[i].bought);
	return r < 0 ? r : close_rows(m);
}

static int append_overview(sd_bus_message *m, const struct overview *o)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_text(m, "currency", o->currency)) < 0 ||
	    (r = bus_put_i64(m, "this-month", o->this_month)) < 0 ||
	    (r = bus_put_i64(m, "last-month", o->last_month)) < 0 ||
	    (r = bus_put_i64(m, "last-month-to-date", o->last_month_to_date)) < 0 ||
	    (r = bus_put_u32(m, "this-month-orders", o->this_month_orders)) < 0 ||
	    (r = bus_put_u32(m, "last-month-orders", o->last_month_orders)) < 0 ||
	    (r = bus_put_i64(m, "this-year", o->this_year)) < 0 ||
	    (r = bus_put_i64(m, "last-year", o->last_year)) < 0 ||
	    (r = bus_put_i64(m, "total", o->total)) < 0 ||
	    (r = bus_put_u32(m, "orders", o->orders)) < 0 ||
	    (r = bus_put_time(m, "since", o->since)) < 0 ||
	    (r = append_best(m, o)) < 0 ||
	    (r = bus_put_u32(m, "delivered", o->delivered)) < 0 ||
	    (r = bus_put_u32(m, "on-time", o->on_time)) < 0 ||
	    (o->delivered > 0 && (r = bus_put_double(m, "mean-delay", o->mean_delay)) < 0) ||
	    (r = bus_put_u32(m, "other-currencies", o->other_currencies)) < 0 ||
	    (r = bus_put_u32(m, "cancelled", o->cancelled)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static void overview_ready(const struct failure *f, const struct overview *o, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_overview(reply, o));
}

static int statistics_method_get_overview(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	r = start(b, m, &op, e);
	if (r < 0)
		return r;
	statistics_overview(b->core, overview_ready, op);
	return 1;
}

#define SERIES_RESULT SD_BUS_RESULT("s", source, "s", unit, "a" CC_SIG_SERIES_POINT, points)

const sd_bus_vtable bus_statistics_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetSeries", SD_BUS_ARGS("s", metric, "s", period, "t", from, "t", to), SERIES_RESULT,
				statistics_method_get_series, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetFilteredSeries",
				SD_BUS_ARGS("s", metric, "s", period, "t", from, "t", to, "a{sv}", filter), SERIES_RESULT,
				statistics_method_get_filtered_series, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetDeliveries", SD_BUS_ARGS("t", from, "t", to, "a{sv}", filter),
				SD_BUS_RESULT("a" CC_SIG_DELIVERY, deliveries), statistics_method_get_deliveries,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetOverview", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", overview),
				statistics_method_get_overview, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
