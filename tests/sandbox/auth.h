/*
 * Who the bearer of a token is.
 */
#pragma once

#include "tests/sandbox/call.h"

/* Fills c->user from c->token; the failure is a 401. */
int auth_check_token(struct call *c);
/* A one-time guid that proves a sign-in for 60 s. */
void auth_make_grant(struct call *c, int64_t user, char ret[UUID_SIZE]);
/* Makes a user and returns its id. */
int64_t auth_make_user(struct store *st, const char *uid, const char *login, const char *email,
		       const char *phone, const char *password_hash_text, int64_t now);
/* Ends every token of the bearer's user at this moment; they can still be renewed. */
void auth_expire_bearer(struct call *c);
/* The token of the Authorization header, borrowed; NULL if there is none. */
const char *auth_bearer(struct call *c);
