/* Walks over the facts of orders, slice by slice. What is counted is in the files that start them. */
#include "core/facts-scan.h"

#define SLICE_FACTS 4000   /* 1 to 2 ms */
#define SLICE_BODIES 50    /* to be parsed, of a file that an older version wrote: 2 to 3 ms */
#define MAX_RESTARTS 3

struct scan {
	struct open_call call;
	struct core *core;
	const struct facts_scan_ops *ops; /* NULL: only to fill */
	void *data;
	char *user;
	uint64_t generation, opening;
	int64_t after;
	unsigned restarts;
	bool begun;
	struct event *timer;
};

static void scan_free(struct scan *s)
{
	open_call_end(&s->call);
	if (s->timer)
		event_free(s->timer);
	free(s->user);
	free(s);
}

static void scan_drop(void *p)
{
	struct scan *s = p;

	if (s->ops)
		s->ops->drop(s->data);
	scan_free(s);
}

static void scan_end(struct scan *s, const struct failure *f)
{
	const struct facts_scan_ops *ops = s->ops;
	void *data = s->data;

	scan_free(s);
	if (ops)
		ops->end(f, data);
}

static int decode(const char *body, struct order **ret)
{
	_cleanup_json_ json_object *json = NULL;
	int r;

	r = json_parse(body, strlen(body), JSON_MAX_DEPTH, &json);
	return r < 0 ? r : customer_decode_order(json, ret);
}

/* An order that changes during the walk is counted as it was when the walk came to it. A whole new cache, or a change
 * in the first tries, starts over. */
static int begin_or_go_on(struct scan *s, struct userdb *u)
{
	bool other = s->opening != userdb_opening(u);

	if (s->begun && (s->generation == userdb_generation(u) || (!other && s->restarts >= MAX_RESTARTS)))
		return 0;
	s->restarts += s->begun && !other;
	s->begun = true;
	s->opening = userdb_opening(u);
	s->generation = userdb_generation(u);
	s->after = 0;
	return s->ops->begin(s->data);
}

static int scan_row(const struct order_facts *f, void *userdata)
{
	struct scan *s = userdata;

	s->after = f->id;
	return s->ops->row(f, s->data);
}

/* 1: there is more. */
static int scan_slice(struct scan *s)
{
	struct userdb *u = s->core->user;
	int r;

	r = userdb_facts_fill(u, SLICE_BODIES, decode);
	if (r != 0 || !s->ops)
		return r;
	r = begin_or_go_on(s, u);
	if (r >= 0)
		r = userdb_facts_each(u, s->after, SLICE_FACTS, scan_row, s);
	return r < 0 ? r : r == SLICE_FACTS;
}

static int failure_from_errno(struct failure *f, int r)
{
	if (r == -EOVERFLOW)
		return failure_set(f, CC_E_PROTOCOL, "The amounts are too large to be added up");
	if (r == -E2BIG)
		return failure_set(f, CC_E_INVALID_ARGS, "More than %d buckets: ask for a shorter range or a longer period",
				   SERIES_MAX_POINTS);
	return failure_from_store(f, r, "The orders could not be counted");
}

static void scan_due(evutil_socket_t fd, short what, void *userdata)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct scan *s = userdata;
	int r;

	(void)fd, (void)what;
	r = session_require(s->core, /* reading= */ true, &f);
	if (r >= 0 && !streq(s->user, s->core->session.row.user))
		r = failure_set(&f, CC_E_NOT_SIGNED_IN, "Somebody else has signed in meanwhile");
	if (r >= 0) {
		r = scan_slice(s);
		if (r < 0)
			failure_from_errno(&f, r);
	}
	if (r > 0)
		core_arm(s->timer, 0);
	else
		scan_end(s, r < 0 ? &f : NULL);
}

/* NULL without memory. */
static struct scan *scan_new(struct core *c, const char *user, const struct facts_scan_ops *ops, void *data)
{
	struct scan *s = new0(struct scan, 1);

	if (!s)
		return NULL;
	s->core = c;
	s->ops = ops;
	s->data = data;
	open_call_begin(c, &s->call, scan_drop);
	s->user = strdup(user);
	s->timer = evtimer_new(c->base, scan_due, s);
	if (!s->user || !s->timer) {
		scan_free(s);
		return NULL;
	}
	core_arm(s->timer, 0);
	return s;
}

void facts_scan_start(struct core *c, const char *user, const struct facts_scan_ops *ops, void *data)
{
	if (!scan_new(c, user, ops, data))
		ops->drop(data);
}

void facts_fill_start(struct core *c)
{
	if (c->user)
		(void)scan_new(c, strempty(c->session.row.user), NULL, NULL);
}

static int first_currency(const struct product *p, void *userdata)
{
	memcpy(userdata, p->currency, CURRENCY_SIZE);
	return 0;
}

static int newest_currency(const struct order_facts *f, void *userdata)
{
	if (!f->local && currency_digits(f->currency) >= 0)
		memcpy(userdata, f->currency, CURRENCY_SIZE);
	return 0;
}

void facts_currency(struct core *c, char ret[static CURRENCY_SIZE])
{
	ret[0] = '\0';
	(void)catalog_each_product(c->catalog, 0, 1, "", first_currency, ret, NULL);
	if (!ret[0] && c->user)
		(void)userdb_facts_each_newest(c->user, 0, INT64_MAX, "", 1, newest_currency, ret);
	if (!ret[0])
		memcpy(ret, "USD", CURRENCY_SIZE);
}
