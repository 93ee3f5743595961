/* What the authentication service answers, and the account. */
#include "tests/fuzz/fuzz.h"

#include "backend/auth.h"
#include "backend/customer.h"
#include "base/jsonutil.h"

static void decode_sign_in(json_object *o)
{
	struct auth_verified verified;
	struct auth_token token;

	if (auth_decode_verified(o, &verified) == 0) {
		FUZZ_CHECK(!verified.verified || verified.user_uid[0]);
		auth_verified_done(&verified);
	}
	if (auth_decode_token(o, &token) == 0) {
		/* It goes into a header as it is. */
		FUZZ_CHECK(secret_length(token.token) > 0);
		for (const char *p = secret_string(token.token); *p; p++)
			FUZZ_CHECK(*p > ' ' && *p <= '~');
		auth_token_done(&token);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_object *o = NULL;
	_cleanup_free_ char *guid = NULL;
	struct customer_account account;
	struct auth_existence existence;
	struct auth_sign_up sign_up;
	bool successful;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	(void)auth_decode_existence(o, &existence);
	(void)auth_decode_successful(o, &successful);
	(void)auth_decode_changed(o, &successful, &guid);
	if (auth_decode_sign_up(o, &sign_up) == 0) {
		FUZZ_CHECK(!sign_up.added || sign_up.guid[0]);
		auth_sign_up_done(&sign_up);
	}
	decode_sign_in(o);
	if (customer_decode_account(o, &account) == 0) {
		FUZZ_CHECK(account.user_uid[0]);
		customer_account_done(&account);
	}
	return 0;
}
