/* cart, cart add, cart set, cart note, cart remove, cart clear. */
#include <inttypes.h>

#include "base/money.h"
#include "clients/cli/cart.h"
#include "clients/cli/items.h"
#include "clients/cli/predictions.h"
#include "clients/cli/product.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "dbus/jsonview.h"

struct cart_line {
	uint64_t product;
	const char *name, *note;
	uint32_t quantity;
	int64_t price, total;
};

static int cart_rewind(const struct cart *c)
{
	int r;

	r = sd_bus_message_rewind(c->reply, true);
	return r < 0 ? r : sd_bus_message_enter_container(c->reply, 'a', CC_SIG_CART_LINE);
}

static int cart_next(const struct cart *c, struct cart_line *ret)
{
	return sd_bus_message_read(c->reply, CC_SIG_CART_LINE, &ret->product, &ret->name, &ret->quantity,
				   &ret->price, &ret->total, &ret->note);
}

int cart_get(struct cli *cli, struct cart *ret)
{
	_cleanup_cart_ struct cart c = {};
	struct cart_line line;
	int r;

	r = cli_read(cli, CC_IFACE_CART, "Get", &c.reply, NULL);
	if (r < 0)
		return r;
	r = cart_rewind(&c);
	while (r >= 0 && (r = cart_next(&c, &line)) > 0)
		c.n++;
	if (r >= 0)
		r = sd_bus_message_exit_container(c.reply);
	if (r >= 0)
		r = sd_bus_message_read(c.reply, "xs", &c.total, &c.currency);
	if (r < 0)
		return cli_bad_reply(cli, r, "Cart.Get");
	*ret = c;
	c.reply = NULL;
	return 0;
}

void cart_done(struct cart *c)
{
	c->reply = sd_bus_message_unref(c->reply);
}

void cart_print(struct cli *cli, const struct cart *c, FILE *f, bool total)
{
	static const struct column columns[] = {
		{ "ID", .right = true }, { "QTY", .right = true }, { "NAME", .flexible = true },
		{ "PRICE", .right = true, .optional = true }, { "TOTAL", .right = true },
		{ "NOTE", .flexible = true },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	char id[24], quantity[16], price[MONEY_HUMAN_SIZE], sum[MONEY_HUMAN_SIZE];
	struct cart_line line;

	(void)cart_rewind(c);
	while (cart_next(c, &line) > 0) {
		snprintf(id, sizeof(id), "%" PRIu64, line.product);
		snprintf(quantity, sizeof(quantity), "%" PRIu32, line.quantity);
		money_format_human(price, line.price, c->currency);
		money_format_human(sum, line.total, c->currency);
		table_add(t, (const char *[]){ id, quantity, line.name, price, sum, line.note });
	}
	if (total) {
		money_format_human(sum, c->total, c->currency);
		table_add(t, (const char *[]){ "", "", "Total", "", sum, "" });
		table_set_style(t, 2, STYLE_BOLD);
		table_set_style(t, 4, STYLE_BOLD);
	}
	table_print(t, f, cli->style, cli_columns(), cli->legend);
}

json_object *cart_json(const struct cart *c)
{
	json_object *o = xcheck(json_object_new_object()), *lines = xcheck(json_object_new_array());
	struct cart_line line;

	(void)cart_rewind(c);
	while (cart_next(c, &line) > 0) {
		json_object *l = xcheck(json_object_new_object());

		json_object_object_add(l, "product", json_object_new_uint64(line.product));
		json_object_object_add(l, "name", json_object_new_string(line.name));
		json_object_object_add(l, "quantity", json_object_new_int64(line.quantity));
		json_object_object_add(l, "price", json_new_money(line.price, c->currency));
		json_object_object_add(l, "total", json_new_money(line.total, c->currency));
		if (*line.note)
			json_object_object_add(l, "note", json_object_new_string(line.note));
		json_object_array_add(lines, l);
	}
	json_object_object_add(o, "lines", lines);
	json_object_object_add(o, "total", json_new_money(c->total, c->currency));
	return o;
}

/* `tips`: an empty one says what may be put in, to somebody who looks. */
static int show_cart(struct cli *cli, bool tips)
{
	_cleanup_cart_ struct cart c = {};
	struct page page;
	int r;

	r = cart_get(cli, &c);
	if (r < 0)
		return r;
	if (cli->json)
		return cli_print_json(cli, cart_json(&c));
	if (c.n == 0) {
		cli_note("The cart is empty; customerclient cart add ITEM puts something in.");
		if (tips && isatty(STDOUT_FILENO))
			recommendations_tip(cli, stdout);
		return 0;
	}
	cart_print(cli, &c, page_begin(&page), true);
	page_end(cli, &page);
	return 0;
}

int verb_cart(struct cli *cli, const struct args *args)
{
	(void)args;
	return show_cart(cli, /* tips= */ true);
}

static int resolve_item(struct cli *cli, const char *text, struct item *ret)
{
	int r;

	r = item_parse(text, ret);
	if (r < 0)
		return cli_usage(cli,
				 "'%s' is not an item; it is an id, an id with a quantity of 1 to %d (12x2), "
				 "or a name",
				 text, ITEM_QUANTITY_MAX);
	return ret->product ? 0 : product_find(cli, text, &ret->product);
}

/* All items are understood before the first is added. */
int verb_cart_add(struct cli *cli, const struct args *args)
{
	_cleanup_free_ struct item *items = xcheck(new0(struct item, args->n_words));
	int r;

	r = cli_require_session(cli);
	for (unsigned i = 0; r >= 0 && i < args->n_words; i++)
		r = resolve_item(cli, args->words[i], &items[i]);
	for (unsigned i = 0; r >= 0 && i < args->n_words; i++) {
		r = cli_act(cli, CC_IFACE_CART, "Add", NULL, "tu", items[i].product, items[i].quantity);
		if (r < 0 && i > 0)
			cli_note("Added before that: %u of %u items; see customerclient cart", i,
				 args->n_words);
	}
	return r < 0 ? r : show_cart(cli, /* tips= */ false);
}

static int set_quantity(struct cli *cli, const char *id_text, uint32_t quantity)
{
	uint64_t id;
	int r;

	r = product_id_arg(cli, id_text, &id);
	if (r >= 0)
		r = cli_act(cli, CC_IFACE_CART, "SetQuantity", NULL, "tu", id, quantity);
	return r < 0 ? r : show_cart(cli, /* tips= */ false);
}

int verb_cart_set(struct cli *cli, const struct args *args)
{
	uint64_t n;

	if (number_parse(args->words[1], ITEM_QUANTITY_MAX, &n) < 0)
		return cli_usage(cli, "'%s' is not a quantity; it is a number from 0 to %d", args->words[1],
				 ITEM_QUANTITY_MAX);
	return set_quantity(cli, args->words[0], (uint32_t)n);
}

int verb_cart_remove(struct cli *cli, const struct args *args)
{
	return set_quantity(cli, args->words[0], 0);
}

int verb_cart_note(struct cli *cli, const struct args *args)
{
	uint64_t id;
	int r;

	r = product_id_arg(cli, args->words[0], &id);
	if (r >= 0)
		r = cli_act(cli, CC_IFACE_CART, "SetNote", NULL, "ts", id, args->words[1]);
	return r < 0 ? r : show_cart(cli, /* tips= */ false);
}

int verb_cart_clear(struct cli *cli, const struct args *args)
{
	int r;

	(void)args;
	r = cli_act(cli, CC_IFACE_CART, "Clear", NULL, NULL);
	return r < 0 ? r : show_cart(cli, /* tips= */ false);
}
