/*
 * The customer's calls about orders: quote, make, list, cancel, rate; and the account.
 */
#include <errno.h>

#include "tests/sandbox/catalog.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/life.h"
#include "tests/sandbox/pricing.h"

enum { ORDERS_DEFAULT = 100, ORDERS_MAX = 500, RATING_FILES_MAX = 10 };

static const int64_t quote_life = 10 * USEC_PER_MINUTE;
static const int64_t deliver_at_max = 14 * USEC_PER_DAY;

int ordering_quote(struct call *c)
{
	struct basket b AUTO(basket_done) = { 0 };
	int r;

	r = pricing_read(c, &b);
	if (r < 0)
		return r;
	c->answer = json_object_new_object();
	json_add_money(c->answer, "productsPrice", b.products_price);
	json_add_money(c->answer, "deliveryPrice", b.delivery_price);
	json_add_money(c->answer, "additionalPrice", b.additional_price);
	json_add_money(c->answer, "taxPrice", b.tax_price);
	json_add_money(c->answer, "totalPrice", b.total_price);
	json_add_text(c->answer, "currency", CURRENCY);
	json_object_object_add(c->answer, "unavailableProductIds", basket_unavailable_to_json(&b));
	json_add_date(c->answer, "validUntil", clock_now(&c->sandbox->clock) + quote_life);
	return 0;
}

/* A member that is a date; 0 if it is absent. */
static int read_date(struct call *c, const char *name, const char *code, int64_t *ret)
{
	const char *text;

	*ret = 0;
	if (json_string_member(c->body, name, &text) < 0 || (text && date_parse(text, ret) < 0))
		return call_fail(c, 422, code, "\"%s\" is no date as 2030-12-31T18:30:00Z", name);
	return 0;
}

static int check_owner(struct call *c)
{
	const char *uid, *login;
	int r;

	r = call_optional_text(c, "userUid", 100, &uid);
	if (r < 0)
		return r;
	r = call_optional_text(c, "login", 200, &login);
	if (r < 0)
		return r;
	if ((uid && strcasecmp(uid, c->user.uid) != 0) || (login && strcasecmp(login, c->user.login) != 0))
		return call_fail(c, 403, "wrong-owner", "The order is for another user than the token's");
	return 0;
}

static int read_payment_type(struct call *c, struct order *o)
{
	const char *type, *method;
	int r;

	r = call_text(c, "paymentType", 1, 40, &type);
	if (r < 0)
		return r;
	r = call_optional_text(c, "paymentMethod", 40, &method);
	if (r < 0)
		return r;
	if (payment_type_parse(type, &o->payment_type) < 0)
		return call_fail(c, 422, "invalid-payment-type", "\"%s\" is none of Cash, POS, QR code, Card",
				 type);
	if (method && strcmp(method, payment_method_name(o->payment_type)) != 0)
		return call_fail(c, 422, "invalid-payment-method", "%s is paid \"%s\", not \"%s\"", type,
				 payment_method_name(o->payment_type), method);
	return 0;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static int read_destination(struct call *c, struct order *o)
{
	const char *city, *address, *phone;
	int r;

	r = call_optional_text(c, "city", 100, &city);
	if (r < 0)
		return r;
	r = call_optional_text(c, "address", 300, &address);
	if (r < 0)
		return r;
	if (!city || is_blank(city) || !address || is_blank(address))
		return call_fail(c, 422, "invalid-address", "City and address are needed");
	r = call_optional_text(c, "phoneNumber", 50, &phone);
	if (r < 0)
		return r;
	if (phone && strspn(phone, "+0123456789 -()") != strlen(phone))
		return call_fail(c, 422, "invalid-phone-number", "\"%s\" is no phone number", phone);
	o->city = xstrdup(city);
	o->address = xstrdup(address);
	o->phone = xstrdup(phone ? phone : c->user.phone);
	o->origin = place_kitchen_address(city);
	o->from = place_of_kitchen(city);
	o->to = place_of_address(city, address);
	return 0;
}

static int read_wishes(struct call *c, struct order *o)
{
	int64_t now = clock_now(&c->sandbox->clock);
	const char *comment, *recipient;
	int r;

	r = call_optional_text(c, "comment", 1000, &comment);
	if (r < 0)
		return r;
	r = call_optional_text(c, "recipientName", 200, &recipient);
	if (r < 0)
		return r;
	r = read_date(c, "deliverAt", "invalid-deliver-at", &o->deliver_at);
	if (r < 0)
		return r;
	if (o->deliver_at && (o->deliver_at < now || o->deliver_at > now + deliver_at_max))
		return call_fail(c, 422, "invalid-deliver-at",
				 "\"deliverAt\" is past, or more than two weeks ahead");
	o->comment = xstrdup(comment);
	o->recipient = xstrdup(recipient);
	return 0;
}

/* What the person was shown must be what it costs. */
static int check_amount(struct call *c, const struct basket *b)
{
	json_object *amount = json_member(c->body, "paymentAmount");
	int64_t cents;

	if (!amount ||
	    (!json_object_is_type(amount, json_type_int) && !json_object_is_type(amount, json_type_double)) ||
	    money_parse(json_object_get_string(amount), &cents) < 0)
		return call_fail(c, 422, "invalid-payment-amount",
				 "\"paymentAmount\" is no amount of " CURRENCY);
	if (b->n_unavailable > 0) {
		(void)call_fail(c, 409, "product-unavailable", "Some products cannot be had");
		json_object_object_add(c->answer, "productIds", basket_unavailable_to_json(b));
		return -EBADMSG;
	}
	if (cents != b->total_price) {
		(void)call_fail(c, 409, "price-changed", "The order costs another amount now");
		json_add_money(c->answer, "newAmount", b->total_price);
		json_add_text(c->answer, "currency", CURRENCY);
		return -EBADMSG;
	}
	return 0;
}

static void take_basket(struct call *c, struct order *o, const struct basket *b)
{
	o->items = basket_lines_to_json(b);
	o->products_price = b->products_price;
	o->delivery_price = b->delivery_price;
	o->additional_price = b->additional_price;
	o->tax_price = b->tax_price;
	o->total_price = b->total_price;
	for (size_t i = 0; i < b->n_lines; i++)
		catalog_take(c->sandbox, b->lines[i].product, b->lines[i].count);
}

static int make(struct call *c, const char *uid)
{
	struct order o AUTO(order_done) = { .user = c->user.id, .courier = -1 };
	struct basket b AUTO(basket_done) = { 0 };
	int64_t now = clock_now(&c->sandbox->clock), until;
	int r;

	r = read_date(c, "validUntil", "invalid-valid-until", &until);
	if (r < 0)
		return r;
	if (until && until <= now)
		return call_fail(c, 409, "too-late", "The order was to be made until a moment that is past");
	r = read_payment_type(c, &o);
	if (r < 0)
		return r;
	r = read_destination(c, &o);
	if (r < 0)
		return r;
	r = read_wishes(c, &o);
	if (r < 0)
		return r;
	r = pricing_read(c, &b);
	if (r < 0)
		return r;
	r = check_amount(c, &b);
	if (r < 0)
		return r;

	snprintf(o.uid, sizeof(o.uid), "%s", uid);
	o.key = xstrdup(c->key);
	o.payments = json_object_new_array();
	o.timeline = json_object_new_array();
	o.created = o.changed = now;
	snprintf(o.code, sizeof(o.code), "%04u", rng_below(&c->sandbox->rng, 10000));
	take_basket(c, &o, &b);
	order_set_status(&o, STATUS_REQUESTED, now);
	if (o.payment_type == PAY_QR || o.payment_type == PAY_CARD)
		order_set_status(&o, STATUS_AWAITING_PAYMENT, now);
	life_plan(c->sandbox, &o);
	order_insert(c->sandbox->store, &o);
	life_publish(c->sandbox, &o);
	c->answer = order_to_json(&o);
	return 0;
}

/* A refusal belongs to the order's uid: who asks again with it gets the first one again. */
static bool repeat_refusal(struct call *c, const char *uid)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT status, body FROM refusals"
						 " WHERE user = ? AND uid = ?", "it", c->user.id, uid);

	if (!store_step(q))
		return false;
	c->status = (int)store_int(q, 0);
	c->answer = json_tokener_parse(store_text(q, 1));
	return true;
}

int ordering_make(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	char uid[UUID_SIZE];
	const char *text;
	int r;

	r = call_text(c, "uid", 1, 100, &text);
	if (r < 0)
		return r;
	if (!uuid_is_valid(text))
		return call_fail(c, 422, "invalid-uid", "The uid \"%s\" is no UUID", text);
	for (size_t i = 0; i < UUID_SIZE; i++)
		uid[i] = text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i];
	if (order_load(c->sandbox->store, uid, &o) == 0) {
		if (o.user != c->user.id)
			return call_fail(c, 403, "wrong-owner", "This order is another user's");
		c->answer = order_to_json(&o);
		return 0;
	}
	if (repeat_refusal(c, uid))
		return -EBADMSG;
	r = check_owner(c);
	if (r == 0)
		r = make(c, uid);
	if (r < 0 && c->status == 409)
		store_run(c->sandbox->store, "INSERT INTO refusals VALUES (?, ?, ?, ?)", "tiit", uid,
			  c->user.id, (int64_t)c->status, json_text(c->answer));
	return r;
}

int ordering_orders_get(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	struct page page;
	bool more = true;
	int r;

	r = page_begin(c, "orders", ORDERS_DEFAULT, ORDERS_MAX, &page);
	if (r < 0)
		return r;
	q = order_query_changed(c->sandbox->store, c->user.id, page.since, page.limit + 1);
	while (more && store_step(q)) {
		struct order o AUTO(order_done) = { 0 };

		order_from_row(q, &o);
		more = page_add(&page, order_to_json(&o), o.seq);
	}
	return page_end(c, &page);
}

int ordering_pending_get(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = order_query_pending(c->sandbox->store, c->user.id);

	c->answer = json_object_new_array();
	while (store_step(q)) {
		struct order o AUTO(order_done) = { 0 };

		order_from_row(q, &o);
		json_object_array_add(c->answer, order_to_json(&o));
	}
	return 0;
}

/* The caller's own order, or 404, or 403. */
static int find_order(struct call *c, const char *uid, struct order *ret)
{
	if (order_load(c->sandbox->store, uid, ret) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", uid);
	if (ret->user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This order is another user's");
	return 0;
}

int ordering_order_get(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	const char *uid = call_query(c, "uid");
	int r;

	if (!uid)
		return call_fail(c, 400, "invalid-uid", "The parameter \"uid\" is missing");
	r = find_order(c, uid, &o);
	if (r < 0)
		return r;
	c->answer = order_to_json(&o);
	return 0;
}

static int find_order_of_body(struct call *c, struct order *ret)
{
	const char *uid;
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &uid);
	if (r < 0)
		return r;
	return find_order(c, uid, ret);
}

int ordering_cancel(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	const char *reason;
	int r;

	r = call_optional_text(c, "reason", 1000, &reason);
	if (r < 0)
		return r;
	r = find_order_of_body(c, &o);
	if (r < 0)
		return r;
	if (!order_can_be_cancelled(&o))
		return call_fail(c, 409, "cannot-cancel", "An order that is \"%s\" cannot be cancelled",
				 status_name(o.status));
	catalog_put_back(c->sandbox, o.items);
	if (life_advance(c->sandbox, &o, STATUS_CANCELLED) < 0)
		return call_fail(c, 409, "cannot-cancel", "The order cannot be cancelled any more");
	journal_add(c, "cancel", o.uid, reason);
	c->answer = order_to_json(&o);
	return 0;
}

/* Files that go with a rating are the customer's own, sent before. */
static int check_files(struct call *c, json_object *files)
{
	if (!files)
		return 0;
	if (!json_object_is_type(files, json_type_array) || json_object_array_length(files) > RATING_FILES_MAX)
		return call_fail(c, 422, "invalid-file-uids", "\"fileUids\" is no array of at most %d", RATING_FILES_MAX);
	for (size_t i = 0; i < json_object_array_length(files); i++) {
		json_object *uid = json_object_array_get_idx(files, i);
		AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT 1 FROM files WHERE uid = ? AND"
							 " user = ?", "ti", json_object_get_string(uid), c->user.id);

		if (!json_object_is_type(uid, json_type_string) || !store_step(q))
			return call_fail(c, 422, "invalid-file-uids", "You have no file \"%.100s\"",
					 json_object_get_string(uid));
	}
	return 0;
}

static void journal_files(struct call *c, const struct order *o, json_object *files)
{
	json_object *detail AUTO_JSON = json_object_new_object();

	if (!files || json_object_array_length(files) == 0)
		return;
	json_object_object_add(detail, "fileUids", json_object_get(files));
	journal_add(c, "rating-files", o->uid, json_text(detail));
}

int ordering_rate(struct call *c)
{
	json_object *files = json_member(c->body, "fileUids");
	struct order o AUTO(order_done) = { 0 };
	AUTO_FREE char *detail = NULL;
	const char *comment;
	int64_t rating;
	int r;

	if (json_int_member(c->body, "rating", 0, &rating) < 0 || rating < 1 || rating > 5)
		return call_fail(c, 422, "invalid-rating", "A rating is an integer from 1 to 5");
	r = call_optional_text(c, "comment", 2000, &comment);
	if (r < 0)
		return r;
	r = find_order_of_body(c, &o);
	if (r < 0)
		return r;
	if (!order_is_delivered(&o))
		return call_fail(c, 409, "not-delivered", "An order can be rated when it is delivered");
	if (o.rating)
		return call_fail(c, 409, "already-rated", "The order was rated before");
	r = check_files(c, files);
	if (r < 0)
		return r;
	o.rating = rating;
	o.rating_comment = xstrdup(comment);
	o.rating_date = clock_now(&c->sandbox->clock);
	life_publish(c->sandbox, &o);
	detail = xprintf("%lld %s", (long long)rating, comment ? comment : "");
	journal_add(c, "rating", o.uid, detail);
	journal_files(c, &o, files);
	c->answer = order_to_json(&o);
	return 0;
}

int account_get(struct call *c)
{
	c->answer = json_object_new_object();
	json_add_text(c->answer, "userUid", c->user.uid);
	json_add_text(c->answer, "login", c->user.login);
	json_add_text(c->answer, "email", c->user.email);
	json_add_text(c->answer, "phoneNumber", c->user.phone);
	return 0;
}
