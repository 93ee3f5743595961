/* The words of the bubbles. Plain text: whoever shows it escapes it where the notification server reads markup. */
#pragma once

#include "notifier/rules.h"

struct text {
	char *title, *body;
};

void text_done(struct text *t);
#define _cleanup_text_ _cleanup_(text_done)

/* The bubble that follows from the verdict (any but NEWS_NONE, NEWS_REMEMBER, NEWS_LATER); 0 or -ENOMEM. Times are
 * said in local time, relative to `now`. */
int text_for_order(const struct view *v, const struct verdict *verdict, uint64_t now, struct text *ret);
/* The question before an order is cancelled. */
int text_for_question(const struct view *v, struct text *ret);
int text_for_rating(const struct view *v, unsigned stars, struct text *ret);
/* What became of something the person did with a button; `doing` as in "Cancelling". */
int text_for_failure(const struct view *v, const char *doing, const char *reason, struct text *ret);

/* "at 19:40", "tomorrow at 12:00", "on Mon 23 Nov at 12:00". */
#define TEXT_WHEN_SIZE 48
const char *text_when(char buf[static TEXT_WHEN_SIZE], uint64_t usec, uint64_t now);
/* "15 min", "1 h 5 min"; rounded to whole minutes, at least 1. */
#define TEXT_SPAN_SIZE 32
const char *text_span(char buf[static TEXT_SPAN_SIZE], int64_t usec);
