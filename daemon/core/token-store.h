/* Where the session's token rests: in the desktop's keyring where there is one, else in state.db. Internal to core/. */
#pragma once

#include "core/keyring.h"
#include "store/state.h"

struct core;

/* Items that no session has any more; one is seen to at a time. */
struct leftovers {
	struct keyring_row row;
	struct secret *token;    /* of that one, where it is known */
	struct keyring_call *call;
	struct api_call *revocation;
	struct event *timer;
	struct backoff backoff;
};

struct token_store {
	struct keyring *keyring;
	bool present;            /* the keyring's name is on the bus, or the bus would start it */
	int condition;           /* enum keyring_status when it was last asked; -1: not yet */
	bool waiting;            /* the token lies in the keyring, and is not known here */
	bool lost;               /* and the keyring was not there for KeyringSec */
	bool kept;               /* the present token rests in the keyring, and nowhere else */
	bool fresh;              /* it rests nowhere yet: it is being stored */
	bool said;               /* that it does */
	bool in_doubt;           /* is the item still there? */
	bool again;              /* look once more after the present call */
	struct keyring_call *call;
	struct event *timer;     /* the next look */
	uint64_t looked, paid_until; /* the last one, and what all of them cost; CLOCK_MONOTONIC µs */
	struct event *patience;
	void (*settled)(struct core *c, int r, void *data); /* who waits for the end of `fresh` */
	void *settled_data;
	struct leftovers leftovers;
};

int token_store_init(struct core *c);
void token_store_start(struct core *c);
void token_store_done(struct core *c); /* a token that rests nowhere yet goes to state.db */

/* The session has a token that is new: it is stored, in the end. Negative: it could not be, see the log. */
int token_store_new(struct core *c);
/* Calls `settled` as soon as the token rests somewhere, perhaps before this returns; r: as above. */
void token_store_settle(struct core *c, void (*settled)(struct core *c, int r, void *data), void *data);
/* The row was read from state.db: what it lacks, or what is not where it should be, is to be seen to. */
void token_store_restored(struct core *c);
/* Within a transaction: the session ends, or another takes its place; told: the service needs not hear of it. After the
 * commit, token_store_left(). */
int token_store_leave(struct core *c, bool told);
void token_store_left(struct core *c);
/* In the midst of fetching it, for the first time: calls may wait. */
bool token_store_fetching(const struct core *c);
/* Somebody needs the token that is waited for: a sentence on why it is not here, caller frees; it is asked for anew. */
char *token_store_excuse(struct core *c);
const char *token_store_name(const struct core *c);  /* as in GetStatus: secret-service, file, none */
const char *token_store_state(const struct core *c); /* likewise: ok, locked, absent, plain, failing, off; NULL: not known */
void token_store_reconfigured(struct core *c);
/* The keyring answered: how it is, is said where it is news. */
void token_store_note(struct core *c, enum keyring_status status, const char *reason);

/* leftovers.c */
int leftovers_init(struct core *c);
void leftovers_done(struct core *c);
void leftovers_next(struct core *c); /* whatever may have become possible */
void leftovers_know(struct core *c, const char *slot, struct secret *token); /* needs not be fetched to be revoked */
void leftovers_network_changed(struct core *c);
