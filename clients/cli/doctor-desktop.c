/* What the desktop gives: the keyring, the notification server, the notifier. Nothing is started for a look. */
#include "clients/cli/doctor.h"

#include "base/timeutil.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"

#define SECRETS_NAME "org.freedesktop.secrets"
#define SECRETS_PATH "/org/freedesktop/secrets"
#define SERVER_NAME "org.freedesktop.Notifications"
#define SERVER_PATH "/org/freedesktop/Notifications"

#define DESKTOP_LIMIT (3 * USEC_PER_SEC / 2)

enum keyring { KEYRING_ABSENT, KEYRING_NOT_RUNNING, KEYRING_SILENT, KEYRING_EMPTY, KEYRING_LOCKED, KEYRING_OPEN };

static int call(struct doctor *d, const char *name, const char *path, const char *interface, const char *member,
		sd_bus_error *e, sd_bus_message **ret, const char *a, const char *b)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(d->cli->client->bus, &m, name, path, interface, member);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0 && a)
		r = sd_bus_message_append(m, "s", a);
	if (r >= 0 && b)
		r = sd_bus_message_append(m, "s", b);
	if (r < 0)
		return sd_bus_error_set_errno(e, r);
	return client_send(d->cli->client, m, e, ret);
}

/* ---- the keyring ---- */

static enum keyring look_at_keyring(struct doctor *d)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *alias = NULL, *reply = NULL;
	const char *collection;
	int locked;

	if (!doctor_has_name(d, SECRETS_NAME))
		return doctor_can_activate(d, SECRETS_NAME) ? KEYRING_NOT_RUNNING : KEYRING_ABSENT;
	doctor_limit(d, DESKTOP_LIMIT);
	if (call(d, SECRETS_NAME, SECRETS_PATH, "org.freedesktop.Secret.Service", "ReadAlias", &e, &alias, "default",
		 NULL) < 0 || sd_bus_message_read(alias, "o", &collection) < 0)
		return KEYRING_SILENT;
	if (streq(collection, "/"))
		return KEYRING_EMPTY;
	if (call(d, SECRETS_NAME, collection, "org.freedesktop.DBus.Properties", "Get", &e, &reply,
		 "org.freedesktop.Secret.Collection", "Locked") < 0 ||
	    sd_bus_message_read(reply, "v", "b", &locked) < 0)
		return KEYRING_SILENT;
	return locked ? KEYRING_LOCKED : KEYRING_OPEN;
}

static const char *token_text(const struct doctor *d)
{
	const char *store = strempty(d->status.token_store);

	if (!d->has_status)
		return "where the token is, is not known";
	if (streq(store, "secret-service"))
		return "the token is in it";
	return streq(store, "file") ? "the token is in state.db, for this user only" : "no token is kept";
}

struct keyring_line {
	enum verdict verdict;
	const char *text, *todo;
};

#define UNLOCK "unlock it in seahorse or the desktop's own program for passwords"
#define SEE_JOURNAL "journalctl --user -u " CC_UNIT_DAEMON " -n 50"

/* What was seen just now. */
static const struct keyring_line seen_lines[] = {
	[KEYRING_ABSENT] = { VERDICT_OK, "this desktop has none", NULL },
	[KEYRING_NOT_RUNNING] = { VERDICT_OK, "not running, the bus can start it", NULL },
	[KEYRING_SILENT] = { VERDICT_WRONG, "it does not answer",
			     "busctl --user status " SECRETS_NAME " says which it is; restart it" },
	[KEYRING_EMPTY] = { VERDICT_WARNING, "it has no default collection",
			    "make one in seahorse or the desktop's own program for passwords" },
	[KEYRING_LOCKED] = { VERDICT_WARNING, "it is locked", UNLOCK },
	[KEYRING_OPEN] = { VERDICT_OK, "it is there and unlocked", NULL },
};

/* What the daemon makes of it, where that is more than what was seen. */
static const struct {
	const char *name;
	struct keyring_line line;
} daemon_lines[] = {
	{ "off", { VERDICT_OK, "not used: Keyring=no under [Session]", NULL } },
	{ "plain", { VERDICT_WARNING, "it speaks without encryption only, and is not used", NULL } },
	{ "failing", { VERDICT_WARNING, "the daemon could not use it", SEE_JOURNAL } },
};

static void check_keyring(struct doctor *d)
{
	enum keyring k = look_at_keyring(d);
	struct keyring_line line = seen_lines[k];
	bool in_it = streq(strempty(d->status.token_store), "secret-service");

	for (size_t i = 0; i < ELEMENTSOF(daemon_lines); i++)
		if (streq(strempty(d->status.keyring), daemon_lines[i].name) && line.verdict != VERDICT_WRONG)
			line = daemon_lines[i].line;
	/* Nothing can be done at the service until it is there again. */
	if (in_it && k != KEYRING_OPEN)
		line.verdict = VERDICT_WRONG;
	if (in_it && !line.todo && line.verdict == VERDICT_WRONG)
		line.todo = "start the desktop's keyring, such as gnome-keyring-daemon --start";
	doctor_add(d, line.verdict, "keyring", xprintf("%s; %s", line.text, token_text(d)),
		   line.todo ? xstrdup(line.todo) : NULL);
}

/* ---- the notification server ---- */

static int server_name(struct doctor *d, char **ret)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *name, *vendor, *version, *spec;
	int r;

	r = call(d, SERVER_NAME, SERVER_PATH, SERVER_NAME, "GetServerInformation", &e, &reply, NULL, NULL);
	if (r >= 0)
		r = sd_bus_message_read(reply, "ssss", &name, &vendor, &version, &spec);
	if (r >= 0)
		*ret = xprintf("%s %s", name, version);
	return r;
}

static int server_capabilities(struct doctor *d, char ***ret)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = call(d, SERVER_NAME, SERVER_PATH, SERVER_NAME, "GetCapabilities", &e, &reply, NULL, NULL);
	return r < 0 ? r : sd_bus_message_read_strv(reply, ret);
}

static void judge_server(struct doctor *d, const char *name, char *const *capabilities)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	_cleanup_free_ char *list = NULL;

	for (char *const *i = capabilities; i && *i; i++)
		fprintf(f, "%s%s", i == capabilities ? "" : ", ", *i);
	list = textbuf_take(&b);
	if (strv_contains(capabilities, "actions"))
		doctor_add(d, VERDICT_OK, "bubbles", xprintf("%s; it can: %s", name, list), NULL);
	else
		doctor_add(d, VERDICT_WARNING, "bubbles",
			   xprintf("%s has no buttons (actions); it can: %s", name, *list ? list : "nothing"),
			   xstrdup("use a notification server with buttons, such as dunst"));
}

static void check_server(struct doctor *d)
{
	_cleanup_(strv_freep) char **capabilities = NULL;
	_cleanup_free_ char *name = NULL;

	if (!doctor_has_name(d, SERVER_NAME)) {
		if (doctor_can_activate(d, SERVER_NAME))
			doctor_add(d, VERDICT_OK, "bubbles",
				   xstrdup("the notification server is not running, the bus can start it"), NULL);
		else
			doctor_add(d, VERDICT_WARNING, "bubbles",
				   xstrdup("no notification server: no bubbles can be shown"),
				   xstrdup("install and start one, such as dunst"));
		return;
	}
	doctor_limit(d, DESKTOP_LIMIT);
	if (server_name(d, &name) < 0 || server_capabilities(d, &capabilities) < 0)
		doctor_add(d, VERDICT_WRONG, "bubbles", xstrdup("the notification server does not answer"),
			   xstrdup("busctl --user status " SERVER_NAME " says which it is; restart it"));
	else
		judge_server(d, name, capabilities);
}

/* ---- the notifier ---- */

static void check_notifier(struct doctor *d)
{
	_cleanup_(doctor_unit_done) struct doctor_unit u = {};
	_cleanup_free_ char *reason = NULL;

	if (doctor_has_name(d, CC_NOTIFIER_NAME)) {
		doctor_add(d, VERDICT_OK, "notifier", xstrdup("runs (" CC_NOTIFIER_NAME ")"), NULL);
		return;
	}
	if (doctor_read_unit(d, CC_UNIT_NOTIFIER, &u) > 0 && streq_ptr(u.active, "failed")) {
		reason = doctor_unit_reason(&u);
		doctor_add(d, VERDICT_WRONG, "notifier", xprintf(CC_UNIT_NOTIFIER " has failed: %s", reason),
			   xstrdup("journalctl --user -u " CC_UNIT_NOTIFIER " -n 50"));
	} else if (streq_ptr(u.load, "loaded"))
		doctor_add(d, VERDICT_WARNING, "notifier", xstrdup("does not run: orders show no bubbles"),
			   xstrdup("systemctl --user enable --now " CC_UNIT_NOTIFIER));
	else
		doctor_add(d, VERDICT_WARNING, "notifier", xstrdup("does not run: orders show no bubbles"),
			   xstrdup("customerclient-notifier &"));
}

struct muting {
	int muted;
	uint64_t until;
};

static void check_muted(struct doctor *d)
{
	static const struct dict_field fields[] = {
		{ "Muted", 'b', offsetof(struct muting, muted) },
		{ "MutedUntilTimestamp", 't', offsetof(struct muting, until) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct muting m = {};
	char at[WHEN_SIZE];

	if (!d->has_status)
		return;
	doctor_limit(d, DESKTOP_LIMIT);
	if (client_get_all(d->cli->client, CC_PATH, CC_IFACE_NOTIFICATIONS, &e, &reply) < 0 ||
	    dict_read(reply, fields, ELEMENTSOF(fields), &m) < 0 || !m.muted)
		return;
	when_format_near(at, m.until, now_realtime());
	doctor_add(d, VERDICT_WARNING, "muted", xprintf("bubbles are muted%s%s", *at ? " until " : "", at),
		   xstrdup("customerclient notifications --unmute"));
}

void doctor_check_desktop(struct doctor *d)
{
	check_keyring(d);
	check_server(d);
	check_notifier(d);
	check_muted(d);
}
