/* Series: orders into buckets of local time, by hour of the day or by place; exact sums, one division at the end. */
#include "core/series.h"

#include <inttypes.h>
#include <stdio.h>

#define PLACES_KNOWN_MAX (1U << 20) /* ids are given from 1 on */

static const char *const metric_names[_METRIC_MAX] = {
	[METRIC_TOTAL_AMOUNT] = "total-amount",           [METRIC_ITEM_COST] = "item-cost",
	[METRIC_ORDERS] = "orders",                       [METRIC_ITEMS] = "items",
	[METRIC_ORDER_TIME] = "order-time",               [METRIC_DELIVERY_PLACE] = "delivery-place",
	[METRIC_DELIVERY_DURATION] = "delivery-duration", [METRIC_DELIVERY_DELAY] = "delivery-delay",
};

int metric_from_name(const char *name)
{
	for (int i = 0; i < _METRIC_MAX; i++)
		if (streq(metric_names[i], name))
			return i;
	return -EINVAL;
}

const char *metric_name(enum statistics_metric metric)
{
	return metric_names[metric];
}

bool metric_is_money(enum statistics_metric metric)
{
	return metric == METRIC_TOTAL_AMOUNT || metric == METRIC_ITEM_COST;
}

bool metric_is_mean_of_minutes(enum statistics_metric metric)
{
	return metric == METRIC_DELIVERY_DURATION || metric == METRIC_DELIVERY_DELAY;
}

const char *metric_unit(enum statistics_metric metric, const char *currency)
{
	return metric_is_money(metric) ? currency : metric_is_mean_of_minutes(metric) ? "minutes" : "count";
}

bool metric_has_buckets(enum statistics_metric metric)
{
	return metric != METRIC_ORDER_TIME && metric != METRIC_DELIVERY_PLACE;
}

/* ---- series ---- */

void series_done(struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->points[i].label);
	free(s->points);
	*s = (struct series){ 0 };
}

int series_add(struct series *s, const char *label, uint64_t start, double value)
{
	struct series_point *p;
	char *copy;

	if ((s->n & (s->n - 1)) == 0) { /* grown at each power of two */
		p = reallocarray(s->points, s->n ? 2 * s->n : 1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->points = p;
	}
	copy = strdup(label);
	if (!copy)
		return -ENOMEM;
	s->points[s->n++] = (struct series_point){ copy, start, value };
	return 0;
}

int series_copy(struct series *to, const struct series *from)
{
	struct series s = { 0 };
	int r = 0;

	memcpy(s.unit, from->unit, sizeof(s.unit));
	for (size_t i = 0; i < from->n && r == 0; i++)
		r = series_add(&s, from->points[i].label, from->points[i].start, from->points[i].value);
	if (r < 0) {
		series_done(&s);
		return r;
	}
	*to = s;
	return 0;
}

/* ---- which orders ---- */

bool facts_count(const struct facts_filter *filter, const struct order_facts *f)
{
	if (f->created == 0 || f->created < filter->from || (filter->to > 0 && f->created >= filter->to))
		return false;
	if (filter->statuses ? !strv_contains(filter->statuses, f->status)
			     : f->local || streq(f->status, STATUS_CANCELLED))
		return false;
	if (!filter->has_places)
		return true;
	for (size_t i = 0; i < filter->n_places; i++)
		if (filter->places[i] == f->place)
			return true;
	return false;
}

bool facts_are_delivered(const struct order_facts *f)
{
	return f->created > 0 && f->promised > 0 && f->delivered > 0;
}

/* ---- sums ---- */

struct bucket {
	uint64_t start;
	int64_t sum;   /* minor units, things, or µs */
	int64_t count; /* what the sum is of */
	bool touched;  /* an order lies in it */
};

struct series_sum {
	enum statistics_metric metric;
	enum calendar_period period;
	char currency[CURRENCY_SIZE];
	struct bucket *buckets; /* of time, ascending; the hours; or by id of the place */
	size_t n, at;           /* at: where the order before was */
};

static int make_buckets(struct series_sum *s, uint64_t first, uint64_t last)
{
	uint64_t start;
	size_t size = 0;

	if (last == 0)
		return 0;
	if (s->period == CALENDAR_ALL) {
		s->buckets = new0(struct bucket, 1);
		s->n = 1;
		return s->buckets ? 0 : -ENOMEM;
	}
	for (start = calendar_begin(s->period, first); start <= last; start = calendar_next(s->period, start)) {
		if (s->n == size) {
			struct bucket *grown;

			size = size ? 2 * size : 64;
			grown = reallocarray(s->buckets, size, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			s->buckets = grown;
		}
		if (s->n >= SERIES_MAX_POINTS)
			return -E2BIG;
		s->buckets[s->n++] = (struct bucket){ .start = start };
	}
	return 0;
}

int series_sum_new(enum statistics_metric metric, enum calendar_period period, const char *currency, uint64_t first,
		   uint64_t last, struct series_sum **ret)
{
	_cleanup_(series_sum_freep) struct series_sum *s = new0(struct series_sum, 1);
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->metric = metric;
	s->period = period;
	(void)snprintf(s->currency, sizeof(s->currency), "%s", currency);
	if (metric_has_buckets(metric)) {
		r = make_buckets(s, first, last);
	} else if (metric == METRIC_ORDER_TIME) {
		s->n = 24;
		s->buckets = new0(struct bucket, s->n);
		r = s->buckets ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

void series_sum_free(struct series_sum *s)
{
	if (!s)
		return;
	free(s->buckets);
	free(s);
}

static bool holds(const struct series_sum *s, size_t i, uint64_t t)
{
	return s->buckets[i].start <= t && (i + 1 == s->n || t < s->buckets[i + 1].start);
}

/* Orders come nearly in the order of time: mostly it is the bucket of the one before, or its neighbour. */
static struct bucket *bucket_of_time(struct series_sum *s, uint64_t t)
{
	size_t low = 0, high = s->n;

	if (s->n == 0)
		return NULL;
	if (s->period == CALENDAR_ALL)
		return &s->buckets[0];
	if (t < s->buckets[0].start)
		return NULL;
	for (size_t i = s->at; i < s->n && i <= s->at + 1; i++)
		if (holds(s, i, t)) {
			s->at = i;
			return &s->buckets[i];
		}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->buckets[middle].start <= t)
			low = middle;
		else
			high = middle;
	}
	s->at = low;
	return &s->buckets[low];
}

static struct bucket *bucket_of_place(struct series_sum *s, int64_t place)
{
	struct bucket *grown;
	size_t size;

	if (place <= 0 || place >= PLACES_KNOWN_MAX)
		return NULL;
	if ((size_t)place >= s->n) {
		size = (size_t)place * 2;
		grown = reallocarray(s->buckets, size, sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + s->n, 0, (size - s->n) * sizeof(*grown));
		s->buckets = grown;
		s->n = size;
	}
	s->buckets[place].start = (uint64_t)place; /* sorted by orders at the end, it still knows whose it is */
	return &s->buckets[place];
}

/* What an order adds: false where it has nothing to say about this. */
static bool measure(const struct series_sum *s, const struct order_facts *f, int64_t *ret_sum, int64_t *ret_count)
{
	*ret_count = 1;
	switch (s->metric) {
	case METRIC_TOTAL_AMOUNT:
		*ret_sum = f->total;
		return streq(f->currency, s->currency);
	case METRIC_ITEM_COST:
		*ret_sum = f->cost;
		*ret_count = (int64_t)f->items;
		return streq(f->currency, s->currency) && f->items > 0;
	case METRIC_ITEMS:
		*ret_sum = (int64_t)f->items;
		return true;
	case METRIC_DELIVERY_DURATION:
		*ret_sum = (int64_t)(f->delivered - f->created);
		return f->delivered > 0;
	case METRIC_DELIVERY_DELAY:
		*ret_sum = (int64_t)(f->delivered - f->promised);
		return facts_are_delivered(f);
	default:
		*ret_sum = 1;
		return true;
	}
}

int series_sum_add(struct series_sum *s, const struct order_facts *f)
{
	struct bucket *b;
	int64_t sum, count;

	if (!measure(s, f, &sum, &count))
		return 0;
	if (s->metric == METRIC_ORDER_TIME)
		b = &s->buckets[calendar_hour(f->created)];
	else if (s->metric == METRIC_DELIVERY_PLACE)
		b = bucket_of_place(s, f->place);
	else
		b = bucket_of_time(s, f->created);
	if (!b)
		return 0;
	if (__builtin_add_overflow(b->sum, sum, &b->sum) || __builtin_add_overflow(b->count, count, &b->count))
		return -EOVERFLOW;
	/* The one bucket of `all` begins with its first order. */
	if (s->period == CALENDAR_ALL && metric_has_buckets(s->metric) && (!b->touched || f->created < b->start))
		b->start = f->created;
	b->touched = true;
	return 0;
}

/* Half a minor unit goes up. */
static double value_of(const struct series_sum *s, const struct bucket *b)
{
	if (metric_is_mean_of_minutes(s->metric))
		return (double)b->sum / (double)b->count / (double)USEC_PER_MIN;
	if (s->metric == METRIC_ITEM_COST)
		return b->count > 0 ? (double)(b->sum / b->count + (b->sum % b->count >= b->count - b->sum % b->count)) : 0;
	return (double)b->sum;
}

static int by_orders(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	return x->start > y->start ? 1 : x->start < y->start ? -1 : 0;
}

static int end_places(struct series_sum *s, struct series *ret)
{
	char label[24];
	int r = 0;

	if (s->n > 0)
		qsort(s->buckets, s->n, sizeof(*s->buckets), by_orders);
	for (size_t i = 0; i < s->n && i < SERIES_MAX_PLACES && s->buckets[i].touched && r == 0; i++) {
		(void)snprintf(label, sizeof(label), "%" PRIu64, s->buckets[i].start);
		r = series_add(ret, label, 0, value_of(s, &s->buckets[i]));
	}
	return r;
}

static int end_hours(struct series_sum *s, struct series *ret)
{
	char label[24];
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++) {
		(void)snprintf(label, sizeof(label), "%zu", i);
		r = series_add(ret, label, 0, value_of(s, &s->buckets[i]));
	}
	return r;
}

static int end_buckets(struct series_sum *s, struct series *ret)
{
	char label[CALENDAR_LABEL_SIZE];
	size_t first = 0, end = s->n;
	int r = 0;

	while (first < end && !s->buckets[first].touched)
		first++;
	while (end > first && !s->buckets[end - 1].touched)
		end--;
	for (size_t i = first; i < end && r == 0; i++) {
		const struct bucket *b = &s->buckets[i];

		if (!b->touched && metric_is_mean_of_minutes(s->metric))
			continue;
		r = series_add(ret, calendar_label(label, s->period, b->start), b->start, value_of(s, b));
	}
	return r;
}

int series_sum_end(struct series_sum *s, struct series *ret)
{
	struct series done = { 0 };
	int r;

	(void)snprintf(done.unit, sizeof(done.unit), "%s", metric_unit(s->metric, s->currency));
	if (s->metric == METRIC_DELIVERY_PLACE)
		r = end_places(s, &done);
	else if (s->metric == METRIC_ORDER_TIME)
		r = end_hours(s, &done);
	else
		r = end_buckets(s, &done);
	if (r < 0) {
		series_done(&done);
		return r;
	}
	*ret = done;
	return 0;
}
