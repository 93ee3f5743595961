/*
 * Connections of the hub: negotiation, transports, time-outs. What is said over them is in hubwire.c.
 */
#include <errno.h>
#include <sys/queue.h>

#include "tests/sandbox/deliver.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/hold.h"
#include "tests/sandbox/hub.h"
#include "tests/sandbox/hubwire.h"

enum {
	CONNECTIONS_MAX = 4096,
	BACKLOG_MAX = 4 * 1024 * 1024,
	POLL_SEC = 90,
	HANDSHAKE_SEC = 15,  /* from the negotiation to the handshake */
	NEXT_POLL_SEC = 30,  /* between two polls */
};

struct hub {
	struct sandbox *sandbox;
	struct connections list;
	size_t n;
};

struct hub *hub_new(struct sandbox *s)
{
	struct hub *h = xcalloc(1, sizeof(*h));

	h->sandbox = s;
	TAILQ_INIT(&h->list);
	return h;
}

static void arm(struct event *e, int64_t seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	if (event_add(e, &tv) < 0)
		die(1, "out of memory");
}

static void connection_free(struct connection *n)
{
	TAILQ_REMOVE(&n->hub->list, n, link);
	n->hub->n--;
	event_free(n->ping);
	event_free(n->silence);
	event_free(n->idle);
	evbuffer_free(n->out);
	evbuffer_free(n->in);
	free(n);
}

void hub_free(struct hub *h)
{
	struct connection *n;

	while ((n = TAILQ_FIRST(&h->list)))
		connection_free(n);
	free(h);
}

static void add_header(struct evhttp_request *req, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(req), name, value);
}

/* Answers what is held: a poll gets what there is, a stream goes on. */
static void flush(struct connection *n)
{
	struct evbuffer *event;
	struct evhttp_request *req;

	if (!n->hold || n->silent || evbuffer_get_length(n->out) == 0)
		return;
	if (n->transport == TRANSPORT_POLLING) {
		req = hold_release(TAKE(n->hold));
		add_header(req, "Content-Type", "application/octet-stream");
		evhttp_send_reply(req, 200, NULL, n->out);
		evbuffer_drain(n->out, evbuffer_get_length(n->out));
		arm(n->idle, NEXT_POLL_SEC);
		return;
	}
	event = evbuffer_new();
	if (!event)
		die(1, "out of memory");
	evbuffer_add_printf(event, "data: ");
	evbuffer_add_buffer(event, n->out);
	evbuffer_add_printf(event, "\r\n\r\n");
	hold_send(n->hold, event);
	evbuffer_free(event);
}

/* The client hears of it by the end of its stream, or by the 204 to its poll. */
static void end(struct connection *n)
{
	if (n->hold && n->transport == TRANSPORT_EVENTS)
		hold_end(TAKE(n->hold));
	else if (n->hold)
		evhttp_send_reply(hold_release(TAKE(n->hold)), 204, NULL, NULL);
	connection_free(n);
}

/* Who polls, and is between two polls, hears with the next ones what there was to say, and of the end. */
void connection_close(struct connection *n)
{
	flush(n);
	if (n->transport != TRANSPORT_POLLING || n->hold || n->closing) {
		end(n);
		return;
	}
	n->closing = true;
	event_del(n->ping);
	event_del(n->silence);
	arm(n->idle, NEXT_POLL_SEC);
}

bool connection_send(struct connection *n, json_object *message)
{
	const char *text = json_text(message);

	if (n->silent || n->closing)
		return true;
	evbuffer_add(n->out, text, strlen(text));
	evbuffer_add(n->out, "\x1e", 1);
	if (evbuffer_get_length(n->out) + (n->hold ? hold_backlog(n->hold) : 0) > BACKLOG_MAX) {
		end(n);
		return false;
	}
	flush(n);
	return true;
}

void connection_alive(struct connection *n, bool pinged)
{
	n->pings = n->pings || pinged;
	if (n->pings)
		arm(n->silence, n->hub->sandbox->options.client_timeout_sec);
}

void connection_ready(struct connection *n)
{
	n->ready = true;
	event_del(n->idle);
	arm(n->ping, n->hub->sandbox->options.ping_sec);
	if (n->transport == TRANSPORT_POLLING && !n->hold)
		arm(n->idle, NEXT_POLL_SEC);
}

static void on_ping(evutil_socket_t fd, short what, void *data)
{
	AUTO_JSON json_object *ping = json_object_new_object();
	struct connection *n = data;

	(void)fd;
	(void)what;
	json_add_int(ping, "type", 6);
	if (connection_send(n, ping))
		arm(n->ping, n->hub->sandbox->options.ping_sec);
}

/* The client has pinged once and is silent since. */
static void on_silence(evutil_socket_t fd, short what, void *data)
{
	struct connection *n = data;

	(void)fd;
	(void)what;
	if (!n->silent)
		hubwire_close(n, "The client has not been heard of in time.", true);
}

/* No handshake or no next poll came in time; a poll that was held for long is answered with nothing. */
static void on_idle(evutil_socket_t fd, short what, void *data)
{
	struct connection *n = data;

	(void)fd;
	(void)what;
	if (n->silent && n->hold)
		return;
	if (n->hold && n->transport == TRANSPORT_POLLING && n->ready) {
		evhttp_send_reply(hold_release(TAKE(n->hold)), 200, NULL, NULL);
		arm(n->idle, NEXT_POLL_SEC);
	} else
		connection_close(n);
}

static void on_gone(void *data)
{
	struct connection *n = data;

	n->hold = NULL;
	if (n->transport == TRANSPORT_EVENTS)
		connection_free(n);
	else
		arm(n->idle, NEXT_POLL_SEC);
}

static struct connection *find(struct hub *h, const char *token)
{
	struct connection *n;

	TAILQ_FOREACH(n, &h->list, link)
		if (strcmp(n->token, token) == 0)
			return n;
	return NULL;
}

static json_object *transport_to_json(const char *name)
{
	json_object *o = json_object_new_object(), *formats = json_object_new_array();

	json_add_text(o, "transport", name);
	json_object_array_add(formats, json_object_new_string("Text"));
	json_object_object_add(o, "transferFormats", formats);
	return o;
}

int hub_negotiate(struct call *c)
{
	struct hub *h = c->sandbox->hub;
	const char *version = call_query(c, "negotiateVersion");
	bool v1 = version && atoi(version) >= 1;
	json_object *transports = json_object_new_array();
	struct connection *n;

	if (h->n >= CONNECTIONS_MAX) {
		json_object_put(transports);
		return call_fail(c, 503, "too-many-connections", "There are %zu connections already", h->n);
	}
	n = xcalloc(1, sizeof(*n));
	n->hub = h;
	n->user = c->user.id;
	uuid_make(n->id);
	if (v1)
		uuid_make(n->token);
	else
		memcpy(n->token, n->id, sizeof(n->token));
	n->in = evbuffer_new();
	n->out = evbuffer_new();
	n->ping = evtimer_new(c->sandbox->base, on_ping, n);
	n->silence = evtimer_new(c->sandbox->base, on_silence, n);
	n->idle = evtimer_new(c->sandbox->base, on_idle, n);
	if (!n->in || !n->out || !n->ping || !n->silence || !n->idle)
		die(1, "out of memory");
	TAILQ_INSERT_TAIL(&h->list, n, link);
	h->n++;
	arm(n->idle, HANDSHAKE_SEC);

	json_object_array_add(transports, transport_to_json("ServerSentEvents"));
	json_object_array_add(transports, transport_to_json("LongPolling"));
	c->answer = json_object_new_object();
	json_add_text(c->answer, "connectionId", n->id);
	if (v1)
		json_add_text(c->answer, "connectionToken", n->token);
	json_add_int(c->answer, "negotiateVersion", v1);
	json_object_object_add(c->answer, "availableTransports", transports);
	return 0;
}

static int find_own(struct call *c, struct connection **ret)
{
	const char *id = call_query(c, "id");
	struct connection *n = id ? find(c->sandbox->hub, id) : NULL;

	if (!id)
		return call_fail(c, 400, "invalid-id", "The parameter \"id\" is missing");
	if (!n)
		return call_fail(c, 404, "not-found", "There is no connection with this id");
	if (n->user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "The connection is another user's");
	*ret = n;
	return 0;
}

static void hold_call(struct call *c, struct connection *n)
{
	c->taken = true;
	n->hold = hold_new(c->req, on_gone, n);
}

static int start_events(struct call *c, struct connection *n)
{
	struct evbuffer *first;

	if (n->transport != TRANSPORT_NONE)
		return call_fail(c, 409, "already-connected", "The connection has its transport already");
	n->transport = TRANSPORT_EVENTS;
	hold_call(c, n);
	deliver_headers(c, "text/event-stream");
	add_header(c->req, "X-Accel-Buffering", "no");
	hold_send_start(n->hold, 200);
	first = evbuffer_new();
	if (!first)
		die(1, "out of memory");
	evbuffer_add_printf(first, ":\r\n\r\n");
	hold_send(n->hold, first);
	evbuffer_free(first);
	flush(n);
	return 0;
}

static int poll(struct call *c, struct connection *n)
{
	if (n->transport == TRANSPORT_EVENTS)
		return call_fail(c, 409, "already-connected", "The connection has another transport");
	if (n->hold)
		return call_fail(c, 409, "already-polled", "There is a poll of this connection already");
	if (n->transport == TRANSPORT_NONE) {
		n->transport = TRANSPORT_POLLING; /* the first poll only says that the transport works */
		return 0;
	}
	if (n->closing && evbuffer_get_length(n->out) == 0) {
		end(n);
		c->status = 204;
		return 0;
	}
	hold_call(c, n);
	if (n->ready)
		arm(n->idle, POLL_SEC);
	flush(n);
	return 0;
}

int hub_get(struct call *c)
{
	const char *accept = evhttp_find_header(evhttp_request_get_input_headers(c->req), "Accept");
	struct connection *n;
	int r;

	r = find_own(c, &n);
	if (r < 0)
		return r;
	if (n->silent) {
		c->stalled = true;
		return 0;
	}
	if (accept && strstr(accept, "text/event-stream"))
		return start_events(c, n);
	return poll(c, n);
}

int hub_post(struct call *c)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(c->req);
	struct connection *n;
	int r;

	r = find_own(c, &n);
	if (r < 0)
		return r;
	if (n->silent) {
		c->stalled = true;
		return 0;
	}
	if (n->transport == TRANSPORT_NONE)
		return call_fail(c, 409, "not-connected", "The connection has no transport yet");
	if (n->closing)
		return 0;
	evbuffer_add_buffer(n->in, in);
	hubwire_receive(n);
	return 0;
}

int hub_delete(struct call *c)
{
	struct connection *n;
	int r;

	r = find_own(c, &n);
	if (r < 0)
		return r;
	if (n->transport != TRANSPORT_POLLING)
		return call_fail(c, 400, "not-polling", "Only a connection of long polling is ended like this");
	end(n);
	c->status = 202;
	return 0;
}

void hub_send(struct sandbox *s, int64_t user, const char *target, json_object *argument)
{
	AUTO_JSON json_object *message = json_object_new_object();
	enum fault_kind fault = faults_pick_push(s, target);
	json_object *arguments = json_object_new_array();
	struct connection *n, *next;

	json_add_int(message, "type", 1);
	json_add_text(message, "target", target);
	json_object_array_add(arguments, argument);
	json_object_object_add(message, "arguments", arguments);
	if (fault == FAULT_DROP_PUSH)
		return;
	for (n = TAILQ_FIRST(&s->hub->list); n; n = next) {
		next = TAILQ_NEXT(n, link);
		if (n->user != user || !n->ready || n->closing)
			continue;
		if (connection_send(n, message) && fault == FAULT_DUPLICATE_PUSH)
			(void)connection_send(n, message);
	}
}

void hub_silence(struct sandbox *s)
{
	struct connection *n;

	TAILQ_FOREACH(n, &s->hub->list, link)
		n->silent = true;
}

size_t hub_count(struct sandbox *s)
{
	struct connection *n;
	size_t count = 0;

	TAILQ_FOREACH(n, &s->hub->list, link)
		count += n->ready && !n->closing;
	return count;
}
