/* Interface Account: who is signed in, and the password. */
#include "bus/bus-private.h"

static void change_password_go_on(struct bus_op *op)
{
	session_change_password(bus_op_bus(op)->core, bus_op_secret(op, 0), bus_op_secret(op, 1), bus_op_done, op);
}

static int account_method_change_password(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int fds[2], r;

	r = sd_bus_message_read(m, "hh", &fds[0], &fds[1]);
	if (r < 0)
		return r;
	/* Before the secrets are read: they need not leave the caller for nothing. */
	if (session_require(b->core, /* reading= */ false, &f) < 0)
		return bus_error_set(e, &f);
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	bus_op_read_secrets(op, 2, fds, (const char *const[]){ "old password", "new password" },
			    change_password_go_on);
	return 1;
}

static int account_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
				sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)e;
	if (streq(property, "Login"))
		return bus_append_text(reply, session_login(b->core));
	if (streq(property, "Email"))
		return bus_append_text(reply, session_email(b->core));
	if (streq(property, "PhoneNumber"))
		return bus_append_text(reply, session_phone(b->core));
	return -ENXIO;
}

const sd_bus_vtable bus_account_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("ChangePassword", SD_BUS_ARGS("h", old, "h", new), SD_BUS_NO_RESULT,
				account_method_change_password, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Login", "s", account_property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Email", "s", account_property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("PhoneNumber", "s", account_property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
