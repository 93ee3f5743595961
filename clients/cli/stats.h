/* What `stats` asks the daemon, what it hears, and the ways to show it. */
#pragma once

#include "clients/chart/chart.h"
#include "clients/cli/cli.h"

enum stats_metric {
	STATS_TOTAL_AMOUNT,
	STATS_ITEM_COST,
	STATS_ORDERS,
	STATS_ITEMS,
	STATS_ORDER_TIME,
	STATS_DELIVERY_PLACE,
	STATS_DELIVERY_DURATION,
	STATS_DELIVERY_DELAY,
	STATS_DELIVERY, /* promised against real: no series, but each delivery */
	_STATS_METRIC_MAX,
};

#define STATS_METRICS \
	"total-amount item-cost orders items order-time delivery-place delivery-duration delivery-delay delivery"
#define STATS_PERIODS "day week month year all"
#define STATS_CHARTS "line bar histogram scatter"

const char *stats_metric_name(enum stats_metric metric);
/* -EINVAL: none of that name. */
int stats_metric_from_name(const char *name, enum stats_metric *ret);
/* Values that add up: not a mean. */
bool stats_is_sum(enum stats_metric metric);
/* By day, week…: not by hour or place. */
bool stats_has_period(enum stats_metric metric);

struct stats_query {
	const char *year, *since, *until; /* as they were given, or NULL */
	uint64_t from, to;		  /* µs, `to` exclusive; 0: open */
	char **statuses, **places;	  /* NULL: any */
};
/* The options --year, --since, --until, --status, --place. */
int stats_query_read(struct cli *cli, const struct args *args, struct stats_query *q);
void stats_query_done(struct stats_query *q);
/* "2025", "since 2025-03", "": for a title. The caller frees. */
char *stats_range_text(const struct stats_query *q);
json_object *stats_filter_json(const struct stats_query *q);

struct stats_point {
	char *label;
	uint64_t start; /* 0: none */
	double value;
};

struct stats_series {
	enum stats_metric metric;
	const char *period; /* one of STATS_PERIODS */
	char *source, *unit;
	uint64_t updated; /* of a local one: when the service was last asked; 0 = not known */
	struct stats_point *points;
	size_t n;
};
/* GetSeries, or GetFilteredSeries. */
int stats_series_get(struct cli *cli, const struct stats_query *q, enum stats_metric metric, const char *period,
		     struct stats_series *ret);
void stats_series_done(struct stats_series *s);
#define _cleanup_series_ _cleanup_(stats_series_done)
bool stats_series_is_money(const struct stats_series *s);
double stats_series_sum(const struct stats_series *s);

struct stats_delivery {
	char *uid;
	uint64_t created;
	double promised, real; /* minutes */
};
struct stats_deliveries {
	struct stats_delivery *items;
	size_t n;
	uint64_t updated; /* as above */
};
int stats_deliveries_get(struct cli *cli, const struct stats_query *q, struct stats_deliveries *ret);
void stats_deliveries_done(struct stats_deliveries *d);
#define _cleanup_deliveries_ _cleanup_(stats_deliveries_done)

/* stats-chart.c. kind: one that stats_kind_possible(). `summary` and where it comes from stand under the chart. */
bool stats_kind_possible(enum stats_metric metric, enum chart_kind kind);
enum chart_kind stats_kind_default(const struct stats_series *s);
void stats_chart_series(const struct stats_query *q, const struct stats_series *s, enum chart_kind kind,
			struct chart *ret);
void stats_chart_deliveries(const struct stats_query *q, const struct stats_deliveries *d, enum stats_metric metric,
			    enum chart_kind kind, struct chart *ret);
/* "Sum 12.50 USD, mean 6.25 USD of 2 months." The caller frees. */
char *stats_summary(const struct stats_series *s);
char *stats_source_text(const char *source, uint64_t updated);

/* stats-data.c: the numbers themselves, for scripts. */
json_object *stats_series_json(const struct stats_query *q, const struct stats_series *s);
json_object *stats_deliveries_json(const struct stats_query *q, const struct stats_deliveries *d);
void stats_series_table(struct cli *cli, const struct stats_series *s);
void stats_deliveries_table(struct cli *cli, const struct stats_deliveries *d);
json_object *stats_value_json(const struct stats_series *s, double value);

/* stats-overview.c */
int stats_overview(struct cli *cli);
/* "2025: 1234.50 USD in 57 orders, 21.66 USD each." */
int stats_line(struct cli *cli, const struct stats_query *q);

/* The screen that charts are drawn for: the terminal, or 80 columns in a pipe. */
struct chart_screen stats_screen(const struct cli *cli);
