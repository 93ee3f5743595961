/* The authentication service (workflow-auth), /AuthWebApi: its URLs and JSON. Bodies that hold a
 * password, a token or a guid that is as good as one are written by hand into a struct secret. */
#include "backend/auth.h"

#include "backend/decode.h"
#include "backend/secret-body.h"
#include "base/uuid.h"

#define RETRY_BUDGET (15 * USEC_PER_SEC)
#define MAX_TOKEN 4096U

/* POST of an object of strings. */
static int post_secret(struct api *a, struct api_request *request, const struct member *members, size_t n,
		       api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_secret_ struct secret *body = NULL;
	int r;

	r = secret_object(members, n, &body);
	if (r < 0)
		return r;
	request->service = SERVICE_AUTHENTICATION;
	request->method = "POST";
	request->secret_json = body;
	return api_start(a, request, done, userdata, ret);
}

int auth_check_user_existence(struct api *a, const char *login, const char *email, const char *phone,
			      api_cb done, void *userdata, struct api_call **ret)
{
	struct api_request request = { .path = "CheckUserExistance",
				       .anonymous = true,
				       .retry_budget = RETRY_BUDGET };
	const struct member members[] = {
		member("login", login),
		member("email", email),
		member("phoneNumber", phone),
	};

	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

int auth_add_user(struct api *a, const char *login, const char *email, const char *phone,
		  const struct secret *password, api_cb done, void *userdata, struct api_call **ret)
{
	char key[UUID_SIZE];
	struct api_request request = {
		.path = "AddUser",
		.idempotency_key = key,
		.anonymous = true,
		.retry_budget = RETRY_BUDGET,
	};
	const struct member members[] = {
		member("login", login),
		member("email", email),
		member("phoneNumber", phone),
		secret_member("password", password),
		member("userType", "customer"),
	};

	uuid_new(key);
	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

static int verify_sign_up_encode(const char *guid, const char *code, unsigned tries, const char *closing,
				 char **ret)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "signUpGuid", guid);
	if (r == 0)
		r = json_add_u64(o, "triesNumber", tries);
	if (r == 0)
		r = json_add_bool(o, "isDeprecated", false);
	if (r == 0)
		r = json_add_bool(o, "isOverriden", false);
	if (r == 0)
		r = json_add_string(o, "signUpClosingCode", closing);
	if (r == 0)
		r = json_add_string(o, "verificationCode", code);
	return r < 0 ? r : encode_text(o, ret);
}

int auth_verify_sign_up(struct api *a, const char *sign_up_guid, const char *code, unsigned tries,
			const char *closing, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *json = NULL;
	char key[UUID_SIZE];
	int r;

	/* "Success" is never sent unverified: with a code it is the service that says so. */
	if ((code && closing) || (!code && !closing))
		return -EINVAL;
	r = verify_sign_up_encode(sign_up_guid, code, tries, closing, &json);
	if (r < 0)
		return r;
	uuid_new(key);
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_AUTHENTICATION,
				 .method = "POST",
				 .path = "VerifySignUp",
				 .json = json,
				 .idempotency_key = key,
				 .anonymous = true,
				 .retry_budget = RETRY_BUDGET,
			 },
			 done, userdata, ret);
}

int auth_verify_user_credentials(struct api *a, const char *login, const struct secret *password, api_cb done,
				 void *userdata, struct api_call **ret)
{
	struct api_request request = {
		.path = "VerifyUserCredentials",
		.anonymous = true,
		.retry_budget = RETRY_BUDGET,
	};
	const struct member members[] = {
		member("login", login),
		secret_member("password", password),
	};

	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

int auth_get_token(struct api *a, const char *user_uid, const char *verification_guid,
		   const struct secret *bearer, api_cb done, void *userdata, struct api_call **ret)
{
	struct api_request request = {
		.path = "GetTokenByUserUid",
		.anonymous = !bearer,
		.bearer = bearer,
		.no_renewal = true,
		.retry_budget = RETRY_BUDGET,
	};
	const struct member members[] = {
		member("userUid", user_uid),
		member("verificationGuid", verification_guid),
	};

	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

int auth_change_password(struct api *a, const char *user_uid, const struct secret *old_password,
			 const struct secret *new_password, api_cb done, void *userdata,
			 struct api_call **ret)
{
	char key[UUID_SIZE];
	struct api_request request = {
		.path = "ChangePassword",
		.idempotency_key = key,
		.retry_budget = RETRY_BUDGET,
	};
	const struct member members[] = {
		member("userUid", user_uid),
		secret_member("oldPassword", old_password),
		secret_member("newPassword", new_password),
	};

	uuid_new(key);
	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

int auth_sign_out(struct api *a, const struct secret *token, api_cb done, void *userdata,
		  struct api_call **ret)
{
	char key[UUID_SIZE];
	struct api_request request = {
		.path = "SignOut",
		.idempotency_key = key,
		.bearer = token,
		.no_renewal = true,
	};
	const struct member members[] = { secret_member("tokenGuid", token) };

	uuid_new(key);
	return post_secret(a, &request, members, ELEMENTSOF(members), done, userdata, ret);
}

int auth_decode_existence(json_object *body, struct auth_existence *ret)
{
	static const struct field fields[] = {
		{ "loginExists", FIELD_BOOL, offsetof(struct auth_existence, login) },
		{ "emailExists", FIELD_BOOL, offsetof(struct auth_existence, email) },
		{ "phoneNumberExists", FIELD_BOOL, offsetof(struct auth_existence, phone) },
	};
	struct auth_existence e = { 0 };
	int r;

	r = decode_fields(body, fields, ELEMENTSOF(fields), NULL, &e);
	if (r < 0)
		return r;
	*ret = e;
	return 0;
}

/* Takes a string out of the body: what is left there is wiped. NULL where absent. */
static int decode_secret(json_object *o, const char *name, size_t max, struct secret **ret)
{
	json_object *v = json_get(o, name);
	struct secret *s;
	size_t n;

	*ret = NULL;
	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return decode_refuse(name);
	n = (size_t)json_object_get_string_len(v);
	if (n == 0 || n > max)
		return decode_refuse(name);
	s = secret_new(json_object_get_string(v), n);
	if (!s)
		return -ENOMEM;
	json_wipe(o, name);
	*ret = s;
	return 0;
}

static int sign_up_read(json_object *body, struct auth_sign_up *s)
{
	static const struct field fields[] = {
		{ "isUserAdded", FIELD_BOOL_REQUIRED, offsetof(struct auth_sign_up, added) },
		{ "signUpGuid", FIELD_UID_OPTIONAL, offsetof(struct auth_sign_up, guid) },
		{ "codeSendingDt", FIELD_TIME, offsetof(struct auth_sign_up, code_sent) },
	};
	json_object *before;
	int r;

	r = decode_fields(body, fields, ELEMENTSOF(fields), NULL, s);
	if (r < 0)
		return r;
	if (s->added && !s->guid)
		return decode_refuse("signUpGuid");
	before = json_get(body, "userExistanceBefore");
	if (before) {
		r = auth_decode_existence(before, &s->before);
		if (r < 0)
			return r;
	}
	return decode_secret(body, "verificationCode", DECODE_MAX_UID, &s->code);
}

int auth_decode_sign_up(json_object *body, struct auth_sign_up *ret)
{
	struct auth_sign_up s = { 0 };
	int r;

	r = sign_up_read(body, &s);
	if (r < 0) {
		auth_sign_up_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void auth_sign_up_done(struct auth_sign_up *s)
{
	free(s->guid);
	secret_unref(s->code);
	*s = (struct auth_sign_up){ 0 };
}

int auth_decode_successful(json_object *body, bool *ret)
{
	return json_get_bool(body, "isSuccessful", ret) == 1 ? 0 : decode_refuse("isSuccessful");
}

static int verified_read(json_object *body, struct auth_verified *v)
{
	static const struct field fields[] = {
		{ "isVerified", FIELD_BOOL_REQUIRED, offsetof(struct auth_verified, verified) },
		{ "userUid", FIELD_UID_OPTIONAL, offsetof(struct auth_verified, user_uid) },
		{ "verificationGuid", FIELD_UID_OPTIONAL, offsetof(struct auth_verified, guid) },
	};
	static const struct field credentials_fields[] = {
		{ "login", FIELD_TEXT, offsetof(struct auth_verified, login) },
		{ "email", FIELD_TEXT, offsetof(struct auth_verified, email) },
		{ "phoneNumber", FIELD_TEXT, offsetof(struct auth_verified, phone) },
	};
	json_object *credentials;
	int r;

	/* A refusal tells nothing else, and what a service fills its fields with then is no matter. */
	r = decode_fields(body, fields, 1, NULL, v);
	if (r < 0 || !v->verified)
		return r;
	r = decode_fields(body, fields, ELEMENTSOF(fields), NULL, v);
	if (r < 0)
		return r;
	if (!v->user_uid)
		return decode_refuse("userUid");
	credentials = json_get(body, "userCredentials");
	if (!credentials)
		return 0;
	return decode_fields(credentials, credentials_fields, ELEMENTSOF(credentials_fields), NULL, v);
}

int auth_decode_verified(json_object *body, struct auth_verified *ret)
{
	struct auth_verified v = { 0 };
	int r;

	r = verified_read(body, &v);
	if (r < 0) {
		auth_verified_done(&v);
		return r;
	}
	*ret = v;
	return 0;
}

void auth_verified_done(struct auth_verified *v)
{
	free(v->user_uid);
	free(v->login);
	free(v->email);
	free(v->phone);
	free(v->guid);
	*v = (struct auth_verified){ 0 };
}

/* It goes into a header line as it is (RFC 6750's b64token and some more). */
static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static int token_read(json_object *body, struct auth_token *t)
{
	static const struct field fields[] = {
		{ "tokenBeginDt", FIELD_TIME, offsetof(struct auth_token, begin) },
		{ "tokenEndDt", FIELD_TIME, offsetof(struct auth_token, end) },
	};
	int r;

	r = decode_secret(body, "tokenGuid", MAX_TOKEN, &t->token);
	if (r < 0)
		return r;
	if (!t->token || !is_token(secret_string(t->token)))
		return decode_refuse("tokenGuid");
	return decode_fields(body, fields, ELEMENTSOF(fields), NULL, t);
}

int auth_decode_token(json_object *body, struct auth_token *ret)
{
	struct auth_token t = { 0 };
	int r;

	r = token_read(body, &t);
	if (r < 0) {
		auth_token_done(&t);
		return r;
	}
	*ret = t;
	return 0;
}

void auth_token_done(struct auth_token *t)
{
	secret_unref(t->token);
	*t = (struct auth_token){ 0 };
}

struct changed {
	bool successful;
	char *guid;
};

int auth_decode_changed(json_object *body, bool *ret_successful, char **ret_guid)
{
	static const struct field fields[] = {
		{ "isSuccessful", FIELD_BOOL_REQUIRED, offsetof(struct changed, successful) },
		{ "verificationGuid", FIELD_UID_OPTIONAL, offsetof(struct changed, guid) },
	};
	struct changed c = { 0 };
	int r;

	r = decode_fields(body, fields, ELEMENTSOF(fields), NULL, &c);
	if (r < 0) {
		free(c.guid);
		return r;
	}
	*ret_successful = c.successful;
	*ret_guid = c.guid;
	return 0;
}
