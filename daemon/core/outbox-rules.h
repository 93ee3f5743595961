/* The outbox's rules, without I/O: what an answer means for a row and what to do next. See docs/architecture.md
 * ("Write path") and docs/backend-api.md ("Rules for every call", stricter for MakeOrderRequest). */
#pragma once

#include "backend/api.h"

/* States of rows. A place row is "submitting" or "unknown" until it is one of the ends; every other kind is
 * "waiting" behind its order or "submitting". */
#define ROW_WAITING "waiting"
#define ROW_SUBMITTING "submitting"
#define ROW_UNKNOWN "unknown"
#define ROW_MADE "made"
#define ROW_REJECTED "rejected"
#define ROW_CANCELLED "cancelled"
#define ROW_DONE "done"

#define ROW_PLACE "place"
#define ROW_CANCEL "cancel"
#define ROW_RATE "rate"
#define ROW_READ "read"
#define ROW_SETTINGS "settings"
#define ROW_REPORT "report"   /* OrderReportSend; then its message is watched */
#define ROW_WATCHED "watched" /* WatchedVideoSave */
#define ROW_START "pay-start" /* MakePaymentStart */
#define ROW_PAY "pay"         /* MakePaymentRespond with a card */

#define OUTBOX_MAX_SERVER_ERRORS 5

enum outbox_verdict {
	VERDICT_MADE,     /* definite: done */
	VERDICT_REFUSED,  /* definite: not done, and it will not be */
	VERDICT_AGAIN,    /* not answered: repeat with the same key after a wait */
	VERDICT_ASK,      /* not answered, and repeating alone will not tell: ask for the uid */
	VERDICT_SIGN_IN,  /* waits for the person's next sign-in */
};

struct outbox_judgement {
	enum outbox_verdict verdict;
	bool confirm;    /* a refusal, that counts only if the service then has no such order */
	bool unmark;     /* no byte of this try was written: it was no attempt */
	bool server_error; /* counts among the five */
};

/* The answer to MakeOrderRequest. `readable`: a 2xx decoded into an order of that uid. `earlier`: an earlier try may
 * have arrived; what refuses this one may stand before the service and not know of that. */
struct outbox_judgement outbox_judge_place(const struct api_reply *reply, bool readable, unsigned server_errors,
					   bool earlier);
/* The answer to MakePaymentRespond. `readable`: a 2xx decoded into a payment of that uid. A 402 is a decline, a 409
 * never is. */
struct outbox_judgement outbox_judge_payment(const struct api_reply *reply, bool readable, unsigned server_errors,
					     bool earlier);
/* The answer to any other call with a key: a 4xx is definite with or without code. */
struct outbox_judgement outbox_judge_call(const struct api_reply *reply, unsigned server_errors);

/* The answer to OrderGet for an order of unknown outcome. `expired`: the service's own clock is past validUntil. */
enum outbox_verdict outbox_judge_asked(const struct api_reply *reply, bool readable, bool expired);

enum outbox_step {
	STEP_SEND,      /* send it, or what comes before */
	STEP_REJECT,    /* the deadline is over and no try was made */
	STEP_RESOLVE,   /* the deadline is over and a try was made: state unknown, ask */
};
enum outbox_step outbox_next_step(bool attempted, uint64_t deadline, uint64_t service_now);
