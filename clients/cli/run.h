/* Runs a program and keeps what it prints. */
#pragma once

#include "base/util.h"

/* Its stdout, at most `max` bytes of it, as a string; stdin and stderr are /dev/null. It is ended when `usec` are over.
 * Negative: it could not be run, failed (-EIO), or did not end (-ETIMEDOUT). */
int run_output(char *const argv[], uint64_t usec, size_t max, char **ret);
