/* What the files of state.db share; internal to daemon/store. */
#pragma once

#include "store/state.h"
#include "store/store-sql.h"

struct state {
	struct store *store;
	bool scrub; /* a token was deleted or replaced: its traces in the log are to go */
};

/* After a change that deleted a token: at once, or after the commit. */
void state_scrub(struct state *s);
