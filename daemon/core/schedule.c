/* When the next sync is due: pure functions. */
#include "core/schedule.h"

static uint64_t interval(const struct config *config, bool pending, bool push_up)
{
	if (pending)
		return push_up ? config->pending_with_push : config->pending;
	return push_up ? config->idle_with_push : config->idle;
}

uint64_t schedule_interval(const struct config *config, bool pending, bool push_up, const struct backoff *random)
{
	uint64_t mean = interval(config, pending, push_up), span = mean / 100 * config->jitter_percent;

	return mean - span + backoff_spread(random, 2 * span);
}

uint64_t schedule_retry(const struct config *config, struct backoff *backoff, bool pending, uint64_t retry_after)
{
	uint64_t wait = backoff_next(backoff);

	if (pending && wait > config->pending_with_push)
		wait = config->pending_with_push / 2 + backoff_spread(backoff, config->pending_with_push / 2);
	return retry_after > 0 ? retry_after + backoff_spread(backoff, 2 * USEC_PER_SEC) : wait;
}

uint64_t schedule_reconnect(bool pending, const struct backoff *random)
{
	return backoff_spread(random, pending ? SCHEDULE_RECONNECT_PENDING : SCHEDULE_RECONNECT_IDLE);
}

uint64_t schedule_reconnect_again(bool pending, struct backoff *backoff)
{
	uint64_t wait = backoff_next(backoff);

	return pending ? wait : schedule_reconnect(false, backoff);
}
