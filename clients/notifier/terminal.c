/* Opens a command in the person's terminal. Which command is the caller's affair. */
#include "notifier/terminal.h"

#include "base/log.h"
#include "base/util.h"
#include "base/uuid.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define MANAGER_TIMEOUT_MSEC 5000

/* What stands between the terminal's name and the command; NULL: nothing. In the order in which they are tried. */
static const struct {
	const char *program, *separator;
} terminals[] = {
	{ "gnome-terminal", "--" },
	{ "kgx", "--" },
	{ "ptyxis", "--" },
	{ "konsole", "-e" },
	{ "foot", NULL },
	{ "footclient", NULL },
	{ "kitty", NULL },
	{ "alacritty", "-e" },
	{ "xfce4-terminal", "-x" },
	{ "mate-terminal", "-x" },
	{ "urxvt", "-e" },
	{ "xterm", "-e" },
};

/* $0 is customerclient, $1 the order. At their end the terminal would close with the last line on it. */
#define KEEP_OPEN "printf '\\nPress Enter to close. '; read -r _"
static const char *const scripts[] = {
	[TERMINAL_TRACK] = "\"$0\" track \"$1\"; " KEEP_OPEN,
	[TERMINAL_RATE] = "printf 'How many stars, 1 to 5? ' && read -r stars && [ -n \"$stars\" ] || exit\n"
			  "printf 'A comment (Enter for none): '; read -r comment\n"
			  "if [ -n \"$comment\" ]; then \"$0\" rate \"$1\" \"$stars\" --comment \"$comment\"\n"
			  "else \"$0\" rate \"$1\" \"$stars\"; fi; " KEEP_OPEN,
};

static const char *separator_of(const char *program)
{
	g_autofree char *name = g_path_get_basename(program);

	if (streq(name, "xdg-terminal-exec"))
		return NULL;
	for (size_t i = 0; i < ELEMENTSOF(terminals); i++)
		if (streq(terminals[i].program, name))
			return terminals[i].separator;
	return "-e"; /* what Debian's policy asks of an x-terminal-emulator, and most others know */
}

char **terminal_argv(const char *program, const char *const *command)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = NULL;
	const char *separator;

	if (!g_shell_parse_argv(program, /* argcp= */ NULL, &words, /* error= */ NULL))
		return NULL;
	for (char **w = words; *w; w++)
		g_ptr_array_add(argv, g_strdup(*w));
	separator = separator_of(words[0]);
	if (separator)
		g_ptr_array_add(argv, g_strdup(separator));
	for (; *command; command++)
		g_ptr_array_add(argv, g_strdup(*command));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), /* free_segment= */ FALSE);
}

/* $TERMINAL, which may have arguments, when its program is there. */
static char *find_configured(void)
{
	const char *value = g_getenv("TERMINAL");
	g_auto(GStrv) words = NULL;
	g_autofree char *path = NULL;

	if (isempty(value) || !g_shell_parse_argv(value, NULL, &words, NULL))
		return NULL;
	path = g_find_program_in_path(words[0]);
	return path ? g_strdup(value) : NULL;
}

char *terminal_find(void)
{
	char *found = g_find_program_in_path("xdg-terminal-exec");

	if (!found)
		found = find_configured();
	if (!found)
		found = g_find_program_in_path("x-terminal-emulator");
	for (size_t i = 0; i < ELEMENTSOF(terminals) && !found; i++)
		found = g_find_program_in_path(terminals[i].program);
	return found;
}

/* What a window needs to find the screen and to come to the front. */
static char **window_environment(const char *token)
{
	static const char *const names[] = { "PATH", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TERMINAL",
					     "DBUS_SESSION_BUS_ADDRESS", "LANG", "XDG_CURRENT_DESKTOP" };
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
		log_warning("The terminal could not be started: %s", error->message);
		return -EIO;
	}
	return 0;
}

struct launch {
	char **argv;
	char *token;
};

static void launch_free(struct launch *l)
{
	g_strfreev(l->argv);
	g_free(l->token);
	g_free(l);
}

/* Where no user manager is on the bus (a bus of one's own, another init) it becomes a child. */
static void on_unit(GObject *source, GAsyncResult *result, void *userdata)
{
	struct launch *l = userdata;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	if (!reply) {
		log_debug("No unit for the terminal (%s), starting it directly", error->message);
		(void)spawn_child(l->argv, l->token);
	}
	launch_free(l);
}

static void add_property(GVariantBuilder *properties, const char *name, GVariant *value)
{
	g_variant_builder_add(properties, "(sv)", name, value);
}

static GVariant *unit_arguments(const char *path, char **argv, const char *token)
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
	add_property(&properties, "Description", g_variant_new_string("customerclient in a terminal"));
	add_property(&properties, "Slice", g_variant_new_string("app.slice"));
	add_property(&properties, "CollectMode", g_variant_new_string("inactive-or-failed"));
	add_property(&properties, "Environment", g_variant_new_strv((const char *const *)environment, -1));
	add_property(&properties, "ExecStart", g_variant_builder_end(&command));
	return g_variant_new("(ssa(sv)@a(sa(sv)))", name, "fail", &properties,
			     g_variant_new_array(G_VARIANT_TYPE("(sa(sv))"), NULL, 0));
}

int terminal_open(GDBusConnection *bus, enum terminal_task task, const char *uid, const char *token)
{
	g_autofree char *terminal = terminal_find();
	g_autofree char *client = g_find_program_in_path("customerclient") ?: g_strdup(BINDIR "/customerclient");
	const char *const command[] = { "/bin/sh", "-c", scripts[task], client, uid, NULL };
	g_auto(GStrv) argv = NULL;
	g_autofree char *path = NULL;
	struct launch *l;

	argv = terminal ? terminal_argv(terminal, command) : NULL;
	path = argv ? g_find_program_in_path(argv[0]) : NULL;
	if (!path)
		return -ENOENT;
	l = g_new0(struct launch, 1);
	l->argv = g_strdupv(argv);
	l->token = g_strdup(token);
	g_dbus_connection_call(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "StartTransientUnit",
			       unit_arguments(path, argv, token), G_VARIANT_TYPE("(o)"),
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, MANAGER_TIMEOUT_MSEC, /* cancellable= */ NULL,
			       on_unit, l);
	return 0;
}
