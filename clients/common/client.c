/* The connection to the daemon and the calls over it. What the calls mean is the callers' business; how the
 * daemon is started is in start.c, what error names mean in errors.c. */
#include "clients/common/client.h"

#include <poll.h>
#include <stdarg.h>
#include <time.h>

#include "base/timeutil.h"

/* sd-bus counts a call's time from when the bus has greeted us; a bus that never does is given up a little later. */
#define GREETING_GRACE (USEC_PER_SEC / 2)

struct pending_call {
	sd_bus_message *reply;
	bool done;
};

int client_open(struct client **ret, sd_bus_error *error)
{
	_cleanup_(client_freep) struct client *c = NULL;
	int r;

	c = new0(struct client, 1);
	if (!c)
		return sd_bus_error_set_errno(error, -ENOMEM);
	c->timeout_usec = CLIENT_TIMEOUT_DEFAULT;
	c->start_timeout_usec = CLIENT_START_TIMEOUT_DEFAULT;
	r = sd_bus_open_user_with_description(&c->bus, "customerclient");
	if (r < 0) {
		sd_bus_error_setf(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				  "There is no session bus here (%s); log in to a session, or run this under "
				  "dbus-run-session",
				  strerror(-r));
		return r;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	/* A bus that has not greeted us would be waited for. */
	if (sd_bus_is_ready(c->bus) > 0)
		sd_bus_flush_close_unref(c->bus);
	else
		sd_bus_close_unref(c->bus);
	free(c);
	return NULL;
}

int client_new_call(struct client *c, const char *interface, const char *member, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(c->bus, ret, CC_BUS_NAME, CC_PATH, interface, member);
}

static int pending_call_done(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct pending_call *call = userdata;

	(void)ret_error;
	call->reply = sd_bus_message_ref(reply);
	call->done = true;
	return 1;
}

static int wait_bus(sd_bus *bus, const sigset_t *mask, uint64_t limit)
{
	struct pollfd p = { .fd = sd_bus_get_fd(bus) };
	struct timespec ts;
	uint64_t until, now;
	int r;

	r = sd_bus_get_events(bus);
	if (r < 0)
		return r;
	p.events = (short)r;
	r = sd_bus_get_timeout(bus, &until);
	if (r < 0)
		return r;
	if (until > limit)
		until = limit;
	now = now_monotonic();
	until = until > now ? until - now : 0;
	ts.tv_sec = (time_t)(until / USEC_PER_SEC);
	ts.tv_nsec = (long)(until % USEC_PER_SEC * 1000);
	if (ppoll(&p, 1, &ts, mask) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* Signals are let in only inside ppoll(), so none is missed between looking at the flag and sleeping. */
static int run_until_done(struct client *c, struct pending_call *call, uint64_t limit)
{
	sigset_t block, before;
	int r;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &block, &before) < 0)
		return -errno;
	for (;;) {
		r = sd_bus_process(c->bus, NULL);
		if (r < 0 || call->done)
			break;
		if (r > 0)
			continue;
		if (c->interrupted && *c->interrupted) {
			r = -EINTR;
			break;
		}
		if (now_monotonic() >= limit) {
			r = -ETIMEDOUT;
			break;
		}
		r = wait_bus(c->bus, &before, limit);
		if (r < 0)
			break;
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return call->done ? 0 : r;
}

static int set_transport_error(sd_bus_error *error, int r)
{
	if (r == -EINTR)
		return sd_bus_error_set(error, CC_ERROR("Interrupted"), "Interrupted"), r;
	if (r == -ETIMEDOUT)
		return sd_bus_error_set(error, SD_BUS_ERROR_TIMEOUT, "The session bus does not answer"), r;
	if (r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE)
		return sd_bus_error_set(error, SD_BUS_ERROR_DISCONNECTED,
					"The session bus closed the connection"),
		       r;
	sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "The call could not be made: %s", strerror(-r));
	return r;
}

static int take_reply(struct pending_call *call, sd_bus_error *error, sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *reply = TAKE_PTR(call->reply);

	if (sd_bus_message_is_method_error(reply, NULL)) {
		(void)sd_bus_error_copy(error, sd_bus_message_get_error(reply));
		return -sd_bus_message_get_errno(reply);
	}
	if (ret_reply)
		*ret_reply = TAKE_PTR(reply);
	return 0;
}

int client_send(struct client *c, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret_reply)
{
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	struct pending_call call = {};
	uint64_t started = now_monotonic();
	int r;

	r = sd_bus_call_async(c->bus, &slot, m, pending_call_done, &call, c->timeout_usec);
	if (r >= 0)
		r = run_until_done(c, &call, started + c->timeout_usec + GREETING_GRACE);
	r = r < 0 ? set_transport_error(error, r) : take_reply(&call, error, ret_reply);
	if (c->trace)
		c->trace(sd_bus_message_get_interface(m), sd_bus_message_get_member(m),
			 now_monotonic() - started, r < 0 ? error : NULL);
	return r;
}

static int client_call_internal(struct client *c, const char *interface, const char *member,
				sd_bus_error *error, sd_bus_message **ret_reply, const char *types,
				va_list ap)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = client_new_call(c, interface, member, &m);
	if (r >= 0 && !isempty(types))
		r = sd_bus_message_appendv(m, types, ap);
	if (r < 0)
		return set_transport_error(error, r);
	return client_send(c, m, error, ret_reply);
}

int client_call(struct client *c, const char *interface, const char *member, sd_bus_error *error,
		sd_bus_message **ret_reply, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = client_call_internal(c, interface, member, error, ret_reply, types, ap);
	va_end(ap);
	return r;
}

#define IFACE_PROPERTIES "org.freedesktop.DBus.Properties"

int client_get_property(struct client *c, const char *interface, const char *name, const char *type,
			sd_bus_error *error, sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = client_call(c, IFACE_PROPERTIES, "Get", error, &reply, "ss", interface, name);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'v', type);
	if (r <= 0)
		return client_bad_reply(r < 0 ? r : -EBADMSG, name, error);
	*ret_reply = TAKE_PTR(reply);
	return 0;
}

int client_set_property(struct client *c, const char *interface, const char *name, sd_bus_error *error,
			const char *type, ...)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	va_list ap;
	int r;

	r = client_new_call(c, IFACE_PROPERTIES, "Set", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", interface, name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', type);
	if (r >= 0) {
		va_start(ap, type);
		r = sd_bus_message_appendv(m, type, ap);
		va_end(ap);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return set_transport_error(error, r);
	return client_send(c, m, error, NULL);
}

int client_get_all(struct client *c, const char *path, const char *interface, sd_bus_error *error,
		   sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(c->bus, &m, CC_BUS_NAME, path, IFACE_PROPERTIES, "GetAll");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", interface);
	if (r < 0)
		return set_transport_error(error, r);
	return client_send(c, m, error, ret_reply);
}

int client_bad_reply(int r, const char *member, sd_bus_error *error)
{
	sd_bus_error_setf(error, CC_ERROR("Protocol"), "The daemon's answer to %s could not be read: %s",
			  member, strerror(-r));
	return r;
}
