/* stats without a metric: all orders on one screen, or what was spent in a period in one line. */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "base/timeutil.h"
#include "clients/cli/predictions.h"
#include "clients/cli/stats.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"
#include "dbus/jsonview.h"

#define ROWS_MAX 5
#define CHART_ROWS 14

struct favourite {
	uint64_t product;
	char *name;
	uint32_t quantity;
	int64_t amount;
};

struct place {
	char *text;
	uint32_t orders;
	int64_t amount;
};

struct price_change {
	uint64_t product, bought;
	char *name;
	int64_t paid, now;
};

struct overview {
	char *currency;
	int64_t this_month, last_month, last_month_to_date, this_year, last_year, total;
	uint32_t this_month_orders, last_month_orders, orders, delivered, on_time, other_currencies, cancelled;
	uint64_t since;
	double mean_delay;
	struct favourites {
		struct favourite items[ROWS_MAX];
		size_t n;
	} favourites;
	struct places {
		struct place items[ROWS_MAX];
		size_t n;
	} places;
	struct price_changes {
		struct price_change items[ROWS_MAX];
		size_t n;
	} prices;
	bool has_forecast;
	struct forecast forecast;
};

static void overview_done(struct overview *o)
{
	free(o->currency);
	for (size_t i = 0; i < ROWS_MAX; i++) {
		free(o->favourites.items[i].name);
		free(o->places.items[i].text);
		free(o->prices.items[i].name);
	}
}

static int read_favourites(sd_bus_message *m, void *field)
{
	struct favourites *f = field;
	struct favourite one;
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', CC_SIG_FAVOURITE);
	while (r >= 0 &&
	       (r = sd_bus_message_read(m, CC_SIG_FAVOURITE, &one.product, &name, &one.quantity, &one.amount)) > 0) {
		if (f->n == ROWS_MAX)
			continue;
		one.name = text_clean(name, false);
		f->items[f->n++] = one;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_places(sd_bus_message *m, void *field)
{
	struct places *p = field;
	struct place one;
	const char *text;
	int r;

	r = sd_bus_message_enter_container(m, 'a', CC_SIG_PLACE_SUM);
	while (r >= 0 && (r = sd_bus_message_read(m, CC_SIG_PLACE_SUM, &text, &one.orders, &one.amount)) > 0) {
		if (p->n == ROWS_MAX)
			continue;
		one.text = text_clean(text, false);
		p->items[p->n++] = one;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_prices(sd_bus_message *m, void *field)
{
	struct price_changes *p = field;
	struct price_change one;
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', CC_SIG_PRICE_CHANGE);
	while (r >= 0 && (r = sd_bus_message_read(m, CC_SIG_PRICE_CHANGE, &one.product, &name, &one.paid, &one.now,
						  &one.bought)) > 0) {
		if (p->n == ROWS_MAX)
			continue;
		one.name = text_clean(name, false);
		p->items[p->n++] = one;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int overview_get(struct cli *cli, struct overview *o)
{
#define FIELD(key, type, name) { key, type, offsetof(struct overview, name) }
	static const struct dict_field fields[] = {
		FIELD("currency", 's', currency),
		FIELD("this-month", 'x', this_month),
		FIELD("last-month", 'x', last_month),
		FIELD("last-month-to-date", 'x', last_month_to_date),
		FIELD("this-month-orders", 'u', this_month_orders),
		FIELD("last-month-orders", 'u', last_month_orders),
		FIELD("this-year", 'x', this_year),
		FIELD("last-year", 'x', last_year),
		FIELD("total", 'x', total),
		FIELD("orders", 'u', orders),
		FIELD("since", 't', since),
		FIELD("delivered", 'u', delivered),
		FIELD("on-time", 'u', on_time),
		FIELD("mean-delay", 'd', mean_delay),
		FIELD("other-currencies", 'u', other_currencies),
		FIELD("cancelled", 'u', cancelled),
		{ "favourites", 0, offsetof(struct overview, favourites), "a" CC_SIG_FAVOURITE, read_favourites },
		{ "places", 0, offsetof(struct overview, places), "a" CC_SIG_PLACE_SUM, read_places },
		{ "price-changes", 0, offsetof(struct overview, prices), "a" CC_SIG_PRICE_CHANGE, read_prices },
	};
#undef FIELD
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = cli_read(cli, CC_IFACE_STATISTICS, "GetOverview", &reply, NULL);
	if (r < 0)
		return r;
	r = dict_read(reply, fields, ELEMENTSOF(fields), o);
	if (r >= 0 && (!o->currency || !isfinite(o->mean_delay)))
		r = -EBADMSG;
	return r < 0 ? cli_bad_reply(cli, r, "Statistics.GetOverview") : 0;
}

/* This month and the eleven before it. */
static int last_year_get(struct cli *cli, struct stats_series *ret)
{
	struct stats_query q = {};
	uint64_t start, end;
	struct tm tm = {};
	time_t now = (time_t)(now_realtime() / USEC_PER_SEC);
	char month[WHEN_SIZE];

	localtime_r(&now, &tm);
	snprintf(month, sizeof(month), "%04d-%02d", tm.tm_year + 1900 - (tm.tm_mon < 11), (tm.tm_mon + 1) % 12 + 1);
	if (when_parse_period(month, 0, &start, &end) >= 0)
		q.from = start;
	return stats_series_get(cli, &q, STATS_TOTAL_AMOUNT, "month", ret);
}

static json_object *money(const struct overview *o, int64_t minor)
{
	return json_new_money(minor, o->currency);
}

static json_object *favourites_json(const struct overview *o)
{
	json_object *a = xcheck(json_object_new_array());

	for (size_t i = 0; i < o->favourites.n; i++) {
		const struct favourite *f = &o->favourites.items[i];
		json_object *one = xcheck(json_object_new_object());

		json_object_object_add(one, "product", json_object_new_int64((int64_t)f->product));
		json_object_object_add(one, "name", json_object_new_string(f->name));
		json_object_object_add(one, "quantity", json_object_new_int64(f->quantity));
		json_object_object_add(one, "amount", money(o, f->amount));
		json_object_array_add(a, one);
	}
	return a;
}

static json_object *places_json(const struct overview *o)
{
	json_object *a = xcheck(json_object_new_array());

	for (size_t i = 0; i < o->places.n; i++) {
		json_object *one = xcheck(json_object_new_object());

		json_object_object_add(one, "place", json_object_new_string(o->places.items[i].text));
		json_object_object_add(one, "orders", json_object_new_int64(o->places.items[i].orders));
		json_object_object_add(one, "amount", money(o, o->places.items[i].amount));
		json_object_array_add(a, one);
	}
	return a;
}

static json_object *prices_json(const struct overview *o)
{
	json_object *a = xcheck(json_object_new_array());

	for (size_t i = 0; i < o->prices.n; i++) {
		const struct price_change *p = &o->prices.items[i];
		json_object *one = xcheck(json_object_new_object());

		json_object_object_add(one, "product", json_object_new_int64((int64_t)p->product));
		json_object_object_add(one, "name", json_object_new_string(p->name));
		json_object_object_add(one, "paid", money(o, p->paid));
		json_object_object_add(one, "now", money(o, p->now));
		json_object_object_add(one, "bought", json_new_time(p->bought));
		json_object_array_add(a, one);
	}
	return a;
}

static json_object *overview_json(const struct overview *o, const struct stats_series *months)
{
	const struct stats_query all = {};
	json_object *j = xcheck(json_object_new_object());

	json_object_object_add(j, "currency", json_object_new_string(o->currency));
	json_object_object_add(j, "this-month", money(o, o->this_month));
	json_object_object_add(j, "last-month", money(o, o->last_month));
	json_object_object_add(j, "last-month-to-date", money(o, o->last_month_to_date));
	json_object_object_add(j, "this-month-orders", json_object_new_int64(o->this_month_orders));
	json_object_object_add(j, "last-month-orders", json_object_new_int64(o->last_month_orders));
	json_object_object_add(j, "this-year", money(o, o->this_year));
	json_object_object_add(j, "last-year", money(o, o->last_year));
	json_object_object_add(j, "total", money(o, o->total));
	json_object_object_add(j, "orders", json_object_new_int64(o->orders));
	if (o->since)
		json_object_object_add(j, "since", json_new_time(o->since));
	json_object_object_add(j, "favourites", favourites_json(o));
	json_object_object_add(j, "places", places_json(o));
	json_object_object_add(j, "delivered", json_object_new_int64(o->delivered));
	json_object_object_add(j, "on-time", json_object_new_int64(o->on_time));
	if (o->delivered > 0)
		json_object_object_add(j, "mean-delay", json_new_double(o->mean_delay));
	json_object_object_add(j, "price-changes", prices_json(o));
	json_object_object_add(j, "other-currencies", json_object_new_int64(o->other_currencies));
	json_object_object_add(j, "cancelled", json_object_new_int64(o->cancelled));
	if (o->has_forecast)
		json_object_object_add(j, "forecast", forecast_json(&o->forecast));
	json_object_object_add(j, "months", stats_series_json(&all, months));
	return j;
}

/* A line under construction, and the one place that knows how wide it may be. */
struct lines {
	struct cli *cli;
	FILE *f;
	struct textbuf buf;
	unsigned n;
};

static FILE *line_begin(struct lines *l)
{
	return textbuf_open(&l->buf);
}

static void line_end(struct lines *l, const char *label)
{
	_cleanup_free_ char *text = textbuf_take(&l->buf), *fit = NULL;
	size_t columns = cli_columns();

	if (!*text)
		return;
	l->n++;
	fit = columns > 0 ? text_fit(text, columns > 20 ? columns - 12 : 8) : xstrdup(text);
	cli_fprint_field(l->cli, l->f, label, fit);
}

static const char *orders_word(uint32_t n)
{
	return n == 1 ? "order" : "orders";
}

static void put_money(FILE *f, const struct overview *o, int64_t minor)
{
	char buf[MONEY_HUMAN_SIZE];

	fputs(money_format_human(buf, minor, o->currency), f);
}

static void print_forecast(struct lines *l, const struct overview *o)
{
	_cleanup_free_ char *text = NULL;

	if (!o->has_forecast || !streq(o->forecast.currency, o->currency))
		return;
	text = forecast_text(&o->forecast);
	fputs(text, line_begin(l));
	line_end(l, "Forecast");
}

static void print_months(struct lines *l, const struct overview *o)
{
	FILE *f = line_begin(l);
	int64_t was = o->last_month_to_date;
	char buf[MONEY_SIZE];

	put_money(f, o, o->this_month);
	fprintf(f, " in %" PRIu32 " %s; by this day last month %s", o->this_month_orders,
		orders_word(o->this_month_orders), money_format(buf, was, o->currency));
	if (was > 0 && o->this_month / was < 10)
		fprintf(f, " (%+.0f%%)", ((double)o->this_month - (double)was) / (double)was * 100);
	line_end(l, "This month");
	print_forecast(l, o);
	f = line_begin(l);
	put_money(f, o, o->last_month);
	fprintf(f, " in %" PRIu32 " %s", o->last_month_orders, orders_word(o->last_month_orders));
	line_end(l, "Last month");
}

static void print_years(struct lines *l, const struct overview *o)
{
	FILE *f = line_begin(l);
	char since[WHEN_SIZE];

	put_money(f, o, o->this_year);
	fputs("; last year ", f);
	put_money(f, o, o->last_year);
	line_end(l, "This year");
	f = line_begin(l);
	put_money(f, o, o->total);
	fprintf(f, " in %" PRIu32 " %s", o->orders, orders_word(o->orders));
	if (o->since)
		fprintf(f, " since %.10s", when_format(since, o->since));
	if (o->cancelled > 0)
		fprintf(f, "; %" PRIu32 " cancelled", o->cancelled);
	if (o->other_currencies > 0)
		fprintf(f, "; %" PRIu32 " in another currency not counted", o->other_currencies);
	line_end(l, "In all");
}

static void print_punctuality(struct lines *l, const struct overview *o)
{
	FILE *f;

	if (o->delivered == 0)
		return;
	f = line_begin(l);
	fprintf(f, "%.0f%% of %" PRIu32 " %s", 100.0 * o->on_time / o->delivered, o->delivered,
		o->delivered == 1 ? "delivery" : "deliveries");
	if (fabs(o->mean_delay) >= 0.05)
		fprintf(f, ", %.1f min %s on average", fabs(o->mean_delay), o->mean_delay > 0 ? "late" : "early");
	line_end(l, "On time");
}

static void print_tastes(struct lines *l, const struct overview *o)
{
	const char *times = text_utf8() ? " × " : " x ", *arrow = text_utf8() ? "→" : "->";
	char paid[MONEY_SIZE], now[MONEY_SIZE];
	FILE *f = line_begin(l);

	for (size_t i = 0; i < o->favourites.n; i++)
		fprintf(f, "%s%" PRIu32 "%s%s", i ? ", " : "", o->favourites.items[i].quantity, times,
			o->favourites.items[i].name);
	line_end(l, "Favourites");
	f = line_begin(l);
	for (size_t i = 0; i < o->places.n; i++)
		fprintf(f, "%s%s (%" PRIu32 ")", i ? "; " : "", o->places.items[i].text, o->places.items[i].orders);
	line_end(l, "Places");
	f = line_begin(l);
	for (size_t i = 0; i < o->prices.n; i++) {
		const struct price_change *p = &o->prices.items[i];

		fprintf(f, "%s%s %s %s %s", i ? "; " : "", p->name, money_format(paid, p->paid, o->currency), arrow,
			money_format(now, p->now, o->currency));
		if (p->paid > 0)
			fprintf(f, " (%+.0f%%)", ((double)p->now - (double)p->paid) / (double)p->paid * 100);
	}
	line_end(l, "Prices now");
}

/* Below what stands there, so that all of it is seen at once. */
static void print_chart(const struct lines *l, const struct stats_series *months)
{
	unsigned columns, rows;
	const struct stats_query all = {};
	struct chart_screen screen = stats_screen(l->cli);
	_cleanup_chart_ struct chart c = {};

	stats_chart_series(&all, months, CHART_BAR, &c);
	free(c.title);
	c.title = xstrdup("Spent in the last twelve months");
	for (size_t i = 0; c.n_notes > 1 && i + 1 < c.n_notes; i++) { /* its sum stands above, where it comes from stays */
		free(c.notes[i]);
		c.notes[i] = c.notes[i + 1];
		c.notes[i + 1] = NULL;
		c.n_notes--;
	}
	screen.rows = CHART_ROWS;
	if (cli_terminal_size(STDOUT_FILENO, &columns, &rows) && rows < l->n + 2 + CHART_ROWS)
		screen.rows = rows > l->n + 2 ? rows - l->n - 2 : 0;
	fputc('\n', l->f);
	chart_print(&c, &screen, l->f);
}

int stats_overview(struct cli *cli)
{
	_cleanup_(overview_done) struct overview o = {};
	_cleanup_series_ struct stats_series months = {};
	struct lines l = { .cli = cli };
	struct page page;
	int r;

	r = overview_get(cli, &o);
	if (r >= 0)
		r = last_year_get(cli, &months);
	if (r < 0)
		return r;
	o.has_forecast = o.orders > 0 && forecast_get(cli, &o.forecast);
	if (cli->json)
		return cli_print_json(cli, overview_json(&o, &months));
	if (o.orders == 0 && o.other_currencies == 0) {
		puts("No orders yet. Once there are, this shows what they cost, what you like, and how punctual they were.");
		return 0;
	}
	l.f = page_begin(&page);
	print_months(&l, &o);
	print_years(&l, &o);
	print_punctuality(&l, &o);
	print_tastes(&l, &o);
	print_chart(&l, &months);
	page_end(cli, &page);
	return 0;
}

static const char *source_of(const struct stats_series *a, const struct stats_series *b)
{
	return streq(a->source, "backend") && streq(b->source, "backend") ? "backend" : "local";
}

int stats_line(struct cli *cli, const struct stats_query *q)
{
	_cleanup_series_ struct stats_series amount = {}, orders = {};
	_cleanup_free_ char *range = stats_range_text(q);
	_cleanup_(overview_done) struct overview o = {};
	char sum[CHART_VALUE_SIZE], each[CHART_VALUE_SIZE];
	struct chart c = { .unit = CHART_MONEY };
	double n;
	json_object *j;
	int r;

	r = stats_series_get(cli, q, STATS_TOTAL_AMOUNT, "all", &amount);
	if (r >= 0)
		r = stats_series_get(cli, q, STATS_ORDERS, "all", &orders);
	if (r < 0)
		return r;
	n = stats_series_sum(&orders);
	if (cli->json) {
		j = xcheck(json_object_new_object());
		json_object_object_add(j, "source", json_object_new_string(source_of(&amount, &orders)));
		json_object_object_add(j, "filter", stats_filter_json(q));
		json_object_object_add(j, "total-amount", stats_value_json(&amount, stats_series_sum(&amount)));
		json_object_object_add(j, "orders", json_object_new_int64((int64_t)n));
		return cli_print_json(cli, j);
	}
	snprintf(c.currency, sizeof(c.currency), "%s", amount.unit);
	*range = (char)(*range >= 'a' && *range <= 'z' ? *range - 'a' + 'A' : *range);
	if (n > 0) {
		r = overview_get(cli, &o);
		if (r < 0)
			return r;
		chart_format_value(sum, &c, stats_series_sum(&amount));
		chart_format_value(each, &c, stats_series_sum(&amount) / n);
		printf("%s%s%s %s in %.0f %s", range, *range ? ": " : "", sum, amount.unit, n, orders_word((uint32_t)n));
		/* How many of these are of another currency is not known, so neither is the mean. */
		if (o.other_currencies > 0)
			puts(", sums in another currency not added.");
		else
			printf(", %s each.\n", each);
	} else
		printf("%s%so orders.\n", range, *range ? ": n" : "N");
	return 0;
}
