/* Exponential back-off with full jitter. Keeps no clock: who waits has the timer. */
#include "net/backoff.h"

static uint64_t below(const struct backoff *b, uint64_t limit)
{
	return b->random_below ? b->random_below(limit) : random_below(limit);
}

/* [0, span], both ends included. */
uint64_t backoff_spread(const struct backoff *b, uint64_t span)
{
	return below(b, span < UINT64_MAX ? span + 1 : span);
}

uint64_t backoff_next(struct backoff *b)
{
	/* The exponent stops where the product would leave 64 bits; by then any cap is reached. */
	unsigned room = b->base ? (unsigned)__builtin_clzll(b->base) : 0;
	uint64_t ceiling = b->attempt < room ? b->base << b->attempt : UINT64_MAX;

	if (b->base == 0 || ceiling > b->cap)
		ceiling = b->base == 0 ? 0 : b->cap;
	if (b->attempt < room)
		b->attempt++;
	return backoff_spread(b, ceiling);
}

uint64_t backoff_next_after(struct backoff *b, uint64_t floor)
{
	uint64_t wait;

	return __builtin_add_overflow(floor, backoff_next(b), &wait) ? UINT64_MAX : wait;
}

void backoff_reset(struct backoff *b)
{
	b->attempt = 0;
}
