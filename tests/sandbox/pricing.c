/*
 * Prices and fees of a basket of products. Knows nothing of orders.
 */
#include "tests/sandbox/catalog.h"
#include "tests/sandbox/pricing.h"

enum {
	DELIVERY_FEE = 390,
	DELIVERY_FREE_FROM = 4000,
	SMALL_ORDER_FEE = 200,
	SMALL_ORDER_BELOW = 1200,
	TAX_PERCENT = 8,
};

void basket_done(struct basket *b)
{
	for (size_t i = 0; i < b->n_lines; i++) {
		free(b->lines[i].name);
		free(b->lines[i].note);
	}
}

void pricing_add_fees(struct basket *b)
{
	b->products_price = 0;
	for (size_t i = 0; i < b->n_lines; i++)
		b->products_price += b->lines[i].price * b->lines[i].count;
	b->delivery_price = b->products_price >= DELIVERY_FREE_FROM ? 0 : DELIVERY_FEE;
	b->additional_price = b->products_price < SMALL_ORDER_BELOW ? SMALL_ORDER_FEE : 0;
	b->tax_price = (b->products_price * TAX_PERCENT + 50) / 100;
	b->total_price = b->products_price + b->delivery_price + b->additional_price + b->tax_price;
}

static struct line *find_line(struct basket *b, int64_t product)
{
	for (size_t i = 0; i < b->n_lines; i++)
		if (b->lines[i].product == product)
			return &b->lines[i];
	return NULL;
}

static int read_ids(struct call *c, struct basket *b)
{
	json_object *ids = json_member(c->body, "productIds");

	if (!ids || !json_object_is_type(ids, json_type_array) || json_object_array_length(ids) == 0)
		return call_fail(c, 422, "empty-order", "\"productIds\" names no products");
	if (json_object_array_length(ids) > BASKET_MAX)
		return call_fail(c, 422, "order-too-large", "An order has at most %d products", BASKET_MAX);
	for (size_t i = 0; i < json_object_array_length(ids); i++) {
		json_object *id = json_object_array_get_idx(ids, i);
		struct line *line;

		if (!json_object_is_type(id, json_type_int))
			return call_fail(c, 422, "invalid-product-ids",
					 "\"productIds\" has a member that is no integer");
		line = find_line(b, json_object_get_int64(id));
		if (!line) {
			line = &b->lines[b->n_lines++];
			*line = (struct line){ .product = json_object_get_int64(id) };
		}
		line->count++;
	}
	return 0;
}

static int read_notes(struct call *c, struct basket *b)
{
	json_object *notes = json_member(c->body, "productNotes");

	if (!notes)
		return 0;
	if (!json_object_is_type(notes, json_type_array) || json_object_array_length(notes) > BASKET_MAX)
		return call_fail(c, 422, "invalid-product-notes", "\"productNotes\" is no array of at most %d",
				 BASKET_MAX);
	for (size_t i = 0; i < json_object_array_length(notes); i++) {
		json_object *n = json_object_array_get_idx(notes, i);
		const char *note = NULL;
		struct line *line;
		int64_t id;

		if (!json_object_is_type(n, json_type_object) || json_int_member(n, "productId", 0, &id) < 0 ||
		    json_string_member(n, "note", &note) < 0)
			return call_fail(c, 422, "invalid-product-notes",
					 "A product's note is not {\"productId\":…,\"note\":\"…\"}");
		line = find_line(b, id);
		if (!line)
			return call_fail(c, 422, "invalid-product-notes",
					 "There is a note for product %lld, which is"
					 " not in the order",
					 (long long)id);
		if (note && strlen(note) > NOTE_MAX)
			return call_fail(c, 422, "invalid-product-notes", "A note has at most %d bytes",
					 NOTE_MAX);
		free(line->note);
		line->note = xstrdup(note);
	}
	return 0;
}

/* Moves what cannot be had out of the basket. */
static void look_up(struct call *c, struct basket *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n_lines; i++) {
		struct line *line = &b->lines[i];
		struct product p AUTO(product_done) = { 0 };

		if (!catalog_find(c->sandbox->store, line->product, &p) || p.deleted ||
		    (p.quantity >= 0 && p.quantity < line->count)) {
			b->unavailable[b->n_unavailable++] = line->product;
			free(line->note);
			continue;
		}
		line->name = TAKE(p.name);
		line->price = p.price;
		b->lines[kept++] = *line;
	}
	b->n_lines = kept;
}

int pricing_read(struct call *c, struct basket *b)
{
	int r;

	r = read_ids(c, b);
	if (r < 0)
		return r;
	r = read_notes(c, b);
	if (r < 0)
		return r;
	look_up(c, b);
	pricing_add_fees(b);
	return 0;
}

json_object *basket_unavailable_to_json(const struct basket *b)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < b->n_unavailable; i++)
		json_object_array_add(a, json_object_new_int64(b->unavailable[i]));
	return a;
}

json_object *basket_lines_to_json(const struct basket *b)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < b->n_lines; i++) {
		json_object *o = json_object_new_object(), *product = json_object_new_object();

		json_add_int(product, "id", b->lines[i].product);
		json_add_text(product, "name", b->lines[i].name);
		json_object_object_add(o, "product", product);
		json_add_int(o, "quantity", b->lines[i].count);
		json_add_money(o, "price", b->lines[i].price);
		json_add_text(o, "note", b->lines[i].note);
		json_object_array_add(a, o);
	}
	return a;
}
