/*
 * What customers are told without asking: by the hub while they listen, and as notifications that stay.
 */
#pragma once

#include "tests/sandbox/order.h"

void push_order_changed(struct sandbox *s, const struct order *o);
void push_courier_moved(struct sandbox *s, const struct order *o);
/* The notification that goes with a new status, if there is one. */
void push_order_notice(struct sandbox *s, const struct order *o, enum status status);
/* The notification of a payment that was made, or was not. */
void push_payment_notice(struct sandbox *s, const struct order *o, bool paid);
