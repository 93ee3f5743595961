/* Connection, name, objects; and what the core tells, as signals and PropertiesChanged. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "bus/bus-private.h"

static int report(char **ret_error, int r, const char *format, ...) _printf_(3, 4);
static int report(char **ret_error, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (vasprintf(ret_error, format, ap) < 0)
		*ret_error = NULL;
	va_end(ap);
	return r;
}

/* Who has our name, for the sentence of a second daemon. */
static pid_t owner_pid(sd_bus *bus)
{
	sd_bus_creds *creds = NULL;
	pid_t pid = 0;

	if (sd_bus_get_name_creds(bus, CC_BUS_NAME, SD_BUS_CREDS_PID, &creds) >= 0)
		(void)sd_bus_creds_get_pid(creds, &pid);
	sd_bus_creds_unref(creds);
	return pid;
}

int bus_open(struct event_base *base, struct bus **ret, char **ret_error)
{
	_cleanup_(bus_freep) struct bus *b = new0(struct bus, 1);
	int r;

	if (!b)
		return report(ret_error, -ENOMEM, "Out of memory");
	b->base = base;
	r = sd_bus_open_user(&b->bus);
	if (r < 0)
		return report(ret_error, r,
			      "There is no session bus (%s); start customerclientd within a session, or under "
			      "dbus-run-session", strerror(-r));
	/* Neither queued nor replacing: two daemons on one outbox would be two orders. */
	r = sd_bus_request_name(b->bus, CC_BUS_NAME, 0);
	if (r == -EEXIST || r == -EALREADY)
		return report(ret_error, -EEXIST, "customerclientd is running already (process %d has the name %s)",
			      (int)owner_pid(b->bus), CC_BUS_NAME);
	if (r < 0)
		return report(ret_error, r, "The session bus did not give the name %s: %s", CC_BUS_NAME, strerror(-r));
	r = bus_loop_new(base, b->bus, &b->loop);
	if (r < 0)
		return report(ret_error, r, "The loop could not be made: %s", strerror(-r));
	*ret = TAKE_PTR(b);
	return 0;
}

/* Which property of which interface a bit of enum core_property stands for. */
static const struct {
	unsigned bit;
	const char *interface, *property;
} told_properties[] = {
	{ CORE_ONLINE, CC_IFACE_DAEMON, "Online" },
	{ CORE_PUSH_STATE, CC_IFACE_DAEMON, "PushState" },
	{ CORE_LAST_SYNC, CC_IFACE_DAEMON, "LastSyncTimestamp" },
	{ CORE_PENDING_OPERATIONS, CC_IFACE_DAEMON, "PendingOperations" },
	{ CORE_LAST_ERROR, CC_IFACE_DAEMON, "LastError" },
	{ CORE_EVENT_SEQ, CC_IFACE_DAEMON, "EventSeq" },
	{ CORE_SESSION, CC_IFACE_SESSION, "State" },
	{ CORE_SESSION, CC_IFACE_SESSION, "Login" },
	{ CORE_SESSION, CC_IFACE_SESSION, "UserUid" },
	{ CORE_TOKEN_EXPIRY, CC_IFACE_SESSION, "TokenExpiryTimestamp" },
	{ CORE_ACCOUNT, CC_IFACE_ACCOUNT, "Login" },
	{ CORE_ACCOUNT, CC_IFACE_ACCOUNT, "Email" },
	{ CORE_ACCOUNT, CC_IFACE_ACCOUNT, "PhoneNumber" },
	{ CORE_CART_COUNT, CC_IFACE_CART, "Count" },
	{ CORE_UNREAD, CC_IFACE_NOTIFICATIONS, "Unread" },
	{ CORE_MUTED, CC_IFACE_NOTIFICATIONS, "Muted" },
	{ CORE_MUTED, CC_IFACE_NOTIFICATIONS, "MutedUntilTimestamp" },
};

void bus_tell_changes(struct bus *b)
{
	unsigned changed = b->changed;
	size_t n = ELEMENTSOF(told_properties);

	b->changed = 0;
	for (size_t i = 0, end; changed && i < n; i = end) {
		const char *names[ELEMENTSOF(told_properties) + 1];
		size_t k = 0;
		int r;

		/* The table is sorted by interface: one signal for each. */
		for (end = i; end < n && streq(told_properties[end].interface, told_properties[i].interface); end++)
			if (changed & told_properties[end].bit)
				names[k++] = told_properties[end].property;
		names[k] = NULL;
		if (k == 0)
			continue;
		r = sd_bus_emit_properties_changed_strv(b->bus, CC_PATH, told_properties[i].interface, (char **)names);
		if (r < 0 && !bus_is_gone(r))
			log_warning("Changed properties could not be told: %s", strerror(-r));
	}
}

static void before_wait(void *userdata)
{
	bus_tell_changes(userdata);
}

int bus_send_reply(struct bus *b, sd_bus_message *reply)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = reply;

	bus_tell_changes(b);
	return sd_bus_send(NULL, m, NULL);
}

int bus_reply_empty(struct bus *b, sd_bus_message *m)
{
	bus_tell_changes(b);
	return sd_bus_reply_method_return(m, NULL);
}

static void warn_signal(const char *member, int r)
{
	if (r < 0 && !bus_is_gone(r))
		log_warning("The signal %s could not be sent: %s", member, strerror(-r));
}

static void on_properties_changed(unsigned properties, void *userdata)
{
	struct bus *b = userdata;

	b->changed |= properties;
}

static int emit_event(struct bus *b, uint64_t seq, const char *kind, const char *uid, const char *details)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	if ((r = sd_bus_message_new_signal(b->bus, &m, CC_PATH, CC_IFACE_DAEMON, "Event")) < 0 ||
	    (r = bus_append_u64(m, seq)) < 0 ||
	    (r = bus_append_text(m, kind)) < 0 ||
	    (r = bus_append_text(m, uid)) < 0 ||
	    (r = bus_append_event_details(m, kind, details)) < 0)
		return r;
	return sd_bus_send(NULL, m, NULL);
}

static void on_event(uint64_t seq, const char *kind, const char *uid, const char *details, void *userdata)
{
	warn_signal("Event", emit_event(userdata, seq, kind, uid, details));
}

static void on_order_changed(const char *uid, const char *status, uint64_t when, void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Orders.Changed",
		    sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_ORDERS, "Changed", "sst", uid, status, when));
}

static void on_courier_moved(const char *uid, double latitude, double longitude, uint64_t when, uint64_t expected,
			     void *userdata)
{
	struct bus *b = userdata;

	warn_signal("CourierMoved", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_ORDERS, "CourierMoved", "sddtt", uid,
						       latitude, longitude, when, expected));
}

static void on_cart_changed(void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Cart.Changed", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_CART, "Changed", NULL));
}

static void on_catalog_changed(void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Catalog.Changed", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_CATALOG, "Changed", NULL));
}

static void on_notification(const struct notification *n, void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Received", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_NOTIFICATIONS, "Received", "ssssst",
						   strempty(n->uid), strempty(n->kind), strempty(n->title),
						   strempty(n->body), strempty(n->order), n->sent));
}

static void on_payment_changed(const char *order_uid, const char *payment_uid, const char *status, void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Payments.Changed", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_PAYMENTS, "Changed", "sss", order_uid,
							   payment_uid, status));
}

static int emit_settings_changed(struct bus *b, char *const *keys)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	if ((r = sd_bus_message_new_signal(b->bus, &m, CC_PATH, CC_IFACE_SETTINGS, "Changed")) < 0 ||
	    (r = sd_bus_message_append_strv(m, (char **)keys)) < 0)
		return r;
	return sd_bus_send(NULL, m, NULL);
}

static void on_settings_changed(char *const *keys, void *userdata)
{
	warn_signal("Settings.Changed", emit_settings_changed(userdata, keys));
}

static void on_progress(const char *transfer, uint64_t done, uint64_t total, void *userdata)
{
	struct bus *b = userdata;

	warn_signal("Progress", sd_bus_emit_signal(b->bus, CC_PATH, CC_IFACE_FILES, "Progress", "stt", transfer, done,
						   total));
}

static const struct core_observer observer = {
	.properties_changed = on_properties_changed,
	.event = on_event,
	.order_changed = on_order_changed,
	.courier_moved = on_courier_moved,
	.order_added = order_object_added,
	.order_updated = order_object_updated,
	.order_removed = order_object_removed,
	.cart_changed = on_cart_changed,
	.catalog_changed = on_catalog_changed,
	.notification_received = on_notification,
	.payment_changed = on_payment_changed,
	.settings_changed = on_settings_changed,
	.progress = on_progress,
};

int bus_attach(struct bus *b, struct core *core)
{
	static const struct {
		const char *interface;
		const sd_bus_vtable *vtable;
	} interfaces[] = {
		{ CC_IFACE_DAEMON, bus_daemon_vtable },   { CC_IFACE_SESSION, bus_session_vtable },
		{ CC_IFACE_ACCOUNT, bus_account_vtable }, { CC_IFACE_CATALOG, bus_catalog_vtable },
		{ CC_IFACE_CART, bus_cart_vtable },       { CC_IFACE_ORDERS, bus_orders_vtable },
		{ CC_IFACE_NOTIFICATIONS, bus_notifications_vtable },
		{ CC_IFACE_PAYMENTS, bus_payments_vtable },
		{ CC_IFACE_SETTINGS, bus_settings_vtable },
		{ CC_IFACE_FILES, bus_files_vtable },
		{ CC_IFACE_STATISTICS, bus_statistics_vtable },
		{ CC_IFACE_PREDICTIONS, bus_predictions_vtable },
		{ CC_IFACE_VIDEOS, bus_videos_vtable },
	};
	int r;

	b->core = core;
	r = sd_bus_add_object_manager(b->bus, NULL, CC_PATH);
	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(interfaces); i++)
		r = sd_bus_add_object_vtable(b->bus, NULL, CC_PATH, interfaces[i].interface, interfaces[i].vtable, b);
	if (r >= 0)
		r = order_objects_register(b);
	if (r < 0)
		return r;
	core_set_observer(core, &observer, b);
	bus_loop_set_before_wait(b->loop, before_wait, b);
	return bus_watch_keyring(b);
}

int bus_run(struct bus *b)
{
	return bus_loop_run(b->loop);
}

void bus_exit(struct bus *b)
{
	bus_loop_exit(b->loop);
}

void bus_stop(struct bus *b)
{
	int r;

	b->stopping = true;
	r = sd_bus_release_name(b->bus, CC_BUS_NAME);
	/* Calls that came before the name went: reads are answered, the rest is told that we go down. */
	while (r >= 0 && (r = sd_bus_process(b->bus, NULL)) > 0)
		;
	if (b->core) {
		core_end_waits(b->core);
		core_set_observer(b->core, NULL, NULL);
	}
	bus_op_end_all(b);
	bus_tell_changes(b);
	(void)sd_bus_flush(b->bus);
}

void bus_free(struct bus *b)
{
	if (!b)
		return;
	bus_op_end_all(b);
	order_objects_free(b);
	bus_loop_free(b->loop);
	sd_bus_flush_close_unref(b->bus);
	free(b);
}
