/* net/sse: the examples of the specification, each cut in two at every place, and byte by byte. */
#include "net/sse.h"

#include "unit.h"

/* Events in brackets, comments as '#'. */
static char got[4096];

static void note(const char *data, size_t n, void *userdata)
{
	size_t at = strlen(got);

	assert_ptr_equal(userdata, got);
	assert_true(at + n + 3 < sizeof(got));
	if (!data) {
		got[at] = '#';
		return;
	}
	got[at] = '[';
	memcpy(got + at + 1, data, n);
	got[at + 1 + n] = ']';
}

static const struct {
	const char *stream, *events;
} cases[] = {
	{ "data: one\n\n", "[one]" },
	{ "data: one\r\n\r\n", "[one]" },
	{ "data: one\r\r", "[one]" },
	{ "data: one\n\ndata: two\n\n", "[one][two]" },
	{ "data: one\r\rdata: two\r\r", "[one][two]" },
	{ "data: one\r\n\ndata: two\n\r\n", "[one][two]" },
	{ "data: a\ndata: b\n\n", "[a\nb]" },
	{ "data: a\r\ndata\r\ndata: b\r\n\r\n", "[a\n\nb]" },
	{ "data:a\n\n", "[a]" },
	{ "data:  a\n\n", "[ a]" },
	{ "data: a:b\n\n", "[a:b]" },
	{ "data\n\n", "[]" },
	{ "data:\n\n", "[]" },
	{ "data:\ndata:\n\n", "[\n]" },
	{ "\n\n\n", "" },
	{ ": comment\n\n", "#" },
	{ ":\n\n", "#" },
	{ ":\r\n\r\n:\r\n\r\n", "##" },
	{ "data: a\n: between\ndata: b\n\n", "#[a\nb]" },
	{ "event: x\nid: 5\nretry: 10\ndata: a\n\n", "[a]" },
	{ "event: x\n\n", "" },
	{ "Data: a\n\n", "" },
	{ "datax: a\n\n", "" },
	{ " data: a\n\n", "" },
	{ "\xef\xbb\xbf""data: a\n\n", "[a]" },
	{ "\xef\xbb\xbf\xef\xbb\xbf""data: a\n\ndata: b\n\n", "[b]" },
	{ "\xef\xbb""data: a\n\ndata: b\n\n", "[b]" },
	{ "data: \xef\xbb\xbf""a\n\n", "[\xef\xbb\xbf""a]" },
	{ "data: unfinished", "" },
	{ "data: unfinished\n", "" },
	{ "data: {\"type\":6}\x1e\r\n\r\ndata: {\"ty\r\n\r\ndata: pe\":6}\x1e\r\n\r\n",
	  "[{\"type\":6}\x1e][{\"ty][pe\":6}\x1e]" },
};

static void feed_pieces(const char *stream, size_t cut, size_t other)
{
	_cleanup_(sse_freep) struct sse *s = sse_new(note, got);
	size_t n = strlen(stream), at = 0, ends[] = { cut, other, n };

	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
		/* An allocation of the very size, so that a checker sees each step beyond it. */
		size_t piece = ends[i] - at;
		char *copy = malloc(piece ? piece : 1);

		memcpy(copy, stream + at, piece);
		assert_int_equal(sse_feed(s, copy, piece), 0);
		free(copy);
		at = ends[i];
	}
}

static void test_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		size_t n = strlen(cases[i].stream);

		for (size_t cut = 0; cut <= n; cut++)
			for (size_t other = cut; other <= n; other++) {
				feed_pieces(cases[i].stream, cut, other);
				if (!streq(got, cases[i].events))
					fail_msg("case %zu, cut at %zu and %zu: %s", i, cut, other, got);
			}
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(sse_freep) struct sse *s = sse_new(note, got);

		memset(got, 0, sizeof(got));
		for (const char *p = cases[i].stream; *p; p++)
			assert_int_equal(sse_feed(s, p, 1), 0);
		assert_string_equal(got, cases[i].events);
	}
}

static void ignore(const char *data, size_t n, void *userdata)
{
	(void)data;
	(void)n;
	(void)userdata;
}

static void test_bounds(void **state)
{
	static const char *const starts[] = { "data: ", ": ", "other: " };
	_cleanup_free_ char *chunk = malloc(1 << 20);

	(void)state;
	memset(chunk, 'x', 1 << 20);
	/* One endless line, of whatever field. */
	for (size_t i = 0; i < ELEMENTSOF(starts); i++) {
		_cleanup_(sse_freep) struct sse *s = sse_new(ignore, NULL);
		int r = sse_feed(s, starts[i], strlen(starts[i]));
		size_t fed = 0;

		for (; r == 0 && fed <= SSE_MAX_EVENT; fed += 1 << 20)
			r = sse_feed(s, chunk, 1 << 20);
		assert_int_equal(r, -E2BIG);
		assert_true(fed <= SSE_MAX_EVENT + (1 << 20));
		assert_int_equal(sse_feed(s, "\n", 1), -E2BIG);
	}
	/* Many lines of one event. */
	{
		_cleanup_(sse_freep) struct sse *s = sse_new(ignore, NULL);
		int r = 0, lines = 0;

		chunk[(1 << 20) - 1] = '\n';
		memcpy(chunk, "data: ", 6);
		for (; r == 0 && lines < 20; lines++)
			r = sse_feed(s, chunk, 1 << 20);
		assert_int_equal(r, -E2BIG);
		assert_int_equal(lines, 9);
	}
}

static struct sse *victim;

static void free_it(const char *data, size_t n, void *userdata)
{
	(void)data;
	(void)n;
	++*(int *)userdata;
	sse_free(victim);
}

static void test_free_within(void **state)
{
	int calls = 0;

	(void)state;
	victim = sse_new(free_it, &calls);
	assert_int_equal(sse_feed(victim, "data: a\n\ndata: b\n\n: c\n", 21), 0);
	assert_int_equal(calls, 1);
	victim = sse_new(free_it, &calls);
	assert_int_equal(sse_feed(victim, ": c\ndata: b\n\n", 13), 0);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_free_within),
	};

	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
