/* Files for a person's other programs: kept in a place of this session, opened with what the desktop has. */
#pragma once

#include "clients/cli/cli.h"

/* The contents of a descriptor in a new file that only this user reads, in the runtime directory or /tmp. */
int open_keep(int fd, const char *name, const char *suffix, char **ret_path);
/* The contents of a descriptor, from its beginning, written to another. */
int open_copy(int from, int to);

/* Whether there is a desktop to open something on. */
bool open_possible(const struct cli *cli);
/* By xdg-open, which is not waited for. */
int open_file(const char *path);
