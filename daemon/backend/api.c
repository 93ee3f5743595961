/* One call to a service from its start to its one callback: header, token, repetition, time. What an
 * answer means is read in api-answer.c; bytes and sockets are net/http. */
#include "backend/api.h"

#include <sys/queue.h>

#include "backend/api-answer.h"
#include "base/log.h"
#include "base/timeutil.h"
#include "base/uuid.h"
#include "net/backoff.h"

#define DEFAULT_TIMEOUT (10 * USEC_PER_SEC)
#define MIN_TIMEOUT USEC_PER_SEC /* of a repetition near the end of its budget */
#define BACKOFF_BASE (500 * USEC_PER_MSEC)
#define BACKOFF_CAP (30 * USEC_PER_SEC)
#define MAX_SERVER_ERRORS 5U
#define MAX_CALLS 512U

enum call_state {
	CALL_PAUSING,  /* the timer is the next try */
	CALL_TALKING,
	CALL_RENEWING, /* waits for a token, the timer is the end of its patience */
	CALL_ENDING,   /* the timer, due at once, brings `ending` */
};

struct api_call {
	unsigned refs;
	struct api *api; /* NULL once it is over; every hook may have ended it */
	TAILQ_ENTRY(api_call) calls;
	enum call_state state;
	struct event *timer;
	struct http_call *http;

	enum service service;
	bool post, anonymous, no_renewal, aside;
	char *path, *json, *key, *if_none_match, *if_match, *range, *if_range, *content_type, *content_digest;
	int body_fd;
	uint64_t body_fd_size;
	size_t max_body;
	void (*on_data)(const char *data, size_t n, void *userdata);
	void (*on_header)(const struct api_header *header, void *userdata);
	bool can_hold, held;
	void (*on_sent)(uint64_t sent, void *userdata);
	struct secret *secret_json, *bearer;
	uint64_t timeout, quiet, deadline; /* µs; the last of CLOCK_MONOTONIC, 0: no repetition */
	api_cb done;
	void *userdata;

	struct secret *token;   /* of the present try */
	bool refused;           /* a try was answered 401 */
	bool told_to_wait;      /* the pause is the service's wish */
	bool sent;
	unsigned server_errors;
	struct backoff backoff;
	struct {
		enum api_outcome outcome;
		int status;
		const char *code, *message;
	} ending;
};

struct api {
	struct event_base *base;
	struct http *http;
	const struct config *config;
	struct api_hooks hooks;
	void *userdata;
	TAILQ_HEAD(, api_call) calls;
	unsigned n_calls;
	bool renewing;
};

static const char *const service_names[_SERVICE_MAX] = {
	[SERVICE_AUTHENTICATION] = "authentication",
	[SERVICE_CUSTOMER] = "customer backend",
	[SERVICE_FILE] = "file service",
	[SERVICE_STATISTICAL] = "statistical backend",
	[SERVICE_PREDICTIVE] = "predictive backend",
	[SERVICE_EMAIL] = "e-mail backend",
	[SERVICE_NOTIFICATIONS] = "notifications",
};

int api_new(struct event_base *base, struct http *http, const struct config *config,
	    const struct api_hooks *hooks, void *userdata, struct api **ret)
{
	struct api *a;

	if (!hooks->token || !hooks->renew || !hooks->rejected || !hooks->contact)
		return -EINVAL;
	a = new0(struct api, 1);
	if (!a)
		return -ENOMEM;
	a->base = base;
	a->http = http;
	a->config = config;
	a->hooks = *hooks;
	a->userdata = userdata;
	TAILQ_INIT(&a->calls);
	*ret = a;
	return 0;
}

static void call_unref(struct api_call *c)
{
	if (--c->refs > 0)
		return;
	if (c->timer)
		event_free(c->timer);
	free(c->path);
	free(c->json);
	free(c->key);
	free(c->if_none_match);
	free(c->if_match);
	free(c->range);
	free(c->if_range);
	free(c->content_type);
	free(c->content_digest);
	secret_unref(c->secret_json);
	secret_unref(c->bearer);
	secret_unref(c->token);
	free(c);
}
DEFINE_CLEANUP(struct api_call *, call_unref);

/* From here on nothing more happens to it; who holds a reference sees api NULL. */
static void call_detach(struct api_call *c)
{
	TAILQ_REMOVE(&c->api->calls, c, calls);
	c->api->n_calls--;
	c->api = NULL;
	(void)event_del(c->timer);
	http_cancel(TAKE_PTR(c->http));
}

void api_cancel(struct api_call *c)
{
	/* Its callback is running: that was the end of it already. */
	if (!c || !c->api)
		return;
	call_detach(c);
	call_unref(c);
}

void api_hold(struct api_call *c, bool hold)
{
	c->held = hold;
	if (c->http)
		http_hold(c->http, hold);
}

void api_free(struct api *a)
{
	struct api_call *c;

	if (!a)
		return;
	while ((c = TAILQ_FIRST(&a->calls)))
		api_cancel(c);
	free(a);
}

static void call_finish(struct api_call *c, const struct api_reply *reply)
{
	call_detach(c);
	c->done(reply, c->userdata);
	call_unref(c);
}

static void call_set_timer(struct api_call *c, enum call_state state, uint64_t usec)
{
	struct timeval tv = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
			      .tv_usec = (suseconds_t)(usec % USEC_PER_SEC) };

	c->state = state;
	/* Fails only without memory for the first timer of all; the call then ends with api_free(). */
	if (event_add(c->timer, &tv) < 0)
		log_error("No memory for a timer.");
}

/* Ends it from the loop, so that nobody is called back from within what he called. */
static void call_end_soon(struct api_call *c, enum api_outcome outcome, int status, const char *message)
{
	c->ending.outcome = outcome;
	c->ending.status = status;
	c->ending.code = NULL;
	c->ending.message = message;
	call_set_timer(c, CALL_ENDING, 0);
}

static bool call_is_authorized(const struct api_call *c)
{
	return !c->anonymous && !c->bearer;
}

static uint64_t call_left(const struct api_call *c)
{
	uint64_t now = now_monotonic();

	return c->deadline > now ? c->deadline - now : 0;
}

static void call_await_token(struct api_call *c)
{
	uint64_t left = call_left(c), timeout = c->timeout == USEC_INFINITY ? DEFAULT_TIMEOUT : c->timeout;

	call_set_timer(c, CALL_RENEWING, left > timeout ? left : timeout);
}

static bool secret_equal(const struct secret *a, const struct secret *b)
{
	return secret_length(a) == secret_length(b) &&
	       memcmp(secret_string(a), secret_string(b), secret_length(a)) == 0;
}

/* A 401 to a call with the person's token: asks for another one, once; true when there is nothing more to
 * do with the answer. */
static bool call_refused(struct api_call *c)
{
	const struct secret *present;
	struct api *a = c->api;

	if (!call_is_authorized(c) || c->no_renewal)
		return false;
	present = a->hooks.token(a->userdata);
	if (c->refused) {
		call_end_soon(c, API_UNAUTHORIZED, 401,
			      "The service no longer accepts this session; sign in again.");
		/* Not when the session was ended, or another one begun, since the try was sent. */
		if (present && secret_equal(present, c->token))
			a->hooks.rejected(a->userdata);
		return true;
	}
	c->refused = true;
	if (!present) /* another call's answer ended the session */
		call_end_soon(c, API_UNAUTHORIZED, 401, "The session has ended; sign in again.");
	else if (!secret_equal(present, c->token))
		call_set_timer(c, CALL_PAUSING, 0);
	else {
		call_await_token(c);
		if (!a->renewing) {
			a->renewing = true;
			a->hooks.renew(a->userdata);
		}
	}
	return true;
}

static bool call_may_repeat(struct api_call *c, enum api_outcome outcome)
{
	if (outcome == API_SERVER_ERROR)
		return !c->key || ++c->server_errors < MAX_SERVER_ERRORS;
	return outcome == API_OFFLINE || outcome == API_TRANSIENT;
}

/* False when the budget has no room for it. */
static bool call_repeat(struct api_call *c, enum api_outcome outcome, uint64_t retry_after)
{
	uint64_t wait;

	if (c->deadline == 0 || !call_may_repeat(c, outcome))
		return false;
	wait = backoff_next_after(&c->backoff, retry_after);
	if (wait > call_left(c))
		return false;
	c->told_to_wait = retry_after > 0;
	call_set_timer(c, CALL_PAUSING, wait);
	return true;
}

/* A gateway that answers for a service it does not reach is not the service. */
static bool was_reached(const struct http_response *response)
{
	return response->outcome != HTTP_UNREACHED && response->status != 502 && response->status != 503 &&
	       response->status != 504;
}

static void answer_freep(struct api_answer *a)
{
	api_answer_done(a);
}

static void on_http_done(const struct http_response *response, void *userdata)
{
	_cleanup_(call_unrefp) struct api_call *c = userdata;
	_cleanup_(answer_freep) struct api_answer answer;
	struct api *a = c->api;

	c->refs++;
	c->http = NULL;
	c->sent = c->sent || response->sent;
	api_answer_read(response, c->if_none_match, &answer);
	log_debug("%s %.*s: HTTP %d%s%s", service_names[c->service], (int)strcspn(c->path, "?"), c->path,
		  response->status, answer.message[0] ? ", " : "", answer.message);

	/* Of a stream it was told when it began: however it ended, and whenever, the service is not away for that. */
	if (!c->aside && (!c->can_hold || response->status < 200 || response->status > 299))
		a->hooks.contact(was_reached(response), was_reached(response) ? response->date : 0, answer.message,
				 a->userdata);
	if (!c->api || c->state == CALL_ENDING)
		return;
	if (answer.outcome == API_UNAUTHORIZED && call_refused(c))
		return;
	if (call_repeat(c, answer.outcome, response->retry_after))
		return;
	call_finish(c, &(struct api_reply){
			       .outcome = answer.outcome,
			       .status = answer.status,
			       .code = answer.code[0] ? answer.code : NULL,
			       .message = answer.message,
			       .body = answer.body,
			       .etag = response->etag,
			       .content_type = response->content_type,
			       .repr_digest = response->repr_digest,
			       .content_range = response->content_range,
			       .retry_after = response->retry_after,
			       .date = response->date,
			       .sent = c->sent,
		       });
}

/* A file's bytes are whoever's they are for; an answer that is none is read as always. */
static void on_http_data(const char *data, size_t n, void *userdata)
{
	struct api_call *c = userdata;

	c->on_data(data, n, c->userdata);
}

static void on_http_header(int status, void *userdata)
{
	_cleanup_(call_unrefp) struct api_call *c = userdata;
	struct http_response r;

	c->refs++;
	if (status < 200 || status > 299)
		return;
	http_look(c->http, &r);
	if (c->can_hold)
		c->api->hooks.contact(/* reached= */ true, r.date, "", c->api->userdata);
	if (c->api && c->on_header)
		c->on_header(&(struct api_header){
				     .status = r.status,
				     .content_type = r.content_type,
				     .etag = r.etag,
				     .content_range = r.content_range,
				     .length = r.length,
				     .has_length = r.has_length,
			     },
			     c->userdata);
}

static void on_http_sent(uint64_t sent, void *userdata)
{
	struct api_call *c = userdata;

	c->on_sent(sent, c->userdata);
}

#define MAX_HEADERS 9

static void free_headers(char *(*headers)[MAX_HEADERS])
{
	for (size_t i = 0; i < ELEMENTSOF(*headers); i++)
		free((*headers)[i]);
}

static int call_start_http(struct api_call *c, const struct secret *bearer)
{
	_cleanup_(free_headers) char *headers[MAX_HEADERS] = { NULL };
	_cleanup_free_ char *url = NULL;
	struct http_request request = {
		.method = c->post ? "POST" : "GET",
		.bearer = bearer,
		.content_type = c->body_fd_size > 0 ? c->content_type :
				c->json || c->secret_json ? "application/json" : NULL,
		.body = c->json,
		.body_size = c->json ? strlen(c->json) : 0,
		.secret_body = c->secret_json,
		.body_fd = c->body_fd,
		.body_fd_size = c->body_fd_size,
		.on_sent = c->on_sent ? on_http_sent : NULL,
		.on_data = c->on_data ? on_http_data : NULL,
		.on_header = c->on_data ? on_http_header : NULL,
		.can_hold = c->can_hold,
		.identity = c->on_data, /* ranges are of the bytes themselves */
		.max_body = c->max_body,
		.timeout = c->timeout == USEC_INFINITY ? 0 : c->timeout,
		.quiet = c->quiet,
	};
	char id[UUID_SIZE];
	size_t n = 0;
	int r;

	uuid_new(id);
	url = strprintf("%s/%s", c->api->config->url[c->service], c->path);
	headers[n++] = strprintf("X-Request-Id: %s", id);
	headers[n++] = strdup(c->on_data ? "Accept: */*" : "Accept: application/json, application/problem+json");
	if (c->key)
		headers[n++] = strprintf("Idempotency-Key: %s", c->key);
	if (c->if_none_match)
		headers[n++] = strprintf("If-None-Match: %s", c->if_none_match);
	if (c->if_match)
		headers[n++] = strprintf("If-Match: %s", c->if_match);
	if (c->range)
		headers[n++] = strprintf("Range: %s", c->range);
	if (c->if_range)
		headers[n++] = strprintf("If-Range: %s", c->if_range);
	if (c->content_digest)
		headers[n++] = strprintf("Content-Digest: %s", c->content_digest);
	for (size_t i = 0; i < n; i++)
		if (!headers[i] || !url)
			return -ENOMEM;
	request.url = url;
	request.headers = (const char *const *)headers;
	/* A repetition does not outlive the budget by more than the least that makes sense. */
	if (c->backoff.attempt > 0 && call_left(c) < request.timeout)
		request.timeout = call_left(c) > MIN_TIMEOUT ? call_left(c) : MIN_TIMEOUT;
	log_debug("%s %.*s: request %s", service_names[c->service], (int)strcspn(c->path, "?"), c->path, id);
	r = http_start(c->api->http, &request, on_http_done, c, &c->http);
	if (r >= 0 && c->held)
		http_hold(c->http, true);
	return r;
}

static void call_try(struct api_call *c)
{
	const struct secret *bearer = c->bearer;
	struct api *a = c->api;
	int r;

	if (!a->config->url[c->service]) {
		call_end_soon(c, API_OFFLINE, 0, "No address is configured for the service.");
		return;
	}
	if (call_is_authorized(c)) {
		if (a->renewing) {
			call_await_token(c);
			return;
		}
		bearer = a->hooks.token(a->userdata);
		if (!bearer && a->hooks.token_pending && a->hooks.token_pending(a->userdata)) {
			call_await_token(c);
			return;
		}
		if (!bearer) {
			call_end_soon(c, API_NO_TOKEN, 0, "Nobody is signed in.");
			return;
		}
		secret_unref(c->token);
		c->token = secret_ref((struct secret *)bearer);
	}
	c->state = CALL_TALKING;
	r = call_start_http(c, bearer);
	if (r == -EPROTONOSUPPORT)
		call_end_soon(c, API_OFFLINE, 0,
			      "The service's address is not https, nor on this machine; nothing was sent.");
	else if (r < 0)
		call_end_soon(c, API_OFFLINE, 0, "The request could not be started.");
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct api_call *c = userdata;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CALL_PAUSING:
		call_try(c);
		break;
	case CALL_RENEWING:
		call_end_soon(c, API_OFFLINE, 0, "The session could not be renewed in time.");
		break;
	case CALL_ENDING:
		call_finish(c, &(struct api_reply){
				       .outcome = c->ending.outcome,
				       .status = c->ending.status,
				       .code = c->ending.code,
				       .message = c->ending.message,
				       .sent = c->sent,
			       });
		break;
	case CALL_TALKING:
		break;
	}
}

void api_token_renewed(struct api *a, int result)
{
	struct api_call *c;

	a->renewing = false;
	TAILQ_FOREACH(c, &a->calls, calls) {
		if (c->state != CALL_RENEWING)
			continue;
		if (result == 0)
			call_set_timer(c, CALL_PAUSING, 0);
		else if (result == -EACCES)
			call_end_soon(c, API_UNAUTHORIZED, c->refused ? 401 : 0,
				      "The session has ended; sign in again.");
		else
			call_end_soon(c, API_OFFLINE, 0, result == -ENOKEY ?
				      "The keyring that holds the session is locked or not there; nothing was sent." :
				      "The session could not be renewed.");
		if (result == -ENOKEY)
			c->ending.code = API_CODE_LOCKED;
	}
}

void api_drop_authorized(struct api *a)
{
	struct api_call *c;

	a->renewing = false;
	TAILQ_FOREACH(c, &a->calls, calls) {
		if (!call_is_authorized(c) || c->state == CALL_ENDING)
			continue;
		if (c->http) {
			http_cancel(TAKE_PTR(c->http));
			c->sent = true; /* for all we know */
		}
		call_end_soon(c, API_NO_TOKEN, 0, "Nobody is signed in any more.");
	}
}

void api_network_changed(struct api *a)
{
	struct api_call *c;

	http_forget_connections(a->http);
	TAILQ_FOREACH(c, &a->calls, calls)
		if (c->state == CALL_PAUSING && !c->told_to_wait)
			call_set_timer(c, CALL_PAUSING, 0);
}

/* Nothing that could end a line of the header, or begin another. */
static bool is_header_safe(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int request_check(const struct api_request *q)
{
	if (q->service >= _SERVICE_MAX || isempty(q->path) || (q->json && q->secret_json))
		return -EINVAL;
	if (!streq(q->method, "GET") && !streq(q->method, "POST"))
		return -EINVAL;
	if (!is_header_safe(q->path) || strchr(q->path, ' ') || !is_header_safe(q->idempotency_key) ||
	    !is_header_safe(q->if_match) || !is_header_safe(q->range) || !is_header_safe(q->if_range) ||
	    !is_header_safe(q->content_type) || !is_header_safe(q->content_digest))
		return -EINVAL;
	return 0;
}

static int call_copy_request(struct api_call *c, const struct api_request *q)
{
	c->service = q->service;
	c->post = streq(q->method, "POST");
	c->anonymous = q->anonymous;
	c->no_renewal = q->no_renewal;
	c->aside = q->aside;
	c->secret_json = q->secret_json ? secret_ref(q->secret_json) : NULL;
	c->bearer = q->bearer ? secret_ref((struct secret *)q->bearer) : NULL;
	c->timeout = q->timeout > 0 ? q->timeout : DEFAULT_TIMEOUT;
	c->quiet = q->quiet;
	c->deadline = q->retry_budget > 0 ? now_monotonic() + q->retry_budget : 0;
	c->backoff = (struct backoff){ .base = BACKOFF_BASE, .cap = BACKOFF_CAP };
	c->body_fd = q->body_fd;
	c->body_fd_size = q->body_fd_size;
	c->max_body = q->max_body;
	c->on_data = q->on_data;
	c->on_header = q->on_header;
	c->can_hold = q->can_hold;
	c->on_sent = q->on_sent;
	if (free_and_strdup(&c->if_match, q->if_match) < 0 || free_and_strdup(&c->range, q->range) < 0 ||
	    free_and_strdup(&c->if_range, q->if_range) < 0 || free_and_strdup(&c->content_type, q->content_type) < 0 ||
	    free_and_strdup(&c->content_digest, q->content_digest) < 0)
		return -ENOMEM;
	if (free_and_strdup(&c->path, q->path) < 0 || free_and_strdup(&c->json, q->json) < 0 ||
	    free_and_strdup(&c->key, q->idempotency_key) < 0)
		return -ENOMEM;
	/* One that a service could not have sent asks for nothing: the answer then comes whole. */
	return is_header_safe(q->if_none_match) ? free_and_strdup(&c->if_none_match, q->if_none_match) : 0;
}

int api_start(struct api *a, const struct api_request *request, api_cb done, void *userdata,
	      struct api_call **ret)
{
	_cleanup_(call_unrefp) struct api_call *c = NULL;
	int r;

	r = request_check(request);
	if (r < 0)
		return r;
	if (a->n_calls >= MAX_CALLS)
		return -EBUSY;
	c = new0(struct api_call, 1);
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	r = call_copy_request(c, request);
	if (r < 0)
		return r;
	c->timer = event_new(a->base, -1, 0, on_timer, c);
	if (!c->timer)
		return -ENOMEM;
	c->done = done;
	c->userdata = userdata;
	c->api = a;
	TAILQ_INSERT_TAIL(&a->calls, c, calls);
	a->n_calls++;
	call_set_timer(c, CALL_PAUSING, 0);
	if (ret)
		*ret = c;
	TAKE_PTR(c);
	return 0;
}
