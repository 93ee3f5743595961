/*
 * Signing up: who exists, the code sent by e-mail, and the end of a sign-up. Also the mails that were sent.
 */
#include <ctype.h>

#include "tests/sandbox/auth.h"
#include "tests/sandbox/handlers.h"

enum { TRIES_MAX = 5 };

static const int64_t code_life = 30 * USEC_PER_MINUTE;

struct credentials {
	const char *login, *email, *phone, *password;
};

struct existence {
	bool login, email, phone;
};

static int read_credentials(struct call *c, struct credentials *ret)
{
	int r;

	r = call_optional_text(c, "login", 200, &ret->login);
	if (r < 0)
		return r;
	r = call_optional_text(c, "email", 300, &ret->email);
	if (r < 0)
		return r;
	r = call_optional_text(c, "phoneNumber", 50, &ret->phone);
	if (r < 0)
		return r;
	return call_optional_text(c, "password", 1000, &ret->password);
}

static bool is_there(struct call *c, const char *sql, const char *value)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;

	if (!value)
		return false;
	q = store_query(c->sandbox->store, sql, "t", value);
	return store_step(q);
}

static struct existence find_existence(struct call *c, const struct credentials *k)
{
	return (struct existence){
		.login = is_there(c, "SELECT 1 FROM users WHERE login = ?", k->login),
		.email = is_there(c, "SELECT 1 FROM users WHERE email = ?", k->email),
		.phone = is_there(c, "SELECT 1 FROM users WHERE phone = ?", k->phone),
	};
}

static json_object *existence_to_json(struct existence e)
{
	json_object *o = json_object_new_object();

	json_add_bool(o, "loginExists", e.login);
	json_add_bool(o, "emailExists", e.email);
	json_add_bool(o, "phoneNumberExists", e.phone);
	return o;
}

int signup_check_existance(struct call *c)
{
	struct credentials k;
	int r = read_credentials(c, &k);

	if (r < 0)
		return r;
	c->answer = existence_to_json(find_existence(c, &k));
	return 0;
}

static bool is_login(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n < 3 || n > 50)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

static bool is_phone(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n >= 8 && n <= 16 && s[0] == '+' && s[1] != '0' && strspn(s + 1, "0123456789") == n - 1;
}

static const char *credentials_why_wrong(const struct credentials *k)
{
	if (!is_login(k->login))
		return "The login must have 3 to 50 of the characters A-Z a-z 0-9 . _ -";
	if (!email_is_valid(k->email))
		return "The e-mail address is not valid";
	if (!is_phone(k->phone))
		return "The phone number must be as +12025550123";
	if (!k->password || strlen(k->password) < 8)
		return "The password must have at least 8 characters";
	return NULL;
}

static void send_code(struct call *c, const struct credentials *k, const char *code, int64_t now)
{
	AUTO_FREE char
		*body = xprintf("Welcome, %s!\n\nYour verification code is %s. It is good for 30 minutes.\n",
				k->login, code);

	store_run(c->sandbox->store,
		  "INSERT INTO mails (email, subject, body, code, sent) VALUES (?, ?, ?, ?, ?)", "tttti",
		  k->email, "Your verification code", body, code, now);
}

int signup_add_user(struct call *c)
{
	int64_t now = clock_now(&c->sandbox->clock);
	AUTO_FREE char *hash = NULL;
	struct existence before;
	struct credentials k;
	char guid[UUID_SIZE], code[8];
	const char *why;
	int r;

	r = read_credentials(c, &k);
	if (r < 0)
		return r;
	c->answer = json_object_new_object();
	why = credentials_why_wrong(&k);
	before = find_existence(c, &k);
	if (why || before.login || before.email || before.phone) {
		json_add_bool(c->answer, "isUserAdded", false);
		json_object_object_add(c->answer, "userExistanceBefore", existence_to_json(before));
		json_object_object_add(c->answer, "userExistanceAfter", existence_to_json(before));
		json_add_text(c->answer, "exceptionMessage", why);
		return 0;
	}
	uuid_make(guid);
	snprintf(code, sizeof(code), "%06u", rng_below(&c->sandbox->rng, 1000000));
	hash = password_hash(k.password);
	store_run(c->sandbox->store, "UPDATE signups SET over = 1 WHERE login = ? OR email = ?", "tt", k.login,
		  k.email);
	store_run(c->sandbox->store, "INSERT INTO signups (guid, login, email, phone, password, code, created)"
		  " VALUES (?, ?, ?, ?, ?, ?, ?)", "tttttti", guid, k.login, k.email, k.phone, hash, code, now);
	send_code(c, &k, code, now);
	json_add_bool(c->answer, "isUserAdded", true);
	json_add_text(c->answer, "signUpGuid", guid);
	json_add_text(c->answer, "verificationCode", c->sandbox->options.client_verifies ? code : NULL);
	json_add_date(c->answer, "codeSendingDt", now);
	json_object_object_add(c->answer, "userExistanceBefore", existence_to_json(before));
	json_object_object_add(c->answer, "userExistanceAfter",
			       existence_to_json((struct existence){ true, true, true }));
	return 0;
}

struct signup {
	char *login, *email, *phone, *password, *code;
	int64_t tries, created;
	bool over;
};

static void signup_done(struct signup *su)
{
	free(su->login);
	free(su->email);
	free(su->phone);
	free(su->password);
	free(su->code);
}

static bool load_signup(struct call *c, const char *guid, struct signup *ret)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store,
						 "SELECT login, email, phone, password, code, tries,"
						 " created, over FROM signups WHERE guid = ?",
						 "t", guid);

	if (!store_step(q))
		return false;
	*ret = (struct signup){
		.login = xstrdup(store_text(q, 0)), .email = xstrdup(store_text(q, 1)),
		.phone = xstrdup(store_text(q, 2)), .password = xstrdup(store_text(q, 3)),
		.code = xstrdup(store_text(q, 4)), .tries = store_int(q, 5), .created = store_int(q, 6),
		.over = store_int(q, 7),
	};
	return true;
}

static int answer_verify(struct call *c, bool successful, const char *message)
{
	c->answer = json_object_new_object();
	json_add_bool(c->answer, "isSuccessful", successful);
	if (message)
		json_add_text(c->answer, "exceptionMessage", message);
	return 0;
}

static void end_signup(struct call *c, const char *guid)
{
	store_run(c->sandbox->store, "UPDATE signups SET over = 1 WHERE guid = ?", "t", guid);
}

static int finish_signup(struct call *c, const char *guid, const struct signup *su)
{
	char uid[UUID_SIZE];
	struct existence e = find_existence(c, &(struct credentials){ su->login, su->email, su->phone, NULL });

	end_signup(c, guid);
	if (e.login || e.email || e.phone)
		return answer_verify(c, false, "Somebody else signed up with these meanwhile");
	uuid_make(uid);
	auth_make_user(c->sandbox->store, uid, su->login, su->email, su->phone, su->password,
		       clock_now(&c->sandbox->clock));
	return answer_verify(c, true, NULL);
}

/* The service decides: what was typed must be the code, and every wrong try counts, whatever the client says.
 */
static int decide_signup(struct call *c, const char *guid, const struct signup *su, const char *typed)
{
	if (!typed)
		return answer_verify(c, false, "The verification code is missing");
	if (same_text(typed, su->code))
		return finish_signup(c, guid, su);
	store_run(c->sandbox->store, "UPDATE signups SET tries = tries + 1 WHERE guid = ?", "t", guid);
	if (su->tries + 1 < TRIES_MAX)
		return answer_verify(c, false, NULL);
	end_signup(c, guid);
	return answer_verify(c, false, "Too many tries, the sign-up is over");
}

int signup_verify(struct call *c)
{
	const char *guid, *closing, *typed;
	struct signup su AUTO(signup_done) = { 0 };
	json_object *deprecated, *overridden;
	int r;

	r = call_text(c, "signUpGuid", 1, 100, &guid);
	if (r < 0)
		return r;
	r = call_optional_text(c, "signUpClosingCode", 100, &closing);
	if (r < 0)
		return r;
	r = call_optional_text(c, "verificationCode", 100, &typed);
	if (r < 0)
		return r;
	deprecated = json_member(c->body, "isDeprecated");
	overridden = json_member(c->body, "isOverriden");
	if (!load_signup(c, guid, &su))
		return answer_verify(c, false, "There is no such sign-up");
	if (su.over || clock_now(&c->sandbox->clock) > su.created + code_life)
		return answer_verify(c, false, "The sign-up is over, start a new one");
	if ((closing && strcmp(closing, "TooManyTries") == 0) || json_object_get_boolean(deprecated) ||
	    json_object_get_boolean(overridden)) {
		end_signup(c, guid);
		return answer_verify(c, false, NULL);
	}
	if (c->sandbox->options.client_verifies && closing && strcmp(closing, "Success") == 0)
		return finish_signup(c, guid, &su);
	return decide_signup(c, guid, &su, typed);
}

static json_object *mail_to_json(sqlite3_stmt *q)
{
	json_object *o = json_object_new_object();

	json_add_int(o, "id", store_int(q, 0));
	json_add_text(o, "email", store_text(q, 1));
	json_add_text(o, "subject", store_text(q, 2));
	json_add_text(o, "body", store_text(q, 3));
	json_add_date(o, "dateSent", store_int(q, 4));
	return o;
}

int control_mailbox(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store,
						 "SELECT id, email, subject, body, sent FROM mails"
						 " WHERE ?1 IS NULL OR email = ?1 ORDER BY id",
						 "t", call_query(c, "email"));

	c->answer = json_object_new_array();
	while (store_step(q))
		json_object_array_add(c->answer, mail_to_json(q));
	return 0;
}

int control_verification_code(struct call *c)
{
	const char *email = call_query(c, "email");
	AUTO_QUERY sqlite3_stmt *q = NULL;

	if (!email)
		return call_fail(c, 400, "invalid-email", "The parameter \"email\" is missing");
	q = store_query(c->sandbox->store, "SELECT code, sent FROM mails WHERE email = ? AND code IS NOT NULL"
			" ORDER BY id DESC LIMIT 1", "t", email);
	if (!store_step(q))
		return call_fail(c, 404, "not-found", "No code was sent to \"%.100s\"", email);
	c->answer = json_object_new_object();
	json_add_text(c->answer, "email", email);
	json_add_text(c->answer, "verificationCode", store_text(q, 0));
	json_add_date(c->answer, "dateSent", store_int(q, 1));
	return 0;
}
