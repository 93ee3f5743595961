/* What the files of bus/ share: the bus itself, one vtable per interface, and the checks every method makes. */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/bus-error.h"
#include "bus/bus-loop.h"
#include "bus/bus-op.h"
#include "bus/bus.h"
#include "core/core.h"

#define BUS_TEXT_MAX 4096       /* bytes of any text from a caller */
#define BUS_LIST_DEFAULT 50
#define BUS_LIST_MAX 10000

struct order_object;

struct bus {
	struct event_base *base;
	sd_bus *bus;
	struct bus_loop *loop;
	struct core *core;
	unsigned changed;       /* enum core_property not yet told */
	bool stopping;
	bool keyring_activatable;
	struct bus_op *ops;
	size_t n_ops;
	struct order_object *orders; /* what was last told of each pending order */
	const struct order_view *leaving; /* still an object although no longer pending */
};

extern const sd_bus_vtable bus_daemon_vtable[];
extern const sd_bus_vtable bus_session_vtable[];
extern const sd_bus_vtable bus_account_vtable[];
extern const sd_bus_vtable bus_catalog_vtable[];
extern const sd_bus_vtable bus_cart_vtable[];
extern const sd_bus_vtable bus_orders_vtable[];
extern const sd_bus_vtable bus_notifications_vtable[];
extern const sd_bus_vtable bus_payments_vtable[];
extern const sd_bus_vtable bus_settings_vtable[];
extern const sd_bus_vtable bus_files_vtable[];
extern const sd_bus_vtable bus_statistics_vtable[];
extern const sd_bus_vtable bus_predictions_vtable[];
extern const sd_bus_vtable bus_videos_vtable[];

/* PropertiesChanged for all that changed since the last time. Before each reply, so that who has the reply has seen
 * the change, and once a turn of the loop. */
void bus_tell_changes(struct bus *b);
/* Nobody is there to be told; the loop finds out and ends. */
static inline bool bus_is_gone(int r)
{
	return r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE;
}
/* Sends a reply made at once. Takes it; 1 or negative errno. */
int bus_send_reply(struct bus *b, sd_bus_message *reply);
int bus_reply_empty(struct bus *b, sd_bus_message *m);

/* InvalidArgs naming the argument. Pairs of name and text, NULL at the end. */
int bus_check_texts(sd_bus_error *e, ...) __attribute__((sentinel));
/* 0 becomes the default. */
int bus_check_limit(sd_bus_error *e, uint32_t *limit);
/* The signed-in person's database, or NotSignedIn. */
int bus_require_userdb(struct bus *b, struct userdb **ret, sd_bus_error *e);
int bus_error_store(sd_bus_error *e, int r, const char *what);
int bus_error_cursor(sd_bus_error *e, const char *cursor);

/* Dictionary entries of an open a{sv}. Each returns as sd-bus does. A NULL or empty text, time 0 and a NaN coordinate
 * are not known, and so left out. */
int bus_put_text(sd_bus_message *m, const char *key, const char *value);
int bus_put_time(sd_bus_message *m, const char *key, uint64_t value);
int bus_put_coordinate(sd_bus_message *m, const char *key, double value);
int bus_put_basic(sd_bus_message *m, const char *key, char type, const void *value);
int bus_put_bool(sd_bus_message *m, const char *key, bool value);
int bus_put_u32(sd_bus_message *m, const char *key, uint32_t value);
int bus_put_i64(sd_bus_message *m, const char *key, int64_t value);
int bus_put_double(sd_bus_message *m, const char *key, double value);
/* {key, variant of an array of basic type}: ids or texts. */
int bus_put_ids(sd_bus_message *m, const char *key, const uint64_t *ids, size_t n);
int bus_put_strv(sd_bus_message *m, const char *key, char *const *l);

/* sd_bus_message_append_basic for a run of values. */
int bus_append_u64(sd_bus_message *m, uint64_t v);
int bus_append_i64(sd_bus_message *m, int64_t v);
int bus_append_u32(sd_bus_message *m, uint32_t v);
int bus_append_bool(sd_bus_message *m, bool v);
int bus_append_double(sd_bus_message *m, double v);
int bus_append_text(sd_bus_message *m, const char *v); /* NULL: "" */

/* Event details (a JSON object) as a{sv}, by the table of docs/dbus-api.md; the array is opened and closed here. */
int bus_append_event_details(sd_bus_message *m, const char *kind, const char *details);
/* Orders.Get's dictionary. */
int bus_append_order(sd_bus_message *m, const struct order_view *v);
/* An a{sv} of what is known of it. */
int bus_append_estimate(sd_bus_message *m, const struct order_estimate *e);
int bus_append_order_row(sd_bus_message *m, const struct order_row *r);
int bus_append_payment(sd_bus_message *m, const struct payment *p);

/* Tells the core of the desktop's keyring, now and whenever something changes there. */
int bus_watch_keyring(struct bus *b);

/* The object of each pending order. */
int order_objects_register(struct bus *b);
void order_objects_free(struct bus *b);
void order_object_added(const struct order_view *v, void *bus);
void order_object_updated(const struct order_view *v, void *bus);
void order_object_removed(const struct order_view *v, void *bus);
