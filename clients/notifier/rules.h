/* What a person is told about an order, and when: a pure function of the order as it is, of what was told before
 * and of the clock. Knows no bus and no bubbles. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/money.h"
#include "base/util.h"

/* An expected time that moved by no more than this is not news. */
#define RULES_MOVE_USEC (5 * USEC_PER_MIN)
/* How long after the expected time an order is called late: push and polling need a moment to tell of a delivery. */
#define RULES_GRACE_USEC (1 * USEC_PER_MIN)
/* An order that was never told of here and ended longer ago than this is history. */
#define RULES_HISTORY_USEC (24 * 60 * USEC_PER_MIN)
/* The courier is near: docs/backend-api.md, "near". */
#define RULES_NEAR_METRES 500
#define RULES_NEAR_USEC (3 * USEC_PER_MIN)
/* A place of the courier that was confirmed longer ago than this says nothing. */
#define RULES_NEAR_FRESH_USEC (10 * USEC_PER_MIN)

/* An order as the daemon gives it; times in µs since the epoch, 0 = none; strings NULL when not known. */
struct view {
	char *uid, *number, *status, *payment_type, *failure_reason, *courier, *items;
	char currency[CURRENCY_SIZE];
	int64_t total;
	bool cancellable, paid;
	uint32_t rating;
	uint64_t expected;   /* when it should be delivered */
	/* What the predictive backend says of it (estimated 0: nothing), when, and by when nine of ten orders came. */
	uint64_t estimated, earliest, latest, asked, bound;
	uint64_t ended;      /* when it was */
	uint64_t changed;    /* last change at the service */
	uint64_t confirmed;  /* when the service last said that the order is so */
	uint64_t hold_until; /* when it will be sent */
	double courier_metres; /* from the courier to the person; NaN = not known */
	/* The newest payment. */
	char *payment_uid, *payment_status, *payment_reason;
	uint64_t pay_until; /* until then the order waits for it */
};

void view_done(struct view *v);
#define _cleanup_view_ _cleanup_(view_done)

/* What the person was told last. */
struct told {
	char *stage;       /* "" = nothing yet */
	uint64_t expected; /* the expected time last told, 0 = none */
	uint64_t late_for; /* the expected time of which it was told that it has passed, 0 = none */
	char *unpaid;      /* the payment of which it was told that it came to nothing, NULL = none */
	bool held;         /* that it will be sent later */
	bool pay_until;    /* until when it waits for a payment */
	bool ready;        /* to have the money ready */
};

void told_done(struct told *t);

enum news {
	NEWS_NONE,
	NEWS_REMEMBER, /* nothing to say, but `ret_next` is what counts as told from now on */
	NEWS_STAGE,
	NEWS_MOVED, /* the expected time moved */
	NEWS_LATE,  /* the expected time passed */
	NEWS_HELD,   /* it will be sent later */
	NEWS_UNPAID, /* a payment came to nothing, and the order waits for another one */
	NEWS_READY,  /* the courier is near: have the money ready */
	NEWS_LATER,  /* to be said when the quiet hours are over */
};

const char *news_to_string(enum news news);

struct verdict {
	enum news news;
	const char *stage; /* borrowed from the view, or static */
	uint64_t expected, late_for;
	int64_t moved_usec; /* of the expected time, since it was last told; 0 when that is not news */
	const char *unpaid; /* borrowed from the view or from what was told */
	bool held, pay_until, ready;
};

/* `told` NULL: the person was never told of this order. `fresh`: it was in an event, and not only found among the
 * pending orders (which is a baseline, and no news). */
void rules_judge(const struct view *v, const struct told *told, bool fresh, uint64_t now, struct verdict *ret);

/* When the order is to be looked at again without any event (the expected time will have passed, the courier will be
 * near), 0 = never. */
uint64_t rules_next_look(const struct view *v, const struct told *told, uint64_t now);

/* Whether the courier's place matters: the money is to be ready at the door, and that was not said yet. */
bool rules_wants_courier(const struct view *v, const struct told *told);

/* Minutes of the local day; from -1: none. */
struct quiet {
	int from, to;
};

/* True within the quiet hours; then *ret_end is when they are over. */
bool rules_quiet(const struct quiet *q, uint64_t now, uint64_t *ret_end);
/* What is left of a verdict in quiet hours: how an order ended is said later, all else only remembered. */
void rules_hush(const struct view *v, struct verdict *verdict);

/* delivered, finished, cancelled, rejected. */
bool rules_ended(const char *status);
/* It is to be paid now, and no payment is under way. */
bool rules_can_pay(const struct view *v);
/* The newest payment came to nothing. */
bool rules_payment_failed(const struct view *v);
/* Cash or card at the door, and not paid. */
bool rules_pays_at_door(const struct view *v);
/* Delivered, and not rated yet. */
bool rules_can_rate(const struct view *v);
