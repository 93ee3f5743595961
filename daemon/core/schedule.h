/* When the next sync is due: the intervals of the configuration, their jitter, and back-off after failures. No clock
 * and no randomness of its own, so that a simulation can run the very same code for a fleet. */
#pragma once

#include "base/config.h"
#include "net/backoff.h"

#define SCHEDULE_BACKOFF_BASE (2 * USEC_PER_SEC)
#define SCHEDULE_BACKOFF_CAP (10 * USEC_PER_MIN)
/* Of the push connection, after the first reconnect. */
#define SCHEDULE_PUSH_BACKOFF_BASE (2 * USEC_PER_SEC)
#define SCHEDULE_PUSH_BACKOFF_CAP (120 * USEC_PER_SEC)
/* The first reconnect after a loss comes at a uniform moment within these. */
#define SCHEDULE_RECONNECT_PENDING (5 * USEC_PER_SEC)
#define SCHEDULE_RECONNECT_IDLE (120 * USEC_PER_SEC)

/* µs until the next sync after one that ended well. */
uint64_t schedule_interval(const struct config *config, bool pending, bool push_up, const struct backoff *random);
/* µs until the next try after one that failed; at least retry_after. While an order is
 * pending never later than PendingWithPushSec: what the person looks at is not left stale for ten minutes. */
uint64_t schedule_retry(const struct config *config, struct backoff *backoff, bool pending, uint64_t retry_after);
uint64_t schedule_reconnect(bool pending, const struct backoff *random);
/* µs until the next try after a reconnect that failed. Who waits for nothing spreads every try as wide as the first:
 * the short waits of a young back-off would bring a fleet together when a short outage ends. */
uint64_t schedule_reconnect_again(bool pending, struct backoff *backoff);
