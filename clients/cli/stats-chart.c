/* stats: a series or the deliveries as a chart, with its title and what stands under it. */
#include <math.h>
#include <time.h>

#include "base/timeutil.h"
#include "clients/cli/stats.h"
#include "clients/cli/when.h"

#define LONG_SERIES 92 /* days: more are a line */
#define DELIVERIES_MAX 10000 /* GetDeliveries has no more */

static const char *const titles[_STATS_METRIC_MAX] = {
	[STATS_TOTAL_AMOUNT] = "Spent",
	[STATS_ITEM_COST] = "Mean price of an item",
	[STATS_ORDERS] = "Orders",
	[STATS_ITEMS] = "Items ordered",
	[STATS_ORDER_TIME] = "Orders by hour of the day",
	[STATS_DELIVERY_PLACE] = "Orders by place of delivery",
	[STATS_DELIVERY_DURATION] = "Time to delivery",
	[STATS_DELIVERY_DELAY] = "Delay of deliveries",
	[STATS_DELIVERY] = "Deliveries, promised and real",
};

bool stats_kind_possible(enum stats_metric metric, enum chart_kind kind)
{
	if (metric == STATS_DELIVERY_PLACE)
		return kind == CHART_BAR;
	if (metric == STATS_DELIVERY)
		return kind == CHART_SCATTER;
	if (metric == STATS_ORDER_TIME)
		return kind != CHART_SCATTER;
	return true;
}

enum chart_kind stats_kind_default(const struct stats_series *s)
{
	if (s->metric == STATS_ORDER_TIME)
		return CHART_HISTOGRAM;
	if (!stats_is_sum(s->metric) && s->n > 1)
		return CHART_LINE;
	return streq(s->period, "day") && s->n > LONG_SERIES ? CHART_LINE : CHART_BAR;
}

static void set_unit(struct chart *c, const struct stats_series *s)
{
	if (!stats_series_is_money(s)) {
		c->unit = streq(s->unit, "minutes") ? CHART_MINUTES : CHART_COUNT;
		return;
	}
	c->unit = CHART_MONEY;
	snprintf(c->currency, sizeof(c->currency), "%s", s->unit);
}

static enum chart_along along_of(const struct stats_series *s)
{
	static const struct {
		const char *period;
		enum chart_along along;
	} alongs[] = { { "day", CHART_DAYS }, { "week", CHART_WEEKS }, { "month", CHART_MONTHS }, { "year", CHART_YEARS } };

	if (s->metric == STATS_ORDER_TIME)
		return CHART_BINS;
	for (size_t i = 0; stats_has_period(s->metric) && i < ELEMENTSOF(alongs); i++)
		if (streq(alongs[i].period, s->period))
			return alongs[i].along;
	return CHART_NAMES;
}

static char *title_of(const struct stats_query *q, enum stats_metric metric, const char *period, bool counted)
{
	_cleanup_free_ char *range = stats_range_text(q);
	const char *between = *range ? ", " : "";

	if (metric == STATS_DELIVERY || !stats_has_period(metric) || streq(period, "all"))
		return xprintf("%s%s%s", titles[metric], between, range);
	if (counted)
		return xprintf("%s: how many %ss had so much%s%s", titles[metric], period, between, range);
	return xprintf("%s by %s%s%s", titles[metric], period, between, range);
}

static void joined(FILE *f, const char *what, char *const *list)
{
	if (list)
		fprintf(f, "%s%s", what, *list);
	for (size_t i = 1; list && list[i]; i++)
		fprintf(f, ", %s", list[i]);
}

/* What was left out, where something was. */
static void add_filter_note(const struct stats_query *q, struct chart *c)
{
	_cleanup_free_ char *text = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	joined(f, " with status ", q->statuses);
	joined(f, " to ", q->places);
	text = textbuf_take(&b);
	if (*text)
		chart_add_note(c, "Only orders%s.", text);
}

char *stats_source_text(const char *source, uint64_t updated)
{
	uint64_t now = now_realtime();
	char span[WHEN_SIZE];

	if (streq(source, "backend"))
		return xstrdup("From the service.");
	if (!updated || updated > now)
		return xstrdup("Computed here, from the orders that are known here.");
	if (now - updated < USEC_PER_MIN)
		return xstrdup("Computed here, from the orders as they are now.");
	return xprintf("Computed here, from the orders as they were known %s ago.",
		       when_format_span(span, now - updated));
}

static const char *plural(const char *period, size_t n)
{
	static const char *const names[][2] = { { "day", "days" }, { "week", "weeks" }, { "month", "months" },
						{ "year", "years" } };

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (streq(names[i][0], period))
			return names[i][n != 1];
	return "";
}

char *stats_summary(const struct stats_series *s)
{
	char sum[CHART_VALUE_SIZE], mean[CHART_VALUE_SIZE];
	const char *unit = stats_series_is_money(s) ? s->unit : streq(s->unit, "minutes") ? "min" : "";
	const char *gap = *unit ? " " : "", *orders = stats_series_sum(s) == 1 ? "order" : "orders";
	struct chart c = {};

	set_unit(&c, s);
	chart_format_value(sum, &c, stats_series_sum(s));
	chart_format_value(mean, &c, s->n > 0 ? stats_series_sum(s) / (double)s->n : 0);
	if (s->metric == STATS_DELIVERY_PLACE)
		return xprintf("%s %s to %zu %s.", sum, orders, s->n, s->n == 1 ? "place" : "places");
	if (s->metric == STATS_ORDER_TIME)
		return xprintf("%s %s.", sum, orders);
	if (s->n < 2 || streq(s->period, "all"))
		return xprintf("%s%s%s.", sum, gap, unit);
	if (!stats_is_sum(s->metric))
		return xprintf("Mean %s%s%s, of %zu %s.", mean, gap, unit, s->n, plural(s->period, s->n));
	return xprintf("Sum %s%s%s, mean %s%s%s, of %zu %s.", sum, gap, unit, mean, gap, unit, s->n,
		       plural(s->period, s->n));
}

/* A moment of the label's first day in local time: the date is the same here when the daemon's zone is another. */
static uint64_t moment_of(const struct stats_point *p)
{
	struct tm tm = { .tm_mon = 0, .tm_mday = 1, .tm_hour = 12, .tm_isdst = -1 };
	int year, week;
	time_t t;

	if (sscanf(p->label, "%4d-W%2d", &year, &week) == 2) {
		/* Week 1 has the 4th of January in it (ISO 8601). */
		tm.tm_year = year - 1900;
		tm.tm_mday = 4;
		if (mktime(&tm) == -1)
			return p->start;
		tm.tm_mday = 4 - (tm.tm_wday + 6) % 7 + 7 * (week - 1);
		tm.tm_isdst = -1;
	} else if (sscanf(p->label, "%4d-%2d-%2d", &year, &tm.tm_mon, &tm.tm_mday) >= 1) {
		tm.tm_year = year - 1900;
		tm.tm_mon -= tm.tm_mon > 0;
	} else
		return p->start;
	t = mktime(&tm);
	return t < 0 ? p->start : (uint64_t)t * USEC_PER_SEC;
}

static void add_points(struct chart *c, const struct stats_series *s)
{
	bool dated = c->along >= CHART_DAYS && c->along <= CHART_YEARS;

	for (size_t i = 0; i < s->n; i++) {
		const char *label = streq(s->points[i].label, "all") ? "all time" : s->points[i].label;

		chart_add(c, label, dated ? moment_of(&s->points[i]) : s->points[i].start, s->points[i].value);
	}
}

/* How many of the days, weeks… had so much. */
static void count_points(struct chart *c, const struct stats_series *s)
{
	_cleanup_free_ double *values = xcheck(new0(double, s->n + 1));

	for (size_t i = 0; i < s->n; i++)
		values[i] = s->points[i].value;
	c->x_unit = c->unit;
	c->unit = CHART_COUNT;
	chart_count_into_bins(c, values, s->n, 24);
}

void stats_chart_series(const struct stats_query *q, const struct stats_series *s, enum chart_kind kind,
			struct chart *ret)
{
	_cleanup_free_ char *summary = s->n > 0 ? stats_summary(s) : NULL;
	_cleanup_free_ char *source = stats_source_text(s->source, s->updated);
	bool counted = kind == CHART_HISTOGRAM && s->metric != STATS_ORDER_TIME;
	struct chart c = { .kind = kind, .along = along_of(s), .title = title_of(q, s->metric, s->period, counted) };

	set_unit(&c, s);
	c.lying = s->metric == STATS_DELIVERY_PLACE;
	c.late = s->metric == STATS_DELIVERY_DELAY;
	if (s->metric == STATS_ORDER_TIME) {
		c.x_unit = CHART_HOURS;
		c.bin_width = 1;
	}
	/* Hours are there without orders, too. */
	if (counted)
		count_points(&c, s);
	else if (s->metric != STATS_ORDER_TIME || stats_series_sum(s) > 0)
		add_points(&c, s);
	if (summary)
		chart_add_note(&c, "%s", summary);
	add_filter_note(q, &c);
	chart_add_note(&c, "%s", source);
	*ret = c;
}

static void add_punctuality(struct chart *c, const struct stats_deliveries *d)
{
	double delay = 0;
	size_t late = 0;

	for (size_t i = 0; i < d->n; i++) {
		delay += d->items[i].real - d->items[i].promised;
		late += d->items[i].real > d->items[i].promised;
	}
	if (d->n == 0)
		return;
	delay /= (double)d->n;
	chart_add_note(c, "%zu of %s%zu %s on time, %.1f min %s on average.", d->n - late,
		       d->n >= DELIVERIES_MAX ? "the newest " : "", d->n, d->n == 1 ? "delivery" : "deliveries", fabs(delay),
		       delay > 0 ? "late" : "early");
}

static double delivery_value(const struct stats_delivery *d, enum stats_metric metric)
{
	return metric == STATS_DELIVERY_DELAY ? d->real - d->promised : d->real;
}

void stats_chart_deliveries(const struct stats_query *q, const struct stats_deliveries *d, enum stats_metric metric,
			    enum chart_kind kind, struct chart *ret)
{
	_cleanup_free_ char *source = stats_source_text("local", d->updated), *title = title_of(q, metric, "all", false);
	_cleanup_free_ double *values = xcheck(new0(double, d->n + 1));
	struct chart c = { .kind = kind, .x_unit = CHART_MINUTES, .late = metric != STATS_DELIVERY_DURATION };

	c.title = xprintf("%s%s", title, kind == CHART_HISTOGRAM ? ", how many took so many minutes" : "");
	if (metric == STATS_DELIVERY_DELAY) {
		free(c.title);
		c.title = xprintf("%s, minutes behind the promise", title);
	}
	if (kind == CHART_SCATTER) {
		c.unit = CHART_MINUTES;
		c.along = CHART_NUMBERS;
		c.diagonal = true;
		c.x_title = xstrdup("promised");
		c.y_title = xstrdup("real");
		for (size_t i = 0; i < d->n; i++)
			chart_add_xy(&c, d->items[i].promised, d->items[i].real);
	} else {
		for (size_t i = 0; i < d->n; i++)
			values[i] = delivery_value(&d->items[i], metric);
		chart_count_into_bins(&c, values, d->n, 24);
	}
	add_punctuality(&c, d);
	add_filter_note(q, &c);
	chart_add_note(&c, "%s", source);
	*ret = c;
}
