/* menu: the catalog, by category or by search. */
#include <inttypes.h>

#include "base/money.h"
#include "clients/cli/items.h"
#include "clients/cli/product.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

#define PAGE 500
#define SEARCH_LIMIT 100

struct category {
	uint64_t id;
	const char *name; /* the message's */
};

struct categories {
	sd_bus_message *reply;
	struct category *items;
	size_t n;
};

static void categories_done(struct categories *c)
{
	sd_bus_message_unref(c->reply);
	free(c->items);
}

static int categories_get(struct cli *cli, struct categories *c)
{
	struct category one;
	int r;

	r = cli_read(cli, CC_IFACE_CATALOG, "ListCategories", &c->reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(c->reply, 'a', CC_SIG_CATEGORY);
	while (r >= 0 &&
	       (r = sd_bus_message_read(c->reply, CC_SIG_CATEGORY, &one.id, &one.name, NULL, NULL)) > 0) {
		c->items = xcheck(reallocarray(c->items, c->n + 1, sizeof(*c->items)));
		c->items[c->n++] = one;
	}
	return r < 0 ? cli_bad_reply(cli, r, "Catalog.ListCategories") : 0;
}

static const char *category_name(const struct categories *c, uint64_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].id == id)
			return c->items[i].name;
	return "Other";
}

/* A number, a name, or a beginning of one name. */
static int category_find(struct cli *cli, const struct categories *c, const char *text, uint64_t *ret)
{
	size_t begins = 0, length = strlen(text);
	uint64_t number = 0;

	(void)number_parse(text, UINT64_MAX, &number);
	for (size_t i = 0; i < c->n; i++) {
		if (strcasecmp(c->items[i].name, text) == 0 || (number && c->items[i].id == number)) {
			*ret = c->items[i].id;
			return 0;
		}
		if (strncasecmp(c->items[i].name, text, length) == 0) {
			*ret = c->items[i].id;
			begins++;
		}
	}
	if (begins == 1)
		return 0;
	if (begins > 1)
		return cli_usage(cli, "More than one category begins with '%s'", text);
	return cli_fail(cli, CC_EXIT_NOT_FOUND, CC_ERROR("NotFound"),
			"There is no category '%s'; customerclient menu shows all", text);
}

/* Where the products go: a table with headings, or an array. */
struct sink {
	struct cli *cli;
	struct table *table;
	json_object *array;
	const struct categories *categories; /* NULL: no headings */
	uint64_t last_category;
	size_t n;
};

static const struct column columns[] = {
	{ "ID", .right = true }, { "NAME", .flexible = true }, { "PRICE", .right = true }, { "RATING", .right = true, .optional = true },
	{ "DESCRIPTION", .flexible = true, .optional = true },
};

static void sink_add(struct sink *s, const struct product *p)
{
	char id[24], price[MONEY_HUMAN_SIZE], rating[16] = "";

	s->n++;
	if (s->array) {
		json_object_array_add(s->array, product_json(p));
		return;
	}
	if (s->categories && p->category != s->last_category) {
		table_add_heading(s->table, category_name(s->categories, p->category));
		s->last_category = p->category;
	}
	snprintf(id, sizeof(id), "%" PRIu64, p->id);
	if (p->available)
		money_format_human(price, p->price, p->currency);
	else
		strcpy(price, "sold out");
	if (p->rating > 0)
		snprintf(rating, sizeof(rating), "%.1f", p->rating);
	table_add(s->table, (const char *[]){ id, p->name, price, rating, p->description });
	table_set_style(s->table, 4, STYLE_DIM);
	if (!p->available)
		for (size_t i = 0; i < 3; i++)
			table_set_style(s->table, i, STYLE_DIM);
}

static int sink_add_all(struct sink *s, sd_bus_message *m, const char *member)
{
	struct product p;
	int r;

	r = sd_bus_message_enter_container(m, 'a', CC_SIG_PRODUCT);
	while (r > 0 && (r = product_read(m, &p)) > 0)
		sink_add(s, &p);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? cli_bad_reply(s->cli, r, member) : 0;
}

static int list_category(struct sink *s, uint64_t category)
{
	_cleanup_free_ char *cursor = xstrdup("");
	const char *next;
	int r;

	do {
		_cleanup_message_ sd_bus_message *reply = NULL;

		r = cli_read(s->cli, CC_IFACE_CATALOG, "ListProducts", &reply, "tus", category, PAGE, cursor);
		if (r >= 0)
			r = sink_add_all(s, reply, "Catalog.ListProducts");
		if (r < 0)
			return r;
		r = sd_bus_message_read(reply, "s", &next);
		if (r < 0)
			return cli_bad_reply(s->cli, r, "Catalog.ListProducts");
		free(cursor);
		cursor = xstrdup(next);
	} while (*cursor);
	return 0;
}

static int search(struct sink *s, const char *text)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = cli_read(s->cli, CC_IFACE_CATALOG, "Search", &reply, "su", text, SEARCH_LIMIT);
	return r < 0 ? r : sink_add_all(s, reply, "Catalog.Search");
}

static int fill(struct sink *s, struct categories *c, const char *word, const char *text)
{
	uint64_t id = 0;
	int r;

	if (text)
		return search(s, text);
	r = categories_get(s->cli, c);
	if (r < 0)
		return r;
	if (word) {
		r = category_find(s->cli, c, word, &id);
		return r < 0 ? r : list_category(s, id);
	}
	s->categories = c;
	for (size_t i = 0; r >= 0 && i < c->n; i++)
		r = list_category(s, c->items[i].id);
	return r;
}

int verb_menu(struct cli *cli, const struct args *args)
{
	const char *text = args_option(args, "search"), *word = args_word(args, 0);
	_cleanup_(categories_done) struct categories c = {};
	struct sink s = { .cli = cli };
	int r;

	if (text && word)
		return cli_usage(cli, "A category and --search cannot both be");
	if (cli->json)
		s.array = xcheck(json_object_new_array());
	else
		s.table = table_new(columns, ELEMENTSOF(columns));
	r = fill(&s, &c, word, text);
	if (r < 0) {
		json_object_put(s.array);
		table_free(s.table);
		return r;
	}
	if (s.array)
		return cli_print_json(cli, s.array);
	if (s.n == 0)
		cli_note(text ? "No product has that."
			      : "No products are stored here yet; they come after customerclient sign-in.");
	cli_print_table(cli, s.table);
	return 0;
}
