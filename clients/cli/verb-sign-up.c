/* sign-up, verify. */
#include "clients/cli/prompt.h"
#include "clients/cli/session.h"
#include "clients/cli/verbs.h"
#include "clients/common/secretfd.h"
#include "dbus/jsonview.h"

struct sign_up {
	char *login, *email, *phone;
	struct secret *password;
	char *uid;
	uint64_t code_sent;
};

static void sign_up_done(struct sign_up *s)
{
	free(s->login);
	free(s->email);
	free(s->phone);
	free(s->uid);
	secret_unref(s->password);
}

static int ask_field(struct cli *cli, const struct args *args, const char *option, const char *question,
		     char **ret)
{
	const char *given = args_option(args, option);
	_cleanup_free_ char *name = xprintf("--%s", option);

	if (given) {
		*ret = xstrdup(given);
		return 0;
	}
	return prompt_text(cli, question, NULL, name, ret);
}

static int send_sign_up(struct cli *cli, struct sign_up *s)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_close_ int fd = -1;
	const char *uid;
	int r;

	r = secret_to_fd(s->password, &fd);
	if (r < 0)
		return cli_fail_errno(cli, r, "The password could not be handed on");
	r = cli_act(cli, CC_IFACE_SESSION, "SignUp", &reply, "sssh", s->login, s->email, s->phone, fd);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "st", &uid, &s->code_sent);
	if (r < 0)
		return cli_bad_reply(cli, r, "Session.SignUp");
	s->uid = xstrdup(uid);
	return 0;
}

/* A wrong code is told and asked again for as long as the daemon grants a try. */
static int ask_code(struct cli *cli, const struct sign_up *s)
{
	int r;

	for (;;) {
		_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
		_cleanup_free_ char *code = NULL;

		r = prompt_text(cli, "Code", NULL, "customerclient verify CODE", &code);
		if (r < 0)
			return r;
		r = client_call(cli->client, CC_IFACE_SESSION, "VerifySignUp", &e, NULL, "ss", s->uid, code);
		if (r >= 0)
			return 0;
		if (client_error_id(e.name) != CC_E_INCORRECT_CODE)
			return cli_fail_error(cli, &e, CLIENT_ACTS);
		cli_note("%s", e.message);
	}
}

static json_object *sign_up_json(const struct sign_up *s, bool complete)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "sign-up", json_object_new_string(s->uid));
	json_object_object_add(o, "login", json_object_new_string(s->login));
	if (s->code_sent)
		json_object_object_add(o, "code-sent", json_new_time(s->code_sent));
	json_object_object_add(o, "state", json_object_new_string(complete ? "signed-in" : "code-sent"));
	return o;
}

static int read_sign_up(struct cli *cli, const struct args *args, struct sign_up *s)
{
	_cleanup_secret_ struct secret *file = NULL;
	int r;

	r = ask_field(cli, args, "login", "Login", &s->login);
	if (r >= 0)
		r = ask_field(cli, args, "email", "E-mail", &s->email);
	if (r >= 0)
		r = ask_field(cli, args, "phone", "Phone, as +14155550100", &s->phone);
	if (r >= 0)
		r = prompt_secret_from_file(cli, args, &file);
	if (r < 0)
		return r;
	return file ? prompt_secret_line(cli, file, 0, &s->password) :
		      prompt_new_secret(cli, "Password (8 characters or more)", &s->password);
}

int verb_sign_up(struct cli *cli, const struct args *args)
{
	_cleanup_(sign_up_done) struct sign_up s = {};
	bool complete = prompt_possible(cli);
	int r;

	/* It ends by signing in. */
	r = complete ? session_check_signed_out(cli) : 0;
	if (r >= 0)
		r = read_sign_up(cli, args, &s);
	if (r >= 0)
		r = send_sign_up(cli, &s);
	if (r < 0)
		return r;
	if (complete) {
		cli_note("A code was sent to %s.", s.email);
		r = ask_code(cli, &s);
		if (r >= 0)
			r = session_sign_in(cli, s.login, s.password, true);
		if (r < 0)
			return r;
	}
	if (cli->json)
		return cli_print_json(cli, sign_up_json(&s, complete));
	if (complete)
		printf("Welcome. Signed in as %s.\n", s.login);
	else
		printf("A code was sent to %s.\nNext: customerclient verify CODE\n", s.email);
	return 0;
}

int verb_verify(struct cli *cli, const struct args *args)
{
	json_object *o;
	int r;

	r = cli_act(cli, CC_IFACE_SESSION, "VerifySignUp", NULL, "ss", "", args->words[0]);
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "state", json_object_new_string("verified"));
		return cli_print_json(cli, o);
	}
	printf("The account is made.\nNext: customerclient sign-in LOGIN\n");
	return 0;
}
