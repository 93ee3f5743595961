/* One item in the desktop's Secret Service: stored, looked up or cleared, never over a session in the clear, and never
 * with a prompt. */
#pragma once

#include "base/secret.h"

struct item {
	const char *world, *user, *slot; /* attributes */
	const char *label;
};

/* What was found is gone in the midst of it: to be tried anew. */
#define SERVICE_AGAIN "again"

/* Each returns one of the words of base/keyring-protocol.h, or SERVICE_AGAIN; after "failed" *ret_reason is the
 * caller's to free. */
const char *service_store(const struct item *item, const char *token, size_t n, char **ret_reason);
const char *service_lookup(const struct item *item, struct secret **ret_token, char **ret_reason);
const char *service_clear(const struct item *item, char **ret_reason);
