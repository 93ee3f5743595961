/* What the files of a user's database share; internal to daemon/store. */
#pragma once

#include "store/store-sql.h"
#include "store/text.h"
#include "store/userdb.h"

struct userdb {
	struct store *store;
	unsigned events_added; /* since the last pruning */
};

#define EVENTS_PRUNE_EVERY 100
