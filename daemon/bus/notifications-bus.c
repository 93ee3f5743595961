/* Interface Notifications. */
#include "base/timeutil.h"
#include "bus/bus-private.h"

#define MARK_MAX 1000

static int append_notification(const struct notification *n, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "ssssstb")) < 0 ||
	    (r = bus_append_text(m, n->uid)) < 0 ||
	    (r = bus_append_text(m, n->kind)) < 0 ||
	    (r = bus_append_text(m, n->title)) < 0 ||
	    (r = bus_append_text(m, n->body)) < 0 ||
	    (r = bus_append_text(m, n->order)) < 0 ||
	    (r = bus_append_u64(m, n->sent)) < 0 ||
	    (r = bus_append_bool(m, n->read)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int notifications_method_list(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_free_ char *next = NULL;
	struct bus *b = userdata;
	struct userdb *u;
	const char *cursor;
	uint32_t limit;
	int unread, r;

	if ((r = sd_bus_message_read(m, "bus", &unread, &limit, &cursor)) < 0 ||
	    (r = bus_check_limit(e, &limit)) < 0 ||
	    (r = bus_check_texts(e, "cursor", cursor, NULL)) < 0 ||
	    (r = bus_require_userdb(b, &u, e)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_NOTIFICATION)) < 0)
		return r;
	r = userdb_notification_each(u, unread, limit, cursor, append_notification, reply, &next);
	if (r == -EINVAL && !isempty(cursor))
		return bus_error_cursor(e, cursor);
	if (r < 0)
		return bus_error_store(e, r, "the notifications");
	if ((r = sd_bus_message_close_container(reply)) < 0 ||
	    (r = bus_append_text(reply, next)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int read_uids(sd_bus_message *m, char ***ret, sd_bus_error *e)
{
	_cleanup_(strv_freep) char **uids = NULL;
	const char *uid;
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "s");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read_basic(m, 's', &uid)) > 0) {
		if (++n > MARK_MAX)
			return bus_error_invalid(e, "'uids' has more than %d entries", MARK_MAX);
		if ((r = bus_check_texts(e, "uids", uid, NULL)) < 0 ||
		    (r = strv_push(&uids, uid)) < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(uids);
	return sd_bus_message_exit_container(m);
}

static int notifications_method_mark_read(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_(strv_freep) char **uids = NULL;
	struct bus *b = userdata;
	struct userdb *u;
	int r;

	if ((r = read_uids(m, &uids, e)) < 0 ||
	    (r = bus_require_userdb(b, &u, e)) < 0)
		return r;
	if (uids && notifications_mark_read(b->core, uids, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

static int notifications_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
				      sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	uint64_t until = 0;
	bool muted;

	(void)bus;
	(void)path;
	(void)interface;
	(void)e;
	if (streq(property, "Unread"))
		return bus_append_u32(reply, notifications_unread(b->core));
	muted = notifications_muted(b->core, &until);
	if (streq(property, "Muted"))
		return bus_append_bool(reply, muted);
	if (streq(property, "MutedUntilTimestamp"))
		return bus_append_u64(reply, muted ? until : 0);
	return -ENXIO;
}

static int set_muted(struct bus *b, bool muted, uint64_t until, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };

	if (notifications_set_muted(b->core, muted, until, &f) < 0)
		return bus_error_set(e, &f);
	bus_tell_changes(b);
	return 0;
}

static int notifications_property_set_muted(sd_bus *bus, const char *path, const char *interface, const char *property,
					    sd_bus_message *value, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	uint64_t until;
	int muted, r;

	(void)bus;
	(void)path;
	(void)interface;
	(void)property;
	r = sd_bus_message_read_basic(value, 'b', &muted);
	if (r < 0)
		return r;
	/* What is muted until some time stays so: setting what is set changes nothing. */
	if (notifications_muted(b->core, &until) == (bool)muted)
		return 0;
	return set_muted(b, muted, 0, e);
}

/* A time in the future mutes until then; 0 takes the end away from what is muted. */
static int notifications_property_set_until(sd_bus *bus, const char *path, const char *interface, const char *property,
					    sd_bus_message *value, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	uint64_t until, present;
	int r;

	(void)bus;
	(void)path;
	(void)interface;
	r = sd_bus_message_read_basic(value, 't', &until);
	if (r < 0)
		return r;
	if (until == 0)
		return notifications_muted(b->core, &present) ? set_muted(b, true, 0, e) : 0;
	if (until <= now_realtime())
		return bus_error_invalid(e, "'%s' is in the past", property);
	return set_muted(b, true, until, e);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
const sd_bus_vtable bus_notifications_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_ARGS("b", unread_only, "u", limit, "s", cursor),
				SD_BUS_RESULT("a" CC_SIG_NOTIFICATION, notifications, "s", next_cursor),
				notifications_method_list, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("MarkRead", SD_BUS_ARGS("as", uids), SD_BUS_NO_RESULT, notifications_method_mark_read,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Unread", "u", notifications_property_get, 0, CHANGES),
	SD_BUS_WRITABLE_PROPERTY("Muted", "b", notifications_property_get, notifications_property_set_muted, 0,
				 CHANGES | SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_WRITABLE_PROPERTY("MutedUntilTimestamp", "t", notifications_property_get,
				 notifications_property_set_until, 0, CHANGES | SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Received",
				SD_BUS_ARGS("s", uid, "s", kind, "s", title, "s", body, "s", order_uid, "t", sent), 0),
	SD_BUS_VTABLE_END,
};
