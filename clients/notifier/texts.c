/* The words of the bubbles. What is said, and when, is decided in rules.c. */
#include "notifier/texts.h"

#include <stdio.h>
#include <time.h>

#include "base/records.h"

void text_done(struct text *t)
{
	free(t->title);
	free(t->body);
	*t = (struct text){};
}

static bool local_day(uint64_t usec, struct tm *ret)
{
	time_t t = (time_t)(usec / USEC_PER_SEC);

	return localtime_r(&t, ret);
}

/* 0 = the same day, 1 = b is the day after a, -1 = b is the day before a, else 2. */
static int days_apart(const struct tm *a, const struct tm *b)
{
	struct tm next = *a, before = *a;

	if (a->tm_year == b->tm_year && a->tm_yday == b->tm_yday)
		return 0;
	/* Noon: no change of the clocks makes it another day. */
	next.tm_hour = before.tm_hour = 12;
	next.tm_isdst = before.tm_isdst = -1;
	next.tm_mday++;
	before.tm_mday--;
	(void)mktime(&next);
	(void)mktime(&before);
	if (next.tm_year == b->tm_year && next.tm_yday == b->tm_yday)
		return 1;
	if (before.tm_year == b->tm_year && before.tm_yday == b->tm_yday)
		return -1;
	return 2;
}

static const char *clock_time(char buf[static 8], uint64_t usec)
{
	struct tm tm;

	buf[0] = '\0';
	if (local_day(usec, &tm))
		(void)strftime(buf, 8, "%H:%M", &tm);
	return buf;
}

/* "", "tomorrow", "yesterday", "on Mon 23 Nov". */
static const char *day_name(char buf[static 24], uint64_t usec, uint64_t now)
{
	struct tm tm, today;

	buf[0] = '\0';
	if (!local_day(usec, &tm) || !local_day(now, &today))
		return buf;
	switch (days_apart(&today, &tm)) {
	case 0:
		return buf;
	case 1:
		return strcpy(buf, "tomorrow");
	case -1:
		return strcpy(buf, "yesterday");
	default:
		(void)strftime(buf, 24, "on %a %e %b", &tm);
		return buf;
	}
}

const char *text_when(char buf[static TEXT_WHEN_SIZE], uint64_t usec, uint64_t now)
{
	char day[24], hour[8];

	day_name(day, usec, now);
	(void)snprintf(buf, TEXT_WHEN_SIZE, "%s%sat %s", day, *day ? " " : "", clock_time(hour, usec));
	return buf;
}

const char *text_span(char buf[static TEXT_SPAN_SIZE], int64_t usec)
{
	uint64_t minutes = ((uint64_t)(usec < 0 ? -usec : usec) + USEC_PER_MIN / 2) / USEC_PER_MIN;

	if (minutes == 0)
		minutes = 1;
	if (minutes < 60)
		(void)snprintf(buf, TEXT_SPAN_SIZE, "%u min", (unsigned)minutes);
	else if (minutes % 60 == 0)
		(void)snprintf(buf, TEXT_SPAN_SIZE, "%llu h", (unsigned long long)minutes / 60);
	else
		(void)snprintf(buf, TEXT_SPAN_SIZE, "%llu h %u min", (unsigned long long)minutes / 60,
			       (unsigned)(minutes % 60));
	return buf;
}

/* "Order 1042", or "Your order" while it has no number. */
static char *order_name(const struct view *v)
{
	return isempty(v->number) ? strdup("Your order") : strprintf("Order %s", v->number);
}

struct stage_words {
	const char *status, *words;
};

/* They follow "Order 1042". */
static const struct stage_words stage_words[] = {
	{ STATUS_SUBMITTING, "is being sent" },
	{ STATUS_UNKNOWN, "is being checked" },
	{ STATUS_REQUESTED, "was received" },
	{ STATUS_AWAITING_PAYMENT, "waits for payment" },
	{ STATUS_PROCESSING, "is being processed" },
	{ STATUS_COOKING, "is in the kitchen" },
	{ STATUS_READY, "is ready to go" },
	{ STATUS_IN_DELIVERY, "is on its way" },
	{ STATUS_DELIVERED, "was delivered" },
	{ STATUS_CANCELLED, "was cancelled" },
	{ STATUS_REJECTED, "was not made" },
};

static char *words_of_stage(const char *stage)
{
	char *words;

	for (size_t i = 0; i < ELEMENTSOF(stage_words); i++)
		if (streq(stage_words[i].status, stage))
			return strdup(stage_words[i].words);
	/* A status that the service invented after this was written: "out-for-tea" reads "is now: out for tea". */
	words = strprintf("is now: %s", stage);
	for (char *p = words; p && *p; p++)
		if (*p == '-')
			*p = ' ';
	return words;
}

/* Adds a line to *body. Takes the line; NULL is want of memory. */
static int add_line(char **body, char *taken)
{
	_cleanup_free_ char *line = taken;
	char *joined;

	if (!line)
		return -ENOMEM;
	if (isempty(line))
		return 0;
	joined = isempty(*body) ? TAKE_PTR(line) : strprintf("%s\n%s", *body, line);
	if (!joined)
		return -ENOMEM;
	free(*body);
	*body = joined;
	return 0;
}

/* "Order 1042 is on its way" */
static char *order_line(const struct view *v, const char *words)
{
	_cleanup_free_ char *name = order_name(v);

	return name ? strprintf("%s %s", name, words) : NULL;
}

/* Where a stage is the title, the first line is the time; where the time is the title, it is the stage. */
static char *line_stage(const struct view *v, const struct verdict *verdict)
{
	_cleanup_free_ char *words = words_of_stage(verdict->stage);

	if (!words)
		return NULL;
	if (verdict->news == NEWS_STAGE)
		return strdup("");
	return verdict->news == NEWS_READY ? order_line(v, words) : strprintf("It %s", words);
}

static uint64_t expected_at(const struct view *v)
{
	return v->estimated ? v->estimated : v->expected;
}

static char *line_expected(const struct view *v, const struct verdict *verdict, uint64_t now)
{
	char when[TEXT_WHEN_SIZE], span[TEXT_SPAN_SIZE], from[8], to[8];

	if (v->expected == 0 || verdict->news == NEWS_MOVED)
		return strdup("");
	text_when(when, v->expected, now);
	if (verdict->late_for == v->expected)
		return strprintf("It was expected %s", when);
	if (verdict->moved_usec != 0)
		return strprintf("Now expected %s, %s %s", when, text_span(span, verdict->moved_usec),
				 verdict->moved_usec > 0 ? "later" : "earlier");
	text_when(when, expected_at(v), now);
	clock_time(from, v->earliest);
	clock_time(to, v->latest);
	if (!v->earliest || v->latest <= now || streq(from, to))
		return strprintf("Expected %s", when);
	return strprintf("Expected %s (%s–%s)", when, from, to);
}

/* "By 19:55 nine times in ten; said 2 min ago". What the order has outlived is left out: that it is late says another
 * line. */
static char *line_bound(const struct view *v, const struct verdict *verdict, uint64_t now)
{
	bool known = v->bound > now && v->bound >= expected_at(v);
	bool said = v->estimated && v->asked && now >= v->asked + USEC_PER_MIN && verdict->news != NEWS_MOVED && verdict->late_for != v->expected &&
		    verdict->moved_usec == 0;
	char at[8], span[TEXT_SPAN_SIZE];

	if (v->expected == 0)
		return strdup("");
	clock_time(at, v->bound);
	text_span(span, (int64_t)(now - v->asked));
	if (known && said)
		return strprintf("By %s nine times in ten; said %s ago", at, span);
	if (known)
		return strprintf("By %s nine times in ten", at);
	return said ? strprintf("Said %s ago", span) : strdup("");
}

static char *line_payment(const struct view *v, const struct verdict *verdict)
{
	bool cash = streq_ptr(v->payment_type, "cash");
	char amount[MONEY_HUMAN_SIZE];

	if (!rules_pays_at_door(v) || verdict->news == NEWS_READY)
		return strdup("");
	money_format_human(amount, v->total, v->currency);
	if (verdict->ready && streq(v->status, STATUS_IN_DELIVERY))
		return strprintf(cash ? "Have %s in cash ready" : "Have your card ready for %s", amount);
	return strprintf("%s %s", amount, cash ? "in cash at the door" : "by card at the door");
}

static char *line_courier(const struct view *v)
{
	if (isempty(v->courier) || !streq(v->status, STATUS_IN_DELIVERY))
		return strdup("");
	return strprintf("%s is bringing it", v->courier);
}

/* "Insufficient funds. Nothing was charged." The service gives its reasons as words or as a code. */
static char *line_unpaid(const struct view *v)
{
	static const char *const said[] = { "declined", "cancelled", "expired" }; /* by the title */
	_cleanup_free_ char *reason = strdup(strempty(v->payment_reason));
	size_t n;

	if (!reason)
		return NULL;
	for (size_t i = 0; i < ELEMENTSOF(said); i++)
		if (streq(reason, said[i]))
			*reason = '\0';
	for (char *p = reason; *p; p++)
		if (*p == '-' && p[1] != ' ')
			*p = ' ';
	if (*reason >= 'a' && *reason <= 'z')
		*reason = (char)(*reason - 'a' + 'A');
	n = strlen(reason);
	if (n > 0 && reason[n - 1] == '.')
		reason[n - 1] = '\0';
	return strprintf("%s%sNothing was charged.", reason, *reason ? ". " : "");
}

/* What to do, and until when. */
static char *line_pay(const struct view *v, const struct verdict *verdict, uint64_t now)
{
	char amount[MONEY_HUMAN_SIZE], when[TEXT_WHEN_SIZE] = "";
	const char *at = "";

	if (!rules_can_pay(v))
		return strdup(v->paid ? "" : "The payment is being carried out");
	if (v->pay_until > 0)
		at = text_when(when, v->pay_until, now);
	/* "until 19:45", "until tomorrow at 00:05" */
	at = startswith(at, "at ") ?: at;
	if (verdict->news == NEWS_UNPAID)
		return strprintf("Try again or pay in another way%s%s", *at ? " until " : "", at);
	money_format_human(amount, v->total, v->currency);
	return *at ? strprintf("Pay %s until %s, or it is cancelled", amount, at)
		   : strprintf("Pay %s soon, or it is cancelled", amount);
}

static int body_awaiting(const struct view *v, const struct verdict *verdict, uint64_t now, char **body)
{
	int r;

	if (verdict->news == NEWS_UNPAID) {
		r = add_line(body, line_unpaid(v));
		if (r < 0)
			return r;
	}
	r = add_line(body, line_pay(v, verdict, now));
	if (r < 0)
		return r;
	return add_line(body, strdup(strempty(v->items)));
}

static int body_held(const struct view *v, char **body)
{
	int r;

	r = add_line(body, strdup(strempty(v->items)));
	if (r < 0 || !v->cancellable)
		return r;
	return add_line(body, strdup("Until then it can be cancelled at once"));
}

static int body_pending(const struct view *v, const struct verdict *verdict, uint64_t now, char **body)
{
	int r;

	if (streq(v->status, STATUS_UNKNOWN))
		return add_line(body, strdup("The service has not answered yet. Please do not order again: "
					     "it is being found out whether the order was made."));
	if (streq(v->status, STATUS_AWAITING_PAYMENT))
		return body_awaiting(v, verdict, now, body);
	if (verdict->news == NEWS_HELD)
		return body_held(v, body);
	r = add_line(body, line_expected(v, verdict, now));
	if (r < 0)
		return r;
	r = add_line(body, line_bound(v, verdict, now));
	if (r < 0)
		return r;
	r = add_line(body, line_stage(v, verdict));
	if (r < 0)
		return r;
	r = add_line(body, line_courier(v));
	if (r < 0)
		return r;
	r = add_line(body, strdup(strempty(v->items)));
	if (r < 0)
		return r;
	return add_line(body, line_payment(v, verdict));
}

/* "Order 1042 · yesterday", then what was in it. */
static int body_delivered(const struct view *v, uint64_t now, char **body)
{
	_cleanup_free_ char *name = order_name(v);
	char day[24] = "";
	int r;

	if (!name)
		return -ENOMEM;
	if (v->ended)
		day_name(day, v->ended, now);
	r = add_line(body, strprintf("%s%s%s", name, *day ? " · " : "", day));
	if (r < 0)
		return r;
	r = add_line(body, strdup(strempty(v->items)));
	if (r < 0 || !rules_can_rate(v))
		return r;
	return add_line(body, strdup("How was it?"));
}

/* The order was to be paid in advance, and was not. */
static bool is_uncharged(const struct view *v)
{
	return streq(v->status, STATUS_CANCELLED) && !v->paid &&
	       (streq_ptr(v->payment_type, "card") || streq_ptr(v->payment_type, "qr")) &&
	       !streq_ptr(v->payment_status, "in-process");
}

static int body_failed(const struct view *v, char **body)
{
	const char *reason = v->failure_reason;

	if (is_uncharged(v))
		return add_line(body, strdup(streq_ptr(v->payment_status, "not-accepted")
						     ? "It was not paid in time. Nothing was charged.\n"
						       "Order again if you still want it."
						     : "Nothing was charged."));
	if (isempty(reason) && streq(v->status, STATUS_REJECTED))
		reason = "Nothing was ordered.";
	return add_line(body, strdup(strempty(reason)));
}

static char *title_unpaid(const struct view *v)
{
	static const struct stage_words words[] = {
		{ "rejected", "was declined" },
		{ "failed", "did not go through" },
		{ "cancelled", "was cancelled" },
		{ "not-accepted", "was not accepted" },
	};
	const char *how = streq_ptr(v->payment_reason, "expired") ? "ran out of time" : "failed";

	for (size_t i = 0; i < ELEMENTSOF(words) && streq(how, "failed"); i++)
		if (streq_ptr(v->payment_status, words[i].status))
			how = words[i].words;
	return isempty(v->number) ? strprintf("Your payment %s", how)
				  : strprintf("The payment of order %s %s", v->number, how);
}

static char *title_ready(const struct view *v)
{
	char amount[MONEY_HUMAN_SIZE];

	money_format_human(amount, v->total, v->currency);
	return streq_ptr(v->payment_type, "cash") ? strprintf("Have %s ready", amount)
						  : strprintf("Have your card ready for %s", amount);
}

static char *title_of(const struct view *v, const struct verdict *verdict, uint64_t now)
{
	_cleanup_free_ char *name = order_name(v), *words = words_of_stage(verdict->stage);
	char day[24], hour[8], span[TEXT_SPAN_SIZE], when[TEXT_WHEN_SIZE];

	if (!name || !words)
		return NULL;
	if (verdict->news == NEWS_HELD)
		return strprintf("%s will be sent %s", name, text_when(when, v->hold_until, now));
	if (verdict->news == NEWS_UNPAID)
		return title_unpaid(v);
	if (verdict->news == NEWS_READY)
		return title_ready(v);
	if (verdict->news == NEWS_MOVED) {
		day_name(day, v->expected, now);
		return strprintf("%s: now %s%s%s, %s %s", name, day, *day ? " " : "",
				 clock_time(hour, v->expected), text_span(span, verdict->moved_usec),
				 verdict->moved_usec > 0 ? "later" : "earlier");
	}
	if (verdict->news == NEWS_LATE)
		return strprintf("%s is running late", name);
	if (streq(verdict->stage, STATUS_DELIVERED) && v->ended)
		return strprintf("Delivered at %s", clock_time(hour, v->ended));
	return strprintf("%s %s", name, words);
}

int text_for_order(const struct view *v, const struct verdict *verdict, uint64_t now, struct text *ret)
{
	_cleanup_text_ struct text t = {};
	int r;

	t.title = title_of(v, verdict, now);
	t.body = strdup("");
	if (!t.title || !t.body)
		return -ENOMEM;
	if (!rules_ended(v->status))
		r = body_pending(v, verdict, now, &t.body);
	else if (streq(verdict->stage, STATUS_DELIVERED))
		r = body_delivered(v, now, &t.body);
	else
		r = body_failed(v, &t.body);
	if (r < 0)
		return r;
	ret->title = TAKE_PTR(t.title);
	ret->body = TAKE_PTR(t.body);
	return 0;
}

/* Takes title and body, of which either may be NULL for want of memory. */
static int text_take(char *title, char *body, struct text *ret)
{
	_cleanup_text_ struct text t = { .title = title, .body = body };

	if (!title || !body)
		return -ENOMEM;
	ret->title = TAKE_PTR(t.title);
	ret->body = TAKE_PTR(t.body);
	return 0;
}

int text_for_question(const struct view *v, struct text *ret)
{
	_cleanup_free_ char *what = isempty(v->number) ? strdup("this order") : strprintf("order %s", v->number);
	char amount[MONEY_HUMAN_SIZE];

	if (!what)
		return -ENOMEM;
	return text_take(strprintf("Cancel %s?", what),
			 strprintf("%s%s%s", strempty(v->items), isempty(v->items) ? "" : "\n",
				   money_format_human(amount, v->total, v->currency)),
			 ret);
}

int text_for_rating(const struct view *v, unsigned stars, struct text *ret)
{
	_cleanup_free_ char *name = order_name(v), *row = strdup("");

	for (unsigned i = 0; row && i < 5; i++) {
		char *longer = strprintf("%s%s", row, i < stars ? "★" : "☆");

		free(row);
		row = longer;
	}
	if (!name || !row)
		return -ENOMEM;
	return text_take(strdup("Thank you for the rating"), strprintf("%s  %s", row, name), ret);
}

int text_for_failure(const struct view *v, const char *doing, const char *reason, struct text *ret)
{
	return text_take(isempty(v->number) ? strprintf("%s your order", doing)
					    : strprintf("%s order %s", doing, v->number),
			 strdup(reason), ret);
}
