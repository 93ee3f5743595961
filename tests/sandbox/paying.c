/*
 * The calls about payments: start, respond, list; and, from outside, the bank's app and the pace of the gateway.
 */
#include <errno.h>

#include "tests/sandbox/card.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/life.h"

static const int64_t in_process_max_ms = 24 * 3600 * INT64_C(1000);

/* What is due happened already, even if the timer that sees to it comes a moment later. */
static void catch_up(struct sandbox *s, struct order *o)
{
	if (o->pay_due && o->pay_due <= clock_now(&s->clock))
		payment_step(s, o);
}

static int read_order(struct call *c, const char *uid, struct order *ret)
{
	if (order_load(c->sandbox->store, uid, ret) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", uid);
	if (ret->user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This order is another user's");
	catch_up(c->sandbox, ret);
	return 0;
}

static int read_order_of_body(struct call *c, struct order *ret)
{
	const char *uid;
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &uid);
	if (r < 0)
		return r;
	return read_order(c, uid, ret);
}

int payment_start(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	enum payment_type type;
	json_object *p;
	const char *name;
	int r;

	r = call_text(c, "paymentType", 1, 40, &name);
	if (r < 0)
		return r;
	if (payment_type_parse(name, &type) < 0)
		return call_fail(c, 422, "invalid-payment-type",
				 "\"%s\" is none of \"Cash\", \"POS\", \"QR code\", \"Card\"", name);
	r = read_order_of_body(c, &o);
	if (r < 0)
		return r;
	p = payment_open(&o);
	if (p && !o.pay_pending && payment_is_of(p, type)) {
		c->answer = json_object_get(p);
		return 0;
	}
	if (o.status != STATUS_AWAITING_PAYMENT)
		return call_fail(c, 409, "payment-not-due", "An order that is \"%s\" awaits no payment",
				 status_name(o.status));
	if (o.pay_pending)
		return call_fail(c, 409, "payment-in-process", "A payment of this order is in process");
	if (p)
		payment_set(p, "Cancelled", NULL);
	p = payment_add(c->sandbox, &o, type);
	/* To be paid at the door after all: the kitchen waits for nothing. */
	if (type == PAY_CASH || type == PAY_POS)
		(void)life_advance(c->sandbox, &o, STATUS_PROCESSING);
	else
		life_publish(c->sandbox, &o);
	c->answer = json_object_get(p);
	return 0;
}

/* That a QR code was paid only the bank knows, of cash the courier: such a payment is as it is. */
static int respond(struct call *c, struct order *o, json_object *p, json_object *sent)
{
	struct card card;
	int r;

	if (!payment_is(p, "Requested") || !payment_is_of(p, PAY_CARD))
		return 0;
	r = card_read(c, sent, &card);
	if (r < 0)
		return r;
	payment_take(c->sandbox, o, p, &(struct outcome){
		.status = card.status, .reason = card.reason, .brand = card.brand, .last4 = card.last4,
		.expiry = card.expiry, .key = c->key,
	});
	return 0;
}

int payment_respond(struct call *c)
{
	json_object *sent = json_member(c->body, "payment"), *p;
	struct order o AUTO(order_done) = { 0 };
	const char *uid;
	int r;

	r = read_order_of_body(c, &o);
	if (r < 0)
		return r;
	if (!sent || !json_object_is_type(sent, json_type_object) || json_string_member(sent, "uid", &uid) < 0 || !uid)
		return call_fail(c, 422, "invalid-payment", "\"payment\" is no object with a \"uid\"");
	p = payment_find(&o, uid);
	if (!p)
		return call_fail(c, 404, "not-found", "The order has no payment \"%.100s\"", uid);
	r = respond(c, &o, p, sent);
	if (r < 0)
		return r;
	c->answer = json_object_get(p);
	return 0;
}

int payments_get(struct call *c)
{
	const char *uid = call_query(c, "deliveryOrderUid");
	struct order o AUTO(order_done) = { 0 };
	int r;

	if (!uid)
		return call_fail(c, 400, "invalid-delivery-order-uid", "The parameter \"deliveryOrderUid\" is missing");
	r = read_order(c, uid, &o);
	if (r < 0)
		return r;
	c->answer = json_object_get(o.payments);
	return 0;
}

/* By what its QR code says, whoever's it is. */
static json_object *find_by_payload(struct call *c, const char *payload, struct order *ret)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT o.uid, json_extract(p.value, '$.uid')"
						 " FROM orders o, json_each(o.payments) p WHERE"
						 " json_extract(p.value, '$.qrPayload') = ?", "t", payload);

	if (!store_step(q) || order_load(c->sandbox->store, store_text(q, 0), ret) < 0)
		return NULL;
	catch_up(c->sandbox, ret);
	return payment_find(ret, store_text(q, 1));
}

/* {qrPayload, outcome}: plays the bank's app. */
int control_qr_paid(struct call *c)
{
	struct outcome how = { .status = "Processed" };
	struct order o AUTO(order_done) = { 0 };
	const char *payload, *outcome;
	json_object *p;
	int r;

	r = call_text(c, "qrPayload", 1, 1000, &payload);
	if (r < 0)
		return r;
	r = call_text(c, "outcome", 1, 20, &outcome);
	if (r < 0)
		return r;
	if (strcmp(outcome, "cancelled") == 0)
		how = (struct outcome){ .status = "Cancelled", .reason = "cancelled" };
	else if (strcmp(outcome, "expired") == 0)
		how = (struct outcome){ .status = "Not accepted", .reason = "expired" };
	else if (strcmp(outcome, "paid") != 0)
		return call_fail(c, 422, "invalid-outcome", "\"%s\" is none of paid, cancelled, expired", outcome);
	p = find_by_payload(c, payload, &o);
	if (!p)
		return call_fail(c, 404, "not-found", "There is no payment with this \"qrPayload\"");
	if (!payment_is(p, "Requested"))
		return call_fail(c, 409, "payment-not-due", "A payment that is \"%s\" cannot be made",
				 json_object_get_string(json_member(p, "status")));
	payment_take(c->sandbox, &o, p, &how);
	c->answer = json_object_get(p);
	return 0;
}

int control_payments_get(struct call *c)
{
	c->answer = json_object_new_object();
	json_add_int(c->answer, "inProcessMs", c->sandbox->in_process_usec / 1000);
	return 0;
}

/* {inProcessMs}: payments from now on stay `In process` for so long, of the service's time. */
int control_payments(struct call *c)
{
	int64_t ms;

	if (json_int_member(c->body, "inProcessMs", 0, &ms) < 0 || ms < 0 || ms > in_process_max_ms)
		return call_fail(c, 422, "invalid-in-process-ms", "\"inProcessMs\" is no integer from 0 to %lld",
				 (long long)in_process_max_ms);
	c->sandbox->in_process_usec = ms * 1000;
	return control_payments_get(c);
}
