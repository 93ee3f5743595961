/*
 * What happened, for tests to count: orders, cancellations, ratings, and every request that came.
 */
#pragma once

#include "tests/sandbox/faults.h"

struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *j);
/* A request arrived, with the faults it met; sets c->number. Requests of /Sandbox are not written down. */
void journal_request(struct call *c, const struct effect *e);
/* It was answered. */
void journal_answer(struct call *c);
/* Writes down something of one kind that concerns an order; key may be NULL. */
void journal_write(struct sandbox *s, const char *kind, int64_t user, const char *key, const char *order_uid,
		   const char *detail);
/* Writes down that the caller did something to an order. */
void journal_add(struct call *c, const char *kind, const char *order_uid, const char *detail);
