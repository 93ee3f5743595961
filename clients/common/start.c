/* Starting the daemon for a client: by systemd's user manager where there is one, whose job tells at once
 * when the unit fails and whose unit tells why; else by bus activation. */
#include "clients/common/client.h"

#include "base/timeutil.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"

#define SPAWN_FAILED "org.freedesktop.DBus.Error.Spawn.Failed"

struct job {
	char *path;   /* NULL until StartUnit has answered */
	char *result; /* NULL until it has ended */
};

static void job_done(struct job *j)
{
	free(j->path);
	free(j->result);
}

static int call_bus(struct client *c, const char *member, sd_bus_error *error, sd_bus_message **ret_reply,
		    const char *types, const char *name)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(c->bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus",
					   "org.freedesktop.DBus", member);
	if (r >= 0)
		r = streq(types, "su") ? sd_bus_message_append(m, types, name, 0)
				       : sd_bus_message_append(m, types, name);
	if (r < 0)
		return sd_bus_error_set_errno(error, r);
	return client_send(c, m, error, ret_reply);
}

static int name_has_owner(struct client *c, const char *name, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int b, r;

	r = call_bus(c, "NameHasOwner", error, &reply, "s", name);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "b", &b);
	return r < 0 ? client_bad_reply(r, "NameHasOwner", error) : b;
}

static int job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct job *j = userdata;
	const char *path, *result;

	(void)ret_error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	if (!streq_ptr(j->path, path))
		return 0;
	return free_and_strdup(&j->result, result);
}

static int call_systemd(struct client *c, const char *path, const char *interface, const char *member,
			sd_bus_error *error, sd_bus_message **ret_reply, const char *a, const char *b)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(c->bus, &m, SYSTEMD_NAME, path, interface, member);
	if (r >= 0 && a)
		r = sd_bus_message_append(m, "s", a);
	if (r >= 0 && b)
		r = sd_bus_message_append(m, "s", b);
	if (r < 0)
		return sd_bus_error_set_errno(error, r);
	return client_send(c, m, error, ret_reply);
}

static char *unit_property_string(struct client *c, const char *unit_path, const char *interface,
				  const char *name)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	char *value = NULL;

	if (sd_bus_get_property_string(c->bus, SYSTEMD_NAME, unit_path, interface, name, &e, &value) < 0)
		return NULL;
	if (isempty(value)) {
		free(value);
		return NULL;
	}
	return value;
}

/* The unit's own words first (sd_notify STATUS=), else what systemd knows about its end. */
static void set_unit_reason(struct client *c, sd_bus_error *error)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL, *result = NULL;
	const char *path = NULL;
	int32_t status = 0;

	if (call_systemd(c, SYSTEMD_PATH, SYSTEMD_MANAGER, "GetUnit", &e, &reply, CC_UNIT_DAEMON, NULL) >= 0)
		(void)sd_bus_message_read(reply, "o", &path);
	if (path) {
		text = unit_property_string(c, path, SYSTEMD_SERVICE, "StatusText");
		result = unit_property_string(c, path, SYSTEMD_SERVICE, "Result");
		(void)sd_bus_get_property_trivial(c->bus, SYSTEMD_NAME, path, SYSTEMD_SERVICE,
						  "ExecMainStatus", NULL, 'i', &status);
	}
	sd_bus_error_free(error);
	if (text)
		sd_bus_error_setf(error, SPAWN_FAILED, "The daemon did not start: %s", text);
	else if (status == CC_EXIT_CONFIG)
		sd_bus_error_set(error, SPAWN_FAILED,
				 "The daemon did not start, its configuration is not valid; see "
				 "journalctl --user -u " CC_UNIT_DAEMON);
	else
		sd_bus_error_setf(
			error, SPAWN_FAILED,
			"The daemon did not start (%s, status %d); see journalctl --user -u " CC_UNIT_DAEMON,
			result ? result : "no reason given", status);
}

static int wait_job(struct client *c, struct job *j, sd_bus_error *error)
{
	uint64_t deadline = now_monotonic() + c->start_timeout_usec, now;
	int r;

	while (!j->result) {
		r = sd_bus_process(c->bus, NULL);
		if (r > 0)
			continue;
		now = now_monotonic();
		if (r == 0 && c->interrupted && *c->interrupted) {
			sd_bus_error_set(error, CC_ERROR("Interrupted"), "Interrupted");
			return -EINTR;
		}
		if (r == 0 && now >= deadline) {
			sd_bus_error_set(
				error, SPAWN_FAILED,
				"The daemon is still starting; see journalctl --user -u " CC_UNIT_DAEMON);
			return -ETIMEDOUT;
		}
		if (r == 0)
			r = sd_bus_wait(c->bus, deadline - now);
		if (r < 0)
			return sd_bus_error_set_errno(error, r);
	}
	return 0;
}

/* 1: started; 0: systemd knows no such unit. */
static int start_by_systemd(struct client *c, sd_bus_error *error)
{
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(job_done) struct job job = {};
	const char *path;
	int r;

	r = sd_bus_match_signal(c->bus, &slot, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
				job_removed, &job);
	if (r < 0)
		return sd_bus_error_set_errno(error, r);
	r = call_systemd(c, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", error, NULL, NULL, NULL);
	if (r >= 0)
		r = call_systemd(c, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartUnit", error, &reply, CC_UNIT_DAEMON,
				 "replace");
	if (r < 0 && sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit")) {
		sd_bus_error_free(error);
		return 0;
	}
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = free_and_strdup(&job.path, path);
	if (r < 0)
		return client_bad_reply(r, "StartUnit", error);
	r = wait_job(c, &job, error);
	if (r < 0)
		return r;
	if (streq(job.result, "done"))
		return 1;
	set_unit_reason(c, error);
	return -EHOSTDOWN;
}

static int start_by_bus(struct client *c, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = call_bus(c, "StartServiceByName", error, &reply, "su", CC_BUS_NAME);
	if (r >= 0 || !sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN))
		return r;
	sd_bus_error_free(error);
	sd_bus_error_set(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
			 "The daemon is not running and this bus cannot start it; run customerclientd, or "
			 "systemctl --user enable --now " CC_UNIT_DAEMON);
	return r;
}

int client_start_daemon(struct client *c, sd_bus_error *error)
{
	int r;

	r = name_has_owner(c, CC_BUS_NAME, error);
	if (r != 0)
		return r < 0 ? r : 0;
	r = name_has_owner(c, SYSTEMD_NAME, error);
	if (r > 0)
		r = start_by_systemd(c, error);
	if (r != 0)
		return r < 0 ? r : 0;
	return start_by_bus(c, error);
}
