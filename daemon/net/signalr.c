/* The life of a hub connection: negotiate, open a transport, wait for the handshake, and all over again when it is
 * lost. What the invocations mean is the handler's business. */
#include "net/signalr.h"

#include <inttypes.h>

#include "base/log.h"
#include "net/signalr-negotiate.h"
#include "net/signalr-private.h"

#define MAX_MOVES 5 /* redirections in one negotiation */

static void signalr_connect(struct signalr *s);

void signalr_unref(struct signalr *s)
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

static void set_timer(struct event *timer, uint64_t usec)
{
	struct timeval tv = { .tv_sec = (time_t)(usec / USEC_PER_SEC), .tv_usec = (suseconds_t)(usec % USEC_PER_SEC) };

	/* Fails only when memory ran out in growing the heap of timers, which has room for one that was in it. */
	if (event_add(timer, &tv) < 0)
		log_error("push: cannot set a timer");
}

void signalr_tell(struct signalr *s)
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

const struct secret *signalr_token(struct signalr *s)
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
	s->generation++;
	http_cancel(TAKE_PTR(s->negotiate));
	http_cancel(TAKE_PTR(s->stream));
	http_cancel(TAKE_PTR(s->sending));
	(void)event_del(s->timer);
	sse_free(TAKE_PTR(s->sse));
	frames_done(&s->frames);
	signalr_drop_queue(s);
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

void signalr_wait(struct signalr *s, const char *why, uint64_t wait)
{
	signalr_tear_down(s);
	s->sse_failed = false;
	s->phase = PHASE_WAITING;
	s->state = SIGNALR_CONNECTING;
	set_timer(s->timer, wait);
	signalr_log_failure(s, why, wait);
	signalr_tell(s);
}

uint64_t signalr_next_delay(struct signalr *s, uint64_t floor)
{
	uint64_t wait;

	if (!s->handler.next_delay)
		return backoff_next_after(&s->backoff, floor);
	return __builtin_add_overflow(floor, s->handler.next_delay(&s->backoff, s->userdata), &wait) ? UINT64_MAX : wait;
}

void signalr_heard(struct signalr *s)
{
	set_timer(s->timer, s->timeout);
}

/* Whatever ended the connection, or the try to have one. */
void signalr_fail(struct signalr *s, const char *why, uint64_t retry_after)
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

bool signalr_check_answer(struct signalr *s, const struct http_response *r, const char *what)
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
