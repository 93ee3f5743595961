/* Reading orders from the daemon's replies, and finding the one a person means. Nothing is shown here. */
#include "clients/common/order.h"

#include <math.h>

#include "clients/common/dict.h"

static int list_grow(void **items, size_t *n, size_t size)
{
	void *p = reallocarray(*items, *n + 1, size);

	if (!p)
		return -ENOMEM;
	*items = p;
	memset((char *)p + *n * size, 0, size);
	*n += 1;
	return 0;
}

#define LIST_GROW(list) list_grow((void **)&(list)->items, &(list)->n, sizeof(*(list)->items))

static void products_clear(struct order_product_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].note);
	}
	free(l->items);
	*l = (struct order_product_list){};
}

static void steps_clear(struct order_step_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].status);
	free(l->items);
	*l = (struct order_step_list){};
}

static void payments_clear(struct order_payment_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].type);
		free(l->items[i].status);
		free(l->items[i].currency);
		free(l->items[i].card);
		free(l->items[i].failure_reason);
	}
	free(l->items);
	*l = (struct order_payment_list){};
}

static int products_read(sd_bus_message *m, void *field)
{
	struct order_product_list *l = field;
	const char *name, *note;
	uint64_t id;
	uint32_t quantity;
	int64_t price;
	int r;

	products_clear(l);
	r = sd_bus_message_enter_container(m, 'a', "(tsuxs)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "(tsuxs)", &id, &name, &quantity, &price, &note)) > 0) {
		r = LIST_GROW(l);
		if (r < 0)
			return r;
		l->items[l->n - 1] = (struct order_product){
			.id = id,
			.name = strdup(name),
			.note = strdup(note),
			.quantity = quantity,
			.price = price,
		};
		if (!l->items[l->n - 1].name || !l->items[l->n - 1].note)
			return -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int timeline_read(sd_bus_message *m, void *field)
{
	struct order_step_list *l = field;
	const char *status;
	uint64_t date;
	int r;

	steps_clear(l);
	r = sd_bus_message_enter_container(m, 'a', "(st)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "(st)", &status, &date)) > 0) {
		r = LIST_GROW(l);
		if (r < 0)
			return r;
		l->items[l->n - 1] = (struct order_step){ .status = strdup(status), .date = date };
		if (!l->items[l->n - 1].status)
			return -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

#define PAYMENT_FIELD(key, type, name) { key, type, offsetof(struct order_payment, name) }

static int payments_read(sd_bus_message *m, void *field)
{
	static const struct dict_field fields[] = {
		PAYMENT_FIELD("type", 's', type),
		PAYMENT_FIELD("status", 's', status),
		PAYMENT_FIELD("amount", 'x', amount),
		PAYMENT_FIELD("currency", 's', currency),
		PAYMENT_FIELD("card", 's', card),
		PAYMENT_FIELD("date", 't', date),
		PAYMENT_FIELD("valid-until", 't', valid_until),
		PAYMENT_FIELD("failure-reason", 's', failure_reason),
	};
	struct order_payment_list *l = field;
	int r;

	payments_clear(l);
	r = sd_bus_message_enter_container(m, 'a', "a{sv}");
	while (r > 0 && sd_bus_message_at_end(m, false) == 0) {
		r = LIST_GROW(l);
		if (r >= 0)
			r = dict_read(m, fields, ELEMENTSOF(fields), &l->items[l->n - 1]);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

#define COURIER_FIELD(key, type, name) { key, type, offsetof(struct order_courier, name) }

static int courier_read(sd_bus_message *m, void *field)
{
	static const struct dict_field fields[] = {
		COURIER_FIELD("name", 's', name),
		COURIER_FIELD("phone", 's', phone),
		COURIER_FIELD("latitude", 'd', latitude),
		COURIER_FIELD("longitude", 'd', longitude),
		COURIER_FIELD("date", 't', date),
	};

	return dict_read(m, fields, ELEMENTSOF(fields), field);
}

#define ESTIMATE_FIELD(key, type, name) { key, type, offsetof(struct order_estimate, name) }

static int estimate_read(sd_bus_message *m, void *field)
{
	static const struct dict_field fields[] = {
		ESTIMATE_FIELD("cooking", 't', cooking),
		ESTIMATE_FIELD("delivery", 't', delivery),
		ESTIMATE_FIELD("earliest", 't', earliest),
		ESTIMATE_FIELD("latest", 't', latest),
		ESTIMATE_FIELD("confidence", 'd', confidence),
		ESTIMATE_FIELD("asked", 't', asked),
		ESTIMATE_FIELD("bound", 't', bound),
		ESTIMATE_FIELD("bound-orders", 'u', bound_orders),
	};

	*(struct order_estimate *)field = (struct order_estimate){};
	return dict_read(m, fields, ELEMENTSOF(fields), field);
}

#define ORDER_FIELD(key, type, name) { key, type, offsetof(struct order, name) }
#define ORDER_FIELD_READ(key, contents, name) { key, 0, offsetof(struct order, name), contents, name##_read }

int order_read(sd_bus_message *m, struct order *o)
{
	static const struct dict_field fields[] = {
		ORDER_FIELD("uid", 's', uid),
		ORDER_FIELD("id", 't', id),
		ORDER_FIELD("number", 's', number),
		ORDER_FIELD("status", 's', status),
		ORDER_FIELD("cancellable", 'b', cancellable),
		ORDER_FIELD("payment-type", 's', payment_type),
		ORDER_FIELD("products-price", 'x', products_price),
		ORDER_FIELD("delivery-price", 'x', delivery_price),
		ORDER_FIELD("additional-price", 'x', additional_price),
		ORDER_FIELD("tax-price", 'x', tax_price),
		ORDER_FIELD("total-price", 'x', total_price),
		ORDER_FIELD("currency", 's', currency),
		ORDER_FIELD_READ("products", "a(tsuxs)", products),
		ORDER_FIELD("origin", 's', origin),
		ORDER_FIELD("destination", 's', destination),
		ORDER_FIELD("destination-latitude", 'd', destination_latitude),
		ORDER_FIELD("destination-longitude", 'd', destination_longitude),
		ORDER_FIELD("recipient", 's', recipient),
		ORDER_FIELD("comment", 's', comment),
		ORDER_FIELD("deliver-at", 't', deliver_at),
		ORDER_FIELD("created", 't', created),
		ORDER_FIELD("changed", 't', changed),
		ORDER_FIELD("start-expected", 't', start_expected),
		ORDER_FIELD("start-actual", 't', start_actual),
		ORDER_FIELD("end-expected", 't', end_expected),
		ORDER_FIELD("end-actual", 't', end_actual),
		ORDER_FIELD("cooking-expected", 't', cooking_expected),
		ORDER_FIELD("cooking-actual", 't', cooking_actual),
		ORDER_FIELD_READ("timeline", "a(st)", timeline),
		ORDER_FIELD_READ("payments", "aa{sv}", payments),
		ORDER_FIELD_READ("courier", "a{sv}", courier),
		ORDER_FIELD_READ("estimate", "a{sv}", estimate),
		ORDER_FIELD("rating", 'u', rating),
		ORDER_FIELD("rating-comment", 's', rating_comment),
		ORDER_FIELD("confirmation-code", 's', confirmation_code),
		ORDER_FIELD("failure-reason", 's', failure_reason),
		ORDER_FIELD("hold-until", 't', hold_until),
		ORDER_FIELD("age", 't', age),
	};

	return dict_read(m, fields, ELEMENTSOF(fields), o);
}

int order_read_properties(sd_bus_message *m, struct order *o)
{
	static const struct dict_field fields[] = {
		ORDER_FIELD("Uid", 's', uid),
		ORDER_FIELD("Number", 's', number),
		ORDER_FIELD("Status", 's', status),
		ORDER_FIELD("Total", 'x', total_price),
		ORDER_FIELD("Currency", 's', currency),
		ORDER_FIELD("PaymentType", 's', payment_type),
		ORDER_FIELD("Cancellable", 'b', cancellable),
		ORDER_FIELD("HoldUntilTimestamp", 't', hold_until),
		ORDER_FIELD("ExpectedTimestamp", 't', expected),
		ORDER_FIELD("LatestTimestamp", 't', latest),
		ORDER_FIELD_READ("Estimate", "a{sv}", estimate),
		ORDER_FIELD("CookingExpectedTimestamp", 't', cooking_expected),
		ORDER_FIELD("Destination", 's', destination),
		ORDER_FIELD("DestinationLatitude", 'd', destination_latitude),
		ORDER_FIELD("DestinationLongitude", 'd', destination_longitude),
		ORDER_FIELD("CourierName", 's', courier.name),
		ORDER_FIELD("CourierPhone", 's', courier.phone),
		ORDER_FIELD("CourierLatitude", 'd', courier.latitude),
		ORDER_FIELD("CourierLongitude", 'd', courier.longitude),
		ORDER_FIELD("CourierTimestamp", 't', courier.date),
		ORDER_FIELD("Progress", 'u', progress),
		ORDER_FIELD("FailureReason", 's', failure_reason),
	};

	return dict_read(m, fields, ELEMENTSOF(fields), o);
}

void order_init(struct order *o)
{
	*o = (struct order){
		.delivery_price = ORDER_PRICE_UNKNOWN,
		.total_price = ORDER_PRICE_UNKNOWN,
		.destination_latitude = NAN,
		.destination_longitude = NAN,
		.courier = { .latitude = NAN, .longitude = NAN },
	};
}

void order_done(struct order *o)
{
	char *strings[] = { o->uid,
			    o->number,
			    o->status,
			    o->payment_type,
			    o->currency,
			    o->origin,
			    o->destination,
			    o->recipient,
			    o->comment,
			    o->rating_comment,
			    o->confirmation_code,
			    o->failure_reason,
			    o->courier.name,
			    o->courier.phone };

	for (size_t i = 0; i < ELEMENTSOF(strings); i++)
		free(strings[i]);
	products_clear(&o->products);
	steps_clear(&o->timeline);
	payments_clear(&o->payments);
	order_init(o);
}

const char *order_name(const struct order *o)
{
	return isempty(o->number) ? strempty(o->uid) : o->number;
}

bool order_has_total(const struct order *o)
{
	return o->currency && (o->total_price > 0 || (o->total_price == 0 && !isempty(o->number)));
}

uint64_t order_expected(const struct order *o)
{
	if (o->expected)
		return o->expected;
	return o->end_expected ? o->end_expected : o->deliver_at;
}

int order_row_read(sd_bus_message *m, struct order_row *ret)
{
	struct order_row o;
	int r;

	r = sd_bus_message_read(m, CC_SIG_ORDER_ROW, &o.uid, &o.number, &o.status, &o.payment_type, &o.total,
				&o.currency, &o.created, &o.changed, &o.cancellable);
	if (r > 0)
		*ret = o;
	return r;
}

static int no_such_order(const char *text, sd_bus_error *error)
{
	sd_bus_error_free(error);
	if (streq(text, "last"))
		sd_bus_error_set(error, CC_ERROR("NotFound"), "There is no order yet");
	else
		sd_bus_error_setf(error, CC_ERROR("NotFound"), "There is no order '%s'", text);
	return -ENOENT;
}

int order_lookup(struct client *c, const char *text, sd_bus_error *error, char **ret_uid)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct order_row row;
	char *uid = NULL;
	int r;

	if (isempty(text)) {
		sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "The order's name is empty");
		return -EINVAL;
	}
	/* A beginning that more than one order has is refused by the daemon. */
	r = client_call(c, CC_IFACE_ORDERS, "List", error, &reply, "a{sv}us", 1, "id", "s", text, 1, "");
	if (r < 0)
		return client_error_id(error->name) == CC_E_NOT_FOUND ? no_such_order(text, error) : r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	if (r >= 0)
		r = order_row_read(reply, &row);
	if (r == 0)
		return no_such_order(text, error);
	if (r > 0 && !(uid = strdup(row.uid)))
		r = -ENOMEM;
	if (r < 0)
		return client_bad_reply(r, "Orders.List", error);
	*ret_uid = uid;
	return 0;
}

int order_get(struct client *c, const char *uid, sd_bus_error *error, struct order *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct order o;
	int r;

	r = client_call(c, CC_IFACE_ORDERS, "Get", error, &reply, "s", uid);
	if (r < 0)
		return r;
	order_init(&o);
	r = order_read(reply, &o);
	if (r < 0 || !o.uid || !o.status) {
		order_done(&o);
		return client_bad_reply(r < 0 ? r : -EBADMSG, "Orders.Get", error);
	}
	*ret = o;
	return 0;
}

int order_object_path(const char *uid, char **ret_path)
{
	return sd_bus_path_encode(CC_ORDER_PREFIX, uid, ret_path);
}
