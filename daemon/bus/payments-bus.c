/* Interface Payments: paying by QR code and by card, the payments of an order, linked cards. A card comes by
 * descriptor only. */
#include "bus/bus-fd.h"
#include "bus/bus-private.h"

static int check_order(sd_bus_error *e, const char *uid)
{
	int r = bus_check_texts(e, "order_uid", uid, NULL);

	if (r >= 0 && isempty(uid))
		r = bus_error_invalid(e, "'order_uid' is empty");
	return r;
}

static void started(const struct failure *f, const struct payment *p, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, bus_append_payment(reply, p));
}

static int payments_method_start(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *type;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "ss", &uid, &type)) < 0 ||
	    (r = check_order(e, uid)) < 0 ||
	    (r = bus_check_texts(e, "type", type, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	payment_start(b->core, uid, type, started, op);
	return 1;
}

static void state_known(const struct failure *f, const struct payment *p, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "s", strempty(p->status));
}

static void pay_go_on(struct bus_op *op)
{
	const char *uid;
	int r;

	r = sd_bus_message_read(bus_op_message(op), "s", &uid);
	if (r < 0) {
		bus_op_fail_errno(op, r);
		return;
	}
	payment_by_card(bus_op_bus(op)->core, uid, bus_op_secret(op, 0), state_known, op);
}

static int payments_method_pay_by_card(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid;
	struct bus_op *op;
	int fd, r;

	if ((r = sd_bus_message_read(m, "sh", &uid, &fd)) < 0 ||
	    (r = check_order(e, uid)) < 0 ||
	    (r = bus_op_new(userdata, m, &op, e)) < 0)
		return r;
	bus_op_read_secrets(op, 1, &fd, (const char *const[]){ "card" }, pay_go_on);
	return 1;
}

static void qr_ready(const struct failure *f, const char *payload, const void *png, size_t n, void *userdata)
{
	_cleanup_close_ int fd = -1;
	struct bus_op *op = userdata;
	int r;

	if (f) {
		bus_op_fail(op, f);
		return;
	}
	r = fd_sealed("qr-code", png, n, &fd);
	if (r < 0)
		bus_op_fail_errno(op, r);
	else
		bus_op_reply(op, "sh", payload, fd);
}

static int payments_method_get_qr_code(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = check_order(e, uid)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	payment_get_qr(b->core, uid, qr_ready, op);
	return 1;
}

static int payments_method_confirm(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = check_order(e, uid)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	payment_confirm(b->core, uid, state_known, op);
	return 1;
}

static int payments_method_list(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	const char *uid;
	struct bus *b = userdata;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = check_order(e, uid)) < 0)
		return r;
	if (payment_list(b->core, uid, &v, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', "a{sv}")) < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < v->order->n_payments; i++)
		r = bus_append_payment(reply, &v->order->payments[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : bus_send_reply(b, TAKE_PTR(reply));
}

static int append_cards(sd_bus_message *m, const struct card_record *cards, size_t n)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', "(ssss)");
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(m, "(ssss)", strempty(cards[i].uid), strempty(cards[i].brand),
					  strempty(cards[i].last4), strempty(cards[i].expiry));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static void cards_ready(const struct failure *f, const struct card_record *cards, size_t n, void *userdata)
{
	struct bus_op *op = userdata;
	sd_bus_message *reply = bus_op_begin_reply(op, f);

	if (reply)
		bus_op_end_reply(op, reply, append_cards(reply, cards, n));
}

static int payments_method_list_cards(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	r = bus_op_new(b, m, &op, e);
	if (r < 0)
		return r;
	payment_list_cards(b->core, cards_ready, op);
	return 1;
}

static int payments_method_remove_card(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	payment_remove_card(b->core, uid, bus_op_done, op);
	return 1;
}

const sd_bus_vtable bus_payments_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("s", order_uid, "s", type), SD_BUS_RESULT("a{sv}", payment),
				payments_method_start, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("PayByCard", SD_BUS_ARGS("s", order_uid, "h", card), SD_BUS_RESULT("s", status),
				payments_method_pay_by_card, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetQrCode", SD_BUS_ARGS("s", order_uid), SD_BUS_RESULT("s", payload, "h", png),
				payments_method_get_qr_code, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("s", order_uid), SD_BUS_RESULT("s", status),
				payments_method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_ARGS("s", order_uid), SD_BUS_RESULT("aa{sv}", payments),
				payments_method_list, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListCards", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", cards),
				payments_method_list_cards, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("RemoveCard", SD_BUS_ARGS("s", uid), SD_BUS_NO_RESULT, payments_method_remove_card,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Changed", SD_BUS_ARGS("s", order_uid, "s", payment_uid, "s", status), 0),
	SD_BUS_VTABLE_END,
};
