/* One self-contained HTML page with all dashboards of a person's orders: it needs no network, no other file and makes
 * no request. */
#pragma once

#include "clients/cli/cli.h"

/* What the page shows first; whoever looks at it may choose otherwise, all orders are in it. */
struct dashboard_filter {
	uint64_t since, until;  /* µs, until exclusive; whole days of local time are taken; 0: open */
	const char *period;     /* day, week, month, year, all; NULL: month */
	char **statuses;        /* NULL: all that count, as in Statistics */
	char **places;          /* NULL: all */
};

/* Writes it to the file, which is there whole or not at all ("-": stdout). Tells its failure. */
int dashboard_save(struct cli *cli, const struct dashboard_filter *filter, const char *path);
