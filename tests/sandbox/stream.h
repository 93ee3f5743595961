/*
 * Sending part of a file on disk, piece by piece as the client takes it, so that no more than a piece is in memory.
 */
#pragma once

#include "tests/sandbox/faults.h"

/* What a handler leaves in its call for deliver(): from `fd`, which is closed with the call. */
struct stream_part {
	int fd;
	int64_t from, size;
	struct range *range; /* in the journal */
};

/* Sends c->part. A fault "truncate" closes the connection after half of it, "slow" sends drops. */
void stream_start(struct call *c, const struct effect *e);
