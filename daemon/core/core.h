/* The core: session, cart, orders, outbox, sync and push of one customer, with no D-Bus in it. Everything that
 * happens is told to one observer; everything that can fail fills a struct failure.
 *
 * Conventions: functions with a `struct failure *` return negative exactly when they filled it. A `…_cb` is called
 * exactly once, never from within the function that took it; its failure is NULL on success and borrowed. When the
 * core is freed, callbacks still due are not called. */
#pragma once

#include <event2/event.h>

#include "backend/auth.h"
#include "backend/customer.h"
#include "backend/predictive.h"
#include "base/config.h"
#include "base/records.h"
#include "core/failure.h"
#include "store/catalog.h"
#include "store/userdb.h"

struct core;

/* Properties as the bus shows them; a change of any is told as a set of these bits. */
enum core_property {
	CORE_ONLINE = 1 << 0,
	CORE_PUSH_STATE = 1 << 1,
	CORE_LAST_SYNC = 1 << 2,
	CORE_PENDING_OPERATIONS = 1 << 3,
	CORE_LAST_ERROR = 1 << 4,
	CORE_EVENT_SEQ = 1 << 5,
	CORE_SESSION = 1 << 6,     /* State, Login, UserUid */
	CORE_TOKEN_EXPIRY = 1 << 7,
	CORE_ACCOUNT = 1 << 8,     /* Login, Email, PhoneNumber */
	CORE_CART_COUNT = 1 << 9,
	CORE_UNREAD = 1 << 10,
	CORE_MUTED = 1 << 11,      /* Muted, MutedUntilTimestamp */
};

struct order_view;

struct core_observer {
	void (*properties_changed)(unsigned properties, void *userdata);
	/* details: a JSON object by the table "Event details" of docs/dbus-api.md. */
	void (*event)(uint64_t seq, const char *kind, const char *uid, const char *details, void *userdata);
	void (*order_changed)(const char *uid, const char *status, uint64_t when, void *userdata);
	void (*courier_moved)(const char *uid, double latitude, double longitude, uint64_t when, uint64_t expected,
			      void *userdata);
	/* A pending order's object: appeared, differs from what was last told, or is about to go (the view then has its
	 * last status; after the call the order is no longer pending). */
	void (*order_added)(const struct order_view *v, void *userdata);
	void (*order_updated)(const struct order_view *v, void *userdata);
	void (*order_removed)(const struct order_view *v, void *userdata);
	void (*cart_changed)(void *userdata);
	void (*catalog_changed)(void *userdata);
	void (*notification_received)(const struct notification *n, void *userdata);
	void (*payment_changed)(const char *order_uid, const char *payment_uid, const char *status, void *userdata);
	void (*settings_changed)(char *const *keys, void *userdata);
	void (*progress)(const char *transfer, uint64_t done, uint64_t total, void *userdata);
};

/* Opens the databases and restores the session; talks to no network yet. -EINVAL and the like with a sentence in
 * *ret_error. `config` is taken. */
int core_new(struct event_base *base, struct config *config, struct core **ret, char **ret_error);
void core_set_observer(struct core *c, const struct core_observer *observer, void *userdata);
/* Starts sync, push and the outbox; to be called when the bus name is owned. */
void core_start(struct core *c);
/* Before the end: gives what is known already, and ends every bounded wait of Place, Cancel and Rate as if its time
 * were over. Their requests are durable and go on at the next start. */
void core_end_waits(struct core *c);
void core_free(struct core *c);
DEFINE_CLEANUP(struct core *, core_free);
/* Takes a new configuration (SIGHUP): intervals, push and log level at once; another service or CA is -EBUSY
 * (restart), and nothing is taken over. The config is taken in any case. */
int core_reload(struct core *c, struct config *config);

/* What the bus knows of the desktop's keyring; `present`: somebody has its name, or the bus would start it. */
enum keyring_change {
	KEYRING_CAME,    /* also: how it is at the start */
	KEYRING_WENT,
	KEYRING_CHANGED, /* unlocked, locked, an item deleted */
};
void core_keyring_changed(struct core *c, enum keyring_change change, bool present);

/* The databases, for reads by the bus. */
struct catalog *core_catalog(struct core *c);
struct userdb *core_userdb(struct core *c); /* NULL when nobody is signed in */

/* Daemon */
typedef void (*core_done_cb)(const struct failure *f, void *userdata);
void core_sync(struct core *c, core_done_cb done, void *userdata); /* at most 20 s */
struct core_status {
	bool online, signed_in;
	const char *login, *push, *last_error, *currency, *token_store, *keyring, *tls, *state_db, *cache_db;
	const char *base_url, *tls_version, *contact_error;
	uint64_t last_sync, event_seq;
	uint32_t pending_operations, pending_orders, unread;
	int64_t clock_skew; /* µs, the service's clock minus ours */
	bool has_clock_skew;
};
void core_get_status(struct core *c, struct core_status *ret); /* texts borrowed, NULL = not known */
/* What the folders of the databases take on disk, bytes, write-ahead logs and what was set aside included. */
void core_get_sizes(struct core *c, uint64_t *ret_state, uint64_t *ret_cache);
/* Events since `after`; a "resync" comes first where some are lost. Each with its own seq. */
int core_events_since(struct core *c, uint64_t after, uint32_t limit,
		      int (*row)(uint64_t seq, const char *kind, const char *uid, const char *details,
				 void *userdata),
		      void *userdata, struct failure *f);

/* Session */
const char *session_state(struct core *c); /* signed-out, signed-in, expired */
const char *session_login(struct core *c);    /* "" when signed out; likewise below */
const char *session_user_uid(struct core *c);
const char *session_email(struct core *c);
const char *session_phone(struct core *c);
uint64_t session_token_expiry(struct core *c);
/* The gate of all that belongs to a person: signed in (an expired session still reads its cache: `reading`). */
int session_require(struct core *c, bool reading, struct failure *f);

typedef void (*session_exists_cb)(const struct failure *f, const struct auth_existence *e, void *userdata);
typedef void (*session_sign_up_cb)(const struct failure *f, const char *uid, uint64_t code_sent, void *userdata);
typedef void (*session_verify_cb)(const struct failure *f, uint32_t tries_left, void *userdata);
void session_check_exists(struct core *c, const char *login, const char *email, const char *phone,
			  session_exists_cb done, void *userdata);
void session_sign_up(struct core *c, const char *login, const char *email, const char *phone,
		     struct secret *password, session_sign_up_cb done, void *userdata);
void session_verify_sign_up(struct core *c, const char *uid, const char *code, session_verify_cb done,
			    void *userdata);
void session_sign_in(struct core *c, const char *login, struct secret *password, bool keep, core_done_cb done,
		     void *userdata);
int session_sign_out(struct core *c, bool forget, struct failure *f);
void session_change_password(struct core *c, struct secret *old_password, struct secret *new_password,
			     core_done_cb done, void *userdata);

/* Catalog: reads go to core_catalog(). A picture: bytes and type borrowed during the callback. */
typedef void (*catalog_picture_cb)(const struct failure *f, const void *data, size_t n, const char *content_type,
				   void *userdata);
void catalog_get_picture(struct core *c, uint64_t product, catalog_picture_cb done, void *userdata);

/* Cart */
#define CART_MAX_QUANTITY 99
#define CART_MAX_LINES 200
struct cart_line {
	uint64_t product;
	const char *name, *note; /* borrowed during the call */
	uint32_t quantity;
	int64_t unit_price, line_total;
};
int cart_each(struct core *c, int (*line)(const struct cart_line *l, void *userdata), void *userdata,
	      int64_t *ret_total, char ret_currency[static CURRENCY_SIZE], struct failure *f);
int cart_add(struct core *c, uint64_t product, uint32_t quantity, uint32_t *ret_quantity, struct failure *f);
int cart_set_quantity(struct core *c, uint64_t product, uint32_t quantity, struct failure *f);
int cart_set_note(struct core *c, uint64_t product, const char *note, struct failure *f);
int cart_clear(struct core *c, struct failure *f);
/* Replaces the cart by an order's products. *ret_gone: products no longer sold; caller frees. */
int cart_fill_from(struct core *c, const char *order_uid, uint64_t **ret_gone, size_t *ret_n_gone, struct failure *f);
uint32_t cart_count(struct core *c);

/* Orders */

/* When a pending order is expected. Times in µs, 0 = not known. */
struct order_estimate {
	uint64_t cooking, delivery, earliest, latest; /* the predictive backend's; delivery 0: it has said nothing */
	double confidence;
	uint64_t asked;        /* when it said so */
	uint64_t bound;        /* learned here: by then nine of ten orders came (core/promises.h); 0: too few */
	uint32_t bound_orders; /* learned from so many */
};

struct order_view {
	struct order *order;
	bool local;              /* the service has not said that it has it */
	uint64_t confirmed;      /* when the service last said so, µs; 0 = never */
	char *failure_reason;    /* of a rejected one */
	uint64_t hold_until;     /* 0 = not held */
	uint64_t latest;         /* the latest time it may come, µs; 0 = not known */
	struct order_estimate estimate; /* of a pending one */
	uint32_t progress;       /* 0..100, never back */
	int64_t amount_due;      /* what is still to be paid */
	const char *payment_status; /* of the newest payment, D-Bus form; "" when there is none */
	bool cancellable;
};
/* The view of any order of the person. */
int order_get(struct core *c, const char *uid, struct order_view **ret, struct failure *f);
void order_view_free(struct order_view *v);
DEFINE_CLEANUP(struct order_view *, order_view_free);
/* The pending ones, as the objects show them; borrowed until the loop goes on. */
void order_pending_each(struct core *c, void (*view)(const struct order_view *v, void *userdata), void *userdata);
const struct order_view *order_pending_find(struct core *c, const char *uid);

struct place_options {
	char *address, *city, *phone, *payment, *comment, *recipient, *uid;
	uint64_t deliver_at;
	struct order_item *items; /* instead of the cart */
	size_t n_items;
	bool has_items, has_max_total, has_expected_total, over_limit, has_wait;
	int64_t max_total, expected_total;
	uint64_t wait;            /* µs */
};
void place_options_done(struct place_options *o);

typedef void (*order_quote_cb)(const struct failure *f, const struct quote *q, void *userdata);
typedef void (*order_place_cb)(const struct failure *f, const char *uid, const char *status, void *userdata);
void order_quote(struct core *c, const struct place_options *o, order_quote_cb done, void *userdata);
void order_place(struct core *c, const struct place_options *o, order_place_cb done, void *userdata);
void order_cancel(struct core *c, const char *uid, const char *reason, core_done_cb done, void *userdata);
/* photos: uids of files that were sent before, a strv of at most RATING_PHOTOS_MAX; NULL: none. */
#define RATING_PHOTOS_MAX 10
void order_rate(struct core *c, const char *uid, uint32_t rating, const char *comment, char *const *photos,
		core_done_cb done, void *userdata);

/* Notifications: lists go to core_userdb(). */
int notifications_mark_read(struct core *c, char *const *uids, struct failure *f);
uint32_t notifications_unread(struct core *c);
bool notifications_muted(struct core *c, uint64_t *ret_until);
/* muted with until 0: until unmuted. */
int notifications_set_muted(struct core *c, bool muted, uint64_t until, struct failure *f);

/* Payments (core/payments.c). What a payment is: base/records.h. */
typedef void (*payment_cb)(const struct failure *f, const struct payment *p, void *userdata);
typedef void (*payment_qr_cb)(const struct failure *f, const char *payload, const void *png, size_t n, void *userdata);
typedef void (*payment_cards_cb)(const struct failure *f, const struct card_record *cards, size_t n, void *userdata);
/* Starts a payment of that type, or returns the open one. */
void payment_start(struct core *c, const char *order_uid, const char *type, payment_cb done, void *userdata);
/* card: JSON {number, holder, expiry, cvc}; checked before anything is sent. Success is a paid one; in-process too (the
 * state tells). */
void payment_by_card(struct core *c, const char *order_uid, struct secret *card, payment_cb done, void *userdata);
void payment_get_qr(struct core *c, const char *order_uid, payment_qr_cb done, void *userdata);
void payment_confirm(struct core *c, const char *order_uid, payment_cb done, void *userdata);
/* From the cache. The view owns the payments. */
int payment_list(struct core *c, const char *order_uid, struct order_view **ret, struct failure *f);
void payment_list_cards(struct core *c, payment_cards_cb done, void *userdata);
void payment_remove_card(struct core *c, const char *uid, core_done_cb done, void *userdata);

/* Settings (core/settings.c). Keys and values as D-Bus has them (docs/dbus-api.md, "Settings"). */
struct setting {
	const char *key;
	bool is_bool, flag;  /* email-receipts */
	const char *text;
};
int settings_each(struct core *c, int (*row)(const struct setting *s, void *userdata), void *userdata,
		  struct failure *f);
typedef void (*settings_set_cb)(const struct failure *f, bool queued, void *userdata);
void settings_set(struct core *c, const struct setting *changed, size_t n, settings_set_cb done, void *userdata);

/* Videos (core/videos.c): the list is read from core_userdb(). kind: "stream" or "web". */
typedef void (*video_open_cb)(const struct failure *f, const char *url, const char *kind, void *userdata);
void video_open(struct core *c, const char *uid, video_open_cb done, void *userdata);
/* Durable when it returns. */
int video_report_watched(struct core *c, const char *uid, uint32_t seconds, struct failure *f);

/* Files and reports (core/files.c, core/reports.c). The descriptor is a sealed memfd, the callee's during the callback
 * only (dup it). `transfer`: the caller's name for it, told by the observer's progress; NULL or "": none. */
typedef void (*file_cb)(const struct failure *f, int fd, const char *name, const char *content_type, void *userdata);
typedef void (*file_upload_cb)(const struct failure *f, const char *uid, void *userdata);
typedef void (*report_sent_cb)(const struct failure *f, const char *message_uid, void *userdata);
typedef void (*report_status_cb)(const struct failure *f, const char *status, uint64_t when, void *userdata);
#define FILE_UPLOAD_MAX (64U << 20)
void file_fetch(struct core *c, const char *uid, const char *transfer, file_cb done, void *userdata);
void file_send(struct core *c, const char *name, const char *content_type, int fd, const char *transfer,
	       file_upload_cb done, void *userdata); /* dups fd */
void report_get(struct core *c, const char *order_uid, const char *format, const char *transfer, file_cb done,
		void *userdata);
void report_send(struct core *c, const char *order_uid, const char *email, const char *format, report_sent_cb done,
		 void *userdata);
void report_status(struct core *c, const char *message_uid, report_status_cb done, void *userdata);

/* Predictions (core/predictions.c): asked for within a few seconds, else the last answer. Without one: the failure. */
typedef void (*delivery_time_cb)(const struct failure *f, const struct order_estimate *e, void *userdata);
void prediction_delivery_time(struct core *c, const char *order_uid, delivery_time_cb done, void *userdata);
/* Best first; nothing that cannot be had or is in the cart. Borrowed during the callback. */
struct recommended {
	struct product product;
	double score;
	char *reason; /* or NULL */
};
typedef void (*recommendations_cb)(const struct failure *f, const struct recommended *list, size_t n, void *userdata);
#define RECOMMENDATIONS_MAX 100
void prediction_recommendations(struct core *c, unsigned limit, recommendations_cb done, void *userdata);
typedef void (*forecast_cb)(const struct failure *f, const struct spending_forecast *forecast, void *userdata);
void prediction_spending_forecast(struct core *c, const char *period, forecast_cb done, void *userdata); /* "month" */
/* When the service last said it ("recommendations", "spending-forecast"), wall µs; 0: never. */
uint64_t prediction_asked(struct core *c, const char *kind);
