/* The session bus, the daemon's unit, the daemon. A stopped process at any of these ends costs its time limit. */
#include "clients/cli/doctor.h"

#include "config.h"

#include "clients/common/dict.h"
#include "dbus/jsonview.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

#define BUS_LIMIT (2 * USEC_PER_SEC)
#define UNIT_LIMIT (USEC_PER_SEC)
#define START_LIMIT (4 * USEC_PER_SEC)
#define STATUS_LIMIT (2 * USEC_PER_SEC)
#define CONTACT_LIMIT (3 * USEC_PER_SEC)

#define SEE_JOURNAL "journalctl --user -u " CC_UNIT_DAEMON " -n 50"
#define CORRECT_CONFIG "correct the configuration, then systemctl --user restart " CC_UNIT_DAEMON

static int call(struct doctor *d, const char *name, const char *path, const char *interface, const char *member,
		sd_bus_error *e, sd_bus_message **ret, const char *argument)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(d->cli->client->bus, &m, name, path, interface, member);
	if (r >= 0 && argument)
		r = sd_bus_message_append(m, "s", argument);
	if (r < 0)
		return sd_bus_error_set_errno(e, r);
	return client_send(d->cli->client, m, e, ret);
}

/* ---- the bus ---- */

static int list_names(struct doctor *d, const char *member, char ***ret, sd_bus_error *e)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = call(d, DBUS_NAME, DBUS_PATH, DBUS_NAME, member, e, &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_read_strv(reply, ret);
	return r < 0 ? client_bad_reply(r, member, e) : 0;
}

/* "What happened; what to do": the first half. */
static char *first_clause(const char *message)
{
	const char *text = strempty(message), *end = strstr(text, "; ");

	return xprintf("%.*s", end ? (int)(end - text) : (int)strlen(text), text);
}

static char *bus_todo(void)
{
	if (isempty(getenv("DBUS_SESSION_BUS_ADDRESS")) && isempty(getenv("XDG_RUNTIME_DIR")))
		return xprintf("export XDG_RUNTIME_DIR=/run/user/%u", (unsigned)getuid());
	return xstrdup("log in to a desktop session, or try in one of its own: dbus-run-session -- customerclient "
		       "doctor");
}

bool doctor_check_bus(struct doctor *d)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	struct cli *cli = d->cli;
	const char *address = NULL;
	int r;

	r = client_open(&cli->client, &e);
	if (r < 0) {
		doctor_add(d, VERDICT_WRONG, "bus", first_clause(e.message), bus_todo());
		return false;
	}
	cli->client->interrupted = cli_interrupt_flag();
	doctor_limit(d, BUS_LIMIT);
	r = list_names(d, "ListNames", &d->names, &e);
	if (r >= 0)
		r = list_names(d, "ListActivatableNames", &d->activatable, &e);
	if (r < 0) {
		doctor_add(d, VERDICT_WRONG, "bus", first_clause(e.message),
			   xstrdup("systemctl --user status dbus.service"));
		return false;
	}
	if (sd_bus_get_address(cli->client->bus, &address) < 0)
		address = "";
	doctor_add(d, VERDICT_OK, "bus", xprintf("the session bus answers (%.*s)", (int)strcspn(address, ","), address), NULL);
	return true;
}

bool doctor_has_name(const struct doctor *d, const char *name)
{
	return strv_contains(d->names, name);
}

bool doctor_can_activate(const struct doctor *d, const char *name)
{
	return strv_contains(d->activatable, name);
}

/* ---- units ---- */

void doctor_unit_done(struct doctor_unit *u)
{
	free(u->load);
	free(u->active);
	free(u->enabled);
	free(u->result);
	free(u->text);
	*u = (struct doctor_unit){};
}

static int get_all(struct doctor *d, const char *path, const char *interface, const struct dict_field *fields,
		   size_t n, void *object)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = call(d, SYSTEMD_NAME, path, "org.freedesktop.DBus.Properties", "GetAll", &e, &reply, interface);
	return r < 0 ? r : dict_read(reply, fields, n, object);
}

int doctor_read_unit(struct doctor *d, const char *name, struct doctor_unit *ret)
{
	static const struct dict_field unit[] = {
		{ "LoadState", 's', offsetof(struct doctor_unit, load) },
		{ "ActiveState", 's', offsetof(struct doctor_unit, active) },
		{ "UnitFileState", 's', offsetof(struct doctor_unit, enabled) },
		{ "NeedDaemonReload", 'b', offsetof(struct doctor_unit, reload) },
	};
	static const struct dict_field service[] = {
		{ "Result", 's', offsetof(struct doctor_unit, result) },
		{ "StatusText", 's', offsetof(struct doctor_unit, text) },
		{ "ExecMainStatus", 'i', offsetof(struct doctor_unit, status) },
		{ "MainPID", 'u', offsetof(struct doctor_unit, pid) },
		{ "NRestarts", 'u', offsetof(struct doctor_unit, restarts) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *path;
	int r;

	*ret = (struct doctor_unit){};
	if (!doctor_has_name(d, SYSTEMD_NAME))
		return 0;
	doctor_limit(d, UNIT_LIMIT);
	r = call(d, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_NAME ".Manager", "LoadUnit", &e, &reply, name);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = get_all(d, path, SYSTEMD_NAME ".Unit", unit, ELEMENTSOF(unit), ret);
	if (r >= 0)
		r = get_all(d, path, SYSTEMD_NAME ".Service", service, ELEMENTSOF(service), ret);
	return r < 0 ? r : 1;
}

char *doctor_unit_reason(const struct doctor_unit *u)
{
	if (!isempty(u->text))
		return xstrdup(u->text);
	if (u->status == CC_EXIT_CONFIG)
		return xstrdup("its configuration is not valid");
	return xprintf("%s, status %d", isempty(u->result) ? "no reason given" : u->result, u->status);
}

/* How it comes to run: at log-in, or when a program first asks for it. */
static const char *unit_start_text(const struct doctor *d, const struct doctor_unit *u)
{
	if (startswith(strempty(u->enabled), "enabled"))
		return "starts at log-in";
	return doctor_can_activate(d, CC_BUS_NAME) ? "starts when a program asks for it" : "starts by hand only";
}

static const char *failed_todo(const struct doctor_unit *u)
{
	return u->status == CC_EXIT_CONFIG ? CORRECT_CONFIG : SEE_JOURNAL;
}

/* `started`: the daemon has its name, or has got it just now. A unit that is restarted again and again never stands as
 * failed for long. */
static void judge_unit(struct doctor *d, const struct doctor_unit *u, bool started)
{
	_cleanup_free_ char *reason = doctor_unit_reason(u);

	if (streq_ptr(u->load, "not-found"))
		doctor_add(d, VERDICT_WARNING, "unit", xstrdup(CC_UNIT_DAEMON " is not installed"),
			   xstrdup("sudo make install && systemctl --user daemon-reload"));
	else if (streq_ptr(u->load, "masked"))
		doctor_add(d, VERDICT_WRONG, "unit", xstrdup(CC_UNIT_DAEMON " is masked"),
			   xstrdup("systemctl --user unmask " CC_UNIT_DAEMON));
	else if (!streq_ptr(u->load, "loaded"))
		doctor_add(d, VERDICT_WRONG, "unit", xprintf(CC_UNIT_DAEMON " cannot be read: %s", strempty(u->load)),
			   xstrdup("systemctl --user status " CC_UNIT_DAEMON));
	else if (streq_ptr(u->active, "failed") || (!started && !streq_ptr(u->result, "success")))
		doctor_add(d, VERDICT_WRONG, "unit", xprintf(CC_UNIT_DAEMON " has failed: %s", reason),
			   xstrdup(failed_todo(u)));
	else if (u->reload)
		doctor_add(d, VERDICT_WARNING, "unit", xstrdup(CC_UNIT_DAEMON " was changed after systemd read it"),
			   xstrdup("systemctl --user daemon-reload && systemctl --user restart " CC_UNIT_DAEMON));
	else if (u->restarts > 0)
		doctor_add(d, VERDICT_WARNING, "unit",
			   xprintf(CC_UNIT_DAEMON " is %s, and was restarted %u times", strempty(u->active),
				   u->restarts),
			   xstrdup(SEE_JOURNAL));
	else
		doctor_add(d, VERDICT_OK, "unit",
			   xprintf(CC_UNIT_DAEMON " is %s, %s", strempty(u->active), unit_start_text(d, u)), NULL);
}

static void judge_no_unit(struct doctor *d, int r)
{
	if (r < 0)
		doctor_add(d, VERDICT_WARNING, "unit", xstrdup("systemd's user manager does not answer"),
			   xstrdup("systemctl --user status"));
	else if (doctor_can_activate(d, CC_BUS_NAME))
		doctor_add(d, VERDICT_OK, "unit",
			   xstrdup("no systemd on this bus; the bus itself starts the daemon when it is asked for"),
			   NULL);
	else
		doctor_add(d, VERDICT_WARNING, "unit",
			   xstrdup("no systemd on this bus, and the bus cannot start the daemon: it is started by "
				   "hand"),
			   NULL);
}

/* ---- the daemon ---- */

/* 0 where it cannot be told. */
static uint32_t daemon_pid(struct doctor *d)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint32_t pid = 0;

	if (call(d, DBUS_NAME, DBUS_PATH, DBUS_NAME, "GetConnectionUnixProcessID", &e, &reply, CC_BUS_NAME) >= 0)
		(void)sd_bus_message_read(reply, "u", &pid);
	return pid;
}

/* Stopped, by SIGSTOP or a debugger: the letter after the name in /proc/PID/stat. */
static bool is_stopped(uint32_t pid)
{
	_cleanup_free_ char *path = xprintf("/proc/%u/stat", pid), *line = NULL;
	FILE *f = fopen(path, "re");
	const char *name_end;
	size_t size = 0;
	bool stopped;

	if (!f)
		return false;
	name_end = getline(&line, &size, f) > 0 ? strrchr(line, ')') : NULL;
	stopped = name_end && (startswith(name_end, ") T") || startswith(name_end, ") t"));
	fclose(f);
	return stopped;
}

static int read_status(struct doctor *d, sd_bus_error *e)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	doctor_limit(d, STATUS_LIMIT);
	r = client_call(d->cli->client, CC_IFACE_DAEMON, "GetStatus", e, &reply, NULL);
	if (r < 0)
		return r;
	doctor_status_done(&d->status);
	json_object_put(TAKE_PTR(d->status_json));
	r = doctor_status_read(reply, &d->status);
	if (r >= 0)
		r = sd_bus_message_rewind(reply, true);
	if (r >= 0)
		r = json_from_dict(reply, &d->status_json);
	if (r < 0)
		return client_bad_reply(r, "Daemon.GetStatus", e);
	d->has_status = true;
	return 0;
}

/* "Online" is what the last contact was, maybe an hour ago: asks anew. Who is not signed in, or only with what lies in a
 * locked keyring, has one question that may be asked. What comes of it is in GetStatus. */
static void try_service(struct doctor *d)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	struct client *c = d->cli->client;
	int r = 0;

	doctor_limit(d, CONTACT_LIMIT);
	if (d->status.signed_in)
		r = client_call(c, CC_IFACE_DAEMON, "Sync", &e, NULL, NULL);
	if (!d->status.signed_in || sd_bus_error_has_name(&e, CC_ERROR("SessionLocked"))) {
		sd_bus_error_free(&e);
		r = client_call(c, CC_IFACE_SESSION, "CheckUserExists", &e, NULL, "sss", "customerclient-doctor", "",
				"");
	}
	d->contact_timeout = sd_bus_error_has_name(&e, SD_BUS_ERROR_NO_REPLY) ||
			     sd_bus_error_has_name(&e, SD_BUS_ERROR_TIMEOUT);
	if (r < 0 && !d->contact_timeout)
		d->contact_error = first_clause(isempty(e.message) ? e.name : e.message);
	sd_bus_error_free(&e);
	(void)read_status(d, &e);
}

static void judge_silent_daemon(struct doctor *d, const struct doctor_unit *u, uint32_t pid, const sd_bus_error *e)
{
	if (pid > 0 && is_stopped(pid))
		doctor_add(d, VERDICT_WRONG, "daemon", xprintf("process %u is stopped and answers nothing", pid),
			   xprintf("kill -CONT %u", pid));
	else if (pid > 0 && u->pid == pid)
		doctor_add(d, VERDICT_WRONG, "daemon",
			   xprintf("process %u does not answer: %s", pid, strempty(e->message)),
			   xstrdup("systemctl --user restart " CC_UNIT_DAEMON));
	else
		doctor_add(d, VERDICT_WRONG, "daemon", xprintf("it does not answer: %s", strempty(e->message)),
			   pid > 0 ? xprintf("kill %u", pid) : NULL);
}

static void judge_daemon(struct doctor *d, const struct doctor_unit *u, uint32_t pid, bool ran)
{
	const char *version = strempty(d->status.version);
	const char *started = ran ? "" : ", started just now";

	if (!streq(version, PACKAGE_VERSION))
		doctor_add(d, VERDICT_WARNING, "daemon",
			   xprintf("version %s runs (process %u), and this is customerclient %s", version, pid,
				   PACKAGE_VERSION),
			   u->pid == pid && pid > 0 ? xstrdup("systemctl --user restart " CC_UNIT_DAEMON)
						    : xprintf("kill %u", pid));
	else if (u->pid > 0 && pid > 0 && u->pid != pid)
		doctor_add(d, VERDICT_WARNING, "daemon",
			   xprintf("version %s runs outside of its unit, process %u", version, pid),
			   xprintf("kill %u && systemctl --user restart " CC_UNIT_DAEMON, pid));
	else if (u->load && streq(u->load, "loaded") && u->pid == 0 && pid > 0)
		doctor_add(d, VERDICT_WARNING, "daemon",
			   xprintf("version %s runs outside of its unit, process %u", version, pid),
			   xprintf("kill %u && systemctl --user start " CC_UNIT_DAEMON, pid));
	else
		doctor_add(d, VERDICT_OK, "daemon",
			   xprintf("version %s runs, as this program; process %u%s", version, pid, started), NULL);
}

/* As every command does: what keeps it from starting is what one wants to hear. */
static int start(struct doctor *d, sd_bus_error *e)
{
	doctor_limit(d, START_LIMIT);
	d->cli->client->start_timeout_usec = d->cli->client->timeout_usec;
	return client_start_daemon(d->cli->client, e);
}

static const char *start_todo(const struct doctor_unit *u, const sd_bus_error *e)
{
	const char *todo = strstr(strempty(e->message), "; ");

	if (u->load && !streq(u->load, "loaded"))
		return "what the line of the unit says";
	if (u->load)
		return failed_todo(u);
	return todo ? todo + 2 : SEE_JOURNAL;
}

static void judge_not_started(struct doctor *d, const struct doctor_unit *u, const sd_bus_error *e)
{
	bool slow = sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) || sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT);

	doctor_add(d, VERDICT_WRONG, "daemon",
		   slow ? xprintf("it did not come up within %u s", (unsigned)(START_LIMIT / USEC_PER_SEC))
			: first_clause(e->message),
		   xstrdup(start_todo(u, e)));
}

void doctor_check_daemon(struct doctor *d)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_(doctor_unit_done) struct doctor_unit u = {};
	bool ran = doctor_has_name(d, CC_BUS_NAME);
	int known, started;
	uint32_t pid;

	started = start(d, &e);
	/* After the start: a unit that was not loaded yet is then, and one that failed says why. */
	known = doctor_read_unit(d, CC_UNIT_DAEMON, &u);
	if (known > 0) {
		(void)sd_bus_get_property_string(d->cli->client->bus, SYSTEMD_NAME, SYSTEMD_PATH,
						 SYSTEMD_NAME ".Manager", "Version", NULL, &d->systemd_version);
		judge_unit(d, &u, started >= 0);
	} else
		judge_no_unit(d, known);
	if (started < 0) {
		judge_not_started(d, &u, &e);
		return;
	}
	pid = daemon_pid(d);
	if (read_status(d, &e) < 0) {
		judge_silent_daemon(d, &u, pid, &e);
		return;
	}
	judge_daemon(d, &u, pid, ran);
	try_service(d);
}
