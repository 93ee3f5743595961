/* customerclient-notifier: tells the person about their orders in bubbles on the desktop. Options, the bus, signals
 * and the main loop; the work is in notifier.c. */
#include "config.h"

#include <getopt.h>
#include <glib-unix.h>
#include <gio/gio.h>
#include <locale.h>
#include <stdio.h>

#include "base/log.h"
#include "dbus/names.h"
#include "notifier/notifier.h"
#include "notifier/settings.h"

struct program {
	GMainLoop *loop;
	GDBusConnection *bus;
	struct notifier *notifier;
	struct settings settings;
	int status;
};

static void print_help(void)
{
	puts("Usage: customerclient-notifier [OPTION…]\n"
	     "\n"
	     "Shows a bubble on the desktop for each of your orders and keeps it up to date.\n"
	     "It is usually started by the desktop: systemctl --user enable --now " CC_UNIT_NOTIFIER "\n"
	     "\n"
	     "  -h, --help     print this and exit\n"
	     "      --version  print the version and exit\n"
	     "\n"
	     "In customerclientd.conf, section [Notifications]: Promotions=yes shows the service's advertisements too,\n"
	     "QuietHours=22:00-07:00 shows nothing within them, and after them how orders ended meanwhile.\n"
	     "CUSTOMERCLIENT_LOG_LEVEL is error, warning, info (default) or debug.");
}

/* 1: go on; 0: done; -EINVAL: a usage error, which was said. */
static int parse_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
		switch (c) {
		case 'h':
			print_help();
			return 0;
		case 'V':
			puts("customerclient-notifier " PACKAGE_VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	if (optind < argc) {
		fprintf(stderr, "customerclient-notifier: there are no arguments, but \"%s\" was given\n",
			argv[optind]);
		return -EINVAL;
	}
	return 1;
}

static void load_settings(struct program *p)
{
	settings_load(&p->settings);
	if (p->notifier)
		notifier_set(p->notifier, &p->settings);
}

static void set_log_level(void)
{
	const char *name = getenv("CUSTOMERCLIENT_LOG_LEVEL");
	enum log_level level;

	if (isempty(name))
		return;
	if (log_level_from_string(name, &level) < 0)
		log_warning("CUSTOMERCLIENT_LOG_LEVEL '%s' is not error, warning, info or debug, ignoring", name);
	else
		log_set_level(level);
}

static void stop(struct program *p, int status)
{
	p->status = status;
	g_main_loop_quit(p->loop);
}

static gboolean on_terminate(void *userdata)
{
	stop(userdata, CC_EXIT_OK);
	return G_SOURCE_CONTINUE;
}

static gboolean on_hangup(void *userdata)
{
	load_settings(userdata);
	log_debug("The configuration was read again");
	return G_SOURCE_CONTINUE;
}

static void on_bus_closed(GDBusConnection *bus, gboolean vanished, GError *error, void *userdata)
{
	(void)bus, (void)vanished, (void)error;
	log_error("The session bus has gone; stopping");
	stop(userdata, CC_EXIT_FAILURE);
}

static void on_name_acquired(GDBusConnection *bus, const char *name, void *userdata)
{
	struct program *p = userdata;

	(void)name;
	p->notifier = notifier_new(bus, &p->settings);
	if (!p->notifier) {
		log_error("libnotify could not be set up; stopping");
		stop(p, CC_EXIT_FAILURE);
	}
}

static void on_name_lost(GDBusConnection *bus, const char *name, void *userdata)
{
	(void)bus, (void)name;
	log_error("Another customerclient-notifier shows the bubbles in this session; stopping");
	stop(userdata, CC_EXIT_FAILURE);
}

/* Without this question GDBus would start a session bus of its own, on which nobody is. */
static bool have_session_bus(void)
{
	g_autofree char *path = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);

	return !isempty(g_getenv("DBUS_SESSION_BUS_ADDRESS")) || access(path, F_OK) >= 0;
}

static GDBusConnection *connect_bus(void)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *bus;

	if (!have_session_bus()) {
		log_error("There is no session bus (DBUS_SESSION_BUS_ADDRESS is not set); "
			  "start it in a desktop session");
		return NULL;
	}
	bus = g_bus_get_sync(G_BUS_TYPE_SESSION, /* cancellable= */ NULL, &error);
	if (!bus)
		log_error("The session bus cannot be reached: %s", error->message);
	else
		g_dbus_connection_set_exit_on_close(bus, FALSE);
	return bus;
}

static int run(void)
{
	struct program p = { .status = CC_EXIT_FAILURE };
	guint name, term, interrupt, hangup;

	set_log_level();
	load_settings(&p);
	p.bus = connect_bus();
	if (!p.bus)
		return CC_EXIT_FAILURE;
	p.loop = g_main_loop_new(/* context= */ NULL, /* is_running= */ FALSE);
	term = g_unix_signal_add(SIGTERM, on_terminate, &p);
	interrupt = g_unix_signal_add(SIGINT, on_terminate, &p);
	hangup = g_unix_signal_add(SIGHUP, on_hangup, &p);
	g_signal_connect(p.bus, "closed", G_CALLBACK(on_bus_closed), &p);
	name = g_bus_own_name_on_connection(p.bus, CC_NOTIFIER_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
					    on_name_acquired, on_name_lost, &p, /* free_func= */ NULL);
	g_main_loop_run(p.loop);

	notifier_free(p.notifier);
	g_bus_unown_name(name);
	g_source_remove(term);
	g_source_remove(interrupt);
	g_source_remove(hangup);
	g_signal_handlers_disconnect_by_data(p.bus, &p);
	g_object_unref(p.bus);
	g_main_loop_unref(p.loop);
	return p.status;
}

int main(int argc, char **argv)
{
	int r;

	(void)setlocale(LC_CTYPE, ""); /* the words are English, whatever the language of the dates would be */
	r = parse_arguments(argc, argv);
	if (r <= 0)
		return r < 0 ? CC_EXIT_USAGE : CC_EXIT_OK;
	return run();
}
