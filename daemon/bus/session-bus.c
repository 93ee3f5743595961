/* Interface Session: sign up, in and out. Passwords come by descriptor only. */
#include "bus/bus-private.h"

static void exists_done(const struct failure *f, const struct auth_existence *x, void *userdata)
{
	struct bus_op *op = userdata;

	if (f)
		bus_op_fail(op, f);
	else
		bus_op_reply(op, "bbb", x->login, x->email, x->phone);
}

static int session_method_check_user_exists(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *login, *email, *phone;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "sss", &login, &email, &phone)) < 0 ||
	    (r = bus_check_texts(e, "login", login, "email", email, "phone", phone, NULL)) < 0)
		return r;
	if (isempty(login) && isempty(email) && isempty(phone))
		return bus_error_invalid(e, "One of 'login', 'email', 'phone' has to be given");
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	session_check_exists(b->core, login, email, phone, exists_done, op);
	return 1;
}

static void sign_up_done(const struct failure *f, const char *uid, uint64_t code_sent, void *userdata)
{
	struct bus_op *op = userdata;

	if (f)
		bus_op_fail(op, f);
	else
		bus_op_reply(op, "st", uid, code_sent);
}

static void sign_up_go_on(struct bus_op *op)
{
	const char *login, *email, *phone;
	int r;

	r = sd_bus_message_read(bus_op_message(op), "sss", &login, &email, &phone);
	if (r < 0) {
		bus_op_fail_errno(op, r);
		return;
	}
	session_sign_up(bus_op_bus(op)->core, login, email, phone, bus_op_secret(op, 0), sign_up_done, op);
}

static int session_method_sign_up(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *login, *email, *phone;
	struct bus_op *op;
	int fd, r;

	if ((r = sd_bus_message_read(m, "sssh", &login, &email, &phone, &fd)) < 0 ||
	    (r = bus_check_texts(e, "login", login, "email", email, "phone", phone, NULL)) < 0 ||
	    (r = bus_op_new(userdata, m, &op, e)) < 0)
		return r;
	bus_op_read_secrets(op, 1, &fd, (const char *const[]){ "password" }, sign_up_go_on);
	return 1;
}

static void verify_done(const struct failure *f, uint32_t tries_left, void *userdata)
{
	struct bus_op *op = userdata;

	if (f)
		bus_op_fail(op, f);
	else
		bus_op_reply(op, "u", tries_left);
}

static int session_method_verify_sign_up(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *code;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "ss", &uid, &code)) < 0 ||
	    (r = bus_check_texts(e, "sign_up_uid", uid, "code", code, NULL)) < 0)
		return r;
	if (isempty(code))
		return bus_error_invalid(e, "'code' is empty");
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	session_verify_sign_up(b->core, uid, code, verify_done, op);
	return 1;
}

static void sign_in_go_on(struct bus_op *op)
{
	const char *login;
	int fd, keep, r;

	r = sd_bus_message_read(bus_op_message(op), "shb", &login, &fd, &keep);
	if (r < 0) {
		bus_op_fail_errno(op, r);
		return;
	}
	session_sign_in(bus_op_bus(op)->core, login, bus_op_secret(op, 0), keep, bus_op_done, op);
}

static int session_method_sign_in(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *login;
	struct bus_op *op;
	int fd, keep, r;

	if ((r = sd_bus_message_read(m, "shb", &login, &fd, &keep)) < 0 ||
	    (r = bus_check_texts(e, "login", login, NULL)) < 0)
		return r;
	if (isempty(login))
		return bus_error_invalid(e, "'login' is empty");
	r = bus_op_new(userdata, m, &op, e);
	if (r < 0)
		return r;
	bus_op_read_secrets(op, 1, &fd, (const char *const[]){ "password" }, sign_in_go_on);
	return 1;
}

static int session_method_sign_out(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	int forget, r;

	r = sd_bus_message_read(m, "b", &forget);
	if (r < 0)
		return r;
	if (session_sign_out(b->core, forget, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

static int session_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
				sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)e;
	if (streq(property, "State"))
		return bus_append_text(reply, session_state(b->core));
	if (streq(property, "Login"))
		return bus_append_text(reply, session_login(b->core));
	if (streq(property, "UserUid"))
		return bus_append_text(reply, session_user_uid(b->core));
	if (streq(property, "TokenExpiryTimestamp"))
		return bus_append_u64(reply, session_token_expiry(b->core));
	return -ENXIO;
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
const sd_bus_vtable bus_session_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("CheckUserExists", SD_BUS_ARGS("s", login, "s", email, "s", phone),
				SD_BUS_RESULT("b", login, "b", email, "b", phone), session_method_check_user_exists,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SignUp", SD_BUS_ARGS("s", login, "s", email, "s", phone, "h", password),
				SD_BUS_RESULT("s", sign_up_uid, "t", code_sent), session_method_sign_up,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("VerifySignUp", SD_BUS_ARGS("s", sign_up_uid, "s", code),
				SD_BUS_RESULT("u", tries_left), session_method_verify_sign_up,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SignIn", SD_BUS_ARGS("s", login, "h", password, "b", keep_signed_in),
				SD_BUS_NO_RESULT, session_method_sign_in, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SignOut", SD_BUS_ARGS("b", forget_data), SD_BUS_NO_RESULT, session_method_sign_out,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("State", "s", session_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("Login", "s", session_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("UserUid", "s", session_property_get, 0, CHANGES),
	SD_BUS_PROPERTY("TokenExpiryTimestamp", "t", session_property_get, 0, CHANGES),
	SD_BUS_VTABLE_END,
};
