/* net/http over TLS: which certificates are good enough; and that of a token and a password nothing is left in memory
 * when the exchange is over. */
#include "net/http.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/jsonutil.h"
#include "peer.h"
#include "tls-server.h"
#include "unit.h"

static struct tls_server server;
static struct event_base *base;
static struct http *http;

struct result {
	bool done;
	enum http_outcome outcome;
	int status;
	bool sent;
	char error[300], etag[20];
	struct secret *token; /* taken from the answer, when wanted */
};

static void on_done(const struct http_response *r, void *userdata)
{
	_cleanup_json_ json_object *o = NULL;
	struct result *result = userdata;
	const char *text;

	result->done = true;
	result->outcome = r->outcome;
	result->status = r->status;
	result->sent = r->sent;
	(void)snprintf(result->error, sizeof(result->error), "%s", r->error);
	(void)snprintf(result->etag, sizeof(result->etag), "%s", strempty(r->etag));
	if (r->outcome != HTTP_ANSWERED || json_parse(r->body, r->body_size, JSON_MAX_DEPTH, &o) < 0)
		return;
	if (json_get_string(o, "tokenGuid", &text) > 0)
		result->token = secret_new(text, strlen(text));
	json_wipe(o, "tokenGuid");
}

static struct result fetch(const char *scheme, unsigned port, struct secret *bearer, struct secret *body)
{
	_cleanup_free_ char *url = strprintf("%s://127.0.0.1:%u/x", scheme, port);
	struct http_request q = { .method = body ? "POST" : "GET", .url = url, .bearer = bearer, .secret_body = body,
				  .timeout = 10 * USEC_PER_SEC };
	struct result r = { 0 };

	assert_int_equal(http_start(http, &q, on_done, &r, NULL), 0);
	run_until(base, &r.done);
	if (r.token && !bearer)
		r.token = secret_unref(r.token);
	return r;
}

static int open_http(const char *ca_file)
{
	struct http_options options = { .ca_file = ca_file };

	base = event_base_new();
	return http_new(base, &options, &http);
}

static int set_up(void **state)
{
	(void)state;
	return open_http(server.ca_file);
}

static int set_up_without_authority(void **state)
{
	(void)state;
	return open_http(NULL);
}

static int tear_down(void **state)
{
	(void)state;
	http_free(TAKE_PTR(http));
	event_base_free(base);
	return 0;
}

static void assert_not_trusted(struct result r)
{
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent);
	if (!strstr(r.error, "certificate"))
		fail_msg("error: %s", r.error);
}

static void test_trusted(void **state)
{
	struct result r;

	(void)state;
	assert_null(http_tls_version(http));
	r = fetch("https", server.port[TLS_GOOD], NULL, NULL);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_int_equal(r.status, 200);
	assert_string_equal(http_tls_version(http), "TLSv1.3");
	assert_string_equal(r.etag, "new");
	/* On another connection the session goes on. */
	http_forget_connections(http);
	r = fetch("https", server.port[TLS_GOOD], NULL, NULL);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_string_equal(r.etag, "resumed");
}

static void test_wrong_certificates(void **state)
{
	struct result r;

	(void)state;
	assert_not_trusted(fetch("https", server.port[TLS_EXPIRED], NULL, NULL));
	r = fetch("https", server.port[TLS_OTHER_HOST], NULL, NULL);
	assert_int_equal(r.outcome, HTTP_UNREACHED);
	assert_false(r.sent);
	assert_non_null(strstr(r.error, "127.0.0.1"));
}

static void test_unknown_authority(void **state)
{
	(void)state;
	assert_not_trusted(fetch("https", server.port[TLS_GOOD], NULL, NULL));
}

/* ---- what is left behind ---- */

#define MARKER_SIZE 32
#define VEIL 0x55
#define MAX_MAPPING (1UL << 28)

/* The address sanitizer keeps what was freed, and maps terabytes: there it is neither meant to hold nor searchable. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool is_marker(const char *p, const char veiled[static MARKER_SIZE])
{
	for (size_t i = 0; i < MARKER_SIZE; i++)
		if ((p[i] ^ VEIL) != veiled[i])
			return false;
	return true;
}

/* Its own page would hold what it has just read of another, so that one is left out. */
static char window[1 << 16];

static size_t count_in_mapping(int memory, unsigned long from, unsigned long to, const char veiled[static MARKER_SIZE])
{
	unsigned long own = (unsigned long)(uintptr_t)window;
	size_t found = 0;

	for (unsigned long at = from; at < to; at += sizeof(window) - MARKER_SIZE + 1) {
		size_t want = to - at < sizeof(window) ? to - at : sizeof(window);
		const char *p = window, *last;
		ssize_t n;

		if (at < own + sizeof(window) && at + want > own)
			continue;
		n = pread(memory, window, want, (off_t)at);
		if (n < MARKER_SIZE)
			continue;
		last = window + n - MARKER_SIZE;
		while (p <= last && (p = memchr(p, veiled[0] ^ VEIL, (size_t)(last - p) + 1)))
			found += is_marker(p++, veiled);
	}
	return found;
}

/* Searches what this process can write for the marker, which is only known veiled: to have it in the clear here
 * would be to find it. */
static size_t count_marker(const char veiled[static MARKER_SIZE])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned long from, to;
	char line[512], mode[8];
	size_t found = 0;

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps)) {
		assert_int_equal(sscanf(line, "%lx-%lx %7s", &from, &to, mode), 3);
		/* What a sanitizer reserves for its notes is of another size altogether. */
		if (mode[0] == 'r' && mode[1] == 'w' && to - from <= MAX_MAPPING)
			found += count_in_mapping(memory, from, to, veiled);
	}
	wipe(window, sizeof(window));
	(void)fclose(maps);
	(void)close(memory);
	return found;
}

static struct secret *make_marker(char veiled[static MARKER_SIZE])
{
	struct secret *s = secret_new_empty(MARKER_SIZE);

	for (size_t i = 0; i < MARKER_SIZE; i++) {
		char c = (char)('a' + random_below(26));

		veiled[i] = c ^ VEIL;
		assert_int_equal(secret_append(s, &c, 1), 0);
	}
	return s;
}

static void leave_nothing(const char *scheme, unsigned port)
{
	char token_veil[MARKER_SIZE], password_veil[MARKER_SIZE];
	struct secret *token = make_marker(token_veil), *password = make_marker(password_veil);
	struct result r;

	if (SANITIZED) {
		secret_unref(token);
		secret_unref(password);
		skip();
	}
	assert_int_equal(count_marker(token_veil), 1);
	r = fetch(scheme, port, token, password);
	assert_int_equal(r.outcome, HTTP_ANSWERED);
	assert_string_equal(secret_string(r.token), secret_string(token));
	/* The connection is kept alive; what went through its buffers is not. */
	assert_int_equal(count_marker(token_veil), 2);
	assert_int_equal(count_marker(password_veil), 1);
	secret_unref(r.token);
	secret_unref(token);
	secret_unref(password);
	assert_int_equal(count_marker(token_veil), 0);
	assert_int_equal(count_marker(password_veil), 0);
}

static void test_nothing_left_plain(void **state)
{
	(void)state;
	leave_nothing("http", server.plain_port);
}

static void test_nothing_left_tls(void **state)
{
	(void)state;
	leave_nothing("https", server.port[TLS_GOOD]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_trusted),
		TEST(test_wrong_certificates),
		cmocka_unit_test_setup_teardown(test_unknown_authority, set_up_without_authority, tear_down),
		TEST(test_nothing_left_plain),
		TEST(test_nothing_left_tls),
	};
	int r;

	if (tls_server_start(&server) < 0 || http_global_init() < 0)
		return 1;
	r = cmocka_run_group_tests_name("http-tls", tests, NULL, NULL);
	tls_server_stop(&server);
	return r;
}
