/*
 * What happens to payments: they are taken or not, or run out. One charge per payment, which the journal counts.
 */
#include "tests/sandbox/catalog.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/life.h"
#include "tests/sandbox/payment.h"
#include "tests/sandbox/push.h"

static const int64_t awaiting_payment = 15 * USEC_PER_MINUTE;

static const char *text_of(json_object *o, const char *name)
{
	return json_object_get_string(json_member(o, name));
}

bool payment_is(json_object *p, const char *status)
{
	const char *s = text_of(p, "status");

	return s && strcmp(s, status) == 0;
}

static bool is_at_the_door(json_object *p)
{
	return payment_is_of(p, PAY_CASH) || payment_is_of(p, PAY_POS);
}

bool payment_is_of(json_object *p, enum payment_type type)
{
	const char *s = text_of(p, "paymentType");

	return s && strcmp(s, payment_type_name(type)) == 0;
}

json_object *payment_find(const struct order *o, const char *uid)
{
	for (size_t i = 0; i < json_object_array_length(o->payments); i++) {
		json_object *p = json_object_array_get_idx(o->payments, i);
		const char *u = text_of(p, "uid");

		if (u && strcasecmp(u, uid) == 0)
			return p;
	}
	return NULL;
}

json_object *payment_open(const struct order *o)
{
	for (size_t i = 0; i < json_object_array_length(o->payments); i++) {
		json_object *p = json_object_array_get_idx(o->payments, i);

		if (payment_is(p, "Requested") || payment_is(p, "In process"))
			return p;
	}
	return NULL;
}

bool payment_is_made(const struct order *o)
{
	for (size_t i = 0; i < json_object_array_length(o->payments); i++) {
		json_object *p = json_object_array_get_idx(o->payments, i);

		if (payment_is(p, "Processed") || payment_is(p, "Confirmed") || payment_is(p, "Finished"))
			return true;
	}
	return false;
}

void payment_set(json_object *p, const char *status, const char *reason)
{
	json_add_text(p, "status", status);
	json_add_text(p, "failureReason", reason);
}

static char *qr_payload(const struct order *o, const char *uid)
{
	return xprintf("https://pay.sandbox.invalid/p/%s?amount=%lld.%02lld&currency=" CURRENCY, uid,
		       (long long)o->total_price / 100, (long long)o->total_price % 100);
}

json_object *payment_add(struct sandbox *s, struct order *o, enum payment_type type)
{
	json_object *p = json_object_new_object();
	AUTO_FREE char *payload = NULL;
	int64_t now = clock_now(&s->clock);
	char uid[UUID_SIZE];

	uuid_make(uid);
	if (type == PAY_QR)
		payload = qr_payload(o, uid);
	if (type == PAY_CASH || type == PAY_POS)
		o->pay_due = 0;
	else
		payment_await(s, o);
	json_add_text(p, "uid", uid);
	json_add_text(p, "deliveryOrderUid", o->uid);
	json_add_money(p, "amount", o->total_price);
	json_add_text(p, "currency", CURRENCY);
	json_add_text(p, "paymentType", payment_type_name(type));
	json_add_text(p, "paymentMethod", payment_method_name(type));
	json_add_text(p, "status", "Requested");
	json_add_text(p, "cardNumber", NULL);
	json_add_text(p, "qrPayload", payload);
	json_add_date(p, "date", now);
	json_add_date(p, "validUntil", o->pay_due);
	json_add_text(p, "failureReason", NULL);
	json_object_array_add(o->payments, p);
	o->payment_type = type;
	return p;
}

void payment_await(struct sandbox *s, struct order *o)
{
	o->pay_due = clock_now(&s->clock) + awaiting_payment;
}

void payment_at_the_door(struct sandbox *s, struct order *o)
{
	json_object *p = payment_open(o);

	if (!p && (o->payment_type == PAY_CASH || o->payment_type == PAY_POS))
		p = payment_add(s, o, o->payment_type);
	if (p && is_at_the_door(p))
		payment_set(p, "Finished", NULL);
}

void payment_close(struct order *o)
{
	json_object *p = payment_open(o);

	if (p && payment_is(p, "Requested") && (o->status == STATUS_CANCELLED || !is_at_the_door(p)))
		payment_set(p, "Cancelled", NULL);
	if (!o->pay_pending)
		o->pay_due = 0;
}

static void link_card(struct sandbox *s, int64_t user, json_object *pending)
{
	char uid[UUID_SIZE];

	if (!text_of(pending, "last4"))
		return;
	uuid_make(uid);
	store_run(s->store, "INSERT OR IGNORE INTO cards (uid, user, brand, last4, expiry) VALUES (?, ?, ?, ?, ?)",
		  "tittt", uid, user, text_of(pending, "brand"), text_of(pending, "last4"), text_of(pending, "expiry"));
}

static void write_charge(struct sandbox *s, const struct order *o, json_object *p, const char *key)
{
	json_object *detail AUTO_JSON = json_object_new_object();

	json_add_text(detail, "paymentUid", text_of(p, "uid"));
	json_add_money(detail, "amount", o->total_price);
	json_add_text(detail, "currency", CURRENCY);
	json_add_text(detail, "paymentType", text_of(p, "paymentType"));
	json_add_text(detail, "cardNumber", text_of(p, "cardNumber"));
	journal_write(s, "charge", o->user, key, o->uid, json_text(detail));
}

/* A refused payment leaves the order awaiting another one, for as long as this one would have been good. */
static void await_another(struct sandbox *s, struct order *o, json_object *p)
{
	int64_t until;

	if (o->status != STATUS_AWAITING_PAYMENT)
		o->pay_due = 0;
	else if (date_parse(text_of(p, "validUntil"), &until) == 0)
		o->pay_due = until;
	else
		payment_await(s, o);
}

static void settle(struct sandbox *s, struct order *o)
{
	json_object *pending AUTO_JSON = TAKE(o->pay_pending), *p = payment_find(o, text_of(pending, "paymentUid"));
	const char *status = text_of(pending, "status");
	bool paid = strcmp(status, "Processed") == 0 && o->status == STATUS_AWAITING_PAYMENT;

	if (o->status == STATUS_CANCELLED)
		payment_set(p, "Cancelled", NULL);
	else
		payment_set(p, paid || strcmp(status, "Processed") != 0 ? status : "Cancelled",
			    text_of(pending, "failureReason"));
	o->pay_due = 0;
	if (paid) {
		write_charge(s, o, p, text_of(pending, "key"));
		link_card(s, o->user, pending);
		push_payment_notice(s, o, true);
		(void)life_advance(s, o, STATUS_PROCESSING);
		return;
	}
	await_another(s, o, p);
	life_publish(s, o);
	push_payment_notice(s, o, false);
}

void payment_take(struct sandbox *s, struct order *o, json_object *p, const struct outcome *how)
{
	AUTO_FREE char *masked = how->last4 ? xprintf("**** %s", how->last4) : NULL;
	json_object *pending = json_object_new_object();

	json_add_text(pending, "paymentUid", text_of(p, "uid"));
	json_add_text(pending, "status", how->status);
	json_add_text(pending, "failureReason", how->reason);
	json_add_text(pending, "brand", how->brand);
	json_add_text(pending, "last4", how->last4);
	json_add_text(pending, "expiry", how->expiry);
	json_add_text(pending, "key", how->key);
	json_add_text(p, "cardNumber", masked);
	json_add_date(p, "date", clock_now(&s->clock));
	o->pay_pending = pending;
	if (s->in_process_usec == 0) {
		settle(s, o);
		return;
	}
	payment_set(p, "In process", NULL);
	o->pay_due = clock_now(&s->clock) + s->in_process_usec;
	life_publish(s, o);
}

static void run_out(struct sandbox *s, struct order *o)
{
	json_object *p = payment_open(o);

	if (p)
		payment_set(p, "Not accepted", "expired");
	o->pay_due = 0;
	catalog_put_back(s, o->items);
	(void)life_advance(s, o, STATUS_CANCELLED);
}

void payment_step(struct sandbox *s, struct order *o)
{
	if (o->pay_pending)
		settle(s, o);
	else if (o->status == STATUS_AWAITING_PAYMENT)
		run_out(s, o);
	else {
		o->pay_due = 0;
		order_update(s->store, o);
	}
}
