/* What the daemon says, over GDBus: events, none missed and none twice, also over restarts of either side; orders on
 * request; and the calls that the bubbles' buttons make. Starts the daemon never: that is systemd's work. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "notifier/rules.h"

struct feed;

/* Strings are valid during the call. */
struct feed_events {
	/* Something happened to the order or its payment (an event, live or from while we were away). */
	void (*order_event)(void *userdata, const char *uid);
	/* The order is pending; it may have been so for long. */
	void (*order_pending)(void *userdata, const char *uid);
	/* A property of the order's object changed that may matter. */
	void (*order_moved)(void *userdata, const char *uid);
	/* The courier of a pending order is at another place. */
	void (*courier_moved)(void *userdata, const char *uid);
	/* After the daemon came (or somebody signed in) all events since have been handed out. */
	void (*caught_up)(void *userdata);
	/* A sync ended: what was unchanged is confirmed. */
	void (*synced)(void *userdata);
	void (*notification)(void *userdata, const char *uid, const char *kind);
	/* All events up to here have been handed out. */
	void (*seq)(void *userdata, uint64_t seq);
};

/* `seq`: the last event handled before; `known` false: there was none, what is there now is the baseline. */
struct feed *feed_new(GDBusConnection *bus, uint64_t seq, bool known, const struct feed_events *events,
		      void *userdata);
/* Calls under way end, their callbacks are called with an error. */
void feed_free(struct feed *f);

/* The daemon is there, and all that happened while it was not has been handed out. */
bool feed_is_live(const struct feed *f);
bool feed_muted(const struct feed *f);

/* `view` is NULL on failure. The callback may take what is in it. */
typedef void (*feed_order_t)(void *userdata, void *cookie, struct view *view);
void feed_get_order(struct feed *f, const char *uid, feed_order_t done, void *cookie);

/* The notification's text, when it has not been read elsewhere; else title is NULL. */
typedef void (*feed_text_t)(void *userdata, void *cookie, const char *title, const char *body);
void feed_get_notification(struct feed *f, const char *uid, feed_text_t done, void *cookie);

/* `error` is NULL when it was done, else a sentence. */
typedef void (*feed_done_t)(void *userdata, void *cookie, const char *error);
void feed_cancel_order(struct feed *f, const char *uid, feed_done_t done, void *cookie);
void feed_rate_order(struct feed *f, const char *uid, unsigned stars, feed_done_t done, void *cookie);

/* `fd`: the picture of the QR code, the callee's only during the call; -1 when `error` is not NULL. */
typedef void (*feed_picture_t)(void *userdata, void *cookie, int fd, const char *error);
void feed_get_qr_code(struct feed *f, const char *uid, feed_picture_t done, void *cookie);
