/* core/outbox-rules: every outcome of an answer against every state a row can be in. The table is the contract's
 * ("Rules for every call" of docs/backend-api.md), written out once more. */
#include "core/outbox-rules.h"

#include "unit.h"

struct expected {
	enum outbox_verdict verdict;
	bool confirm, unmark, server_error;
};

static void check(struct outbox_judgement got, struct expected want, const char *what)
{
	if (got.verdict != want.verdict || got.confirm != want.confirm || got.unmark != want.unmark ||
	    got.server_error != want.server_error)
		fail_msg("%s: verdict %d confirm %d unmark %d server_error %d, expected %d %d %d %d", what, got.verdict,
			 got.confirm, got.unmark, got.server_error, want.verdict, want.confirm, want.unmark,
			 want.server_error);
}

struct row {
	const char *what;
	struct api_reply reply;
	bool readable;
	unsigned errors_before;
	struct expected place, call;
};

/* .place, .call: what it means for MakeOrderRequest, and for any other call with a key. */
static const struct row rows[] = {
	{ "200 with the order", { .outcome = API_OK, .status = 200, .sent = true }, true, 0,
	  { .verdict = VERDICT_MADE }, { .verdict = VERDICT_MADE } },
	{ "200 that is no order", { .outcome = API_OK, .status = 200, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_MADE } },
	{ "204", { .outcome = API_OK, .status = 204, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_MADE } },
	{ "HTML, half a JSON, a redirect", { .outcome = API_PROTOCOL, .status = 200, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_ASK } },
	{ "304, which nobody asked for", { .outcome = API_NOT_MODIFIED, .status = 304, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_ASK } },
	{ "not reached", { .outcome = API_OFFLINE }, false, 0,
	  { .verdict = VERDICT_AGAIN, .unmark = true }, { .verdict = VERDICT_AGAIN, .unmark = true } },
	{ "broke off", { .outcome = API_OFFLINE, .sent = true }, false, 0,
	  { .verdict = VERDICT_AGAIN }, { .verdict = VERDICT_AGAIN } },
	{ "503", { .outcome = API_TRANSIENT, .status = 503, .sent = true }, false, 0,
	  { .verdict = VERDICT_AGAIN }, { .verdict = VERDICT_AGAIN } },
	{ "429", { .outcome = API_TRANSIENT, .status = 429, .sent = true }, false, 4,
	  { .verdict = VERDICT_AGAIN }, { .verdict = VERDICT_AGAIN } },
	{ "first 500", { .outcome = API_SERVER_ERROR, .status = 500, .sent = true }, false, 0,
	  { .verdict = VERDICT_AGAIN, .server_error = true }, { .verdict = VERDICT_AGAIN, .server_error = true } },
	{ "fourth 500", { .outcome = API_SERVER_ERROR, .status = 500, .sent = true }, false, 3,
	  { .verdict = VERDICT_AGAIN, .server_error = true }, { .verdict = VERDICT_AGAIN, .server_error = true } },
	{ "fifth 500", { .outcome = API_SERVER_ERROR, .status = 500, .sent = true }, false, 4,
	  { .verdict = VERDICT_ASK, .server_error = true }, { .verdict = VERDICT_ASK, .server_error = true } },
	{ "sixth 500", { .outcome = API_SERVER_ERROR, .status = 500, .sent = true }, false, 5,
	  { .verdict = VERDICT_ASK, .server_error = true }, { .verdict = VERDICT_ASK, .server_error = true } },
	{ "409 with a code", { .outcome = API_REFUSED, .status = 409, .code = "price-changed", .sent = true }, false, 0,
	  { .verdict = VERDICT_REFUSED }, { .verdict = VERDICT_REFUSED } },
	{ "422 with a code", { .outcome = API_REFUSED, .status = 422, .code = "invalid-address", .sent = true }, false, 0,
	  { .verdict = VERDICT_REFUSED }, { .verdict = VERDICT_REFUSED } },
	{ "400 without a code", { .outcome = API_REFUSED, .status = 400, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_REFUSED } },
	{ "404 with an empty code", { .outcome = API_REFUSED, .status = 404, .code = "", .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_REFUSED } },
	{ "422 key-reused", { .outcome = API_REFUSED, .status = 422, .code = "key-reused", .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK }, { .verdict = VERDICT_REFUSED } },
	{ "200 with a failure", { .outcome = API_FAILURE, .status = 200, .sent = true }, false, 0,
	  { .verdict = VERDICT_ASK, .confirm = true }, { .verdict = VERDICT_REFUSED } },
	{ "401 for good", { .outcome = API_UNAUTHORIZED, .status = 401, .sent = true }, false, 0,
	  { .verdict = VERDICT_SIGN_IN }, { .verdict = VERDICT_SIGN_IN } },
	{ "the renewal was refused before it was sent", { .outcome = API_UNAUTHORIZED }, false, 0,
	  { .verdict = VERDICT_SIGN_IN, .unmark = true }, { .verdict = VERDICT_SIGN_IN, .unmark = true } },
	{ "nobody is signed in", { .outcome = API_NO_TOKEN }, false, 0,
	  { .verdict = VERDICT_SIGN_IN, .unmark = true }, { .verdict = VERDICT_SIGN_IN, .unmark = true } },
	{ "the session ended with the request on its way", { .outcome = API_NO_TOKEN, .sent = true }, false, 0,
	  { .verdict = VERDICT_SIGN_IN }, { .verdict = VERDICT_SIGN_IN } },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const struct row *r = &rows[i];

		check(outbox_judge_place(&r->reply, r->readable, r->errors_before, false), r->place, r->what);
		check(outbox_judge_call(&r->reply, r->errors_before), r->call, r->what);
		/* After a try that may have arrived a refusal is confirmed; nothing else is judged otherwise. */
		check(outbox_judge_place(&r->reply, r->readable, r->errors_before, true),
		      r->place.verdict == VERDICT_REFUSED ?
			      (struct expected){ .verdict = VERDICT_ASK, .confirm = true } : r->place, r->what);
	}
}

/* Whatever else is true of an answer: an order counts as refused only by a 4xx with a code, as made only by an order,
 * and a mark goes only when nothing was written. */
static void test_no_guess(void **state)
{
	static const char *const codes[] = { NULL, "", "key-reused", "too-late" };

	(void)state;
	for (int outcome = API_OK; outcome <= API_NO_TOKEN; outcome++)
		for (unsigned bits = 0; bits < 8; bits++)
			for (size_t i = 0; i < ELEMENTSOF(codes); i++)
				for (unsigned errors = 0; errors < 7; errors++) {
					bool readable = bits & 1, sent = bits & 2, earlier = bits & 4;
					struct api_reply reply = {
						.outcome = (enum api_outcome)outcome, .code = codes[i], .sent = sent,
					};
					struct outbox_judgement j = outbox_judge_place(&reply, readable, errors, earlier);

					if (j.verdict == VERDICT_REFUSED)
						assert_true(outcome == API_REFUSED && i == 3 && !earlier);
					if (j.verdict == VERDICT_MADE)
						assert_true(outcome == API_OK && readable);
					if (j.unmark)
						assert_false(sent);
				}
}

static void test_asked(void **state)
{
	static const struct {
		const char *what;
		struct api_reply reply;
		bool readable;
		enum outbox_verdict before, after; /* validUntil, by the service's clock */
	} asked[] = {
		{ "there", { .outcome = API_OK, .status = 200 }, true, VERDICT_MADE, VERDICT_MADE },
		{ "another order, or none", { .outcome = API_OK, .status = 200 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "not-found", { .outcome = API_REFUSED, .status = 404, .code = "not-found" }, false,
		  VERDICT_ASK, VERDICT_REFUSED },
		{ "a proxy's 404", { .outcome = API_REFUSED, .status = 404 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "404 of another code", { .outcome = API_REFUSED, .status = 404, .code = "gone" }, false,
		  VERDICT_AGAIN, VERDICT_AGAIN },
		{ "not-found that is no 404", { .outcome = API_REFUSED, .status = 400, .code = "not-found" }, false,
		  VERDICT_AGAIN, VERDICT_AGAIN },
		{ "403", { .outcome = API_REFUSED, .status = 403, .code = "wrong-owner" }, false,
		  VERDICT_AGAIN, VERDICT_AGAIN },
		{ "not reached", { .outcome = API_OFFLINE }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "503", { .outcome = API_TRANSIENT, .status = 503 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "500", { .outcome = API_SERVER_ERROR, .status = 500 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "nonsense", { .outcome = API_PROTOCOL, .status = 200 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "failure", { .outcome = API_FAILURE, .status = 200 }, false, VERDICT_AGAIN, VERDICT_AGAIN },
		{ "401", { .outcome = API_UNAUTHORIZED, .status = 401 }, false, VERDICT_SIGN_IN, VERDICT_SIGN_IN },
		{ "signed out", { .outcome = API_NO_TOKEN }, false, VERDICT_SIGN_IN, VERDICT_SIGN_IN },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(asked); i++) {
		if (outbox_judge_asked(&asked[i].reply, asked[i].readable, false) != asked[i].before ||
		    outbox_judge_asked(&asked[i].reply, asked[i].readable, true) != asked[i].after)
			fail_msg("%s: %d, %d", asked[i].what,
				 outbox_judge_asked(&asked[i].reply, asked[i].readable, false),
				 outbox_judge_asked(&asked[i].reply, asked[i].readable, true));
	}
}

static void test_steps(void **state)
{
	(void)state;
	assert_int_equal(outbox_next_step(false, 100, 99), STEP_SEND);
	assert_int_equal(outbox_next_step(true, 100, 99), STEP_SEND);
	assert_int_equal(outbox_next_step(false, 100, 100), STEP_REJECT);
	assert_int_equal(outbox_next_step(true, 100, 100), STEP_RESOLVE);
	assert_int_equal(outbox_next_step(false, 100, UINT64_MAX), STEP_REJECT);
	/* Without a deadline it waits for ever. */
	assert_int_equal(outbox_next_step(false, 0, UINT64_MAX), STEP_SEND);
	assert_int_equal(outbox_next_step(true, 0, 0), STEP_SEND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_guess),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
