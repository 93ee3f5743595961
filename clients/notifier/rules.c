/* The rules of the notifier: which change of an order is worth a bubble. Words are in texts.c. */
#include "notifier/rules.h"

#include <math.h>
#include <time.h>

#include "base/records.h"

void view_done(struct view *v)
{
	free(v->uid);
	free(v->number);
	free(v->status);
	free(v->payment_type);
	free(v->failure_reason);
	free(v->courier);
	free(v->items);
	free(v->payment_uid);
	free(v->payment_status);
	free(v->payment_reason);
	*v = (struct view){};
}

void told_done(struct told *t)
{
	free(t->stage);
	free(t->unpaid);
	*t = (struct told){};
}

const char *news_to_string(enum news news)
{
	static const char *const names[] = {
		[NEWS_NONE] = "nothing to say", [NEWS_REMEMBER] = "remembered", [NEWS_STAGE] = "a new stage",
		[NEWS_MOVED] = "another time",  [NEWS_LATE] = "late",           [NEWS_HELD] = "held back",
		[NEWS_UNPAID] = "not paid",     [NEWS_READY] = "nearly there",
		[NEWS_LATER] = "after the quiet hours",
	};

	return names[news];
}

bool rules_ended(const char *status)
{
	return !status_is_pending(status);
}

/* What counts as one stage for a person: "finished" is the service's bookkeeping after "delivered". */
static const char *stage_of(const struct view *v)
{
	return streq(v->status, STATUS_FINISHED) ? STATUS_DELIVERED : v->status;
}

bool rules_can_rate(const struct view *v)
{
	return streq(stage_of(v), STATUS_DELIVERED) && v->rating == 0;
}

static bool payment_is(const struct view *v, const char *status)
{
	return streq_ptr(v->payment_status, status);
}

bool rules_can_pay(const struct view *v)
{
	return streq(v->status, STATUS_AWAITING_PAYMENT) && !v->paid && !payment_is(v, "in-process");
}

bool rules_payment_failed(const struct view *v)
{
	return v->payment_uid && !v->paid &&
	       (payment_is(v, "rejected") || payment_is(v, "failed") || payment_is(v, "not-accepted") ||
		payment_is(v, "cancelled"));
}

bool rules_pays_at_door(const struct view *v)
{
	return !v->paid && v->total > 0 &&
	       (streq_ptr(v->payment_type, "cash") || streq_ptr(v->payment_type, "pos"));
}

static bool is_held(const struct view *v, uint64_t now)
{
	return streq(v->status, STATUS_SUBMITTING) && v->hold_until > now;
}

static bool is_near(const struct view *v, uint64_t now)
{
	/* NaN is no less than anything. A time that has passed says that it is late, not that it is near. */
	if (v->courier_metres <= RULES_NEAR_METRES && v->confirmed + RULES_NEAR_FRESH_USEC >= now)
		return true;
	return v->expected > 0 && now + RULES_NEAR_USEC >= v->expected && now < v->expected + RULES_GRACE_USEC;
}

bool rules_wants_courier(const struct view *v, const struct told *told)
{
	return told && !told->ready && streq(v->status, STATUS_IN_DELIVERY) && rules_pays_at_door(v);
}

static int64_t moved_by(uint64_t from, uint64_t to)
{
	return to >= from ? (int64_t)(to - from) : -(int64_t)(from - to);
}

static bool beyond(int64_t moved, uint64_t limit)
{
	return (uint64_t)(moved < 0 ? -moved : moved) > limit;
}

/* True when the service itself has spoken since the expected time passed. What was last heard before a suspended
 * night says nothing about whether the order came. */
static bool is_late(const struct view *v, uint64_t now)
{
	return v->expected > 0 && now >= v->expected + RULES_GRACE_USEC &&
	       v->confirmed >= v->expected + RULES_GRACE_USEC;
}

static bool late_was_told(const struct view *v, const struct told *told)
{
	return told->late_for > 0 && v->expected <= told->late_for + RULES_MOVE_USEC;
}

/* What became of a payment, and until when the order waits for one: each is said once. */
static void judge_payment(const struct view *v, const struct told *told, struct verdict *ret)
{
	bool baseline = !told && ret->news == NEWS_REMEMBER;

	if (rules_payment_failed(v) && !(told && streq_ptr(told->unpaid, v->payment_uid))) {
		ret->unpaid = v->payment_uid;
		if (!baseline && streq(v->status, STATUS_AWAITING_PAYMENT))
			ret->news = NEWS_UNPAID;
	}
	if (ret->pay_until || v->pay_until == 0 || !rules_can_pay(v))
		return;
	/* It may not have been known yet when it was said that the order waits. */
	ret->pay_until = true;
	if (!baseline && (ret->news == NEWS_NONE || ret->news == NEWS_REMEMBER))
		ret->news = NEWS_STAGE;
}

/* Said once; where there is something to say anyway it is said with it. */
static void judge_ready(const struct view *v, const struct told *told, uint64_t now, struct verdict *ret)
{
	if (!rules_wants_courier(v, told) || !is_near(v, now))
		return;
	ret->ready = true;
	if (ret->news != NEWS_STAGE)
		ret->news = NEWS_READY;
}

/* An order not told of before: news when an event brought it and it is not history. */
static void judge_new(const struct view *v, bool fresh, uint64_t now, struct verdict *ret)
{
	bool ended = rules_ended(v->status);
	uint64_t when = v->ended ?: v->changed;

	ret->expected = ended ? 0 : v->expected;
	if (ended)
		ret->news = fresh && when + RULES_HISTORY_USEC >= now ? NEWS_STAGE : NEWS_NONE;
	else if (fresh && is_held(v, now)) {
		ret->news = NEWS_HELD;
		ret->held = true;
	} else if (!fresh || streq(v->status, STATUS_SUBMITTING))
		ret->news = NEWS_REMEMBER;
	else
		ret->news = NEWS_STAGE;
	if (!ended && is_late(v, now))
		ret->late_for = v->expected;
}

static void judge_stage(const struct view *v, const struct told *told, uint64_t now, struct verdict *ret)
{
	int64_t moved;

	ret->news = streq(v->status, STATUS_SUBMITTING) ? NEWS_REMEMBER : NEWS_STAGE;
	if (is_held(v, now) && !told->held) {
		ret->news = NEWS_HELD;
		ret->held = true;
	}
	if (rules_ended(v->status) || v->expected == 0)
		return;
	moved = told->expected ? moved_by(told->expected, v->expected) : 0;
	if (beyond(moved, RULES_MOVE_USEC))
		ret->moved_usec = moved;
	ret->expected = v->expected;
	if (is_late(v, now))
		ret->late_for = v->expected;
}

static void judge_time(const struct view *v, const struct told *told, uint64_t now, struct verdict *ret)
{
	int64_t moved;

	if (rules_ended(v->status) || v->expected == 0)
		return;
	moved = told->expected ? moved_by(told->expected, v->expected) : 0;
	if (told->expected == 0) {
		ret->news = NEWS_REMEMBER;
		ret->expected = v->expected;
	} else if (beyond(moved, RULES_MOVE_USEC)) {
		ret->news = NEWS_MOVED;
		ret->expected = v->expected;
		ret->moved_usec = moved;
	}
	/* Moved to a time that is over as well: that it is late is the news. */
	if (is_late(v, now) && !late_was_told(v, told)) {
		ret->news = NEWS_LATE;
		ret->late_for = v->expected;
		ret->moved_usec = 0;
	}
}

void rules_judge(const struct view *v, const struct told *told, bool fresh, uint64_t now, struct verdict *ret)
{
	*ret = (struct verdict){ .news = NEWS_NONE, .stage = stage_of(v) };

	if (!told) {
		judge_new(v, fresh, now, ret);
		if (ret->news != NEWS_NONE)
			judge_payment(v, NULL, ret);
		return;
	}
	ret->expected = told->expected;
	ret->late_for = told->late_for;
	ret->unpaid = told->unpaid;
	ret->held = told->held;
	ret->pay_until = told->pay_until;
	ret->ready = told->ready;
	if (!streq(told->stage, ret->stage))
		judge_stage(v, told, now, ret);
	else
		judge_time(v, told, now, ret);
	judge_payment(v, told, ret);
	judge_ready(v, told, now, ret);
}

uint64_t rules_next_look(const struct view *v, const struct told *told, uint64_t now)
{
	uint64_t near;

	if (!told || rules_ended(v->status) || v->expected == 0)
		return 0;
	near = v->expected > RULES_NEAR_USEC ? v->expected - RULES_NEAR_USEC : 0;
	if (rules_wants_courier(v, told) && near > now)
		return near;
	return late_was_told(v, told) ? 0 : v->expected + RULES_GRACE_USEC;
}

static bool within(const struct quiet *q, int minute)
{
	return q->from < q->to ? minute >= q->from && minute < q->to : minute >= q->from || minute < q->to;
}

bool rules_quiet(const struct quiet *q, uint64_t now, uint64_t *ret_end)
{
	time_t t = (time_t)(now / USEC_PER_SEC);
	struct tm tm;
	int minute;

	if (q->from < 0 || !localtime_r(&t, &tm))
		return false;
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (!within(q, minute))
		return false;
	if (minute >= q->to)
		tm.tm_mday++;
	tm.tm_hour = q->to / 60;
	tm.tm_min = q->to % 60;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	/* Never in the past, whatever the clocks were changed by. */
	*ret_end = (uint64_t)t * USEC_PER_SEC;
	if (t < 0 || *ret_end <= now)
		*ret_end = now + USEC_PER_MIN;
	return true;
}

void rules_hush(const struct view *v, struct verdict *verdict)
{
	if (verdict->news != NEWS_NONE)
		verdict->news = rules_ended(v->status) ? NEWS_LATER : NEWS_REMEMBER;
}
