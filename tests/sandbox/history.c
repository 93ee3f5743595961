/*
 * POST /Sandbox/Orders: a history order by order, as a test needs it. Seed makes one by itself.
 */
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/order.h"
#include "tests/sandbox/pricing.h"

enum { ORDERS_MAX = 1000 };

static int refuse(struct call *c, const char *name)
{
	return call_fail(c, 422, "invalid-order", "\"%s\" of an order is missing or makes no sense", name);
}

static int read_text(struct call *c, json_object *from, const char *name, const char *fallback, char **ret)
{
	const char *text;

	if (json_string_member(from, name, &text) < 0 || (!text && !fallback))
		return refuse(c, name);
	*ret = xstrdup(text ? text : fallback);
	return 0;
}

static int read_date(struct call *c, json_object *from, const char *name, bool required, int64_t *ret)
{
	const char *text;

	*ret = 0;
	if (json_string_member(from, name, &text) < 0 || (!text && required) || (text && date_parse(text, ret) < 0))
		return refuse(c, name);
	return 0;
}

static int read_money(struct call *c, json_object *from, const char *name, int64_t *ret)
{
	json_object *amount = json_member(from, name);

	*ret = 0;
	if (amount && (money_parse(json_object_get_string(amount), ret) < 0 || *ret < 0))
		return refuse(c, name);
	return 0;
}

static int read_line(struct call *c, json_object *from, struct line *ret)
{
	int r;

	if (!json_object_is_type(from, json_type_object) || json_int_member(from, "id", 0, &ret->product) < 0 ||
	    json_int_member(from, "quantity", 1, &ret->count) < 0 || ret->count < 1)
		return refuse(c, "products");
	r = read_money(c, from, "price", &ret->price);
	return r < 0 ? r : read_text(c, from, "name", "Something", &ret->name);
}

static int read_lines(struct call *c, json_object *from, struct order *o)
{
	struct basket b AUTO(basket_done) = { 0 };
	json_object *lines = json_member(from, "products");
	int r;

	if (!json_object_is_type(lines, json_type_array) || json_object_array_length(lines) > BASKET_MAX)
		return refuse(c, "products");
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		r = read_line(c, json_object_array_get_idx(lines, i), &b.lines[b.n_lines++]);
		if (r < 0)
			return r;
		o->products_price += b.lines[i].price * b.lines[i].count;
	}
	o->items = basket_lines_to_json(&b);
	r = read_money(c, from, "deliveryPrice", &o->delivery_price);
	o->total_price = o->products_price + o->delivery_price;
	return r;
}

static int read_order(struct call *c, json_object *from, struct order *o)
{
	AUTO_FREE char *status = NULL;
	const char *currency, *uid;
	int r;

	r = read_text(c, from, "status", "Delivered", &status);
	if (r >= 0)
		r = status_parse(status, &o->status) < 0 ? refuse(c, "status") : 0;
	if (r >= 0)
		r = read_date(c, from, "dateCreated", true, &o->created);
	if (r >= 0)
		r = read_date(c, from, "dateEndExpected", false, &o->end_expected);
	if (r >= 0)
		r = read_date(c, from, "dateEndActual", false, &o->end_actual);
	if (r >= 0)
		r = read_text(c, from, "city", "Berlin", &o->city);
	if (r >= 0)
		r = read_text(c, from, "address", "Kastanienallee 27", &o->address);
	if (r >= 0)
		r = read_lines(c, from, o);
	if (r < 0)
		return r;
	if (json_string_member(from, "currency", &currency) < 0 || (currency && strlen(currency) != 3))
		return refuse(c, "currency");
	if (currency && strcmp(currency, CURRENCY) != 0)
		snprintf(o->currency, sizeof(o->currency), "%s", currency);
	if (json_string_member(from, "uid", &uid) < 0 || (uid && !uuid_is_valid(uid)))
		return refuse(c, "uid");
	if (uid)
		snprintf(o->uid, sizeof(o->uid), "%s", uid);
	else
		uuid_make(o->uid);
	return 0;
}

static int make_order(struct call *c, json_object *from, int64_t user)
{
	struct order o AUTO(order_done) = { .user = user, .courier = -1, .seeded = true };
	enum status status;
	int r;

	if (!json_object_is_type(from, json_type_object))
		return refuse(c, "orders");
	r = read_order(c, from, &o);
	if (r < 0)
		return r;
	status = o.status;
	o.payments = json_object_new_array();
	o.timeline = json_object_new_array();
	order_set_status(&o, STATUS_REQUESTED, o.created);
	o.changed = o.end_actual ? o.end_actual : o.created;
	if (status != STATUS_REQUESTED)
		order_set_status(&o, status, o.changed);
	o.origin = place_kitchen_address(o.city);
	o.from = place_of_kitchen(o.city);
	o.to = place_of_address(o.city, o.address);
	o.seq = store_next_change(c->sandbox->store);
	order_insert(c->sandbox->store, &o);
	return 0;
}

static int64_t find_user(struct store *st, const char *login)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT id FROM users WHERE login = ?", "t", login);

	return store_step(q) ? store_int(q, 0) : 0;
}

int control_orders(struct call *c)
{
	json_object *orders = json_member(c->body, "orders");
	struct store *st = c->sandbox->store;
	const char *login;
	int64_t user;
	int r;

	r = call_text(c, "login", 3, 50, &login);
	if (r < 0)
		return r;
	user = find_user(st, login);
	if (!user)
		return call_fail(c, 404, "not-found", "There is no user \"%s\"", login);
	if (!json_object_is_type(orders, json_type_array) || json_object_array_length(orders) > ORDERS_MAX)
		return refuse(c, "orders");
	store_begin(st);
	for (size_t i = 0; i < json_object_array_length(orders) && r >= 0; i++)
		r = make_order(c, json_object_array_get_idx(orders, i), user);
	if (r < 0) {
		store_rollback(st);
		return r;
	}
	store_commit(st);
	c->answer = json_object_new_object();
	json_add_int(c->answer, "orders", (int64_t)json_object_array_length(orders));
	return 0;
}
