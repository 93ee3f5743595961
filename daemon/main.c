/* customerclientd: puts the parts together in the order in which they may fail, and takes them apart again. */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>

#include "base/config.h"
#include "base/log.h"
#include "base/timeutil.h"
#include "bus/bus.h"
#include "core/core.h"
#include "dbus/names.h"
#include "net/http.h"

struct daemon {
	struct event_base *base;
	struct bus *bus;
	struct core *core;
	struct event *sigterm, *sigint, *sighup, *watchdog;
};

/* The sentence goes to the log and to the unit's status, where a client finds it when we are gone. */
static int refuse(int status, const char *format, ...) _printf_(2, 3);
static int refuse(int status, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&sentence, format, ap) < 0)
		sentence = NULL;
	va_end(ap);
	log_error("%s", sentence ? sentence : "Out of memory");
	(void)sd_notifyf(0, "STATUS=%s", sentence ? sentence : "Out of memory");
	return status;
}

static void on_terminate(evutil_socket_t number, short what, void *userdata)
{
	struct daemon *d = userdata;

	(void)what;
	log_info("Going down on signal %d", (int)number);
	bus_exit(d->bus);
}

static void on_reload(evutil_socket_t number, short what, void *userdata)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *error = NULL;
	struct daemon *d = userdata;
	int r;

	(void)number;
	(void)what;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_monotonic());
	r = config_load(&config, &error);
	if (r < 0) {
		log_error("%s; keeping the configuration as it was", error ? error : strerror(-r));
	} else {
		enum log_level level = config->log_level;

		r = core_reload(d->core, TAKE_PTR(config));
		if (r == -EBUSY)
			log_warning("Another service takes effect at the next start; keeping the configuration as it was");
		else if (r < 0)
			log_error("The new configuration could not be taken over: %s", strerror(-r));
		else
			log_set_level(level);
	}
	(void)sd_notify(0, "READY=1");
}

static void on_watchdog(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	(void)userdata;
	(void)sd_notify(0, "WATCHDOG=1");
}

static int add_event(struct event **ret, struct event *ev, const struct timeval *every)
{
	*ret = ev;
	return ev && event_add(ev, every) == 0 ? 0 : -ENOMEM;
}

/* Until there are handlers, the signals wait: a stop in the middle of a start is a stop like any other. */
static void hold_signals(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(how, &set, NULL);
}

static int watch(struct daemon *d)
{
	uint64_t usec;
	int r;

	if ((r = add_event(&d->sigterm, evsignal_new(d->base, SIGTERM, on_terminate, d), NULL)) < 0 ||
	    (r = add_event(&d->sigint, evsignal_new(d->base, SIGINT, on_terminate, d), NULL)) < 0 ||
	    (r = add_event(&d->sighup, evsignal_new(d->base, SIGHUP, on_reload, d), NULL)) < 0)
		return r;
	hold_signals(SIG_UNBLOCK);
	if (sd_watchdog_enabled(0, &usec) > 0) {
		/* From the loop, so that a loop that hangs is seen. */
		const struct timeval third = { .tv_sec = (time_t)(usec / 3 / USEC_PER_SEC),
					       .tv_usec = (suseconds_t)(usec / 3 % USEC_PER_SEC) };

		r = add_event(&d->watchdog, event_new(d->base, -1, EV_PERSIST, on_watchdog, d), &third);
	}
	return r;
}

static int load_config(struct config **ret)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *error = NULL, *file = NULL;
	int r;

	r = config_load(&config, &error);
	if (r < 0)
		return refuse(CC_EXIT_CONFIG, "%s", error ? error : strerror(-r));
	log_set_level(config->log_level);
	if (!config->base_url) {
		file = config_user_file();
		return refuse(CC_EXIT_CONFIG, "No service is configured: write BaseUrl=https://… under [Services] in %s, or try ./demo --shell",
			      file ? file : "customerclientd.conf");
	}
	if (config->ca_file && access(config->ca_file, R_OK) < 0)
		return refuse(CC_EXIT_CONFIG, "CAFile=%s under [Services] cannot be read: %s", config->ca_file,
			      strerror(errno));
	*ret = TAKE_PTR(config);
	return 0;
}

/* The name before the databases: a second daemon must not touch those of the first. Signals before the name: who sees
 * it may send one. No network before core_start(). */
static int start(struct daemon *d, struct config *config)
{
	_cleanup_free_ char *error = NULL;
	int r;

	r = watch(d);
	if (r < 0) {
		config_free(config);
		return refuse(EXIT_FAILURE, "Signals and watchdog could not be set up: %s", strerror(-r));
	}
	r = bus_open(d->base, &d->bus, &error);
	if (r < 0) {
		config_free(config);
		return refuse(EXIT_FAILURE, "%s", error ? error : strerror(-r));
	}
	r = core_new(d->base, config, &d->core, &error);
	if (r < 0)
		return refuse(EXIT_FAILURE, "%s", error ? error : strerror(-r));
	r = bus_attach(d->bus, d->core);
	if (r < 0)
		return refuse(EXIT_FAILURE, "The objects could not be put on the bus: %s", strerror(-r));
	(void)sd_notify(0, "READY=1\nSTATUS=Serving " CC_BUS_NAME);
	core_start(d->core);
	return 0;
}

static int run(struct daemon *d)
{
	int r = bus_run(d->bus);

	(void)sd_notify(0, "STOPPING=1");
	if (r < 0)
		return refuse(EXIT_FAILURE, "The session bus is gone (%s), so am I", strerror(-r));
	return 0;
}

static void free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

static void take_apart(struct daemon *d)
{
	if (d->bus)
		bus_stop(d->bus);
	core_free(d->core);
	bus_free(d->bus);
	free_event(d->sigterm);
	free_event(d->sigint);
	free_event(d->sighup);
	free_event(d->watchdog);
	if (d->base)
		event_base_free(d->base);
}

static int serve(void)
{
	struct daemon d = { 0 };
	struct config *config = NULL;
	int status;

	/* No core dump, no ptrace by others of the same user: this process holds a token. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is a full disk, and no reason to die */
	hold_signals(SIG_BLOCK);
	status = load_config(&config);
	if (status != 0)
		return status;
	d.base = event_base_new();
	if (!d.base || http_global_init() < 0) {
		config_free(config);
		status = refuse(EXIT_FAILURE, "The loop or the network library could not be set up");
	} else {
		status = start(&d, config);
	}
	if (status == 0)
		status = run(&d);
	take_apart(&d);
	return status;
}

static void help(void)
{
	(void)printf("customerclientd [--help] [--version]\n\n"
		     "The customer's side of a delivery service, as a program of the session: keeps the session, the\n"
		     "cart and the orders, follows them, and serves %s on the session bus.\n"
		     "Usually started by systemd (%s) or by the first call to that name.\n\n"
		     "  -h, --help     this text\n"
		     "  -V, --version  the version\n\n"
		     "Exit status: 0 after SIGTERM or SIGINT, 78 for a bad configuration, 1 for any other failure.\n"
		     "SIGHUP reads the configuration again: ~/.config/customerclient/customerclientd.conf, where BaseUrl=\n"
		     "under [Services] names the service.\n",
		     CC_BUS_NAME, CC_UNIT_DAEMON);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
		switch (c) {
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'V':
			(void)printf("customerclientd %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			return CC_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "customerclientd: '%s' is not an option; see --help\n", argv[optind]);
		return CC_EXIT_USAGE;
	}
	return serve();
}
