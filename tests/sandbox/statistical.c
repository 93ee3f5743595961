/*
 * The statistical backend: what a customer's orders come to, in the calendar of the zone that is asked for. SQLite
 * reads and counts; the C library's calendar says in which day, week, month or year an order lies.
 */
#include <time.h>
#include <unistd.h>

#include "tests/sandbox/handlers.h"
#include "tests/sandbox/order.h"

enum { HOURS = 24 };

enum metric { TOTAL_AMOUNT, ITEM_COST, ORDERS, ITEMS, ORDER_TIME, DELIVERY_PLACE, DELIVERY_DURATION, DELIVERY_DELAY };
enum period { DAY, WEEK, MONTH, YEAR, ALL };

static const char *const metrics[] = { "total-amount", "item-cost",	   "orders",		"items",
				       "order-time",   "delivery-place", "delivery-duration", "delivery-delay" };
static const char *const periods[] = { "day", "week", "month", "year", "all" };

/* What is counted of one order, and when it was. */
struct sample {
	int64_t when;  /* begin of its bucket, seconds */
	int64_t sum;
	int64_t parts; /* what the sum is divided by where a mean is asked for */
};

struct question {
	enum metric metric;
	enum period period;
	int64_t from, to; /* to 0: open */
	const char *zone;
};

static bool is_money(enum metric m)
{
	return m == TOTAL_AMOUNT || m == ITEM_COST;
}

static bool is_minutes(enum metric m)
{
	return m == DELIVERY_DURATION || m == DELIVERY_DELAY;
}

/* ---- the zone ---- */

static bool zone_exists(const char *name)
{
	AUTO_FREE char *path = xprintf("/usr/share/zoneinfo/%s", name);

	if (!name[0] || name[0] == '/' || strlen(name) > 64 ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") != strlen(name))
		return false;
	return strcmp(name, "UTC") == 0 || access(path, R_OK) == 0;
}

/* Nothing else here knows of zones, so one call may have the whole program to itself. */
static char *zone_enter(const char *name)
{
	char *before = xstrdup(getenv("TZ"));

	setenv("TZ", name, 1);
	tzset();
	return before;
}

static void zone_leave(char *before)
{
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
}

/* The day's first second. Where midnight is left out, mktime() may answer with the evening before. */
static time_t first_second(struct tm date)
{
	struct tm noon = { .tm_year = date.tm_year, .tm_mon = date.tm_mon, .tm_mday = date.tm_mday, .tm_hour = 12,
			   .tm_isdst = -1 };
	time_t t = mktime(&noon), before;
	struct tm at;

	/* Backwards from noon by quarters of an hour, which every change of clocks is made of. */
	for (before = t - 900; localtime_r(&before, &at) && at.tm_mday == noon.tm_mday; before -= 900)
		t = before;
	return t;
}

/* Begins of buckets, by the numbers of the calendar: mktime() brings day 0 or month 12 in order. */
static time_t bucket_begin(enum period period, time_t t)
{
	struct tm date;

	localtime_r(&t, &date);
	if (period == WEEK)
		date.tm_mday -= (date.tm_wday + 6) % 7;
	if (period == MONTH || period == YEAR)
		date.tm_mday = 1;
	if (period == YEAR)
		date.tm_mon = 0;
	return first_second(date);
}

static time_t bucket_next(enum period period, time_t begin)
{
	struct tm date;

	localtime_r(&begin, &date);
	date.tm_mday += period == DAY ? 1 : period == WEEK ? 7 : 0;
	date.tm_mon += period == MONTH;
	date.tm_year += period == YEAR;
	return first_second(date);
}

static char *bucket_label(enum period period, time_t begin)
{
	char text[32];
	struct tm date;

	localtime_r(&begin, &date);
	switch (period) {
	case DAY:
		strftime(text, sizeof(text), "%Y-%m-%d", &date);
		break;
	case WEEK:
		strftime(text, sizeof(text), "%G-W%V", &date);
		break;
	case MONTH:
		strftime(text, sizeof(text), "%Y-%m", &date);
		break;
	default:
		strftime(text, sizeof(text), "%Y", &date);
	}
	return xstrdup(text);
}

/* ---- the answer's points ---- */

static void add_point(json_object *points, const char *label, int64_t start_sec, json_object *value)
{
	json_object *p = json_object_new_object();

	json_add_text(p, "label", label);
	if (start_sec)
		json_add_date(p, "start", start_sec);
	json_object_object_add(p, "value", value);
	json_object_array_add(points, p);
}

static json_object *value_of(const struct question *q, int64_t sum, int64_t parts)
{
	if (q->metric == TOTAL_AMOUNT)
		return money_to_json(sum);
	if (q->metric == ITEM_COST)
		return money_to_json(parts ? (2 * sum + parts) / (2 * parts) : 0);
	if (is_minutes(q->metric))
		return json_object_new_double(parts ? (double)sum / (double)parts / (double)USEC_PER_MINUTE : 0);
	return json_object_new_int64(sum);
}

/* From the first to the last bucket that has any; those between without one are 0. */
static void add_buckets(const struct question *q, const struct sample *samples, size_t n, json_object *points)
{
	time_t at = 0;

	for (size_t i = 0; i < n;) {
		int64_t sum = 0, parts = 0;
		AUTO_FREE char *label = NULL;

		for (; i > 0 && at < samples[i].when; at = bucket_next(q->period, at)) {
			AUTO_FREE char *empty = bucket_label(q->period, at);

			add_point(points, empty, at * USEC_PER_SEC, value_of(q, 0, 0));
		}
		at = samples[i].when;
		for (; i < n && samples[i].when == at; i++) {
			sum += samples[i].sum;
			parts += samples[i].parts;
		}
		label = bucket_label(q->period, at);
		add_point(points, label, at * USEC_PER_SEC, value_of(q, sum, parts));
		at = bucket_next(q->period, at);
	}
}

/* Those that count, in the order in which they were made; ?1 user, ?2 from, ?3 to or 0. The cancelled do not. */
#define COUNTED \
	" FROM orders WHERE user = ?1 AND status <> 8 AND created >= ?2 AND (?3 = 0 OR created < ?3)"
#define QUANTITY "(SELECT sum(json_extract(value, '$.quantity')) FROM json_each(items))"

static sqlite3_stmt *query_samples(struct store *st, int64_t user, const struct question *q)
{
	switch (q->metric) {
	case TOTAL_AMOUNT:
		return store_query(st, "SELECT created, total_price, 1" COUNTED " AND currency IS NULL ORDER BY created",
				   "iii", user, q->from, q->to);
	case ITEM_COST:
		return store_query(st,
				   "SELECT created, products_price, " QUANTITY COUNTED
				   " AND currency IS NULL ORDER BY created", "iii", user, q->from, q->to);
	case ITEMS:
		return store_query(st, "SELECT created, " QUANTITY ", 1" COUNTED " ORDER BY created", "iii", user,
				   q->from, q->to);
	case DELIVERY_DURATION:
		return store_query(st,
				   "SELECT created, end_actual - created, 1" COUNTED " AND end_actual > 0"
				   " ORDER BY created", "iii", user, q->from, q->to);
	case DELIVERY_DELAY:
		return store_query(st,
				   "SELECT created, end_actual - end_expected, 1" COUNTED
				   " AND end_actual > 0 AND end_expected > 0 ORDER BY created", "iii", user, q->from,
				   q->to);
	default:
		return store_query(st, "SELECT created, 1, 1" COUNTED " ORDER BY created", "iii", user, q->from, q->to);
	}
}

static void by_buckets(struct call *c, const struct question *q, json_object *points)
{
	AUTO_QUERY sqlite3_stmt *rows = query_samples(c->sandbox->store, c->user.id, q);
	AUTO_FREE struct sample *samples = NULL;
	time_t begin = 0, end = 0;
	size_t n = 0;

	while (store_step(rows)) {
		time_t created = store_int(rows, 0) / USEC_PER_SEC;

		if (created >= end) { /* they come in the order of time */
			begin = bucket_begin(q->period, created);
			end = bucket_next(q->period, begin);
		}
		if ((n & (n - 1)) == 0)
			samples = xrealloc(samples, (n ? 2 * n : 1) * sizeof(*samples));
		samples[n++] = (struct sample){ begin, store_int(rows, 1), store_int(rows, 2) };
	}
	add_buckets(q, samples, n, points);
}

static void all_at_once(struct call *c, const struct question *q, json_object *points)
{
	AUTO_QUERY sqlite3_stmt *rows = query_samples(c->sandbox->store, c->user.id, q);
	int64_t first = 0, sum = 0, parts = 0;

	for (bool any = false; store_step(rows); any = true) {
		if (!any)
			first = store_int(rows, 0);
		sum += store_int(rows, 1);
		parts += store_int(rows, 2);
	}
	if (first)
		add_point(points, "all", first, value_of(q, sum, parts));
}

static void by_hour(struct call *c, const struct question *q, json_object *points)
{
	AUTO_QUERY sqlite3_stmt *rows = query_samples(c->sandbox->store, c->user.id, q);
	int64_t hours[HOURS] = { 0 };

	while (store_step(rows)) {
		time_t t = store_int(rows, 0) / USEC_PER_SEC;
		struct tm date;

		localtime_r(&t, &date);
		hours[date.tm_hour]++;
	}
	for (int i = 0; i < HOURS; i++) {
		AUTO_FREE char *label = xprintf("%02d", i);

		add_point(points, label, 0, json_object_new_int64(hours[i]));
	}
}

static void by_place(struct call *c, const struct question *q, json_object *points)
{
	AUTO_QUERY sqlite3_stmt *rows = store_query(
		c->sandbox->store,
		"SELECT address || ', ' || city AS place, count(*) AS n" COUNTED
		" GROUP BY place ORDER BY n DESC, min(created), min(id)", "iii", c->user.id, q->from, q->to);

	while (store_step(rows))
		add_point(points, store_text(rows, 0), 0, json_object_new_int64(store_int(rows, 1)));
}

/* ---- the question ---- */

static int read_word(struct call *c, const char *name, const char *const words[], size_t n, int *ret)
{
	const char *text = call_query(c, name);
	AUTO_FREE char *code = xprintf("invalid-%s", name);

	for (size_t i = 0; text && i < n; i++)
		if (strcmp(words[i], text) == 0) {
			*ret = (int)i;
			return 0;
		}
	return call_fail(c, 400, code, "The %s \"%.40s\" is none that is known", name, text ? text : "");
}

static int read_date(struct call *c, const char *name, int64_t *ret)
{
	const char *text = call_query(c, name);

	*ret = 0;
	if (text && date_parse(text, ret) < 0)
		return call_fail(c, 400, "invalid-date", "The %s \"%.40s\" is no date", name, text);
	return 0;
}

static int read_question(struct call *c, struct question *q)
{
	int metric, period, r;

	r = read_word(c, "metric", metrics, COUNT_OF(metrics), &metric);
	if (r >= 0)
		r = read_word(c, "period", periods, COUNT_OF(periods), &period);
	if (r >= 0)
		r = read_date(c, "from", &q->from);
	if (r >= 0)
		r = read_date(c, "to", &q->to);
	if (r < 0)
		return r;
	q->metric = (enum metric)metric;
	q->period = (enum period)period;
	q->zone = call_query(c, "timeZone");
	if (!q->zone)
		q->zone = "UTC";
	if (!zone_exists(q->zone))
		return call_fail(c, 400, "invalid-time-zone", "There is no time zone \"%.60s\"", q->zone);
	return 0;
}

int statistical_series(struct call *c)
{
	json_object *points;
	struct question q;
	char *zone;
	int r;

	r = read_question(c, &q);
	if (r < 0)
		return r;
	points = json_object_new_array();
	zone = zone_enter(q.zone);
	if (q.metric == ORDER_TIME)
		by_hour(c, &q, points);
	else if (q.metric == DELIVERY_PLACE)
		by_place(c, &q, points);
	else if (q.period == ALL)
		all_at_once(c, &q, points);
	else
		by_buckets(c, &q, points);
	zone_leave(zone);
	c->answer = json_object_new_object();
	json_add_text(c->answer, "metric", metrics[q.metric]);
	json_add_text(c->answer, "period", periods[q.period]);
	json_add_text(c->answer, "unit", is_money(q.metric) ? CURRENCY : is_minutes(q.metric) ? "minutes" : "count");
	json_add_text(c->answer, "currency", CURRENCY);
	json_object_object_add(c->answer, "points", points);
	return 0;
}
