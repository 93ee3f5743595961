/* The records of the business as they pass between backend/, store/ and core/: products, orders, payments,
 * notifications. Money is minor units of the record's currency, time µs since the epoch (0 = none), text UTF-8 or
 * NULL, coordinates degrees (NaN = not known). Each record owns all it points to. */
#pragma once

#include "base/money.h"
#include "base/util.h"

/* Order statuses on this side are kebab-case text. A status that the service invents is kept as text and counts as
 * pending, so these are names and not an enumeration. The last three never come from the service. */
#define STATUS_REQUESTED "requested"
#define STATUS_AWAITING_PAYMENT "awaiting-payment"
#define STATUS_PROCESSING "processing"
#define STATUS_COOKING "cooking"
#define STATUS_READY "ready-to-deliver"
#define STATUS_IN_DELIVERY "in-delivery"
#define STATUS_DELIVERED "delivered"
#define STATUS_FINISHED "finished"
#define STATUS_CANCELLED "cancelled"
#define STATUS_SUBMITTING "submitting"
#define STATUS_REJECTED "rejected"
#define STATUS_UNKNOWN "unknown"

/* All but delivered, finished, cancelled, rejected. */
bool status_is_pending(const char *status);
/* submitting, rejected, unknown. */
bool status_is_local(const char *status);
/* 0..100; -1 for a status without a place on the way (cancelled, rejected, one we do not know). */
int status_progress(const char *status);

struct category {
	uint64_t id;
	char *name, *description, *picture_url;
};

struct product {
	uint64_t id, category;
	char *name, *description, *picture_url;
	char **dietary_tags;
	int64_t price;
	char currency[CURRENCY_SIZE];
	bool limited;      /* only `quantity` are left */
	uint32_t quantity;
	double rating;     /* 0 = none */
	bool deleted;
	uint64_t changed;
};

struct order_line {
	uint64_t product;
	char *name, *note;
	uint32_t quantity;
	int64_t unit_price;
};

struct timeline_entry {
	char *status; /* kebab-case */
	uint64_t when;
};

struct courier {
	char *name, *phone;
	double latitude, longitude;
	uint64_t when; /* 0 = no fix */
};

struct payment {
	char *uid, *order, *type, *status, *card, *qr_payload, *failure_reason; /* type, status: D-Bus form */
	int64_t amount;
	char currency[CURRENCY_SIZE];
	uint64_t date, valid_until;
};

struct order {
	char *uid, *number, *status, *payment_type;
	uint64_t id;
	bool cancellable;
	int64_t products_price, delivery_price, additional_price, tax_price, total_price;
	char currency[CURRENCY_SIZE];
	char *origin, *destination, *recipient, *comment, *confirmation_code;
	double destination_latitude, destination_longitude;
	uint64_t deliver_at, created, changed;
	uint64_t start_expected, start_actual, end_expected, end_actual, cooking_expected, cooking_actual;
	uint32_t rating; /* 0 = none */
	char *rating_comment;
	bool has_courier;
	struct courier courier;
	struct order_line *lines;
	size_t n_lines;
	struct timeline_entry *timeline;
	size_t n_timeline;
	struct payment *payments;
	size_t n_payments;
};

struct notification {
	char *uid, *kind, *title, *body, *order; /* kind as the service names it */
	uint64_t sent;
	bool read;
};

/* A video: at the service itself (`file`, a file's uid), or elsewhere (`web`, an https address), or both. */
struct video {
	char *uid, *title, *description, *genre, *file, *web, *picture;
	uint32_t seconds; /* 0 = not known */
};

struct quote {
	int64_t products_price, delivery_price, additional_price, tax_price, total_price;
	char currency[CURRENCY_SIZE];
	uint64_t *unavailable; /* product ids */
	size_t n_unavailable;
	uint64_t valid_until;
};

/* What a person asked for; a product ordered twice has quantity 2 here. */
struct order_item {
	uint64_t product;
	uint32_t quantity;
	char *note;
};

void category_done(struct category *c);
void product_done(struct product *p);
void payment_done(struct payment *p);
void notification_done(struct notification *n);
void video_done(struct video *v);
void quote_done(struct quote *q);
void order_item_done(struct order_item *i);
struct order *order_new(void); /* coordinates NaN, all else zero */
void order_free(struct order *o);
DEFINE_CLEANUP(struct order *, order_free);
