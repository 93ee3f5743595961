/* Between relay.c, which listens and knows the URLs, and relay-viewer.c, which serves one connection. */
#pragma once

#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <sys/queue.h>

#include "net/backoff.h"
#include "net/relay.h"

TAILQ_HEAD(viewer_list, relay_viewer);

/* A URL. */
struct relay_entry {
	TAILQ_ENTRY(relay_entry) link;
	struct relay *relay;
	char path[RELAY_PATH_SIZE];
	char *id;
	char etag[RELAY_ETAG_SIZE]; /* of what was last handed on; "": not known */
	uint64_t total;             /* of the same; 0: not known */
	struct viewer_list viewers; /* oldest first */
	unsigned n_viewers;
	struct event *idle;
};
TAILQ_HEAD(entry_list, relay_entry);

struct relay {
	struct event_base *base;
	struct relay_options options;
	const struct relay_source *source;
	void *userdata;
	struct evconnlistener *listener; /* NULL while nothing is open */
	char host[24];                   /* "127.0.0.1:PORT" */
	struct entry_list entries;
	unsigned n_entries;
	struct viewer_list strangers;    /* have not said what they want */
	unsigned n_strangers;
};

enum viewer_state {
	VIEWER_READING, /* the request */
	VIEWER_SERVING,
	VIEWER_LEAVING, /* all is said: waits until it is taken, and the viewer is gone */
};

/* A connection. */
struct relay_viewer {
	TAILQ_ENTRY(relay_viewer) link; /* of its entry's list, or of the strangers' */
	struct relay *relay;
	struct relay_entry *entry;      /* NULL: a stranger */
	enum viewer_state state;
	struct bufferevent *stream;
	struct event *timer;            /* what it means goes by the state */
	size_t ignored;                 /* bytes that came behind the request */
	struct relay_request request;

	void *fetch;                    /* NULL: none */
	bool held;
	bool told;                      /* the header has been sent to it */
	uint64_t at, end;               /* the next byte to come from the service, and the one behind the last */
	uint64_t total;
	char etag[RELAY_ETAG_SIZE];
	struct backoff backoff;
	uint64_t broken_since;          /* CLOCK_MONOTONIC µs; 0: all is well */
};

/* relay-viewer.c: takes the descriptor; it is among the strangers then. */
int viewer_new(struct relay *r, int fd);
void viewer_free(struct relay_viewer *v); /* takes it out of its list */

/* relay.c: moves a stranger to the entry of that path. NULL: there is none. */
struct relay_entry *relay_admit(struct relay_viewer *v, const char *path);
void relay_forget_viewer(struct relay_viewer *v);
