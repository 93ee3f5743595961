/* What an error name on the bus means for a client: its row in the table of dbus/names.h and an exit status.
 * Says nothing to anybody. */
#include "clients/common/client.h"

static const struct {
	const char *name;
	int exit_status;
	const char *text;
} error_table[_CC_E_MAX] = {
#define X(id, error_name, status, sentence) [CC_E_##id] = { error_name, status, sentence },
	CC_ERRORS(X)
#undef X
};

enum cc_error client_error_id(const char *error_name)
{
	if (!error_name)
		return CC_E_NONE;
	for (enum cc_error e = CC_E_NONE + 1; e < _CC_E_MAX; e++)
		if (streq(error_table[e].name, error_name))
			return e;
	return CC_E_NONE;
}

const char *client_error_text(const char *error_name)
{
	return error_table[client_error_id(error_name)].text;
}

int client_exit_status(const char *error_name, enum client_effect effect)
{
	static const char *const absent[] = { SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER };
	static const char *const unanswered[] = { SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT,
						  SD_BUS_ERROR_DISCONNECTED };
	enum cc_error e;

	if (!error_name)
		return CC_EXIT_FAILURE;
	e = client_error_id(error_name);
	if (e != CC_E_NONE)
		return error_table[e].exit_status;
	for (size_t i = 0; i < ELEMENTSOF(absent); i++)
		if (streq(error_name, absent[i]))
			return CC_EXIT_NO_DAEMON;
	if (startswith(error_name, "org.freedesktop.DBus.Error.Spawn.") ||
	    startswith(error_name, "org.freedesktop.systemd1."))
		return CC_EXIT_NO_DAEMON;
	for (size_t i = 0; i < ELEMENTSOF(unanswered); i++)
		if (streq(error_name, unanswered[i]))
			return effect == CLIENT_ACTS ? CC_EXIT_OUTCOME_UNKNOWN : CC_EXIT_NO_DAEMON;
	if (streq(error_name, CC_ERROR("Interrupted")))
		return CC_EXIT_INTERRUPTED;
	return CC_EXIT_FAILURE;
}
