/* A file on its way between daemon and service: a bar on stderr where that is a terminal, and time for the call. */
#pragma once

#include "base/uuid.h"
#include "clients/cli/cli.h"

struct progress {
	struct cli *cli;
	const char *label;        /* borrowed: what stands before the bar, "" for nothing */
	char transfer[UUID_SIZE]; /* for the call: what its signals are known by */
	size_t drawn;             /* columns of the line that the bar takes; 0: it does not stand there */
	uint64_t timeout_before;
	sd_bus_slot *slot;
};

/* From here on calls have the time that a transfer may take. Tells its failure. */
int progress_begin(struct progress *p, struct cli *cli, const char *label);
/* Takes the bar off the line, for what is said instead. NULL is fine. */
void progress_hide(struct progress *p);
/* Ends the line and gives calls their time back. More than once does no harm. */
void progress_end(struct progress *p);
#define _cleanup_progress_ _cleanup_(progress_end)
