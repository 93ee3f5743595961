/* The bubbles on the screen, through libnotify. What is in them, and when, is decided elsewhere. */
#include "notifier/bubbles.h"

#include <libnotify/notify.h>

#include "base/log.h"
#include "base/util.h"
#include "dbus/names.h"

#define SERVER_NAME "org.freedesktop.Notifications"
#define SERVER_PATH "/org/freedesktop/Notifications"

/* A server that has not said within this time what it can do will not show a bubble in time either. */
#define SERVER_TIMEOUT_MSEC 3000

struct bubbles {
	GDBusConnection *bus;
	struct bubbles_events events;
	void *userdata;
	guint watch, signals;
	GCancellable *cancel;
	unsigned pending; /* bubbles_show() not answered yet */
	char *icon;
	char *token; /* what ActivationToken said of the bubble token_id, just before its ActionInvoked */
	uint32_t token_id;
};

struct showing {
	struct bubbles *bubbles;
	struct bubble bubble;
	char *title, *body, *server;
	bubbles_shown_t done;
	void *cookie;
};

static void showing_free(struct showing *s)
{
	free(s->title);
	free(s->body);
	free(s->server);
	free(s);
}

/* One run of one notification server: unique names are given out anew by each bus. */
static char *server_key(struct bubbles *b, const char *owner)
{
	return strprintf("%s/%s", g_dbus_connection_get_guid(b->bus), owner);
}

static void take_token(struct bubbles *b, uint32_t id, const char *token)
{
	b->token_id = id;
	(void)free_and_strdup(&b->token, token);
}

static void on_signal(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		      const char *name, GVariant *parameters, void *userdata)
{
	struct bubbles *b = userdata;
	_cleanup_free_ char *server = server_key(b, sender);
	const char *text;
	uint32_t id, reason;

	(void)bus, (void)path, (void)interface;
	if (!server)
		return;
	if (streq(name, "ActivationToken") && g_variant_is_of_type(parameters, G_VARIANT_TYPE("(us)"))) {
		g_variant_get(parameters, "(u&s)", &id, &text);
		take_token(b, id, text);
	} else if (streq(name, "ActionInvoked") && g_variant_is_of_type(parameters, G_VARIANT_TYPE("(us)"))) {
		g_variant_get(parameters, "(u&s)", &id, &text);
		b->events.invoked(b->userdata, server, id, text, b->token_id == id ? b->token : NULL);
		take_token(b, 0, NULL);
	} else if (streq(name, "NotificationClosed") && g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uu)"))) {
		g_variant_get(parameters, "(uu)", &id, &reason);
		b->events.closed(b->userdata, server, id);
	}
}

static void on_server_appeared(GDBusConnection *bus, const char *name, const char *owner, void *userdata)
{
	struct bubbles *b = userdata;

	(void)bus, (void)name, (void)owner;
	b->events.server_appeared(b->userdata);
}

/* The file where it is found, for servers that know no icon themes; else the name. */
static char *find_icon(void)
{
	g_autofree char *file = g_strconcat("icons/hicolor/scalable/apps/", CC_DESKTOP_ENTRY, ".svg", NULL);
	const char *const *dirs = g_get_system_data_dirs();
	const char *dir = g_get_user_data_dir();

	for (; dir; dir = *dirs++) {
		g_autofree char *path = g_build_filename(dir, file, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	return g_strdup(CC_DESKTOP_ENTRY);
}

struct bubbles *bubbles_new(GDBusConnection *bus, const struct bubbles_events *events, void *userdata)
{
	struct bubbles *b;

	if (!notify_is_initted() && !notify_init("customerclient"))
		return NULL;
	b = new0(struct bubbles, 1);
	if (!b)
		return NULL;
	b->bus = bus;
	b->events = *events;
	b->userdata = userdata;
	b->cancel = g_cancellable_new();
	b->icon = find_icon();
	/* Not through libnotify: it hears only of bubbles it has shown itself, and those of the run before are
	 * still on the screen. */
	b->signals = g_dbus_connection_signal_subscribe(bus, SERVER_NAME, SERVER_NAME, /* member= */ NULL,
							SERVER_PATH, /* arg0= */ NULL, G_DBUS_SIGNAL_FLAGS_NONE,
							on_signal, b, NULL);
	b->watch = g_bus_watch_name_on_connection(bus, SERVER_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
						  on_server_appeared, /* vanished= */ NULL, b, NULL);
	return b;
}

void bubbles_free(struct bubbles *b)
{
	if (!b)
		return;
	g_bus_unwatch_name(b->watch);
	g_dbus_connection_signal_unsubscribe(b->bus, b->signals);
	g_cancellable_cancel(b->cancel);
	while (b->pending > 0)
		(void)g_main_context_iteration(NULL, /* may_block= */ TRUE);
	g_object_unref(b->cancel);
	free(b->icon);
	free(b->token);
	free(b);
}

/* libnotify wants a callback for each action; actions are heard in on_signal(). */
static void ignore_action(NotifyNotification *n, char *action, void *userdata)
{
	(void)n, (void)action, (void)userdata;
}

static bool has_capability(GVariant *capabilities, const char *name)
{
	g_autofree const char **list = g_variant_get_strv(capabilities, NULL);

	return g_strv_contains(list, name);
}

/* libnotify has an autoptr of its own only in later versions. */
static void notification_unrefp(NotifyNotification **n)
{
	g_object_unref(*n);
}

/* 0, or -EIO when the server did not take it. */
static int show_now(struct showing *s, uint32_t replaces, GVariant *capabilities, uint32_t *ret_id)
{
	bool markup = has_capability(capabilities, "body-markup");
	g_autofree char *body = markup ? g_markup_escape_text(s->body, -1) : g_strdup(s->body);
	_cleanup_(notification_unrefp) NotifyNotification *n =
		notify_notification_new(s->title, body, s->bubbles->icon);
	g_autoptr(GError) error = NULL;
	int id = 0;

	g_object_set(n, "id", (int)replaces, NULL);
	notify_notification_set_hint(n, "desktop-entry", g_variant_new_string(CC_DESKTOP_ENTRY));
	if (s->bubble.stays)
		notify_notification_set_timeout(n, NOTIFY_EXPIRES_NEVER);
	for (size_t i = 0; i < s->bubble.n_actions && has_capability(capabilities, "actions"); i++)
		notify_notification_add_action(n, s->bubble.actions[i].key, s->bubble.actions[i].label,
					       ignore_action, NULL, NULL);
	if (!notify_notification_show(n, &error)) {
		log_warning("The notification server did not show the bubble: %s", error->message);
		return -EIO;
	}
	g_object_get(n, "id", &id, NULL);
	*ret_id = (uint32_t)id;
	return 0;
}

static void on_capabilities(GObject *source, GAsyncResult *result, void *userdata)
{
	struct showing *s = userdata;
	g_autoptr(GError) error = NULL;
	g_autoptr(GDBusMessage) reply = NULL;
	g_autoptr(GVariant) capabilities = NULL;
	_cleanup_free_ char *server = NULL;
	uint32_t id = 0;
	bool shown = false;

	reply = g_dbus_connection_send_message_with_reply_finish(G_DBUS_CONNECTION(source), result, &error);
	if (reply && !g_dbus_message_to_gerror(reply, &error) &&
	    streq(g_dbus_message_get_signature(reply), "as")) {
		capabilities = g_variant_get_child_value(g_dbus_message_get_body(reply), 0);
		server = server_key(s->bubbles, g_dbus_message_get_sender(reply));
		shown = server && show_now(s, streq_ptr(server, s->server) ? s->bubble.id : 0, capabilities, &id) == 0;
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		log_info("No bubble now: %s", error ? error->message : "the notification server made no sense");

	s->bubbles->pending--;
	s->done(s->bubbles->userdata, s->cookie, shown, shown ? server : NULL, id);
	showing_free(s);
}

void bubbles_show(struct bubbles *b, const struct bubble *bubble, bubbles_shown_t done, void *cookie)
{
	g_autoptr(GDBusMessage) ask = g_dbus_message_new_method_call(SERVER_NAME, SERVER_PATH, SERVER_NAME,
								     "GetCapabilities");
	struct showing *s = g_new0(struct showing, 1);

	s->bubbles = b;
	s->bubble = *bubble;
	s->title = g_strdup(bubble->title);
	s->body = g_strdup(strempty(bubble->body));
	s->server = g_strdup(bubble->server);
	s->done = done;
	s->cookie = cookie;
	b->pending++;
	g_dbus_connection_send_message_with_reply(b->bus, ask, G_DBUS_SEND_MESSAGE_FLAGS_NONE, SERVER_TIMEOUT_MSEC,
						  /* out_serial= */ NULL, b->cancel, on_capabilities, s);
}

void bubbles_close(struct bubbles *b, const char *server, uint32_t id)
{
	const char *owner = strrchr(server, '/');

	if (!owner || id == 0 || !g_str_has_prefix(server, g_dbus_connection_get_guid(b->bus)))
		return;
	g_dbus_connection_call(b->bus, owner + 1, SERVER_PATH, SERVER_NAME, "CloseNotification",
			       g_variant_new("(u)", id), /* reply_type= */ NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
			       SERVER_TIMEOUT_MSEC, /* cancellable= */ NULL, /* callback= */ NULL, NULL);
}
