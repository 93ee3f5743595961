/* The customer backend's JSON: the reading of its records, and its names for statuses and payment types.
 * The calls and what is sent are in customer.c. */
#include <math.h>

#include "backend/customer.h"
#include "backend/decode.h"

#define DEFAULT_CURRENCY "USD"
#define MAX_PAGE_ITEMS 10000U /* twenty times what is ever asked for */
#define MAX_CURSOR 4096U

/* Lower-case, words joined by single hyphens; a capital behind a small letter begins a word
 * ("InDelivery"). What is not ASCII stays. Caller frees; "" when there is no letter in it. */
static char *kebab(const char *s)
{
	char *out = malloc(strlen(s) * 2 + 1), *p = out;
	bool hyphen = false, small = false;

	if (!out)
		return NULL;
	for (; *s; s++) {
		bool capital = *s >= 'A' && *s <= 'Z', digit = *s >= '0' && *s <= '9';
		bool ascii = (*s & 0x80) == 0;

		if (ascii && !capital && !digit && !(*s >= 'a' && *s <= 'z')) {
			hyphen = true;
			continue;
		}
		if ((hyphen || (capital && small)) && p > out)
			*p++ = '-';
		*p++ = capital ? (char)(*s - 'A' + 'a') : *s;
		hyphen = false;
		small = !capital;
	}
	*p = '\0';
	return out;
}

char *customer_status_to_bus(const char *service)
{
	_cleanup_free_ char *status = kebab(service);

	if (!status)
		return NULL;
	if (streq(status, "in-the-process-of-cooking"))
		return strdup(STATUS_COOKING);
	if (isempty(status))
		return strdup("service-" STATUS_UNKNOWN);
	if (status_is_local(status))
		return strprintf("service-%s", status);
	return TAKE_PTR(status);
}

static const struct {
	const char *service, *bus;
} payment_types[] = {
	{ "Cash", "cash" },
	{ "POS", "pos" },
	{ "QR code", "qr" },
	{ "Card", "card" },
};

const char *customer_payment_type_to_bus(const char *service)
{
	for (size_t i = 0; i < ELEMENTSOF(payment_types); i++)
		if (streq_ptr(service, payment_types[i].service))
			return payment_types[i].bus;
	return NULL;
}

const char *customer_payment_type_from_bus(const char *bus)
{
	for (size_t i = 0; i < ELEMENTSOF(payment_types); i++)
		if (streq_ptr(bus, payment_types[i].bus))
			return payment_types[i].service;
	return NULL;
}

/* Absent, and a type that is not known, leave *ret NULL. */
static int decode_payment_type(json_object *o, char **ret)
{
	const char *s;
	int r;

	r = json_get_string(o, "paymentType", &s);
	if (r < 0)
		return decode_refuse("paymentType");
	return r == 0 ? 0 : free_and_strdup(ret, customer_payment_type_to_bus(s));
}

static int category_read(json_object *o, struct category *c)
{
	static const struct field fields[] = {
		{ "id", FIELD_ID, offsetof(struct category, id) },
		{ "name", FIELD_TEXT, offsetof(struct category, name) },
		{ "description", FIELD_TEXT, offsetof(struct category, description) },
		{ "pictureUrl", FIELD_TEXT, offsetof(struct category, picture_url) },
	};
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, c);
	if (r < 0)
		return r;
	/* On the bus category 0 is all of them. */
	if (c->id == 0)
		return decode_refuse("id");
	return isempty(c->name) ? decode_refuse("name") : 0;
}

int customer_decode_category(json_object *o, struct category *ret)
{
	struct category c = { 0 };
	int r;

	r = category_read(o, &c);
	if (r < 0) {
		category_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}

static int decode_tags(json_object *o, char ***ret)
{
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, "dietaryTags", DECODE_MAX_LIST, &list, &n);
	for (size_t i = 0; i < n && r == 0; i++) {
		json_object *tag = json_object_array_get_idx(list, i);

		if (!tag)
			continue;
		if (!json_object_is_type(tag, json_type_string) ||
		    json_object_get_string_len(tag) > (int)DECODE_MAX_UID)
			return decode_refuse("dietaryTags");
		r = strv_push(ret, json_object_get_string(tag));
	}
	return r;
}

/* One that is no longer sold may come as little more than its id. */
static int product_check(json_object *o, struct product *p)
{
	if (!json_get(o, "id"))
		return decode_refuse("id");
	if (p->deleted)
		return 0;
	if (isempty(p->name))
		return decode_refuse("name");
	return json_get(o, "price") ? 0 : decode_refuse("price");
}

static int product_read(json_object *o, struct product *p)
{
	static const struct field fields[] = {
		{ "id", FIELD_ID, offsetof(struct product, id) },
		{ "name", FIELD_TEXT, offsetof(struct product, name) },
		{ "description", FIELD_TEXT, offsetof(struct product, description) },
		{ "pictureUrl", FIELD_TEXT, offsetof(struct product, picture_url) },
		{ "price", FIELD_MONEY, offsetof(struct product, price) },
		{ "quantity", FIELD_U32, offsetof(struct product, quantity) },
		{ "isDeleted", FIELD_BOOL, offsetof(struct product, deleted) },
		{ "dateChanged", FIELD_TIME, offsetof(struct product, changed) },
	};
	static const struct field category_fields[] = {
		{ "id", FIELD_ID, offsetof(struct product, category) },
	};
	json_object *category;
	int r;

	r = decode_currency(o, DEFAULT_CURRENCY, p->currency);
	if (r < 0)
		return r;
	r = decode_fields(o, fields, ELEMENTSOF(fields), p->currency, p);
	if (r < 0)
		return r;
	p->limited = json_get(o, "quantity");
	category = json_get(o, "productCategory");
	if (category) {
		r = decode_fields(category, category_fields, ELEMENTSOF(category_fields), NULL, p);
		if (r < 0)
			return r;
	}
	if (json_get_double(o, "rating", &p->rating) < 0)
		return decode_refuse("rating");
	if (p->rating < 0 || p->rating > 5)
		p->rating = 0;
	r = decode_tags(o, &p->dietary_tags);
	return r < 0 ? r : product_check(o, p);
}

int customer_decode_product(json_object *o, struct product *ret)
{
	struct product p = { 0 };
	int r;

	r = product_read(o, &p);
	if (r < 0) {
		product_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

static int payment_read(json_object *o, const char *currency, struct payment *p)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct payment, uid) },
		{ "deliveryOrderUid", FIELD_UID_OPTIONAL, offsetof(struct payment, order) },
		{ "amount", FIELD_MONEY, offsetof(struct payment, amount) },
		{ "cardNumber", FIELD_TEXT, offsetof(struct payment, card) },
		{ "qrPayload", FIELD_TEXT, offsetof(struct payment, qr_payload) },
		{ "failureReason", FIELD_TEXT, offsetof(struct payment, failure_reason) },
		{ "date", FIELD_TIME, offsetof(struct payment, date) },
		{ "validUntil", FIELD_TIME, offsetof(struct payment, valid_until) },
	};
	const char *status;
	int r;

	r = decode_currency(o, currency, p->currency);
	if (r < 0)
		return r;
	r = decode_fields(o, fields, ELEMENTSOF(fields), p->currency, p);
	if (r < 0)
		return r;
	r = decode_payment_type(o, &p->type);
	if (r < 0)
		return r;
	if (decode_word(o, "status", &status) < 0)
		return decode_refuse("status");
	p->status = kebab(status);
	if (!p->status)
		return -ENOMEM;
	return isempty(p->status) ? decode_refuse("status") : 0;
}

int customer_decode_payment(json_object *o, struct payment *ret)
{
	struct payment p = { 0 };
	int r;

	r = payment_read(o, DEFAULT_CURRENCY, &p);
	if (r < 0) {
		payment_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

static int order_line_read(json_object *o, const char *currency, struct order_line *l)
{
	static const struct field fields[] = {
		{ "quantity", FIELD_U32, offsetof(struct order_line, quantity) },
		{ "price", FIELD_MONEY, offsetof(struct order_line, unit_price) },
		{ "note", FIELD_TEXT, offsetof(struct order_line, note) },
	};
	static const struct field product_fields[] = {
		{ "id", FIELD_ID, offsetof(struct order_line, product) },
		{ "name", FIELD_TEXT, offsetof(struct order_line, name) },
	};
	json_object *product = json_get(o, "product");
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), currency, l);
	if (r < 0)
		return r;
	r = decode_fields(product, product_fields, ELEMENTSOF(product_fields), NULL, l);
	if (r < 0)
		return r;
	if (!json_get(product, "id"))
		return decode_refuse("product");
	return l->quantity == 0 ? decode_refuse("quantity") : 0;
}

static int order_read_lines(json_object *o, struct order *order)
{
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, "products", DECODE_MAX_LIST, &list, &n);
	if (r < 0 || n == 0)
		return r;
	order->lines = new0(struct order_line, n);
	if (!order->lines)
		return -ENOMEM;
	for (order->n_lines = 0; order->n_lines < n && r == 0;) {
		json_object *line = json_object_array_get_idx(list, order->n_lines);

		/* Counted first: order_free() frees a half-read one as well. */
		r = order_line_read(line, order->currency, &order->lines[order->n_lines++]);
	}
	return r;
}

static int timeline_entry_read(json_object *o, struct timeline_entry *e)
{
	static const struct field fields[] = {
		{ "date", FIELD_TIME, offsetof(struct timeline_entry, when) },
	};
	const char *status;
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, e);
	if (r < 0)
		return r;
	if (decode_word(o, "status", &status) < 0)
		return decode_refuse("timeline");
	e->status = customer_status_to_bus(status);
	return e->status ? 0 : -ENOMEM;
}

static int order_read_timeline(json_object *o, struct order *order)
{
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, "timeline", DECODE_MAX_LIST, &list, &n);
	if (r < 0 || n == 0)
		return r;
	order->timeline = new0(struct timeline_entry, n);
	if (!order->timeline)
		return -ENOMEM;
	for (order->n_timeline = 0; order->n_timeline < n && r == 0;) {
		json_object *entry = json_object_array_get_idx(list, order->n_timeline);

		r = timeline_entry_read(entry, &order->timeline[order->n_timeline++]);
	}
	return r;
}

static int order_read_payments(json_object *o, struct order *order)
{
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, "payments", DECODE_MAX_LIST, &list, &n);
	if (r < 0 || n == 0)
		return r;
	order->payments = new0(struct payment, n);
	if (!order->payments)
		return -ENOMEM;
	while (order->n_payments < n && r == 0) {
		struct payment *p = &order->payments[order->n_payments];
		json_object *payment = json_object_array_get_idx(list, order->n_payments++);

		r = payment_read(payment, order->currency, p);
		if (r == 0 && !p->order)
			r = free_and_strdup(&p->order, order->uid);
	}
	return r;
}

static int order_read_courier(json_object *o, struct order *order)
{
	static const struct field fields[] = {
		{ "name", FIELD_TEXT, offsetof(struct courier, name) },
		{ "phone", FIELD_LABEL, offsetof(struct courier, phone) },
		{ "date", FIELD_TIME, offsetof(struct courier, when) },
	};
	json_object *courier = json_get(o, "courier");
	struct courier *c = &order->courier;
	int r;

	if (!courier)
		return 0;
	r = decode_fields(courier, fields, ELEMENTSOF(fields), NULL, c);
	if (r < 0)
		return r;
	r = decode_coordinates(courier, "latitude", "longitude", &c->latitude, &c->longitude);
	if (r < 0)
		return r;
	if (isnan(c->latitude))
		c->when = 0; /* a date without a place is no fix */
	order->has_courier = true;
	return 0;
}

static int order_read_rating(json_object *o, struct order *order)
{
	static const struct field fields[] = {
		{ "rating", FIELD_U32, offsetof(struct order, rating) },
		{ "comment", FIELD_TEXT, offsetof(struct order, rating_comment) },
	};
	json_object *rating = json_get(o, "rating");
	int r;

	if (!rating)
		return 0;
	r = decode_fields(rating, fields, ELEMENTSOF(fields), NULL, order);
	if (r < 0)
		return r;
	return order->rating > 5 ? decode_refuse("rating") : 0;
}

static int order_read_fields(json_object *o, struct order *order)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct order, uid) },
		{ "id", FIELD_ID, offsetof(struct order, id) },
		{ "number", FIELD_LABEL, offsetof(struct order, number) },
		{ "couldBeCancelled", FIELD_BOOL, offsetof(struct order, cancellable) },
		{ "productsPrice", FIELD_MONEY, offsetof(struct order, products_price) },
		{ "deliveryPrice", FIELD_MONEY, offsetof(struct order, delivery_price) },
		{ "additionalPrice", FIELD_MONEY, offsetof(struct order, additional_price) },
		{ "taxPrice", FIELD_MONEY, offsetof(struct order, tax_price) },
		{ "totalPrice", FIELD_MONEY_REQUIRED, offsetof(struct order, total_price) },
		{ "origin", FIELD_TEXT, offsetof(struct order, origin) },
		{ "destination", FIELD_TEXT, offsetof(struct order, destination) },
		{ "recipientName", FIELD_TEXT, offsetof(struct order, recipient) },
		{ "comment", FIELD_TEXT, offsetof(struct order, comment) },
		{ "deliveryConfirmationCode", FIELD_LABEL, offsetof(struct order, confirmation_code) },
		{ "deliverAt", FIELD_TIME, offsetof(struct order, deliver_at) },
		{ "dateCreated", FIELD_TIME, offsetof(struct order, created) },
		{ "dateChanged", FIELD_TIME, offsetof(struct order, changed) },
		{ "dateStartExpected", FIELD_TIME, offsetof(struct order, start_expected) },
		{ "dateStartActual", FIELD_TIME, offsetof(struct order, start_actual) },
		{ "dateEndExpected", FIELD_TIME, offsetof(struct order, end_expected) },
		{ "dateEndActual", FIELD_TIME, offsetof(struct order, end_actual) },
		{ "cookingEndExpected", FIELD_TIME, offsetof(struct order, cooking_expected) },
		{ "cookingEndActual", FIELD_TIME, offsetof(struct order, cooking_actual) },
	};
	const char *status;
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), order->currency, order);
	if (r < 0)
		return r;
	if (decode_word(o, "status", &status) < 0)
		return decode_refuse("status");
	order->status = customer_status_to_bus(status);
	if (!order->status)
		return -ENOMEM;
	r = decode_payment_type(o, &order->payment_type);
	if (r < 0)
		return r;
	return decode_coordinates(o, "destinationLatitude", "destinationLongitude",
				  &order->destination_latitude, &order->destination_longitude);
}

int customer_decode_order(json_object *o, struct order **ret)
{
	static int (*const parts[])(json_object *, struct order *) = {
		order_read_fields, order_read_lines,   order_read_timeline,
		order_read_payments, order_read_courier, order_read_rating,
	};
	_cleanup_(order_freep) struct order *order = order_new();
	int r;

	if (!order)
		return -ENOMEM;
	r = decode_currency(o, DEFAULT_CURRENCY, order->currency);
	for (size_t i = 0; i < ELEMENTSOF(parts) && r == 0; i++)
		r = parts[i](o, order);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(order);
	return 0;
}

int customer_decode_quote(json_object *o, struct quote *ret)
{
	static const struct field fields[] = {
		{ "productsPrice", FIELD_MONEY, offsetof(struct quote, products_price) },
		{ "deliveryPrice", FIELD_MONEY, offsetof(struct quote, delivery_price) },
		{ "additionalPrice", FIELD_MONEY, offsetof(struct quote, additional_price) },
		{ "taxPrice", FIELD_MONEY, offsetof(struct quote, tax_price) },
		{ "totalPrice", FIELD_MONEY_REQUIRED, offsetof(struct quote, total_price) },
		{ "validUntil", FIELD_TIME, offsetof(struct quote, valid_until) },
	};
	struct quote q = { 0 };
	int r;

	r = decode_currency(o, DEFAULT_CURRENCY, q.currency);
	if (r < 0)
		return r;
	r = decode_fields(o, fields, ELEMENTSOF(fields), q.currency, &q);
	if (r < 0)
		return r;
	r = decode_ids(o, "unavailableProductIds", &q.unavailable, &q.n_unavailable);
	if (r < 0)
		return r;
	*ret = q;
	return 0;
}

int customer_decode_account(json_object *o, struct customer_account *ret)
{
	static const struct field fields[] = {
		{ "userUid", FIELD_UID, offsetof(struct customer_account, user_uid) },
		{ "login", FIELD_TEXT, offsetof(struct customer_account, login) },
		{ "email", FIELD_TEXT, offsetof(struct customer_account, email) },
		{ "phoneNumber", FIELD_TEXT, offsetof(struct customer_account, phone) },
	};
	struct customer_account a = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &a);
	if (r < 0) {
		customer_account_done(&a);
		return r;
	}
	*ret = a;
	return 0;
}

void customer_account_done(struct customer_account *a)
{
	free(a->user_uid);
	free(a->login);
	free(a->email);
	free(a->phone);
	*a = (struct customer_account){ 0 };
}

int page_decode(json_object *body, struct page *ret)
{
	struct page p = { 0 };
	int r;

	if (!json_get_array(body, "items"))
		return decode_refuse("items");
	r = decode_list(body, "items", MAX_PAGE_ITEMS, &p.items, &p.n);
	if (r < 0)
		return r;
	if (json_get_string(body, "nextCursor", &p.next) < 0 || strlen(strempty(p.next)) > MAX_CURSOR)
		return decode_refuse("nextCursor");
	if (isempty(p.next))
		p.next = NULL;
	/* More to come, and no way to ask for it. */
	if (json_get_bool(body, "hasMore", &p.has_more) < 0 || (p.has_more && !p.next))
		return decode_refuse("hasMore");
	*ret = p;
	return 0;
}

int customer_decode_new_amount(json_object *problem, const char *currency, int64_t *ret)
{
	return json_get_money(problem, "newAmount", currency, ret) == 1 ? 0 : -EBADMSG;
}

int customer_decode_unavailable(json_object *problem, uint64_t **ret, size_t *ret_n)
{
	if (!json_get_array(problem, "productIds"))
		return -EBADMSG;
	return decode_ids(problem, "productIds", ret, ret_n);
}
