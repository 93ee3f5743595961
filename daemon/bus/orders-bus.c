/* Interface Orders: the methods. What they take in dictionaries is in order-options.c, how an order looks in
 * order-append.c. */
#include "bus/bus-options.h"
#include "bus/bus-private.h"
#include "bus/files-bus.h"
#include "bus/order-options.h"
#include "bus/orders-bus.h"

#define GET_MANY_MAX 100

static int append_quote(sd_bus_message *m, const struct quote *q)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_i64(m, "products-price", q->products_price)) < 0 ||
	    (r = bus_put_i64(m, "delivery-price", q->delivery_price)) < 0 ||
	    (r = bus_put_i64(m, "additional-price", q->additional_price)) < 0 ||
	    (r = bus_put_i64(m, "tax-price", q->tax_price)) < 0 ||
	    (r = bus_put_i64(m, "total-price", q->total_price)) < 0 ||
	    (r = bus_put_text(m, "currency", q->currency)) < 0 ||
	    (r = bus_put_ids(m, "unavailable", q->unavailable, q->n_unavailable)) < 0 ||
	    (r = bus_put_time(m, "valid-until", q->valid_until)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static void quote_ready(const struct failure *f, const struct quote *q, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_quote(reply, q));
}

static int orders_method_quote(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(place_options_done) struct place_options o = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = order_options_read(m, &o, e)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	order_quote(b->core, &o, quote_ready, op);
	return 1;
}

static void placed(const struct failure *f, const char *uid, const char *status, void *userdata)
{
	struct bus_op *op = userdata;

	if (f)
		bus_op_fail(op, f);
	else
		bus_op_reply(op, "ss", uid, status);
}

static int orders_method_place(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(place_options_done) struct place_options o = { 0 };
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = order_options_read(m, &o, e)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	order_place(b->core, &o, placed, op);
	return 1;
}

static int append_row(const struct order_row *row, void *userdata)
{
	return bus_append_order_row(userdata, row);
}

bool orders_fit(const struct list_filter *f, const char *status, uint64_t created)
{
	if (f->has_statuses && !strv_contains(f->statuses, status))
		return false;
	if (f->has_pending && status_is_pending(status) != f->pending)
		return false;
	return (f->since == 0 || created >= f->since) && (f->until == 0 || created < f->until);
}

int orders_find(struct userdb *u, const char *id, char **ret_uid, sd_bus_error *e)
{
	char quoted[QUOTED_SIZE];
	int r;

	r = userdb_order_find(u, id, ret_uid);
	if (r == -ENOENT)
		return bus_error_setf(e, CC_E_NOT_FOUND, "There is no order '%s'", bus_quote(quoted, id));
	if (r == -ENOTUNIQ)
		return bus_error_invalid(e, "More than one order begins with \"%s\"; write more of it",
					 bus_quote(quoted, id));
	return r < 0 ? bus_error_store(e, r, "the order") : 0;
}

/* The one order that `id` means, as a list of at most one row. */
static int append_by_id(struct bus *b, struct userdb *u, const struct list_filter *filter, sd_bus_message *reply,
			sd_bus_error *e)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_free_ char *uid = NULL;
	const struct order *o;
	int r;

	r = orders_find(u, filter->id, &uid, e);
	if (r < 0)
		return r;
	if (order_get(b->core, uid, &v, &f) < 0)
		return bus_error_set(e, &f);
	o = v->order;
	if (!orders_fit(filter, o->status, o->created))
		return 0;
	return bus_append_order_row(reply, &(struct order_row){
						   .uid = o->uid,
						   .number = o->number,
						   .status = o->status,
						   .payment_type = o->payment_type,
						   .currency = o->currency,
						   .total = o->total_price,
						   .created = o->created,
						   .changed = o->changed,
						   .cancellable = v->cancellable,
					   });
}

static int append_by_filter(struct userdb *u, const struct list_filter *filter, uint32_t limit, const char *cursor,
			    sd_bus_message *reply, char **ret_next, sd_bus_error *e)
{
	const struct order_filter f = {
		.statuses = filter->statuses,
		.has_pending = filter->has_pending,
		.pending = filter->pending,
		.since = filter->since,
		.until = filter->until,
		.text = isempty(filter->text) ? NULL : filter->text,
	};
	int r;

	r = userdb_order_each(u, &f, limit, cursor, append_row, reply, ret_next);
	if (r == -EINVAL && !isempty(cursor))
		return bus_error_cursor(e, cursor);
	return r < 0 ? bus_error_store(e, r, "the orders") : 0;
}

static int orders_method_list(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(list_filter_done) struct list_filter filter = { 0 };
	_cleanup_free_ char *next = NULL;
	struct bus *b = userdata;
	struct userdb *u;
	const char *cursor;
	uint32_t limit;
	int r;

	if ((r = list_filter_read(m, &filter, e)) < 0 ||
	    (r = sd_bus_message_read(m, "us", &limit, &cursor)) < 0 ||
	    (r = bus_check_limit(e, &limit)) < 0 ||
	    (r = bus_check_texts(e, "cursor", cursor, NULL)) < 0 ||
	    (r = bus_require_userdb(b, &u, e)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_ORDER_ROW)) < 0)
		return r;
	if (filter.id)
		r = append_by_id(b, u, &filter, reply, e);
	else
		r = append_by_filter(u, &filter, limit, cursor, reply, &next, e);
	if (r < 0)
		return r;
	if ((r = sd_bus_message_close_container(reply)) < 0 ||
	    (r = bus_append_text(reply, next)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int orders_method_list_pending(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct list_filter filter = { .has_pending = true, .pending = true };
	struct bus *b = userdata;
	struct userdb *u;
	int r;

	if ((r = bus_require_userdb(b, &u, e)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_ORDER_ROW)) < 0 ||
	    (r = append_by_filter(u, &filter, BUS_LIST_MAX, "", reply, /* ret_next= */ NULL, e)) < 0 ||
	    (r = sd_bus_message_close_container(reply)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int append_one_of_many(struct bus *b, const char *uid, sd_bus_message *reply, sd_bus_error *e)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure f = { 0 };

	if (order_get(b->core, uid, &v, &f) < 0)
		return f.error == CC_E_NOT_FOUND ? 0 : bus_error_set(e, &f);
	return bus_append_order(reply, v);
}

static int orders_method_get_many(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *b = userdata;
	struct userdb *u;
	const char *uid;
	size_t n = 0;
	int r;

	if ((r = bus_require_userdb(b, &u, e)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', "a{sv}")) < 0 ||
	    (r = sd_bus_message_enter_container(m, 'a', "s")) < 0)
		return r;
	while ((r = sd_bus_message_read_basic(m, 's', &uid)) > 0) {
		if (++n > GET_MANY_MAX)
			return bus_error_invalid(e, "'uids' has more than %d entries", GET_MANY_MAX);
		if ((r = bus_check_texts(e, "uids", uid, NULL)) < 0 ||
		    (r = append_one_of_many(b, uid, reply, e)) < 0)
			return r;
	}
	if (r < 0 || (r = sd_bus_message_close_container(reply)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int orders_method_get(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	const char *uid;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, NULL)) < 0)
		return r;
	if (order_get(b->core, uid, &v, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = bus_append_order(reply, v)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int orders_method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *reason;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "ss", &uid, &reason)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, "reason", reason, NULL)) < 0 ||
	    (r = bus_options_read(m, bus_options_none, NULL, e)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	order_cancel(b->core, uid, reason, bus_op_done, op);
	return 1;
}

static int orders_method_rate(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(strv_freep) char **photos = NULL;
	const char *uid, *comment;
	struct bus *b = userdata;
	struct bus_op *op;
	uint32_t rating;
	int r;

	if ((r = sd_bus_message_read(m, "sus", &uid, &rating, &comment)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, "comment", comment, NULL)) < 0 ||
	    (r = rate_options_read(m, &photos, e)) < 0)
		return r;
	if (rating < 1 || rating > 5)
		return bus_error_invalid(e, "'rating' %u is not 1 to 5", rating);
	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	order_rate(b->core, uid, rating, comment, photos, bus_op_done, op);
	return 1;
}

const sd_bus_vtable bus_orders_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Quote", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", quote),
				orders_method_quote, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Place", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("s", uid, "s", status),
				orders_method_place, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_ARGS("a{sv}", filter, "u", limit, "s", cursor),
				SD_BUS_RESULT("a" CC_SIG_ORDER_ROW, orders, "s", next_cursor), orders_method_list,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("a{sv}", filter, "s", format), SD_BUS_RESULT("h", file),
				orders_method_export, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListPending", SD_BUS_NO_ARGS, SD_BUS_RESULT("a" CC_SIG_ORDER_ROW, orders),
				orders_method_list_pending, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetMany", SD_BUS_ARGS("as", uids), SD_BUS_RESULT("aa{sv}", orders),
				orders_method_get_many, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Get", SD_BUS_ARGS("s", uid), SD_BUS_RESULT("a{sv}", order), orders_method_get,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("s", uid, "s", reason, "a{sv}", options), SD_BUS_NO_RESULT,
				orders_method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Rate", SD_BUS_ARGS("s", uid, "u", rating, "s", comment, "a{sv}", options),
				SD_BUS_NO_RESULT, orders_method_rate, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetReport", SD_BUS_ARGS("s", uid, "s", format, "s", transfer),
				SD_BUS_RESULT("h", file, "s", name, "s", content_type), orders_method_get_report,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SendReport", SD_BUS_ARGS("s", uid, "s", email, "s", format),
				SD_BUS_RESULT("s", message_uid), orders_method_send_report,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetMessageStatus", SD_BUS_ARGS("s", message_uid),
				SD_BUS_RESULT("s", status, "t", when), orders_method_get_message_status,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Changed", SD_BUS_ARGS("s", uid, "s", status, "t", when), 0),
	SD_BUS_SIGNAL_WITH_ARGS("CourierMoved",
				SD_BUS_ARGS("s", uid, "d", latitude, "d", longitude, "t", when, "t", expected), 0),
	SD_BUS_VTABLE_END,
};
