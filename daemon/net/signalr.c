/* A hub connection: negotiate, open a transport, shake hands, receive, and all over again when it is lost. What the
 * invocations mean is the handler's business. */
#include "net/signalr.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/jsonutil.h"
#include "base/log.h"
#include "base/timeutil.h"
#include "net/signalr-frame.h"
#include "net/signalr-negotiate.h"
#include "net/sse.h"

#define MAX_MOVES 5          /* redirections in one negotiation */
#define MAX_QUEUE 64         /* messages waiting to be sent */
#define MAX_HASTY_POLLS 20   /* in a row, empty and within HASTY: a server that does not wait */
#define HASTY (100 * USEC_PER_MSEC)
#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"

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

static void signalr_connect(struct signalr *s);
static void signalr_send_next(struct signalr *s);
static void signalr_poll(struct signalr *s);

static void signalr_unref(struct signalr *s)
{
	if (--s->refs > 0)
		return;
	free(s->url);
	if (s->timer)
		event_free(s->timer);
	if (s->teller)
		event_free(s->teller);
	free(s);
}

static void signalr_unrefp(struct signalr **s)
{
	signalr_unref(*s);
}

/* Keeps it while a function runs that calls the handler: who may free it. */
#define SIGNALR_HOLD(s) \
	_cleanup_(signalr_unrefp) struct signalr *held = (s); \
	held->refs++

static void set_timer(struct event *timer, uint64_t usec)
{
	struct timeval tv = { .tv_sec = (time_t)(usec / USEC_PER_SEC), .tv_usec = (suseconds_t)(usec % USEC_PER_SEC) };

	/* Fails only when memory ran out in growing the heap of timers, which has room for one that was in it. */
	if (event_add(timer, &tv) < 0)
		log_error("push: cannot set a timer");
}

static void signalr_tell(struct signalr *s)
{
	if (s->told == s->state)
		return;
	s->told = s->state;
	if (s->handler.state_changed)
		s->handler.state_changed(s->state, s->userdata);
}

static void signalr_on_teller(evutil_socket_t fd, short what, void *userdata)
{
	SIGNALR_HOLD(userdata);

	(void)fd;
	(void)what;
	signalr_tell(held);
}

static const struct secret *signalr_token(struct signalr *s)
{
	/* Of the place we were sent to, or none; ours is for our own service. */
	return s->hub ? s->token : s->handler.token(s->userdata);
}

/* ---- the end of a connection ---- */

static void ignore_answer(const struct http_response *response, void *userdata)
{
	(void)response;
	(void)userdata;
}

/* A server keeps a long-polling connection until its time-out; this says that it need not. */
static void signalr_say_goodbye(struct signalr *s)
{
	struct http_request q = { .method = "DELETE", .url = s->connection, .timeout = s->timeout };

	if (s->sse_transport || s->phase < PHASE_SHAKING || !s->connection)
		return;
	q.bearer = signalr_token(s);
	(void)http_start(s->http, &q, ignore_answer, NULL, NULL);
}

static void signalr_tear_down(struct signalr *s)
{
	struct message *m;

	s->generation++;
	http_cancel(TAKE_PTR(s->negotiate));
	http_cancel(TAKE_PTR(s->stream));
	http_cancel(TAKE_PTR(s->sending));
	(void)event_del(s->timer);
	sse_free(TAKE_PTR(s->sse));
	frames_done(&s->frames);
	while ((m = TAILQ_FIRST(&s->queue))) {
		TAILQ_REMOVE(&s->queue, m, messages);
		free(m);
	}
	s->queued = 0;
	s->hasty_polls = 0;
	s->moves = 0;
	s->token = secret_unref(s->token);
	free(TAKE_PTR(s->hub));
	free(TAKE_PTR(s->connection));
}

/* Once per outage for people, each time for who debugs. */
static void signalr_log_failure(struct signalr *s, const char *why, uint64_t wait)
{
	if (s->failure_logged)
		log_debug("push: %s; next try in %" PRIu64 " ms", why, wait / USEC_PER_MSEC);
	else
		log_info("push: %s; next try in %" PRIu64 " ms", why, wait / USEC_PER_MSEC);
	s->failure_logged = true;
}

static void signalr_wait(struct signalr *s, const char *why, uint64_t wait)
{
	signalr_tear_down(s);
	s->sse_failed = false;
	s->phase = PHASE_WAITING;
	s->state = SIGNALR_CONNECTING;
	set_timer(s->timer, wait);
	signalr_log_failure(s, why, wait);
	signalr_tell(s);
}

static uint64_t signalr_next_delay(struct signalr *s, uint64_t floor)
{
	uint64_t wait;

	if (!s->handler.next_delay)
		return backoff_next_after(&s->backoff, floor);
	return __builtin_add_overflow(floor, s->handler.next_delay(&s->backoff, s->userdata), &wait) ? UINT64_MAX : wait;
}

/* Whatever ended the connection, or the try to have one. */
static void signalr_fail(struct signalr *s, const char *why, uint64_t retry_after)
{
	bool opening = s->phase == PHASE_OPENING || s->phase == PHASE_SHAKING;

	if (s->phase == PHASE_UP)
		signalr_wait(s, why,
			     s->handler.first_delay ? s->handler.first_delay(s->userdata) : backoff_next(&s->backoff));
	else if (opening && s->sse_transport && s->long_polling_offered && s->allow_long_polling &&
		 retry_after == 0) {
		/* A proxy on the way may hold events back, or not know them. */
		log_debug("push: %s; long polling instead", why);
		signalr_tear_down(s);
		s->sse_failed = true;
		signalr_connect(s);
	} else
		signalr_wait(s, why, signalr_next_delay(s, retry_after));
}

static void signalr_wait_for_token(struct signalr *s)
{
	signalr_tear_down(s);
	s->phase = PHASE_NO_TOKEN;
	s->state = SIGNALR_CONNECTING;
	signalr_tell(s);
}

/* The handler may free it, so this comes last. */
static void signalr_refused(struct signalr *s)
{
	if (s->hub) {
		/* Not our token: a new negotiation at home brings another. */
		signalr_wait(s, "the hub's token was refused", signalr_next_delay(s, 0));
		return;
	}
	s->refusals++;
	signalr_wait_for_token(s);
	if (s->phase == PHASE_NO_TOKEN && s->handler.unauthorized)
		s->handler.unauthorized(s->userdata);
}

/* True when the answer is a success; else the connection is over. */
static bool signalr_check_answer(struct signalr *s, const struct http_response *r, const char *what)
{
	_cleanup_free_ char *why = NULL;

	if (r->outcome == HTTP_ANSWERED && r->status >= 200 && r->status <= 299)
		return true;
	if (r->outcome == HTTP_ANSWERED && r->status == 401) {
		signalr_refused(s);
		return false;
	}
	why = r->outcome == HTTP_ANSWERED ? strprintf("%s was answered with status %d", what, r->status) :
					    strprintf("%s failed: %s", what, r->error);
	signalr_fail(s, why ? why : what, r->retry_after);
	return false;
}

/* ---- messages ---- */

static void signalr_heard(struct signalr *s)
{
	set_timer(s->timer, s->timeout);
}

static int signalr_send(struct signalr *s, const char *text, size_t n)
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

/* We offer no results; what the server waits for is that we are done. */
static int signalr_complete(struct signalr *s, const char *id)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_free_ char *text = NULL;

	if (!o || json_add(o, "type", json_object_new_int(3)) < 0 || json_add_string(o, "invocationId", id) < 0 ||
	    json_object_object_add(o, "result", NULL) < 0)
		return -ENOMEM;
	text = strprintf("%s%c", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), FRAME_END);
	if (!text)
		return -ENOMEM;
	return signalr_send(s, text, strlen(text));
}

static void signalr_take_invocation(struct signalr *s, json_object *o)
{
	json_object *arguments = json_get_array(o, "arguments");
	unsigned generation = s->generation;
	const char *target, *id = NULL;

	if (json_get_string(o, "target", &target) <= 0 || !arguments || json_get_string(o, "invocationId", &id) < 0) {
		signalr_fail(s, "the hub sent a damaged invocation", 0);
		return;
	}
	if (s->handler.invoked)
		s->handler.invoked(target, arguments, s->userdata);
	if (id && generation == s->generation && signalr_complete(s, id) < 0)
		signalr_fail(s, "the hub asks for more answers than can be sent", 0);
}

static void signalr_take_close(struct signalr *s, json_object *o)
{
	_cleanup_free_ char *why = NULL;
	const char *error = NULL;
	bool reconnect = false;

	(void)json_get_string(o, "error", &error);
	(void)json_get_bool(o, "allowReconnect", &reconnect);
	why = strprintf("the hub closes the connection%s%s", error ? ": " : "", strempty(error));
	if (reconnect)
		signalr_fail(s, strempty(why), 0);
	else
		signalr_wait(s, strempty(why), backoff_spread(&s->backoff, s->backoff.cap));
}

static void signalr_take_handshake(struct signalr *s, json_object *o)
{
	_cleanup_free_ char *why = NULL;
	const char *error;

	if (json_get_string(o, "error", &error) != 0) {
		why = strprintf("the hub refuses the handshake: %s", json_get_string(o, "error", &error) > 0 ? error : "");
		signalr_wait(s, strempty(why), signalr_next_delay(s, 0));
		return;
	}
	s->phase = PHASE_UP;
	s->state = s->sse_transport ? SIGNALR_SSE : SIGNALR_LONG_POLLING;
	s->refusals = 0;
	s->failure_logged = false;
	backoff_reset(&s->backoff);
	log_debug("push: connected by %s", s->sse_transport ? "server-sent events" : "long polling");
	signalr_tell(s);
}

static void signalr_take_message(struct signalr *s, json_object *o)
{
	uint64_t type = 0;

	if (json_get_u64(o, "type", &type) < 0)
		type = 0;
	switch (type) {
	case 1:
		signalr_take_invocation(s, o);
		break;
	case 3: /* a completion: we invoke nothing */
	case 6: /* a ping */
		break;
	case 7:
		signalr_take_close(s, o);
		break;
	default:
		if (!s->unknown_logged)
			log_warning("push: the hub sent a message of unknown type %" PRIu64 ", ignoring", type);
		s->unknown_logged = true;
	}
}

/* A piece of what the server sends, of any size. */
static void signalr_take(struct signalr *s, const char *data, size_t n)
{
	unsigned generation = s->generation;
	const char *text;
	int r;

	r = frames_append(&s->frames, data, n);
	if (r < 0) {
		signalr_fail(s, r == -E2BIG ? "the hub sent a message that is too large" : "out of memory", 0);
		return;
	}
	while (generation == s->generation && frames_next(&s->frames, &text, &n)) {
		_cleanup_json_ json_object *o = NULL;

		if (json_parse(text, n, JSON_MAX_DEPTH, &o) < 0 || !json_object_is_type(o, json_type_object))
			signalr_fail(s, "the hub sent a message that is not JSON", 0);
		else if (s->phase == PHASE_SHAKING)
			signalr_take_handshake(s, o);
		else
			signalr_take_message(s, o);
	}
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

static int signalr_open_stream(struct signalr *s)
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
static void signalr_poll(struct signalr *s)
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

/* ---- the beginning ---- */

static void signalr_open(struct signalr *s, const struct negotiation *g)
{
	bool sse = g->sse && s->allow_sse && !s->sse_failed;

	s->long_polling_offered = g->long_polling;
	if (!sse && !(g->long_polling && s->allow_long_polling)) {
		signalr_fail(s, "the hub offers no transport that is allowed", 0);
		return;
	}
	s->connection = hub_url(s->hub ? s->hub : s->url, NULL, "id", g->id);
	if (!s->connection) {
		signalr_fail(s, "out of memory", 0);
		return;
	}
	s->sse_transport = sse;
	s->phase = PHASE_OPENING;
	signalr_heard(s);
	if (!sse)
		signalr_poll(s);
	else if (signalr_open_stream(s) < 0)
		signalr_fail(s, "cannot open the hub's stream", 0);
}

static int signalr_negotiate(struct signalr *s);

/* The hub is elsewhere: the same question there. */
static void signalr_move(struct signalr *s, struct negotiation *g)
{
	if (++s->moves > MAX_MOVES) {
		signalr_fail(s, "the hub sends us from place to place", 0);
		return;
	}
	if (!negotiation_may_move(s->url, g->url)) {
		signalr_fail(s, "the hub sends us to a place that is not allowed", 0);
		return;
	}
	free(s->hub);
	s->hub = TAKE_PTR(g->url);
	secret_unref(s->token);
	s->token = TAKE_PTR(g->token);
	if (signalr_negotiate(s) < 0)
		signalr_fail(s, "cannot negotiate with the hub", 0);
}

static void signalr_on_negotiated(const struct http_response *response, void *userdata)
{
	SIGNALR_HOLD(userdata);
	_cleanup_(negotiation_done) struct negotiation g = { 0 };
	_cleanup_free_ char *why = NULL;

	held->negotiate = NULL;
	if (!signalr_check_answer(held, response, "negotiation with the hub"))
		return;
	if (negotiation_parse(response->body, response->body_size, &g) < 0) {
		signalr_fail(held, "the hub's answer to negotiation cannot be read", 0);
	} else if (g.error) {
		why = strprintf("the hub refuses: %s", g.error);
		signalr_fail(held, strempty(why), 0);
	} else if (g.url) {
		signalr_move(held, &g);
	} else
		signalr_open(held, &g);
}

static int signalr_negotiate(struct signalr *s)
{
	_cleanup_free_ char *url = hub_url(s->hub ? s->hub : s->url, "/negotiate", "negotiateVersion", "1");
	struct http_request q = {
		.method = "POST",
		.url = url,
		.content_type = "text/plain;charset=UTF-8",
		.timeout = s->timeout,
		.bearer = signalr_token(s),
	};

	if (!url)
		return -ENOMEM;
	return http_start(s->http, &q, signalr_on_negotiated, s, &s->negotiate);
}

static void signalr_connect(struct signalr *s)
{
	if (!s->handler.token(s->userdata)) {
		signalr_wait_for_token(s);
		return;
	}
	s->phase = PHASE_NEGOTIATING;
	s->state = SIGNALR_CONNECTING;
	if (signalr_negotiate(s) < 0)
		signalr_fail(s, "cannot negotiate with the hub", 0);
	else
		signalr_tell(s);
}

static void signalr_on_timer(evutil_socket_t fd, short what, void *userdata)
{
	SIGNALR_HOLD(userdata);

	(void)fd;
	(void)what;
	if (held->phase == PHASE_WAITING)
		signalr_connect(held);
	else
		signalr_fail(held, "the hub is silent", 0);
}

/* ---- the owner's side: of the handler, nothing here calls more than its token ---- */

int signalr_new(struct event_base *base, struct http *http, const struct signalr_options *options,
		const struct signalr_handler *handler, void *userdata, struct signalr **ret)
{
	_cleanup_(signalr_freep) struct signalr *s = new0(struct signalr, 1);

	if (!s)
		return -ENOMEM;
	TAILQ_INIT(&s->queue);
	s->refs = 1;
	s->base = base;
	s->http = http;
	s->allow_sse = options->sse;
	s->allow_long_polling = options->long_polling;
	s->timeout = options->timeout;
	s->backoff = (struct backoff){ .base = options->backoff_base, .cap = options->backoff_cap };
	s->handler = *handler;
	s->userdata = userdata;
	s->url = strdup(options->url);
	s->timer = evtimer_new(base, signalr_on_timer, s);
	s->teller = evtimer_new(base, signalr_on_teller, s);
	if (!s->url || !s->timer || !s->teller)
		return -ENOMEM;
	*ret = TAKE_PTR(s);
	return 0;
}

void signalr_free(struct signalr *s)
{
	if (!s)
		return;
	if (s->timer && s->teller) {
		signalr_stop(s);
		(void)event_del(s->teller);
	}
	signalr_unref(s);
}

void signalr_start(struct signalr *s)
{
	if (s->phase != PHASE_OFF)
		return;
	s->phase = PHASE_WAITING;
	s->state = SIGNALR_CONNECTING;
	s->refusals = 0;
	s->failure_logged = false;
	backoff_reset(&s->backoff);
	set_timer(s->teller, 0);
	set_timer(s->timer, 0);
}

void signalr_stop(struct signalr *s)
{
	if (s->phase == PHASE_OFF)
		return;
	signalr_say_goodbye(s);
	signalr_tear_down(s);
	s->phase = PHASE_OFF;
	s->state = SIGNALR_OFF;
	s->sse_failed = false;
	set_timer(s->teller, 0);
}

void signalr_retry_now(struct signalr *s)
{
	if (s->phase != PHASE_WAITING && s->phase != PHASE_NO_TOKEN)
		return;
	s->phase = PHASE_WAITING;
	/* Tokens that are refused one after the other do not become better by haste. */
	set_timer(s->timer, s->refusals > 1 ? backoff_next(&s->backoff) : 0);
}

enum signalr_state signalr_get_state(const struct signalr *s)
{
	return s->state;
}
