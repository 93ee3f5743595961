/*
 * Payments of orders: they are kept in the order, as on the wire. What the customer asks is in paying.c, the rules
 * of cards are in card.c.
 */
#pragma once

#include "tests/sandbox/order.h"

/* How a payment ends. */
struct outcome {
	const char *status; /* "Processed", or how it failed */
	const char *reason; /* failureReason; NULL for none */
	const char *brand, *last4, *expiry; /* of the card; NULL: it was none */
	const char *key;    /* the Idempotency-Key it came with; may be NULL */
};

/* By uid within its order; borrowed. NULL: there is none. */
json_object *payment_find(const struct order *o, const char *uid);
/* The one that is Requested or In process; borrowed. NULL: there is none. */
json_object *payment_open(const struct order *o);
bool payment_is(json_object *p, const char *status);
bool payment_is_of(json_object *p, enum payment_type type);
bool payment_is_made(const struct order *o);
void payment_set(json_object *p, const char *status, const char *reason);
/*
 * Adds a payment of the order's whole amount; borrowed. The order awaits it for 15 minutes from now, unless it is
 * one to be made at the door.
 */
json_object *payment_add(struct sandbox *s, struct order *o, enum payment_type type);
/* An order that begins to await payment does so for 15 minutes. */
void payment_await(struct sandbox *s, struct order *o);
/* The order ended at the door, where it was paid: of an order that nobody started a payment of, that is recorded now. */
void payment_at_the_door(struct sandbox *s, struct order *o);
/* The order awaits no payment any more: what is Requested online, or of a cancelled order, can never be paid. */
void payment_close(struct order *o);
/* The money is asked for: at once, or for the time that was set `In process` first. Stores and tells the change. */
void payment_take(struct sandbox *s, struct order *o, json_object *p, const struct outcome *how);
/* What is due at pay_due happens. */
void payment_step(struct sandbox *s, struct order *o);
