/* Following one order over the bus, by sd-event. What is shown of it is the verbs' business. */
#include "clients/cli/watch.h"

#include "base/timeutil.h"
#include "clients/common/dict.h"

enum { CALL_ORDER, CALL_OBJECT, CALL_DAEMON, _CALL_MAX };

static void read_order(struct watch *w);

static void finish(struct watch *w, int result)
{
	if (result == 0 || w->result != 0)
		return;
	w->result = result;
}

static void set_gone(struct watch *w)
{
	bool told = w->gone_since != 0;

	if (!told)
		w->gone_since = now_realtime();
	w->retry_at = now_monotonic() + 2 * USEC_PER_SEC;
	if (!told)
		finish(w, w->on_change(w, w->userdata));
}

/* The daemon is not there, or not yet able to answer. */
static bool means_gone(const sd_bus_error *error)
{
	return client_exit_status(error->name, CLIENT_READS) == CC_EXIT_NO_DAEMON ||
	       client_error_id(error->name) == CC_E_BUSY;
}

static int take_daemon(struct watch *w, sd_bus_message *m)
{
	struct daemon {
		int online;
		char *push;
	} d = {};
	static const struct dict_field fields[] = {
		{ "Online", 'b', offsetof(struct daemon, online) },
		{ "PushState", 's', offsetof(struct daemon, push) },
	};
	int r;

	r = dict_read(m, fields, ELEMENTSOF(fields), &d);
	w->online = d.online;
	free(w->push);
	w->push = d.push;
	return r;
}

/* All three answers are here. The object is there only while the order is pending. */
static void take_replies(struct watch *w)
{
	struct order o;
	int r;

	order_init(&o);
	r = order_read(w->replies[CALL_ORDER], &o);
	if (r >= 0 && (!o.uid || !o.status))
		r = -EBADMSG;
	if (r >= 0 && !sd_bus_message_is_method_error(w->replies[CALL_OBJECT], NULL))
		r = order_read_properties(w->replies[CALL_OBJECT], &o);
	if (r >= 0 && !sd_bus_message_is_method_error(w->replies[CALL_DAEMON], NULL))
		r = take_daemon(w, w->replies[CALL_DAEMON]);
	if (r < 0) {
		order_done(&o);
		finish(w, cli_bad_reply(w->cli, r, "Orders.Get"));
		return;
	}
	order_done(&w->order);
	w->order = o;
	w->known = true;
	w->read_at = now_realtime();
	w->gone_since = 0;
	finish(w, w->on_change(w, w->userdata));
}

static void drop_calls(struct watch *w)
{
	for (int i = 0; i < _CALL_MAX; i++) {
		w->calls[i] = sd_bus_slot_unref(w->calls[i]);
		w->replies[i] = sd_bus_message_unref(w->replies[i]);
	}
	w->open_calls = 0;
}

static void all_answered(struct watch *w)
{
	const sd_bus_error *error = sd_bus_message_get_error(w->replies[CALL_ORDER]);

	if (!error)
		take_replies(w);
	else if (means_gone(error))
		set_gone(w);
	else
		finish(w, cli_fail_error(w->cli, error, CLIENT_READS));
	drop_calls(w);
	if (w->again && !w->gone_since)
		read_order(w);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct watch *w = userdata;
	sd_bus_slot *slot = sd_bus_get_current_slot(sd_bus_message_get_bus(m));

	(void)ret_error;
	for (int i = 0; i < _CALL_MAX; i++)
		if (w->calls[i] == slot && !w->replies[i]) {
			w->replies[i] = sd_bus_message_ref(m);
			w->open_calls--;
		}
	if (w->open_calls == 0)
		all_answered(w);
	return 0;
}

static int get_all_async(struct watch *w, int call, const char *path, const char *interface)
{
	return sd_bus_call_method_async(w->cli->client->bus, &w->calls[call], CC_BUS_NAME, path,
					"org.freedesktop.DBus.Properties", "GetAll", on_reply, w, "s",
					interface);
}

static void read_order(struct watch *w)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (w->open_calls > 0) {
		w->again = true;
		return;
	}
	w->again = false;
	w->retry_at = 0;
	r = order_object_path(w->uid, &path);
	if (r >= 0)
		r = sd_bus_call_method_async(w->cli->client->bus, &w->calls[CALL_ORDER], CC_BUS_NAME, CC_PATH,
					     CC_IFACE_ORDERS, "Get", on_reply, w, "s", w->uid);
	if (r >= 0)
		r = get_all_async(w, CALL_OBJECT, path, CC_IFACE_ORDER);
	if (r >= 0)
		r = get_all_async(w, CALL_DAEMON, CC_PATH, CC_IFACE_DAEMON);
	if (r < 0) {
		drop_calls(w);
		finish(w, cli_fail_errno(w->cli, r, "The session bus cannot be used any more"));
		return;
	}
	w->open_calls = _CALL_MAX;
}

static int on_any_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m;
	(void)ret_error;
	read_order(userdata);
	return 0;
}

/* Orders.Changed, .CourierMoved and Payments.Changed begin with the uid. */
static int on_order_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct watch *w = userdata;
	const char *uid;

	(void)ret_error;
	if (sd_bus_message_read(m, "s", &uid) > 0 && streq(uid, w->uid))
		read_order(w);
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct watch *w = userdata;
	const char *owner;

	(void)ret_error;
	if (sd_bus_message_read(m, "sss", NULL, NULL, &owner) < 0)
		return 0;
	if (*owner)
		read_order(w);
	else
		set_gone(w);
	return 0;
}

static int on_bus_lost(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct watch *w = userdata;

	(void)m;
	(void)ret_error;
	finish(w, cli_fail(w->cli, CC_EXIT_NO_DAEMON, SD_BUS_ERROR_DISCONNECTED,
			   "The session bus closed the connection"));
	return 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct watch *w = userdata;

	finish(w, w->on_second(w, w->userdata));
	if (w->retry_at && now_monotonic() >= w->retry_at)
		read_order(w);
	(void)sd_event_source_set_time(s, usec + USEC_PER_SEC);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ON);
	return 0;
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	(void)s;
	(void)si;
	finish(userdata, -EINTR);
	return 0;
}

static int add_match(struct watch *w, int i, const char *rule, sd_bus_message_handler_t handler)
{
	return sd_bus_add_match(w->cli->client->bus, &w->matches[i], rule, handler, w);
}

static int add_matches(struct watch *w)
{
	_cleanup_free_ char *path = NULL, *object_rule = NULL;
	int r;

	r = order_object_path(w->uid, &path);
	if (r < 0)
		return r;
	object_rule = strprintf("type='signal',sender='" CC_BUS_NAME "',path='%s',member='PropertiesChanged'",
				path);
	if (!object_rule)
		return -ENOMEM;
	r = add_match(w, 0,
		      "type='signal',sender='" CC_BUS_NAME "',path='" CC_PATH "',interface='" CC_IFACE_ORDERS
		      "'",
		      on_order_signal);
	if (r >= 0)
		r = add_match(w, 1, object_rule, on_any_signal);
	if (r >= 0)
		r = add_match(w, 2,
			      "type='signal',sender='" CC_BUS_NAME "',path='" CC_PATH
			      "',member='PropertiesChanged',arg0='" CC_IFACE_DAEMON "'",
			      on_any_signal);
	if (r >= 0)
		r = add_match(w, 3,
			      "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0="
			      "'" CC_BUS_NAME "'",
			      on_owner);
	if (r >= 0)
		r = sd_bus_match_signal(w->cli->client->bus, &w->matches[4], NULL,
					"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
					"Disconnected", on_bus_lost, w);
	if (r >= 0)
		r = add_match(w, 5,
			      "type='signal',sender='" CC_BUS_NAME "',path='" CC_PATH
			      "',interface='" CC_IFACE_PAYMENTS "'",
			      on_order_signal);
	return r;
}

static int add_sources(struct watch *w)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	sigset_t block;
	uint64_t now;
	int r;

	sigemptyset(&block);
	for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
		sigaddset(&block, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &block, NULL) < 0)
		return -errno;
	r = sd_event_new(&w->event);
	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++)
		r = sd_event_add_signal(w->event, &w->signals[i], numbers[i], on_interrupt, w);
	if (r >= 0)
		r = sd_event_now(w->event, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_add_time(w->event, &w->timer, CLOCK_MONOTONIC, now + USEC_PER_SEC, USEC_PER_MSEC,
				      on_timer, w);
	if (r >= 0)
		r = sd_bus_attach_event(w->cli->client->bus, w->event, SD_EVENT_PRIORITY_NORMAL);
	return r < 0 ? r : 0;
}

int watch_init(struct watch *w, struct cli *cli, const char *uid)
{
	int r;

	*w = (struct watch){ .cli = cli, .uid = xstrdup(uid) };
	order_init(&w->order);
	r = add_sources(w);
	if (r >= 0)
		r = add_matches(w);
	return r < 0 ? cli_fail_errno(cli, r, "The session bus cannot be watched") : 0;
}

void watch_done(struct watch *w)
{
	drop_calls(w);
	for (size_t i = 0; i < ELEMENTSOF(w->matches); i++)
		w->matches[i] = sd_bus_slot_unref(w->matches[i]);
	w->timer = sd_event_source_unref(w->timer);
	for (size_t i = 0; i < ELEMENTSOF(w->signals); i++)
		w->signals[i] = sd_event_source_unref(w->signals[i]);
	if (w->event)
		(void)sd_bus_detach_event(w->cli->client->bus);
	w->event = sd_event_unref(w->event);
	order_done(&w->order);
	free(w->uid);
	free(w->push);
}

int watch_run(struct watch *w)
{
	int r = 0;

	if (cli_interrupted())
		return -EINTR;
	read_order(w);
	/* Not sd_event_exit(): with the loop it would also close the bus. */
	while (w->result == 0 && (r = sd_event_run(w->event, UINT64_MAX)) >= 0)
		;
	if (r < 0 && w->result == 0)
		return cli_fail_errno(w->cli, r, "The session bus cannot be watched");
	return w->result;
}
