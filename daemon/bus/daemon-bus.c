/* Interface Daemon: state of the whole, events since a number. */
#include <config.h>

#include "bus/bus-private.h"

static int daemon_method_sync(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if (session_require(b->core, /* reading= */ false, &f) < 0)
		return bus_error_set(e, &f);
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	core_sync(b->core, bus_op_done, op);
	return 1;
}

static int append_sizes(sd_bus_message *m, struct core *core)
{
	uint64_t state, cache;
	int r;

	core_get_sizes(core, &state, &cache);
	r = bus_put_basic(m, "state-size", 't', &state);
	return r < 0 ? r : bus_put_basic(m, "cache-size", 't', &cache);
}

static int append_status(sd_bus_message *m, const struct core_status *s)
{
	int r;

	if ((r = bus_put_text(m, "version", PACKAGE_VERSION)) < 0 ||
	    (r = bus_put_bool(m, "signed-in", s->signed_in)) < 0 ||
	    (r = bus_put_text(m, "login", s->login)) < 0 ||
	    (r = bus_put_bool(m, "online", s->online)) < 0 ||
	    (r = bus_put_text(m, "push", s->push)) < 0 ||
	    (r = bus_put_time(m, "last-sync", s->last_sync)) < 0 ||
	    (r = bus_put_text(m, "last-error", s->last_error)) < 0 ||
	    (r = bus_put_text(m, "contact-error", s->contact_error)) < 0 ||
	    (r = bus_put_u32(m, "pending-operations", s->pending_operations)) < 0)
		return r;
	if (s->signed_in &&
	    ((r = bus_put_u32(m, "pending-orders", s->pending_orders)) < 0 ||
	     (r = bus_put_u32(m, "unread", s->unread)) < 0))
		return r;
	if (!isempty(s->currency) &&
	    ((r = bus_put_text(m, "currency", s->currency)) < 0 ||
	     (r = bus_put_u32(m, "currency-digits", (uint32_t)currency_digits(s->currency))) < 0))
		return r;
	if ((r = bus_put_text(m, "token-store", s->token_store)) < 0 ||
	    (r = bus_put_text(m, "keyring", s->keyring)) < 0 ||
	    (r = bus_put_text(m, "base-url", s->base_url)) < 0 ||
	    (r = bus_put_text(m, "tls", s->tls)) < 0 ||
	    (r = bus_put_text(m, "tls-version", s->tls_version)) < 0)
		return r;
	if (s->has_clock_skew && (r = bus_put_i64(m, "clock-skew", s->clock_skew)) < 0)
		return r;
	if ((r = bus_put_text(m, "state-db", s->state_db)) < 0 ||
	    (r = bus_put_text(m, "cache-db", s->cache_db)) < 0)
		return r;
	return bus_put_basic(m, "event-seq", 't', &s->event_seq);
}

static int daemon_method_get_status(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *b = userdata;
	struct core_status s = { 0 };
	int r;

	(void)e;
	core_get_status(b->core, &s);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0 ||
	    (r = append_status(reply, &s)) < 0 ||
	    (r = append_sizes(reply, b->core)) < 0 ||
	    (r = sd_bus_message_close_container(reply)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int append_event(uint64_t seq, const char *kind, const char *uid, const char *details, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "tssa{sv}")) < 0 ||
	    (r = bus_append_u64(m, seq)) < 0 ||
	    (r = bus_append_text(m, kind)) < 0 ||
	    (r = bus_append_text(m, uid)) < 0 ||
	    (r = bus_append_event_details(m, kind, details)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int daemon_method_get_events_since(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	uint64_t seq;
	uint32_t limit;
	int r;

	if ((r = sd_bus_message_read(m, "tu", &seq, &limit)) < 0 ||
	    (r = bus_check_limit(e, &limit)) < 0)
		return r;
	if (session_require(b->core, /* reading= */ true, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_EVENT)) < 0)
		return r;
	if (core_events_since(b->core, seq, limit, append_event, reply, &f) < 0)
		return bus_error_set(e, &f);
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int daemon_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
			       sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct core_status s = { 0 };

	(void)bus;
	(void)path;
	(void)interface;
	(void)e;
	if (streq(property, "Version"))
		return bus_append_text(reply, PACKAGE_VERSION);
	core_get_status(b->core, &s);
	if (streq(property, "Online"))
		return bus_append_bool(reply, s.online);
	if (streq(property, "PushState"))
		return bus_append_text(reply, s.push);
	if (streq(property, "LastSyncTimestamp"))
		return bus_append_u64(reply, s.last_sync);
	if (streq(property, "PendingOperations"))
		return bus_append_u32(reply, s.pending_operations);
	if (streq(property, "LastError"))
		return bus_append_text(reply, s.last_error);
	if (streq(property, "EventSeq"))
		return bus_append_u64(reply, s.event_seq);
	return -ENXIO;
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
const sd_bus_vtable bus_daemon_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Sync", NULL, NULL, daemon_method_sync, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetStatus", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status), daemon_method_get_status,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetEventsSince", SD_BUS_ARGS("t", seq, "u", limit),
				SD_BUS_RESULT("a" CC_SIG_EVENT, events), daemon_method_get_events_since,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Version", "s", daemon_property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Online", "b", daemon_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("PushState", "s", daemon_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("LastSyncTimestamp", "t", daemon_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("PendingOperations", "u", daemon_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("LastError", "s", daemon_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("EventSeq", "t", daemon_property_get, 0, CHANGES),
	SD_BUS_SIGNAL_WITH_ARGS("Event", SD_BUS_ARGS("t", seq, "s", kind, "s", uid, "a{sv}", details), 0),
	SD_BUS_VTABLE_END,
};
