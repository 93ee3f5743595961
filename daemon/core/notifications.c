/* Notifications of the service: kept, counted, told once each, marked as read; and the person's wish for silence. */
#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"

#define MARK_READ_MAX 1000
#define SETTING_MUTED "muted"

static void count_unread(struct core *c)
{
	uint32_t n = 0;

	if (c->user && userdb_notification_count_unread(c->user, &n) >= 0 && n != c->unread) {
		c->unread = n;
		core_properties(c, CORE_UNREAD);
	}
}

void notifications_load(struct core *c)
{
	_cleanup_free_ char *baseline = NULL;

	c->notifications_baseline = userdb_meta_get(c->user, "notifications-known", &baseline) >= 0;
	(void)userdb_notification_count_unread(c->user, &c->unread);
}

static void tell(struct core *c, const struct notification *n)
{
	json_object *details = json_object_new_object();

	if (details && json_add_string(details, "kind", n->kind) >= 0 &&
	    json_add_string(details, "title", n->title) >= 0 && json_add_string(details, "order", n->order) >= 0)
		event_emit(c, "notification", n->uid, TAKE_PTR(details));
	json_object_put(details);
	if (c->observer)
		c->observer->notification_received(n, c->observer_data);
}

int notifications_apply(struct core *c, json_object *o, bool silent)
{
	struct notification n = { 0 };
	bool own;
	int r;

	if (!c->user)
		return -ENOTCONN;
	r = push_decode_notification(o, &n);
	if (r < 0)
		return r;
	r = events_begin(c, &own);
	if (r >= 0) {
		r = userdb_notification_put(c->user, &n);
		/* What is read elsewhere already needs no telling. */
		if (r > 0 && !silent && !n.read)
			tell(c, &n);
		r = events_end(c, own, r);
	}
	if (r < 0)
		log_error("A notification could not be stored: %s", userdb_error(c->user));
	notification_done(&n);
	count_unread(c);
	return r;
}

uint32_t notifications_unread(struct core *c)
{
	return c->unread;
}

static int queue_read(struct core *c, char *const *uids, struct failure *f)
{
	struct outbox_row row = { .created = now_realtime() };
	struct outbox_job *job;
	char key[UUID_SIZE];
	int r;

	uuid_new(key);
	r = push_notifications_read_encode(uids, &row.body);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(ROW_READ);
	row.subject = strdup("");
	row.key = strdup(key);
	row.state = strdup(ROW_SUBMITTING);
	if (r >= 0)
		r = row.world && row.user && row.kind && row.subject && row.key && row.state ?
			outbox_add(c, &row, &job) : -ENOMEM;
	outbox_row_done(&row);
	return r < 0 ? failure_from_store(f, r, "The mark could not be stored") : 0;
}

int notifications_mark_read(struct core *c, char *const *uids, struct failure *f)
{
	_cleanup_(strv_freep) char **fresh = NULL;
	const char *unknown = NULL;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	if (strv_length(uids) > MARK_READ_MAX)
		return failure_set(f, CC_E_INVALID_ARGS, "More than %d uids at once", MARK_READ_MAX);
	for (size_t i = 0; uids && uids[i]; i++) {
		r = userdb_notification_mark_read(c->user, uids[i]);
		if (r == -ENOENT) {
			unknown = uids[i];
			continue;
		}
		if (r > 0)
			r = strv_push(&fresh, uids[i]);
		if (r < 0)
			return failure_from_store(f, r, "The notifications could not be marked");
	}
	count_unread(c);
	r = fresh ? queue_read(c, fresh, f) : 0;
	/* What is marked here is told to the service, whatever else was asked for. */
	if (r >= 0 && unknown)
		r = failure_set(f, CC_E_NOT_FOUND, "There is no notification '%.100s'; the others are marked as read", unknown);
	return r;
}

/* ---- silence ---- */

static void mute_over(evutil_socket_t fd, short what, void *userdata)
{
	struct core *c = userdata;

	(void)fd, (void)what;
	if (!c->muted || c->muted_until == 0)
		return;
	if (now_realtime() < c->muted_until) { /* the loop's clock stood still in suspend, or ran ahead */
		core_arm(c->mute_timer, c->muted_until - now_realtime());
		return;
	}
	c->muted = false;
	c->muted_until = 0;
	(void)state_setting_put(c->state, c->world, "", SETTING_MUTED, NULL);
	core_properties(c, CORE_MUTED);
}

bool notifications_muted(struct core *c, uint64_t *ret_until)
{
	if (c->muted && c->muted_until > 0 && now_realtime() >= c->muted_until)
		mute_over(-1, 0, c);
	if (ret_until)
		*ret_until = c->muted ? c->muted_until : 0;
	return c->muted;
}

int notifications_set_muted(struct core *c, bool muted, uint64_t until, struct failure *f)
{
	_cleanup_free_ char *text = strprintf("%llu", (unsigned long long)until);
	int r;

	if (muted && until > 0 && until <= now_realtime())
		return failure_set(f, CC_E_INVALID_ARGS, "The time until which to be silent is over");
	if (!muted)
		until = 0;
	if (c->muted == muted && c->muted_until == until)
		return 0;
	r = text ? state_setting_put(c->state, c->world, "", SETTING_MUTED, muted ? text : NULL) : -ENOMEM;
	if (r < 0)
		return failure_from_store(f, r, "The setting could not be stored");
	c->muted = muted;
	c->muted_until = until;
	core_arm(c->mute_timer, until > 0 ? until - now_realtime() : USEC_INFINITY);
	core_properties(c, CORE_MUTED);
	return 0;
}

int notifications_init(struct core *c)
{
	_cleanup_free_ char *until = NULL;

	c->mute_timer = evtimer_new(c->base, mute_over, c);
	if (!c->mute_timer)
		return -ENOMEM;
	/* The setting's value is the time when it ends, 0 = never. */
	if (state_setting_get(c->state, c->world, "", SETTING_MUTED, &until) < 0 || isempty(until))
		return 0;
	c->muted = true;
	c->muted_until = strtoull(until, NULL, 10);
	if (c->muted_until > 0)
		core_arm(c->mute_timer, 0);
	return 0;
}

void notifications_done(struct core *c)
{
	if (c->mute_timer)
		event_free(c->mute_timer);
}
