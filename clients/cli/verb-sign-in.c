/* sign-in, sign-out. */
#include "clients/cli/prompt.h"
#include "clients/cli/session.h"
#include "clients/cli/verbs.h"
#include "clients/common/secretfd.h"

int session_sign_in(struct cli *cli, const char *login, const struct secret *password, bool keep)
{
	_cleanup_close_ int fd = -1;
	int r;

	r = secret_to_fd(password, &fd);
	if (r < 0)
		return cli_fail_errno(cli, r, "The password could not be handed on");
	return cli_act(cli, CC_IFACE_SESSION, "SignIn", NULL, "shb", login, fd, (int)keep);
}

int session_check_signed_out(struct cli *cli)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *state_reply = NULL, *login_reply = NULL, *expiry_reply = NULL;
	const char *state, *login = "";
	uint64_t expiry = 0;
	int r;

	r = client_get_property(cli->client, CC_IFACE_SESSION, "State", "s", &e, &state_reply);
	if (r >= 0)
		r = client_get_property(cli->client, CC_IFACE_SESSION, "Login", "s", &e, &login_reply);
	if (r >= 0)
		r = client_get_property(cli->client, CC_IFACE_SESSION, "TokenExpiryTimestamp", "t", &e, &expiry_reply);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	r = sd_bus_message_read(state_reply, "s", &state);
	if (r >= 0)
		r = sd_bus_message_read(login_reply, "s", &login);
	if (r >= 0)
		r = sd_bus_message_read(expiry_reply, "t", &expiry);
	if (r < 0)
		return cli_bad_reply(cli, r, "Session.State");
	/* Without a token it is one in a locked keyring, which may give way. */
	if (streq(state, "signed-in") && expiry > 0)
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("Conflict"),
				"'%s' is signed in already; customerclient sign-out first", login);
	return 0;
}

int verb_sign_in(struct cli *cli, const struct args *args)
{
	const char *login = args->words[0], *keep = args_option(args, "keep");
	_cleanup_secret_ struct secret *file = NULL, *password = NULL;
	json_object *o;
	int r;

	r = session_check_signed_out(cli);
	if (r >= 0)
		r = prompt_secret_from_file(cli, args, &file);
	if (r >= 0)
		r = file ? prompt_secret_line(cli, file, 0, &password)
			 : prompt_secret(cli, "Password", &password);
	if (r >= 0)
		r = session_sign_in(cli, login, password, !keep || streq(keep, "yes"));
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "login", json_object_new_string(login));
		json_object_object_add(o, "state", json_object_new_string("signed-in"));
		return cli_print_json(cli, o);
	}
	printf("Signed in as %s.\n", login);
	return 0;
}

int verb_sign_out(struct cli *cli, const struct args *args)
{
	bool forget = args_option(args, "forget");
	json_object *o;
	int r;

	r = cli_act(cli, CC_IFACE_SESSION, "SignOut", NULL, "b", (int)forget);
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "state", json_object_new_string("signed-out"));
		json_object_object_add(o, "forgotten", json_object_new_boolean(forget));
		return cli_print_json(cli, o);
	}
	printf("Signed out%s.\n", forget ? "; what was stored here of the account is deleted" : "");
	return 0;
}
