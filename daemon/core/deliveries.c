/* The single deliveries, promised against real: newest first by the index of the list, slice by slice. */
#include "core/facts-scan.h"
#include "core/statistics-private.h"

#define SLICE_ROWS_READ 1000

struct deliveries {
	struct open_call call;
	struct core *core;
	struct series_query query;
	struct facts_filter filter;
	int64_t *places;
	char *user, *uid; /* uid, created: of the row the walk came to */
	uint64_t created, opening;
	struct event *timer;
	struct delivery *list;
	size_t n;
	statistics_deliveries_cb done;
	void *userdata;
};

static void deliveries_free(void *data)
{
	struct deliveries *d = data;

	open_call_end(&d->call);
	if (d->timer)
		event_free(d->timer);
	for (size_t i = 0; i < d->n; i++)
		free(d->list[i].uid);
	free(d->list);
	series_query_done(&d->query);
	free(d->places);
	free(d->user);
	free(d->uid);
	free(d);
}

static double minutes(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / (double)USEC_PER_MIN;
}

static int take_row(const struct order_facts *f, void *userdata)
{
	struct deliveries *d = userdata;
	int r;

	r = free_and_strdup(&d->uid, f->uid);
	d->created = f->created;
	if (r < 0 || d->n >= STATISTICS_MAX_DELIVERIES || !facts_count(&d->filter, f) || !facts_are_delivered(f))
		return r;
	if ((d->n & (d->n - 1)) == 0) {
		struct delivery *grown = reallocarray(d->list, d->n ? 2 * d->n : 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->list = grown;
	}
	d->list[d->n] = (struct delivery){ strdup(f->uid), f->created, minutes(f->created, f->promised),
					   minutes(f->created, f->delivered) };
	return d->list[d->n++].uid ? 0 : -ENOMEM;
}

static int begin(struct deliveries *d, struct userdb *u)
{
	while (d->n > 0)
		free(d->list[--d->n].uid);
	d->opening = userdb_opening(u);
	d->created = d->query.to > 0 ? d->query.to - 1 : INT64_MAX;
	return free_and_strdup(&d->uid, "") < 0 ? -ENOMEM : facts_filter_init(&d->filter, &d->query, u, &d->places);
}

/* 1: there is more. */
static int slice(struct deliveries *d)
{
	struct userdb *u = d->core->user;
	_cleanup_free_ char *uid = NULL;
	int r = 0;

	if (!d->uid || d->opening != userdb_opening(u))
		r = begin(d, u);
	if (r < 0)
		return r;
	uid = strdup(d->uid); /* the walk writes d->uid */
	if (!uid)
		return -ENOMEM;
	r = userdb_facts_each_newest(u, d->query.from, d->created, uid, SLICE_ROWS_READ, take_row, d);
	return r < 0 ? r : r == SLICE_ROWS_READ && d->n < STATISTICS_MAX_DELIVERIES;
}

static void due(evutil_socket_t fd, short what, void *userdata)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct deliveries *d = userdata;
	int r;

	(void)fd, (void)what;
	r = session_require(d->core, /* reading= */ true, &f);
	if (r >= 0 && !streq(d->user, d->core->session.row.user))
		r = failure_set(&f, CC_E_NOT_SIGNED_IN, "Somebody else has signed in meanwhile");
	if (r >= 0) {
		r = slice(d);
		if (r < 0)
			failure_from_store(&f, r, "The deliveries could not be read");
	}
	if (r > 0) {
		core_arm(d->timer, 0);
		return;
	}
	d->done(r < 0 ? &f : NULL, d->list, d->n, d->userdata);
	deliveries_free(d);
}

void statistics_deliveries(struct core *c, const struct series_query *q, statistics_deliveries_cb done, void *userdata)
{
	struct deliveries *d = new0(struct deliveries, 1);

	if (!d)
		return;
	open_call_begin(c, &d->call, deliveries_free);
	d->core = c;
	d->done = done;
	d->userdata = userdata;
	d->user = strdup(strempty(c->session.row.user));
	d->timer = evtimer_new(c->base, due, d);
	if (!d->user || !d->timer || series_query_copy(&d->query, q) < 0)
		deliveries_free(d);
	else
		core_arm(d->timer, 0);
}
