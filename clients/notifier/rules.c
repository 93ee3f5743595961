/* The rules of the notifier: which change of an order is worth a bubble. Words are in texts.c. */
#include "notifier/rules.h"

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
	*v = (struct view){};
}

void told_done(struct told *t)
{
	free(t->stage);
	*t = (struct told){};
}

const char *news_to_string(enum news news)
{
	static const char *const names[] = {
		[NEWS_NONE] = "nothing to say", [NEWS_REMEMBER] = "remembered", [NEWS_STAGE] = "a new stage",
		[NEWS_MOVED] = "another time",  [NEWS_LATE] = "late",
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

/* An order not told of before: news when an event brought it and it is not history. */
static void judge_new(const struct view *v, bool fresh, uint64_t now, struct verdict *ret)
{
	bool ended = rules_ended(v->status);
	uint64_t when = v->ended ?: v->changed;

	ret->expected = ended ? 0 : v->expected;
	if (ended)
		ret->news = fresh && when + RULES_HISTORY_USEC >= now ? NEWS_STAGE : NEWS_NONE;
	else if (!fresh || streq(v->status, STATUS_SUBMITTING))
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
		return;
	}
	ret->expected = told->expected;
	ret->late_for = told->late_for;
	if (!streq(told->stage, ret->stage))
		judge_stage(v, told, now, ret);
	else
		judge_time(v, told, now, ret);
}

uint64_t rules_next_look(const struct view *v, const struct told *told)
{
	if (!told || rules_ended(v->status) || v->expected == 0 || late_was_told(v, told))
		return 0;
	return v->expected + RULES_GRACE_USEC;
}
