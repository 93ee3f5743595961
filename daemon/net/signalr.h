/* A SignalR client: ASP.NET Core's hub protocol `json` version 1 over Server-Sent Events or long polling, with
 * reconnection. Sources: aspnetcore, src/SignalR/docs/specs/TransportProtocols.md and HubProtocol.md. */
#pragma once

#include <json-c/json.h>

#include "net/backoff.h"
#include "net/http.h"

enum signalr_state {
	SIGNALR_OFF,
	SIGNALR_CONNECTING, /* also: waiting before the next try */
	SIGNALR_SSE,        /* handshake done */
	SIGNALR_LONG_POLLING,
};

struct signalr_options {
	const char *url;           /* of the hub */
	bool sse, long_polling;    /* transports allowed */
	uint64_t timeout;          /* µs of silence after which the link is dead (server pings count) */
	uint64_t backoff_base, backoff_cap;
};

struct signalr_handler {
	/* Borrowed; NULL when there is none (then nothing is tried until signalr_retry_now). */
	const struct secret *(*token)(void *userdata);
	/* The hub refused the token (401): fetch another, then call signalr_retry_now. */
	void (*unauthorized)(void *userdata);
	void (*state_changed)(enum signalr_state state, void *userdata);
	void (*invoked)(const char *target, json_object *arguments, void *userdata); /* arguments: an array, borrowed */
	/* How long to wait before the first reconnect after a loss: µs; later ones follow the back-off. */
	uint64_t (*first_delay)(void *userdata);
	/* The same for each later one, from the back-off; NULL: what backoff_next() says. */
	uint64_t (*next_delay)(struct backoff *backoff, void *userdata);
};

struct signalr;

/* The handler is called from the loop, not from within the functions below (but for `token`, by signalr_stop and
 * signalr_free, which say good-bye); so state_changed follows a start or stop a moment later, and never a free. It may
 * call any of them, also signalr_free(); `token` and the delays may not. The http is borrowed, and freed later than
 * this. */
int signalr_new(struct event_base *base, struct http *http, const struct signalr_options *options,
		const struct signalr_handler *handler, void *userdata, struct signalr **ret);
void signalr_free(struct signalr *s);
DEFINE_CLEANUP(struct signalr *, signalr_free);

void signalr_start(struct signalr *s);
void signalr_stop(struct signalr *s);      /* state OFF; tells the server where it can */
/* The network or a token is back: no more waiting (but by the back-off after the second 401 in a row). */
void signalr_retry_now(struct signalr *s);
enum signalr_state signalr_get_state(const struct signalr *s);
