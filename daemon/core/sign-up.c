/* Signing up: is the name free, ask for an account, prove the e-mail address with the code that was sent. Where the
 * service decides about the code, the sign-up survives a restart; where it hands the code to us (the platform's older
 * way), the code stays in memory only. */
#include "base/timeutil.h"
#include "core/core-internal.h"

#define MAX_TRIES 5
#define MIN_PASSWORD 8

struct sign_up {
	struct open_call call;
	struct core *core;
	struct failure failure;
	session_exists_cb exists_done;
	session_sign_up_cb sign_up_done;
	session_verify_cb verify_done;
	void *userdata;
	struct auth_existence existence;
	char *login, *email, *phone;
	uint32_t tries_left;
};

static void sign_up_free(void *p)
{
	struct sign_up *s = p;

	if (!s)
		return;
	open_call_end(&s->call);
	failure_done(&s->failure);
	free(s->login);
	free(s->email);
	free(s->phone);
	free(s);
}
DEFINE_CLEANUP(struct sign_up *, sign_up_free);

static void sign_up_end(struct core *c, void *data)
{
	_cleanup_(sign_up_freep) struct sign_up *s = data;
	const struct failure *f = s->failure.error == CC_E_NONE ? NULL : &s->failure;

	if (s->exists_done)
		s->exists_done(f, &s->existence, s->userdata);
	else if (s->sign_up_done)
		s->sign_up_done(f, strempty(c->session.sign_up.guid), c->session.sign_up.code_sent, s->userdata);
	else
		s->verify_done(f, s->tries_left, s->userdata);
}

static struct sign_up *sign_up_new(struct core *c, void *userdata)
{
	struct sign_up *s = new0(struct sign_up, 1);

	if (!s)
		return NULL;
	open_call_begin(c, &s->call, sign_up_free);
	s->core = c;
	s->userdata = userdata;
	return s;
}

/* ---- what the person typed ---- */

static int check_login(const char *login, struct failure *f)
{
	size_t n = strlen(login);

	if (n < 3 || n > 50 ||
	    strspn(login, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != n)
		return failure_set(f, CC_E_INVALID_ARGS, "The login '%s' is not 3 to 50 of A-Z a-z 0-9 . _ -", login);
	return 0;
}

/* What RFC 5321 requires of every address: one @ with something before it and a domain with a dot behind it; whether
 * it is the person's own the code will tell. */
static int check_email(const char *email, struct failure *f)
{
	const char *at = strchr(email, '@'), *dot = at ? strchr(at, '.') : NULL;
	size_t n = strlen(email);

	if (!at || at == email || strchr(at + 1, '@') || !dot || dot == at + 1 || email[n - 1] == '.' || n > 254 ||
	    strpbrk(email, " \t\r\n<>,;\"\\"))
		return failure_set(f, CC_E_INVALID_ARGS, "The e-mail address '%s' is not one", email);
	return 0;
}

/* E.164: a plus and up to 15 digits, the first not 0. */
static int check_phone(const char *phone, struct failure *f)
{
	size_t n = strlen(phone);

	if (phone[0] != '+' || n < 8 || n > 16 || phone[1] == '0' || strspn(phone + 1, "0123456789") != n - 1)
		return failure_set(f, CC_E_INVALID_ARGS,
				   "The phone number '%s' is not in the international form, such as +12025550123", phone);
	return 0;
}

/* ---- CheckUserExists ---- */

static void exists_answered(const struct api_reply *reply, void *userdata)
{
	struct sign_up *s = userdata;

	if (reply->outcome != API_OK)
		failure_from_reply(&s->failure, reply);
	else if (auth_decode_existence(reply->body, &s->existence) < 0)
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer made no sense");
	sign_up_end(s->core, s);
}

void session_check_exists(struct core *c, const char *login, const char *email, const char *phone,
			  session_exists_cb done, void *userdata)
{
	struct sign_up *s = sign_up_new(c, userdata);
	int r;

	if (!s)
		return;
	s->exists_done = done;
	r = auth_check_user_existence(c->api, login, email, phone, exists_answered, s, NULL);
	if (r < 0) {
		failure_set(&s->failure, CC_E_BACKEND, "The question could not be sent: %s", strerror(-r));
		(void)core_defer(c, sign_up_end, s, sign_up_free);
	}
}

/* ---- SignUp ---- */

static int user_exists(struct failure *f, const struct auth_existence *e)
{
	if (!e->login && !e->email && !e->phone)
		return failure_set(f, CC_E_BACKEND, "The service did not add the user and does not say why");
	return failure_set(f, CC_E_USER_EXISTS, "There is a user already with that %s%s%s%s%s; sign in, or choose another",
			   e->login ? "login" : "", e->login && e->email ? " and " : "", e->email ? "e-mail" : "",
			   (e->login || e->email) && e->phone ? " and " : "", e->phone ? "phone number" : "");
}

static int keep_sign_up(struct sign_up *s, struct auth_sign_up *a)
{
	struct core *c = s->core;
	struct sign_up_row *row = &c->session.sign_up;

	sign_up_row_done(row);
	*row = (struct sign_up_row){
		.guid = TAKE_PTR(a->guid),
		.login = TAKE_PTR(s->login),
		.email = TAKE_PTR(s->email),
		.phone = TAKE_PTR(s->phone),
		.code_sent = a->code_sent,
	};
	secret_unref(c->session.local_code);
	c->session.local_code = TAKE_PTR(a->code);
	return c->session.local_code ? state_sign_up_delete(c->state, c->world)
				     : state_sign_up_put(c->state, c->world, row);
}

static void user_added(const struct api_reply *reply, void *userdata)
{
	struct sign_up *s = userdata;
	struct auth_sign_up a = { 0 };
	int r;

	if (reply->outcome != API_OK)
		failure_from_reply(&s->failure, reply);
	else if (auth_decode_sign_up(reply->body, &a) < 0)
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer to the sign-up made no sense");
	else if (!a.added)
		user_exists(&s->failure, &a.before);
	else if (isempty(a.guid))
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer to the sign-up has no signUpGuid");
	else {
		r = keep_sign_up(s, &a);
		if (r < 0 && r != -ENOENT)
			failure_from_store(&s->failure, r, "The sign-up could not be stored");
	}
	auth_sign_up_done(&a);
	sign_up_end(s->core, s);
}

void session_sign_up(struct core *c, const char *login, const char *email, const char *phone,
		     struct secret *password, session_sign_up_cb done, void *userdata)
{
	struct sign_up *s = sign_up_new(c, userdata);
	int r;

	if (!s)
		return;
	s->sign_up_done = done;
	r = check_login(login, &s->failure);
	if (r >= 0)
		r = check_email(email, &s->failure);
	if (r >= 0)
		r = check_phone(phone, &s->failure);
	if (r >= 0 && secret_length(password) < MIN_PASSWORD)
		r = failure_set(&s->failure, CC_E_INVALID_ARGS, "The password is shorter than %d characters",
				MIN_PASSWORD);
	if (r >= 0) {
		s->login = strdup(login);
		s->email = strdup(email);
		s->phone = strdup(phone);
		r = s->login && s->email && s->phone ?
			auth_add_user(c->api, login, email, phone, password, user_added, s, NULL) : -ENOMEM;
		if (r < 0)
			failure_set(&s->failure, CC_E_BACKEND, "The sign-up could not be sent: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, sign_up_end, s, sign_up_free);
}

/* ---- VerifySignUp ---- */

static void forget_sign_up(struct core *c)
{
	sign_up_row_done(&c->session.sign_up);
	memset(&c->session.sign_up, 0, sizeof(c->session.sign_up));
	secret_unref(TAKE_PTR(c->session.local_code));
	(void)state_sign_up_delete(c->state, c->world);
}

static void wrong_code(struct sign_up *s)
{
	struct core *c = s->core;
	struct sign_up_row *row = &c->session.sign_up;

	s->tries_left = row->tries < MAX_TRIES ? MAX_TRIES - row->tries : 0;
	if (s->tries_left > 0) {
		failure_set(&s->failure, CC_E_INCORRECT_CODE, "That is not the code that was sent; %u %s left",
			    s->tries_left, s->tries_left == 1 ? "try is" : "tries are");
		return;
	}
	failure_set(&s->failure, CC_E_TOO_MANY_TRIES, "Too many wrong codes; sign up again for a new one");
	forget_sign_up(c);
}

static void too_many_told(const struct api_reply *reply, void *userdata)
{
	if (reply->outcome != API_OK)
		log_debug("The service was not told that a sign-up ended after too many tries, ignoring");
	sign_up_end(((struct sign_up *)userdata)->core, userdata);
}

static void verify_answered(const struct api_reply *reply, void *userdata)
{
	struct sign_up *s = userdata;
	struct core *c = s->core;
	struct sign_up_row *row = &c->session.sign_up;
	_cleanup_free_ char *guid = NULL;
	bool successful = false;

	if (reply->outcome == API_FAILURE && row->tries + 1 >= MAX_TRIES &&
	    auth_decode_successful(reply->body, &successful) >= 0 && !successful) {
		/* The service says in words of its own that this was the last try. */
		row->tries++;
		wrong_code(s);
	} else if (reply->outcome != API_OK) {
		failure_from_reply(&s->failure, reply);
		if (reply->outcome == API_REFUSED && s->failure.error == CC_E_TOO_MANY_TRIES)
			forget_sign_up(c);
	} else if (auth_decode_successful(reply->body, &successful) < 0) {
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer made no sense");
	} else if (successful) {
		s->tries_left = MAX_TRIES - row->tries;
		forget_sign_up(c);
	} else {
		/* Only a try that the service judged is counted. */
		row->tries++;
		(void)state_sign_up_put(c->state, c->world, row);
		guid = row->guid ? strdup(row->guid) : NULL;
		wrong_code(s);
		if (s->failure.error == CC_E_TOO_MANY_TRIES && guid &&
		    auth_verify_sign_up(c->api, guid, NULL, MAX_TRIES, "TooManyTries", too_many_told, s, NULL) >= 0)
			return;
	}
	sign_up_end(c, s);
}

static bool code_matches(const struct secret *code, const char *typed)
{
	size_t n = secret_length(code);
	unsigned char differs = n != strlen(typed);

	for (size_t i = 0; i < n && !differs; i++)
		differs |= (unsigned char)(secret_string(code)[i] ^ typed[i]);
	return !differs;
}

static int send_verification(struct sign_up *s, const char *code)
{
	struct core *c = s->core;
	struct sign_up_row *row = &c->session.sign_up;
	const char *closing = NULL;

	if (c->session.local_code) {
		if (!code_matches(c->session.local_code, code)) {
			_cleanup_free_ char *guid = strdup(row->guid);

			row->tries++;
			wrong_code(s);
			if (s->failure.error != CC_E_TOO_MANY_TRIES || !guid)
				return -ECANCELED;
			return auth_verify_sign_up(c->api, guid, NULL, MAX_TRIES, "TooManyTries", too_many_told, s, NULL);
		}
		closing = "Success";
	}
	return auth_verify_sign_up(c->api, row->guid, closing ? NULL : code, row->tries + 1, closing, verify_answered, s,
				   NULL);
}

void session_verify_sign_up(struct core *c, const char *uid, const char *code, session_verify_cb done,
			    void *userdata)
{
	struct sign_up *s = sign_up_new(c, userdata);
	const char *guid = c->session.sign_up.guid;
	int r;

	if (!s)
		return;
	s->verify_done = done;
	if (isempty(guid))
		r = failure_set(&s->failure, CC_E_NOT_FOUND, "No sign-up is in progress; sign up first");
	else if (!isempty(uid) && !streq(uid, guid))
		r = failure_set(&s->failure, CC_E_NOT_FOUND, "There is no sign-up '%s' in progress", uid);
	else if (isempty(code))
		r = failure_set(&s->failure, CC_E_INVALID_ARGS, "The code is empty");
	else {
		r = send_verification(s, code);
		if (r < 0 && s->failure.error == CC_E_NONE)
			failure_set(&s->failure, CC_E_BACKEND, "The code could not be sent: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, sign_up_end, s, sign_up_free);
}
