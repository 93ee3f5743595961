/*
 * Reading, writing and printing an order. What happens to it is in ordering.c and life.c.
 */
#include <errno.h>
#include <math.h>

#include "tests/sandbox/order.h"
#include "tests/sandbox/payment.h"

static const char *const status_names[] = {
	[STATUS_REQUESTED] = "Requested",
	[STATUS_AWAITING_PAYMENT] = "Awaiting payment",
	[STATUS_PROCESSING] = "Processing",
	[STATUS_COOKING] = "In the process of cooking",
	[STATUS_READY] = "Ready to deliver",
	[STATUS_IN_DELIVERY] = "In delivery",
	[STATUS_DELIVERED] = "Delivered",
	[STATUS_FINISHED] = "Finished",
	[STATUS_CANCELLED] = "Cancelled",
};

static const char *const payment_types[] = {
	[PAY_CASH] = "Cash", [PAY_POS] = "POS", [PAY_QR] = "QR code", [PAY_CARD] = "Card",
};

static const struct {
	const char *name, *phone;
} couriers[] = {
	{ "Marta", "+12025550141" }, { "Jonas", "+12025550162" }, { "Amina", "+12025550117" },
	{ "Piotr", "+12025550198" }, { "Lucía", "+12025550123" }, { "Kenji", "+12025550175" },
};

/* The order of the columns is the order of everything below. */
#define COLUMNS \
	"uid, user, key, seeded, status, payment_type, products_price, delivery_price, additional_price," \
	" tax_price," \
	" total_price, items, payments, timeline, city, address, recipient, phone, comment, deliver_at," \
	" origin," \
	" origin_lat, origin_lon, lat, lon, courier, courier_lat, courier_lon, courier_date, created," \
	" changed," \
	" start_expected, start_actual, end_expected, end_actual, cooking_expected, cooking_actual, rating," \
	" rating_comment, rating_date, code, due_process, due_cook, due_ready, due_deliver, due_arrive," \
	" promised_ready, promised_arrive, due_notice, next_due, seq, pay_due, pay_pending, currency"
#define TYPES "titiiiiiiiitttttttt" "it" "dddd" "idd" "iiiiiiiii" "iti" "t" "iiiiiiiiii" "itt"

_Static_assert(sizeof(TYPES) - 1 == 54, "one type for each column");

const char *status_name(enum status s)
{
	return status_names[s];
}

int status_parse(const char *name, enum status *ret)
{
	for (size_t i = 0; i < COUNT_OF(status_names); i++)
		if (strcmp(status_names[i], name) == 0) {
			*ret = (enum status)i;
			return 0;
		}
	return -EINVAL;
}

const char *payment_type_name(enum payment_type t)
{
	return payment_types[t];
}

const char *payment_method_name(enum payment_type t)
{
	return t == PAY_CASH || t == PAY_POS ? "On delivery" : "Online";
}

int payment_type_parse(const char *name, enum payment_type *ret)
{
	for (size_t i = 0; i < COUNT_OF(payment_types); i++)
		if (strcmp(payment_types[i], name) == 0) {
			*ret = (enum payment_type)i;
			return 0;
		}
	return -EINVAL;
}

void order_done(struct order *o)
{
	free(o->key);
	json_object_put(o->items);
	json_object_put(o->payments);
	json_object_put(o->timeline);
	json_object_put(o->pay_pending);
	free(o->city);
	free(o->address);
	free(o->recipient);
	free(o->phone);
	free(o->comment);
	free(o->origin);
	free(o->rating_comment);
	*o = (struct order){ 0 };
}

void order_from_row(sqlite3_stmt *q, struct order *ret)
{
	struct order o = { 0 };
	const char *pending, *currency;
	int i = 0;

	snprintf(o.uid, sizeof(o.uid), "%s", store_text(q, i++));
	o.user = store_int(q, i++);
	o.key = xstrdup(store_text(q, i++));
	o.seeded = store_int(q, i++);
	o.status = (enum status)store_int(q, i++);
	o.payment_type = (enum payment_type)store_int(q, i++);
	o.products_price = store_int(q, i++);
	o.delivery_price = store_int(q, i++);
	o.additional_price = store_int(q, i++);
	o.tax_price = store_int(q, i++);
	o.total_price = store_int(q, i++);
	o.items = json_tokener_parse(store_text(q, i++));
	o.payments = json_tokener_parse(store_text(q, i++));
	o.timeline = json_tokener_parse(store_text(q, i++));
	o.city = xstrdup(store_text(q, i++));
	o.address = xstrdup(store_text(q, i++));
	o.recipient = xstrdup(store_text(q, i++));
	o.phone = xstrdup(store_text(q, i++));
	o.comment = xstrdup(store_text(q, i++));
	o.deliver_at = store_int(q, i++);
	o.origin = xstrdup(store_text(q, i++));
	o.from.latitude = store_double(q, i++);
	o.from.longitude = store_double(q, i++);
	o.to.latitude = store_double(q, i++);
	o.to.longitude = store_double(q, i++);
	o.courier = (int)store_int(q, i++);
	o.courier_at.latitude = store_double(q, i++);
	o.courier_at.longitude = store_double(q, i++);
	o.courier_date = store_int(q, i++);
	o.created = store_int(q, i++);
	o.changed = store_int(q, i++);
	o.start_expected = store_int(q, i++);
	o.start_actual = store_int(q, i++);
	o.end_expected = store_int(q, i++);
	o.end_actual = store_int(q, i++);
	o.cooking_expected = store_int(q, i++);
	o.cooking_actual = store_int(q, i++);
	o.rating = store_int(q, i++);
	o.rating_comment = xstrdup(store_text(q, i++));
	o.rating_date = store_int(q, i++);
	snprintf(o.code, sizeof(o.code), "%s", store_text(q, i++));
	o.plan.process = store_int(q, i++);
	o.plan.cook = store_int(q, i++);
	o.plan.ready = store_int(q, i++);
	o.plan.deliver = store_int(q, i++);
	o.plan.arrive = store_int(q, i++);
	o.plan.promised_ready = store_int(q, i++);
	o.plan.promised_arrive = store_int(q, i++);
	o.plan.notice = store_int(q, i++);
	o.plan.next = store_int(q, i++);
	o.seq = store_int(q, i++);
	o.pay_due = store_int(q, i++);
	pending = store_text(q, i++);
	o.pay_pending = pending ? json_tokener_parse(pending) : NULL;
	currency = store_text(q, i++);
	snprintf(o.currency, sizeof(o.currency), "%s", currency ? currency : "");
	o.id = store_int(q, i++);
	*ret = o;
}

#define VALUES(o) \
	(o)->uid, (o)->user, (o)->key, (int64_t)(o)->seeded, (int64_t)(o)->status, (int64_t)(o)->payment_type, \
	(o)->products_price, (o)->delivery_price, (o)->additional_price, (o)->tax_price, (o)->total_price, \
	json_text((o)->items), json_text((o)->payments), json_text((o)->timeline), (o)->city, (o)->address, \
	(o)->recipient, (o)->phone, (o)->comment, (o)->deliver_at, (o)->origin, (o)->from.latitude, \
	(o)->from.longitude, (o)->to.latitude, (o)->to.longitude, (int64_t)(o)->courier, \
	(o)->courier_at.latitude, \
	(o)->courier_at.longitude, (o)->courier_date, (o)->created, (o)->changed, (o)->start_expected, \
	(o)->start_actual, (o)->end_expected, (o)->end_actual, (o)->cooking_expected, (o)->cooking_actual, \
	(o)->rating, (o)->rating_comment, (o)->rating_date, (o)->code, (o)->plan.process, (o)->plan.cook, \
	(o)->plan.ready, (o)->plan.deliver, (o)->plan.arrive, (o)->plan.promised_ready, \
	(o)->plan.promised_arrive, (o)->plan.notice, (o)->plan.next, (o)->seq, \
	(o)->pay_due, (o)->pay_pending ? json_text((o)->pay_pending) : NULL, \
	(o)->currency[0] ? (o)->currency : NULL

/* next_due and pay_due are NULL where nothing is due, for the sake of their indices. */
#define PLACES \
	"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?," \
	" ?, ?, ?," \
	" ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, nullif(?, 0), ?, ?"

void order_insert(struct store *st, struct order *o)
{
	store_run(st, "INSERT INTO orders (" COLUMNS ") VALUES (" PLACES ")", TYPES, VALUES(o));
	o->id = store_last_id(st);
}

void order_update(struct store *st, const struct order *o)
{
	store_run(st, "UPDATE orders SET (" COLUMNS ") = (" PLACES ") WHERE id = ?", TYPES "i", VALUES(o),
		  o->id);
}

int order_load(struct store *st, const char *uid, struct order *ret)
{
	AUTO_QUERY sqlite3_stmt *q =
		store_query(st, "SELECT " COLUMNS ", id FROM orders WHERE uid = ?", "t", uid);

	if (!store_step(q))
		return -ENOENT;
	order_from_row(q, ret);
	return 0;
}

int order_load_due(struct store *st, int64_t life, struct order *ret)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT " COLUMNS ", id FROM orders WHERE next_due <= ?"
						 " ORDER BY next_due LIMIT 1", "i", life);

	if (!store_step(q))
		return -ENOENT;
	order_from_row(q, ret);
	return 0;
}

int order_load_pay_due(struct store *st, int64_t now, struct order *ret)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT " COLUMNS ", id FROM orders WHERE pay_due <= ?"
						 " ORDER BY pay_due LIMIT 1", "i", now);

	if (!store_step(q))
		return -ENOENT;
	order_from_row(q, ret);
	return 0;
}

sqlite3_stmt *order_query_changed(struct store *st, int64_t user, int64_t since, int64_t limit)
{
	return store_query(st,
			   "SELECT " COLUMNS ", id FROM orders WHERE user = ? AND seq > ? ORDER BY seq LIMIT ?",
			   "iii", user, since, limit);
}

sqlite3_stmt *order_query_pending(struct store *st, int64_t user)
{
	return store_query(st,
			   "SELECT " COLUMNS ", id FROM orders WHERE user = ? AND status < 6 ORDER BY seq",
			   "i", user);
}

void order_touch(struct sandbox *s, struct order *o)
{
	int64_t now = clock_now(&s->clock);

	o->changed = now > o->changed ? now : o->changed + 1;
	o->seq = store_next_change(s->store);
}

void order_set_status(struct order *o, enum status status, int64_t date)
{
	json_object *line = json_object_new_object();

	o->status = status;
	json_add_text(line, "status", status_name(status));
	json_add_date(line, "date", date);
	json_object_array_add(o->timeline, line);
}

bool order_can_be_cancelled(const struct order *o)
{
	if (o->status > STATUS_PROCESSING)
		return false;
	return o->payment_type == PAY_CASH || o->payment_type == PAY_POS ||
	       (!payment_is_made(o) && !o->pay_pending);
}

bool order_is_delivered(const struct order *o)
{
	return o->status == STATUS_DELIVERED || o->status == STATUS_FINISHED;
}

void order_number(const struct order *o, char out[24])
{
	snprintf(out, 24, "C-%06lld", (long long)o->id);
}

static json_object *courier_to_json(const struct order *o)
{
	json_object *c;

	if (o->courier < 0)
		return NULL;
	c = json_object_new_object();
	json_add_text(c, "name", couriers[(size_t)o->courier % COUNT_OF(couriers)].name);
	json_add_text(c, "phone", couriers[(size_t)o->courier % COUNT_OF(couriers)].phone);
	json_add_degrees(c, "latitude", o->courier_at.latitude);
	json_add_degrees(c, "longitude", o->courier_at.longitude);
	json_add_date(c, "date", o->courier_date);
	return c;
}

static json_object *rating_to_json(const struct order *o)
{
	json_object *r;

	if (!o->rating)
		return NULL;
	r = json_object_new_object();
	json_add_int(r, "rating", o->rating);
	json_add_text(r, "comment", o->rating_comment);
	json_add_date(r, "date", o->rating_date);
	return r;
}

static void add_prices(json_object *j, const struct order *o)
{
	json_add_money(j, "productsPrice", o->products_price);
	json_add_money(j, "additionalPrice", o->additional_price);
	json_add_money(j, "deliveryPrice", o->delivery_price);
	json_add_money(j, "taxPrice", o->tax_price);
	json_add_money(j, "totalPrice", o->total_price);
	json_add_text(j, "currency", o->currency[0] ? o->currency : CURRENCY);
	json_add_text(j, "paymentType", payment_type_name(o->payment_type));
}

static void add_dates(json_object *j, const struct order *o)
{
	json_add_date(j, "deliverAt", o->deliver_at);
	json_add_date(j, "dateCreated", o->created);
	json_add_date(j, "dateChanged", o->changed);
	json_add_date(j, "dateStartExpected", o->start_expected);
	json_add_date(j, "dateStartActual", o->start_actual);
	json_add_date(j, "dateEndExpected", o->end_expected);
	json_add_date(j, "dateEndActual", o->end_actual);
	json_add_date(j, "cookingEndExpected", o->cooking_expected);
	json_add_date(j, "cookingEndActual", o->cooking_actual);
}

json_object *order_to_json(const struct order *o)
{
	AUTO_FREE char *destination = xprintf("%s, %s", o->address, o->city);
	json_object *j = json_object_new_object();
	char number[24];

	order_number(o, number);
	json_add_int(j, "id", o->id);
	json_add_text(j, "uid", o->uid);
	json_add_text(j, "number", number);
	json_add_text(j, "status", status_name(o->status));
	json_add_bool(j, "couldBeCancelled", order_can_be_cancelled(o));
	add_prices(j, o);
	json_object_object_add(j, "payments", json_object_get(o->payments));
	json_object_object_add(j, "products", json_object_get(o->items));
	json_add_text(j, "origin", o->origin);
	json_add_text(j, "destination", destination);
	json_add_degrees(j, "destinationLatitude", o->to.latitude);
	json_add_degrees(j, "destinationLongitude", o->to.longitude);
	json_add_text(j, "recipientName", o->recipient);
	json_add_text(j, "comment", o->comment);
	json_object_object_add(j, "courier", courier_to_json(o));
	json_object_object_add(j, "timeline", json_object_get(o->timeline));
	add_dates(j, o);
	json_object_object_add(j, "rating", rating_to_json(o));
	json_add_text(j, "deliveryConfirmationCode", o->code);
	return j;
}
