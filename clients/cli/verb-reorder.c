/* reorder: what of an earlier order is gone and what changed in price, then the cart filled from it. */
#include <inttypes.h>

#include "base/money.h"
#include "clients/cli/cart.h"
#include "clients/cli/order-flow.h"
#include "clients/cli/prompt.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/common/dict.h"
#include "dbus/jsonview.h"

/* A product as it is now. */
struct present {
	bool gone; /* no longer sold at all */
	int available;
	int64_t price;
	char *currency;
};

static int present_get(struct cli *cli, uint64_t id, struct present *ret)
{
	static const struct dict_field fields[] = {
		{ "available", 'b', offsetof(struct present, available) },
		{ "price", 'x', offsetof(struct present, price) },
		{ "currency", 's', offsetof(struct present, currency) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	*ret = (struct present){};
	r = client_call(cli->client, CC_IFACE_CATALOG, "GetProduct", &e, &reply, "t", id);
	if (r < 0 && client_error_id(e.name) == CC_E_NOT_FOUND) {
		ret->gone = true;
		return 0;
	}
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	r = dict_read(reply, fields, ELEMENTSOF(fields), ret);
	return r < 0 ? cli_bad_reply(cli, r, "Catalog.GetProduct") : 0;
}

static const char *difference(const struct order_product *was, const struct present *is, const char *currency,
			      char buf[static MONEY_HUMAN_SIZE + 16])
{
	char money[MONEY_HUMAN_SIZE];

	if (is->gone)
		return "no longer sold";
	if (!is->available)
		return "sold out now";
	if (is->price == was->price)
		return "";
	money_format_human(money, is->price, is->currency ? is->currency : strempty(currency));
	snprintf(buf, MONEY_HUMAN_SIZE + 16, "now %s", money);
	return buf;
}

static int show_differences(struct cli *cli, const struct order *o)
{
	static const struct column columns[] = {
		{ "ID", .right = true }, { "QTY", .right = true }, { "NAME", .flexible = true },
		{ "PRICE", .right = true }, { "" },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	int r;

	for (size_t i = 0; i < o->products.n; i++) {
		const struct order_product *p = &o->products.items[i];
		char id[24], quantity[16], price[MONEY_HUMAN_SIZE] = "", now[MONEY_HUMAN_SIZE + 16];
		struct present is;

		r = present_get(cli, p->id, &is);
		if (r < 0)
			return r;
		snprintf(id, sizeof(id), "%" PRIu64, p->id);
		snprintf(quantity, sizeof(quantity), "%" PRIu32, p->quantity);
		if (o->currency)
			money_format_human(price, p->price, o->currency);
		table_add(t, (const char *[]){ id, quantity, p->name, price,
					       difference(p, &is, o->currency, now) });
		table_set_style(t, 4, is.gone || !is.available ? STYLE_BAD : STYLE_BUSY);
		free(is.currency);
	}
	table_print(t, cli->json ? stderr : stdout, cli->style, cli_columns(), cli->legend);
	fflush(stdout);
	return 0;
}

/* *ret_gone: an array of ids. */
static int fill(struct cli *cli, const char *uid, json_object **ret_gone)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_object *gone;
	const uint64_t *ids;
	size_t size;
	int r;

	r = cli_act(cli, CC_IFACE_CART, "FillFrom", &reply, "s", uid);
	if (r < 0)
		return r;
	r = sd_bus_message_read_array(reply, 't', (const void **)&ids, &size);
	if (r < 0)
		return cli_bad_reply(cli, r, "Cart.FillFrom");
	gone = xcheck(json_object_new_array());
	for (size_t i = 0; i < size / sizeof(*ids); i++)
		json_object_array_add(gone, json_object_new_uint64(ids[i]));
	*ret_gone = gone;
	return 0;
}

static int tell_filled(struct cli *cli, const struct args *args, json_object *gone)
{
	_cleanup_json_ json_object *gone_ids = gone;
	_cleanup_cart_ struct cart cart = {};
	json_object *o;
	int r;

	r = cart_get(cli, &cart);
	if (r < 0)
		return r;
	if (cli->json) {
		o = cart_json(&cart);
		json_object_object_add(o, "gone", TAKE_PTR(gone_ids));
		return cli_print_json(cli, o);
	}
	if (cart.n == 0) {
		cli_note("Nothing of that order is sold any more; the cart is empty.");
		return 0;
	}
	printf("\nThe cart now:\n");
	cart_print(cli, &cart, stdout, true);
	fflush(stdout);
	if (prompt_possible(cli) && !args_option(args, "yes")) {
		r = prompt_yes_no(cli, "\nOrder this now?");
		if (r != 0)
			return r < 0 ? r : order_flow(cli, args);
	}
	printf("Next: customerclient order\n");
	return 0;
}

int verb_reorder(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *uid = NULL;
	_cleanup_order_ struct order o;
	json_object *gone = NULL;
	int r;

	order_init(&o);
	r = cli_lookup_order(cli, args->words[0], &uid);
	if (r >= 0)
		r = cli_get_order(cli, uid, &o);
	if (r >= 0)
		r = show_differences(cli, &o);
	if (r >= 0 && !args_option(args, "yes"))
		r = prompt_confirm(cli, "\nReplace the cart by this?");
	if (r >= 0)
		r = fill(cli, uid, &gone);
	return r < 0 ? r : tell_filled(cli, args, gone);
}
