/* An order as the daemon tells it: rows of lists, the whole of it (Orders.Get), and the properties of the
 * object it has while it is pending. Money in minor units of `currency`, times in µs UTC with 0 = not known,
 * coordinates that are not known are NaN, strings that are not known NULL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/common/client.h"
#include "clients/common/distance.h"

struct order_product {
	uint64_t id;
	char *name, *note;
	uint32_t quantity;
	int64_t price; /* of one */
};

struct order_step {
	char *status;
	uint64_t date;
};

struct order_payment {
	char *type, *status, *currency, *card, *failure_reason;
	int64_t amount;
	uint64_t date, valid_until;
};

struct order_courier {
	char *name, *phone;
	double latitude, longitude;
	uint64_t date; /* of the position; 0 = none */
};

/* When a pending order is expected, by what the predictive backend said (delivery 0: nothing) and by what was learned
 * from the orders before it (bound 0: nothing). */
struct order_estimate {
	uint64_t cooking, delivery, earliest, latest, asked, bound;
	double confidence;
	uint32_t bound_orders;
};

#define DEFINE_LIST(type) \
	struct type##_list { \
		struct type *items; \
		size_t n; \
	}
DEFINE_LIST(order_product);
DEFINE_LIST(order_step);
DEFINE_LIST(order_payment);

/* The prices of an order that the service does not have may not be known. No price of a service is negative. */
#define ORDER_PRICE_UNKNOWN (-1)

struct order {
	char *uid, *number, *status, *payment_type, *currency;
	char *origin, *destination, *recipient, *comment;
	char *rating_comment, *confirmation_code, *failure_reason;
	uint64_t id;
	int cancellable;
	int64_t products_price, delivery_price, additional_price, tax_price; /* delivery: may be not known */
	int64_t total_price; /* order_has_total() */
	double destination_latitude, destination_longitude;
	uint64_t deliver_at, created, changed;
	uint64_t start_expected, start_actual, end_expected, end_actual, cooking_expected, cooking_actual;
	struct order_product_list products;
	struct order_step_list timeline;
	struct order_payment_list payments;
	struct order_courier courier;
	struct order_estimate estimate;
	uint32_t rating;
	uint64_t hold_until;
	uint64_t age; /* µs since the service last confirmed it, at the time of the reply */
	/* Only in the object of a pending order. */
	uint32_t progress;
	uint64_t expected, latest;
};

void order_init(struct order *o);
void order_done(struct order *o);
#define _cleanup_order_ _cleanup_(order_done)

/* The message stands on an a{sv}: of Orders.Get, or of the Order object's properties, which are laid over
 * what is there. 1, 0 at the end of an enclosing array, or a negative errno. */
int order_read(sd_bus_message *m, struct order *o);
int order_read_properties(sd_bus_message *m, struct order *o);

/* What a person calls it: the number, or the uid while there is none. */
const char *order_name(const struct order *o);
/* When it is to arrive: as the object says, else the promise of the service. */
/* Before the service has it, nobody may have named a total; on the bus that is 0 where something must stand. */
bool order_has_total(const struct order *o);
uint64_t order_expected(const struct order *o);

/* CC_SIG_ORDER_ROW. The strings are the message's. */
struct order_row {
	const char *uid, *number, *status, *payment_type, *currency;
	int64_t total;
	uint64_t created, changed;
	int cancellable;
};

/* 1, or 0 at the end of the array the message stands in. */
int order_row_read(sd_bus_message *m, struct order_row *ret);

/* The uid of what a person wrote: a uid, a number, a unique beginning, or "last". Errors: NotFound;
 * InvalidArgs when more than one order begins so. */
int order_lookup(struct client *c, const char *text, sd_bus_error *error, char **ret_uid);
/* Orders.Get; *ret is initialised by the call. */
int order_get(struct client *c, const char *uid, sd_bus_error *error, struct order *ret);
/* The object path of a pending order. */
int order_object_path(const char *uid, char **ret_path);
