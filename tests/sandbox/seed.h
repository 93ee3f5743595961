/*
 * Years of believable orders for one user, made from a seed.
 */
#pragma once

#include "tests/sandbox/call.h"

enum { HABITS_MAX = 14 };

/* On this day of the week (0 = Sunday) four of five orders have the product. */
struct habit {
	unsigned weekday;
	int64_t product;
};

struct history {
	const char *login;
	int64_t user;
	int64_t orders;   /* how many */
	int64_t from, to; /* when the first and the last may be made */
	int64_t seed;
	int64_t drift;    /* minutes by which the last order is later than the first, on the average */
	struct habit habits[HABITS_MAX];
	size_t n_habits;
};

/* The uid of the history's first order, which tells whether it was made before. */
void seed_first_uid(const struct history *h, char out[UUID_SIZE]);
/* Writes the history, within a transaction of the caller. */
void seed_make(struct sandbox *s, const struct history *h);
