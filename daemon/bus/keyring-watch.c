/* The keyring as the bus sees it: is there one, does it come or go, did something change in it. What it holds is asked
 * by a process of its own (core/keyring.c). */
#include "base/keyring-protocol.h"
#include "base/log.h"
#include "bus/bus-private.h"

#define PATH "/org/freedesktop/secrets"
#define MATCH "type='signal',sender='" KEYRING_SERVICE "',path_namespace='" PATH "',"
#define DBUS "org.freedesktop.DBus"

static int owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *name, *before, *after;
	struct bus *b = userdata;
	int r;

	(void)e;
	r = sd_bus_message_read(m, "sss", &name, &before, &after);
	if (r < 0)
		return r;
	if (isempty(after))
		core_keyring_changed(b->core, KEYRING_WENT, b->keyring_activatable);
	else
		core_keyring_changed(b->core, KEYRING_CAME, true);
	return 0;
}

static int content_changed(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;

	(void)m;
	(void)e;
	core_keyring_changed(b->core, KEYRING_CHANGED, true);
	return 0;
}

static bool has_owner(struct bus *b)
{
	return sd_bus_get_name_creds(b->bus, KEYRING_SERVICE, 0, NULL) >= 0;
}

static bool is_activatable(struct bus *b)
{
	char **names = NULL;
	bool found;

	if (sd_bus_list_names(b->bus, NULL, &names) < 0)
		return false;
	found = strv_contains(names, KEYRING_SERVICE);
	strv_free(names);
	return found;
}

int bus_watch_keyring(struct bus *b)
{
	static const struct {
		const char *match;
		sd_bus_message_handler_t handler;
	} matches[] = {
		{ "type='signal',sender='" DBUS "',interface='" DBUS "',member='NameOwnerChanged',arg0='" KEYRING_SERVICE "'",
		  owner_changed },
		/* Locked and unlocked. */
		{ MATCH "interface='org.freedesktop.Secret.Service'", content_changed },
		{ MATCH "interface='org.freedesktop.Secret.Collection',member='ItemDeleted'", content_changed },
	};

	for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
		int r = sd_bus_add_match(b->bus, NULL, matches[i].match, matches[i].handler, b);

		if (r < 0)
			return r;
	}
	b->keyring_activatable = is_activatable(b);
	core_keyring_changed(b->core, KEYRING_CAME, b->keyring_activatable || has_owner(b));
	return 0;
}
