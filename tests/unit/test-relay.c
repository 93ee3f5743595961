/* net/relay: what is asked for, by whom, and how it is handed on. The source is the test itself; the viewers are sockets
 * in the same loop. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/timeutil.h"
#include "net/relay-peer.h"
#include "net/relay.h"
#include "unit.h"

#define HOST "127.0.0.1:4711"
#define TOTAL 1500000U
#define ETAG "\"e1\""
#define DEADLINE (30 * USEC_PER_SEC)

/* ---- requests ---- */

#define GET_(path, fields) "GET " path " HTTP/1.1\r\nHost: " HOST "\r\n" fields "\r\n"

static void test_requests(void **state)
{
	static const struct {
		const char *head;
		int status;
		const char *path;
		enum relay_range range;
		uint64_t first, last;
		const char *if_range;
	} cases[] = {
		{ GET_("/abc", ""), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=5-\r\n"), 0, "abc", RELAY_RANGE_FROM, 5, UINT64_MAX, "" },
		{ GET_("/abc", "range:bytes=5-9 \r\n"), 0, "abc", RELAY_RANGE_FROM, 5, 9, "" },
		{ GET_("/abc", "Range: BYTES=-9\r\n"), 0, "abc", RELAY_RANGE_SUFFIX, 0, 9, "" },
		{ GET_("/abc", "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n"), 0, "abc", RELAY_RANGE_FROM, 0, 0, "\"x\"" },
		{ GET_("/abc", "Range: bytes=0-0\r\nIf-Range: W/\"x\"\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=0-0\r\nIf-Range: \"x y\"\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "If-Range: \"x\"\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=1-2,4-5\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=9-5\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=-\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=1\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=99999999999999999999-\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Range: bytes=1-2\r\nRange: bytes=3-4\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/abc", "Content-Length: 0\r\n"), 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/", ""), 0, "", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/a/b", ""), 0, "", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/a?b", ""), 0, "", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/0123456789012345678901234567890123456789012345678901234567890123", ""), 0,
		  "0123456789012345678901234567890123456789012345678901234567890123", RELAY_RANGE_NONE, 0, 0, "" },
		{ GET_("/01234567890123456789012345678901234567890123456789012345678901234", ""), 0, "", RELAY_RANGE_NONE,
		  0, 0, "" },
		{ "GET /abc HTTP/1.0\r\nHost: " HOST "\r\n\r\n", 0, "abc", RELAY_RANGE_NONE, 0, 0, "" },
		{ .head = GET_("/abc", "Content-Length: 1\r\n"), .status = 501 },
		{ .head = GET_("/abc", "Transfer-Encoding: chunked\r\n"), .status = 501 },
		{ .head = GET_("/abc", "Host: " HOST "\r\n"), .status = 400 },
		{ .head = GET_("/abc", " folded\r\n"), .status = 400 },
		{ .head = GET_("/abc", "No colon\r\n"), .status = 400 },
		{ .head = GET_("/abc", "Name : value\r\n"), .status = 400 },
		{ .head = GET_("/abc", "Name: a\x01" "b\r\n"), .status = 400 },
		{ .head = GET_("/abc", "Name: a\rb\r\n"), .status = 400 },
		{ .head = GET_("/abc", ": empty\r\n"), .status = 400 },
		{ .head = GET_("abc", ""), .status = 400 },
		{ .head = GET_("http://" HOST "/abc", ""), .status = 400 },
		{ .head = "GET /abc HTTP/1.1\r\n\r\n", .status = 400 },
		{ .head = "GET  /abc HTTP/1.1\r\nHost: " HOST "\r\n\r\n", .status = 400 },
		{ .head = "GET /abc\r\nHost: " HOST "\r\n\r\n", .status = 400 },
		{ .head = "GET /abc HTTP/1.1 \r\nHost: " HOST "\r\n\r\n", .status = 400 },
		{ .head = "GET /abc HTTP/3.0\r\nHost: " HOST "\r\n\r\n", .status = 505 },
		{ .head = "PUT /abc HTTP/1.1\r\nHost: " HOST "\r\n\r\n", .status = 405 },
		{ .head = "get /abc HTTP/1.1\r\nHost: " HOST "\r\n\r\n", .status = 405 },
		{ .head = "GET /abc HTTP/1.1\r\nHost: localhost:4711\r\n\r\n", .status = 403 },
		{ .head = "GET /abc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", .status = 403 },
		{ .head = "GET /abc HTTP/1.1\r\nHost: 127.0.0.1:47110\r\n\r\n", .status = 403 },
		{ .head = "\r\n\r\n", .status = 400 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct relay_request q = { 0 };
		size_t n = strlen(cases[i].head);

		assert_int_equal(relay_head_length(cases[i].head, n - 1), 0);
		assert_int_equal(relay_head_length(cases[i].head, n), n);
		assert_int_equal(relay_request_parse(cases[i].head, n, HOST, &q), cases[i].status);
		if (cases[i].status != 0)
			continue;
		assert_string_equal(q.path, cases[i].path);
		assert_int_equal(q.want.range, cases[i].range);
		assert_int_equal(q.want.first, cases[i].first);
		if (cases[i].range != RELAY_RANGE_NONE)
			assert_int_equal(q.want.last, cases[i].last);
		assert_string_equal(q.want.if_range, cases[i].if_range);
	}
}

static void test_too_many_fields(void **state)
{
	char head[RELAY_HEAD_MAX] = "GET /a HTTP/1.1\r\nHost: " HOST "\r\n";
	struct relay_request q;

	(void)state;
	for (unsigned i = 0; i < RELAY_FIELDS_MAX - 1; i++)
		strcat(head, "A: b\r\n");
	strcat(head, "\r\n");
	assert_int_equal(relay_request_parse(head, strlen(head), HOST, &q), 0);
	(void)strcpy(head + strlen(head) - 2, "A: b\r\n\r\n");
	assert_int_equal(relay_request_parse(head, strlen(head), HOST, &q), 400);
}

static void test_content_ranges(void **state)
{
	static const char *const bad[] = { NULL, "", "bytes", "bytes 1-2", "bytes 1-2/*", "bytes */5", "bytes 2-1/5",
					   "bytes 1-5/5", "bytes 1-2/5 ", "bytes -2/5", "lines 1-2/5" };
	uint64_t first, last, total;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		assert_false(relay_content_range_parse(bad[i], &first, &last, &total));
	assert_true(relay_content_range_parse("bytes 1-4/5", &first, &last, &total));
	assert_int_equal(first * 100 + last * 10 + total, 145);
}

/* ---- a relay, its source, its viewers ---- */

struct fetch {
	struct relay_viewer *viewer;
	struct relay_want want;
	bool open, held;
	unsigned holds;
};

struct world {
	struct event_base *base;
	struct relay *relay;
	char *url;
	struct fetch fetches[32];
	unsigned n;
	bool refuse_start;
};

static int source_start(struct relay_viewer *v, const char *id, const struct relay_want *want, void *userdata, void **ret)
{
	struct world *w = userdata;
	struct fetch *f = &w->fetches[w->n];

	assert_string_equal(id, "file");
	if (w->refuse_start)
		return -EBUSY;
	assert_true(w->n++ < ELEMENTSOF(w->fetches));
	*f = (struct fetch){ .viewer = v, .want = *want, .open = true };
	*ret = f;
	return 0;
}

static void source_hold(void *fetch, bool hold)
{
	struct fetch *f = fetch;

	assert_true(f->open && f->held != hold);
	f->held = hold;
	f->holds += hold;
}

static void source_cancel(void *fetch)
{
	struct fetch *f = fetch;

	assert_true(f->open);
	f->open = false;
}

static const struct relay_source source = { source_start, source_hold, source_cancel };

static void nothing(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what, (void)userdata;
}

/* One turn of the loop, or a few milliseconds. */
static void turn(struct world *w)
{
	struct timeval tv = { .tv_usec = 2000 };

	assert_int_equal(event_base_once(w->base, -1, EV_TIMEOUT, nothing, NULL, &tv), 0);
	assert_true(event_base_loop(w->base, EVLOOP_ONCE) >= 0);
}

#define WAIT_FOR(w, condition) \
	do { \
		uint64_t until_ = now_monotonic() + DEADLINE; \
		while (!(condition)) { \
			assert_true(now_monotonic() < until_); \
			turn(w); \
		} \
	} while (0)

static int setup(void **state)
{
	static const struct relay_options options = {
		.idle = 300 * USEC_PER_MSEC,
		.head = 150 * USEC_PER_MSEC,
		.stopped = 100 * USEC_PER_MSEC,
		.patience = 300 * USEC_PER_MSEC,
	};
	struct world *w = new0(struct world, 1);

	assert_non_null(w);
	w->base = event_base_new();
	assert_int_equal(relay_new(w->base, &options, &source, w, &w->relay), 0);
	assert_int_equal(relay_open(w->relay, "file", &w->url), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	relay_free(w->relay);
	for (unsigned i = 0; i < w->n; i++)
		assert_false(w->fetches[i].open);
	event_base_free(w->base);
	free(w->url);
	free(w);
	return 0;
}

static unsigned port_of(const struct world *w)
{
	unsigned port;

	assert_int_equal(sscanf(w->url, "http://127.0.0.1:%u/", &port), 1);
	return port;
}

static const char *path_of(const struct world *w)
{
	return strchr(w->url + strlen("http://"), '/');
}

static int viewer_connect(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(w)),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), size = 4096;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		(void)close(fd);
		return -errno;
	}
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* A viewer that has asked. */
static int viewer_ask(const struct world *w, const char *method, const char *fields)
{
	_cleanup_free_ char *request = strprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", method, path_of(w),
						 port_of(w), fields);
	int fd = viewer_connect(w);

	assert_true(fd >= 0 && request);
	say(fd, request);
	return fd;
}

struct got {
	char *data;
	size_t n, room;
	bool over, reset;
};

static void got_done(struct got *g)
{
	free(g->data);
}
#define _cleanup_got_ _cleanup_(got_done)

static bool viewer_read(int fd, struct got *g)
{
	ssize_t n;

	if (g->room < g->n + 65537) {
		g->room = 2 * g->n + 65537;
		g->data = realloc(g->data, g->room);
		assert_non_null(g->data);
	}
	n = recv(fd, g->data + g->n, 65536, 0);
	if (n < 0 && errno == EAGAIN)
		return false;
	g->reset = n < 0;
	g->over = n <= 0;
	if (n > 0)
		g->n += (size_t)n;
	g->data[g->n] = '\0';
	return true;
}

static void viewer_read_all(struct world *w, int fd, struct got *g)
{
	WAIT_FOR(w, (viewer_read(fd, g), g->over));
	(void)close(fd);
}

static char byte_at(uint64_t i)
{
	return (char)(i * 7 + i / 251);
}

static const char *body_of(const struct got *g, size_t *ret_n)
{
	const char *end = memmem(g->data, g->n, "\r\n\r\n", 4);

	assert_non_null(end);
	*ret_n = g->n - (size_t)(end + 4 - g->data);
	return end + 4;
}

static void assert_body(const struct got *g, uint64_t first, size_t n)
{
	size_t have;
	const char *body = body_of(g, &have);

	assert_int_equal(have, n);
	for (size_t i = 0; i < n; i++)
		if (body[i] != byte_at(first + i))
			fail_msg("byte %zu differs", i);
}

static void answer(struct fetch *f, int status, uint64_t first, uint64_t last, const char *etag)
{
	_cleanup_free_ char *range = strprintf("bytes %llu-%llu/%u", (unsigned long long)first, (unsigned long long)last,
					       TOTAL);

	relay_viewer_header(f->viewer, &(struct relay_answer){
					       .status = status,
					       .content_type = "video/mp4",
					       .etag = etag,
					       .content_range = status == 206 ? range : NULL,
					       .length = last - first + 1,
					       .has_length = true,
				       });
}

/* Bytes of the file from `at` on, as long as they are wanted. */
static uint64_t feed(struct fetch *f, uint64_t at, uint64_t end)
{
	char piece[16384];

	while (at < end && f->open && !f->held) {
		size_t n = end - at < sizeof(piece) ? (size_t)(end - at) : sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = byte_at(at + i);
		at += n;
		relay_viewer_data(f->viewer, piece, n);
	}
	return at;
}

static void end(struct fetch *f, enum relay_end how, int status)
{
	if (!f->open)
		return;
	f->open = false;
	relay_viewer_end(f->viewer, how, status, 0);
}

/* Hands on all from `at` to the end, by the newest fetch and those that follow it when the viewer was slow. */
static void serve_rest(struct world *w, int fd, struct got *g, uint64_t at)
{
	uint64_t until = now_monotonic() + DEADLINE;
	unsigned answered = w->n;

	while (at < TOTAL) {
		struct fetch *f = &w->fetches[w->n - 1];

		assert_true(now_monotonic() < until);
		if (w->n > answered) {
			assert_int_equal(f->want.first, at);
			answer(f, 206, at, TOTAL - 1, ETAG);
			answered = w->n;
		}
		at = feed(f, at, TOTAL);
		viewer_read(fd, g);
		turn(w);
	}
	end(&w->fetches[w->n - 1], RELAY_WHOLE, 206);
}

/* ---- tests ---- */

static void test_whole(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "GET", "");
	struct fetch *f = w->fetches;

	WAIT_FOR(w, w->n == 1);
	assert_int_equal(f->want.range, RELAY_RANGE_NONE);
	answer(f, 200, 0, TOTAL - 1, ETAG);
	serve_rest(w, fd, &g, 0);
	viewer_read_all(w, fd, &g);
	assert_body(&g, 0, TOTAL);
	assert_non_null(strstr(g.data, "ETag: " ETAG "\r\n"));
	assert_non_null(strstr(g.data, "Content-Type: video/mp4\r\n"));
	assert_true(f->holds > 0);
}

static void test_head_asks_for_a_byte(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "HEAD", "Range: bytes=5-\r\n");

	WAIT_FOR(w, w->n == 1);
	assert_int_equal(w->fetches[0].want.last, 0);
	answer(w->fetches, 206, 0, 0, ETAG);
	assert_false(w->fetches[0].open);
	viewer_read_all(w, fd, &g);
	assert_non_null(strstr(g.data, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(g.data, "Content-Length: 1500000\r\n"));
	assert_body(&g, 0, 0);
}

/* It takes nothing: the service is held, then left, and asked for the rest when it reads on. */
static void test_viewer_that_stops(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "GET", "Range: bytes=1000-\r\n");
	uint64_t at;

	WAIT_FOR(w, w->n == 1);
	answer(w->fetches, 206, 1000, TOTAL - 1, ETAG);
	at = 1000;
	WAIT_FOR(w, (at = feed(w->fetches, at, TOTAL), w->fetches[0].held && !w->fetches[0].open));
	assert_true(at < 1000 + (1 << 20) / RELAY_MAX_VIEWERS);
	assert_int_equal(w->n, 1);
	WAIT_FOR(w, (viewer_read(fd, &g), w->n == 2));
	assert_int_equal(w->fetches[1].want.first, at);
	assert_int_equal(w->fetches[1].want.last, TOTAL - 1);
	assert_string_equal(w->fetches[1].want.if_range, ETAG);
	answer(&w->fetches[1], 206, at, TOTAL - 1, ETAG);
	serve_rest(w, fd, &g, at);
	viewer_read_all(w, fd, &g);
	assert_body(&g, 1000, TOTAL - 1000);
}

static void test_broken_off(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "GET", "Range: bytes=0-9999\r\n");

	WAIT_FOR(w, w->n == 1);
	end(&w->fetches[0], RELAY_BROKEN, 503); /* before there was an answer */
	WAIT_FOR(w, w->n == 2);
	assert_int_equal(w->fetches[1].want.first, 0);
	answer(&w->fetches[1], 206, 0, 9999, ETAG);
	assert_int_equal(feed(&w->fetches[1], 0, 4000), 4000);
	end(&w->fetches[1], RELAY_BROKEN, 206);
	WAIT_FOR(w, w->n == 3);
	assert_int_equal(w->fetches[2].want.first, 4000);
	/* A service that gives less at a time than it was asked for. */
	answer(&w->fetches[2], 206, 4000, 5999, ETAG);
	assert_int_equal(feed(&w->fetches[2], 4000, 6000), 6000);
	end(&w->fetches[2], RELAY_WHOLE, 206);
	WAIT_FOR(w, w->n == 4);
	assert_int_equal(w->fetches[3].want.first, 6000);
	answer(&w->fetches[3], 206, 6000, 9999, ETAG);
	assert_int_equal(feed(&w->fetches[3], 6000, 10000), 10000);
	end(&w->fetches[3], RELAY_WHOLE, 206);
	viewer_read_all(w, fd, &g);
	assert_body(&g, 0, 10000);
}

/* What the service answers when it is asked for the rest. */
static void test_is_never_glued(void **state)
{
	static const struct {
		int status;
		uint64_t first, last;
		const char *etag;
	} cases[] = {
		{ 200, 0, TOTAL - 1, "\"e2\"" },
		{ 200, 0, TOTAL - 1, ETAG },
		{ 206, 4000, 9999, "\"e2\"" },
		{ 206, 4000, 9999, NULL },
		{ 206, 4001, 9999, ETAG },
		{ 206, 4000, 10000, ETAG },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_got_ struct got g = { 0 };
		int fd = viewer_ask(w, "GET", "Range: bytes=0-9999\r\n");
		unsigned n = w->n;

		WAIT_FOR(w, w->n == n + 1);
		answer(&w->fetches[n], 206, 0, 9999, ETAG);
		assert_int_equal(feed(&w->fetches[n], 0, 4000), 4000);
		end(&w->fetches[n], RELAY_BROKEN, 206);
		WAIT_FOR(w, w->n == n + 2);
		answer(&w->fetches[n + 1], cases[i].status, cases[i].first, cases[i].last, cases[i].etag);
		assert_false(w->fetches[n + 1].open);
		viewer_read_all(w, fd, &g);
		assert_body(&g, 0, 4000);
	}
}

static void test_patience(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got begun = { 0 }, not_begun = { 0 };
	int fd = viewer_ask(w, "GET", "");
	uint64_t until;

	WAIT_FOR(w, w->n == 1);
	answer(w->fetches, 200, 0, TOTAL - 1, ETAG);
	assert_int_equal(feed(w->fetches, 0, 100), 100);
	end(w->fetches, RELAY_BROKEN, 200);
	w->refuse_start = true;
	viewer_read_all(w, fd, &begun);
	assert_body(&begun, 0, 100);
	fd = viewer_ask(w, "GET", "");
	until = now_monotonic() + DEADLINE;
	viewer_read_all(w, fd, &not_begun);
	assert_true(now_monotonic() < until);
	assert_non_null(strstr(not_begun.data, "HTTP/1.1 503 "));
}

static void test_answers_that_make_no_sense(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 5; i++) {
		_cleanup_got_ struct got g = { 0 };
		int fd = viewer_ask(w, "GET", i == 4 ? "" : "Range: bytes=10-19\r\n");
		struct fetch *f = &w->fetches[i];

		WAIT_FOR(w, w->n == i + 1);
		if (i == 0)
			answer(f, 206, 11, 19, ETAG);
		else if (i == 1)
			answer(f, 206, 10, 20, ETAG);
		else if (i == 2)
			answer(f, 204, 10, 19, ETAG);
		else if (i == 3)
			relay_viewer_header(f->viewer, &(struct relay_answer){ .status = 200 });
		else
			answer(f, 206, 0, TOTAL - 1, ETAG); /* unasked for */
		assert_false(f->open);
		viewer_read_all(w, fd, &g);
		assert_non_null(strstr(g.data, "HTTP/1.1 502 "));
	}
}

static void test_more_than_was_said(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "GET", "Range: bytes=0-99\r\n");

	WAIT_FOR(w, w->n == 1);
	answer(w->fetches, 206, 0, 99, ETAG);
	(void)feed(w->fetches, 0, 5000);
	assert_false(w->fetches[0].open);
	viewer_read_all(w, fd, &g);
	assert_body(&g, 0, 100);
}

static void test_type_and_tag_of_a_service_are_not_trusted(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_ask(w, "GET", "");

	WAIT_FOR(w, w->n == 1);
	relay_viewer_header(w->fetches[0].viewer, &(struct relay_answer){ .status = 200, .content_type = "text/html",
									   .etag = "\"a\r\nSet-Cookie: b\"", .length = 1,
									   .has_length = true });
	(void)feed(w->fetches, 0, 1);
	end(w->fetches, RELAY_WHOLE, 200);
	viewer_read_all(w, fd, &g);
	assert_null(strstr(g.data, "Cookie"));
	assert_non_null(strstr(g.data, "Content-Type: application/octet-stream\r\n"));
	assert_non_null(strstr(g.data, "X-Content-Type-Options: nosniff\r\n"));
}

/* Bytes that come one by one do not keep the door open. */
static void test_slow_request(void **state)
{
	struct world *w = *state;
	uint64_t begin = now_monotonic();
	_cleanup_got_ struct got g = { 0 };
	int fd = viewer_connect(w);

	say(fd, "GET / HTTP/1.1\r\nX: ");
	while (!g.over && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
		turn(w);
		viewer_read(fd, &g);
		assert_true(now_monotonic() - begin < DEADLINE);
	}
	assert_true(now_monotonic() - begin < USEC_PER_SEC);
	assert_int_equal(w->n, 0);
	(void)close(fd);
}

static void test_many_that_say_nothing(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got last = { 0 };
	int fds[17];

	for (unsigned i = 0; i < ELEMENTSOF(fds); i++) {
		fds[i] = viewer_connect(w);
		assert_true(fds[i] >= 0);
		turn(w);
	}
	viewer_read_all(w, fds[16], &last);
	assert_int_equal(last.n, 0);
	for (unsigned i = 0; i < 16; i++)
		(void)close(fds[i]);
}

static void test_third_connection_closes_the_first(void **state)
{
	struct world *w = *state;
	_cleanup_got_ struct got g = { 0 };
	int a = viewer_ask(w, "GET", ""), b, c;

	WAIT_FOR(w, w->n == 1);
	b = viewer_ask(w, "GET", "");
	WAIT_FOR(w, w->n == 2);
	assert_true(w->fetches[0].open);
	c = viewer_ask(w, "GET", "");
	WAIT_FOR(w, w->n == 3);
	assert_false(w->fetches[0].open);
	assert_true(w->fetches[1].open && w->fetches[2].open);
	viewer_read_all(w, a, &g);
	assert_int_equal(g.n, 0);
	(void)close(b);
	WAIT_FOR(w, !w->fetches[1].open);
	assert_true(w->fetches[2].open);
	(void)close(c);
	WAIT_FOR(w, !w->fetches[2].open);
}

static void test_idle(void **state)
{
	struct world *w = *state;
	int fd = viewer_ask(w, "GET", "");
	uint64_t begin = now_monotonic();

	WAIT_FOR(w, now_monotonic() - begin > 400 * USEC_PER_MSEC);
	assert_int_equal(relay_count_open(w->relay), 1);
	(void)close(fd);
	WAIT_FOR(w, relay_count_open(w->relay) == 0);
	assert_int_equal(viewer_connect(w), -ECONNREFUSED);
	free(TAKE_PTR(w->url));
	assert_int_equal(relay_open(w->relay, "file", &w->url), 0);
	fd = viewer_connect(w);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void test_room(void **state)
{
	struct world *w = *state;
	char *urls[RELAY_MAX_OPEN + 1] = { NULL };
	_cleanup_got_ struct got g = { 0 };
	int fd;

	for (unsigned i = 0; i < RELAY_MAX_OPEN; i++)
		assert_int_equal(relay_open(w->relay, "file", &urls[i]), 0);
	assert_int_equal(relay_count_open(w->relay), RELAY_MAX_OPEN);
	/* The first of all gave way. */
	fd = viewer_ask(w, "GET", "");
	viewer_read_all(w, fd, &g);
	assert_non_null(strstr(g.data, "HTTP/1.1 404 "));
	for (unsigned i = 0; i < RELAY_MAX_OPEN; i++)
		free(urls[i]);
}

/* ---- who it is ---- */

/* A connection to a listening socket of ours, made by a process of that user; what `check` says of it. */
static bool is_ours_from(uid_t uid, bool (*check)(int fd))
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, status;
	socklen_t n = sizeof(here);
	bool ours;
	pid_t pid;

	assert_int_equal(bind(listener, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &n), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char c;
		int s;

		if (uid != geteuid() && setuid(uid) < 0)
			_exit(2);
		s = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s, (struct sockaddr *)&here, sizeof(here)) < 0 || read(s, &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	ours = check(fd);
	(void)close(fd);
	(void)close(listener);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return ours;
}

static void test_peer(void **state)
{
	(void)state;
	assert_true(is_ours_from(geteuid(), relay_peer_is_ours));
	assert_true(is_ours_from(geteuid(), relay_peer_is_ours_by_proc));
	if (geteuid() != 0)
		return;
	assert_false(is_ours_from(65534, relay_peer_is_ours));
	assert_false(is_ours_from(65534, relay_peer_is_ours_by_proc));
	assert_false(is_ours_from(1, relay_peer_is_ours));
	assert_false(is_ours_from(1, relay_peer_is_ours_by_proc));
}

/* A socket that is being closed has no owner any more, and the kernel gives uid 0. */
static void test_peer_that_is_gone(void **state)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(here);

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &n), 0);
	assert_int_equal(connect(s, (struct sockaddr *)&here, sizeof(here)), 0);
	(void)close(s);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_false(relay_peer_is_ours(fd));
	assert_false(relay_peer_is_ours_by_proc(fd));
	(void)close(fd);
	(void)close(listener);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_content_ranges),
		TEST(test_whole),
		TEST(test_head_asks_for_a_byte),
		TEST(test_viewer_that_stops),
		TEST(test_broken_off),
		TEST(test_is_never_glued),
		TEST(test_patience),
		TEST(test_answers_that_make_no_sense),
		TEST(test_more_than_was_said),
		TEST(test_type_and_tag_of_a_service_are_not_trusted),
		TEST(test_slow_request),
		TEST(test_many_that_say_nothing),
		TEST(test_third_connection_closes_the_first),
		TEST(test_idle),
		TEST(test_room),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_peer_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
