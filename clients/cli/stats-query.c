/* stats: reading its options, asking the daemon, keeping the answer. How it is shown is in stats-chart.c,
 * stats-data.c and stats-overview.c. */
#include <inttypes.h>
#include <math.h>

#include "base/timeutil.h"
#include "clients/cli/stats.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"
#include "clients/common/status.h"
#include "dbus/jsonview.h"

static const char *const metrics[_STATS_METRIC_MAX] = {
	[STATS_TOTAL_AMOUNT] = "total-amount",
	[STATS_ITEM_COST] = "item-cost",
	[STATS_ORDERS] = "orders",
	[STATS_ITEMS] = "items",
	[STATS_ORDER_TIME] = "order-time",
	[STATS_DELIVERY_PLACE] = "delivery-place",
	[STATS_DELIVERY_DURATION] = "delivery-duration",
	[STATS_DELIVERY_DELAY] = "delivery-delay",
	[STATS_DELIVERY] = "delivery",
};

const char *stats_metric_name(enum stats_metric metric)
{
	return metrics[metric];
}

int stats_metric_from_name(const char *name, enum stats_metric *ret)
{
	for (int i = 0; i < _STATS_METRIC_MAX; i++)
		if (streq(metrics[i], name)) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}

bool stats_is_sum(enum stats_metric metric)
{
	return metric != STATS_ITEM_COST && metric != STATS_DELIVERY_DURATION && metric != STATS_DELIVERY_DELAY &&
	       metric != STATS_DELIVERY;
}

bool stats_has_period(enum stats_metric metric)
{
	return metric != STATS_ORDER_TIME && metric != STATS_DELIVERY_PLACE && metric != STATS_DELIVERY;
}

static int read_time(struct cli *cli, const char *option, const char *text, uint64_t *ret_start, uint64_t *ret_end)
{
	if (when_parse_period(text, now_realtime(), ret_start, ret_end) < 0)
		return cli_usage(cli, "--%s cannot be '%s'; it is 2025, 2025-03, 2025-03-14, yesterday or 'last year'",
				 option, text);
	return 0;
}

static int read_range(struct cli *cli, struct stats_query *q)
{
	uint64_t ignored;
	int r = 0;

	if (q->year && (q->since || q->until))
		return cli_usage(cli, "--year and --%s cannot both be", q->since ? "since" : "until");
	if (q->year && (strlen(q->year) != 4 || strspn(q->year, "0123456789") != 4 ||
			when_parse_period(q->year, 0, &q->from, &q->to) < 0))
		return cli_usage(cli, "--year cannot be '%s'; it is one like 2025", q->year);
	if (q->since)
		r = read_time(cli, "since", q->since, &q->from, &ignored);
	if (r >= 0 && q->until)
		r = read_time(cli, "until", q->until, &ignored, &q->to);
	if (r >= 0 && q->from && q->to && q->from >= q->to)
		return cli_usage(cli, "--since %s is after --until %s", q->since, q->until);
	return r;
}

static void push(char ***list, const char *word)
{
	if (!strv_contains(*list, word) && strv_push(list, word) < 0)
		xcheck(NULL);
}

static void push_pending(char ***list)
{
	for (int i = 0; i < _STATUS_MAX; i++)
		if (status_is_pending(status_to_string(i)))
			push(list, status_to_string(i));
}

static int read_statuses(struct cli *cli, const char *list, struct stats_query *q)
{
	_cleanup_free_ char *copy = xstrdup(list);
	char *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		if (streq(word, "pending"))
			push_pending(&q->statuses);
		else if (status_from_string(word) == STATUS_OTHER)
			return cli_usage(cli, "--status cannot be '%s'; it is 'pending', or of these with commas between: %s",
					 word, STATUSES);
		else
			push(&q->statuses, word);
	}
	return 0;
}

int stats_query_read(struct cli *cli, const struct args *args, struct stats_query *q)
{
	const char *value;
	int r;

	*q = (struct stats_query){
		.year = args_option(args, "year"),
		.since = args_option(args, "since"),
		.until = args_option(args, "until"),
	};
	r = read_range(cli, q);
	for (unsigned i = 0; r >= 0 && (value = args_option_at(args, "status", i)); i++)
		r = read_statuses(cli, value, q);
	for (unsigned i = 0; (value = args_option_at(args, "place", i)); i++) {
		if (r >= 0 && isempty(value))
			r = cli_usage(cli, "--place needs the text of a place; see customerclient stats delivery-place");
		push(&q->places, value);
	}
	return r;
}

void stats_query_done(struct stats_query *q)
{
	strv_free(q->statuses);
	strv_free(q->places);
	*q = (struct stats_query){};
}

char *stats_range_text(const struct stats_query *q)
{
	if (q->year)
		return xstrdup(q->year);
	if (q->since && q->until && streq(q->since, q->until))
		return xstrdup(q->since);
	if (q->since && q->until)
		return xprintf("from %s to %s", q->since, q->until);
	if (q->since)
		return xprintf("since %s", q->since);
	return q->until ? xprintf("until %s", q->until) : xstrdup("");
}

static json_object *strv_json(char *const *list)
{
	json_object *a = xcheck(json_object_new_array());

	for (; list && *list; list++)
		json_object_array_add(a, json_object_new_string(*list));
	return a;
}

json_object *stats_filter_json(const struct stats_query *q)
{
	json_object *o = xcheck(json_object_new_object());

	if (q->from)
		json_object_object_add(o, "since", json_new_time(q->from));
	if (q->to)
		json_object_object_add(o, "until", json_new_time(q->to));
	if (q->statuses)
		json_object_object_add(o, "statuses", strv_json(q->statuses));
	if (q->places)
		json_object_object_add(o, "places", strv_json(q->places));
	return o;
}

static int append_list(sd_bus_message *m, const char *key, char **list)
{
	int r;

	if (!list)
		return 0;
	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_append_strv(m, list);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_filter(sd_bus_message *m, const struct stats_query *q)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_list(m, "statuses", q->statuses);
	if (r >= 0)
		r = append_list(m, "places", q->places);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* When what is known here was last brought up to date. */
static int get_updated(struct cli *cli, uint64_t *ret)
{
	static const struct dict_field fields[] = { { "last-sync", 't', 0 } };
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	*ret = 0;
	r = cli_read(cli, CC_IFACE_DAEMON, "GetStatus", &reply, NULL);
	if (r < 0)
		return r;
	r = dict_read(reply, fields, ELEMENTSOF(fields), ret);
	return r < 0 ? cli_bad_reply(cli, r, "Daemon.GetStatus") : 0;
}

/* Room for one more: a power of two is full. */
static void *grown(void *items, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? xcheck(reallocarray(items, n ? 2 * n : 1, size)) : items;
}

static int read_points(sd_bus_message *m, struct stats_series *s)
{
	const char *source, *unit, *label;
	uint64_t start;
	double value;
	int r;

	r = sd_bus_message_read(m, "ss", &source, &unit);
	if (r < 0)
		return r;
	s->source = xstrdup(source);
	s->unit = xstrdup(unit);
	r = sd_bus_message_enter_container(m, 'a', CC_SIG_SERIES_POINT);
	while (r >= 0 && (r = sd_bus_message_read(m, CC_SIG_SERIES_POINT, &label, &start, &value)) > 0) {
		if (!isfinite(value))
			return -EBADMSG;
		s->points = grown(s->points, s->n, sizeof(*s->points));
		s->points[s->n++] = (struct stats_point){ .label = xstrdup(label), .start = start, .value = value };
	}
	return r;
}

int stats_series_get(struct cli *cli, const struct stats_query *q, enum stats_metric metric, const char *period,
		     struct stats_series *ret)
{
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	struct stats_series s = { .metric = metric, .period = period };
	bool filtered = q->statuses || q->places;
	const char *member = filtered ? "GetFilteredSeries" : "GetSeries";
	int r;

	r = client_new_call(cli->client, CC_IFACE_STATISTICS, member, &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "sstt", stats_metric_name(metric), period, q->from, q->to);
	if (r >= 0 && filtered)
		r = append_filter(m, q);
	if (r < 0)
		return cli_fail_errno(cli, r, member);
	r = cli_send(cli, CLIENT_READS, m, &reply);
	if (r < 0)
		return r;
	r = read_points(reply, &s);
	if (r < 0)
		r = cli_bad_reply(cli, r, "Statistics.GetSeries");
	else if (streq(s.source, "local"))
		r = get_updated(cli, &s.updated);
	if (r < 0)
		stats_series_done(&s);
	else
		*ret = s;
	return r;
}

void stats_series_done(struct stats_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->points[i].label);
	free(s->points);
	free(s->source);
	free(s->unit);
	*s = (struct stats_series){};
}

bool stats_series_is_money(const struct stats_series *s)
{
	return currency_digits(s->unit) >= 0;
}

double stats_series_sum(const struct stats_series *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->points[i].value;
	return sum;
}

static int read_deliveries(sd_bus_message *m, struct stats_deliveries *d)
{
	struct stats_delivery one;
	const char *uid;
	int r;

	r = sd_bus_message_enter_container(m, 'a', CC_SIG_DELIVERY);
	while (r >= 0 && (r = sd_bus_message_read(m, CC_SIG_DELIVERY, &uid, &one.created, &one.promised, &one.real)) > 0) {
		if (!isfinite(one.promised) || !isfinite(one.real))
			return -EBADMSG;
		one.uid = xstrdup(uid);
		d->items = grown(d->items, d->n, sizeof(*d->items));
		d->items[d->n++] = one;
	}
	return r;
}

int stats_deliveries_get(struct cli *cli, const struct stats_query *q, struct stats_deliveries *ret)
{
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	struct stats_deliveries d = {};
	int r;

	r = client_new_call(cli->client, CC_IFACE_STATISTICS, "GetDeliveries", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "tt", q->from, q->to);
	if (r >= 0)
		r = append_filter(m, q);
	if (r < 0)
		return cli_fail_errno(cli, r, "Statistics.GetDeliveries");
	r = cli_send(cli, CLIENT_READS, m, &reply);
	if (r < 0)
		return r;
	r = read_deliveries(reply, &d);
	if (r < 0)
		r = cli_bad_reply(cli, r, "Statistics.GetDeliveries");
	else
		r = get_updated(cli, &d.updated);
	if (r < 0)
		stats_deliveries_done(&d);
	else
		*ret = d;
	return r;
}

void stats_deliveries_done(struct stats_deliveries *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].uid);
	free(d->items);
	*d = (struct stats_deliveries){};
}
