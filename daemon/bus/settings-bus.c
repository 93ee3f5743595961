/* Interface Settings: all of them at once, and changes, by the keys of the table in docs/dbus-api.md. */
#include "bus/bus-private.h"

#define SETTINGS_MAX 32 /* entries of one call */

static int append_setting(const struct setting *s, void *userdata)
{
	return s->is_bool ? bus_put_bool(userdata, s->key, s->flag) : bus_put_text(userdata, s->key, s->text);
}

static int settings_method_get_all(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	int r;

	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0)
		return r;
	if (settings_each(b->core, append_setting, reply, &f) < 0)
		return bus_error_set(e, &f);
	r = sd_bus_message_close_container(reply);
	return r < 0 ? r : bus_send_reply(b, TAKE_PTR(reply));
}

/* One entry; texts are borrowed from the message. */
static int read_entry(sd_bus_message *m, struct setting *s, sd_bus_error *e)
{
	const char *contents;
	char quoted[QUOTED_SIZE], type;
	int r, flag;

	if ((r = sd_bus_message_read(m, "s", &s->key)) < 0 ||
	    (r = sd_bus_message_peek_type(m, &type, &contents)) < 0)
		return r;
	if (streq(contents, "b")) {
		r = sd_bus_message_read(m, "v", "b", &flag);
		s->is_bool = true;
		s->flag = r >= 0 && flag;
		return r;
	}
	if (!streq(contents, "s"))
		return bus_error_invalid(e, "The setting \"%s\" is of type '%s' and not 's' or 'b'",
					 bus_quote(quoted, s->key), contents);
	r = sd_bus_message_read(m, "v", "s", &s->text);
	return r < 0 ? r : bus_check_texts(e, s->key, s->text, NULL);
}

static int read_settings(sd_bus_message *m, struct setting *settings, size_t *ret_n, sd_bus_error *e)
{
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		if (n >= SETTINGS_MAX)
			return bus_error_invalid(e, "More than %d settings at once", SETTINGS_MAX);
		r = read_entry(m, &settings[n++], e);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r < 0)
		return r;
	*ret_n = n;
	return n > 0 ? 0 : bus_error_invalid(e, "No setting is given");
}

static void set_done(const struct failure *f, bool queued, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "s", queued ? "queued" : "saved");
}

static int settings_method_set(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct setting settings[SETTINGS_MAX] = { { 0 } };
	struct bus *b = userdata;
	struct bus_op *op;
	size_t n;
	int r;

	if ((r = read_settings(m, settings, &n, e)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	settings_set(b->core, settings, n, set_done, op);
	return 1;
}

const sd_bus_vtable bus_settings_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetAll", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", settings), settings_method_get_all,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Set", SD_BUS_ARGS("a{sv}", changed), SD_BUS_RESULT("s", result), settings_method_set,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Changed", SD_BUS_ARGS("as", keys), 0),
	SD_BUS_VTABLE_END,
};
