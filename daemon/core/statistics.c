/* Series: from the statistical backend when it answers soon, else from the cache. What is judged here is whether the
 * service's points are what was asked for; counting is in series.c, the walk over the cache in facts-scan.c. */
#include <inttypes.h>

#include "backend/statistical.h"
#include "base/timeutil.h"
#include "core/facts-scan.h"
#include "core/statistics-private.h"

#define KEPT_ANSWERS 16
#define KEPT_POINTS 4000                  /* longer ones are not kept */
#define KEPT_TIME (60 * USEC_PER_SEC)     /* the service's: it may know of an order before we do */
#define SERVICE_PAUSE (30 * USEC_PER_SEC) /* after it did not answer in time */

struct kept {
	char *key; /* NULL: free */
	uint64_t generation, until, used; /* until: CLOCK_MONOTONIC µs */
	bool backend;
	struct series series;
};

struct statistics {
	struct kept kept[KEPT_ANSWERS];
	uint64_t used, not_before; /* not_before: CLOCK_MONOTONIC µs */
	bool made_no_sense;        /* the service's last answer; said once */
};

struct series_job {
	struct open_call call;
	struct core *core;
	struct series_query query;
	struct facts_filter filter;
	int64_t *places; /* ids of query.places */
	char *user, *zone;
	char currency[CURRENCY_SIZE];
	uint64_t generation;
	bool waits; /* for the service: not held by a walk */
	struct api_call *http;
	struct event *timer;
	struct series remote; /* whose zeros are to be held against the cache */
	struct series_sum *sum;
	statistics_series_cb done;
	void *userdata;
};

void series_query_done(struct series_query *q)
{
	strv_free(q->statuses);
	strv_free(q->places);
}

int series_query_copy(struct series_query *to, const struct series_query *from)
{
	int r = 0;

	*to = *from;
	to->statuses = to->places = NULL;
	for (char **p = from->statuses; p && *p && r >= 0; p++)
		r = strv_push(&to->statuses, *p);
	for (char **p = from->places; p && *p && r >= 0; p++)
		r = strv_push(&to->places, *p);
	return r;
}

static void job_free(void *data)
{
	struct series_job *j = data;

	if (j->waits)
		open_call_end(&j->call);
	if (j->timer)
		event_free(j->timer);
	series_sum_free(j->sum);
	series_done(&j->remote);
	series_query_done(&j->query);
	free(j->places);
	free(j->user);
	free(j->zone);
	free(j);
}

/* ---- answers that are kept ---- */

static void kept_done(struct kept *k)
{
	free(k->key);
	series_done(&k->series);
	*k = (struct kept){ 0 };
}

void statistics_free(struct statistics *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEPT_ANSWERS; i++)
		kept_done(&s->kept[i]);
	free(s);
}

static char *key_of(const struct series_job *j, bool backend)
{
	const struct series_query *q = &j->query;

	if (q->statuses || q->places || !j->zone)
		return NULL;
	return strprintf("%d %d %d %" PRIu64 " %" PRIu64 " %s %s", backend, q->metric, q->period, q->from, q->to, j->currency,
			 j->zone);
}

static const struct series *kept_find(struct series_job *j, bool backend)
{
	_cleanup_free_ char *key = key_of(j, backend);
	struct statistics *s = j->core->statistics;

	for (size_t i = 0; key && i < KEPT_ANSWERS; i++) {
		struct kept *k = &s->kept[i];

		if (!streq_ptr(k->key, key) || k->generation != userdb_generation(j->core->user) ||
		    now_monotonic() >= k->until)
			continue;
		k->used = ++s->used;
		return &k->series;
	}
	return NULL;
}

static void keep(struct series_job *j, bool backend, const struct series *series)
{
	struct statistics *s = j->core->statistics;
	struct kept *k = &s->kept[0];
	char *key;

	if (!j->core->user || series->n > KEPT_POINTS || j->generation != userdb_generation(j->core->user))
		return;
	key = key_of(j, backend);
	for (size_t i = 0; key && i < KEPT_ANSWERS; i++) {
		if (streq_ptr(s->kept[i].key, key)) {
			k = &s->kept[i];
			break;
		}
		if (s->kept[i].used < k->used)
			k = &s->kept[i];
	}
	if (!key)
		return;
	kept_done(k);
	if (series_copy(&k->series, series) < 0) {
		free(key);
		return;
	}
	k->key = key;
	k->generation = j->generation;
	k->until = backend ? now_monotonic() + KEPT_TIME : USEC_INFINITY;
	k->used = ++s->used;
	k->backend = backend;
}

/* ---- the answer ---- */

static void answer(struct series_job *j, const struct failure *f, bool backend, const struct series *series)
{
	j->done(f, backend ? "backend" : "local", series, j->userdata);
	job_free(j);
}

/* ---- from the cache ---- */

/* Ids of another opening mean nothing: looked up at the begin of each walk. */
int facts_filter_init(struct facts_filter *f, const struct series_query *q, struct userdb *u, int64_t **places)
{
	size_t n = strv_length(q->places), found = 0;
	int r;

	free(TAKE_PTR(*places));
	*f = (struct facts_filter){ .from = q->from, .to = q->to, .statuses = q->statuses, .has_places = q->places };
	if (n == 0)
		return 0;
	*places = new0(int64_t, n);
	if (!*places)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = isempty(q->places[i]) ? 0 : userdb_place_find(u, q->places[i], &(*places)[found]);
		if (r < 0 && r != -ENOENT)
			return r;
		found += r >= 0;
	}
	f->places = *places;
	f->n_places = found;
	return 0;
}

static int walk_begin(void *data)
{
	struct series_job *j = data;
	struct userdb *u = j->core->user;
	uint64_t first, last;
	int r;

	series_sum_free(TAKE_PTR(j->sum));
	j->generation = userdb_generation(u);
	r = facts_filter_init(&j->filter, &j->query, u, &j->places);
	if (r >= 0)
		r = userdb_order_span(u, &first, &last);
	if (r < 0)
		return r;
	if (first < j->query.from)
		first = j->query.from;
	if (j->query.to > 0 && last >= j->query.to)
		last = j->query.to - 1;
	return series_sum_new(j->query.metric, j->query.period, j->currency, first, first <= last ? last : 0, &j->sum);
}

static int walk_row(const struct order_facts *f, void *data)
{
	struct series_job *j = data;

	return facts_count(&j->filter, f) ? series_sum_add(j->sum, f) : 0;
}

/* Ids to texts. */
static int name_places(struct core *c, struct series *s)
{
	int r;

	for (size_t i = 0; i < s->n; i++) {
		r = userdb_place_text(c->user, strtoll(s->points[i].label, NULL, 10), &s->points[i].label);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_start(const struct series *s, uint64_t start)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->points[middle].start == start)
			return true;
		if (s->points[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The service writes 0 for a bucket that is empty; whether a mean of 0 is that only the orders tell. */
static int without_empty(const struct series *remote, const struct series *local, struct series *ret)
{
	int r = 0;

	memcpy(ret->unit, remote->unit, sizeof(ret->unit));
	for (size_t i = 0; i < remote->n && r >= 0; i++) {
		const struct series_point *p = &remote->points[i];

		if (p->value != 0 || has_start(local, p->start))
			r = series_add(ret, p->label, p->start, p->value);
	}
	return r;
}

static void walk_end(const struct failure *failure, void *data)
{
	_cleanup_(series_done) struct series local = { 0 }, joined = { 0 };
	_cleanup_failure_ struct failure f = { 0 };
	struct series_job *j = data;
	bool backend = j->remote.unit[0];
	int r;

	if (failure) {
		answer(j, failure, /* backend= */ false, &local);
		return;
	}
	r = series_sum_end(j->sum, &local);
	if (r >= 0 && j->query.metric == METRIC_DELIVERY_PLACE)
		r = name_places(j->core, &local);
	if (r >= 0 && backend)
		r = without_empty(&j->remote, &local, &joined);
	if (r < 0) {
		failure_from_store(&f, r, "The series could not be made");
		answer(j, &f, /* backend= */ false, &local);
		return;
	}
	keep(j, /* backend= */ false, &local);
	if (backend)
		keep(j, /* backend= */ true, &joined);
	answer(j, NULL, backend, backend ? &joined : &local);
}

static const struct facts_scan_ops walk_ops = {
	.begin = walk_begin,
	.row = walk_row,
	.end = walk_end,
	.drop = job_free,
};

static void go_local(struct series_job *j)
{
	struct core *c = j->core;
	const struct series *kept = NULL;

	if (c->user && !j->remote.unit[0] && streq(j->user, strempty(c->session.row.user)))
		kept = kept_find(j, /* backend= */ false);
	if (j->waits)
		open_call_end(&j->call);
	j->waits = false;
	if (kept)
		answer(j, NULL, /* backend= */ false, kept);
	else
		facts_scan_start(c, j->user, &walk_ops, j);
}

/* ---- from the service ---- */

/* A bucket begins where it begins here, after the one before, and some of it was asked for. */
static bool fits(const struct series_query *q, const struct statistical_point *p, const struct series *s)
{
	if (q->period == CALENDAR_ALL)
		return s->n == 0;
	if (p->start == 0 || calendar_begin(q->period, p->start) != p->start ||
	    (s->n > 0 && s->points[s->n - 1].start >= p->start))
		return false;
	return calendar_next(q->period, p->start) > q->from && (q->to == 0 || p->start < q->to);
}

static int take_bucket(const struct series_job *j, const struct statistical_point *p, struct series *s)
{
	enum calendar_period period = j->query.period;
	char label[CALENDAR_LABEL_SIZE];

	if (!fits(&j->query, p, s))
		return -EBADMSG;
	return series_add(s, calendar_label(label, period, p->start), p->start, p->value);
}

/* "00" to "23", those that are missing are 0. */
static int take_hours(const struct statistical_series *from, struct series *s)
{
	double hours[24] = { 0 };
	char label[8], *end;
	long hour;
	int r = 0;

	for (size_t i = 0; i < from->n; i++) {
		const char *text = from->points[i].label;

		hour = strtol(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || hour > 23)
			return -EBADMSG;
		hours[hour] = from->points[i].value;
	}
	for (int i = 0; i < 24 && r >= 0; i++) {
		(void)snprintf(label, sizeof(label), "%d", i);
		r = series_add(s, label, 0, hours[i]);
	}
	return r;
}

static int take_series(const struct series_job *j, const struct statistical_series *from, struct series *s)
{
	enum statistics_metric metric = j->query.metric;
	int r = 0;

	if (metric_is_money(metric) && !streq(from->currency, j->currency))
		return -EBADMSG;
	(void)snprintf(s->unit, sizeof(s->unit), "%s", metric_unit(metric, j->currency));
	if (metric == METRIC_ORDER_TIME)
		return take_hours(from, s);
	for (size_t i = 0; i < from->n && r >= 0; i++) {
		if (metric != METRIC_DELIVERY_PLACE)
			r = take_bucket(j, &from->points[i], s);
		else if (i < SERIES_MAX_PLACES)
			r = isempty(from->points[i].label) ? -EBADMSG
							   : series_add(s, from->points[i].label, 0, from->points[i].value);
	}
	return r;
}

static bool has_zeros(const struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->points[i].value == 0)
			return true;
	return false;
}

static void made_no_sense(struct series_job *j)
{
	struct statistics *s = j->core->statistics;

	if (!s->made_no_sense)
		log_warning("The statistical backend's answer about %s by %s made no sense; it is computed from the cache",
			    metric_name(j->query.metric), calendar_period_name(j->query.period));
	s->made_no_sense = true;
	series_done(&j->remote);
	go_local(j);
}

static void answered_well(struct series_job *j, json_object *body)
{
	struct statistical_series from = { 0 };
	enum statistics_metric metric = j->query.metric;
	int r;

	r = statistical_decode_series(body, metric_name(metric), calendar_period_name(j->query.period),
				      metric_is_money(metric) ? STATISTICAL_MONEY
				      : metric_is_mean_of_minutes(metric) ? STATISTICAL_MINUTES : STATISTICAL_COUNT, &from);
	if (r >= 0)
		r = take_series(j, &from, &j->remote);
	statistical_series_done(&from);
	if (r < 0) {
		made_no_sense(j);
		return;
	}
	j->core->statistics->made_no_sense = false;
	if (metric_is_mean_of_minutes(metric) && j->query.period != CALENDAR_ALL && has_zeros(&j->remote)) {
		go_local(j);
		return;
	}
	keep(j, /* backend= */ true, &j->remote);
	answer(j, NULL, /* backend= */ true, &j->remote);
}

static void pause_service(struct core *c, uint64_t at_least)
{
	c->statistics->not_before = now_monotonic() + (at_least > SERVICE_PAUSE ? at_least : SERVICE_PAUSE);
}

static void service_answered(const struct api_reply *reply, void *userdata)
{
	struct series_job *j = userdata;

	j->http = NULL;
	event_del(j->timer);
	if (reply->outcome == API_OK) {
		answered_well(j, reply->body);
		return;
	}
	if (reply->outcome == API_PROTOCOL) {
		made_no_sense(j);
		return;
	}
	log_debug("The statistical backend does not tell, it is computed from the cache: %s", reply->message);
	if (reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT || reply->retry_after > 0)
		pause_service(j->core, reply->retry_after);
	go_local(j);
}

/* A read does not wait longer: not for this one, and not for those that come next. */
static void service_late(evutil_socket_t fd, short what, void *userdata)
{
	struct series_job *j = userdata;

	(void)fd, (void)what;
	api_cancel(TAKE_PTR(j->http));
	pause_service(j->core, 0);
	go_local(j);
}

static int ask_service(struct series_job *j)
{
	const struct series_query *q = &j->query;

	j->timer = evtimer_new(j->core->base, service_late, j);
	if (!j->timer)
		return -ENOMEM;
	core_arm(j->timer, STATISTICS_WAIT);
	return statistical_series_get(j->core->api, metric_name(q->metric), calendar_period_name(q->period), q->from, q->to,
				      j->zone, STATISTICS_WAIT, service_answered, j, &j->http);
}

static bool may_ask(const struct series_job *j)
{
	const struct series_query *q = &j->query;
	struct core *c = j->core;

	return !q->local && !q->statuses && !q->places && j->zone && c->online && session_active(c) &&
	       now_monotonic() >= c->statistics->not_before;
}

static void job_run(struct core *c, void *data)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct series_job *j = data;
	const struct series *kept = NULL;

	if (session_require(c, /* reading= */ true, &f) < 0) {
		answer(j, &f, /* backend= */ false, &j->remote);
		return;
	}
	calendar_refresh();
	(void)calendar_zone_name(&j->zone);
	facts_currency(c, j->currency);
	j->generation = userdb_generation(c->user);
	if (!may_ask(j)) {
		go_local(j);
		return;
	}
	kept = kept_find(j, /* backend= */ true);
	if (kept) {
		answer(j, NULL, /* backend= */ true, kept);
		return;
	}
	open_call_begin(c, &j->call, job_free);
	j->waits = true;
	if (ask_service(j) < 0)
		go_local(j);
}

void statistics_series(struct core *c, const struct series_query *q, statistics_series_cb done, void *userdata)
{
	struct series_job *j = new0(struct series_job, 1);

	if (!j)
		return;
	if (!c->statistics)
		c->statistics = new0(struct statistics, 1);
	j->core = c;
	j->done = done;
	j->userdata = userdata;
	j->user = strdup(strempty(c->session.row.user));
	if (!c->statistics || !j->user || series_query_copy(&j->query, q) < 0 ||
	    core_defer(c, job_run, j, job_free) < 0)
		job_free(j);
}
