/*
 * The catalog: categories, products and their changes. What a product costs in an order is in pricing.c.
 */
#include "tests/sandbox/catalog.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/menu.h"

enum { PRODUCTS_DEFAULT = 100, PRODUCTS_MAX = 500 };

/* Names that stay the same in every store, so that caches and tests can rely on them. */
static void menu_uid(const char *kind, int id, char out[UUID_SIZE])
{
	AUTO_FREE char *name = xprintf("%s %d", kind, id);
	uint64_t rng = rng_seed_from(name);

	uuid_from(&rng, out);
}

void catalog_fill(struct sandbox *s)
{
	int64_t now = clock_now(&s->clock);

	{
		AUTO_QUERY sqlite3_stmt *q = store_query(s->store, "SELECT 1 FROM products LIMIT 1", "");

		if (store_step(q))
			return;
	}
	store_begin(s->store);
	for (size_t i = 0; i < menu_n_products; i++) {
		const struct menu_product *p = &menu_products[i];
		AUTO_FREE char *code = xprintf("P-%03d", p->id);
		char uid[UUID_SIZE];

		menu_uid("product", p->id, uid);
		store_run(
			s->store,
			"INSERT INTO products (id, uid, code, name, description, price, quantity, category,"
			" tags, rating, changed, seq) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?)",
			"ittttiiitdii", (int64_t)p->id, uid, code, p->name, p->description, p->price,
			p->quantity, (int64_t)p->category, p->tags, p->rating, now,
			store_next_change(s->store));
	}
	store_commit(s->store);
}

void product_done(struct product *p)
{
	free(p->name);
}

bool catalog_find(struct store *st, int64_t id, struct product *ret)
{
	AUTO_QUERY sqlite3_stmt *q =
		store_query(st,
			    "SELECT name, price, ifnull(quantity, -1), deleted FROM products"
			    " WHERE id = ?",
			    "i", id);

	if (!store_step(q))
		return false;
	*ret = (struct product){
		.id = id,
		.name = xstrdup(store_text(q, 0)),
		.price = store_int(q, 1),
		.quantity = store_int(q, 2),
		.deleted = store_int(q, 3),
	};
	return true;
}

void catalog_take(struct sandbox *s, int64_t id, int64_t count)
{
	store_run(s->store, "UPDATE products SET quantity = quantity - ?, changed = ?, seq = ?"
		  " WHERE id = ? AND quantity IS NOT NULL", "iiii", count, clock_now(&s->clock),
		  store_next_change(s->store), id);
}

int catalog_categories_get(struct call *c)
{
	c->answer = json_object_new_array();
	for (size_t i = 0; i < menu_n_categories; i++) {
		const struct menu_category *m = &menu_categories[i];
		AUTO_FREE char *picture = xprintf("PictureGet?name=%s", m->picture);
		json_object *o = json_object_new_object();
		char uid[UUID_SIZE];

		menu_uid("category", m->id, uid);
		json_add_int(o, "id", m->id);
		json_add_text(o, "uid", uid);
		json_add_text(o, "name", m->name);
		json_add_text(o, "description", m->description);
		json_add_text(o, "pictureUrl", picture);
		json_add_text(o, "pictureDescription", m->picture_description);
		json_object_array_add(c->answer, o);
	}
	return 0;
}

static json_object *tags_to_json(const char *tags)
{
	json_object *a = json_object_new_array();

	while (*tags) {
		size_t n = strcspn(tags, ",");

		json_object_array_add(a, json_object_new_string_len(tags, (int)n));
		tags += n + (tags[n] == ',');
	}
	return a;
}

#define PRODUCT_COLUMNS                                                                                      \
	"id, uid, code, name, description, price, quantity, category, tags, rating, deleted, changed, seq"

static json_object *product_to_json(sqlite3_stmt *q)
{
	json_object *o = json_object_new_object(), *category = json_object_new_object();
	AUTO_FREE char *picture = xprintf("PictureGet?name=%03lld", (long long)store_int(q, 0));
	AUTO_FREE char *rating = xprintf("%.1f", store_double(q, 9));

	json_add_int(category, "id", store_int(q, 7));
	json_add_int(o, "id", store_int(q, 0));
	json_add_text(o, "uid", store_text(q, 1));
	json_add_text(o, "code", store_text(q, 2));
	json_add_text(o, "name", store_text(q, 3));
	json_add_text(o, "description", store_text(q, 4));
	json_add_money(o, "price", store_int(q, 5));
	json_add_text(o, "currency", CURRENCY);
	if (sqlite3_column_type(q, 6) == SQLITE_NULL)
		json_object_object_add(o, "quantity", NULL);
	else
		json_add_int(o, "quantity", store_int(q, 6));
	json_object_object_add(o, "productCategory", category);
	json_add_text(o, "pictureUrl", picture);
	json_add_text(o, "pictureDescription", store_text(q, 3));
	json_object_object_add(o, "dietaryTags", tags_to_json(store_text(q, 8)));
	json_object_object_add(o, "rating", json_object_new_double_s(store_double(q, 9), rating));
	json_add_bool(o, "isDeleted", store_int(q, 10));
	json_add_date(o, "dateChanged", store_int(q, 11));
	return o;
}

int catalog_products_get(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	struct page page;
	int r;

	r = page_begin(c, "products", PRODUCTS_DEFAULT, PRODUCTS_MAX, &page);
	if (r < 0)
		return r;
	q = store_query(c->sandbox->store,
			"SELECT " PRODUCT_COLUMNS " FROM products WHERE seq > ? ORDER BY seq LIMIT ?", "ii",
			page.since, page.limit + 1);
	while (store_step(q) && page_add(&page, product_to_json(q), store_int(q, 12)))
		;
	return page_end(c, &page);
}

/* {id, price?, quantity?, isDeleted?}: changes a product, for trying what happens then. */
int control_product(struct call *c)
{
	json_object *price = json_member(c->body, "price"), *deleted = json_member(c->body, "isDeleted"),
		    *quantity;
	AUTO_QUERY sqlite3_stmt *q = NULL;
	struct product p AUTO(product_done) = { 0 };
	int64_t id;
	int r;

	if (json_int_member(c->body, "id", 0, &id) < 0 || !catalog_find(c->sandbox->store, id, &p))
		return call_fail(c, 404, "not-found", "There is no product with this id");
	if (price) {
		r = money_parse(json_object_get_string(price), &p.price);
		if (r < 0 || p.price < 0)
			return call_fail(c, 422, "invalid-price", "The price is no amount of money");
	}
	if (deleted)
		p.deleted = json_object_get_boolean(deleted);
	if (json_object_object_get_ex(c->body, "quantity", &quantity)) {
		if (quantity && !json_object_is_type(quantity, json_type_int))
			return call_fail(c, 422, "invalid-quantity", "The quantity is no integer and not null");
		p.quantity = quantity ? json_object_get_int64(quantity) : -1;
	}
	store_run(c->sandbox->store,
		  "UPDATE products SET price = ?, deleted = ?, quantity = nullif(?, -1), changed = ?,"
		  " seq = ? WHERE id = ?",
		  "iiiiii", p.price, (int64_t)p.deleted, p.quantity, clock_now(&c->sandbox->clock),
		  store_next_change(c->sandbox->store), id);
	q = store_query(c->sandbox->store, "SELECT " PRODUCT_COLUMNS " FROM products WHERE id = ?", "i", id);
	(void)store_step(q);
	c->answer = product_to_json(q);
	return 0;
}

void catalog_put_back(struct sandbox *s, json_object *items)
{
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		json_object *line = json_object_array_get_idx(items, i);

		catalog_take(s, json_object_get_int64(json_member(json_member(line, "product"), "id")),
			     -json_object_get_int64(json_member(line, "quantity")));
	}
}
