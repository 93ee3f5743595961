/* Between outbox.c, which gives each row its turns, and outbox-place.c, which knows what an order does with them. */
#pragma once

#include "core/core-internal.h"

/* outbox.c */
bool job_is_place(const struct outbox_job *j);
int job_set_state(struct outbox_job *j, const char *state); /* in memory */
int job_persist(struct outbox_job *j);
/* Counts a try, and marks the row on disk before the first: negative, then nothing may be sent. */
int job_mark_attempted(struct outbox_job *j);
void job_step(struct outbox_job *j); /* what comes next, now; j may be gone after it */
/* Again after a wait; a Retry-After is a floor that no event shortens. */
void job_again(struct outbox_job *j, uint64_t retry_after);
/* Everybody who waits for it hears OutcomeUnknown. */
void job_answer_unknown(struct outbox_job *j);
/* The row has come to an end and says so on disk: answers who waits and forgets it here. */
void job_end(struct outbox_job *j, const struct failure *f, const char *status);

/* outbox-place.c */
int place_step(struct outbox_job *j); /* on success j may be gone */
/* The service said to wait: nothing is sent, but a deadline that comes meanwhile is told. µs; 0: go on, nothing will
 * be sent. */
uint64_t place_wait_as_told(struct outbox_job *j);
