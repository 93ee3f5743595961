/* Output to a file that is there whole or not at all, or to stdout. */
#pragma once

#include "clients/cli/cli.h"

struct save {
	FILE *f;
	char *path, *temporary; /* NULL: written to directly */
};

/* path NULL or "-": stdout. What is no regular file (a pipe, a device) is written to as it is. */
int save_open(struct cli *cli, const char *path, struct save *ret);
/* Ends it: with r < 0 nothing of it remains and the file that was there stays; else it takes its place. Returns r, or
 * the failure of writing, which it tells. */
int save_close(struct cli *cli, struct save *s, int r);
