/* account, passwd. */
#include "clients/cli/account.h"
#include "clients/cli/prompt.h"
#include "clients/cli/verbs.h"
#include "clients/common/dict.h"
#include "clients/common/secretfd.h"

int account_get(struct cli *cli, struct account *ret)
{
	static const struct dict_field fields[] = {
		{ "Login", 's', offsetof(struct account, login) },
		{ "Email", 's', offsetof(struct account, email) },
		{ "PhoneNumber", 's', offsetof(struct account, phone) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	*ret = (struct account){};
	r = client_get_all(cli->client, CC_PATH, CC_IFACE_ACCOUNT, &e, &reply);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	r = dict_read(reply, fields, ELEMENTSOF(fields), ret);
	return r < 0 ? cli_bad_reply(cli, r, "Account") : 0;
}

void account_done(struct account *a)
{
	free(a->login);
	free(a->email);
	free(a->phone);
}

int verb_account(struct cli *cli, const struct args *args)
{
	_cleanup_account_ struct account a = {};
	json_object *o;
	int r;

	(void)args;
	r = cli_require_session(cli);
	if (r >= 0)
		r = account_get(cli, &a);
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "login", json_object_new_string(strempty(a.login)));
		json_object_object_add(o, "email", json_object_new_string(strempty(a.email)));
		json_object_object_add(o, "phone-number", json_object_new_string(strempty(a.phone)));
		return cli_print_json(cli, o);
	}
	cli_print_field(cli, "Login", a.login);
	cli_print_field(cli, "E-mail", a.email);
	cli_print_field(cli, "Phone", a.phone);
	return 0;
}

static int ask_passwords(struct cli *cli, struct secret **ret_old, struct secret **ret_new)
{
	int r;

	r = prompt_secret(cli, "Old password", ret_old);
	return r < 0 ? r : prompt_new_secret(cli, "New password (8 characters or more)", ret_new);
}

static int send_passwords(struct cli *cli, const struct secret *old, const struct secret *new)
{
	_cleanup_close_ int old_fd = -1, new_fd = -1;
	int r;

	r = secret_to_fd(old, &old_fd);
	if (r >= 0)
		r = secret_to_fd(new, &new_fd);
	if (r < 0)
		return cli_fail_errno(cli, r, "The password could not be handed on");
	return cli_act(cli, CC_IFACE_ACCOUNT, "ChangePassword", NULL, "hh", old_fd, new_fd);
}

int verb_passwd(struct cli *cli, const struct args *args)
{
	_cleanup_secret_ struct secret *file = NULL, *old = NULL, *new = NULL;
	json_object *o;
	int r;

	r = cli_require_session(cli);
	if (r >= 0)
		r = prompt_secret_from_file(cli, args, &file);
	if (r >= 0 && file) {
		r = prompt_secret_line(cli, file, 0, &old);
		if (r >= 0)
			r = prompt_secret_line(cli, file, 1, &new);
	} else if (r >= 0)
		r = ask_passwords(cli, &old, &new);
	if (r >= 0)
		r = send_passwords(cli, old, new);
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "state", json_object_new_string("changed"));
		return cli_print_json(cli, o);
	}
	puts("The password is changed.");
	return 0;
}
