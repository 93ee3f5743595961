/* stats: the numbers themselves, as JSON and as tables with every point. */
#include <math.h>

#include "base/timeutil.h"
#include "clients/cli/stats.h"
#include "clients/cli/table.h"
#include "clients/cli/when.h"
#include "dbus/jsonview.h"

static int64_t minor_of(double value)
{
	if (value >= 0x1p63)
		return INT64_MAX;
	return value < -0x1p63 ? INT64_MIN : llround(value);
}

json_object *stats_value_json(const struct stats_series *s, double value)
{
	if (stats_series_is_money(s))
		return json_new_money(minor_of(value), s->unit);
	if (floor(value) == value && fabs(value) < 0x1p53)
		return json_object_new_int64((int64_t)value);
	return json_new_double(value);
}

static json_object *totals_json(const struct stats_series *s)
{
	json_object *o = xcheck(json_object_new_object());
	double sum = stats_series_sum(s);

	if (stats_is_sum(s->metric))
		json_object_object_add(o, "sum", stats_value_json(s, sum));
	if (s->n > 0)
		json_object_object_add(o, "mean", stats_value_json(s, sum / (double)s->n));
	json_object_object_add(o, "count", json_object_new_int64((int64_t)s->n));
	return o;
}

static json_object *points_json(const struct stats_series *s)
{
	json_object *a = xcheck(json_object_new_array());

	for (size_t i = 0; i < s->n; i++) {
		json_object *o = xcheck(json_object_new_object());

		json_object_object_add(o, "label", json_object_new_string(s->points[i].label));
		if (s->points[i].start)
			json_object_object_add(o, "start", json_new_time(s->points[i].start));
		json_object_object_add(o, "value", stats_value_json(s, s->points[i].value));
		json_object_array_add(a, o);
	}
	return a;
}

static json_object *head_json(const struct stats_query *q, const char *metric, const char *source, uint64_t updated)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "metric", json_object_new_string(metric));
	json_object_object_add(o, "source", json_object_new_string(source));
	if (updated)
		json_object_object_add(o, "updated", json_new_time(updated));
	json_object_object_add(o, "filter", stats_filter_json(q));
	return o;
}

json_object *stats_series_json(const struct stats_query *q, const struct stats_series *s)
{
	json_object *o = head_json(q, stats_metric_name(s->metric), s->source, s->updated);

	if (stats_has_period(s->metric))
		json_object_object_add(o, "period", json_object_new_string(s->period));
	json_object_object_add(o, "unit", json_object_new_string(s->unit));
	json_object_object_add(o, "points", points_json(s));
	json_object_object_add(o, "totals", totals_json(s));
	return o;
}

json_object *stats_deliveries_json(const struct stats_query *q, const struct stats_deliveries *d)
{
	json_object *o = head_json(q, stats_metric_name(STATS_DELIVERY), "local", d->updated);
	json_object *a = xcheck(json_object_new_array()), *totals = xcheck(json_object_new_object());
	double delay = 0;

	for (size_t i = 0; i < d->n; i++) {
		json_object *one = xcheck(json_object_new_object());

		delay += d->items[i].real - d->items[i].promised;
		json_object_object_add(one, "uid", json_object_new_string(d->items[i].uid));
		json_object_object_add(one, "created", json_new_time(d->items[i].created));
		json_object_object_add(one, "promised", json_new_double(d->items[i].promised));
		json_object_object_add(one, "real", json_new_double(d->items[i].real));
		json_object_array_add(a, one);
	}
	if (d->n > 0)
		json_object_object_add(totals, "mean-delay", json_new_double(delay / (double)d->n));
	json_object_object_add(totals, "count", json_object_new_int64((int64_t)d->n));
	json_object_object_add(o, "unit", json_object_new_string("minutes"));
	json_object_object_add(o, "deliveries", a);
	json_object_object_add(o, "totals", totals);
	return o;
}

static const char *first_title(const struct stats_series *s)
{
	static const char *const titles[][2] = { { "day", "DAY" }, { "week", "WEEK" }, { "month", "MONTH" },
						 { "year", "YEAR" }, { "all", "PERIOD" } };

	if (s->metric == STATS_ORDER_TIME)
		return "HOUR";
	if (s->metric == STATS_DELIVERY_PLACE)
		return "PLACE";
	for (size_t i = 0; i < ELEMENTSOF(titles); i++)
		if (streq(titles[i][0], s->period))
			return titles[i][1];
	return "";
}

static const char *second_title(const struct stats_series *s)
{
	if (stats_series_is_money(s))
		return s->unit;
	if (streq(s->unit, "minutes"))
		return "MINUTES";
	return s->metric == STATS_ITEMS ? "ITEMS" : "ORDERS";
}

void stats_series_table(struct cli *cli, const struct stats_series *s)
{
	const struct column columns[] = {
		{ first_title(s), .flexible = true },
		{ second_title(s), .right = true },
	};
	struct table *t = table_new(columns, ELEMENTSOF(columns));
	struct chart c = { .unit = stats_series_is_money(s) ? CHART_MONEY : CHART_COUNT };
	char value[CHART_VALUE_SIZE];

	snprintf(c.currency, sizeof(c.currency), "%s", c.unit == CHART_MONEY ? s->unit : "");
	for (size_t i = 0; i < s->n; i++)
		table_add(t, (const char *[]){ s->points[i].label, chart_format_value(value, &c, s->points[i].value) });
	cli_print_table(cli, t);
}

void stats_deliveries_table(struct cli *cli, const struct stats_deliveries *d)
{
	static const struct column columns[] = {
		{ "CREATED" }, { "PROMISED", .right = true }, { "REAL", .right = true }, { "DELAY", .right = true },
		{ "ORDER" },
	};
	struct table *t = table_new(columns, ELEMENTSOF(columns));
	struct chart c = { .unit = CHART_MINUTES };
	char created[WHEN_SIZE], promised[CHART_VALUE_SIZE], real[CHART_VALUE_SIZE], delay[CHART_VALUE_SIZE];

	for (size_t i = 0; i < d->n; i++) {
		const struct stats_delivery *one = &d->items[i];

		table_add(t, (const char *[]){ when_format(created, one->created),
					       chart_format_value(promised, &c, one->promised),
					       chart_format_value(real, &c, one->real),
					       chart_format_value(delay, &c, one->real - one->promised), one->uid });
	}
	cli_print_table(cli, t);
}
