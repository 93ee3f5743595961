/*
 * The life of orders: from the kitchen to the door, by itself.
 */
#pragma once

#include "tests/sandbox/order.h"

/* Starts the clock of all lives; those that were interrupted by a restart go on. */
void life_start(struct sandbox *s);
void life_stop(struct sandbox *s);
/* Plans a new order's life and sets its expected dates. */
void life_plan(struct sandbox *s, struct order *o);
/* The order is not to change by itself any more. */
void life_end(struct order *o);
/* Stores a change, tells the customer by push, and sees to the timer. */
void life_publish(struct sandbox *s, struct order *o);
/* Lets an order reach a status now, through all in between. -EINVAL if it is behind or off its way. */
int life_advance(struct sandbox *s, struct order *o, enum status status);
/* The rest of an order's life comes so much later (life time), and its dates say so. */
void life_delay(struct sandbox *s, struct order *o, int64_t usec);
/* After the clock was changed: dates that were promised are computed anew. */
void life_clock_changed(struct sandbox *s);
