/* The relay: files of a service, handed on to viewers of this user on this machine by HTTP over loopback, piece by piece
 * as they take them. A URL is unguessable and carries no token. It knows no service: what it hands on comes from a
 * source.
 *
 * Of one URL two connections can be open at a time, for a player that seeks opens the next before it closes the last;
 * a third closes the oldest. Of what is on its way for one connection at most some 430 KiB are in memory, the kernel's
 * buffers counted, which keeps a URL below 1 MiB. Nothing touches the disk. */
#pragma once

#include <event2/event.h>

#include "net/relay-request.h"

#define RELAY_MAX_OPEN 8   /* URLs */
#define RELAY_MAX_VIEWERS 2 /* connections to one */

struct relay;
struct relay_viewer;

/* What the service answered to a fetch; texts are borrowed, or NULL. */
struct relay_answer {
	int status; /* 200, 206 */
	const char *content_type, *etag, *content_range;
	uint64_t length;
	bool has_length;
};

enum relay_end {
	RELAY_WHOLE,   /* all that was asked for has come */
	RELAY_BROKEN,  /* it broke off, or the service is away for now: it may go on later */
	RELAY_REFUSED, /* the service will not */
};

/* A fetch begins with start, which gives it to the viewer; then it calls relay_viewer_header() once, _data() and _end(),
 * or only _end(); each from the loop, never from within start, hold or cancel. After _end() and after cancel it is no
 * more. */
struct relay_source {
	int (*start)(struct relay_viewer *v, const char *id, const struct relay_want *want, void *userdata, void **ret);
	void (*hold)(void *fetch, bool hold);
	void (*cancel)(void *fetch);
};
/* Each may cancel the fetch. */
void relay_viewer_header(struct relay_viewer *v, const struct relay_answer *a);
void relay_viewer_data(struct relay_viewer *v, const char *data, size_t n);
/* status: of the answer, 0 = there was none; retry_after in µs. */
void relay_viewer_end(struct relay_viewer *v, enum relay_end end, int status, uint64_t retry_after);

struct relay_options {
	uint64_t idle;     /* µs without a connection after which a URL is no more */
	uint64_t head;     /* µs in which a connection has to say what it wants */
	uint64_t stopped;  /* µs after which what a viewer does not take is no longer kept coming */
	uint64_t patience; /* µs in which a broken fetch has to go on */
};

/* `source` must outlive it. Nothing is listened on yet. */
int relay_new(struct event_base *base, const struct relay_options *options, const struct relay_source *source,
	      void *userdata, struct relay **ret);
void relay_free(struct relay *r); /* closes all; nobody is called back but cancel */
DEFINE_CLEANUP(struct relay *, relay_free);
/* For URLs opened from now on, and viewers that come. */
void relay_set_options(struct relay *r, const struct relay_options *options);

/* A new URL for the file `id`; caller frees. -EBUSY: RELAY_MAX_OPEN are open and have viewers; one that has none gives
 * way. -errno of the socket. */
int relay_open(struct relay *r, const char *id, char **ret_url);
/* Ends every URL and connection; with the last the listening socket goes. */
void relay_close_all(struct relay *r);
unsigned relay_count_open(const struct relay *r);
