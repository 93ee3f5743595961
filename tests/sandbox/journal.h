/*
 * What happened, for tests to count: orders, cancellations, ratings, and how often each call came.
 */
#pragma once

#include "tests/sandbox/call.h"

/* Writes down that the caller did something to an order. */
void journal_add(struct call *c, const char *kind, const char *order_uid, const char *detail);
