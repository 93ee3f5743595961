/* An order as a row of a list and as the dictionary of Orders.Get; details of an event. The keys are those of the
 * tables in docs/dbus-api.md, and no others. */
#include "base/jsonutil.h"
#include "base/log.h"
#include "base/timeutil.h"
#include "bus/bus-private.h"

int bus_append_order_row(sd_bus_message *m, const struct order_row *row)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "ssssxsttb")) < 0 ||
	    (r = bus_append_text(m, row->uid)) < 0 ||
	    (r = bus_append_text(m, row->number)) < 0 ||
	    (r = bus_append_text(m, row->status)) < 0 ||
	    (r = bus_append_text(m, row->payment_type)) < 0 ||
	    (r = bus_append_i64(m, row->total)) < 0 ||
	    (r = bus_append_text(m, row->currency)) < 0 ||
	    (r = bus_append_u64(m, row->created)) < 0 ||
	    (r = bus_append_u64(m, row->changed)) < 0 ||
	    (r = bus_append_bool(m, row->cancellable)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

/* {key, variant} around something that is appended in between. */
static int open_member(sd_bus_message *m, const char *key, const char *signature)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
	    (r = sd_bus_message_append_basic(m, 's', key)) < 0)
		return r;
	r = sd_bus_message_open_container(m, 'v', signature);
	if (r < 0)
		return r;
	return sd_bus_message_open_container(m, 'a', signature + 1);
}

static int close_member(sd_bus_message *m)
{
	int r;

	for (int i = 0; i < 3; i++) {
		r = sd_bus_message_close_container(m);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_lines(sd_bus_message *m, const struct order *o)
{
	int r;

	r = open_member(m, "products", "a(tsuxs)");
	for (size_t i = 0; r >= 0 && i < o->n_lines; i++) {
		const struct order_line *l = &o->lines[i];

		r = sd_bus_message_append(m, "(tsuxs)", l->product, strempty(l->name), l->quantity, l->unit_price,
					  strempty(l->note));
	}
	return r < 0 ? r : close_member(m);
}

static int put_timeline(sd_bus_message *m, const struct order *o)
{
	int r;

	r = open_member(m, "timeline", "a(st)");
	for (size_t i = 0; r >= 0 && i < o->n_timeline; i++)
		r = sd_bus_message_append(m, "(st)", strempty(o->timeline[i].status), o->timeline[i].when);
	return r < 0 ? r : close_member(m);
}

int bus_append_payment(sd_bus_message *m, const struct payment *p)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_text(m, "uid", p->uid)) < 0 ||
	    (r = bus_put_text(m, "order", p->order)) < 0 ||
	    (r = bus_put_text(m, "type", p->type)) < 0 ||
	    (r = bus_put_text(m, "status", p->status)) < 0 ||
	    (r = bus_put_i64(m, "amount", p->amount)) < 0 ||
	    (r = bus_put_text(m, "currency", p->currency)) < 0 ||
	    (r = bus_put_text(m, "card", p->card)) < 0 ||
	    (r = bus_put_text(m, "qr-payload", p->qr_payload)) < 0 ||
	    (r = bus_put_time(m, "date", p->date)) < 0 ||
	    (r = bus_put_time(m, "valid-until", p->valid_until)) < 0 ||
	    (r = bus_put_text(m, "failure-reason", p->failure_reason)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int put_payments(sd_bus_message *m, const struct order *o)
{
	int r;

	r = open_member(m, "payments", "aa{sv}");
	for (size_t i = 0; r >= 0 && i < o->n_payments; i++)
		r = bus_append_payment(m, &o->payments[i]);
	return r < 0 ? r : close_member(m);
}

static int put_courier(sd_bus_message *m, const struct courier *c)
{
	int r;

	if ((r = open_member(m, "courier", "a{sv}")) < 0 ||
	    (r = bus_put_text(m, "name", c->name)) < 0 ||
	    (r = bus_put_text(m, "phone", c->phone)) < 0)
		return r;
	if (c->when != 0 &&
	    ((r = bus_put_coordinate(m, "latitude", c->latitude)) < 0 ||
	     (r = bus_put_coordinate(m, "longitude", c->longitude)) < 0 ||
	     (r = bus_put_time(m, "date", c->when)) < 0))
		return r;
	return close_member(m);
}

/* Of a local order the goods are known by the catalog, the total once it was quoted, and the fees never. */
static int put_prices(sd_bus_message *m, const struct order_view *v)
{
	const struct order *o = v->order;
	int r;

	if (isempty(o->currency))
		return 0;
	if ((r = bus_put_i64(m, "products-price", o->products_price)) < 0)
		return r;
	if (!v->local && ((r = bus_put_i64(m, "delivery-price", o->delivery_price)) < 0 ||
			  (r = bus_put_i64(m, "additional-price", o->additional_price)) < 0 ||
			  (r = bus_put_i64(m, "tax-price", o->tax_price)) < 0))
		return r;
	if ((!v->local || o->total_price > 0) && (r = bus_put_i64(m, "total-price", o->total_price)) < 0)
		return r;
	return bus_put_text(m, "currency", o->currency);
}

static int put_times(sd_bus_message *m, const struct order *o)
{
	int r;

	if ((r = bus_put_time(m, "deliver-at", o->deliver_at)) < 0 ||
	    (r = bus_put_time(m, "created", o->created)) < 0 ||
	    (r = bus_put_time(m, "changed", o->changed)) < 0 ||
	    (r = bus_put_time(m, "start-expected", o->start_expected)) < 0 ||
	    (r = bus_put_time(m, "start-actual", o->start_actual)) < 0 ||
	    (r = bus_put_time(m, "end-expected", o->end_expected)) < 0 ||
	    (r = bus_put_time(m, "end-actual", o->end_actual)) < 0 ||
	    (r = bus_put_time(m, "cooking-expected", o->cooking_expected)) < 0)
		return r;
	return bus_put_time(m, "cooking-actual", o->cooking_actual);
}

static int put_places(sd_bus_message *m, const struct order *o)
{
	int r;

	if ((r = bus_put_text(m, "origin", o->origin)) < 0 ||
	    (r = bus_put_text(m, "destination", o->destination)) < 0 ||
	    (r = bus_put_coordinate(m, "destination-latitude", o->destination_latitude)) < 0 ||
	    (r = bus_put_coordinate(m, "destination-longitude", o->destination_longitude)) < 0 ||
	    (r = bus_put_text(m, "recipient", o->recipient)) < 0)
		return r;
	return bus_put_text(m, "comment", o->comment);
}

int bus_append_estimate(sd_bus_message *m, const struct order_estimate *e)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_time(m, "cooking", e->cooking)) < 0 ||
	    (r = bus_put_time(m, "delivery", e->delivery)) < 0 ||
	    (r = bus_put_time(m, "earliest", e->earliest)) < 0 ||
	    (r = bus_put_time(m, "latest", e->latest)) < 0 ||
	    (r = bus_put_time(m, "asked", e->asked)) < 0 ||
	    (r = bus_put_time(m, "bound", e->bound)) < 0)
		return r;
	if (e->confidence > 0 && (r = bus_put_double(m, "confidence", e->confidence)) < 0)
		return r;
	if (e->bound && (r = bus_put_u32(m, "bound-orders", e->bound_orders)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int put_estimate(sd_bus_message *m, const struct order_estimate *e)
{
	int r;

	if (!e->delivery && !e->bound)
		return 0;
	if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
	    (r = sd_bus_message_append_basic(m, 's', "estimate")) < 0 ||
	    (r = sd_bus_message_open_container(m, 'v', "a{sv}")) < 0 ||
	    (r = bus_append_estimate(m, e)) < 0 ||
	    (r = sd_bus_message_close_container(m)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int put_age(sd_bus_message *m, uint64_t confirmed)
{
	uint64_t now = now_realtime(), age;

	if (confirmed == 0)
		return 0;
	/* The clock may have been set back. */
	age = now > confirmed ? now - confirmed : 0;
	return bus_put_basic(m, "age", 't', &age);
}

int bus_append_order(sd_bus_message *m, const struct order_view *v)
{
	const struct order *o = v->order;
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_text(m, "uid", o->uid)) < 0)
		return r;
	if (o->id && (r = bus_put_basic(m, "id", 't', &o->id)) < 0)
		return r;
	if ((r = bus_put_text(m, "number", o->number)) < 0 ||
	    (r = bus_put_text(m, "status", o->status)) < 0 ||
	    (r = bus_put_bool(m, "cancellable", v->cancellable)) < 0 ||
	    (r = bus_put_text(m, "payment-type", o->payment_type)) < 0 ||
	    (r = put_prices(m, v)) < 0 ||
	    (r = put_lines(m, o)) < 0 ||
	    (r = put_places(m, o)) < 0 ||
	    (r = put_times(m, o)) < 0 ||
	    (r = put_estimate(m, &v->estimate)) < 0 ||
	    (r = put_timeline(m, o)) < 0 ||
	    (r = put_payments(m, o)) < 0)
		return r;
	if (o->has_courier && (r = put_courier(m, &o->courier)) < 0)
		return r;
	if (o->rating && (r = bus_put_u32(m, "rating", o->rating)) < 0)
		return r;
	if ((r = bus_put_text(m, "rating-comment", o->rating_comment)) < 0 ||
	    (r = bus_put_text(m, "confirmation-code", o->confirmation_code)) < 0 ||
	    (r = bus_put_text(m, "failure-reason", v->failure_reason)) < 0 ||
	    (r = bus_put_time(m, "hold-until", v->hold_until)) < 0 ||
	    (r = put_age(m, v->confirmed)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

/* The table "Event details". */
struct detail {
	const char *kind, *key, *type;
};
static const struct detail details_table[] = {
	{ "order", "status", "s" },        { "order", "previous", "s" },   { "order", "expected", "t" },
	{ "payment", "order", "s" },       { "payment", "status", "s" },   { "notification", "kind", "s" },
	{ "notification", "title", "s" },  { "notification", "order", "s" }, { "session", "state", "s" },
	{ "online", "online", "b" },       { "settings", "keys", "as" },   { "message", "status", "s" },
};

static const char *detail_type(const char *kind, const char *key)
{
	for (size_t i = 0; i < ELEMENTSOF(details_table); i++)
		if (streq(details_table[i].kind, kind) && streq(details_table[i].key, key))
			return details_table[i].type;
	return NULL;
}

static int put_detail_strv(sd_bus_message *m, const char *key, json_object *value)
{
	_cleanup_(strv_freep) char **l = NULL;

	for (size_t i = 0; i < json_object_array_length(value); i++) {
		json_object *text = json_object_array_get_idx(value, i);

		if (json_object_is_type(text, json_type_string)) {
			int r = strv_push(&l, json_object_get_string(text));

			if (r < 0)
				return r;
		}
	}
	return bus_put_strv(m, key, l);
}

static int put_detail(sd_bus_message *m, const char *kind, const char *key, json_object *value)
{
	const char *type = detail_type(kind, key);

	if (type && streq(type, "s") && json_object_is_type(value, json_type_string))
		return bus_put_text(m, key, json_object_get_string(value));
	if (type && streq(type, "t") && json_object_is_type(value, json_type_int))
		return bus_put_time(m, key, json_object_get_uint64(value));
	if (type && streq(type, "b") && json_object_is_type(value, json_type_boolean))
		return bus_put_bool(m, key, json_object_get_boolean(value));
	if (type && streq(type, "as") && json_object_is_type(value, json_type_array))
		return put_detail_strv(m, key, value);
	if (!json_object_is_type(value, json_type_null))
		log_warning("The detail '%s' of an event '%s' is not in the contract, leaving it out", key, kind);
	return 0;
}

int bus_append_event_details(sd_bus_message *m, const char *kind, const char *details)
{
	_cleanup_json_ json_object *o = NULL;
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	if (!isempty(details) && json_parse(details, strlen(details), JSON_MAX_DEPTH, &o) < 0)
		log_warning("The details of an event '%s' are not JSON, leaving them out", kind);
	if (o && json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value)
		{
			r = put_detail(m, kind, key, value);
			if (r < 0)
				return r;
		}
	}
	return sd_bus_message_close_container(m);
}
