/* state.db: what may not be lost. Sessions, sign-ups, carts, the outbox, small settings, event numbers. Durable
 * (WAL, synchronous=FULL) when a function returns. `world` separates services (api_world), `user` is the user's uid;
 * a state is opened once for all of them. */
#pragma once

#include "base/records.h"
#include "base/secret.h"
#include "store/store.h"

struct state;

/* A row function that returns other than 0 ends the walk with that. Functions that are called with a transaction
 * open belong to it; else each is a transaction of its own. */
int state_open(const char *folder, struct state **ret, char **ret_set_aside);
void state_close(struct state *s);
DEFINE_CLEANUP(struct state *, state_close);
const char *state_error(struct state *s);
int state_begin(struct state *s);
int state_commit(struct state *s);
void state_rollback(struct state *s);

/* One session per world. */
struct session_row {
	char *user, *login, *email, *phone;
	struct secret *token; /* owned; NULL when it is kept elsewhere or was not to be kept */
	uint64_t token_begin, token_end, signed_in_at;
	bool keep;            /* survives the daemon */
	bool expired;
	char *slot;           /* of its item in the desktop's keyring; NULL: none was ever made. A token that stands
			       * here counts before that one */
};
void session_row_done(struct session_row *r);
int state_session_put(struct state *s, const char *world, const struct session_row *r);
int state_session_get(struct state *s, const char *world, struct session_row *ret); /* -ENOENT */
int state_session_delete(struct state *s, const char *world);

/* Tokens to revoke at the service when it can be reached. */
int state_revocation_add(struct state *s, const char *world, const struct secret *token, uint64_t since);
int state_revocation_first(struct state *s, const char *world, int64_t *ret_id, struct secret **ret_token,
			   uint64_t *ret_since); /* -ENOENT */
int state_revocation_delete(struct state *s, int64_t id);

/* Items in the keyring that no session has any more: to be revoked at the service (unless `told`), then cleared. */
struct keyring_row {
	char *slot, *user;
	uint64_t since; /* wall µs */
	bool told;
};
void keyring_row_done(struct keyring_row *r);
int state_keyring_item_add(struct state *s, const char *world, const struct keyring_row *r);
/* The one in that slot if there is one, else the oldest; -ENOENT. */
int state_keyring_item_next(struct state *s, const char *world, const char *preferred, struct keyring_row *ret);
int state_keyring_item_told(struct state *s, const char *slot);
int state_keyring_item_delete(struct state *s, const char *slot);

/* A sign-up in progress that the service decides; one per world. */
struct sign_up_row {
	char *guid, *login, *email, *phone;
	unsigned tries;
	uint64_t code_sent;
};
void sign_up_row_done(struct sign_up_row *r);
int state_sign_up_put(struct state *s, const char *world, const struct sign_up_row *r);
int state_sign_up_get(struct state *s, const char *world, struct sign_up_row *ret); /* -ENOENT */
int state_sign_up_delete(struct state *s, const char *world);

/* The cart, in the order in which things were put in. */
int state_cart_each(struct state *s, const char *world, const char *user,
		    int (*line)(const struct order_item *item, void *userdata), void *userdata);
int state_cart_get(struct state *s, const char *world, const char *user, uint64_t product,
		   uint32_t *ret_quantity); /* 0 when it is not in */
int state_cart_set(struct state *s, const char *world, const char *user, uint64_t product,
		   uint32_t quantity); /* 0 removes */
int state_cart_note(struct state *s, const char *world, const char *user, uint64_t product,
		    const char *note); /* -ENOENT; NULL or "" removes */
int state_cart_clear(struct state *s, const char *world, const char *user);
int state_cart_count(struct state *s, const char *world, const char *user, uint32_t *ret);

/* The outbox. A row is a request with its key; rows of one order (`subject`) are sent in the order of their ids. */
struct outbox_row {
	int64_t id;
	char *world, *user, *kind, *subject, *key; /* kind: "place", "cancel", "read"; subject: order uid or "" */
	char *body;        /* fixed before the first try; NULL while it is not */
	char *options;     /* JSON of what the caller asked for (place: to compare a repeated call, to list the order,
			    * to put the cart back); no secret ever stands here */
	char *state;       /* see core/outbox-rules.h */
	char *error_name, *error_message; /* of a rejected one */
	bool attempted;    /* some try may have reached the service */
	bool from_cart;    /* the items came out of the cart */
	unsigned tries, server_errors;
	uint64_t created, deadline, not_before; /* wall time µs; deadline in the service's time */
};
void outbox_row_done(struct outbox_row *r);
int state_outbox_add(struct state *s, const struct outbox_row *r, int64_t *ret_id); /* -EEXIST: same world+kind+key */
int state_outbox_update(struct state *s, const struct outbox_row *r); /* all but world, user, kind, subject, key;
								       * -ENOENT when there is no such id */
int state_outbox_delete(struct state *s, int64_t id);
int state_outbox_get(struct state *s, const char *world, const char *kind, const char *subject,
		     struct outbox_row *ret); /* newest; -ENOENT */
/* Rows of this world and user by id; open_only: those whose state is not an end ("made", "rejected", "cancelled",
 * "done"). user NULL: everybody's. */
int state_outbox_each(struct state *s, const char *world, const char *user, bool open_only,
		      int (*row)(const struct outbox_row *r, void *userdata), void *userdata);
int state_outbox_count_open(struct state *s, const char *world, const char *user, uint32_t *ret);
/* Forgets rows that ended before `before` (the wall time of their last update). */
int state_outbox_prune(struct state *s, const char *world, uint64_t before);
/* Forgets all rows of a user, open or ended. */
int state_outbox_forget_user(struct state *s, const char *world, const char *user);

/* Small settings of this machine: key to text; a NULL value removes. user NULL: of nobody in particular. */
int state_setting_get(struct state *s, const char *world, const char *user, const char *key, char **ret); /* -ENOENT */
int state_setting_put(struct state *s, const char *world, const char *user, const char *key, const char *value);

/* Reserves `n` event numbers and returns the first; numbers never repeat, whatever dies: a new file begins at the
 * clock's microseconds since 1970, above what a lost one has given out. Below 2^53 until the year 2255. */
int state_reserve_seq(struct state *s, uint64_t n, uint64_t *ret_first);
