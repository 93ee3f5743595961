/*
 * The HTTP server on libevent: its limits, and the way of a request through faults, router and delivery.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "tests/sandbox/auth.h"
#include "tests/sandbox/deliver.h"
#include "tests/sandbox/hold.h"
#include "tests/sandbox/http.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/router.h"
#include "tests/sandbox/stream.h"
#include "tests/sandbox/tls.h"

enum { HEADERS_MAX = 32 * 1024, BODY_MAX = 64 * 1024 * 1024, IDLE_SEC = 120 };

/* A request on its way; it may have to wait. */
struct exchange {
	struct call call;
	struct effect effect;
	struct hold *hold;
	struct event *timer;
};

static void exchange_free(struct exchange *x)
{
	struct call *c = &x->call;

	if (x->timer)
		event_free(x->timer);
	user_done(&c->user);
	evhttp_clear_headers(&c->query);
	json_object_put(c->body);
	json_object_put(c->answer);
	free(c->text);
	if (c->part && c->part->fd >= 0)
		close(c->part->fd);
	free(c->part);
	free(c->own_type);
	free(c->path);
	free(x);
}

static void on_gone(void *data)
{
	exchange_free(data);
}

/* Fills path and query. */
static int read_uri(struct call *c)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(c->req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL,
		   *query = uri ? evhttp_uri_get_query(uri) : NULL;

	c->path = xstrdup(path ? path : "");
	if (!*c->path || (query && *query && evhttp_parse_query_str(query, &c->query) < 0))
		return call_fail(c, 400, "invalid-uri", "The request's URI cannot be read");
	return 0;
}

static void finish(struct exchange *x)
{
	journal_answer(&x->call);
	deliver(&x->call, &x->effect);
	exchange_free(x);
}

/* Never answered; what was to be done is done all the same if the handler asks for the silence. */
static void stall(struct exchange *x)
{
	x->hold = hold_new(x->call.req, on_gone, x);
}

static void proceed(struct exchange *x)
{
	struct call *c = &x->call;

	if (x->effect.expire_tokens)
		auth_expire_bearer(c);
	if (x->effect.kind == FAULT_STALL) {
		stall(x);
		return;
	}
	if (x->effect.kind != FAULT_RESET && x->effect.kind != FAULT_STATUS &&
	    x->effect.kind != FAULT_EXCEPTION)
		router_dispatch(c);
	if (c->stalled)
		stall(x);
	else if (c->taken) {
		journal_answer(c);
		exchange_free(x);
	} else
		finish(x);
}

static void on_latency_over(evutil_socket_t fd, short what, void *data)
{
	struct exchange *x = data;

	(void)fd;
	(void)what;
	(void)hold_release(TAKE(x->hold));
	proceed(x);
}

static void wait_first(struct exchange *x)
{
	struct timeval tv = { .tv_sec = x->effect.latency_ms / 1000,
			      .tv_usec = x->effect.latency_ms % 1000 * 1000 };

	x->hold = hold_new(x->call.req, on_gone, x);
	x->timer = evtimer_new(x->call.sandbox->base, on_latency_over, x);
	if (!x->timer || evtimer_add(x->timer, &tv) < 0)
		die(1, "out of memory");
}

static void on_request(struct evhttp_request *req, void *data)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	struct call *c = &x->call;

	*c = (struct call){ .sandbox = data, .req = req, .status = 200 };
	TAILQ_INIT(&c->query);
	if (read_uri(c) < 0) {
		finish(x);
		return;
	}
	if (strncmp(c->path, "/Sandbox/", 9) != 0)
		faults_pick(c->sandbox, c->path, &x->effect);
	journal_request(c, &x->effect);
	if (x->effect.latency_ms > 0)
		wait_first(x);
	else
		proceed(x);
}

static void announce(struct sandbox *s, struct evhttp_bound_socket *bound)
{
	struct sockaddr_in sin;
	socklen_t n = sizeof(sin);

	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sin, &n) < 0)
		die(1, "cannot ask for the port: %s", strerror(errno));
	printf("listening on %s://127.0.0.1:%u\n", s->tls ? "https" : "http", ntohs(sin.sin_port));
	fflush(stdout);
}

int http_start(struct sandbox *s)
{
	struct evhttp_bound_socket *bound;
	int r;

	s->http = evhttp_new(s->base);
	if (!s->http)
		die(1, "out of memory");
	if (s->options.tls_cert) {
		r = tls_enable(s->http, s->options.tls_cert, s->options.tls_key, &s->tls);
		if (r < 0)
			return r;
	}
	evhttp_set_gencb(s->http, on_request, s);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_max_body_size(s->http, BODY_MAX);
	evhttp_set_timeout(s->http, IDLE_SEC);
	bound = evhttp_bind_socket_with_handle(s->http, "127.0.0.1", s->options.port);
	if (!bound) {
		log_line("cannot listen on 127.0.0.1 port %u: %s", s->options.port, strerror(errno));
		return -EADDRINUSE;
	}
	announce(s, bound);
	return 0;
}

void http_stop(struct sandbox *s)
{
	if (s->http)
		evhttp_free(s->http);
	SSL_CTX_free(s->tls);
}
