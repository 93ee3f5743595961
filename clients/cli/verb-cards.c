/* account cards, account remove-card: the cards that the service keeps, of which nobody here knows more than
 * the last digits. */
#include "clients/cli/cli.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

static json_object *card_json(const char *uid, const char *brand, const char *last, const char *expiry)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "uid", json_object_new_string(uid));
	json_object_object_add(o, "brand", json_object_new_string(brand));
	json_object_object_add(o, "last-digits", json_object_new_string(last));
	json_object_object_add(o, "expiry", json_object_new_string(expiry));
	return o;
}

int verb_account_cards(struct cli *cli, const struct args *args)
{
	static const struct column columns[] = { { "UID" }, { "BRAND" }, { "ENDING" }, { "GOOD THROUGH" } };
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_object *array = xcheck(json_object_new_array());
	struct table *t = table_new(columns, ELEMENTSOF(columns));
	const char *uid, *brand, *last, *expiry;
	int r, n = 0;

	(void)args;
	r = cli_read(cli, CC_IFACE_PAYMENTS, "ListCards", &reply, NULL);
	if (r >= 0) {
		r = sd_bus_message_enter_container(reply, 'a', "(ssss)");
		while (r >= 0 &&
		       (r = sd_bus_message_read(reply, "(ssss)", &uid, &brand, &last, &expiry)) > 0) {
			n++;
			json_object_array_add(array, card_json(uid, brand, last, expiry));
			table_add(t, (const char *[]){ uid, brand, last, expiry });
		}
		if (r < 0)
			(void)cli_bad_reply(cli, r, "Payments.ListCards");
	}
	if (r < 0 || cli->json)
		table_free(t);
	if (r < 0 || !cli->json)
		json_object_put(array);
	if (r < 0)
		return -1;
	if (cli->json)
		return cli_print_json(cli, array);
	if (n == 0)
		cli_note("No card is kept.");
	cli_print_table(cli, t);
	return 0;
}

int verb_account_remove_card(struct cli *cli, const struct args *args)
{
	json_object *o;
	int r;

	r = cli_act(cli, CC_IFACE_PAYMENTS, "RemoveCard", NULL, "s", args->words[0]);
	if (r < 0)
		return r;
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "uid", json_object_new_string(args->words[0]));
		json_object_object_add(o, "state", json_object_new_string("removed"));
		return cli_print_json(cli, o);
	}
	puts("The card is removed.");
	return 0;
}
