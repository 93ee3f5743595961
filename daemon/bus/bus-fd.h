/* Descriptors that come from callers and go to them: secrets in, sealed files out. docs/architecture.md says what is
 * taken: a regular file or memfd by one bounded read from its beginning, a pipe or a socket by event until its end. */
#pragma once

#include <event2/event.h>

#include "base/secret.h"

#define FD_SECRET_MAX 4096                 /* bytes, the newline at the end included */
#define FD_SECRET_TIMEOUT (5 * USEC_PER_SEC) /* until a pipe or socket has to be at its end */

struct fd_secret;

/* Exactly one of secret (the receiver's reference) and error (a sentence, borrowed) is not NULL. */
typedef void (*fd_secret_cb)(struct secret *secret, const char *error, void *userdata);

/* Reads the secret `name` from fd, which stays the caller's (a duplicate is kept; its O_NONBLOCK is not touched). One
 * newline at the end is not part of it. The callback comes once, never from within this function; `timeout` in µs.
 * -EINVAL: nothing we read a secret from, *ret_error says why (caller frees); other negative errno: ours to blame. */
int fd_secret_read(struct event_base *base, int fd, const char *name, uint64_t timeout, fd_secret_cb done, void *userdata,
		   struct fd_secret **ret, char **ret_error);
/* Ends it without its callback. Not to be called after that has run. NULL is fine. */
void fd_secret_cancel(struct fd_secret *s);
DEFINE_CLEANUP(struct fd_secret *, fd_secret_cancel);

/* A memfd with these bytes, at its beginning, that nobody can change any more. */
int fd_sealed(const char *name, const void *data, size_t n, int *ret);
