/* The statuses of an order: which are pending, which comes after which, and how they are called on screen. */
#pragma once

#include <stdbool.h>

enum order_status {
	STATUS_SUBMITTING,
	STATUS_UNKNOWN,
	STATUS_REQUESTED,
	STATUS_AWAITING_PAYMENT,
	STATUS_PROCESSING,
	STATUS_COOKING,
	STATUS_READY_TO_DELIVER,
	STATUS_IN_DELIVERY,
	STATUS_DELIVERED,
	STATUS_FINISHED,
	STATUS_CANCELLED,
	STATUS_REJECTED,
	_STATUS_MAX,
	STATUS_OTHER = -1, /* a word of the service's that this version does not know: pending */
};

enum order_status status_from_string(const char *s);
const char *status_to_string(enum order_status status); /* NULL for STATUS_OTHER */

/* "On the way". A word that is not known is given back as it is. */
const char *status_label(const char *status);

bool status_is_pending(const char *status);
bool status_is_delivered(const char *status); /* delivered or finished */

/* How far an order at `status` is from `target`: 1 = at it or past it, 0 = may still get there, -1 = cannot
 * any more. */
int status_compare(const char *status, enum order_status target);
