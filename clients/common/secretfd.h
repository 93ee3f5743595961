/* Secrets on their way to the daemon: through a pipe, so that no bus monitor sees them, and whose pages, unlike those of
 * a memfd, are never swapped. */
#pragma once

#include "base/secret.h"

#define SECRET_MAX 4096 /* the daemon takes no more */

/* The reading end of a pipe with the secret in it and nothing else, closed at the other end. -EMSGSIZE over SECRET_MAX, and
 * the errors of pipe(). */
int secret_to_fd(const struct secret *s, int *ret_fd);
/* Reads the descriptor to its end: -EMSGSIZE over SECRET_MAX. */
int secret_from_fd(int fd, struct secret **ret);
/* Takes the first line off (without its newline). -ENODATA when there is none. */
int secret_take_line(const struct secret *s, unsigned index, struct secret **ret);
