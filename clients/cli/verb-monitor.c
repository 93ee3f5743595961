/* monitor: each change as one line of JSON, none missed while the daemon was away. */
#include <systemd/sd-event.h>

#include "base/timeutil.h"
#include "clients/cli/cli.h"
#include "clients/cli/items.h"
#include "clients/cli/verbs.h"
#include "dbus/jsonview.h"

#define BATCH 1000

struct monitor {
	struct cli *cli;
	sd_event *event;
	uint64_t seq;  /* of the last line */
	int result;    /* of a failure that was told; 1: interrupted */
	bool catching_up, again;
	sd_bus_slot *call;
};

static void catch_up(struct monitor *m);

static void finish(struct monitor *m, int result)
{
	if (m->result == 0)
		m->result = result;
}

/* The message stands on the members of CC_SIG_EVENT. 1 = printed or passed over as known. */
static int print_event(struct monitor *m, sd_bus_message *msg)
{
	_cleanup_json_ json_object *o = xcheck(json_object_new_object());
	json_object *details;
	const char *kind, *uid;
	uint64_t seq;
	int r;

	r = sd_bus_message_read(msg, "tss", &seq, &kind, &uid);
	if (r <= 0)
		return r;
	r = json_from_dict(msg, &details);
	if (r < 0)
		return r;
	json_object_object_add(o, "seq", json_object_new_uint64(seq));
	json_object_object_add(o, "kind", json_object_new_string(kind));
	if (*uid)
		json_object_object_add(o, "uid", json_object_new_string(uid));
	json_object_object_add(o, "details", details);
	if (seq <= m->seq && !streq(kind, "resync"))
		return 1;
	if (seq > m->seq)
		m->seq = seq;
	cli_print_json_line(TAKE_PTR(o));
	if (ferror(stdout))
		finish(m, cli_fail_errno(m->cli, -errno, "The output could not be written"));
	return 1;
}

/* A signal that leaves a gap behind the last line is not printed by itself: what came between is asked
 * for. */
static int on_event(sd_bus_message *msg, void *userdata, sd_bus_error *ret_error)
{
	struct monitor *m = userdata;
	uint64_t seq;
	int r;

	(void)ret_error;
	r = sd_bus_message_read(msg, "t", &seq);
	if (r < 0)
		return 0;
	if (m->catching_up || seq > m->seq + 1) {
		catch_up(m);
		return 0;
	}
	(void)sd_bus_message_rewind(msg, true);
	r = print_event(m, msg);
	if (r < 0)
		finish(m, cli_bad_reply(m->cli, r, "Daemon.Event"));
	return 0;
}

static int on_caught_up(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct monitor *m = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	unsigned n = 0;
	int r;

	(void)ret_error;
	m->catching_up = false;
	if (error) {
		/* Gone in the middle: its return is told, and then it is asked again. */
		if (client_exit_status(error->name, CLIENT_READS) != CC_EXIT_NO_DAEMON)
			finish(m, cli_fail_error(m->cli, error, CLIENT_READS));
		return 0;
	}
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_EVENT);
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "tssa{sv}")) > 0) {
		r = print_event(m, reply);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
		n++;
	}
	if (r < 0) {
		finish(m, cli_bad_reply(m->cli, r, "Daemon.GetEventsSince"));
		return 0;
	}
	if (m->again || n == BATCH)
		catch_up(m);
	return 0;
}

static void catch_up(struct monitor *m)
{
	int r;

	m->again = m->catching_up;
	if (m->catching_up)
		return;
	m->call = sd_bus_slot_unref(m->call);
	r = sd_bus_call_method_async(m->cli->client->bus, &m->call, CC_BUS_NAME, CC_PATH, CC_IFACE_DAEMON,
				     "GetEventsSince", on_caught_up, m, "tu", m->seq, BATCH);
	if (r < 0)
		finish(m, cli_fail_errno(m->cli, r, "The session bus cannot be used any more"));
	else
		m->catching_up = true;
}

static int on_owner(sd_bus_message *msg, void *userdata, sd_bus_error *ret_error)
{
	struct monitor *m = userdata;
	const char *owner;

	(void)ret_error;
	if (sd_bus_message_read(msg, "sss", NULL, NULL, &owner) < 0)
		return 0;
	if (*owner)
		catch_up(m);
	else
		cli_note("The daemon is gone; waiting for it.");
	return 0;
}

static int on_bus_lost(sd_bus_message *msg, void *userdata, sd_bus_error *ret_error)
{
	struct monitor *m = userdata;

	(void)msg;
	(void)ret_error;
	finish(m, cli_fail(m->cli, CC_EXIT_NO_DAEMON, SD_BUS_ERROR_DISCONNECTED,
			   "The session bus closed the connection"));
	return 0;
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	(void)s;
	(void)si;
	finish(userdata, 1);
	return 0;
}

static int prepare(struct monitor *m)
{
	sd_bus *bus = m->cli->client->bus;
	sigset_t block;
	int r;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &block, NULL) < 0)
		return -errno;
	r = sd_event_new(&m->event);
	if (r >= 0)
		r = sd_event_add_signal(m->event, NULL, SIGINT, on_interrupt, m);
	if (r >= 0)
		r = sd_event_add_signal(m->event, NULL, SIGTERM, on_interrupt, m);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, CC_BUS_NAME, CC_PATH, CC_IFACE_DAEMON, "Event", on_event,
					m);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected", on_bus_lost, m);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
				     "arg0='" CC_BUS_NAME "'",
				     on_owner, m);
	if (r >= 0)
		r = sd_bus_attach_event(bus, m->event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

/* Where to begin: --since, or now. */
static int read_seq(struct cli *cli, const struct args *args, uint64_t *ret)
{
	const char *since = args_option(args, "since");
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	if (since && number_parse(since, UINT64_MAX, ret) < 0)
		return cli_usage(cli, "--since cannot be '%s'; it is the seq of an event", since);
	if (since)
		return 0;
	r = client_get_property(cli->client, CC_IFACE_DAEMON, "EventSeq", "t", &e, &reply);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	r = sd_bus_message_read(reply, "t", ret);
	return r < 0 ? cli_bad_reply(cli, r, "Daemon.EventSeq") : 0;
}

int verb_monitor(struct cli *cli, const struct args *args)
{
	struct monitor m = { .cli = cli };
	int r;

	r = read_seq(cli, args, &m.seq);
	if (r < 0)
		return r;
	r = prepare(&m);
	if (r < 0)
		return cli_fail_errno(cli, r, "The session bus cannot be watched");
	catch_up(&m);
	while (m.result == 0 && (r = sd_event_run(m.event, UINT64_MAX)) >= 0)
		;
	m.call = sd_bus_slot_unref(m.call);
	(void)sd_bus_detach_event(cli->client->bus);
	sd_event_unref(m.event);
	if (r < 0 && m.result == 0)
		return cli_fail_errno(cli, r, "The session bus cannot be watched");
	return m.result > 0 ? CC_EXIT_INTERRUPTED : m.result;
}
