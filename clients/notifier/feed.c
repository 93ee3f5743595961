/* What the daemon says, over GDBus. What follows from it is decided in notifier.c and rules.c. */
#include "notifier/feed.h"

#include <gio/gunixfdlist.h>
#include <systemd/sd-bus.h>

#include "base/log.h"
#include "base/timeutil.h"
#include "dbus/names.h"
#include "notifier/view.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

#define CALL_TIMEOUT_MSEC 25000
/* These wait for the service. */
#define ACT_TIMEOUT_MSEC 60000
#define EVENTS_PAGE 1000
#define UNREAD_LOOKED_THROUGH 100
/* After a failure of a daemon that is there; doubled each time. */
#define RETRY_SEC 5
#define RETRY_MAX_SEC 320

/* Where we are since the daemon came: its last event number, what is pending, the events since ours, then live. */
enum phase { PHASE_ABSENT, PHASE_SEQ, PHASE_PENDING, PHASE_EVENTS, PHASE_LIVE };

struct feed {
	GDBusConnection *bus;
	struct feed_events events;
	void *userdata;
	GCancellable *cancel;
	unsigned calls; /* open ones */
	guint watch, retry, on_event, on_properties;
	unsigned retry_sec;

	enum phase phase;
	uint64_t seq;
	bool known;
	bool again; /* an event came while catching up: look once more */
	bool muted;
	uint64_t last_sync;
};

typedef void (*reply_t)(struct feed *f, GVariant *reply, const GError *error, void *what);

struct call {
	struct feed *feed;
	reply_t done;
	void *what;
};

/* What the daemon wrote for a person, without GDBus's prefix. */
static const char *sentence_of(const GError *error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(error);
	const char *text = name ? strstr(error->message, name) : NULL;

	text = text ? startswith(text + strlen(name), ": ") : NULL;
	return text ?: error->message;
}

static void on_reply(GObject *source, GAsyncResult *result, void *userdata)
{
	struct call *c = userdata;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	c->feed->calls--;
	c->done(c->feed, reply, error, c->what);
	g_free(c);
}

static void call(struct feed *f, const char *interface, const char *method, GVariant *arguments, const char *type,
		 int timeout_msec, reply_t done, void *what)
{
	struct call *c = g_new0(struct call, 1);

	c->feed = f;
	c->done = done;
	c->what = what;
	f->calls++;
	g_dbus_connection_call(f->bus, CC_BUS_NAME, CC_PATH, interface, method, arguments,
			       type ? G_VARIANT_TYPE(type) : NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout_msec,
			       f->cancel, on_reply, c);
}

static void feed_start(struct feed *f);

static gboolean on_retry(void *userdata)
{
	struct feed *f = userdata;

	f->retry = 0;
	if (f->phase != PHASE_ABSENT)
		feed_start(f);
	return G_SOURCE_REMOVE;
}

/* A step of catching up failed. Signed out is a state and no failure: signing in is an event. While the daemon is
 * gone its coming back starts anew. */
static bool feed_failed(struct feed *f, const char *what, const GError *error)
{
	g_autofree char *name = NULL;

	if (!error)
		return false;
	name = g_dbus_error_get_remote_error(error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || f->phase == PHASE_ABSENT)
		return true;
	if (streq_ptr(name, CC_ERROR("NotSignedIn")) || streq_ptr(name, CC_ERROR("SessionExpired"))) {
		f->phase = PHASE_LIVE;
		return true;
	}
	if (f->retry == 0) {
		log_info("%s of the daemon failed (%s), asking again in %u s", what, sentence_of(error), f->retry_sec);
		f->retry = g_timeout_add_seconds(f->retry_sec, on_retry, f);
		f->retry_sec = MIN(f->retry_sec * 2, RETRY_MAX_SEC);
	}
	return true;
}

static void handle_event(struct feed *f, uint64_t seq, const char *kind, const char *uid, GVariant *details)
{
	const char *sub = "", *state = "", *order = "";

	if (streq(kind, "order"))
		f->events.order_event(f->userdata, uid);
	else if (streq(kind, "payment")) {
		if (g_variant_lookup(details, "order", "&s", &order))
			f->events.order_event(f->userdata, order);
	} else if (streq(kind, "notification")) {
		(void)g_variant_lookup(details, "kind", "&s", &sub);
		f->events.notification(f->userdata, uid, sub);
	} else if (streq(kind, "session")) {
		/* Another person's orders, or orders that could not be read before. */
		if (g_variant_lookup(details, "state", "&s", &state) && streq(state, "signed-in"))
			f->again = true;
	}
	if (seq > f->seq)
		f->seq = seq;
}

static void ask_events(struct feed *f);

static void on_events(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	g_autoptr(GVariantIter) events = NULL;
	const char *kind, *uid;
	GVariant *details;
	uint64_t seq, before = f->seq;
	size_t n = 0;
	bool again;

	(void)what;
	if (feed_failed(f, "GetEventsSince", error) || f->phase != PHASE_EVENTS)
		return;
	again = f->again;
	g_variant_get(reply, "(a(tssa{sv}))", &events);
	while (g_variant_iter_loop(events, "(t&s&s@a{sv})", &seq, &kind, &uid, &details)) {
		handle_event(f, seq, kind, uid, details);
		n++;
	}
	f->again = false; /* a sign-in of the past led to the state that we have just read */
	/* The page was full, or something happened meanwhile. A page that does not move on is the last. */
	if ((n >= EVENTS_PAGE && f->seq > before) || again) {
		ask_events(f);
		return;
	}
	f->phase = PHASE_LIVE;
	f->retry_sec = RETRY_SEC;
	log_debug("Caught up, at event %" G_GUINT64_FORMAT, f->seq);
	f->events.caught_up(f->userdata);
	f->events.seq(f->userdata, f->seq);
}

static void ask_events(struct feed *f)
{
	f->phase = PHASE_EVENTS;
	call(f, CC_IFACE_DAEMON, "GetEventsSince", g_variant_new("(tu)", f->seq, EVENTS_PAGE), "(a(tssa{sv}))",
	     CALL_TIMEOUT_MSEC, on_events, NULL);
}

static void on_pending(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	g_autoptr(GVariant) rows = NULL;
	size_t n;

	(void)what;
	if (feed_failed(f, "ListPending", error) || f->phase != PHASE_PENDING)
		return;
	rows = g_variant_get_child_value(reply, 0);
	n = g_variant_n_children(rows);
	for (size_t i = 0; i < n; i++) {
		g_autoptr(GVariant) row = g_variant_get_child_value(rows, i);
		const char *uid;

		g_variant_get_child(row, 0, "&s", &uid);
		f->events.order_pending(f->userdata, uid);
	}
	/* Asked after the list: whatever is in the list and happened since our number is in these events, and
	 * is news; the rest of the list is not. */
	ask_events(f);
}

static void read_daemon_properties(struct feed *f, GVariant *properties)
{
	uint64_t last_sync;

	if (g_variant_lookup(properties, "LastSyncTimestamp", "t", &last_sync) && last_sync != f->last_sync) {
		f->last_sync = last_sync;
		if (f->phase == PHASE_LIVE)
			f->events.synced(f->userdata);
	}
}

static void on_daemon_properties(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	g_autoptr(GVariant) properties = NULL;
	uint64_t seq = 0;

	(void)what;
	if (feed_failed(f, "GetAll", error) || f->phase != PHASE_SEQ)
		return;
	properties = g_variant_get_child_value(reply, 0);
	read_daemon_properties(f, properties);
	(void)g_variant_lookup(properties, "EventSeq", "t", &seq);
	/* A smaller number than ours: the daemon's state was set aside, and it counts from the beginning. */
	if (!f->known || seq < f->seq)
		f->seq = seq;
	f->known = true;
	f->phase = PHASE_PENDING;
	call(f, CC_IFACE_ORDERS, "ListPending", NULL, "(a" CC_SIG_ORDER_ROW ")", CALL_TIMEOUT_MSEC, on_pending, NULL);
}

static void on_notifications_properties(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	g_autoptr(GVariant) properties = NULL;

	(void)what;
	if (error)
		return; /* not known is not muted */
	properties = g_variant_get_child_value(reply, 0);
	(void)g_variant_lookup(properties, "Muted", "b", &f->muted);
}

static void feed_start(struct feed *f)
{
	f->phase = PHASE_SEQ;
	f->again = false;
	f->muted = false;
	call(f, PROPERTIES, "GetAll", g_variant_new("(s)", CC_IFACE_NOTIFICATIONS), "(a{sv})", CALL_TIMEOUT_MSEC,
	     on_notifications_properties, NULL);
	call(f, PROPERTIES, "GetAll", g_variant_new("(s)", CC_IFACE_DAEMON), "(a{sv})", CALL_TIMEOUT_MSEC,
	     on_daemon_properties, NULL);
}

static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, void *userdata)
{
	(void)bus, (void)name, (void)owner;
	feed_start(userdata);
}

static void on_vanished(GDBusConnection *bus, const char *name, void *userdata)
{
	struct feed *f = userdata;

	(void)bus, (void)name;
	f->phase = PHASE_ABSENT;
}

static void on_event(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		     const char *name, GVariant *parameters, void *userdata)
{
	struct feed *f = userdata;
	g_autoptr(GVariant) details = NULL;
	const char *kind, *uid;
	uint64_t seq;

	(void)bus, (void)sender, (void)path, (void)interface, (void)name;
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE(CC_SIG_EVENT)))
		return;
	if (f->phase != PHASE_LIVE) {
		f->again = true;
		return;
	}
	g_variant_get(parameters, "(t&s&s@a{sv})", &seq, &kind, &uid, &details);
	handle_event(f, seq, kind, uid, details);
	f->events.seq(f->userdata, f->seq);
	if (f->again)
		feed_start(f);
}

/* Whether one of the names is among those changed or invalidated. */
static bool has_changed(GVariant *changed, char **invalidated, const char *const *names)
{
	for (; *names; names++) {
		g_autoptr(GVariant) value = g_variant_lookup_value(changed, *names, NULL);

		if (value || g_strv_contains((const char *const *)invalidated, *names))
			return true;
	}
	return false;
}

static void on_properties(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
			  const char *name, GVariant *parameters, void *userdata)
{
	static const char *const matters[] = { "ExpectedTimestamp", NULL }; /* a new status is an event too */
	static const char *const places[] = { "CourierLatitude", "CourierLongitude", NULL };
	struct feed *f = userdata;
	g_autoptr(GVariant) changed = NULL;
	g_auto(GStrv) invalidated = NULL;
	_cleanup_free_ char *uid = NULL;
	const char *of;

	(void)bus, (void)sender, (void)interface, (void)name;
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	g_variant_get(parameters, "(&s@a{sv}^as)", &of, &changed, &invalidated);
	if (streq(of, CC_IFACE_DAEMON))
		read_daemon_properties(f, changed);
	else if (streq(of, CC_IFACE_NOTIFICATIONS))
		(void)g_variant_lookup(changed, "Muted", "b", &f->muted);
	else if (streq(of, CC_IFACE_ORDER) && f->phase == PHASE_LIVE &&
		 sd_bus_path_decode(path, CC_ORDER_PREFIX, &uid) > 0) {
		if (has_changed(changed, invalidated, matters))
			f->events.order_moved(f->userdata, uid);
		else if (has_changed(changed, invalidated, places))
			f->events.courier_moved(f->userdata, uid);
	}
}

struct feed *feed_new(GDBusConnection *bus, uint64_t seq, bool known, const struct feed_events *events,
		      void *userdata)
{
	struct feed *f = g_new0(struct feed, 1);

	f->bus = bus;
	f->seq = seq;
	f->known = known;
	f->events = *events;
	f->userdata = userdata;
	f->retry_sec = RETRY_SEC;
	f->cancel = g_cancellable_new();
	f->on_event = g_dbus_connection_signal_subscribe(bus, CC_BUS_NAME, CC_IFACE_DAEMON, "Event", CC_PATH,
							 /* arg0= */ NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_event, f, NULL);
	f->on_properties = g_dbus_connection_signal_subscribe(bus, CC_BUS_NAME, PROPERTIES, "PropertiesChanged",
							      /* object_path= */ NULL, /* arg0= */ NULL,
							      G_DBUS_SIGNAL_FLAGS_NONE, on_properties, f, NULL);
	f->watch = g_bus_watch_name_on_connection(bus, CC_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
						  on_vanished, f, NULL);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	g_bus_unwatch_name(f->watch);
	g_dbus_connection_signal_unsubscribe(f->bus, f->on_event);
	g_dbus_connection_signal_unsubscribe(f->bus, f->on_properties);
	g_cancellable_cancel(f->cancel);
	while (f->calls > 0)
		(void)g_main_context_iteration(NULL, /* may_block= */ TRUE);
	if (f->retry != 0)
		g_source_remove(f->retry);
	g_object_unref(f->cancel);
	g_free(f);
}

bool feed_is_live(const struct feed *f)
{
	return f->phase == PHASE_LIVE;
}

bool feed_muted(const struct feed *f)
{
	return f->muted;
}

/* A call whose answer goes to a callback of the caller. */
struct request {
	char *uid;
	void (*done)(void); /* one of the types of feed.h */
	void *cookie;
};

static struct request *request_new(const char *uid, void (*done)(void), void *cookie)
{
	struct request *q = g_new0(struct request, 1);

	q->uid = g_strdup(uid);
	q->done = done;
	q->cookie = cookie;
	return q;
}

static void request_free(struct request *q)
{
	g_free(q->uid);
	g_free(q);
}

static void on_order(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	struct request *q = what;
	feed_order_t done = (feed_order_t)q->done;
	g_autoptr(GVariant) order = NULL;
	_cleanup_view_ struct view view = {};
	int r = -ENOENT;

	if (reply) {
		order = g_variant_get_child_value(reply, 0);
		r = view_from_order(order, now_realtime(), &view);
		if (r < 0)
			log_warning("Order %s as the daemon gives it makes no sense, ignoring", q->uid);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		log_debug("Order %s cannot be read now: %s", q->uid, sentence_of(error));
	/* What a sync left as it was is confirmed by that sync. */
	if (r >= 0 && f->last_sync > view.confirmed)
		view.confirmed = f->last_sync;
	done(f->userdata, q->cookie, r < 0 ? NULL : &view);
	request_free(q);
}

void feed_get_order(struct feed *f, const char *uid, feed_order_t done, void *cookie)
{
	call(f, CC_IFACE_ORDERS, "Get", g_variant_new("(s)", uid), "(a{sv})", CALL_TIMEOUT_MSEC, on_order,
	     request_new(uid, (void (*)(void))done, cookie));
}

static void on_unread(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	struct request *q = what;
	feed_text_t done = (feed_text_t)q->done;
	g_autoptr(GVariant) rows = NULL;
	const char *title = NULL, *body = NULL;
	size_t n;

	if (reply) {
		rows = g_variant_get_child_value(reply, 0);
		n = g_variant_n_children(rows);
		for (size_t i = 0; i < n && !title; i++) {
			g_autoptr(GVariant) row = g_variant_get_child_value(rows, i);
			const char *uid;

			g_variant_get_child(row, 0, "&s", &uid);
			if (!streq(uid, q->uid))
				continue;
			g_variant_get_child(row, 2, "&s", &title);
			g_variant_get_child(row, 3, "&s", &body);
		}
	} else
		log_debug("Notification %s cannot be read now: %s", q->uid, sentence_of(error));
	done(f->userdata, q->cookie, title, body);
	request_free(q);
}

void feed_get_notification(struct feed *f, const char *uid, feed_text_t done, void *cookie)
{
	call(f, CC_IFACE_NOTIFICATIONS, "List", g_variant_new("(bus)", TRUE, UNREAD_LOOKED_THROUGH, ""),
	     "(a" CC_SIG_NOTIFICATION "s)", CALL_TIMEOUT_MSEC, on_unread,
	     request_new(uid, (void (*)(void))done, cookie));
}

static const char *failure_of(const GError *error)
{
	if (!error)
		return NULL;
	if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
		return "customerclientd is not running";
	return sentence_of(error);
}

static void on_done(struct feed *f, GVariant *reply, const GError *error, void *what)
{
	struct request *q = what;
	feed_done_t done = (feed_done_t)q->done;

	(void)reply;
	done(f->userdata, q->cookie, failure_of(error));
	request_free(q);
}

void feed_cancel_order(struct feed *f, const char *uid, feed_done_t done, void *cookie)
{
	call(f, CC_IFACE_ORDERS, "Cancel",
	     g_variant_new("(ss@a{sv})", uid, "", g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0)), "()",
	     ACT_TIMEOUT_MSEC, on_done, request_new(uid, (void (*)(void))done, cookie));
}

void feed_rate_order(struct feed *f, const char *uid, unsigned stars, feed_done_t done, void *cookie)
{
	call(f, CC_IFACE_ORDERS, "Rate",
	     g_variant_new("(sus@a{sv})", uid, stars, "", g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0)),
	     "()", ACT_TIMEOUT_MSEC, on_done, request_new(uid, (void (*)(void))done, cookie));
}

struct picture_call {
	struct feed *feed;
	feed_picture_t done;
	void *cookie;
};

static void on_qr_code(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autofree struct picture_call *c = userdata;
	struct feed *f = c->feed;
	g_autoptr(GUnixFDList) fds = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = NULL;
	_cleanup_close_ int fd = -1;
	gint32 index = -1;

	f->calls--;
	reply = g_dbus_connection_call_with_unix_fd_list_finish(G_DBUS_CONNECTION(source), &fds, result, &error);
	if (reply)
		g_variant_get(reply, "(&sh)", NULL, &index);
	if (fds && index >= 0 && index < g_unix_fd_list_get_length(fds))
		fd = g_unix_fd_list_get(fds, index, /* error= */ NULL);
	if (fd < 0 && !error)
		g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_FAILED, "The daemon sent no picture");
	c->done(f->userdata, c->cookie, fd, failure_of(error));
}

void feed_get_qr_code(struct feed *f, const char *uid, feed_picture_t done, void *cookie)
{
	struct picture_call *c = g_new0(struct picture_call, 1);

	*c = (struct picture_call){ .feed = f, .done = done, .cookie = cookie };
	f->calls++;
	g_dbus_connection_call_with_unix_fd_list(f->bus, CC_BUS_NAME, CC_PATH, CC_IFACE_PAYMENTS, "GetQrCode",
						 g_variant_new("(s)", uid), G_VARIANT_TYPE("(sh)"),
						 G_DBUS_CALL_FLAGS_NO_AUTO_START, ACT_TIMEOUT_MSEC,
						 /* fd_list= */ NULL, f->cancel, on_qr_code, c);
}
