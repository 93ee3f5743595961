/*
 * An order as it is stored and as it goes over the wire.
 */
#pragma once

#include "tests/sandbox/call.h"
#include "tests/sandbox/places.h"

enum status {
	STATUS_REQUESTED,
	STATUS_AWAITING_PAYMENT,
	STATUS_PROCESSING,
	STATUS_COOKING,
	STATUS_READY,
	STATUS_IN_DELIVERY,
	STATUS_DELIVERED, /* this and the later ones are not pending */
	STATUS_FINISHED,
	STATUS_CANCELLED,
};

enum payment_type { PAY_CASH, PAY_POS, PAY_QR, PAY_CARD };

/* When things happen to an order, in life time (clock.h); "promised" is what its dates said at first. */
struct plan {
	int64_t process, cook, ready, deliver, arrive;
	int64_t promised_ready, promised_arrive;
	int64_t notice; /* when the kitchen admits that it is late; 0: it is not, or has */
	int64_t next;   /* when to look again; 0: never */
};

struct order {
	int64_t id, user, seq;
	char uid[UUID_SIZE];
	char *key;   /* the Idempotency-Key it was made with */
	bool seeded; /* made by Seed, not by a call */
	enum status status;
	enum payment_type payment_type;
	char currency[4]; /* "": CURRENCY; another only in a history made by hand */
	int64_t products_price, delivery_price, additional_price, tax_price, total_price; /* cents */
	json_object *items, *payments, *timeline; /* as on the wire */
	char *city, *address, *recipient, *phone, *comment, *origin;
	struct place from, to;
	int courier; /* -1: none yet */
	struct place courier_at;
	int64_t courier_date;
	int64_t deliver_at, created, changed;
	int64_t start_expected, start_actual, end_expected, end_actual, cooking_expected, cooking_actual;
	int64_t rating, rating_date; /* rating 0: not rated */
	char *rating_comment;
	char code[8]; /* what the person tells the courier */
	struct plan plan;
	/* Service time: when a payment in process is settled, or else when awaiting one ends; 0: neither. */
	int64_t pay_due;
	json_object *pay_pending; /* what a payment in process comes to (payment.c); NULL: none is */
};

void order_done(struct order *o);
/* By uid, whoever owns it. -ENOENT. */
int order_load(struct store *st, const char *uid, struct order *ret);
/* What is due first at the given moment of life. -ENOENT if nothing is. */
int order_load_due(struct store *st, int64_t life, struct order *ret);
/* The same for payments, at the given service time. -ENOENT if nothing is. */
int order_load_pay_due(struct store *st, int64_t now, struct order *ret);
/* Writes a new order; sets its id. Its change number and date of change are given by order_touch(). */
void order_insert(struct store *st, struct order *o);
/* Gives the order a new change number and a later date of change. */
void order_touch(struct sandbox *s, struct order *o);
void order_update(struct store *st, const struct order *o);
/* Enters a status, with its line in the timeline. */
void order_set_status(struct order *o, enum status status, int64_t date);
json_object *order_to_json(const struct order *o);
/* Listings: the caller steps the statement and reads each row. */
sqlite3_stmt *order_query_changed(struct store *st, int64_t user, int64_t since, int64_t limit);
sqlite3_stmt *order_query_pending(struct store *st, int64_t user);
void order_from_row(sqlite3_stmt *q, struct order *ret);

bool order_can_be_cancelled(const struct order *o);
bool order_is_delivered(const struct order *o);
/* "C-001042" */
void order_number(const struct order *o, char out[24]);

const char *status_name(enum status s);
/* -EINVAL for an unknown name. */
int status_parse(const char *name, enum status *ret);
const char *payment_type_name(enum payment_type t);
const char *payment_method_name(enum payment_type t);
int payment_type_parse(const char *name, enum payment_type *ret);
