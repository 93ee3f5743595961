/*
 * The predictive backend: when an order comes, by its plan and by how late orders were before; what a month will
 * cost, by the months before. What a customer may like is in recommending.c.
 */
#include <errno.h>
#include <math.h>

#include "tests/sandbox/handlers.h"
#include "tests/sandbox/order.h"

enum {
	DELAYS_MAX = 400,  /* the newest delivered orders that are looked at */
	DELAYS_LEAST = 20, /* with fewer it is a guess */
	MONTHS_MAX = 12,
	MONTHS_LEAST = 3,
};

static const int64_t whole_life = 30 * USEC_PER_MINUTE; /* of an order */
static const double month_fades = 0.85; /* what a month counts, beside the one after it */

/* ---- when an order comes ---- */

struct delays {
	int64_t usec[DELAYS_MAX];
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t quantile(const int64_t *sorted, size_t n, double part)
{
	return sorted[(size_t)(part * (double)(n - 1) + 0.5)];
}

/* How much later than promised orders came, of all customers. */
static void read_delays(struct store *st, struct delays *d)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st,
						 "SELECT end_actual - end_expected FROM orders WHERE status IN (6, 7)"
						 " AND end_actual > 0 AND end_expected > 0 ORDER BY id DESC LIMIT ?",
						 "i", (int64_t)DELAYS_MAX);

	for (d->n = 0; store_step(q); d->n++)
		d->usec[d->n] = store_int(q, 0);
	qsort(d->usec, d->n, sizeof(d->usec[0]), compare);
}

struct spread {
	int64_t early, middle, late; /* against what is promised, of a whole life */
	double confidence;
};

static struct spread spread_of(const struct delays *d)
{
	struct spread s = { -3 * USEC_PER_MINUTE, 0, 10 * USEC_PER_MINUTE, 0.5 };
	size_t within = 0;

	if (d->n < DELAYS_LEAST)
		return s;
	s.early = quantile(d->usec, d->n, 0.1);
	s.middle = quantile(d->usec, d->n, 0.5);
	s.late = quantile(d->usec, d->n, 0.9);
	for (size_t i = 0; i < d->n; i++)
		within += d->usec[i] >= s.early && d->usec[i] <= s.late;
	s.confidence = (double)within / (double)d->n;
	return s;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void add_estimate(struct call *c, const struct order *o, const struct spread *s)
{
	const struct clock *clock = &c->sandbox->clock;
	int64_t life = clock_life(clock), arrive = o->plan.promised_arrive;
	int64_t ready = later(life, o->plan.promised_ready), early, middle, late;
	/* What is past can make it no later any more. */
	double part = (double)(arrive - life) / (double)whole_life;

	part = part < 0.1 ? 0.1 : part > 1 ? 1 : part;
	middle = later(life + USEC_PER_MINUTE / 2, arrive + (int64_t)((double)s->middle * part));
	early = later(life, arrive + (int64_t)((double)s->early * part));
	early = early < middle ? early : middle;
	late = later(middle + USEC_PER_MINUTE, arrive + (int64_t)((double)s->late * part));
	json_add_date(c->answer, "cookingEnd", o->cooking_actual ? o->cooking_actual : clock_date_of_life(clock, ready));
	json_add_date(c->answer, "deliveryEnd", clock_date_of_life(clock, middle));
	json_add_date(c->answer, "earliest", clock_date_of_life(clock, early));
	json_add_date(c->answer, "latest", clock_date_of_life(clock, late));
	json_object_object_add(c->answer, "confidence", json_object_new_double(s->confidence));
}

int predictive_delivery_time(struct call *c)
{
	const char *uid = call_query(c, "deliveryOrderUid");
	struct order o AUTO(order_done) = { 0 };
	struct delays delays;
	struct spread spread;

	if (!uid)
		return call_fail(c, 400, "invalid-uid", "The parameter \"deliveryOrderUid\" is missing");
	if (order_load(c->sandbox->store, uid, &o) < 0 || o.user != c->user.id)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", uid);
	if (o.status >= STATUS_DELIVERED || o.status == STATUS_AWAITING_PAYMENT)
		return call_fail(c, 409, "not-on-its-way", "An order that is \"%s\" is not on its way",
				 status_name(o.status));
	read_delays(c->sandbox->store, &delays);
	spread = spread_of(&delays);
	c->answer = json_object_new_object();
	add_estimate(c, &o, &spread);
	return 0;
}

/* ---- what a month costs ---- */

struct months {
	int64_t spent;               /* this month, so far */
	int64_t rest[MONTHS_MAX];    /* of the months before: what came after the same part of the month */
	size_t n;
};

static double part_of_month(int64_t usec, int *ret_month)
{
	static const unsigned days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned month, day, weekday, length;
	int year;

	date_civil(usec, &year, &month, &day, &weekday);
	length = days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	*ret_month = year * 12 + (int)month - 1;
	return ((double)(day - 1) + (double)(usec % USEC_PER_DAY) / (double)USEC_PER_DAY) / length;
}

static void read_months(struct store *st, int64_t user, int64_t now, struct months *m)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st,
						 "SELECT created, total_price FROM orders WHERE user = ? AND status <> 8"
						 " AND created <= ?", "ii", user, now);
	int this_month, month, first = INT32_MAX;
	double now_part = part_of_month(now, &this_month);

	*m = (struct months){ 0 };
	while (store_step(q)) {
		double part = part_of_month(store_int(q, 0), &month);
		int ago = this_month - month;

		first = month < first ? month : first;
		if (ago == 0)
			m->spent += store_int(q, 1);
		else if (ago <= MONTHS_MAX && part >= now_part)
			m->rest[ago - 1] += store_int(q, 1);
	}
	/* The first month may not be a whole one. */
	if (this_month - first > 1)
		m->n = (size_t)(this_month - first - 1 < MONTHS_MAX ? this_month - first - 1 : MONTHS_MAX);
}

static void forecast(const struct months *m, double now_part, int64_t *ret_amount, int64_t *ret_low, int64_t *ret_high)
{
	double sum = 0, weights = 0, weight = 1, rest;
	int64_t sorted[MONTHS_MAX];

	for (size_t i = 0; i < m->n; i++, weight *= month_fades) {
		sum += weight * (double)m->rest[i];
		weights += weight;
	}
	if (m->n > 0)
		rest = sum / weights;
	else
		rest = (double)m->spent * (1 / (now_part < 0.1 ? 0.1 : now_part) - 1);
	*ret_amount = m->spent + (int64_t)(rest + 0.5);
	*ret_low = m->spent + (int64_t)(rest * 0.6);
	*ret_high = m->spent + (int64_t)(rest * 1.4 + 0.5);
	if (m->n < MONTHS_LEAST)
		return;
	memcpy(sorted, m->rest, sizeof(sorted));
	qsort(sorted, m->n, sizeof(sorted[0]), compare);
	*ret_low = m->spent + quantile(sorted, m->n, 0.1);
	*ret_high = m->spent + quantile(sorted, m->n, 0.9);
	*ret_low = *ret_low < *ret_amount ? *ret_low : *ret_amount;
	*ret_high = later(*ret_high, *ret_amount);
}

int predictive_spending_forecast(struct call *c)
{
	const char *period = call_query(c, "period");
	int64_t now = clock_now(&c->sandbox->clock), amount, low, high;
	struct months months;
	int month;

	if (!period || strcmp(period, "month") != 0)
		return call_fail(c, 400, "invalid-period", "The period \"%.40s\" is not \"month\"", period ? period : "");
	read_months(c->sandbox->store, c->user.id, now, &months);
	forecast(&months, part_of_month(now, &month), &amount, &low, &high);
	c->answer = json_object_new_object();
	json_add_text(c->answer, "period", period);
	json_add_money(c->answer, "amount", amount);
	json_add_text(c->answer, "currency", CURRENCY);
	json_add_money(c->answer, "low", low);
	json_add_money(c->answer, "high", high);
	return 0;
}
