/* Series: from the statistical backend when it answers soon, else from the cache. The counting is in series.c, the walk
 * over the cache in facts-scan.c. */
#include <inttypes.h>

#include "base/timeutil.h"
#include "core/facts-scan.h"
#include "core/statistics-private.h"

struct series_job {
	struct core *core;
	struct series_query query;
	struct facts_filter filter;
	int64_t *places; /* ids of query.places */
	char currency[CURRENCY_SIZE];
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

	series_sum_free(j->sum);
	series_query_done(&j->query);
	free(j->places);
	free(j);
}

/* ---- the range and the filter ---- */

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

static int job_begin(void *data)
{
	struct series_job *j = data;
	struct userdb *u = j->core->user;
	uint64_t first, last;
	int r;

	series_sum_free(TAKE_PTR(j->sum));
	facts_currency(j->core, j->currency);
	r = facts_filter_init(&j->filter, &j->query, u, &j->places);
	if (r >= 0)
		r = userdb_order_span(u, &first, &last);
	if (r < 0)
		return r;
	if (first < j->query.from)
		first = j->query.from;
	if (j->query.to > 0 && last >= j->query.to)
		last = j->query.to - 1;
	calendar_refresh();
	return series_sum_new(j->query.metric, j->query.period, j->currency, first, first <= last ? last : 0, &j->sum);
}

static int job_row(const struct order_facts *f, void *data)
{
	struct series_job *j = data;

	return facts_count(&j->filter, f) ? series_sum_add(j->sum, f) : 0;
}

/* ---- the answer ---- */

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

static void job_end(const struct failure *failure, void *data)
{
	_cleanup_(series_done) struct series s = { 0 };
	_cleanup_failure_ struct failure f = { 0 };
	struct series_job *j = data;
	int r = 0;

	if (!failure) {
		r = series_sum_end(j->sum, &s);
		if (r >= 0 && j->query.metric == METRIC_DELIVERY_PLACE)
			r = name_places(j->core, &s);
		if (r < 0)
			failure_from_store(&f, r, "The series could not be made");
	}
	j->done(failure ? failure : r < 0 ? &f : NULL, "local", &s, j->userdata);
	job_free(j);
}

static const struct facts_scan_ops job_ops = {
	.begin = job_begin,
	.row = job_row,
	.end = job_end,
	.drop = job_free,
};

void statistics_series(struct core *c, const struct series_query *q, statistics_series_cb done, void *userdata)
{
	struct series_job *j = new0(struct series_job, 1);

	if (!j)
		return;
	j->core = c;
	j->done = done;
	j->userdata = userdata;
	if (series_query_copy(&j->query, q) < 0) {
		job_free(j);
		return;
	}
	facts_scan_start(c, &job_ops, j);
}
