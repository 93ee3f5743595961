/* Starts programs with windows, outside of our own unit where a user manager is on the bus. */
#include "notifier/launch.h"

#include "base/log.h"
#include "base/util.h"
#include "base/uuid.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define MANAGER_TIMEOUT_MSEC 5000

/* What a window needs to find the screen and to come to the front. */
static char **window_environment(const char *token)
{
	static const char *const names[] = { "PATH", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TERMINAL",
					     "DBUS_SESSION_BUS_ADDRESS", "LANG", "XDG_CURRENT_DESKTOP",
					     "XDG_SESSION_TYPE", "XDG_DATA_DIRS", "DESKTOP_SESSION" };
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		const char *value = g_getenv(names[i]);
		g_autofree char *assignment = value ? g_strconcat(names[i], "=", value, NULL) : NULL;

		if (assignment)
			g_strv_builder_add(list, assignment);
	}
	if (token) {
		g_autofree char *wayland = g_strconcat("XDG_ACTIVATION_TOKEN=", token, NULL);
		g_autofree char *x11 = g_strconcat("DESKTOP_STARTUP_ID=", token, NULL);

		g_strv_builder_add_many(list, wayland, x11, NULL);
	}
	return g_strv_builder_end(list);
}

static int spawn_child(char **argv, const char *token)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) environment = g_get_environ();

	if (token) {
		environment = g_environ_setenv(environment, "XDG_ACTIVATION_TOKEN", token, /* overwrite= */ TRUE);
		environment = g_environ_setenv(environment, "DESKTOP_STARTUP_ID", token, /* overwrite= */ TRUE);
	}
	if (!g_spawn_async(/* working_directory= */ g_get_home_dir(), argv, environment,
			   G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
			   /* child_setup= */ NULL, NULL, /* child_pid= */ NULL, &error)) {
		log_warning("%s could not be started: %s", argv[0], error->message);
		return -EIO;
	}
	return 0;
}

struct start {
	char **argv;
	char *token;
};

static void start_free(struct start *s)
{
	g_strfreev(s->argv);
	g_free(s->token);
	g_free(s);
}

/* Where no user manager is on the bus (a bus of one's own, another init) it becomes a child. */
static void on_unit(GObject *source, GAsyncResult *result, void *userdata)
{
	struct start *s = userdata;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	if (!reply) {
		log_debug("No unit for %s (%s), starting it directly", s->argv[0], error->message);
		(void)spawn_child(s->argv, s->token);
	}
	start_free(s);
}

static void add_property(GVariantBuilder *properties, const char *name, GVariant *value)
{
	g_variant_builder_add(properties, "(sv)", name, value);
}

static GVariant *unit_arguments(const char *description, const char *path, char **argv, const char *token)
{
	g_auto(GStrv) environment = window_environment(token);
	g_autofree char *name = NULL;
	GVariantBuilder properties, command;
	char uuid[UUID_SIZE];

	uuid_new(uuid);
	name = g_strconcat("app-customerclient-", uuid, ".service", NULL);
	g_variant_builder_init(&command, G_VARIANT_TYPE("a(sasb)"));
	g_variant_builder_add(&command, "(s^asb)", path, argv, /* ignore_failure= */ FALSE);
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a(sv)"));
	add_property(&properties, "Description", g_variant_new_string(description));
	add_property(&properties, "Slice", g_variant_new_string("app.slice"));
	/* What it starts and leaves to itself is a window too. */
	add_property(&properties, "KillMode", g_variant_new_string("process"));
	add_property(&properties, "CollectMode", g_variant_new_string("inactive-or-failed"));
	add_property(&properties, "Environment", g_variant_new_strv((const char *const *)environment, -1));
	add_property(&properties, "ExecStart", g_variant_builder_end(&command));
	return g_variant_new("(ssa(sv)@a(sa(sv)))", name, "fail", &properties,
			     g_variant_new_array(G_VARIANT_TYPE("(sa(sv))"), NULL, 0));
}

int launch(GDBusConnection *bus, const char *description, char **argv, const char *token)
{
	g_autofree char *path = g_find_program_in_path(argv[0]);
	struct start *s;

	if (!path)
		return -ENOENT;
	s = g_new0(struct start, 1);
	s->argv = g_strdupv(argv);
	s->token = g_strdup(token);
	g_dbus_connection_call(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "StartTransientUnit",
			       unit_arguments(description, path, argv, token), G_VARIANT_TYPE("(o)"),
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, MANAGER_TIMEOUT_MSEC, /* cancellable= */ NULL,
			       on_unit, s);
	return 0;
}
