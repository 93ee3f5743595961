/* <user uid>.db: one user's orders, notifications and events of one service. A cache: may be deleted; what stands
 * only here (events, which notifications were signalled) is not worth more than that. */
#pragma once

#include "base/records.h"
#include "store/store.h"

struct userdb;

int userdb_open(const char *folder, const char *user, struct userdb **ret, char **ret_set_aside);
void userdb_close(struct userdb *u);
DEFINE_CLEANUP(struct userdb *, userdb_close);
/* Unlinks a user's file with its -wal and -shm, and those of it that were set aside as damaged. */
int userdb_forget(const char *folder, const char *user);
/* Whether it is still there and sound: see store_check(). */
int userdb_check(struct userdb *u);
const char *userdb_error(struct userdb *u);
int userdb_begin(struct userdb *u);
int userdb_commit(struct userdb *u);
void userdb_rollback(struct userdb *u);

/* Where a state of an order comes from: with equal dates an answer to an own request, or of sync, wins over what is
 * stored; a push does not. An older state never overwrites a newer; a local one (submitting, rejected, unknown, or
 * cancelled before it was sent) is overwritten by any state of the service. */
enum order_source { ORDER_FROM_SYNC, ORDER_FROM_ANSWER, ORDER_FROM_PUSH, ORDER_LOCAL };

struct order_before {
	bool existed;
	char *status;
	uint64_t end_expected;
};
void order_before_done(struct order_before *b);

/* `body` is the service's JSON of the order (ORDER_LOCAL: the JSON that core made of it, same form), kept as it is.
 * `confirmed` is when the service said so (µs). Returns 1 when it was stored and differs from what stood there, 0
 * when it says nothing new (then `confirmed` alone is noted; the same JSON with its keys in another order is nothing
 * new) or is older (a local state is always older than one of the service). *ret_before is what stood there before;
 * NULL: not wanted. Each call is its own transaction unless one is open; a page belongs into one. */
int userdb_order_put(struct userdb *u, const struct order *o, const char *body, enum order_source source,
		     uint64_t confirmed, struct order_before *ret_before);
int userdb_order_delete(struct userdb *u, const char *uid);
/* The stored body and whether it is a local one; caller frees. -ENOENT. */
int userdb_order_get(struct userdb *u, const char *uid, char **ret_body, uint64_t *ret_confirmed, bool *ret_local);

/* Columns of a list; borrowed. */
struct order_row {
	const char *uid, *number, *status, *payment_type, *currency;
	int64_t total;
	uint64_t created, changed;
	bool cancellable;
};
struct order_filter {
	char *const *statuses;   /* NULL: any */
	bool has_pending, pending;
	uint64_t since, until;   /* created in [since, until); 0: open */
	const char *text;        /* in number, products, address, comment; case ignored; NULL: any */
};
/* Newest first. filter NULL: all. limit (not 0) is exact; *ret_next "" at the end, caller frees; NULL pointer: not
 * wanted. A cursor that is not one of ours: -EINVAL; NULL or "" is the start. While orders come in, pages still show
 * every order that was there before exactly once. A row function that returns other than 0 ends the walk with that;
 * this holds for all of them. */
int userdb_order_each(struct userdb *u, const struct order_filter *filter, unsigned limit, const char *cursor,
		      int (*row)(const struct order_row *r, void *userdata), void *userdata, char **ret_next);
/* Whether the filter's text stands in one order: 1, 0. */
int userdb_order_has_text(struct userdb *u, const char *uid, const char *text);
/* A uid, a number, a unique beginning of either (case ignored in all), or "last" (the newest). -ENOENT; -ENOTUNIQ
 * when several fit. */
int userdb_order_find(struct userdb *u, const char *id, char **ret_uid);
int userdb_order_count_pending(struct userdb *u, uint32_t *ret);

/* What dashboards count of an order; borrowed. */
struct order_facts {
	int64_t id;                   /* of this file only */
	const char *uid;              /* of userdb_facts_each_newest() only */
	uint64_t created;             /* 0: not known */
	uint64_t promised, delivered; /* µs; 0: not known */
	const char *status, *currency;
	bool local;
	int64_t total, cost;          /* cost: of the products, without fees */
	uint64_t items;               /* each quantity counted */
	int64_t place;                /* see userdb_place_text(); 0: none */
	const void *lines;            /* see order_facts_line() */
	size_t lines_size;
};
struct fact_line {
	uint64_t product;
	uint32_t quantity;
	int64_t unit_price;
};
/* Takes the next line off; false at the end. */
bool order_facts_line(const void **lines, size_t *left, struct fact_line *ret);
/* By id, from the one after `after` on (0: the first). The number of rows walked, so fewer than limit at the end; what a
 * row function returns below 0 ends the walk with it. */
int userdb_facts_each(struct userdb *u, int64_t after, unsigned limit,
		      int (*row)(const struct order_facts *f, void *userdata), void *userdata);
/* Newest first, with uids: those after (created, uid), ("" is before every uid) and not before `since`. */
int userdb_facts_each_newest(struct userdb *u, uint64_t since, uint64_t created, const char *uid, unsigned limit,
			     int (*row)(const struct order_facts *f, void *userdata), void *userdata);
/* Changes with every change of an order, and is another one in another file: what was counted at the same generation
 * still holds. */
uint64_t userdb_generation(struct userdb *u);
uint64_t userdb_opening(struct userdb *u); /* another number for each opening of a file: ids of before mean nothing */
/* Creation of the first and the last order of any kind; 0: there is none. */
int userdb_order_span(struct userdb *u, uint64_t *ret_first, uint64_t *ret_last);
int userdb_place_text(struct userdb *u, int64_t place, char **ret); /* -ENOENT; caller frees */
int userdb_place_find(struct userdb *u, const char *text, int64_t *ret); /* -ENOENT */
int userdb_order_body(struct userdb *u, int64_t id, char **ret); /* -ENOENT; caller frees */
/* In a file that an older version wrote the facts are made from the bodies, `limit` of them per call: 1 while there are
 * more, 0 when all are there. decode makes an order of a stored body. */
int userdb_facts_fill(struct userdb *u, unsigned limit, int (*decode)(const char *body, struct order **ret));

/* Returns 1 when the notification was not there before; a later read flag is taken over. */
int userdb_notification_put(struct userdb *u, const struct notification *n);
int userdb_notification_each(struct userdb *u, bool unread_only, unsigned limit, const char *cursor,
			     int (*row)(const struct notification *n, void *userdata), void *userdata,
			     char **ret_next);
/* Returns 1 when it was unread, 0 when it was read already, -ENOENT. */
int userdb_notification_mark_read(struct userdb *u, const char *uid);
int userdb_notification_count_unread(struct userdb *u, uint32_t *ret);

/* The list of videos, replaced as a whole; read in the order in which it was put. */
int userdb_videos_put(struct userdb *u, const struct video *all, size_t n);
int userdb_video_each(struct userdb *u, int (*row)(const struct video *v, void *userdata), void *userdata);
/* Frees and replaces both; NULL where there is none. -ENOENT. */
int userdb_video_get(struct userdb *u, const char *uid, char **ret_file, char **ret_web);

/* Events: details is a JSON object whose members core knows how to type (NULL: "{}"). The newest 10 000 are kept. A
 * number that is there already: -EEXIST. */
#define USERDB_EVENTS_KEPT 10000
/* To be called once after opening, with the number that the next event will get: in a file that is new (the cache
 * was deleted) all before it count as lost; after a loss of state.db, events with that number and above are dropped,
 * for they are of the lost counting. Without it a new file knows no loss before its first event. */
int userdb_events_start(struct userdb *u, uint64_t next);
int userdb_event_add(struct userdb *u, uint64_t seq, const char *kind, const char *uid, const char *details);
/* With seq greater than `after`, oldest first. *ret_lost: some after `after` are no longer kept. */
int userdb_event_each(struct userdb *u, uint64_t after, unsigned limit,
		      int (*row)(uint64_t seq, const char *kind, const char *uid, const char *details,
				 void *userdata),
		      void *userdata, bool *ret_lost);

/* What the predictive backend last said: its JSON, when it was asked (wall µs), and what about (a time, by the kind).
 * kind and subject as core has them. */
int userdb_prediction_put(struct userdb *u, const char *kind, const char *subject, uint64_t asked, uint64_t about,
			  const char *body);
int userdb_prediction_get(struct userdb *u, const char *kind, const char *subject, uint64_t *ret_asked,
			  uint64_t *ret_about, char **ret_body); /* -ENOENT; caller frees */
int userdb_prediction_forget(struct userdb *u, const char *kind, const char *subject);
/* When an order was first said to arrive, from when it was paid for or needed no payment (µs); -ENOENT. */
int userdb_promise_get(struct userdb *u, const char *uid, uint64_t *ret);
/* How much later than first promised (µs, negative: earlier) the newest delivered orders came, the newest first. */
int userdb_delays(struct userdb *u, int64_t *ret, size_t max, size_t *ret_n);

int userdb_meta_get(struct userdb *u, const char *key, char **ret); /* -ENOENT */
int userdb_meta_put(struct userdb *u, const char *key, const char *value); /* NULL removes */
