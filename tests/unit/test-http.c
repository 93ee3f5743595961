/* net/http against a server in the same loop that misbehaves in every way we know. */
#include "net/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>

#include "base/timeutil.h"
#include "peer.h"
#include "unit.h"

struct result {
	bool done;
	unsigned calls;
	enum http_outcome outcome;
	int status;
	char *body, *content_type, *etag, *location, *error;
	size_t body_size;
	uint64_t retry_after, date;
	bool sent;
};

static struct event_base *base;
static struct http *http;
static struct peer *peer;
static char *seen_header, *seen_body; /* of the last request */
static unsigned requests;

static void result_done(struct result *r)
{
	free(r->body);
	free(r->content_type);
	free(r->etag);
	free(r->location);
	free(r->error);
	*r = (struct result){ 0 };
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void on_done(const struct http_response *response, void *userdata)
{
	struct result *r = userdata;
	unsigned calls = r->calls;

	result_done(r);
	r->calls = calls + 1;
	r->done = true;
	r->outcome = response->outcome;
	r->status = response->status;
	assert_non_null(response->body);
	assert_non_null(response->error);
	assert_int_equal(response->body[response->body_size], '\0');
	r->body = malloc(response->body_size + 1);
	memcpy(r->body, response->body, response->body_size + 1);
	r->body_size = response->body_size;
	r->content_type = copy(response->content_type);
	r->etag = copy(response->etag);
	r->location = copy(response->location);
	r->error = copy(response->error);
	r->retry_after = response->retry_after;
	r->date = response->date;
	r->sent = response->sent;
}

static void start(struct http_request q, const char *path, struct result *r)
{
	_cleanup_free_ char *url = strprintf("%s%s", peer_url(peer), path);
	bool done = r->done;

	if (!q.method)
		q.method = "GET";
	if (!q.url)
		q.url = url;
	if (!q.timeout && !q.on_data)
		q.timeout = 10 * USEC_PER_SEC;
	assert_int_equal(http_start(http, &q, on_done, r, NULL), 0);
	/* Never from within. */
	assert_true(r->done == done);
}

/* One exchange from start to end. */
static void fetch(struct http_request q, const char *path, struct result *r)
{
	result_done(r);
	start(q, path, r);
	run_until(base, &r->done);
	run_ready(base);
	assert_int_equal(r->calls, 1);
}

/* The paths that the server knows. */

static void serve_chunked(struct peer_link *l, size_t n, const char *end)
{
	peer_print(l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < n; i++)
		peer_print(l, "5\r\nabcde\r\n");
	peer_print(l, "%s", end);
}

/* A gzip stream of a mebibyte of zeros in about 6.5 KiB, without its end: fixed Huffman codes, one literal and then
 * copies of 258 bytes from one byte back (RFC 1951, section 3.2.6). */
static size_t make_bomb(unsigned char *out, size_t copies)
{
	static const unsigned char gzip_header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	uint64_t bits = 0;
	unsigned n_bits = 0;
	size_t n = sizeof(gzip_header);

	memcpy(out, gzip_header, n);
	/* Codes go most significant bit first, so they are written here in reverse. */
	bits = 0x2 | 0x0c << 3; /* not final, fixed codes; the literal 0 is 00110000 */
	n_bits = 3 + 8;
	for (size_t i = 0; i <= copies; i++) {
		while (n_bits >= 8) {
			out[n++] = (unsigned char)bits;
			bits >>= 8;
			n_bits -= 8;
		}
		bits |= UINT64_C(0xa3) << n_bits; /* 285 is 11000101, and 00000 is one byte back */
		n_bits += 13;
	}
	return n;
}

static void serve_bomb(struct peer_link *l)
{
	size_t copies = (64U << 20) / 258;
	unsigned char *bomb = malloc(copies * 2 + 64);
	size_t n = make_bomb(bomb, copies);

	peer_answer(l, 200, "Content-Encoding: gzip\r\n", bomb, n);
	free(bomb);
}

static const unsigned char hello_gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o',
					    0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0 };

static void serve_misbehaviour(const struct peer_request *q)
{
	struct peer_link *l = q->link;
	_cleanup_free_ char *filler = NULL;

	if (streq(q->target, "/truncated")) {
		peer_print(l, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
		peer_close(l);
	} else if (streq(q->target, "/chunk-cut")) {
		serve_chunked(l, 3, "5\r\nab");
		peer_close(l);
	} else if (streq(q->target, "/chunk-end-missing")) {
		serve_chunked(l, 3, "");
		peer_close(l);
	} else if (streq(q->target, "/reset")) {
		peer_reset(l);
	} else if (streq(q->target, "/closed")) {
		peer_close(l);
	} else if (streq(q->target, "/garbage")) {
		peer_print(l, "what is this\r\n\r\n");
		peer_close(l);
	} else if (streq(q->target, "/half-header")) {
		peer_print(l, "HTTP/1.1 200 OK\r\nContent-");
		peer_close(l);
	} else if (streq(q->target, "/bomb")) {
		serve_bomb(l);
	} else if (streq(q->target, "/bad-gzip")) {
		peer_answer(l, 200, "Content-Encoding: gzip\r\n", "not gzip", 8);
	} else if (streq(q->target, "/large")) {
		peer_print(l, "HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\n\r\n");
		filler = new0(char, 1 << 20);
		for (int i = 0; i < 20; i++)
			peer_send(l, filler, 1 << 20);
	} else if (streq(q->target, "/large-chunked")) {
		serve_chunked(l, 5000, "0\r\n\r\n");
	} else if (streq(q->target, "/long-header")) {
		filler = malloc(50001);
		memset(filler, 'x', 50000);
		filler[50000] = '\0';
		peer_print(l, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 8; i++)
			peer_print(l, "X-%d: %s\r\n", i, filler);
		peer_print(l, "Content-Length: 0\r\n\r\n");
	} else if (!streq(q->target, "/never"))
		fail_msg("no such path: %s", q->target);
}

static void serve_redirect(const struct peer_request *q)
{
	_cleanup_free_ char *headers = NULL;
	int left;

	if (sscanf(q->target, "/hops/%d", &left) == 1)
		headers = left > 0 ? strprintf("Location: %d\r\n", left - 1) : NULL;
	else if (streq(q->target, "/to-other-port"))
		headers = strdup("Location: http://127.0.0.1:1/ok\r\n");
	else if (streq(q->target, "/to-other-scheme"))
		headers = strdup("Location: https://127.0.0.1/ok\r\n");
	else if (streq(q->target, "/to-other-host"))
		headers = strprintf("Location: http://localhost:%s/ok\r\n", strrchr(peer_url(peer), ':') + 1);
	else if (streq(q->target, "/to-file"))
		headers = strdup("Location: file:///etc/passwd\r\n");
	else if (streq(q->target, "/to-absolute"))
		headers = strprintf("Location: %s/ok?x\r\n", peer_url(peer));
	else if (streq(q->target, "/to-nowhere"))
		headers = strdup("");
	peer_answer(q->link, headers ? 307 : 200, strempty(headers), "end", 3);
}

static void serve(const struct peer_request *q, void *userdata)
{
	char date[100];

	(void)userdata;
	requests++;
	free(seen_header);
	free(seen_body);
	seen_header = strdup(q->header);
	seen_body = strdup(q->body);
	if (startswith(q->target, "/ok"))
		peer_answer(q->link, 200,
			    "Content-Type: application/json\r\netag:  \"x\"  \r\nDate: Sun, 22 Nov 2026 15:04:05 GMT\r\n",
			    "{\"a\":1}", 7);
	else if (streq(q->target, "/empty"))
		peer_answer(q->link, 204, "", "", 0);
	else if (streq(q->target, "/not-modified"))
		peer_answer(q->link, streq(peer_field(q, "If-None-Match"), "\"x\"") ? 304 : 200, "ETag: \"x\"\r\n", "", 0);
	else if (streq(q->target, "/gzip"))
		peer_answer(q->link, 200, "Content-Encoding: gzip\r\n", hello_gzip, sizeof(hello_gzip));
	else if (streq(q->target, "/chunked"))
		serve_chunked(q->link, 3, "0\r\n\r\n");
	else if (streq(q->target, "/interim")) {
		peer_print(q->link, "HTTP/1.1 103 Early Hints\r\nETag: \"early\"\r\n\r\n");
		peer_answer(q->link, 200, "", "late", 4);
	} else if (streq(q->target, "/once")) {
		peer_answer(q->link, 200, "", "x", 1);
		peer_close(q->link);
	} else if (streq(q->target, "/later"))
		peer_answer(q->link, 503, "Retry-After: 120\r\n", "", 0);
	else if (streq(q->target, "/much-later"))
		peer_answer(q->link, 429, "Retry-After: 99999999999999999999\r\n", "", 0);
	else if (streq(q->target, "/later-by-date")) {
		(void)snprintf(date, sizeof(date), "Date: %s\r\nRetry-After: %s\r\n", "Sun, 22 Nov 2026 15:00:00 GMT",
			       "Sun, 22 Nov 2026 15:05:00 GMT");
		peer_answer(q->link, 503, date, "", 0);
	} else if (streq(q->target, "/later-long-ago"))
		peer_answer(q->link, 503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "", 0);
	else if (streq(q->target, "/later-garbage"))
		peer_answer(q->link, 503, "Retry-After: soon\r\n", "", 0);
	else if (startswith(q->target, "/hops") || startswith(q->target, "/to-"))
		serve_redirect(q);
	else if (streq(q->method, "CONNECT"))
		peer_answer(q->link, 407, "", "go away", 7);
	else
		serve_misbehaviour(q);
}

static int set_up(void **state)
{
	struct http_options options = { .user_agent = "test/1" };

	(void)state;
	base = event_base_new();
	peer = peer_new(base, serve, NULL);
	requests = 0;
	return http_new(base, &options, &http);
}

static int tear_down(void **state)
{
	(void)state;
	http_free(TAKE_PTR(http));
	peer_free(peer);
	event_base_free(base);
	free(TAKE_PTR(seen_header));
	free(TAKE_PTR(seen_body));
	return 0;
}

#define RESULT _cleanup_(result_done) struct result r = { 0 }

static void assert_field(const char *line)
{
	_cleanup_free_ char *whole = strprintf("\r\n%s\r\n", line);

	if (!strstr(seen_header, whole))
		fail_msg("no '%s' in %s", line, seen_header);
}

static void test_get(void **state)
{
	_cleanup_secret_ struct secret *token = secret_new("t0ken", 5);
	static const char *const headers[] = { "X-Request-Id: 5", NULL };
	RESULT;

	(void)state;
	fetch((struct http_request){ .headers = headers, .bearer = token }, "/ok?a=b%20c", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"a\":1}");
	assert_int_equal(r.body_size, 7);
	assert_string_equal(r.content_type, "application/json");
	assert_string_equal(r.etag, "\"x\"");
	assert_null(r.location);
	assert_true(r.date == 1795359845 * USEC_PER_SEC);
	assert_true(r.retry_after == 0 && r.sent);
	assert_string_equal(r.error, "");
	assert_non_null(startswith(seen_header, "GET /ok?a=b%20c HTTP/1.1\r\n"));
	assert_field("X-Request-Id: 5");
	assert_field("Authorization: Bearer t0ken");
	assert_field("User-Agent: test/1");
	assert_non_null(strstr(seen_header, "\r\nAccept-Encoding: gzip"));
}

static void test_post(void **state)
{
	_cleanup_secret_ struct secret *secret = secret_new("{\"password\":\"x\"}", 16);
	struct http_request q = { .method = "POST", .content_type = "application/json" };
	RESULT;

	(void)state;
	q.body = "{\"b\":2}";
	q.body_size = 7;
	fetch(q, "/ok", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(seen_body, "{\"b\":2}");
	assert_non_null(startswith(seen_header, "POST /ok HTTP/1.1\r\n"));
	assert_field("Content-Type: application/json");
	assert_null(strstr(seen_header, "Expect:"));

	fetch((struct http_request){ .method = "POST" }, "/ok", &r);
	assert_int_equal(r.status, 200);
	assert_field("Content-Length: 0");
	assert_null(strstr(seen_header, "Content-Type"));

	q.secret_body = secret;
	fetch(q, "/ok", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(seen_body, "{\"password\":\"x\"}");

	fetch((struct http_request){ .method = "DELETE" }, "/ok", &r);
	assert_int_equal(r.status, 200);
	assert_non_null(startswith(seen_header, "DELETE /ok HTTP/1.1\r\n"));
}

static void test_other_answers(void **state)
{
	static const char *const headers[] = { "If-None-Match: \"x\"", NULL };
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/empty", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.status, 204);
	assert_string_equal(r.body, "");
	fetch((struct http_request){ .headers = headers }, "/not-modified", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.status, 304);
	assert_string_equal(r.etag, "\"x\"");
	fetch((struct http_request){ 0 }, "/chunked", &r);
	assert_string_equal(r.body, "abcdeabcdeabcde");
	fetch((struct http_request){ 0 }, "/interim", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "late");
	assert_null(r.etag);
}

static void test_compression(void **state)
{
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/gzip", &r);
	assert_string_equal(r.body, "hello");
	fetch((struct http_request){ .identity = true }, "/ok", &r);
	assert_field("Accept-Encoding: identity");
	fetch((struct http_request){ 0 }, "/bad-gzip", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_true(r.sent);
}

static void test_too_large(void **state)
{
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/large", &r);
	assert_int_equal(r.outcome, HTTP_TOO_LARGE);
	assert_true(r.body_size <= HTTP_MAX_BODY);
	fetch((struct http_request){ .max_body = 20000 }, "/large-chunked", &r);
	assert_int_equal(r.outcome, HTTP_TOO_LARGE);
	assert_true(r.body_size <= 20000);
	fetch((struct http_request){ .max_body = 25000 }, "/large-chunked", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.body_size, 25000);
	fetch((struct http_request){ 0 }, "/bomb", &r);
	assert_int_equal(r.outcome, HTTP_TOO_LARGE);
	assert_true(r.body_size <= HTTP_MAX_BODY && r.body_size > HTTP_MAX_BODY / 2);
	fetch((struct http_request){ 0 }, "/long-header", &r);
	assert_int_equal(r.outcome, HTTP_TOO_LARGE);
	assert_string_equal(r.error, "the answer is too large");
}

static void test_cut_short(void **state)
{
	static const char *const paths[] = { "/truncated", "/chunk-cut", "/chunk-end-missing", "/reset", "/closed",
					     "/garbage", "/half-header" };
	RESULT;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
		fetch((struct http_request){ .method = "POST", .body = "x", .body_size = 1 }, paths[i], &r);
		if (r.outcome != HTTP_UNREACHED || !r.sent || isempty(r.error))
			fail_msg("%s: %d, sent %d, %s", paths[i], r.outcome, r.sent, r.error);
	}
	fetch((struct http_request){ 0 }, "/truncated", &r);
	assert_string_equal(r.error, "the answer was cut short");
	fetch((struct http_request){ 0 }, "/reset", &r);
	assert_string_equal(r.error, "connection lost");
}

/* Also on a connection that was there before, where curl likes to try again by itself. */
static void test_post_goes_out_once(void **state)
{
	static const char *const paths[] = { "/reset", "/closed" };
	RESULT;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
		fetch((struct http_request){ 0 }, "/ok", &r);
		assert_int_equal(r.outcome, HTTP_ANSWERED);
		requests = 0;
		fetch((struct http_request){ .method = "POST", .body = "x", .body_size = 1 }, paths[i], &r);
		assert_int_equal(r.outcome, HTTP_UNREACHED);
		assert_true(r.sent);
		assert_int_equal(requests, 1);
	}
}

static void test_unsent(void **state)
{
	_cleanup_free_ char *tls = strprintf("https%s", startswith(peer_url(peer), "http"));
	RESULT;

	(void)state;
	fetch((struct http_request){ .method = "POST", .url = "http://127.0.0.1:1/" }, "", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent);
	assert_string_equal(r.error, "connection refused");
	/* The server waits for the rest of what is no HTTP. */
	fetch((struct http_request){ .method = "POST", .url = tls, .timeout = 300 * USEC_PER_MSEC }, "/ok", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent);
	assert_string_equal(r.error, "timed out");
	fetch((struct http_request){ .method = "POST", .url = tls, .connect_timeout = 300 * USEC_PER_MSEC }, "/ok", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent);
	assert_int_equal(requests, 0);
}

static void test_time_out(void **state)
{
	RESULT;

	(void)state;
	fetch((struct http_request){ .timeout = 100 * USEC_PER_MSEC }, "/never", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_string_equal(r.error, "timed out");
	assert_true(r.sent);
}

static void test_redirects(void **state)
{
	static const char *const forbidden[] = { "/to-other-port", "/to-other-scheme", "/to-other-host", "/to-file",
						 "/to-nowhere", "/hops/6" };
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/hops/5", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "end");
	assert_int_equal(requests, 6);
	fetch((struct http_request){ 0 }, "/to-absolute", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"a\":1}");
	for (size_t i = 0; i < ELEMENTSOF(forbidden); i++) {
		fetch((struct http_request){ 0 }, forbidden[i], &r);
		if (r.outcome != HTTP_FORBIDDEN || r.status != 307)
			fail_msg("%s: %d", forbidden[i], r.outcome);
	}
	requests = 0;
	fetch((struct http_request){ .method = "POST" }, "/hops/1", &r);
	assert_int_equal(r.outcome, HTTP_FORBIDDEN);
	assert_string_equal(r.location, "0");
	assert_int_equal(requests, 1);
}

static void test_retry_after(void **state)
{
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/later", &r);
	assert_int_equal(r.status, 503);
	assert_true(r.retry_after == 120 * USEC_PER_SEC);
	fetch((struct http_request){ 0 }, "/much-later", &r);
	assert_true(r.retry_after == 3600 * USEC_PER_SEC);
	fetch((struct http_request){ 0 }, "/later-by-date", &r);
	assert_true(r.retry_after == 300 * USEC_PER_SEC);
	fetch((struct http_request){ 0 }, "/later-long-ago", &r);
	assert_true(r.retry_after == 0);
	fetch((struct http_request){ 0 }, "/later-garbage", &r);
	assert_true(r.retry_after == 0);
}

static void test_connections(void **state)
{
	RESULT;

	(void)state;
	fetch((struct http_request){ 0 }, "/ok", &r);
	fetch((struct http_request){ 0 }, "/ok", &r);
	assert_int_equal(peer_connections(peer), 1);
	http_forget_connections(http);
	fetch((struct http_request){ 0 }, "/ok", &r);
	assert_int_equal(peer_connections(peer), 2);
	/* Closed by the server in between. */
	fetch((struct http_request){ 0 }, "/once", &r);
	fetch((struct http_request){ .method = "POST", .body = "x", .body_size = 1 }, "/ok", &r);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(peer_connections(peer), 3);
}

static void test_forget_while_open(void **state)
{
	_cleanup_(result_done) struct result open = { 0 };
	RESULT;

	(void)state;
	start((struct http_request){ .timeout = 200 * USEC_PER_MSEC }, "/never", &open);
	http_forget_connections(http);
	http_forget_connections(http);
	fetch((struct http_request){ 0 }, "/ok", &r);
	assert_int_equal(r.status, 200);
	run_until(base, &open.done);
	assert_string_equal(open.error, "timed out");
}

static void test_refused_at_start(void **state)
{
	_cleanup_secret_ struct secret *token = secret_new("a\r\nX: y", 7);
	static const char *const headers[] = { "X: a\r\nY: b", NULL };
	struct http_request q = { .method = "GET", .url = "http://host.example/" };
	struct result r = { 0 };

	(void)state;
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EPROTONOSUPPORT);
	q.url = "ftp://127.0.0.1/";
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EPROTONOSUPPORT);
	q.url = "https://user@127.0.0.1/";
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EINVAL);
	q.url = peer_url(peer);
	q.method = "BREW";
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EINVAL);
	q.method = "GET";
	q.headers = headers;
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EINVAL);
	q.headers = NULL;
	q.bearer = token;
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), -EINVAL);
	run_ready(base);
	assert_int_equal(requests, 0);
	assert_false(r.done);
}

static void test_proxy(void **state)
{
	RESULT;

	(void)state;
	assert_int_equal(setenv("https_proxy", peer_url(peer), 1), 0);
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	fetch((struct http_request){ .method = "POST", .url = "https://host.example/x" }, "", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent); /* only the CONNECT was */
	assert_int_equal(r.status, 0);
	assert_non_null(startswith(seen_header, "CONNECT host.example:443 HTTP/1.1\r\n"));
	assert_null(strstr(seen_header, "Bearer"));
	assert_int_equal(setenv("no_proxy", "nothing.invalid", 1), 0);
	requests = 0;
	fetch((struct http_request){ .url = "https://nothing.invalid/" }, "", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_int_equal(requests, 0);
	fetch((struct http_request){ 0 }, "/ok", &r);
	assert_int_equal(r.status, 200);
	assert_non_null(startswith(seen_header, "GET /ok HTTP"));
	assert_int_equal(unsetenv("https_proxy"), 0);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(unsetenv("no_proxy"), 0);
}

/* The resolver of this process: for one name it hangs until the test is over. */
static sem_t lookup_may_end, lookup_ended;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && streq(name, "hanging.invalid")) {
		(void)sem_wait(&lookup_may_end);
		(void)sem_post(&lookup_ended);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, ret);
}

/* A call ends in time, or is cancelled, whatever the resolver does: nothing else on the loop waits for it. */
static void test_hanging_lookup(void **state)
{
	struct http_request q = { .method = "GET", .url = "https://hanging.invalid/", .timeout = 100 * USEC_PER_MSEC };
	struct http_call *call;
	RESULT;

	(void)state;
	if (curl_version_info(CURLVERSION_NOW)->version_num < 0x075700)
		skip(); /* it always waits */
	assert_int_equal(sem_init(&lookup_may_end, 0, 0), 0);
	assert_int_equal(sem_init(&lookup_ended, 0, 0), 0);
	fetch(q, "", &r);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_string_equal(r.error, "timed out");
	assert_false(r.sent);
	assert_int_equal(http_start(http, &q, on_done, &r, &call), 0);
	run_ready(base);
	http_cancel(call);
	/* Both look-ups are still under way. */
	assert_int_equal(sem_trywait(&lookup_ended), -1);
	for (int i = 0; i < 2; i++)
		(void)sem_post(&lookup_may_end);
	for (int i = 0; i < 2; i++)
		(void)sem_wait(&lookup_ended);
}

/* ---- streams ---- */

static char stream_got[1000];
static const char *awaited = "";
static bool arrived;
static int stream_status;
static struct http_call *stream_call;
static unsigned stream_pieces;
static struct peer_link *stream_link;
static void (*stream_act)(void);

static void stream_on_header(int status, void *userdata)
{
	(void)userdata;
	assert_int_equal(stream_status, 0);
	assert_string_equal(stream_got, "");
	stream_status = status;
}

static void stream_on_data(const char *data, size_t n, void *userdata)
{
	(void)userdata;
	assert_int_not_equal(stream_status, 0);
	strncat(stream_got, data, n);
	stream_pieces++;
	arrived = streq(stream_got, awaited);
	if (stream_act)
		stream_act();
}

static void serve_stream(const struct peer_request *q, void *userdata)
{
	(void)userdata;
	stream_link = q->link;
	if (streq(q->target, "/refused"))
		peer_answer(q->link, 403, "", "not yours", 9);
	else if (streq(q->target, "/moved"))
		peer_answer(q->link, 307, "Location: /stream\r\n", "moved", 5);
	else
		peer_print(q->link, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
}

static int set_up_stream(void **state)
{
	struct http_options options = { 0 };

	(void)state;
	base = event_base_new();
	peer = peer_new(base, serve_stream, NULL);
	stream_got[0] = '\0';
	stream_status = 0;
	stream_pieces = 0;
	stream_link = NULL;
	stream_act = NULL;
	return http_new(base, &options, &http);
}

static void open_stream(const char *path, struct result *r)
{
	_cleanup_free_ char *url = strprintf("%s%s", peer_url(peer), path);
	struct http_request q = { .method = "GET", .url = url, .on_header = stream_on_header, .on_data = stream_on_data };

	assert_int_equal(http_start(http, &q, on_done, r, &stream_call), 0);
}

static void wait_for(const char *got)
{
	awaited = got;
	arrived = streq(stream_got, got);
	run_until(base, &arrived);
}

static void test_stream(void **state)
{
	RESULT;

	(void)state;
	open_stream("/stream", &r);
	wait_for("one");
	assert_int_equal(stream_status, 200);
	peer_print(stream_link, "3\r\ntwo\r\n");
	wait_for("onetwo");
	assert_false(r.done);
	peer_print(stream_link, "0\r\n\r\n");
	run_until(base, &r.done);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_string_equal(r.body, "");
	assert_int_equal(stream_pieces, 2);
}

static void test_stream_lost(void **state)
{
	RESULT;

	(void)state;
	open_stream("/moved", &r);
	wait_for("one");
	assert_int_equal(stream_status, 200);
	peer_reset(stream_link);
	run_until(base, &r.done);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
}

static void test_stream_refused(void **state)
{
	RESULT;

	(void)state;
	open_stream("/refused", &r);
	run_until(base, &r.done);
	assert_int_equal(stream_status, 403);
	assert_string_equal(stream_got, "");
	assert_string_equal(r.body, "not yours");
}

/* ---- streams that are held back ---- */

#define LARGE (4U << 20)
#define HELD 12U /* more than ordinary calls may have connections */

struct held {
	struct http_call *call;
	size_t n, hold_at;
	bool wrong, done;
	uint64_t length;
};

static char large_byte(size_t i)
{
	return (char)(i * 31 + i / 4096);
}

static void serve_large(const struct peer_request *q, void *userdata)
{
	char *body;

	(void)userdata;
	if (streq(q->target, "/small")) {
		peer_answer(q->link, 200, "", "small", 5);
		return;
	}
	body = malloc(LARGE);
	assert_non_null(body);
	for (size_t i = 0; i < LARGE; i++)
		body[i] = large_byte(i);
	peer_answer(q->link, 200, "ETag: \"large\"\r\n", body, LARGE);
	free(body);
}

static void held_on_header(int status, void *userdata)
{
	struct http_response look;
	struct held *h = userdata;

	assert_int_equal(status, 200);
	http_look(h->call, &look);
	assert_true(look.has_length);
	assert_string_equal(look.etag, "\"large\"");
	h->length = look.length;
}

static void held_on_data(const char *data, size_t n, void *userdata)
{
	struct held *h = userdata;

	for (size_t i = 0; i < n; i++)
		h->wrong = h->wrong || data[i] != large_byte(h->n + i);
	h->n += n;
	if (h->n >= h->hold_at)
		http_hold(h->call, true);
}

static void held_on_done(const struct http_response *response, void *userdata)
{
	struct held *h = userdata;

	assert_int_equal(response->outcome, HTTP_ANSWERED);
	h->done = true;
}

static void held_start(struct held *h, size_t hold_at)
{
	struct http_request q = { .method = "GET", .url = peer_url(peer), .on_header = held_on_header,
				  .on_data = held_on_data, .can_hold = true, .identity = true, .quiet = USEC_PER_SEC };

	*h = (struct held){ .hold_at = hold_at };
	assert_int_equal(http_start(http, &q, held_on_done, h, &h->call), 0);
}

static int set_up_large(void **state)
{
	struct http_options options = { 0 };

	(void)state;
	base = event_base_new();
	peer = peer_new(base, serve_large, NULL);
	return http_new(base, &options, &http);
}

/* What comes while it is held is no more than what was read already; a held one is not quiet, and all of it comes. */
static void test_held(void **state)
{
	uint64_t until;
	struct held h;

	(void)state;
	held_start(&h, 1);
	while (h.n == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(h.length, LARGE);
	until = now_monotonic() + 1200 * USEC_PER_MSEC; /* longer than `quiet` */
	while (now_monotonic() < until) {
		run_ready(base);
		(void)usleep(1000);
	}
	assert_true(h.n < 128U << 10);
	assert_false(h.done);
	h.hold_at = LARGE / 2;
	http_hold(h.call, false);
	while (h.n < LARGE / 2)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_true(h.n < LARGE);
	h.hold_at = SIZE_MAX;
	http_hold(h.call, false);
	run_until(base, &h.done);
	assert_int_equal(h.n, LARGE);
	assert_false(h.wrong);
}

static void test_held_keep_nobody_waiting(void **state)
{
	_cleanup_free_ char *url = strprintf("%s/small", peer_url(peer));
	struct http_request q = { .method = "GET", .url = url, .timeout = 10 * USEC_PER_SEC };
	struct held held[HELD];
	RESULT;

	(void)state;
	for (unsigned i = 0; i < HELD; i++)
		held_start(&held[i], 1);
	for (unsigned i = 0; i < HELD; i++)
		while (held[i].n == 0)
			assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), 0);
	run_until(base, &r.done);
	assert_string_equal(r.body, "small");
	/* Some are cancelled, the others freed with all. */
	for (unsigned i = 0; i < HELD / 2; i++)
		http_cancel(held[i].call);
	run_ready(base);
}

/* ---- what callbacks may do ---- */

static void cancel_stream(void)
{
	http_cancel(stream_call);
}

static void free_http(void)
{
	http_free(TAKE_PTR(http));
}

static void test_cancel_within(void **state)
{
	RESULT;

	(void)state;
	stream_act = cancel_stream;
	open_stream("/stream", &r);
	wait_for("one");
	run_ready(base);
	assert_false(r.done);
}

static void test_free_within(void **state)
{
	_cleanup_(result_done) struct result other = { 0 };
	RESULT;

	(void)state;
	stream_act = free_http;
	open_stream("/stream", &r);
	wait_for("one");
	run_ready(base);
	assert_false(r.done || other.done);
	assert_null(http);
}

static struct http_call *pair[2];
static bool one_done;
static unsigned both;

static void cancel_other(const struct http_response *response, void *userdata)
{
	(void)response;
	http_cancel(pair[!*(int *)userdata]);
	http_cancel(pair[*(int *)userdata]); /* itself: nothing */
	one_done = true;
	both++;
}

static void free_in_done(const struct http_response *response, void *userdata)
{
	(void)userdata;
	free_http();
	assert_int_equal(response->status, 403);
	assert_string_equal(response->body, "not yours");
	one_done = true;
}

static void start_in_done(const struct http_response *response, void *userdata)
{
	struct http_request q = { .method = "GET", .url = peer_url(peer), .timeout = 10 * USEC_PER_SEC };
	_cleanup_free_ char *url = strprintf("%s/refused", peer_url(peer));

	assert_int_equal(response->status, 403);
	q.url = url;
	assert_int_equal(http_start(http, &q, on_done, userdata, NULL), 0);
}

static void test_done_callbacks(void **state)
{
	_cleanup_free_ char *url = strprintf("%s/refused", peer_url(peer));
	struct http_request q = { .method = "GET", .url = url, .timeout = 10 * USEC_PER_SEC };
	static int index[] = { 0, 1 };
	RESULT;

	(void)state;
	one_done = false;
	both = 0;
	/* On two connections, both answers may come in one turn. */
	assert_int_equal(http_start(http, &q, cancel_other, &index[0], &pair[0]), 0);
	assert_int_equal(http_start(http, &q, cancel_other, &index[1], &pair[1]), 0);
	run_until(base, &one_done);
	run_ready(base);
	assert_int_equal(both, 1);

	assert_int_equal(http_start(http, &q, start_in_done, &r, NULL), 0);
	run_until(base, &r.done);

	one_done = false;
	assert_int_equal(http_start(http, &q, free_in_done, NULL, NULL), 0);
	assert_int_equal(http_start(http, &q, on_done, &r, NULL), 0);
	r.done = false;
	run_until(base, &one_done);
	run_ready(base);
	assert_false(r.done);
}

static void test_cancel_and_free_early(void **state)
{
	struct http_call *call;
	struct http_request q = { .method = "GET", .url = peer_url(peer) };
	RESULT;

	(void)state;
	assert_int_equal(http_start(http, &q, on_done, &r, &call), 0);
	http_cancel(call);
	http_cancel(NULL);
	assert_int_equal(http_start(http, &q, on_done, &r, &call), 0);
	run_ready(base);
	free_http();
	run_ready(base);
	assert_false(r.done);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_stream, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_get),
		TEST(test_post),
		TEST(test_other_answers),
		TEST(test_compression),
		TEST(test_too_large),
		TEST(test_cut_short),
		TEST(test_post_goes_out_once),
		TEST(test_unsent),
		TEST(test_time_out),
		TEST(test_redirects),
		TEST(test_retry_after),
		TEST(test_connections),
		TEST(test_forget_while_open),
		TEST(test_refused_at_start),
		TEST(test_proxy),
		TEST(test_hanging_lookup),
		STREAM_TEST(test_stream),
		STREAM_TEST(test_stream_lost),
		STREAM_TEST(test_stream_refused),
		cmocka_unit_test_setup_teardown(test_held, set_up_large, tear_down),
		cmocka_unit_test_setup_teardown(test_held_keep_nobody_waiting, set_up_large, tear_down),
		STREAM_TEST(test_cancel_within),
		STREAM_TEST(test_free_within),
		STREAM_TEST(test_done_callbacks),
		STREAM_TEST(test_cancel_and_free_early),
	};

	if (http_global_init() < 0)
		return 1;
	for (const char *const *i = (const char *const[]){ "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY",
							    "NO_PROXY", "ALL_PROXY", NULL };
	     *i; i++)
		(void)unsetenv(*i);
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
