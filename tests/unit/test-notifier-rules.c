/* clients/notifier: rules.c, texts.c, memory.c, view.c, qr.c and the argument vectors of terminal.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "notifier/memory.h"
#include "notifier/qr.h"
#include "notifier/rules.h"
#include "notifier/terminal.h"
#include "notifier/texts.h"
#include "notifier/view.h"

#define MINUTE USEC_PER_MIN
#define HOUR (60 * MINUTE)

/* Sunday, 22 November 2026, 19:00 UTC. */
#define NOW (UINT64_C(1795374000) * USEC_PER_SEC)

static struct view view_at(const char *status, uint64_t expected)
{
	struct view v = {
		.uid = (char *)"u",
		.number = (char *)"1042",
		.status = (char *)status,
		.payment_type = (char *)"cash",
		.currency = "USD",
		.total = 2350,
		.expected = expected,
		.changed = NOW,
		.confirmed = NOW,
		.courier_metres = (double)NAN,
	};

	return v;
}

static struct told told_at(const char *stage, uint64_t expected, uint64_t late_for)
{
	return (struct told){ .stage = (char *)stage, .expected = expected, .late_for = late_for };
}

struct rule_case {
	const char *name;
	bool known; /* there is something told */
	struct told told;
	const char *status;
	uint64_t expected, ended, confirmed;
	bool fresh;
	uint64_t now;
	enum news news;
	const char *stage;
	uint64_t next_expected, next_late_for;
	int64_t moved;
};

#define E (NOW + 30 * MINUTE) /* the expected time of the cases */

static const struct rule_case rule_cases[] = {
	/* at the start */
	{ "a pending order found at the first start is the baseline", .status = "cooking", .expected = E, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "cooking", .next_expected = E },
	{ "one brought by an event is news", .status = "requested", .expected = E, .fresh = true, .now = NOW,
	  .news = NEWS_STAGE, .stage = "requested", .next_expected = E },
	{ "one that is not at the service yet is not", .status = "submitting", .fresh = true, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "submitting" },
	{ "an old delivery in the history is not", .status = "delivered", .ended = NOW - 25 * HOUR, .fresh = true,
	  .now = NOW, .news = NEWS_NONE, .stage = "delivered" },
	{ "a delivery of today that was never seen pending is", .status = "delivered", .ended = NOW - HOUR,
	  .fresh = true, .now = NOW, .news = NEWS_STAGE, .stage = "delivered" },
	{ "but not without an event", .status = "delivered", .ended = NOW - HOUR, .now = NOW, .news = NEWS_NONE,
	  .stage = "delivered" },

	/* stages */
	{ "the same stage says nothing", true, { (char *)"cooking", E, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "also when an event repeats it", true, { (char *)"cooking", E, 0 }, "cooking", E, .fresh = true, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "the next stage", true, { (char *)"cooking", E, 0 }, "in-delivery", E, .now = NOW, .news = NEWS_STAGE,
	  .stage = "in-delivery", .next_expected = E },
	{ "a stage takes a move with it", true, { (char *)"cooking", E, 0 }, "in-delivery", E + 15 * MINUTE, .now = NOW,
	  .news = NEWS_STAGE, .stage = "in-delivery", .next_expected = E + 15 * MINUTE, .moved = 15 * (int64_t)MINUTE },
	{ "what could not be shown is news", true, { (char *)"", 0, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_STAGE, .stage = "cooking", .next_expected = E },
	{ "a status nobody knew of", true, { (char *)"cooking", E, 0 }, "out-for-tea", E, .now = NOW,
	  .news = NEWS_STAGE, .stage = "out-for-tea", .next_expected = E },
	{ "delivered", true, { (char *)"in-delivery", E, 0 }, "delivered", E, .ended = NOW, .now = NOW,
	  .news = NEWS_STAGE, .stage = "delivered", .next_expected = E },
	{ "finished is delivered", true, { (char *)"delivered", E, 0 }, "finished", E, .ended = NOW, .now = NOW,
	  .news = NEWS_NONE, .stage = "delivered", .next_expected = E },
	{ "finished without delivered", true, { (char *)"in-delivery", E, 0 }, "finished", E, .ended = NOW, .now = NOW,
	  .news = NEWS_STAGE, .stage = "delivered", .next_expected = E },
	{ "rejected", true, { (char *)"submitting", 0, 0 }, "rejected", 0, .now = NOW, .news = NEWS_STAGE,
	  .stage = "rejected" },
	{ "a wish held back again is silent", true, { (char *)"unknown", 0, 0 }, "submitting", 0, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "submitting" },
	{ "a night with the lid closed: the delivery, not the stages", true, { (char *)"cooking", E, 0 }, "delivered",
	  E, .ended = NOW + 42 * MINUTE, .now = NOW + 13 * HOUR, .news = NEWS_STAGE, .stage = "delivered",
	  .next_expected = E },

	/* the expected time moves */
	{ "by five minutes is not news", true, { (char *)"cooking", E, 0 }, "cooking", E + 5 * MINUTE, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "by more is", true, { (char *)"cooking", E, 0 }, "cooking", E + 5 * MINUTE + 1, .now = NOW, .news = NEWS_MOVED,
	  .stage = "cooking", .next_expected = E + 5 * MINUTE + 1, .moved = 5 * (int64_t)MINUTE + 1 },
	{ "earlier too", true, { (char *)"cooking", E, 0 }, "cooking", E - 10 * MINUTE, .now = NOW, .news = NEWS_MOVED,
	  .stage = "cooking", .next_expected = E - 10 * MINUTE, .moved = -10 * (int64_t)MINUTE },
	{ "a time that was not known before is no move", true, { (char *)"cooking", 0, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "cooking", .next_expected = E },
	{ "one that is not known any more neither", true, { (char *)"cooking", E, 0 }, "cooking", 0, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },

	/* the expected time passes */
	{ "not yet: a delivery needs a moment to be told", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E,
	  .confirmed = E + MINUTE - 1, .now = E + MINUTE - 1, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E },
	{ "late", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E, .confirmed = E + MINUTE, .now = E + MINUTE,
	  .news = NEWS_LATE, .stage = "in-delivery", .next_expected = E, .next_late_for = E },
	{ "said once", true, { (char *)"in-delivery", E, E }, "in-delivery", E, .confirmed = E + HOUR,
	  .now = E + HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E, .next_late_for = E },
	{ "and not for each minute that it slips", true, { (char *)"in-delivery", E, E }, "in-delivery", E + 4 * MINUTE,
	  .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E,
	  .next_late_for = E },
	{ "not on what was known before the night", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E,
	  .confirmed = NOW, .now = NOW + 13 * HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E },
	{ "moved to a time that has passed as well: one bubble", true, { (char *)"in-delivery", E, 0 }, "in-delivery",
	  E + 10 * MINUTE, .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_LATE, .stage = "in-delivery",
	  .next_expected = E + 10 * MINUTE, .next_late_for = E + 10 * MINUTE },
	{ "a stage that says it is late says it for good", true, { (char *)"cooking", E, 0 }, "in-delivery", E,
	  .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_STAGE, .stage = "in-delivery", .next_expected = E,
	  .next_late_for = E },
	{ "an ended order is never late", true, { (char *)"cancelled", E, 0 }, "cancelled", E, .confirmed = E + HOUR,
	  .now = E + HOUR, .news = NEWS_NONE, .stage = "cancelled", .next_expected = E },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(rule_cases); i++) {
		const struct rule_case *c = &rule_cases[i];
		struct view v = view_at(c->status, c->expected);
		struct verdict verdict;

		v.payment_type = (char *)"card";
		v.ended = c->ended;
		v.confirmed = c->confirmed ?: NOW;
		rules_judge(&v, c->known ? &c->told : NULL, c->fresh, c->now, &verdict);
		print_message("%s\n", c->name);
		assert_int_equal(verdict.news, c->news);
		assert_string_equal(verdict.stage, c->stage);
		assert_int_equal(verdict.expected, c->next_expected);
		assert_int_equal(verdict.late_for, c->next_late_for);
		assert_int_equal(verdict.moved_usec, c->moved);
	}
}

/* Saying what a verdict says leads to silence, whatever the order does in small steps. */
static void test_rules_drift(void **state)
{
	struct told told = told_at("in-delivery", E, 0);
	unsigned said = 0;

	(void)state;
	for (unsigned minute = 0; minute < 60; minute++) {
		struct view v = view_at("in-delivery", E + minute * MINUTE);
		struct verdict verdict;

		v.payment_type = (char *)"card";
		v.confirmed = v.expected;
		rules_judge(&v, &told, true, v.expected, &verdict);
		if (verdict.news == NEWS_MOVED)
			said++;
		told = told_at(verdict.stage, verdict.expected, verdict.late_for);
		rules_judge(&v, &told, true, v.expected, &verdict);
		assert_int_equal(verdict.news, NEWS_NONE);
	}
	assert_int_equal(said, 9); /* once for each six minutes */
}

static void test_next_look(void **state)
{
	struct view v = view_at("cooking", E);
	struct told told = told_at("cooking", E, 0);

	(void)state;
	assert_int_equal(rules_next_look(&v, NULL, NOW), 0);
	assert_int_equal(rules_next_look(&v, &told, NOW), E + RULES_GRACE_USEC);
	told.late_for = E;
	assert_int_equal(rules_next_look(&v, &told, NOW), 0);
	v.expected = E + 6 * MINUTE;
	assert_int_equal(rules_next_look(&v, &told, NOW), E + 6 * MINUTE + RULES_GRACE_USEC);
	v = view_at("delivered", E);
	assert_int_equal(rules_next_look(&v, &told, NOW), 0);
}

/* What counts as told after a verdict. Borrows. */
static struct told told_by(const struct verdict *verdict)
{
	return (struct told){ .stage = (char *)verdict->stage, .expected = verdict->expected,
			      .late_for = verdict->late_for, .unpaid = (char *)verdict->unpaid, .held = verdict->held,
			      .pay_until = verdict->pay_until, .ready = verdict->ready };
}

/* Judges, and makes it what was told; `told` without a stage: nothing is known of the order. */
static enum news judge(const struct view *v, struct told *told, bool fresh, uint64_t now)
{
	struct verdict verdict;

	rules_judge(v, told->stage ? told : NULL, fresh, now, &verdict);
	if (verdict.news != NEWS_NONE)
		*told = told_by(&verdict);
	return verdict.news;
}

static void test_awaiting_payment(void **state)
{
	struct view v = view_at("awaiting-payment", 0);
	struct told told = {};

	(void)state;
	v.payment_type = (char *)"card";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_STAGE);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	/* until when: once, when it is known */
	v.payment_uid = (char *)"p1";
	v.payment_status = (char *)"requested";
	v.pay_until = NOW + 15 * MINUTE;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_STAGE);
	v.pay_until += MINUTE;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	assert_true(rules_can_pay(&v));
	v.payment_status = (char *)"in-process";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	assert_false(rules_can_pay(&v));
	/* each payment that came to nothing: once */
	v.payment_status = (char *)"rejected";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_UNPAID);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	v.payment_uid = (char *)"p2";
	v.payment_status = (char *)"requested";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	v.payment_status = (char *)"failed";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_UNPAID);
	/* then the order ends */
	v.status = (char *)"cancelled";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_STAGE);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
}

static void test_awaiting_payment_elsewhere(void **state)
{
	struct view v = view_at("awaiting-payment", 0);
	struct told told = {};

	(void)state;
	v.payment_uid = (char *)"p1";
	v.payment_status = (char *)"rejected";
	v.pay_until = NOW + 15 * MINUTE;
	/* found at the first start: the baseline */
	assert_int_equal(judge(&v, &told, false, NOW), NEWS_REMEMBER);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	/* all of it while we were away: one bubble */
	told = told_at("submitting", 0, 0);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_UNPAID);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	/* also when the expected time became known with it */
	told = told_at("awaiting-payment", 0, 0);
	v.expected = E;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_UNPAID);
	v.paid = true;
	v.payment_uid = (char *)"p2";
	v.payment_status = (char *)"processed";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
}

static void test_held(void **state)
{
	struct view v = view_at("submitting", 0);
	struct told told = {};

	(void)state;
	v.hold_until = NOW + 5 * MINUTE;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_HELD);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	assert_int_equal(judge(&v, &told, true, NOW + 10 * MINUTE), NEWS_NONE);
	v.status = (char *)"cancelled";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_STAGE);

	v.status = (char *)"submitting";
	told = (struct told){};
	assert_int_equal(judge(&v, &told, false, NOW), NEWS_REMEMBER);
	told = (struct told){};
	assert_int_equal(judge(&v, &told, true, NOW + 5 * MINUTE), NEWS_REMEMBER);
	/* what could not be shown */
	told = told_at("", 0, 0);
	assert_int_equal(judge(&v, &told, false, NOW), NEWS_HELD);
}

static void test_ready(void **state)
{
	struct view v = view_at("in-delivery", E);
	struct told on_its_way = told_at("in-delivery", E, 0), told = on_its_way;

	(void)state;
	assert_true(rules_wants_courier(&v, &told));
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	v.courier_metres = 501;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	/* where the courier was before the night says nothing */
	v.courier_metres = 100;
	assert_int_equal(judge(&v, &told, true, NOW + 11 * MINUTE), NEWS_NONE);
	v.courier_metres = 500;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_READY);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	assert_false(rules_wants_courier(&v, &told));

	/* by the time alone, without any event */
	v.courier_metres = (double)NAN;
	told = on_its_way;
	assert_int_equal(rules_next_look(&v, &told, NOW), E - 3 * MINUTE);
	assert_int_equal(judge(&v, &told, false, E - 3 * MINUTE - 1), NEWS_NONE);
	assert_int_equal(judge(&v, &told, false, E - 3 * MINUTE), NEWS_READY);
	assert_int_equal(rules_next_look(&v, &told, E - 3 * MINUTE), E + RULES_GRACE_USEC);
	/* a time that has passed does not bring the courier */
	told = on_its_way;
	v.confirmed = E + 2 * MINUTE;
	assert_int_equal(judge(&v, &told, false, E + 2 * MINUTE), NEWS_LATE);
	assert_false(told.ready);
	v.courier_metres = 400;
	assert_int_equal(judge(&v, &told, false, E + 2 * MINUTE), NEWS_READY);
	assert_int_equal(judge(&v, &told, false, E + 2 * MINUTE), NEWS_NONE);

	/* on its way and near at once: one bubble says both */
	told = told_at("ready-to-deliver", E, 0);
	v.confirmed = NOW;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_STAGE);
	assert_true(told.ready);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);

	/* nothing to have ready */
	told = on_its_way;
	v.paid = true;
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	v.paid = false;
	v.payment_type = (char *)"card";
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
	v.payment_type = (char *)"pos";
	v.status = (char *)"cooking";
	told = told_at("cooking", E, 0);
	assert_int_equal(judge(&v, &told, true, NOW), NEWS_NONE);
}

static void test_quiet(void **state)
{
	const struct quiet night = { 22 * 60, 7 * 60 }, siesta = { 13 * 60, 14 * 60 + 30 }, none = { -1, -1 };
	const uint64_t midnight = NOW + 5 * HOUR;
	uint64_t end = 0;

	(void)state;
	assert_false(rules_quiet(&none, midnight, &end));
	assert_false(rules_quiet(&night, midnight - 2 * HOUR - 1, &end));
	assert_true(rules_quiet(&night, midnight - 2 * HOUR, &end));
	assert_true(end == midnight + 7 * HOUR);
	assert_true(rules_quiet(&night, midnight, &end));
	assert_true(end == midnight + 7 * HOUR);
	assert_true(rules_quiet(&night, midnight + 7 * HOUR - 1, &end));
	assert_true(end == midnight + 7 * HOUR);
	assert_false(rules_quiet(&night, midnight + 7 * HOUR, &end));
	assert_true(rules_quiet(&siesta, midnight + 13 * HOUR + MINUTE, &end));
	assert_true(end == midnight + 14 * HOUR + 30 * MINUTE);
	assert_false(rules_quiet(&siesta, midnight + 14 * HOUR + 30 * MINUTE, &end));
}

static void test_hush(void **state)
{
	struct view v = view_at("in-delivery", E);
	struct verdict verdict = { .news = NEWS_STAGE };

	(void)state;
	rules_hush(&v, &verdict);
	assert_int_equal(verdict.news, NEWS_REMEMBER);
	v.status = (char *)"delivered";
	verdict.news = NEWS_STAGE;
	rules_hush(&v, &verdict);
	assert_int_equal(verdict.news, NEWS_LATER);
	verdict.news = NEWS_NONE;
	rules_hush(&v, &verdict);
	assert_int_equal(verdict.news, NEWS_NONE);
}

static void check_text(const struct view *v, const struct verdict *verdict, uint64_t now, const char *title,
		       const char *body)
{
	_cleanup_text_ struct text text = {};

	assert_int_equal(text_for_order(v, verdict, now, &text), 0);
	assert_string_equal(text.title, title);
	assert_string_equal(text.body, body);
}

static void test_texts(void **state)
{
	struct view v = view_at("requested", E);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "requested" };

	(void)state;
	v.items = (char *)"2 × Pad thai, Lemonade";
	check_text(&v, &verdict, NOW, "Order 1042 was received",
		   "Expected at 19:30\n2 × Pad thai, Lemonade\n23.50 USD in cash at the door");

	v.status = (char *)"in-delivery";
	v.courier = (char *)"Maria";
	v.items = NULL;
	v.payment_type = (char *)"pos";
	verdict = (struct verdict){ .news = NEWS_STAGE, .stage = "in-delivery", .moved_usec = 15 * (int64_t)MINUTE };
	check_text(&v, &verdict, NOW, "Order 1042 is on its way",
		   "Now expected at 19:30, 15 min later\nMaria is bringing it\n23.50 USD by card at the door");

	v.paid = true;
	verdict.news = NEWS_MOVED;
	check_text(&v, &verdict, NOW, "Order 1042: now 19:30, 15 min later", "It is on its way\nMaria is bringing it");
	verdict.moved_usec = -6 * (int64_t)MINUTE;
	check_text(&v, &verdict, NOW, "Order 1042: now 19:30, 6 min earlier", "It is on its way\nMaria is bringing it");
	check_text(&v, &verdict, NOW - 24 * HOUR, "Order 1042: now tomorrow 19:30, 6 min earlier",
		   "It is on its way\nMaria is bringing it");

	verdict = (struct verdict){ .news = NEWS_LATE, .stage = "in-delivery", .late_for = E };
	check_text(&v, &verdict, E + MINUTE, "Order 1042 is running late",
		   "It was expected at 19:30\nIt is on its way\nMaria is bringing it");

	v.expected = 0;
	v.courier = NULL;
	v.status = (char *)"service-out-for-tea";
	verdict = (struct verdict){ .news = NEWS_STAGE, .stage = v.status };
	check_text(&v, &verdict, NOW, "Order 1042 is now: service out for tea", "");
}

static void test_texts_of_payment(void **state)
{
	struct view v = view_at("awaiting-payment", 0);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "awaiting-payment" };

	(void)state;
	v.payment_type = (char *)"card";
	check_text(&v, &verdict, NOW, "Order 1042 waits for payment", "Pay 23.50 USD soon, or it is cancelled");
	v.pay_until = NOW + 15 * MINUTE;
	v.items = (char *)"Pad thai";
	check_text(&v, &verdict, NOW, "Order 1042 waits for payment",
		   "Pay 23.50 USD until 19:15, or it is cancelled\nPad thai");
	check_text(&v, &verdict, NOW - 24 * HOUR, "Order 1042 waits for payment",
		   "Pay 23.50 USD until tomorrow at 19:15, or it is cancelled\nPad thai");
	v.items = NULL;
	v.payment_status = (char *)"in-process";
	check_text(&v, &verdict, NOW, "Order 1042 waits for payment", "The payment is being carried out");

	verdict.news = NEWS_UNPAID;
	v.payment_status = (char *)"rejected";
	v.payment_reason = (char *)"insufficient-funds";
	check_text(&v, &verdict, NOW, "The payment of order 1042 was declined",
		   "Insufficient funds. Nothing was charged.\nTry again or pay in another way until 19:15");
	v.payment_reason = (char *)"declined";
	check_text(&v, &verdict, NOW, "The payment of order 1042 was declined",
		   "Nothing was charged.\nTry again or pay in another way until 19:15");
	v.payment_status = (char *)"failed";
	v.payment_reason = (char *)"The gateway - out there - is down.";
	check_text(&v, &verdict, NOW, "The payment of order 1042 did not go through",
		   "The gateway - out there - is down. Nothing was charged.\n"
		   "Try again or pay in another way until 19:15");
	v.payment_status = (char *)"not-accepted";
	v.payment_reason = (char *)"expired";
	v.pay_until = 0;
	v.number = NULL;
	check_text(&v, &verdict, NOW, "Your payment ran out of time",
		   "Nothing was charged.\nTry again or pay in another way");

	v.status = (char *)"cancelled";
	verdict = (struct verdict){ .news = NEWS_STAGE, .stage = "cancelled" };
	check_text(&v, &verdict, NOW, "Your order was cancelled",
		   "It was not paid in time. Nothing was charged.\nOrder again if you still want it.");
	v.payment_status = v.payment_reason = NULL;
	check_text(&v, &verdict, NOW, "Your order was cancelled", "Nothing was charged.");
	v.payment_type = (char *)"cash";
	check_text(&v, &verdict, NOW, "Your order was cancelled", "");
}

static void test_texts_of_hold_and_door(void **state)
{
	struct view v = view_at("submitting", 0);
	struct verdict verdict = { .news = NEWS_HELD, .stage = "submitting", .held = true };

	(void)state;
	v.number = NULL;
	v.items = (char *)"Pad thai";
	v.hold_until = NOW + 40 * MINUTE;
	v.cancellable = true;
	check_text(&v, &verdict, NOW, "Your order will be sent at 19:40", "Pad thai\nUntil then it can be cancelled at once");

	v = view_at("in-delivery", E);
	v.courier = (char *)"Maria";
	verdict = (struct verdict){ .news = NEWS_READY, .stage = "in-delivery", .ready = true };
	check_text(&v, &verdict, NOW, "Have 23.50 USD ready",
		   "Expected at 19:30\nOrder 1042 is on its way\nMaria is bringing it");
	verdict.news = NEWS_STAGE;
	check_text(&v, &verdict, NOW, "Order 1042 is on its way",
		   "Expected at 19:30\nMaria is bringing it\nHave 23.50 USD in cash ready");
	v.payment_type = (char *)"pos";
	verdict.news = NEWS_READY;
	check_text(&v, &verdict, NOW, "Have your card ready for 23.50 USD",
		   "Expected at 19:30\nOrder 1042 is on its way\nMaria is bringing it");
}

static void test_texts_of_an_estimate(void **state)
{
	struct view v = view_at("cooking", E);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "cooking" };

	(void)state;
	v.payment_type = NULL;
	v.estimated = E + 2 * MINUTE;
	v.earliest = E - 6 * MINUTE;
	v.latest = E + 12 * MINUTE;
	v.asked = NOW - 30 * USEC_PER_SEC;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen", "Expected at 19:32 (19:24–19:42)");
	v.bound = E + 15 * MINUTE;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen",
		   "Expected at 19:32 (19:24–19:42)\nBy 19:45 nine times in ten");
	v.asked = NOW - 2 * MINUTE;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen",
		   "Expected at 19:32 (19:24–19:42)\nBy 19:45 nine times in ten; said 2 min ago");
	/* a range within a minute says nothing */
	v.earliest = E + 2 * MINUTE;
	v.latest = E + 2 * MINUTE + USEC_PER_SEC;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen",
		   "Expected at 19:32\nBy 19:45 nine times in ten; said 2 min ago");
	v.earliest = E - 6 * MINUTE;
	v.latest = E + 12 * MINUTE;
	/* what is over, or belied, is left out */
	check_text(&v, &verdict, E + 13 * MINUTE, "Order 1042 is in the kitchen",
		   "Expected at 19:32\nBy 19:45 nine times in ten; said 45 min ago");
	v.earliest = v.latest = E + 2 * MINUTE;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen",
		   "Expected at 19:32\nBy 19:45 nine times in ten; said 2 min ago");
	v.earliest = E - 6 * MINUTE;
	v.latest = E + 12 * MINUTE;
	v.bound = E;
	check_text(&v, &verdict, NOW, "Order 1042 is in the kitchen",
		   "Expected at 19:32 (19:24–19:42)\nSaid 2 min ago");
	v.bound = E + 15 * MINUTE;
	verdict = (struct verdict){ .news = NEWS_LATE, .stage = "cooking", .late_for = E };
	check_text(&v, &verdict, E + 5 * MINUTE, "Order 1042 is running late",
		   "It was expected at 19:30\nBy 19:45 nine times in ten\nIt is in the kitchen");
	check_text(&v, &verdict, E + 16 * MINUTE, "Order 1042 is running late",
		   "It was expected at 19:30\nIt is in the kitchen");
	verdict = (struct verdict){ .news = NEWS_MOVED, .stage = "cooking", .moved_usec = 15 * (int64_t)MINUTE };
	check_text(&v, &verdict, NOW, "Order 1042: now 19:30, 15 min later",
		   "By 19:45 nine times in ten\nIt is in the kitchen");
}

static void test_texts_of_the_end(void **state)
{
	struct view v = view_at("delivered", E);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "delivered" };

	(void)state;
	v.ended = NOW + 42 * MINUTE;
	check_text(&v, &verdict, NOW + 42 * MINUTE, "Delivered at 19:42", "Order 1042\nHow was it?");
	check_text(&v, &verdict, NOW + 13 * HOUR, "Delivered at 19:42", "Order 1042 · yesterday\nHow was it?");
	check_text(&v, &verdict, NOW + 60 * HOUR, "Delivered at 19:42", "Order 1042 · on Sun 22 Nov\nHow was it?");
	v.rating = 5;
	check_text(&v, &verdict, NOW + 42 * MINUTE, "Delivered at 19:42", "Order 1042");

	v = view_at("rejected", 0);
	v.number = NULL;
	verdict.stage = "rejected";
	check_text(&v, &verdict, NOW, "Your order was not made", "Nothing was ordered.");
	v.failure_reason = (char *)"Not sent in time, nothing was ordered";
	check_text(&v, &verdict, NOW, "Your order was not made", "Not sent in time, nothing was ordered");
}

static void test_words_of_time(void **state)
{
	char when[TEXT_WHEN_SIZE], span[TEXT_SPAN_SIZE];

	(void)state;
	assert_string_equal(text_when(when, NOW, NOW), "at 19:00");
	assert_string_equal(text_when(when, NOW + 5 * HOUR, NOW), "tomorrow at 00:00");
	assert_string_equal(text_when(when, NOW - 20 * HOUR, NOW), "yesterday at 23:00");
	assert_string_equal(text_when(when, NOW + 48 * HOUR, NOW), "on Tue 24 Nov at 19:00");
	/* over the end of the year */
	assert_string_equal(text_when(when, NOW + 40 * 24 * HOUR, NOW + 39 * 24 * HOUR), "tomorrow at 19:00");
	assert_string_equal(text_span(span, 1), "1 min");
	assert_string_equal(text_span(span, 15 * (int64_t)MINUTE + 20), "15 min");
	assert_string_equal(text_span(span, -60 * (int64_t)MINUTE), "1 h");
	assert_string_equal(text_span(span, 65 * (int64_t)MINUTE), "1 h 5 min");
}

static int folder_setup(void **state)
{
	*state = g_dir_make_tmp("notifier-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int folder_teardown(void **state)
{
	g_autofree char *folder = *state;
	g_autofree char *path = g_build_filename(folder, "shown", NULL);

	(void)g_remove(path);
	(void)g_chmod(folder, 0700);
	return g_rmdir(folder);
}

static void test_memory(void **state)
{
	_cleanup_(memory_freep) struct memory *m = memory_open_at(*state);
	struct entry *e;
	uint64_t seq;

	assert_false(memory_get_seq(m, &seq));
	assert_null(memory_find(m, "a"));
	e = memory_add(m, "[odd] uid\n=");
	assert_string_equal(e->told.stage, "");
	assert_int_equal(free_and_strdup(&e->told.stage, "in-delivery"), 0);
	assert_int_equal(free_and_strdup(&e->server, "guid/:1.7"), 0);
	e->told.expected = E;
	e->told.late_for = E - 1;
	e->told.unpaid = strdup("p=1\n");
	e->told.held = e->told.ready = true;
	e->touched = NOW;
	e->bubble = UINT32_MAX;
	e->question = 4;
	memory_set_seq(m, UINT64_MAX);
	memory_save(m);
	memory_free(TAKE_PTR(m));

	m = memory_open_at(*state);
	assert_true(memory_get_seq(m, &seq));
	assert_true(seq == UINT64_MAX);
	assert_int_equal(memory_count(m), 1);
	e = memory_find(m, "[odd] uid\n=");
	assert_non_null(e);
	assert_string_equal(e->told.stage, "in-delivery");
	assert_int_equal(e->told.expected, E);
	assert_int_equal(e->told.late_for, E - 1);
	assert_string_equal(e->told.unpaid, "p=1\n");
	assert_true(e->told.held);
	assert_true(e->told.ready);
	assert_false(e->told.pay_until);
	assert_int_equal(e->bubble, UINT32_MAX);
	assert_ptr_equal(memory_find_bubble(m, "guid/:1.7", 4), e);
	assert_null(memory_find_bubble(m, "guid/:1.8", 4));
	assert_null(memory_find_bubble(m, "guid/:1.7", 5));
}

static void test_memory_prune(void **state)
{
	_cleanup_(memory_freep) struct memory *m = memory_open_at(*state);

	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *uid = g_strdup_printf("uid-%u", i);

		memory_add(m, uid)->touched = NOW + i;
	}
	assert_int_equal(free_and_strdup(&memory_find(m, "uid-999")->told.stage, "delivered"), 0);
	memory_prune(m, NOW + 1000);
	assert_int_equal(memory_count(m), 500);
	assert_null(memory_find(m, "uid-499"));
	assert_non_null(memory_find(m, "uid-500"));
	memory_prune(m, NOW + 49 * HOUR);
	assert_null(memory_find(m, "uid-999")); /* ended two days ago */
	assert_int_equal(memory_count(m), 499);
	memory_prune(m, NOW + 61 * 24 * HOUR);
	assert_int_equal(memory_count(m), 0);
}

static void test_memory_damaged(void **state)
{
	static const char *const damaged[] = { "", "\377\376", "[Order x", "[Order x]\nStage=a\nExpected=-3\nBubble=x\n",
					       "[Order ]\nStage=a\n[Order %zz]\n[Notifier]\nSeq=99999999999999999999\n" };
	g_autofree char *path = g_build_filename(*state, "shown", NULL);

	for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
		_cleanup_(memory_freep) struct memory *m = NULL;

		assert_true(g_file_set_contents(path, damaged[i], -1, NULL));
		m = memory_open_at(*state);
		assert_non_null(m);
		assert_true(memory_count(m) <= 1);
		memory_set_seq(m, 1);
		memory_save(m);
	}
}

static GVariant *order_variant(const char *text)
{
	g_autoptr(GError) error = NULL;
	GVariant *v = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

	if (!v)
		fail_msg("%s", error->message);
	return v;
}

static void test_view(void **state)
{
	g_autoptr(GVariant) order = order_variant(
		"{'uid': <'u1'>, 'number': <'1042'>, 'status': <'finished'>, 'cancellable': <false>,"
		" 'payment-type': <'cash'>, 'total-price': <int64 2350>, 'currency': <'USD'>, 'novel': <3>,"
		" 'products': <[(uint64 1, 'Pad thai', uint32 2, int64 900, ''), (2, 'Tea', 1, 1, ''), (3, 'C', 1, 1, ''),"
		"  (4, 'D', 1, 1, '')]>, 'timeline': <[('cooking', uint64 5), ('delivered', 7)]>,"
		" 'payments': <[{'status': <'confirmed'>}]>, 'courier': <{'name': <'Maria'>}>,"
		" 'age': <uint64 1000>, 'rating': <uint32 4>, 'end-expected': <uint64 9>, 'changed': <'wrong type'>}");
	g_autoptr(GVariant) nothing = order_variant("{'uid': <'u1'>, 'status': <''>}");
	_cleanup_view_ struct view v = {}, none = {};

	(void)state;
	assert_int_equal(view_from_order(order, NOW, &v), 0);
	assert_string_equal(v.uid, "u1");
	assert_string_equal(v.items, "2 × Pad thai, Tea, C and 1 more");
	assert_string_equal(v.courier, "Maria");
	assert_int_equal(v.total, 2350);
	assert_true(v.paid);
	assert_int_equal(v.rating, 4);
	assert_int_equal(v.ended, 7);
	assert_int_equal(v.expected, 9);
	assert_int_equal(v.changed, 0);
	assert_int_equal(v.confirmed, NOW - 1000);
	assert_int_equal(view_from_order(nothing, NOW, &none), -EBADMSG);
}

static void test_view_of_payments(void **state)
{
	g_autoptr(GVariant) order = order_variant(
		"{'uid': <'u1'>, 'status': <'awaiting-payment'>, 'hold-until': <uint64 7>,"
		" 'payments': <[{'uid': <'a'>, 'status': <'cancelled'>, 'date': <uint64 1>},"
		"  {'uid': <'c'>, 'status': <'rejected'>, 'date': <3>, 'failure-reason': <'declined'>,"
		"   'valid-until': <uint64 9>}, {'uid': <'b'>, 'status': <'failed'>, 'date': <uint64 2>}]>,"
		" 'destination-latitude': <52.52>, 'destination-longitude': <13.405>,"
		" 'courier': <{'latitude': <52.524>, 'longitude': <13.405>}>}");
	_cleanup_view_ struct view v = {};

	(void)state;
	assert_int_equal(view_from_order(order, NOW, &v), 0);
	assert_string_equal(v.payment_uid, "b"); /* the date of c makes no sense and counts as none */
	assert_string_equal(v.payment_status, "failed");
	assert_false(v.paid);
	assert_int_equal(v.hold_until, 7);
	assert_true(v.courier_metres > 440 && v.courier_metres < 450);
}

static int memfd_of(const void *data, size_t n)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	return fd;
}

static void test_qr(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n" "and so on";
	g_autofree char *folder = g_build_filename(g_get_user_runtime_dir(), "customerclient-notifier", NULL);
	struct qr *q = qr_new();
	g_autofree char *first = NULL, *text = NULL;
	_cleanup_close_ int fd = memfd_of(png, sizeof(png)), other = memfd_of("no picture", 10);
	const char *path;
	struct stat st;
	gsize n;

	(void)state;
	assert_int_equal(qr_store(q, "../u 1", fd, &path), 0);
	assert_true(g_str_has_prefix(path, folder));
	assert_true(g_str_has_suffix(path, "/..%2Fu%201.png"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(g_file_get_contents(path, &text, &n, NULL));
	assert_int_equal(n, sizeof(png));
	assert_memory_equal(text, png, n);
	first = g_strdup(path);
	assert_int_equal(qr_store(q, "../u 1", fd, &path), 0); /* again, from the beginning */
	assert_string_equal(path, first);
	assert_int_equal(qr_store(q, "u2", other, &path), -EBADMSG);
	qr_forget(q, "u2");
	qr_forget(q, "../u 1");
	assert_int_equal(access(first, F_OK), -1);

	/* what a run that was killed left, and the end of a run */
	assert_true(g_file_set_contents(first, "", 0, NULL));
	qr_free(q);
	assert_int_equal(access(first, F_OK), 0);
	q = qr_new();
	assert_int_equal(access(first, F_OK), -1);
	assert_int_equal(qr_store(q, "u2", fd, &path), 0);
	qr_free(q);
	assert_int_equal(access(folder, F_OK), -1);
}

static void test_terminals(void **state)
{
	static const struct {
		const char *program, *argv;
	} cases[] = {
		{ "/usr/bin/xdg-terminal-exec", "/usr/bin/xdg-terminal-exec customerclient track u" },
		{ "x-terminal-emulator", "x-terminal-emulator -e customerclient track u" },
		{ "/usr/bin/gnome-terminal", "/usr/bin/gnome-terminal -- customerclient track u" },
		{ "konsole", "konsole -e customerclient track u" },
		{ "foot --app-id 'a b'", "foot --app-id a b customerclient track u" },
		{ "my-terminal -x", "my-terminal -x -e customerclient track u" },
		{ "xterm", "xterm -e customerclient track u" },
	};
	static const char *const command[] = { "customerclient", "track", "u", NULL };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		g_auto(GStrv) argv = terminal_argv(cases[i].program, command);
		g_autofree char *joined = g_strjoinv(" ", argv);

		assert_string_equal(joined, cases[i].argv);
	}
	assert_null(terminal_argv("xterm 'unbalanced", command));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_drift),
		cmocka_unit_test(test_next_look),
		cmocka_unit_test(test_awaiting_payment),
		cmocka_unit_test(test_awaiting_payment_elsewhere),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_hush),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_texts_of_payment),
		cmocka_unit_test(test_texts_of_hold_and_door),
		cmocka_unit_test(test_texts_of_an_estimate),
		cmocka_unit_test(test_texts_of_the_end),
		cmocka_unit_test(test_words_of_time),
		cmocka_unit_test_setup_teardown(test_memory, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_memory_prune, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_memory_damaged, folder_setup, folder_teardown),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_view_of_payments),
		cmocka_unit_test(test_qr),
		cmocka_unit_test(test_terminals),
	};

	char runtime[] = "/tmp/notifier-runtime-XXXXXX";
	int failed;

	(void)setenv("TZ", "UTC", /* overwrite= */ 1);
	tzset();
	if (!mkdtemp(runtime))
		return EXIT_FAILURE;
	(void)setenv("XDG_RUNTIME_DIR", runtime, /* overwrite= */ 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(runtime);
	return failed;
}
