/* What the files of the SignalR client share: signalr.c (the life of a connection), signalr-transport.c (bytes to and
 * from the hub) and signalr-message.c (what they mean). */
#pragma once

#include <sys/queue.h>

#include "net/signalr-frame.h"
#include "net/signalr.h"
#include "net/sse.h"

enum phase {
	PHASE_OFF,
	PHASE_WAITING,     /* the timer starts the next try */
	PHASE_NO_TOKEN,    /* signalr_retry_now() starts it */
	PHASE_NEGOTIATING,
	PHASE_OPENING,     /* the stream's header, or the first poll, is not in yet */
	PHASE_SHAKING,     /* our handshake is on its way, its answer is not in yet */
	PHASE_UP,
};

struct message {
	TAILQ_ENTRY(message) messages;
	size_t n;
	char text[];
};

struct signalr {
	unsigned refs;       /* the owner's, and one while callbacks run */
	unsigned generation; /* another one with each connection torn down */
	struct event_base *base;
	struct http *http;
	char *url;
	bool allow_sse, allow_long_polling;
	uint64_t timeout;
	struct backoff backoff;
	struct signalr_handler handler;
	void *userdata;

	enum phase phase;
	enum signalr_state state, told; /* as it is, and as the handler knows it */
	struct event *timer;            /* the next try, or the silence after which the link is dead */
	struct event *teller;           /* tells the state from the loop */
	bool sse_failed;                /* in this try: long polling instead */
	unsigned refusals;              /* 401s in a row */
	bool unknown_logged, failure_logged;

	char *hub;             /* where the negotiation ended; NULL: at `url` */
	unsigned moves;
	struct secret *token;  /* that came with the move */
	char *connection;      /* URL of the transport */
	bool sse_transport;
	bool long_polling_offered;
	struct http_call *negotiate, *stream, *sending;
	uint64_t poll_started;
	unsigned hasty_polls;
	TAILQ_HEAD(, message) queue;
	size_t queued;
	struct sse *sse;
	struct frames frames;
};

void signalr_unref(struct signalr *s);
static inline void signalr_unrefp(struct signalr **s)
{
	signalr_unref(*s);
}

/* Keeps it while a function runs that calls the handler: who may free it. */
#define SIGNALR_HOLD(s) \
	_cleanup_(signalr_unrefp) struct signalr *held = (s); \
	held->refs++

/* signalr.c. The ends of a connection: each tears it down and says when the next try comes. After them, and after
 * signalr_tell(), another generation may have begun. */
void signalr_fail(struct signalr *s, const char *why, uint64_t retry_after);
void signalr_wait(struct signalr *s, const char *why, uint64_t wait);
uint64_t signalr_next_delay(struct signalr *s, uint64_t floor);
/* True when the answer is a success; else the connection is over. */
bool signalr_check_answer(struct signalr *s, const struct http_response *r, const char *what);
void signalr_tell(struct signalr *s);
const struct secret *signalr_token(struct signalr *s);
/* The server lives: the silence begins anew. */
void signalr_heard(struct signalr *s);

/* signalr-transport.c */
int signalr_open_stream(struct signalr *s);
void signalr_poll(struct signalr *s);
/* Queues a message. -ENOBUFS: too many are waiting. */
int signalr_send(struct signalr *s, const char *text, size_t n);
void signalr_drop_queue(struct signalr *s);

/* signalr-message.c: a piece of what the server sends, of any size. */
void signalr_take(struct signalr *s, const char *data, size_t n);
