/* The authentication service (workflow-auth), /AuthWebApi: its URLs and JSON. */
#pragma once

#include "backend/api.h"

/* All but the sign-out (one try) repeat what is transient for 15 s, those that act with a key of their
 * own. -EINVAL for a text or password that is not UTF-8. */
int auth_check_user_existence(struct api *a, const char *login, const char *email, const char *phone,
			      api_cb done, void *userdata, struct api_call **ret);
int auth_add_user(struct api *a, const char *login, const char *email, const char *phone,
		  const struct secret *password, api_cb done, void *userdata, struct api_call **ret);
/* `code` NULL and closing "Success" or "TooManyTries" where the comparison was made here; else the
 * service decides and closing is NULL. */
int auth_verify_sign_up(struct api *a, const char *sign_up_guid, const char *code, unsigned tries,
			const char *closing, api_cb done, void *userdata, struct api_call **ret);
int auth_verify_user_credentials(struct api *a, const char *login, const struct secret *password, api_cb done,
				 void *userdata, struct api_call **ret);
/* Either with the one-time guid of a sign-in (anonymous), or with the old token as bearer, or (a service
 * that knows no guid) with neither. Its 401 is final. */
int auth_get_token(struct api *a, const char *user_uid, const char *verification_guid,
		   const struct secret *bearer, api_cb done, void *userdata, struct api_call **ret);
int auth_change_password(struct api *a, const char *user_uid, const struct secret *old_password,
			 const struct secret *new_password, api_cb done, void *userdata,
			 struct api_call **ret);
/* Tells the service that this token is over; the token itself is the bearer. */
int auth_sign_out(struct api *a, const struct secret *token, api_cb done, void *userdata,
		  struct api_call **ret);

/* Decoders: 0, -EBADMSG or -ENOMEM; *ret is written on success only, its texts are the caller's to free
 * (…_done). A secret is wiped in the body once it was taken out. */
struct auth_existence {
	bool login, email, phone;
};
int auth_decode_existence(json_object *body, struct auth_existence *ret);

struct auth_sign_up {
	bool added;
	char *guid;
	struct secret *code; /* NULL: the service decides */
	uint64_t code_sent;
	struct auth_existence before;
};
int auth_decode_sign_up(json_object *body, struct auth_sign_up *ret);
void auth_sign_up_done(struct auth_sign_up *s);

int auth_decode_successful(json_object *body, bool *ret);

struct auth_verified {
	bool verified;
	char *user_uid, *login, *email, *phone, *guid; /* guid NULL where the service gives none */
};
int auth_decode_verified(json_object *body, struct auth_verified *ret);
void auth_verified_done(struct auth_verified *v);

struct auth_token {
	struct secret *token;
	uint64_t begin, end;
};
int auth_decode_token(json_object *body, struct auth_token *ret);
void auth_token_done(struct auth_token *t);

/* ChangePassword: *ret_guid may become NULL; caller frees. */
int auth_decode_changed(json_object *body, bool *ret_successful, char **ret_guid);
