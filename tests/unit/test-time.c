/* base/timeutil: ISO 8601 and HTTP dates. */
#include "base/timeutil.h"

#include <errno.h>
#include <time.h>

#include "base/util.h"
#include "unit.h"

#define SEC USEC_PER_SEC

static void test_parse_iso8601(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t usec;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "1970-01-01T00:00:00", 0, 0 },
		{ "2026-11-22T15:04:05Z", 0, 1795359845 * SEC },
		{ "2026-11-22T15:04:05", 0, 1795359845 * SEC },
		{ "2026-11-22T15:04:05.1Z", 0, 1795359845 * SEC + 100000 },
		{ "2026-11-22T15:04:05.123456Z", 0, 1795359845 * SEC + 123456 },
		{ "2026-11-22T15:04:05.1234567", 0, 1795359845 * SEC + 123456 },
		{ "2026-11-22T20:34:05+05:30", 0, 1795359845 * SEC },
		{ "2026-11-22T07:04:05.5-08:00", 0, 1795359845 * SEC + 500000 },
		{ "2024-02-29T00:00:00Z", 0, 1709164800 * SEC },
		{ "2000-02-29T00:00:00Z", 0, 951782400 * SEC },
		{ "2016-12-31T23:59:60Z", 0, 1483228800 * SEC },
		{ "1970-01-01T00:30:00+00:30", 0, 0 },
		{ "9999-12-31T23:59:59.9999999Z", 0, 253402300799 * SEC + 999999 },

		{ "1969-12-31T23:59:59Z", -ERANGE, 0 },
		{ "0001-01-01T00:00:00", -ERANGE, 0 },
		{ "1970-01-01T00:29:59+00:30", -ERANGE, 0 },

		{ "2026-11-22", -EINVAL, 0 },
		{ "2026-11-22 15:04:05Z", -EINVAL, 0 },
		{ "2026-11-22T15:04Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05.Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05.12345678Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05,5Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05Zx", -EINVAL, 0 },
		{ "2026-11-22T15:04:05 Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:05+0530", -EINVAL, 0 },
		{ "2026-11-22T15:04:05+24:00", -EINVAL, 0 },
		{ "2026-11-22T15:04:05+05:60", -EINVAL, 0 },
		{ "2026-11-22T24:00:00Z", -EINVAL, 0 },
		{ "2026-11-22T15:60:05Z", -EINVAL, 0 },
		{ "2026-11-22T15:04:61Z", -EINVAL, 0 },
		{ "2026-13-22T15:04:05Z", -EINVAL, 0 },
		{ "2026-00-22T15:04:05Z", -EINVAL, 0 },
		{ "2026-11-31T15:04:05Z", -EINVAL, 0 },
		{ "2026-11-00T15:04:05Z", -EINVAL, 0 },
		{ "2025-02-29T00:00:00Z", -EINVAL, 0 },
		{ "1900-02-29T00:00:00Z", -EINVAL, 0 },
		{ "+026-11-22T15:04:05Z", -EINVAL, 0 },
		{ " 2026-11-22T15:04:05Z", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ NULL, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint64_t usec = 4711;
		int r = time_parse_iso8601(cases[i].text, &usec);

		if (r != cases[i].r || usec != (r < 0 ? 4711 : cases[i].usec))
			fail_msg("'%s': %d, %llu", strempty(cases[i].text), r, (unsigned long long)usec);
	}
}

static void test_format_iso8601(void **state)
{
	char buf[ISO8601_SIZE];

	(void)state;
	assert_string_equal(time_format_iso8601(buf, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(time_format_iso8601(buf, 1795359845 * SEC), "2026-11-22T15:04:05Z");
	assert_string_equal(time_format_iso8601(buf, 1795359845 * SEC + 120), "2026-11-22T15:04:05.000120Z");
	assert_true(strlen(time_format_iso8601(buf, UINT64_MAX)) < ISO8601_SIZE - 1);
}

/* Against the C library's own calendar, over 300 years. */
static void test_round_trip(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 366 * 300; day++) {
		time_t seconds = (time_t)(day * 86400 + day * 7919 % 86400);
		char buf[ISO8601_SIZE];
		uint64_t usec;
		struct tm tm;

		assert_non_null(gmtime_r(&seconds, &tm));
		(void)strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_int_equal(time_parse_iso8601(buf, &usec), 0);
		assert_true(usec == (uint64_t)seconds * SEC);
		assert_int_equal(time_parse_iso8601(time_format_iso8601(buf, usec + day), &usec), 0);
		assert_true(usec == (uint64_t)seconds * SEC + day);
	}
}

static void test_parse_http(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t seconds;
	} cases[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0, 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 0, 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 0, 784111777 },
		{ "Wed Nov 16 08:49:37 1994", 0, 784975777 },
		{ "Sun, 22 Nov 2026 15:04:05 GMT", 0, 1795359845 },
		{ "Sunday, 22-Nov-26 15:04:05 GMT", 0, 1795359845 },

		{ "Sun, 06 Nov 1994 08:49:37 UTC", -EINVAL, 0 },
		{ "Sun, 6 Nov 1994 08:49:37 GMT", -EINVAL, 0 },
		{ "Sun, 06 nov 1994 08:49:37 GMT", -EINVAL, 0 },
		{ "Son, 06 Nov 1994 08:49:37 GMT", -EINVAL, 0 },
		{ "Sun, 31 Feb 1994 08:49:37 GMT", -EINVAL, 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT ", -EINVAL, 0 },
		{ "Sun, 06 Nov 1954 08:49:37 GMT", -EINVAL, 0 },
		{ "Sun Nov 6 08:49:37 1994", -EINVAL, 0 },
		{ "120", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ NULL, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint64_t usec = 4711;
		int r = time_parse_http(cases[i].text, &usec);

		if (r != cases[i].r || usec != (r < 0 ? 4711 : cases[i].seconds * SEC))
			fail_msg("'%s': %d, %llu", strempty(cases[i].text), r, (unsigned long long)usec);
	}
}

static void test_clocks(void **state)
{
	uint64_t monotonic = now_monotonic();

	(void)state;
	assert_true(now_boottime() >= monotonic);
	assert_true(now_monotonic() >= monotonic);
	assert_true(now_realtime() / SEC - (uint64_t)time(NULL) <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_iso8601), cmocka_unit_test(test_format_iso8601),
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_parse_http),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
