/* One operation on the desktop's keyring at a time, each in a process of its own (daemon/keyring/) with a limit of time:
 * what the keyring does never stops the loop. Where a token rests, and when, is decided elsewhere. */
#pragma once

#include <event2/event.h>

#include "base/secret.h"

struct keyring;
struct keyring_call;

enum keyring_operation { KEYRING_STORE, KEYRING_LOOKUP, KEYRING_CLEAR };

enum keyring_status {
	KEYRING_OK,
	KEYRING_NONE,    /* the keyring is open, and there is no such item */
	KEYRING_LOCKED,
	KEYRING_ABSENT,
	KEYRING_PLAIN,   /* only sessions in the clear, which are refused */
	KEYRING_FAILED,  /* in another way, or not within the time */
};

struct keyring_item {
	const char *world, *user, *slot; /* name it */
	const char *label;               /* of a stored one, for people */
};

/* token: of a lookup that is KEYRING_OK, borrowed; else NULL. reason: of KEYRING_FAILED, borrowed. */
typedef void (*keyring_cb)(enum keyring_status status, struct secret *token, const char *reason, void *userdata);

int keyring_new(struct event_base *base, struct keyring **ret);
void keyring_free(struct keyring *k); /* open calls end without their callback */
/* Behind those that are under way. The callback comes once, from the loop; not after keyring_cancel(). A store is
 * KEYRING_OK when it was read back. */
int keyring_run(struct keyring *k, enum keyring_operation operation, const struct keyring_item *item,
		const struct secret *token, keyring_cb done, void *userdata, struct keyring_call **ret);
/* NULL is allowed. What the keyring was told already may yet be done. */
void keyring_cancel(struct keyring_call *call);
