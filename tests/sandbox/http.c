/*
 * The HTTP server on libevent: limits, headers, ETag and sending answers.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "tests/sandbox/http.h"
#include "tests/sandbox/router.h"

enum { HEADERS_MAX = 32 * 1024, BODY_MAX = 1024 * 1024, IDLE_SEC = 120 };

static void call_done(struct call *c)
{
	user_done(&c->user);
	evhttp_clear_headers(&c->query);
	json_object_put(c->body);
	json_object_put(c->answer);
	free(c->path);
}

static void add_headers(struct call *c)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(c->req);
	char date[DATE_TEXT_SIZE];

	date_format_http(clock_now(&c->sandbox->clock), date);
	evhttp_add_header(out, "Date", date);
	evhttp_add_header(out, "Server", "customerclient-sandbox");
	evhttp_add_header(out, "Cache-Control", "private, no-cache");
	if (c->answer)
		evhttp_add_header(out, "Content-Type", c->status >= 400 ? "application/problem+json"
								       : "application/json; charset=utf-8");
}

/* true: the client has this answer already. */
static bool add_etag(struct call *c, const char *text)
{
	const char *have = evhttp_find_header(evhttp_request_get_input_headers(c->req), "If-None-Match");
	char digest[DIGEST_SIZE], etag[20];

	if (!c->etag || c->status != 200)
		return false;
	digest_hex(text, strlen(text), digest);
	snprintf(etag, sizeof(etag), "\"%.16s\"", digest);
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "ETag", etag);
	return have && (strstr(have, etag) || strcmp(have, "*") == 0);
}

static void deliver(struct call *c)
{
	const char *text = c->answer ? json_text(c->answer) : "";
	struct evbuffer *body = evbuffer_new();

	if (!body)
		die(1, "out of memory");
	add_headers(c);
	if (add_etag(c, text))
		c->status = 304;
	else
		evbuffer_add(body, text, strlen(text));
	evhttp_send_reply(c->req, c->status, NULL, body);
	evbuffer_free(body);
}

/* Fills path and query. */
static int read_uri(struct call *c)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(c->req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL, *query = uri ? evhttp_uri_get_query(uri) : NULL;

	if (!path || !*path || (query && *query && evhttp_parse_query_str(query, &c->query) < 0))
		return call_fail(c, 400, "invalid-uri", "The request's URI cannot be read");
	c->path = xstrdup(path);
	return 0;
}

static void on_request(struct evhttp_request *req, void *data)
{
	struct call c AUTO(call_done) = { .sandbox = data, .req = req, .status = 200 };

	TAILQ_INIT(&c.query);
	if (read_uri(&c) == 0)
		router_dispatch(&c);
	deliver(&c);
}

static void announce(struct evhttp_bound_socket *bound)
{
	struct sockaddr_in sin;
	socklen_t n = sizeof(sin);

	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sin, &n) < 0)
		die(1, "cannot ask for the port: %s", strerror(errno));
	printf("listening on http://127.0.0.1:%u\n", ntohs(sin.sin_port));
	fflush(stdout);
}

int http_start(struct sandbox *s)
{
	struct evhttp_bound_socket *bound;

	s->http = evhttp_new(s->base);
	if (!s->http)
		die(1, "out of memory");
	evhttp_set_gencb(s->http, on_request, s);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_max_body_size(s->http, BODY_MAX);
	evhttp_set_timeout(s->http, IDLE_SEC);
	bound = evhttp_bind_socket_with_handle(s->http, "127.0.0.1", s->options.port);
	if (!bound) {
		log_line("cannot listen on 127.0.0.1 port %u: %s", s->options.port, strerror(errno));
		return -EADDRINUSE;
	}
	announce(bound);
	return 0;
}

void http_stop(struct sandbox *s)
{
	if (s->http)
		evhttp_free(s->http);
}
