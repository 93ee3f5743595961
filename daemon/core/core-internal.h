/* What the files of core/ share: the one struct core, and the calls between its parts. */
#pragma once

#include <sys/queue.h>

#include "backend/customer.h"
#include "backend/file.h"
#include "backend/push.h"
#include "base/jsonutil.h"
#include "core/core.h"
#include "core/outbox-rules.h"
#include "core/schedule.h"
#include "core/token-store.h"
#include "net/signalr.h"
#include "store/state.h"

#define PAGE_SIZE_WANTED 500 /* of listings */
#define SLICE_ROWS 50        /* rows written before the loop goes on: a few ms */
#define CALL_BUDGET (15 * USEC_PER_SEC) /* for calls that somebody waits for */
#define SYNC_WAIT (20 * USEC_PER_SEC)

/* Something to do in the next turn of the loop; dropped when the core is freed. */
struct deferred {
	TAILQ_ENTRY(deferred) link;
	struct core *core;
	struct event *event;
	void (*run)(struct core *c, void *data);
	void (*free_data)(void *data);
	void *data;
};
TAILQ_HEAD(deferred_list, deferred);

/* First member of what waits for an answer of a service: freed with the core where the answer comes no more. */
struct open_call {
	TAILQ_ENTRY(open_call) link;
	struct core *core;
	void (*free_call)(void *call);
};
TAILQ_HEAD(open_call_list, open_call);

/* What is known of when a pending order comes (core/estimates.c). */
struct estimate {
	struct delivery_time said; /* delivery 0: nothing was */
	uint64_t asked, about;     /* wall µs; what the order's promise was then */
	uint64_t tried;            /* CLOCK_MONOTONIC µs of the last question; 0: none in this run */
	unsigned failed;           /* questions in a row without an answer */
	bool open, again;          /* being asked; the order changed meanwhile */
	uint64_t promised;         /* when the order was first said to come */
};

/* A pending order in memory: what its object on the bus shows. */
struct tracked {
	TAILQ_ENTRY(tracked) link;
	struct order_view view;
	struct estimate estimate;
	double first_distance; /* m, courier to destination at the first fix; 0 = none yet */
};
TAILQ_HEAD(tracked_list, tracked);

/* Somebody who waits for the outcome of an outbox row. */
struct waiter {
	TAILQ_ENTRY(waiter) link;
	struct event *timer;
	struct outbox_job *job;
	order_place_cb place_done; /* either */
	core_done_cb done;         /* or */
	void *userdata;
};
TAILQ_HEAD(waiter_list, waiter);

/* An open row of the outbox, in memory. */
struct outbox_job {
	TAILQ_ENTRY(outbox_job) link;
	struct core *core;
	struct outbox_row row;
	struct api_call *call;
	struct event *timer;
	struct backoff backoff;
	struct waiter_list waiters;
	bool ask;      /* the next step is to ask for the order's uid */
	bool asked;    /* the last step was */
	bool sent;     /* some try may have written a byte */
	bool own_clock; /* the deadline is a span from now, and the service's time was not known */
	char *refusal; /* to be confirmed by asking; NULL: none */
	enum cc_error refusal_error;
	struct secret *secret_body; /* a card's request, while this process has it */
};
TAILQ_HEAD(outbox_list, outbox_job);

struct sync_waiter {
	TAILQ_ENTRY(sync_waiter) link;
	struct core *core;
	struct event *timer;
	core_done_cb done;
	void *userdata;
};
TAILQ_HEAD(sync_waiter_list, sync_waiter);

/* The catalog, where it is wanted, comes before a history that may be long: a first menu is there at once. */
enum sync_step { SYNC_ACCOUNT, SYNC_SETTINGS, SYNC_CATEGORIES, SYNC_PRODUCTS, SYNC_ORDERS, SYNC_NOTIFICATIONS, SYNC_VIDEOS,
	SYNC_END };

struct sync {
	struct event *timer;
	uint64_t due;            /* CLOCK_MONOTONIC µs; USEC_INFINITY: none */
	uint64_t not_before;     /* likewise: a Retry-After, which nothing shortens; 0: none */
	bool running, again, full, want_full; /* full: the catalog too */
	bool account_known;
	bool want_videos;        /* they were to come, and did not */
	enum sync_step step;
	struct api_call *call;
	/* The page being written, slice by slice. */
	json_object *page;
	size_t page_at;
	struct event *slice;
	char *cursor, *etag;
	bool restarted;          /* invalid-cursor was answered once in this listing */
	bool changed;            /* something of the catalog did */
	struct failure failure;  /* the first of this run: what one service lacks does not keep the others' from coming */
	uint64_t retry_after;
	bool customer_gone;      /* the customer backend was not reached: its other steps are left out */
	unsigned empty_pages;
	struct backoff backoff;
	uint64_t catalog_done;   /* CLOCK_BOOTTIME µs of the last catalog sync; 0 = never in this run */
	struct sync_waiter_list waiters, next_waiters;
	uint64_t last;           /* wall µs of the last sync that ended well */
};

struct session {
	bool active;             /* there is a session, perhaps expired */
	struct session_row row;
	bool restored;           /* from state.db: to be renewed at start-up */
	struct api_call *renewal;
	struct event *timer;     /* when to renew */
	struct backoff backoff;
	/* One sign-up, sign-in or change of password at a time each is not needed: each call has its own context. */
	struct secret *local_code; /* of a sign-up that is compared here */
	struct sign_up_row sign_up; /* guid NULL: none */
	struct api_call *revocation;
	struct event *revocation_timer;
	struct backoff revocation_backoff;
};

struct core {
	struct event_base *base;
	struct config *config;
	char world[API_WORLD_SIZE];
	char *state_folder, *cache_folder;
	char *state_note, *cache_note; /* what was wrong with the databases; NULL: ok */
	struct http *http;
	struct api *api;
	struct state *state;
	struct catalog *catalog;
	struct userdb *user;
	const struct core_observer *observer;
	void *observer_data;
	bool started, stopping;
	struct deferred_list deferred;
	struct open_call_list open_calls;

	bool online, contact_known;
	bool clock_known;        /* the service was heard in this run */
	uint64_t service_time;   /* its latest Date, µs; 0: it tells no time, ours stands in */
	uint64_t service_time_at; /* CLOCK_BOOTTIME then: goes on in suspend, and nobody sets it */
	char *last_error;
	char *contact_error;     /* why the service was not reached when last spoken to; NULL: it was */

	struct session session;
	struct token_store tokens;
	struct sync sync;
	struct outbox_list outbox;
	struct tracked_list tracked;
	bool orders_baseline, notifications_baseline; /* what is stored counts as known */
	uint32_t unread;
	struct {
		unsigned open;   /* being asked for */
		bool learned;    /* the two that follow are of the history as it is */
		int64_t delay;   /* µs after its promise by which an order came, nine times in ten */
		uint32_t orders; /* learned from so many; 0: from too few */
	} estimates;

	struct signalr *push;
	struct event *mute_timer;
	bool muted;
	uint64_t muted_until;

	uint64_t seq, seq_reserved_end; /* the last used; the first not reserved */

	struct network *network;
	struct statistics *statistics; /* NULL until somebody asks */
	struct relay *relay;     /* of videos; NULL: none was opened yet */
};

/* core.c */
void open_call_begin(struct core *c, struct open_call *o, void (*free_call)(void *call));
void open_call_end(struct open_call *o); /* by the call's own free function */
int core_defer(struct core *c, void (*run)(struct core *c, void *data), void *data, void (*free_data)(void *));
void core_properties(struct core *c, unsigned properties);
uint64_t core_service_now(const struct core *c);
int core_set_error(struct core *c, const char *message);
void core_arm(struct event *timer, uint64_t usec); /* from now; USEC_INFINITY: disarm */

int core_open_cache(struct core *c);
/* Opens anew what was found damaged (it is set aside) or was deleted under us, and has it filled; else does nothing. */
int core_mend_cache(struct core *c);
void core_mend_catalog(struct core *c);
void core_close_cache(struct core *c);
int core_open_user(struct core *c);
void core_close_user(struct core *c);

/* events.c */
void event_emit(struct core *c, const char *kind, const char *uid, json_object *details); /* takes details */
int events_init(struct core *c);
/* A change of the user's cache and the event about it are stored together or not at all. Within a page of sync they
 * are part of its transaction. events_end() returns r, or why the commit failed. */
int events_begin(struct core *c, bool *ret_own);
int events_end(struct core *c, bool own, int r);

/* session.c */
int session_init(struct core *c);
void session_start(struct core *c);
void session_done(struct core *c);
bool session_active(const struct core *c); /* signed in, not expired */
int session_open(struct core *c, struct session_row *row); /* takes the row's contents */
void session_renew(struct core *c);
void session_expire(struct core *c); /* the service wants no more of the token */
void session_disown(struct core *c); /* the person does not: the service is yet to be told */
void session_resume(struct core *c); /* the token of a restored one is here */
void session_told(struct core *c);   /* its state is another one */
void session_network_changed(struct core *c);
int session_store(struct core *c);
const struct secret *session_hook_token(void *userdata);
void session_hook_renew(void *userdata);
void session_hook_rejected(void *userdata);
void session_account_known(struct core *c, const struct customer_account *a);

/* orders.c */
int orders_load(struct core *c);   /* the tracked ones, from the cache and the outbox */
void orders_unload(struct core *c);
/* Takes a state of the service in; returns its uid in *ret_uid when wanted (borrowed from o). */
int orders_apply(struct core *c, json_object *o, enum order_source source);
/* A row of the outbox as an order; `silent`: one that the cache does not have is not news. */
int orders_apply_local(struct core *c, const struct outbox_row *row, bool silent);
void orders_courier_moved(struct core *c, const struct courier_move *m);
uint32_t orders_count_pending(const struct core *c);
struct tracked *orders_find_tracked(struct core *c, const char *uid);
struct order_view *order_view_from_row(struct core *c, const struct outbox_row *row);

/* estimates.c */
/* With every change of a pending order, before it is told, and with its end. */
void estimate_follow(struct core *c, struct tracked *t, bool added);
/* Asks where that is due; news: the order changed. */
void estimate_refresh(struct core *c, struct tracked *t, bool news);
void estimates_refresh(struct core *c);
void estimates_after_sync(struct core *c);
void estimates_forget_learned(struct core *c); /* an order came: the history is another one */
/* What the service says of a pending order, asked for elsewhere. */
void estimate_said(struct core *c, const char *uid, const struct delivery_time *said, uint64_t about,
		   json_object *body);

/* outbox.c */
int outbox_load(struct core *c);
void outbox_unload(struct core *c);
struct outbox_job *outbox_find(struct core *c, const char *kind, const char *subject);
/* Makes the row durable, then sends it when it may be. Takes the row's contents on success. */
int outbox_add(struct core *c, struct outbox_row *row, struct outbox_job **ret);
void outbox_run(struct core *c); /* whatever may have become possible */
void outbox_end_waits(struct core *c);
int outbox_wait(struct core *c, struct outbox_job *job, uint64_t wait, order_place_cb place_done, core_done_cb done,
		void *userdata);
/* A local cancellation of a place row that was never attempted. */
int outbox_cancel_unsent(struct core *c, struct outbox_job *job, struct failure *f);
void outbox_network_changed(struct core *c);
/* The service's clock is heard for the first time, so far ahead of ours (µs). */
void outbox_clock_known(struct core *c, int64_t ahead);
uint32_t outbox_open_rows(const struct core *c);

/* payments.c, card.c */
int payment_step_start(struct outbox_job *j);
int payment_step_pay(struct outbox_job *j);
bool payment_is_paid(const char *status);
/* The person's JSON, checked: digits, Luhn, expiry (now: the service's time), CVC length. */
int card_parse(const struct secret *json, uint64_t now, struct card *ret, struct failure *f);

/* reports.c */
int report_step(struct outbox_job *j);
int report_queue(struct core *c, const char *order_uid, const char *email, const char *format, const char *key,
		 struct failure *f);

/* videos.c */
int videos_get(struct core *c, api_cb done, void *userdata, struct api_call **ret);
int videos_apply(struct core *c, json_object *list, const char *etag); /* -EBADMSG, or as the store */
void videos_close(struct core *c); /* nobody is shown anything any more */
void videos_reload(struct core *c);
void videos_done(struct core *c);
int watched_step(struct outbox_job *j);

/* settings.c */
int settings_step(struct outbox_job *j);
void settings_apply(struct core *c, json_object *o, const char *etag); /* what the service says */
/* The service cannot be reached: who waits for a change hears that it is queued. */
void settings_offline(struct core *c);
int settings_get(struct core *c, api_cb done, void *userdata, struct api_call **ret);
/* A receipt by e-mail where the person wants them: its key is derived from the order, so that two desktops send one
 * mail. */
void report_receipt(struct core *c, const struct order *o);
bool settings_email_receipts(struct core *c);

/* files.c: the bytes of a record, checked against its digest, in a sealed memfd. The record is copied. */
void file_fetch_record(struct core *c, const struct file_record *record, const char *transfer, file_cb done,
		       void *userdata);

/* place.c */
struct placing { /* the order that a place row asks for; `request` borrows from `json` */
	json_object *json;
	struct order_request request;
	struct order_item *items;
	bool has_max, over_limit;
	int64_t max_total;
	uint64_t hold_until; /* wall µs; 0: not held */
};
/* MonthlyLimit; own_uid: an order whose total is counted already, or NULL. */
int place_check_month(struct core *c, int64_t total, const char *currency, const char *own_uid, struct failure *f);
int placing_parse(const struct outbox_row *row, struct placing *ret);
void placing_done(struct placing *p);
/* Writes the total that holds (from a quote) into the row's options. */
int placing_set_amount(struct outbox_row *row, int64_t amount);
int place_put_back(struct core *c, const struct outbox_row *row); /* into the cart; within a transaction */

/* sync.c */
int sync_init(struct core *c);
void sync_start(struct core *c);
void sync_done(struct core *c);
void sync_refuse(struct core *c);     /* who waits for a sync that cannot be is told why */
void sync_stop(struct core *c);       /* signed out: end the run, answer the waiting */
void sync_now(struct core *c);        /* as soon as may be */
void sync_restart(struct core *c);    /* a database was replaced: what was under way is for the old one */
void sync_reschedule(struct core *c); /* pending, push or the configuration changed */

/* push.c */
int push_init(struct core *c);
void push_start(struct core *c);
void push_stop(struct core *c);
void push_wanted(struct core *c); /* there is something to wait for now: a reconnect that can wait does not */
void push_done(struct core *c);
bool push_is_up(const struct core *c);
const char *push_state(const struct core *c);

/* notifications.c */
int notifications_init(struct core *c);
void notifications_load(struct core *c);
int notifications_apply(struct core *c, json_object *o, bool silent);
void notifications_done(struct core *c);

/* cart.c */
void cart_changed(struct core *c);

/* statistics.c */
void statistics_free(struct statistics *s);

/* network.c */
int network_new(struct core *c, struct network **ret);
void network_free(struct network *n);
