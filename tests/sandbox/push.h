/*
 * What customers are told without asking.
 */
#pragma once

#include "tests/sandbox/order.h"

/* The notification that goes with a new status, if there is one. */
void push_order_notice(struct sandbox *s, const struct order *o, enum status status);
