/* net/signalr-frame and net/signalr-negotiate: framing at every cut, and answers to negotiate. */
#include "net/signalr-frame.h"

#include "net/signalr-negotiate.h"
#include "unit.h"

static void take_all(struct frames *f, char *out)
{
	const char *text;
	size_t n;

	while (frames_next(f, &text, &n)) {
		strcat(out, "[");
		strncat(out, text, n);
		strcat(out, "]");
	}
}

static void test_every_split(void **state)
{
	static const char stream[] = "{}\x1e{\"type\":6}\x1e\x1e{\"type\":1,\"x\":\"y\"}\x1e{\"unfin";
	size_t n = strlen(stream);

	(void)state;
	for (size_t cut = 0; cut <= n; cut++)
		for (size_t other = cut; other <= n; other++) {
			struct frames f = { 0 };
			char out[200] = "";

			assert_int_equal(frames_append(&f, stream, cut), 0);
			take_all(&f, out);
			assert_int_equal(frames_append(&f, stream + cut, other - cut), 0);
			take_all(&f, out);
			assert_int_equal(frames_append(&f, stream + other, n - other), 0);
			take_all(&f, out);
			assert_string_equal(out, "[{}][{\"type\":6}][][{\"type\":1,\"x\":\"y\"}]");
			frames_done(&f);
		}
}

static void test_bound(void **state)
{
	_cleanup_free_ char *chunk = malloc(1 << 20);
	struct frames f = { 0 };
	const char *text;
	size_t n;

	(void)state;
	memset(chunk, 'x', 1 << 20);
	for (int i = 0; i < 8; i++)
		assert_int_equal(frames_append(&f, chunk, 1 << 20), 0);
	assert_false(frames_next(&f, &text, &n));
	assert_int_equal(frames_append(&f, chunk, 1), -E2BIG);
	/* An end makes it whole, and leaves room for what follows. */
	assert_int_equal(frames_append(&f, "\x1e{}\x1e", 4), 0);
	assert_true(frames_next(&f, &text, &n));
	assert_int_equal(n, 8 << 20);
	assert_true(frames_next(&f, &text, &n));
	assert_int_equal(n, 2);
	frames_done(&f);
}

static void test_negotiate(void **state)
{
	static const char version1[] =
		"{\"negotiateVersion\":1,\"connectionId\":\"id\",\"connectionToken\":\"to/ken\",\"availableTransports\":["
		"{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\",\"Binary\"]},"
		"{\"transport\":\"ServerSentEvents\",\"transferFormats\":[\"Text\"]},"
		"{\"transport\":\"LongPolling\",\"transferFormats\":[\"Binary\"]},{},5,null]}";
	static const char version0[] = "{\"connectionId\":\"id\",\"availableTransports\":[{\"transport\":\"LongPolling\","
				       "\"transferFormats\":[\"Text\",\"Binary\"]}]}";
	static const char move[] = "{\"url\":\"https://other.example/hub?x=1\",\"accessToken\":\"secret\"}";
	static const char refusal[] = "{\"error\":\"no\"}";
	static const char *const bad[] = {
		"", "[]", "5", "null", "{}", "<html>", "{\"connectionId\":5}", "{\"negotiateVersion\":1,\"connectionId\":\"id\"}",
		"{\"negotiateVersion\":\"1\",\"connectionId\":\"id\"}", "{\"url\":5}", "{\"url\":\"x\",\"accessToken\":5}",
		"{\"error\":5}",
	};
	struct negotiation g = { 0 };

	(void)state;
	assert_int_equal(negotiation_parse(version1, strlen(version1), &g), 0);
	assert_string_equal(g.id, "to/ken");
	assert_true(g.sse && !g.long_polling && !g.url && !g.error);
	negotiation_done(&g);
	assert_int_equal(negotiation_parse(version0, strlen(version0), &g), 0);
	assert_string_equal(g.id, "id");
	assert_true(!g.sse && g.long_polling);
	negotiation_done(&g);
	assert_int_equal(negotiation_parse(move, strlen(move), &g), 0);
	assert_string_equal(g.url, "https://other.example/hub?x=1");
	assert_string_equal(secret_string(g.token), "secret");
	negotiation_done(&g);
	assert_int_equal(negotiation_parse(refusal, strlen(refusal), &g), 0);
	assert_string_equal(g.error, "no");
	negotiation_done(&g);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (negotiation_parse(bad[i], strlen(bad[i]), &g) != -EBADMSG)
			fail_msg("not refused: %s", bad[i]);
}

static void test_may_move(void **state)
{
	(void)state;
	assert_true(negotiation_may_move("https://a.example/", "https://b.example/"));
	assert_true(negotiation_may_move("http://127.0.0.1:1/", "http://localhost:2/"));
	assert_true(negotiation_may_move("http://127.0.0.1:1/", "https://b.example/"));
	assert_false(negotiation_may_move("https://a.example/", "http://b.example/"));
	assert_false(negotiation_may_move("https://a.example/", "http://127.0.0.1/"));
	assert_false(negotiation_may_move("https://a.example/", "https://localhost/"));
	assert_false(negotiation_may_move("https://a.example/", "/hub"));
}

static void test_hub_url(void **state)
{
	static const struct {
		const char *hub, *suffix, *name, *value, *url;
	} cases[] = {
		{ "https://h/hub", "/negotiate", "negotiateVersion", "1", "https://h/hub/negotiate?negotiateVersion=1" },
		{ "https://h/hub/", "/negotiate", NULL, NULL, "https://h/hub/negotiate" },
		{ "https://h/hub?a=b", "/negotiate", "v", "1", "https://h/hub/negotiate?a=b&v=1" },
		{ "https://h/hub?a=b#frag", NULL, "id", "x/y=", "https://h/hub?a=b&id=x%2Fy%3D" },
		{ "https://h/hub#frag?x", NULL, "id", "1", "https://h/hub?id=1" },
		{ "https://h/hub", NULL, "id", "", "https://h/hub?id=" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *url = hub_url(cases[i].hub, cases[i].suffix, cases[i].name, cases[i].value);

		assert_string_equal(url, cases[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split), cmocka_unit_test(test_bound),   cmocka_unit_test(test_negotiate),
		cmocka_unit_test(test_may_move),    cmocka_unit_test(test_hub_url),
	};

	return cmocka_run_group_tests_name("signalr-frame", tests, NULL, NULL);
}
