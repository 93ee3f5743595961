/*
 * Signing in, tokens and their renewal, as /AuthWebApi and the contract's renewal rules have it.
 */
#include <errno.h>

#include "tests/sandbox/auth.h"
#include "tests/sandbox/handlers.h"

static const int64_t token_life = 5 * USEC_PER_HOUR;
static const int64_t grant_life = 60 * USEC_PER_SEC;
static const int64_t renewal_after_end = 7 * USEC_PER_DAY;
static const int64_t renewal_after_signin = 90 * USEC_PER_DAY;

static int fail_token(struct call *c, const char *code, const char *why)
{
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "WWW-Authenticate", "Bearer");
	return call_fail(c, 401, code, "%s", why);
}

int auth_check_token(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;

	if (!c->token)
		return fail_token(c, "token-missing", "The call needs a token in its Authorization header");
	q = store_query(c->sandbox->store, "SELECT u.id, u.uid, u.login, u.email, u.phone, t.ends FROM tokens t"
			" JOIN users u ON u.id = t.user WHERE t.guid = ?", "t", c->token);
	if (!store_step(q))
		return fail_token(c, "token-unknown", "The token is not known");
	if (store_int(q, 5) <= clock_now(&c->sandbox->clock))
		return fail_token(c, "token-expired", "The token has ended");
	c->user.id = store_int(q, 0);
	snprintf(c->user.uid, sizeof(c->user.uid), "%s", store_text(q, 1));
	c->user.login = xstrdup(store_text(q, 2));
	c->user.email = xstrdup(store_text(q, 3));
	c->user.phone = xstrdup(store_text(q, 4));
	return 0;
}

int64_t auth_make_user(struct store *st, const char *uid, const char *login, const char *email,
		       const char *phone, const char *password_hash_text, int64_t now)
{
	store_run(st,
		  "INSERT INTO users (uid, login, email, phone, password, created) VALUES (?, ?, ?, ?, ?, ?)",
		  "ttttti", uid, login, email, phone, password_hash_text, now);
	return store_last_id(st);
}

const char *auth_bearer(struct call *c)
{
	const char *text = evhttp_find_header(evhttp_request_get_input_headers(c->req), "Authorization");

	return text && strncasecmp(text, "Bearer ", 7) == 0 ? text + 7 : NULL;
}

void auth_expire_bearer(struct call *c)
{
	int64_t now = clock_now(&c->sandbox->clock);

	store_run(c->sandbox->store, "UPDATE tokens SET ends = ? WHERE ends > ? AND user ="
		  " (SELECT user FROM tokens WHERE guid = ?)", "iit", now, now, auth_bearer(c));
}

void auth_make_grant(struct call *c, int64_t user, char ret[UUID_SIZE])
{
	int64_t now = clock_now(&c->sandbox->clock);

	uuid_make(ret);
	store_run(c->sandbox->store, "DELETE FROM grants WHERE until <= ?", "i", now);
	store_run(c->sandbox->store, "INSERT INTO grants VALUES (?, ?, ?)", "tii", ret, user, now + grant_life);
}

int auth_verify_credentials(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	const char *login, *password;
	json_object *credentials;
	char grant[UUID_SIZE];
	int r;

	r = call_text(c, "login", 1, 200, &login);
	if (r < 0)
		return r;
	r = call_text(c, "password", 1, 1000, &password);
	if (r < 0)
		return r;
	c->answer = json_object_new_object();
	q = store_query(c->sandbox->store,
			"SELECT id, uid, login, email, phone, password FROM users WHERE login = ?", "t",
			login);
	if (!store_step(q) || !password_matches(password, store_text(q, 5))) {
		json_add_bool(c->answer, "isVerified", false);
		return 0;
	}
	auth_make_grant(c, store_int(q, 0), grant);
	credentials = json_object_new_object();
	json_add_text(credentials, "login", store_text(q, 2));
	json_add_text(credentials, "email", store_text(q, 3));
	json_add_text(credentials, "phoneNumber", store_text(q, 4));
	json_add_bool(c->answer, "isVerified", true);
	json_add_text(c->answer, "userUid", store_text(q, 1));
	json_object_object_add(c->answer, "userCredentials", credentials);
	json_add_text(c->answer, "verificationGuid", grant);
	return 0;
}

/* A sign-in from which tokens come; those renewed from it share it, so that it can be ended as a whole. */
struct signin {
	char guid[UUID_SIZE];
	int64_t date;
};

static int take_grant(struct call *c, int64_t user, const char *grant, struct signin *ret)
{
	int64_t now = clock_now(&c->sandbox->clock);

	if (store_run(c->sandbox->store, "DELETE FROM grants WHERE guid = ? AND user = ? AND until > ?",
		      "tii", grant, user, now) == 0)
		return fail_token(c, "not-verified", "The verificationGuid is used, too old or another user's");
	uuid_make(ret->guid);
	ret->date = now;
	return 0;
}

static int take_old_token(struct call *c, int64_t user, struct signin *ret)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store,
						 "SELECT signin, signin_date, ends, renewable"
						 " FROM tokens WHERE guid = ? AND user = ?",
						 "ti", c->token, user);
	int64_t now = clock_now(&c->sandbox->clock);

	if (!store_step(q))
		return fail_token(c, "token-unknown", "The token is not known, or not this user's");
	if (!store_int(q, 3))
		return fail_token(c, "renewal-ended", "The session was ended, sign in again");
	if (now >= store_int(q, 2) + renewal_after_end || now >= store_int(q, 1) + renewal_after_signin)
		return fail_token(c, "renewal-too-late", "The session is too old to be renewed, sign in again");
	snprintf(ret->guid, sizeof(ret->guid), "%s", store_text(q, 0));
	ret->date = store_int(q, 1);
	return 0;
}

int auth_get_token(struct call *c)
{
	int64_t user, now = clock_now(&c->sandbox->clock);
	const char *uid, *grant;
	struct signin signin;
	char guid[UUID_SIZE];
	int r;

	r = call_text(c, "userUid", 1, 100, &uid);
	if (r < 0)
		return r;
	r = call_optional_text(c, "verificationGuid", 100, &grant);
	if (r < 0)
		return r;
	if (!grant && !c->token)
		return fail_token(c, "not-verified", "A token needs a verificationGuid or an old token");
	{
		AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store,
							 "SELECT id FROM users WHERE uid = ?", "t", uid);

		user = store_step(q) ? store_int(q, 0) : 0;
	}
	r = grant ? take_grant(c, user, grant, &signin) : take_old_token(c, user, &signin);
	if (r < 0)
		return r;
	uuid_make(guid);
	store_run(c->sandbox->store,
		  "INSERT INTO tokens (guid, user, signin, signin_date, begun, ends)"
		  " VALUES (?, ?, ?, ?, ?, ?)",
		  "titiii", guid, user, signin.guid, signin.date, now, now + token_life);
	c->answer = json_object_new_object();
	json_add_text(c->answer, "tokenGuid", guid);
	json_add_date(c->answer, "tokenBeginDt", now);
	json_add_date(c->answer, "tokenEndDt", now + token_life);
	json_add_text(c->answer, "userType", "customer");
	return 0;
}

/* Answers with what went wrong in the platform's own way: status 200 and a message. */
static int answer_exception(struct call *c, const char *message)
{
	c->answer = json_object_new_object();
	json_add_bool(c->answer, "isSuccessful", false);
	json_add_text(c->answer, "exceptionMessage", message);
	return 0;
}

int auth_change_password(struct call *c)
{
	const char *uid, *old, *new;
	AUTO_FREE char *hash = NULL;
	char grant[UUID_SIZE];
	int r;

	r = call_text(c, "userUid", 1, 100, &uid);
	if (r < 0)
		return r;
	r = call_text(c, "oldPassword", 1, 1000, &old);
	if (r < 0)
		return r;
	r = call_text(c, "newPassword", 0, 1000, &new);
	if (r < 0)
		return r;
	if (strcasecmp(uid, c->user.uid) != 0)
		return call_fail(c, 403, "wrong-owner", "The token is not that user's");
	{
		AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store,
							 "SELECT password FROM users WHERE id = ?", "i",
							 c->user.id);

		if (!store_step(q) || !password_matches(old, store_text(q, 0)))
			return answer_exception(c, "The old password is not right");
	}
	if (strlen(new) < 8)
		return answer_exception(c, "The new password is shorter than 8 characters");
	hash = password_hash(new);
	store_run(c->sandbox->store, "UPDATE users SET password = ? WHERE id = ?", "ti", hash, c->user.id);
	store_run(c->sandbox->store, "UPDATE tokens SET renewable = 0 WHERE user = ?", "i", c->user.id);
	store_run(c->sandbox->store, "DELETE FROM grants WHERE user = ?", "i", c->user.id);
	auth_make_grant(c, c->user.id, grant);
	c->answer = json_object_new_object();
	json_add_bool(c->answer, "isSuccessful", true);
	json_add_text(c->answer, "verificationGuid", grant);
	return 0;
}

/* The bearer may have ended already: a sign-out that is repeated, or comes late, must still succeed. */
int auth_sign_out(struct call *c)
{
	int64_t now = clock_now(&c->sandbox->clock);
	const char *guid;
	int r;

	r = call_text(c, "tokenGuid", 1, 100, &guid);
	if (r < 0)
		return r;
	if (!c->token)
		return fail_token(c, "token-missing", "The call needs a token in its Authorization header");
	{
		AUTO_QUERY sqlite3_stmt *q =
			store_query(c->sandbox->store,
				    "SELECT 1 FROM tokens a JOIN tokens b"
				    " ON a.user = b.user WHERE a.guid = ? AND b.guid = ?",
				    "tt", c->token, guid);

		if (!store_step(q))
			return fail_token(c, "token-unknown", "The token is not known");
	}
	store_run(c->sandbox->store, "UPDATE tokens SET renewable = 0, ends = min(ends, ?) WHERE signin ="
		  " (SELECT signin FROM tokens WHERE guid = ?)", "it", now, guid);
	c->status = 204;
	return 0;
}
