/* Orders: what the service says of them taken into the cache, the pending ones in memory, changes told. An order that
 * the service does not know yet is a row of the outbox; the row is then the truth and the cache a copy of it. */
#include <math.h>

#include "base/timeutil.h"
#include "core/core-internal.h"

#define EARTH_RADIUS_M 6371008.8 /* mean, IUGG */
#define PROGRESS_IN_DELIVERY 75  /* where the courier's way begins, see status_progress() */
#define PROGRESS_AT_DOOR 99

/* ---- views ---- */

static void view_done(struct order_view *v)
{
	order_free(TAKE_PTR(v->order));
	free(TAKE_PTR(v->failure_reason));
}

void order_view_free(struct order_view *v)
{
	if (!v)
		return;
	view_done(v);
	free(v);
}

/* What follows from the order's own record. */
static void view_derive(struct order_view *v)
{
	const struct order *o = v->order;
	const struct payment *newest = NULL;
	bool paid = false;
	int progress;

	for (size_t i = 0; i < o->n_payments; i++) {
		const struct payment *p = &o->payments[i];

		paid = paid || payment_is_paid(strempty(p->status));
		if (!newest || p->date >= newest->date)
			newest = p;
	}
	v->payment_status = newest ? strempty(newest->status) : "";
	v->amount_due = paid || streq(o->status, STATUS_CANCELLED) || streq(o->status, STATUS_REJECTED) ? 0 : o->total_price;
	v->cancellable = o->cancellable;
	progress = status_progress(o->status);
	if (progress >= 0 && (uint32_t)progress > v->progress)
		v->progress = (uint32_t)progress;
}

/* Takes o. */
static struct order_view *view_new(struct order *o)
{
	struct order_view *v = new0(struct order_view, 1);

	if (!v) {
		order_free(o);
		return NULL;
	}
	v->order = o;
	view_derive(v);
	return v;
}

/* `local`: its status is a word of ours, not of the service's. */
static int decode_body(const char *body, bool local, struct order **ret)
{
	_cleanup_json_ json_object *json = NULL;
	const char *status = NULL;
	int r;

	r = json_parse(body, strlen(body), JSON_MAX_DEPTH, &json);
	if (r >= 0)
		r = customer_decode_order(json, ret);
	if (r >= 0 && local && json_get_string(json, "status", &status) > 0)
		r = free_and_strdup(&(*ret)->status, status);
	return r;
}

/* Local rows of the outbox stand above the cache: they know why and until when. */
static struct order_view *view_from_outbox(struct core *c, const char *uid)
{
	struct outbox_row row = { 0 };
	struct order_view *v = NULL;

	if (state_outbox_get(c->state, c->world, ROW_PLACE, uid, &row) >= 0 && !streq(row.state, ROW_MADE) &&
	    streq(row.user, c->session.row.user))
		v = order_view_from_row(c, &row);
	outbox_row_done(&row);
	return v;
}

int order_get(struct core *c, const char *uid, struct order_view **ret, struct failure *f)
{
	_cleanup_free_ char *body = NULL;
	_cleanup_(order_freep) struct order *o = NULL;
	const struct order_view *pending;
	struct order_view *v;
	uint64_t confirmed = 0;
	bool local = false;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	r = userdb_order_get(c->user, uid, &body, &confirmed, &local);
	if (r == -ENOENT || (r >= 0 && local)) {
		v = view_from_outbox(c, uid);
		if (!v && r == -ENOENT)
			return failure_set(f, CC_E_NOT_FOUND, "There is no order '%s'", uid);
		if (v) {
			*ret = v;
			return 0;
		}
	}
	if (r < 0)
		return failure_from_store(f, r, "The order could not be read");
	r = decode_body(body, local, &o);
	if (r < 0)
		return failure_set(f, CC_E_STORAGE, "What is stored of the order '%s' cannot be read", uid);
	v = view_new(TAKE_PTR(o));
	if (!v)
		return failure_from_store(f, -ENOMEM, "The order could not be read");
	v->confirmed = confirmed;
	pending = order_pending_find(c, uid);
	if (pending) {
		/* The newest fix and estimate may have come by push alone. */
		v->progress = pending->progress;
		v->estimate = pending->estimate;
		v->latest = pending->latest;
		v->order->end_expected = pending->order->end_expected;
		if (pending->order->has_courier && v->order->has_courier &&
		    pending->order->courier.when > v->order->courier.when) {
			v->order->courier.latitude = pending->order->courier.latitude;
			v->order->courier.longitude = pending->order->courier.longitude;
			v->order->courier.when = pending->order->courier.when;
		}
	}
	*ret = v;
	return 0;
}

/* ---- pending ones ---- */

struct tracked *orders_find_tracked(struct core *c, const char *uid)
{
	struct tracked *t;

	TAILQ_FOREACH(t, &c->tracked, link)
		if (streq(t->view.order->uid, uid))
			return t;
	return NULL;
}

const struct order_view *order_pending_find(struct core *c, const char *uid)
{
	struct tracked *t = orders_find_tracked(c, uid);

	return t ? &t->view : NULL;
}

void order_pending_each(struct core *c, void (*view)(const struct order_view *v, void *userdata), void *userdata)
{
	struct tracked *t;

	TAILQ_FOREACH(t, &c->tracked, link)
		view(&t->view, userdata);
}

uint32_t orders_count_pending(const struct core *c)
{
	const struct tracked *t;
	uint32_t n = 0;

	TAILQ_FOREACH(t, &c->tracked, link)
		n++;
	return n;
}

static void tracked_free(struct core *c, struct tracked *t)
{
	TAILQ_REMOVE(&c->tracked, t, link);
	view_done(&t->view);
	free(t);
}

void orders_unload(struct core *c)
{
	struct tracked *t;

	while ((t = TAILQ_FIRST(&c->tracked))) {
		if (c->observer)
			c->observer->order_removed(&t->view, c->observer_data);
		tracked_free(c, t);
	}
}

/* Haversine: exact enough for a courier, and defined everywhere on the sphere. */
static double distance_m(double lat1, double lon1, double lat2, double lon2)
{
	double rad = M_PI / 180, a = sin((lat2 - lat1) * rad / 2), b = sin((lon2 - lon1) * rad / 2);
	double h = a * a + cos(lat1 * rad) * cos(lat2 * rad) * b * b;

	return 2 * EARTH_RADIUS_M * asin(fmin(1, sqrt(h)));
}

/* On the way the bar follows the courier. */
static void progress_by_courier(struct tracked *t)
{
	const struct order *o = t->view.order;
	double d;
	uint32_t progress;

	if (!streq(o->status, STATUS_IN_DELIVERY) || !o->has_courier || o->courier.when == 0)
		return;
	d = distance_m(o->courier.latitude, o->courier.longitude, o->destination_latitude, o->destination_longitude);
	if (!isfinite(d))
		return;
	if (t->first_distance <= 0)
		t->first_distance = d;
	if (t->first_distance <= 0 || d > t->first_distance)
		return;
	progress = PROGRESS_IN_DELIVERY +
		   (uint32_t)((1 - d / t->first_distance) * (PROGRESS_AT_DOOR - PROGRESS_IN_DELIVERY));
	if (progress > t->view.progress)
		t->view.progress = progress;
}

/* Takes o. Puts the order among the pending ones, updates it, or lets it go with its last status. */
static int track(struct core *c, struct order_view *fresh)
{
	struct tracked *t = orders_find_tracked(c, fresh->order->uid);
	bool pending = status_is_pending(fresh->order->status), added = !t, news = added;

	if (!t) {
		if (!pending) {
			order_view_free(fresh);
			return 0;
		}
		t = new0(struct tracked, 1);
		if (!t) {
			order_view_free(fresh);
			return -ENOMEM;
		}
		TAILQ_INSERT_TAIL(&c->tracked, t, link);
	} else {
		if (fresh->progress < t->view.progress)
			fresh->progress = t->view.progress;
		news = !streq(t->view.order->status, fresh->order->status) ||
		       t->view.order->end_expected != fresh->order->end_expected;
		view_done(&t->view);
	}
	t->view = *fresh;
	free(fresh);
	progress_by_courier(t);
	estimate_follow(c, t, added);
	if (c->observer && added)
		c->observer->order_added(&t->view, c->observer_data);
	else if (c->observer)
		c->observer->order_updated(&t->view, c->observer_data);
	if (!pending) {
		if (c->observer)
			c->observer->order_removed(&t->view, c->observer_data);
		tracked_free(c, t);
	} else
		estimate_refresh(c, t, news);
	if (added || !pending)
		sync_reschedule(c);
	if (added && orders_count_pending(c) == 1)
		push_wanted(c);
	return 0;
}

static int load_row(const struct order_row *r, void *userdata)
{
	return strv_push(userdata, r->uid);
}

static int load_local(const struct outbox_row *row, void *userdata)
{
	struct core *c = userdata;

	if (!streq(row->kind, ROW_PLACE) || streq(row->state, ROW_MADE))
		return 0;
	return orders_apply_local(c, row, /* silent= */ true);
}

int orders_load(struct core *c)
{
	_cleanup_(strv_freep) char **uids = NULL;
	struct order_filter pending = { .has_pending = true, .pending = true };
	_cleanup_free_ char *baseline = NULL;
	int r;

	c->orders_baseline = userdb_meta_get(c->user, "orders-known", &baseline) >= 0;
	r = userdb_order_each(c->user, &pending, UINT32_MAX, "", load_row, &uids, NULL);
	for (size_t i = 0; r >= 0 && uids && uids[i]; i++) {
		_cleanup_failure_ struct failure f = { 0 };
		struct order_view *v = NULL;

		/* A row that cannot be read is left for the next sync to mend. */
		if (order_get(c, uids[i], &v, &f) >= 0)
			r = track(c, v);
		else
			log_warning("%s", failure_message(&f));
	}
	if (r < 0)
		return r;
	/* A cache that was deleted knows nothing of what never reached the service. */
	return state_outbox_each(c->state, c->world, c->session.row.user, /* open_only= */ false, load_local, c);
}

/* ---- changes ---- */

static void tell_change(struct core *c, const struct order *o, const struct order_before *before)
{
	json_object *details = json_object_new_object();

	if (details && json_add_string(details, "status", o->status) >= 0 &&
	    json_add_string(details, "previous", before->status) >= 0 &&
	    (o->end_expected == 0 || json_add_u64(details, "expected", o->end_expected) >= 0))
		event_emit(c, "order", o->uid, TAKE_PTR(details));
	json_object_put(details);
	if (c->observer)
		c->observer->order_changed(o->uid, o->status, o->changed, c->observer_data);
}

/* What became of payments since the state that is in memory. */
static void tell_payments(struct core *c, const struct order *o)
{
	const struct tracked *t = orders_find_tracked(c, o->uid);

	for (size_t i = 0; i < o->n_payments; i++) {
		const struct payment *p = &o->payments[i];
		const struct order *old = t ? t->view.order : NULL;
		json_object *details;
		bool same = false;

		for (size_t k = 0; old && k < old->n_payments && !same; k++)
			same = streq_ptr(old->payments[k].uid, p->uid) && streq_ptr(old->payments[k].status, p->status);
		if (same)
			continue;
		details = json_object_new_object();
		if (details && json_add_string(details, "order", o->uid) >= 0 &&
		    json_add_string(details, "status", p->status) >= 0)
			event_emit(c, "payment", p->uid, TAKE_PTR(details));
		json_object_put(details);
		if (c->observer && c->observer->payment_changed)
			c->observer->payment_changed(o->uid, p->uid, strempty(p->status), c->observer_data);
	}
}

int orders_apply(struct core *c, json_object *json, enum order_source source)
{
	_cleanup_(order_freep) struct order *o = NULL;
	_cleanup_(order_before_done) struct order_before before = { 0 };
	struct order_view *v;
	bool silent, own;
	int r;

	r = customer_decode_order(json, &o);
	if (r < 0)
		return r;
	if (!c->user) /* the cache cannot be opened; sync will bring it */
		return -ENOTCONN;
	r = events_begin(c, &own);
	if (r < 0)
		return r;
	r = userdb_order_put(c->user, o, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), source,
			     now_realtime(), &before);
	/* What the first sync brings into an empty cache is the baseline: stored, not told. */
	silent = source == ORDER_FROM_SYNC && !c->orders_baseline && !before.existed;
	if (r > 0 && !silent) {
		tell_change(c, o, &before);
		tell_payments(c, o);
	}
	r = events_end(c, own, r);
	if (r < 0) {
		log_error("An order could not be stored: %s", userdb_error(c->user));
		return r;
	}
	if (r == 0) {
		struct tracked *t = orders_find_tracked(c, o->uid);

		if (t && t->view.order->changed == o->changed)
			t->view.confirmed = now_realtime();
		return 0;
	}
	if (!status_is_pending(o->status))
		estimates_forget_learned(c);
	if (!silent && streq(o->status, STATUS_DELIVERED) && !streq_ptr(before.status, STATUS_DELIVERED))
		report_receipt(c, o);
	v = view_new(TAKE_PTR(o));
	if (!v)
		return -ENOMEM;
	v->confirmed = now_realtime();
	r = track(c, v);
	return r < 0 ? r : 1;
}

static int view_to_json(const struct order_view *v, json_object **ret)
{
	const struct order *o = v->order;
	_cleanup_json_ json_object *j = json_object_new_object(), *lines = json_object_new_array();
	int r;

	if (!j || !lines)
		return -ENOMEM;
	for (size_t i = 0; i < o->n_lines; i++) {
		_cleanup_json_ json_object *line = json_object_new_object(), *product = json_object_new_object();

		if (!line || !product)
			return -ENOMEM;
		r = json_add_u64(product, "id", o->lines[i].product);
		if (r >= 0)
			r = json_add_string(product, "name", o->lines[i].name);
		if (r >= 0)
			r = json_add(line, "product", TAKE_PTR(product));
		if (r >= 0)
			r = json_add_u64(line, "quantity", o->lines[i].quantity);
		if (r < 0)
			return r;
		if (json_object_array_add(lines, line) < 0)
			return -ENOMEM;
		line = NULL;
	}
	/* The cache takes a local state for news when its body differs from the one before. */
	r = json_add_string(j, "uid", o->uid);
	if (r >= 0)
		r = json_add_time(j, "holdUntil", v->hold_until);
	if (r >= 0)
		r = json_add_string(j, "status", o->status);
	if (r >= 0)
		r = json_add_string(j, "failureReason", v->failure_reason);
	if (r >= 0)
		r = json_add_money(j, "totalPrice", o->total_price, o->currency);
	if (r >= 0)
		r = json_add_string(j, "destination", o->destination);
	if (r >= 0)
		r = json_add_string(j, "comment", o->comment);
	if (r >= 0)
		r = json_add(j, "products", TAKE_PTR(lines));
	if (r >= 0)
		*ret = TAKE_PTR(j);
	return r;
}

int orders_apply_local(struct core *c, const struct outbox_row *row, bool silent)
{
	_cleanup_(order_view_freep) struct order_view *v = order_view_from_row(c, row);
	_cleanup_(order_before_done) struct order_before before = { 0 };
	_cleanup_json_ json_object *json = NULL;
	bool own;
	int r;

	if (!v)
		return -ENOMEM;
	if (!c->user) /* orders_load() shows the row when there is a cache again */
		return -ENOTCONN;
	if (!silent)
		v->order->changed = now_realtime();
	r = view_to_json(v, &json);
	if (r >= 0)
		r = events_begin(c, &own);
	if (r < 0)
		return r;
	r = userdb_order_put(c->user, v->order, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
			     ORDER_LOCAL, 0, &before);
	/* A state that the cache knows and that is another one now was not told by a process that died. */
	if (r > 0 && (before.existed ? !streq_ptr(before.status, v->order->status) : !silent))
		tell_change(c, v->order, &before);
	r = events_end(c, own, r);
	if (r < 0) {
		log_error("An order could not be stored in the cache: %s", userdb_error(c->user));
		return r;
	}
	if (r > 0 || !orders_find_tracked(c, v->order->uid))
		return track(c, TAKE_PTR(v));
	return 0;
}

void orders_courier_moved(struct core *c, const struct courier_move *m)
{
	struct tracked *t = orders_find_tracked(c, m->order);
	struct order *o;

	if (!t)
		return;
	o = t->view.order;
	if (o->has_courier && o->courier.when >= m->when)
		return;
	o->has_courier = true;
	o->courier.latitude = m->latitude;
	o->courier.longitude = m->longitude;
	o->courier.when = m->when;
	if (m->expected > 0)
		o->end_expected = m->expected;
	progress_by_courier(t);
	estimate_follow(c, t, /* added= */ false);
	estimate_refresh(c, t, /* news= */ false);
	if (!c->observer)
		return;
	c->observer->order_updated(&t->view, c->observer_data);
	c->observer->courier_moved(m->order, m->latitude, m->longitude, m->when, o->end_expected, c->observer_data);
}
