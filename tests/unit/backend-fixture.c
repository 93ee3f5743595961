/* A service in the same loop as the api that calls it. */
#include "tests/unit/backend-fixture.h"

#include <event2/buffer.h>
#include <stdio.h>

#include "base/timeutil.h"

#define PATIENCE (20 * USEC_PER_SEC)

static char *header(struct evhttp_request *request, const char *name)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(request), name);

	return value ? strdup(value) : NULL;
}

static void remember(struct fixture *f, struct evhttp_request *request)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	struct seen *s = &f->seen[f->n_seen++];

	assert_true(f->n_seen <= FIXTURE_MAX_SEEN);
	s->method = strdup(evhttp_request_get_command(request) == EVHTTP_REQ_POST ? "POST" : "GET");
	s->uri = strdup(evhttp_request_get_uri(request));
	s->body = calloc(1, evbuffer_get_length(in) + 1);
	assert_non_null(s->body);
	evbuffer_copyout(in, s->body, evbuffer_get_length(in));
	s->authorization = header(request, "Authorization");
	s->request_id = header(request, "X-Request-Id");
	s->key = header(request, "Idempotency-Key");
	s->if_none_match = header(request, "If-None-Match");
	s->content_type = header(request, "Content-Type");
	s->user_agent = header(request, "User-Agent");
}

void fixture_reply(struct evhttp_request *request, const struct answer_script *a)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *out;

	if (a->status == 0)
		return;
	out = evbuffer_new();
	if (a->type)
		evhttp_add_header(headers, "Content-Type", a->type);
	if (a->header)
		evhttp_add_header(headers, a->header, a->value);
	if (a->body)
		evbuffer_add(out, a->body, a->body_size ? a->body_size : strlen(a->body));
	evhttp_send_reply(request, a->status, "Scripted", out);
	evbuffer_free(out);
}

static void on_request(struct evhttp_request *request, void *userdata)
{
	struct fixture *f = userdata;
	size_t turn = f->n_seen;

	remember(f, request);
	if (f->respond)
		f->respond(f, request);
	else
		fixture_reply(request, &f->script[turn < f->n_script ? turn : f->n_script - 1]);
}

static const struct secret *hook_token(void *userdata)
{
	return ((struct fixture *)userdata)->token;
}

static void hook_renew(void *userdata)
{
	struct fixture *f = userdata;

	f->n_renew++;
	if (f->on_renew)
		f->on_renew(f);
}

static void hook_rejected(void *userdata)
{
	struct fixture *f = userdata;

	f->n_rejected++;
	fixture_set_token(f, NULL);
	if (f->on_rejected)
		f->on_rejected(f);
}

static void hook_contact(bool reached, uint64_t date, const char *why, void *userdata)
{
	struct fixture *f = userdata;

	if (reached)
		f->n_reached++;
	else
		f->n_unreached++;
	/* Whoever is told that it was not reached is told why. */
	assert_true(reached || (why && *why));
	f->last_date = date;
	if (f->on_contact)
		f->on_contact(f, reached);
}

int fixture_setup(void **state)
{
	static const struct api_hooks hooks = { hook_token, hook_renew, hook_rejected, hook_contact };
	struct fixture *f = new0(struct fixture, 1);
	struct evhttp_bound_socket *socket;
	ev_socklen_t n = sizeof(struct sockaddr_storage);
	struct sockaddr_storage address;

	f->base = event_base_new();
	f->server = evhttp_new(f->base);
	evhttp_set_gencb(f->server, on_request, f);
	socket = evhttp_bind_socket_with_handle(f->server, "127.0.0.1", 0);
	if (!socket || getsockname(evhttp_bound_socket_get_fd(socket), (struct sockaddr *)&address, &n) < 0)
		return -1;
	f->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/S", f->port);
	for (unsigned i = 0; i < _SERVICE_MAX; i++)
		f->config.url[i] = f->url;
	if (http_new(f->base, &(struct http_options){ .user_agent = "customerclientd/test" }, &f->http) < 0)
		return -1;
	fixture_set_token(f, "old");
	if (api_new(f->base, f->http, &f->config, &hooks, f, &f->api) < 0)
		return -1;
	*state = f;
	return 0;
}

static void seen_done(struct seen *s)
{
	free(s->method);
	free(s->uri);
	free(s->body);
	free(s->authorization);
	free(s->request_id);
	free(s->key);
	free(s->if_none_match);
	free(s->content_type);
	free(s->user_agent);
}

void fixture_forget(struct fixture *f)
{
	for (size_t i = 0; i < f->n_seen; i++)
		seen_done(&f->seen[i]);
	for (size_t i = 0; i < f->n_done; i++) {
		free(f->done[i].code);
		free(f->done[i].message);
		json_object_put(f->done[i].body);
		free(f->done[i].etag);
	}
	f->n_seen = f->n_done = 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	api_free(f->api);
	http_free(f->http);
	evhttp_free(f->server);
	event_base_free(f->base);
	fixture_forget(f);
	secret_unref(f->token);
	free(f);
	return 0;
}

void fixture_set_token(struct fixture *f, const char *token)
{
	secret_unref(f->token);
	f->token = token ? secret_new(token, strlen(token)) : NULL;
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

void fixture_done(const struct api_reply *reply, void *userdata)
{
	struct fixture *f = userdata;
	struct outcome *o = &f->done[f->n_done];

	assert_true(f->n_done < FIXTURE_MAX_CALLS);
	assert_non_null(reply->message);
	*o = (struct outcome){
		.outcome = reply->outcome,
		.status = reply->status,
		.code = copy(reply->code),
		.message = copy(reply->message),
		.body = json_object_get(reply->body),
		.etag = copy(reply->etag),
		.retry_after = reply->retry_after,
		.date = reply->date,
		.sent = reply->sent,
	};
	f->n_done++;
	if (f->on_done)
		f->on_done(f, reply);
}

struct api_request fixture_get(const char *path)
{
	return (struct api_request){ .service = SERVICE_CUSTOMER, .method = "GET", .path = path };
}

struct api_call *fixture_start(struct fixture *f, const struct api_request *request)
{
	struct api_call *c = NULL;

	assert_int_equal(api_start(f->api, request, fixture_done, f, &c), 0);
	return c;
}

static void on_deadline(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	*(bool *)userdata = true;
}

/* One round of the loop; false when the patience is over. */
static bool turn_loop(struct fixture *f, uint64_t until)
{
	struct timeval tv = { .tv_sec = 1 };
	bool over = false;
	struct event *timer = evtimer_new(f->base, on_deadline, &over);

	evtimer_add(timer, &tv);
	event_base_loop(f->base, EVLOOP_ONCE);
	event_free(timer);
	return now_monotonic() < until;
}

void fixture_wait(struct fixture *f, const size_t *number, size_t reach)
{
	uint64_t until = now_monotonic() + PATIENCE;

	while (*number < reach)
		if (!turn_loop(f, until))
			fail_msg("waited in vain: %zu of %zu", *number, reach);
}

void fixture_wait_unsigned(struct fixture *f, const unsigned *number, unsigned reach)
{
	uint64_t until = now_monotonic() + PATIENCE;

	while (*number < reach)
		if (!turn_loop(f, until))
			fail_msg("waited in vain: %u of %u", *number, reach);
}

void fixture_settle(struct fixture *f)
{
	for (unsigned i = 0; i < 20; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}
