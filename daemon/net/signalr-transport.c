/* Bytes to and from the hub: messages by POST, one after the other, and what comes by server-sent events or long
 * polling. Source: aspnetcore, src/SignalR/docs/specs/TransportProtocols.md. */
#include "base/log.h"
#include "base/timeutil.h"
#include "net/signalr-private.h"

#define MAX_QUEUE 64       /* messages waiting to be sent */
#define MAX_HASTY_POLLS 20 /* in a row, empty and within HASTY: a server that does not wait */
#define HASTY (100 * USEC_PER_MSEC)
#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"

static void signalr_send_next(struct signalr *s);

int signalr_send(struct signalr *s, const char *text, size_t n)
{
	struct message *m;

	if (s->queued >= MAX_QUEUE)
		return -ENOBUFS;
	m = malloc(sizeof(*m) + n);
	if (!m)
		return -ENOMEM;
	memcpy(m->text, text, n);
	m->n = n;
	TAILQ_INSERT_TAIL(&s->queue, m, messages);
	s->queued++;
	signalr_send_next(s);
	return 0;
}

static void signalr_on_sent(const struct http_response *response, void *userdata)
{
	SIGNALR_HOLD(userdata);

	held->sending = NULL;
	if (signalr_check_answer(held, response, "a message to the hub"))
		signalr_send_next(held);
}

/* One at a time, since their order counts. */
static void signalr_send_next(struct signalr *s)
{
	struct message *m = TAILQ_FIRST(&s->queue);
	struct http_request q = {
		.method = "POST",
		.url = s->connection,
		.content_type = "text/plain;charset=UTF-8",
		.timeout = s->timeout,
		.identity = true,
	};

	if (!m || s->sending)
		return;
	TAILQ_REMOVE(&s->queue, m, messages);
	s->queued--;
	q.bearer = signalr_token(s);
	q.body = m->text;
	q.body_size = m->n;
	/* What cannot be sent ends the connection by its silence: the server gives up without handshake or answer. */
	if (http_start(s->http, &q, signalr_on_sent, s, &s->sending) < 0)
		log_warning("push: cannot send to the hub");
	free(m);
}

void signalr_drop_queue(struct signalr *s)
{
	struct message *m;

	while ((m = TAILQ_FIRST(&s->queue))) {
		TAILQ_REMOVE(&s->queue, m, messages);
		free(m);
	}
	s->queued = 0;
}

static void signalr_shake_hands(struct signalr *s)
{
	s->phase = PHASE_SHAKING;
	if (signalr_send(s, HANDSHAKE, strlen(HANDSHAKE)) < 0)
		signalr_fail(s, "out of memory", 0);
}

/* ---- server-sent events ---- */

static void signalr_on_event(const char *data, size_t n, void *userdata)
{
	/* A comment says only that the server lives. */
	if (data)
		signalr_take(userdata, data, n);
}

static void signalr_on_stream_data(const char *data, size_t n, void *userdata)
{
	SIGNALR_HOLD(userdata);
	unsigned generation = held->generation;

	signalr_heard(held);
	if (sse_feed(held->sse, data, n) < 0 && generation == held->generation)
		signalr_fail(held, "the hub's stream has an event that is too large", 0);
}

static void signalr_on_stream_header(int status, void *userdata)
{
	SIGNALR_HOLD(userdata);

	if (status < 200 || status > 299)
		return; /* the end of the call says why */
	signalr_heard(held);
	signalr_shake_hands(held);
}

static void signalr_on_stream_end(const struct http_response *response, void *userdata)
{
	SIGNALR_HOLD(userdata);

	held->stream = NULL;
	if (signalr_check_answer(held, response, "the hub's stream"))
		signalr_fail(held, "the hub closed the stream", 0);
}

int signalr_open_stream(struct signalr *s)
{
	static const char *const headers[] = { "Accept: text/event-stream", "Cache-Control: no-cache", NULL };
	struct http_request q = {
		.method = "GET",
		.url = s->connection,
		.headers = headers,
		.bearer = signalr_token(s),
		.identity = true,
		.on_data = signalr_on_stream_data,
		.on_header = signalr_on_stream_header,
	};

	s->sse = sse_new(signalr_on_event, s);
	if (!s->sse)
		return -ENOMEM;
	return http_start(s->http, &q, signalr_on_stream_end, s, &s->stream);
}

/* ---- long polling ---- */

static void signalr_note_poll(struct signalr *s, bool empty)
{
	if (empty && now_monotonic() - s->poll_started < HASTY)
		s->hasty_polls++;
	else
		s->hasty_polls = 0;
}

static void signalr_on_polled(const struct http_response *response, void *userdata)
{
	SIGNALR_HOLD(userdata);
	unsigned generation = held->generation;

	held->stream = NULL;
	if (!signalr_check_answer(held, response, "a poll of the hub"))
		return;
	if (response->status == 204) {
		signalr_fail(held, "the hub closed the connection", 0);
		return;
	}
	signalr_note_poll(held, response->body_size == 0);
	if (held->hasty_polls > MAX_HASTY_POLLS) {
		signalr_fail(held, "the hub answers polls at once and with nothing", 0);
		return;
	}
	signalr_heard(held);
	if (held->phase == PHASE_OPENING)
		signalr_shake_hands(held);
	if (generation != held->generation)
		return;
	signalr_take(held, response->body, response->body_size);
	if (generation == held->generation)
		signalr_poll(held);
}

/* No time-out of its own: silence ends it. */
void signalr_poll(struct signalr *s)
{
	static const char *const headers[] = { "Cache-Control: no-cache", NULL };
	struct http_request q = {
		.method = "GET",
		.url = s->connection,
		.headers = headers,
		.bearer = signalr_token(s),
		.identity = true,
	};

	s->poll_started = now_monotonic();
	if (http_start(s->http, &q, signalr_on_polled, s, &s->stream) < 0)
		signalr_fail(s, "cannot poll the hub", 0);
}
