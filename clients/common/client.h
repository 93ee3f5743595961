/* A client's connection to the daemon: the user bus, starting the daemon when its name has no owner, calls
 * with a time limit that can be interrupted, and what an error name means as an exit status. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "dbus/names.h"

#define CLIENT_TIMEOUT_DEFAULT (30 * USEC_PER_SEC)
#define CLIENT_START_TIMEOUT_DEFAULT (90 * USEC_PER_SEC)

/* Whether a call changes something: an answer that never comes then means "outcome unknown". */
enum client_effect { CLIENT_READS, CLIENT_ACTS };

struct client {
	sd_bus *bus;
	uint64_t timeout_usec;
	uint64_t start_timeout_usec; /* for the daemon to come up */
	/* Set by a signal handler: calls then end with -EINTR. May be NULL. */
	const volatile sig_atomic_t *interrupted;
	/* Called after each call, for -v. May be NULL. */
	void (*trace)(const char *interface, const char *member, uint64_t usec, const sd_bus_error *error);
};

static inline void sd_bus_error_freep(sd_bus_error *e)
{
	sd_bus_error_free(e);
}
#define _cleanup_error_ _cleanup_(sd_bus_error_freep)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* Each returns 0 or a negative errno, and then has set *error (never NULL) to a name and a sentence. */

/* Connects to the user bus; starts nothing. */
int client_open(struct client **ret, sd_bus_error *error);
struct client *client_free(struct client *c);
DEFINE_CLEANUP(struct client *, client_free);

/* Sees to it that the name has an owner: asks systemd for the unit first and waits for its job (a failing
 * unit then says why), else the bus for activation. */
int client_start_daemon(struct client *c, sd_bus_error *error);

/* A call to the daemon's root object, to be filled by the caller. */
int client_new_call(struct client *c, const char *interface, const char *member, sd_bus_message **ret);
/* Sends m and waits for the reply. -EINTR when interrupted: what was sent stays sent. */
int client_send(struct client *c, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret_reply);
/* Both in one; types and values as in sd_bus_message_append(). ret_reply may be NULL. */
int client_call(struct client *c, const char *interface, const char *member, sd_bus_error *error,
		sd_bus_message **ret_reply, const char *types, ...);

/* The reply stands inside the variant, on a value of the given type. */
int client_get_property(struct client *c, const char *interface, const char *name, const char *type,
			sd_bus_error *error, sd_bus_message **ret_reply);
/* One basic value; the reply's a{sv} for client_get_all(). */
int client_set_property(struct client *c, const char *interface, const char *name, sd_bus_error *error,
			const char *type, ...);
int client_get_all(struct client *c, const char *path, const char *interface, sd_bus_error *error,
		   sd_bus_message **ret_reply);

/* Fills *error for a reply that cannot be read, and returns r. */
int client_bad_reply(int r, const char *member, sd_bus_error *error);

/* The exit status an error name stands for. A name that is not in the table: 1. */
int client_exit_status(const char *error_name, enum client_effect effect);
/* The row of the table, or CC_E_NONE. */
enum cc_error client_error_id(const char *error_name);
/* The table's sentence for a name, or NULL. */
const char *client_error_text(const char *error_name);
