/* Secrets on their way to the daemon: as a sealed memfd, so that no bus monitor sees them. */
#pragma once

#include "base/secret.h"

#define SECRET_MAX 4096 /* the daemon takes no more */

/* A descriptor at offset 0 whose contents are the secret, nothing else. -ENOMEM and the errors of
 * memfd_create(). */
int secret_to_fd(const struct secret *s, int *ret_fd);
/* Reads the descriptor to its end: -EMSGSIZE over SECRET_MAX. */
int secret_from_fd(int fd, struct secret **ret);
/* Takes the first line off (without its newline). -ENODATA when there is none. */
int secret_take_line(const struct secret *s, unsigned index, struct secret **ret);
