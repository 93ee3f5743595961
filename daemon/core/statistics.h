/* Statistics: series, the single deliveries and the overview of all orders of the person who is signed in. Callbacks as
 * in core.h. */
#pragma once

#include "core/core.h"
#include "core/series.h"

struct series_query {
	enum statistics_metric metric;
	enum calendar_period period;
	uint64_t from, to;        /* created in [from, to), µs; 0: open */
	char **statuses, **places; /* NULL: no filter */
	bool local;               /* do not ask the service */
};
typedef void (*statistics_series_cb)(const struct failure *f, const char *source, const struct series *s,
				     void *userdata);
/* From the service where it answers within STATISTICS_WAIT, else from the cache; with a filter from the cache. The query
 * is copied. */
#define STATISTICS_WAIT (3 * USEC_PER_SEC)
void statistics_series(struct core *c, const struct series_query *q, statistics_series_cb done, void *userdata);

struct delivery {
	char *uid;
	uint64_t created;
	double promised, real; /* minutes after it was ordered */
};
#define STATISTICS_MAX_DELIVERIES 10000
typedef void (*statistics_deliveries_cb)(const struct failure *f, const struct delivery *d, size_t n, void *userdata);
/* Newest first. Of the query only the range and the filter count. */
void statistics_deliveries(struct core *c, const struct series_query *q, statistics_deliveries_cb done, void *userdata);

#define OVERVIEW_ROWS 5
struct overview_favourite {
	uint64_t product;
	char *name;
	uint32_t quantity;
	int64_t amount;
};
struct overview_place {
	char *text;
	uint32_t orders;
	int64_t amount;
};
struct overview_price {
	uint64_t product, bought;
	char *name;
	int64_t paid, now;
};
struct overview {
	char currency[CURRENCY_SIZE];
	int64_t this_month, last_month, last_month_to_date, this_year, last_year, total;
	uint32_t this_month_orders, last_month_orders, orders, cancelled, other_currencies, delivered, on_time;
	uint64_t since;    /* 0: no order */
	double mean_delay; /* minutes; NaN: nothing was delivered */
	struct overview_favourite favourites[OVERVIEW_ROWS];
	struct overview_place places[OVERVIEW_ROWS];
	struct overview_price prices[OVERVIEW_ROWS];
	size_t n_favourites, n_places, n_prices;
};
typedef void (*statistics_overview_cb)(const struct failure *f, const struct overview *o, void *userdata);
void statistics_overview(struct core *c, statistics_overview_cb done, void *userdata);
