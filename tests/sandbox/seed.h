/*
 * Years of believable orders for one user, made from a seed.
 */
#pragma once

#include "tests/sandbox/call.h"

struct history {
	const char *login;
	int64_t user;
	int64_t orders;   /* how many */
	int64_t from, to; /* when the first and the last may be made */
	int64_t seed;
};

/* The uid of the history's first order, which tells whether it was made before. */
void seed_first_uid(const struct history *h, char out[UUID_SIZE]);
/* Writes the history, within a transaction of the caller. */
void seed_make(struct sandbox *s, const struct history *h);
