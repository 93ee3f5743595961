/* A series about orders: what is asked, and the sums of one order after the other. Knows no database, no clock and no
 * service. */
#pragma once

#include "base/calendar.h"
#include "base/records.h"
#include "store/userdb.h"

enum statistics_metric {
	METRIC_TOTAL_AMOUNT,
	METRIC_ITEM_COST,
	METRIC_ORDERS,
	METRIC_ITEMS,
	METRIC_ORDER_TIME,
	METRIC_DELIVERY_PLACE,
	METRIC_DELIVERY_DURATION,
	METRIC_DELIVERY_DELAY,
	_METRIC_MAX,
};

int metric_from_name(const char *name); /* or -EINVAL */
const char *metric_name(enum statistics_metric metric);
const char *metric_unit(enum statistics_metric metric, const char *currency);
bool metric_is_money(enum statistics_metric metric);
/* A mean has no value where nothing was; a sum is 0 there. The mean of money is 0 too: a line of prices has no gaps. */
bool metric_is_mean_of_minutes(enum statistics_metric metric);
bool metric_has_buckets(enum statistics_metric metric); /* false: by hour of the day, or by place */

struct series_point {
	char *label;
	uint64_t start; /* µs; 0: none */
	double value;   /* money: whole minor units */
};
struct series {
	char unit[16];  /* ISO 4217, "minutes" or "count" */
	struct series_point *points;
	size_t n;
};
void series_done(struct series *s);
int series_copy(struct series *to, const struct series *from);
int series_add(struct series *s, const char *label, uint64_t start, double value); /* copies the label */

/* Points of one answer; 40 000 days are 109 years. */
#define SERIES_MAX_POINTS 40000
#define SERIES_MAX_PLACES 1000 /* those with most orders */

/* Which orders count. With no statuses: all that were made and not cancelled. */
struct facts_filter {
	uint64_t from, to;   /* created in [from, to); 0: open */
	char *const *statuses;
	bool has_places;
	const int64_t *places; /* ids */
	size_t n_places;
};
bool facts_count(const struct facts_filter *filter, const struct order_facts *f);
/* Real and promised times are known. */
bool facts_are_delivered(const struct order_facts *f);

struct series_sum;
/* first, last: within which every order was made (µs; 0: there is none). -E2BIG: more than SERIES_MAX_POINTS. */
int series_sum_new(enum statistics_metric metric, enum calendar_period period, const char *currency, uint64_t first,
		   uint64_t last, struct series_sum **ret);
void series_sum_free(struct series_sum *s);
DEFINE_CLEANUP(struct series_sum *, series_sum_free);
/* One that counts. 0, -EOVERFLOW, -ENOMEM. */
int series_sum_add(struct series_sum *s, const struct order_facts *f);
/* Places are left with their ids as labels: see series_sum_place(). */
int series_sum_end(struct series_sum *s, struct series *ret);
