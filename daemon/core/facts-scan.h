/* A walk over the facts of all orders in slices that return to the loop, so that nobody waits for a long history. */
#pragma once

#include "core/core-internal.h"
#include "core/series.h"

struct facts_scan_ops {
	/* Before the first row, and again where the cache changed so much that the walk starts over. Negative errno ends. */
	int (*begin)(void *data);
	int (*row)(const struct order_facts *f, void *data);
	/* Once, last: NULL, or why it could not be done. Frees data. */
	void (*end)(const struct failure *f, void *data);
	void (*drop)(void *data); /* instead of end, when the core is freed */
};
/* About the orders of that user alone, who is signed in or was. A failure comes by end(), never from within. */
void facts_scan_start(struct core *c, const char *user, const struct facts_scan_ops *ops, void *data);
/* Makes what facts an older version's file lacks, in the background. */
void facts_fill_start(struct core *c);
/* Money is counted in this currency: that of the catalog, else of the newest order, else USD. */
void facts_currency(struct core *c, char ret[static CURRENCY_SIZE]);
