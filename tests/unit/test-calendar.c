/* Buckets of local time: days of 23 and 25 hours, midnights that come twice or not at all, ISO weeks at the turn of a
 * year; and over years of many zones what strftime() calls the same moments. */
#include "unit.h"

#include <stdio.h>
#include <time.h>

#include "base/calendar.h"
#include "base/timeutil.h"
#include "base/util.h"

static void zone_set(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	calendar_refresh();
}

static uint64_t at(const char *text)
{
	uint64_t usec;

	assert_int_equal(time_parse_iso8601(text, &usec), 0);
	return usec;
}

static void assert_time(uint64_t t, const char *expected)
{
	char text[ISO8601_SIZE];

	assert_string_equal(time_format_iso8601(text, t), expected);
}

static void test_names(void **state)
{
	static const char *const names[] = { "day", "week", "month", "year", "all" };

	(void)state;
	for (int i = 0; i < _CALENDAR_PERIOD_MAX; i++) {
		assert_int_equal(calendar_period_from_name(names[i]), i);
		assert_string_equal(calendar_period_name((enum calendar_period)i), names[i]);
	}
	assert_int_equal(calendar_period_from_name("Day"), -EINVAL);
	assert_int_equal(calendar_period_from_name(""), -EINVAL);
}

/* When the clocks change a day is as long as it is. */
static void test_days_of_changing_clocks(void **state)
{
	static const struct {
		const char *zone, *within, *begin, *next, *label;
	} cases[] = {
		{ "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-29" },
		{ "Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-25" },
		{ "America/New_York", "2025-11-02T06:30:00Z", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z", "2025-11-02" },
		{ "America/New_York", "2026-03-09T03:59:59Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "2026-03-08" },
		/* no midnight: the day begins at one */
		{ "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", "2018-11-04" },
		{ "Africa/Cairo", "2024-04-26T12:00:00Z", "2024-04-25T22:00:00Z", "2024-04-26T21:00:00Z", "2024-04-26" },
		/* at midnight back to eleven: the hour is the old day's */
		{ "America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z", "2018-02-17" },
		{ "Africa/Cairo", "2024-10-31T21:30:00Z", "2024-10-30T21:00:00Z", "2024-10-31T22:00:00Z", "2024-10-31" },
		/* midnight twice: the day begins with the first */
		{ "America/Havana", "2025-11-02T05:30:00Z", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z", "2025-11-02" },
		/* half an hour */
		{ "Australia/Lord_Howe", "2025-10-05T12:59:59Z", "2025-10-04T13:30:00Z", "2025-10-05T13:00:00Z", "2025-10-05" },
		/* a day that was left out */
		{ "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-29" },
		{ "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z", "2011-12-31" },
	};
	char label[CALENDAR_LABEL_SIZE];

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		zone_set(cases[i].zone);
		assert_time(calendar_begin(CALENDAR_DAY, at(cases[i].within)), cases[i].begin);
		assert_time(calendar_next(CALENDAR_DAY, at(cases[i].within)), cases[i].next);
		assert_string_equal(calendar_label(label, CALENDAR_DAY, at(cases[i].within)), cases[i].label);
	}
}

static void test_weeks(void **state)
{
	static const struct {
		const char *within, *begin, *label;
	} cases[] = {
		{ "2026-11-22T12:00:00Z", "2026-11-16T00:00:00Z", "2026-W47" },
		{ "2026-01-01T00:00:00Z", "2025-12-29T00:00:00Z", "2026-W01" },
		{ "2027-01-03T23:59:59Z", "2026-12-28T00:00:00Z", "2026-W53" },
		{ "2027-01-04T00:00:00Z", "2027-01-04T00:00:00Z", "2027-W01" },
		{ "2024-12-30T00:00:00Z", "2024-12-30T00:00:00Z", "2025-W01" },
		{ "1970-01-05T00:00:00Z", "1970-01-05T00:00:00Z", "1970-W02" },
	};
	char label[CALENDAR_LABEL_SIZE];

	(void)state;
	zone_set("UTC");
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_time(calendar_begin(CALENDAR_WEEK, at(cases[i].within)), cases[i].begin);
		assert_string_equal(calendar_label(label, CALENDAR_WEEK, at(cases[i].within)), cases[i].label);
	}
}

static void test_months_and_years(void **state)
{
	(void)state;
	zone_set("America/New_York");
	assert_time(calendar_begin(CALENDAR_MONTH, at("2025-11-30T12:00:00Z")), "2025-11-01T04:00:00Z");
	assert_time(calendar_next(CALENDAR_MONTH, at("2025-11-30T12:00:00Z")), "2025-12-01T05:00:00Z");
	assert_time(calendar_previous(CALENDAR_MONTH, at("2025-11-30T12:00:00Z")), "2025-10-01T04:00:00Z");
	assert_time(calendar_previous(CALENDAR_MONTH, at("2026-01-30T12:00:00Z")), "2025-12-01T05:00:00Z");
	assert_time(calendar_next(CALENDAR_MONTH, at("2025-12-30T12:00:00Z")), "2026-01-01T05:00:00Z");
	assert_time(calendar_begin(CALENDAR_YEAR, at("2026-01-01T04:59:59Z")), "2025-01-01T05:00:00Z");
	assert_time(calendar_next(CALENDAR_YEAR, at("2026-01-01T04:59:59Z")), "2026-01-01T05:00:00Z");
	assert_time(calendar_previous(CALENDAR_YEAR, at("2026-06-01T00:00:00Z")), "2025-01-01T05:00:00Z");
	assert_int_equal(calendar_begin(CALENDAR_ALL, 5), 0);
	assert_int_equal(calendar_next(CALENDAR_ALL, 5), UINT64_MAX);
	assert_int_equal(calendar_previous(CALENDAR_ALL, 5), 0);
}

static void test_hours(void **state)
{
	(void)state;
	zone_set("America/New_York");
	assert_int_equal(calendar_hour(at("2025-11-02T05:30:00Z")), 1);
	assert_int_equal(calendar_hour(at("2025-11-02T06:30:00Z")), 1);
	assert_int_equal(calendar_hour(at("2025-11-02T07:00:00Z")), 2);
	assert_int_equal(calendar_hour(at("2026-03-08T07:00:00Z")), 3);
	zone_set("Asia/Kathmandu");
	assert_int_equal(calendar_hour(at("2026-03-08T18:14:59Z")), 23);
	assert_int_equal(calendar_hour(at("2026-03-08T18:15:00Z")), 0);
}

/* The edges of what a time can be end, and nothing overflows. */
static void test_edges(void **state)
{
	static const uint64_t edges[] = { 0, 1, USEC_PER_SEC, (uint64_t)INT64_MAX, (uint64_t)INT64_MAX / 2 };
	static const char *const zones[] = { "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago" };
	char label[CALENDAR_LABEL_SIZE];

	(void)state;
	for (size_t z = 0; z < ELEMENTSOF(zones); z++) {
		zone_set(zones[z]);
		for (size_t i = 0; i < ELEMENTSOF(edges); i++)
			for (int p = 0; p < CALENDAR_ALL; p++) {
				assert_true(calendar_begin((enum calendar_period)p, edges[i]) <= edges[i]);
				assert_true(calendar_next((enum calendar_period)p, edges[i]) > edges[i]);
				assert_true(strlen(calendar_label(label, (enum calendar_period)p, edges[i])) > 3);
			}
	}
}

static void assert_label(enum calendar_period period, uint64_t t, const char *expected)
{
	char label[CALENDAR_LABEL_SIZE];

	assert_string_equal(calendar_label(label, period, t), expected);
}

static void assert_like_strftime(uint64_t t)
{
	time_t when = (time_t)(t / USEC_PER_SEC);
	char text[32];
	struct tm tm;

	assert_non_null(localtime_r(&when, &tm));
	assert_true(strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0);
	assert_label(CALENDAR_DAY, t, text);
	assert_true(strftime(text, sizeof(text), "%G-W%V", &tm) > 0);
	assert_label(CALENDAR_WEEK, t, text);
	assert_true(strftime(text, sizeof(text), "%Y-%m", &tm) > 0);
	assert_label(CALENDAR_MONTH, t, text);
	assert_true(strftime(text, sizeof(text), "%Y", &tm) > 0);
	assert_label(CALENDAR_YEAR, t, text);
	assert_int_equal(calendar_hour(t), tm.tm_hour);
}

static void test_years_of_many_zones(void **state)
{
	static const char *const zones[] = {
		"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "America/Havana",
		"Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo", "Asia/Tehran", "EST5EDT,M3.2.0,M11.1.0",
	};
	const uint64_t step = (53 * 3600 + 700) * USEC_PER_SEC, end = at("2027-02-01T00:00:00Z");

	(void)state;
	for (size_t z = 0; z < ELEMENTSOF(zones); z++) {
		zone_set(zones[z]);
		for (uint64_t t = at("2017-06-01T00:00:00Z"); t < end; t += step) {
			assert_like_strftime(t);
			for (int p = 0; p < CALENDAR_ALL; p++) {
				enum calendar_period period = (enum calendar_period)p;
				uint64_t begin = calendar_begin(period, t), next = calendar_next(period, t);
				char ours[CALENDAR_LABEL_SIZE], other[CALENDAR_LABEL_SIZE];

				assert_true(begin <= t && t < next);
				assert_int_equal(calendar_begin(period, begin), begin);
				assert_int_equal(calendar_begin(period, next), next);
				assert_int_equal(calendar_begin(period, next - 1), begin);
				(void)calendar_label(ours, period, t);
				assert_string_equal(calendar_label(other, period, begin), ours);
				assert_string_not_equal(calendar_label(other, period, next), ours);
				assert_string_not_equal(calendar_label(other, period, begin - 1), ours);
			}
		}
	}
}

static void test_zone_name(void **state)
{
	static const struct {
		const char *zone, *name;
	} cases[] = {
		{ "Europe/Berlin", "Europe/Berlin" }, { ":Asia/Kolkata", "Asia/Kolkata" }, { "UTC", "UTC" }, { "", "UTC" },
		{ "EST5EDT,M3.2.0,M11.1.0", NULL }, { ":/usr/share/zoneinfo/UTC", NULL }, { "Mars/Olympus", NULL },
		{ "../etc/passwd", NULL }, { "Europe//Berlin", NULL }, { "Europe/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *name = NULL;

		zone_set(cases[i].zone);
		assert_int_equal(calendar_zone_name(&name), cases[i].name ? 0 : -ENOENT);
		assert_true(streq_ptr(name, cases[i].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_days_of_changing_clocks),
		cmocka_unit_test(test_weeks),
		cmocka_unit_test(test_months_and_years),
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_years_of_many_zones),
		cmocka_unit_test(test_zone_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
