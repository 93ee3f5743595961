/* Exponential back-off with full jitter: the n-th wait is uniform in [0, min(cap, base * 2^n)]. Randomness comes
 * from outside so that a test can choose it. */
#pragma once

#include "base/util.h"

struct backoff {
	uint64_t base, cap;  /* µs */
	unsigned attempt;    /* how many waits were given out */
	uint64_t (*random_below)(uint64_t limit); /* NULL: the kernel's */
};

uint64_t backoff_next(struct backoff *b);
/* At least `floor` (Retry-After), jitter on top of it. */
uint64_t backoff_next_after(struct backoff *b, uint64_t floor);
void backoff_reset(struct backoff *b);
/* A uniform moment within `span`. */
uint64_t backoff_spread(const struct backoff *b, uint64_t span);
