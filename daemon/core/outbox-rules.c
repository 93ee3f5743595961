/* The outbox's rules: pure functions from an answer to what it means. */
#include "core/outbox-rules.h"

static struct outbox_judgement judge_common(const struct api_reply *reply, unsigned server_errors)
{
	switch (reply->outcome) {
	case API_OFFLINE:
		return (struct outbox_judgement){ .verdict = VERDICT_AGAIN, .unmark = !reply->sent };
	case API_TRANSIENT:
		return (struct outbox_judgement){ .verdict = VERDICT_AGAIN };
	case API_SERVER_ERROR:
		return (struct outbox_judgement){
			.verdict = server_errors + 1 >= OUTBOX_MAX_SERVER_ERRORS ? VERDICT_ASK : VERDICT_AGAIN,
			.server_error = true,
		};
	case API_UNAUTHORIZED:
	case API_NO_TOKEN: /* also of a request that was on its way when the session ended */
		return (struct outbox_judgement){ .verdict = VERDICT_SIGN_IN, .unmark = !reply->sent };
	default:
		return (struct outbox_judgement){ .verdict = VERDICT_ASK };
	}
}

struct outbox_judgement outbox_judge_place(const struct api_reply *reply, bool readable, unsigned server_errors,
					   bool earlier)
{
	switch (reply->outcome) {
	case API_OK:
		return (struct outbox_judgement){ .verdict = readable ? VERDICT_MADE : VERDICT_ASK };
	case API_REFUSED:
		if (isempty(reply->code) || streq(reply->code, "key-reused"))
			return (struct outbox_judgement){ .verdict = VERDICT_ASK };
		return (struct outbox_judgement){ .verdict = earlier ? VERDICT_ASK : VERDICT_REFUSED, .confirm = earlier };
	case API_FAILURE:
		return (struct outbox_judgement){ .verdict = VERDICT_ASK, .confirm = true };
	default:
		return judge_common(reply, server_errors);
	}
}

struct outbox_judgement outbox_judge_payment(const struct api_reply *reply, bool readable, unsigned server_errors,
					     bool earlier)
{
	if (reply->outcome == API_REFUSED && reply->status == 402)
		return (struct outbox_judgement){ .verdict = VERDICT_REFUSED };
	if (reply->outcome == API_REFUSED && reply->status == 409)
		return (struct outbox_judgement){ .verdict = VERDICT_ASK };
	return outbox_judge_place(reply, readable, server_errors, earlier);
}

struct outbox_judgement outbox_judge_call(const struct api_reply *reply, unsigned server_errors)
{
	switch (reply->outcome) {
	case API_OK:
		return (struct outbox_judgement){ .verdict = VERDICT_MADE };
	case API_REFUSED:
	case API_FAILURE:
		return (struct outbox_judgement){ .verdict = VERDICT_REFUSED };
	default:
		return judge_common(reply, server_errors);
	}
}

enum outbox_verdict outbox_judge_asked(const struct api_reply *reply, bool readable, bool expired)
{
	switch (reply->outcome) {
	case API_OK:
		return readable ? VERDICT_MADE : VERDICT_AGAIN;
	case API_REFUSED:
		/* Only the service's own "not-found" says that it looked: a 404 without a code may be a proxy's. */
		if (reply->status == 404 && streq_ptr(reply->code, "not-found"))
			return expired ? VERDICT_REFUSED : VERDICT_ASK;
		return VERDICT_AGAIN;
	case API_UNAUTHORIZED:
	case API_NO_TOKEN:
		return VERDICT_SIGN_IN;
	default:
		return VERDICT_AGAIN;
	}
}

enum outbox_step outbox_next_step(bool attempted, uint64_t deadline, uint64_t service_now)
{
	if (deadline == 0 || service_now < deadline)
		return STEP_SEND;
	return attempted ? STEP_RESOLVE : STEP_REJECT;
}
