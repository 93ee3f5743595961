/* Series: which orders count, sums that are exact to the last minor unit or refused, means that round half up, buckets
 * in between, hours, places. What whole histories come to is in tests/integration/test_statistics.py. */
#include "unit.h"

#include <stdio.h>

#include "core/series.h"

#define HOUR (60 * USEC_PER_MIN)
#define DAY (24 * HOUR)
#define NOON (19000 * DAY + 12 * HOUR) /* 2022-01-08, UTC */

static struct order_facts facts_of(uint64_t created, int64_t total)
{
	return (struct order_facts){
		.created = created, .status = "delivered", .currency = "EUR", .total = total, .cost = total, .items = 1,
		.place = 1, .promised = created + 30 * USEC_PER_MIN, .delivered = created + 40 * USEC_PER_MIN,
	};
}

static struct series_sum *sum_of(enum statistics_metric metric, enum calendar_period period, uint64_t first, uint64_t last)
{
	struct series_sum *s;

	assert_int_equal(series_sum_new(metric, period, "EUR", first, last, &s), 0);
	return s;
}

static void add(struct series_sum *s, struct order_facts f)
{
	assert_int_equal(series_sum_add(s, &f), 0);
}

/* "label=value …" */
static char *end(struct series_sum *s)
{
	_cleanup_(series_done) struct series series = { 0 };
	char *text = strdup("");

	assert_int_equal(series_sum_end(s, &series), 0);
	for (size_t i = 0; i < series.n; i++) {
		char *longer = strprintf("%s%s%s=%.10g", text, i ? " " : "", series.points[i].label, series.points[i].value);

		free(text);
		text = longer;
	}
	series_sum_free(s);
	return text;
}

static void assert_ends(struct series_sum *s, const char *expected)
{
	_cleanup_free_ char *text = end(s);

	assert_string_equal(text, expected);
}

static void test_which_count(void **state)
{
	static const struct {
		const char *status;
		bool local;
		uint64_t from, to;
		const char *asked;
		int64_t place;
		bool counts;
	} cases[] = {
		{ "delivered", false, 0, 0, NULL, 0, true },
		{ "some-new-status", false, 0, 0, NULL, 0, true },
		{ "awaiting-payment", false, 0, 0, NULL, 0, true },
		{ "cancelled", false, 0, 0, NULL, 0, false },
		{ "cancelled", false, 0, 0, "cancelled", 0, true },
		{ "submitting", true, 0, 0, NULL, 0, false },
		{ "submitting", true, 0, 0, "submitting", 0, true },
		{ "delivered", false, 0, 0, "cancelled", 0, false },
		{ "delivered", false, NOON, NOON + 1, NULL, 0, true },
		{ "delivered", false, NOON + 1, 0, NULL, 0, false },
		{ "delivered", false, 0, NOON, NULL, 0, false },
		{ "delivered", false, 0, 0, NULL, 1, true },
		{ "delivered", false, 0, 0, NULL, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		char *statuses[] = { (char *)cases[i].asked, NULL };
		struct order_facts f = facts_of(NOON, 1);
		struct facts_filter filter = {
			.from = cases[i].from, .to = cases[i].to, .statuses = cases[i].asked ? statuses : NULL,
			.has_places = cases[i].place > 0, .places = &cases[i].place, .n_places = 1,
		};

		f.status = cases[i].status;
		f.local = cases[i].local;
		assert_int_equal(facts_count(&filter, &f), cases[i].counts);
		f.created = 0;
		assert_false(facts_count(&filter, &f));
		filter.has_places = true;
		filter.n_places = 0;
		f.created = NOON;
		assert_false(facts_count(&filter, &f));
	}
}

static void test_sums_are_exact(void **state)
{
	const int64_t most = (INT64_C(1) << 53) - 1;
	struct series_sum *s = sum_of(METRIC_TOTAL_AMOUNT, CALENDAR_ALL, NOON, NOON);
	struct order_facts f = facts_of(NOON, INT64_MAX);

	(void)state;
	add(s, facts_of(NOON, most - 1));
	add(s, facts_of(NOON, 1));
	assert_ends(s, "all=9.007199255e+15");
	s = sum_of(METRIC_TOTAL_AMOUNT, CALENDAR_DAY, NOON, NOON);
	add(s, facts_of(NOON, 1));
	assert_int_equal(series_sum_add(s, &f), -EOVERFLOW);
	series_sum_free(s);
}

static void test_other_currencies_are_no_money(void **state)
{
	struct order_facts other = facts_of(NOON, 700);
	struct series_sum *s = sum_of(METRIC_TOTAL_AMOUNT, CALENDAR_DAY, NOON, NOON + DAY);

	(void)state;
	other.currency = "USD";
	add(s, facts_of(NOON + DAY, 5));
	add(s, other);
	assert_ends(s, "2022-01-09=5");
	s = sum_of(METRIC_ORDERS, CALENDAR_DAY, NOON, NOON + DAY);
	add(s, facts_of(NOON + DAY, 5));
	add(s, other);
	assert_ends(s, "2022-01-08=1 2022-01-09=1");
}

static void test_mean_price_rounds_half_up(void **state)
{
	static const struct {
		int64_t cost;
		uint64_t items;
		const char *expected;
	} cases[] = {
		{ 5, 2, "all=3" }, { 10, 4, "all=3" }, { 9, 4, "all=2" }, { 1, 3, "all=0" }, { 2, 3, "all=1" }, { 0, 3, "all=0" },
		{ 7, 0, "" }, { INT64_MAX, 1, "all=9.223372037e+18" }, { INT64_MAX, 2, "all=4.611686018e+18" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct series_sum *s = sum_of(METRIC_ITEM_COST, CALENDAR_ALL, NOON, NOON);
		struct order_facts f = facts_of(NOON, 1);

		f.cost = cases[i].cost;
		f.items = cases[i].items;
		add(s, f);
		assert_ends(s, cases[i].expected);
	}
}

static void test_empty_buckets(void **state)
{
	struct series_sum *s = sum_of(METRIC_ITEMS, CALENDAR_MONTH, NOON - 60 * DAY, NOON + 120 * DAY);

	(void)state;
	add(s, facts_of(NOON + 60 * DAY, 5)); /* in any order */
	add(s, facts_of(NOON, 5));
	assert_ends(s, "2022-01=1 2022-02=0 2022-03=1");
	s = sum_of(METRIC_DELIVERY_DELAY, CALENDAR_MONTH, NOON, NOON + 120 * DAY);
	add(s, facts_of(NOON, 5));
	add(s, facts_of(NOON + 60 * DAY, 5));
	assert_ends(s, "2022-01=10 2022-03=10");
	assert_ends(sum_of(METRIC_ORDERS, CALENDAR_DAY, NOON, NOON + 5 * DAY), "");
	assert_ends(sum_of(METRIC_ORDERS, CALENDAR_DAY, 0, 0), "");
	assert_ends(sum_of(METRIC_ORDERS, CALENDAR_ALL, 0, 0), "");
}

static void test_minutes(void **state)
{
	struct series_sum *s = sum_of(METRIC_DELIVERY_DURATION, CALENDAR_DAY, NOON, NOON);
	struct order_facts none = facts_of(NOON, 1), early = facts_of(NOON, 1), unpromised = facts_of(NOON, 1);

	(void)state;
	none.delivered = 0;
	early.delivered = NOON + 15 * USEC_PER_MIN;
	unpromised.promised = 0;
	unpromised.delivered = NOON + 20 * USEC_PER_MIN;
	add(s, none);
	add(s, early);
	add(s, unpromised);
	assert_ends(s, "2022-01-08=17.5");
	s = sum_of(METRIC_DELIVERY_DELAY, CALENDAR_DAY, NOON, NOON);
	add(s, none);
	add(s, early);
	add(s, unpromised);
	assert_ends(s, "2022-01-08=-15");
}

static void test_all_begins_with_its_first_order(void **state)
{
	struct series_sum *s = sum_of(METRIC_ORDERS, CALENDAR_ALL, NOON - DAY, NOON + DAY);
	_cleanup_(series_done) struct series series = { 0 };

	(void)state;
	add(s, facts_of(NOON + 2, 1));
	add(s, facts_of(NOON, 1));
	add(s, facts_of(NOON + 1, 1));
	assert_int_equal(series_sum_end(s, &series), 0);
	assert_int_equal(series.n, 1);
	assert_int_equal(series.points[0].start, NOON);
	assert_string_equal(series.unit, "count");
	series_sum_free(s);
}

static void test_hours_and_places(void **state)
{
	struct series_sum *s = sum_of(METRIC_ORDER_TIME, CALENDAR_DAY, NOON, NOON);
	static const int64_t places[] = { 3, 7, 3, 0, 9, 7, -1, INT64_MAX, 3 };
	_cleanup_free_ char *hours = NULL;

	(void)state;
	add(s, facts_of(NOON, 1));
	add(s, facts_of(NOON + 59 * USEC_PER_MIN, 1));
	hours = end(s);
	assert_non_null(strstr(hours, " 11=0 12=2 13=0 "));
	assert_non_null(strstr(hours, "23=0"));
	s = sum_of(METRIC_DELIVERY_PLACE, CALENDAR_DAY, NOON, NOON);
	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		struct order_facts f = facts_of(NOON, 1);

		f.place = places[i];
		add(s, f);
	}
	assert_ends(s, "3=3 7=2 9=1");
}

static void test_too_many_buckets(void **state)
{
	struct series_sum *s;

	(void)state;
	assert_int_equal(series_sum_new(METRIC_ORDERS, CALENDAR_DAY, "EUR", 1, SERIES_MAX_POINTS * DAY + 1, &s), -E2BIG);
	assert_int_equal(series_sum_new(METRIC_ORDERS, CALENDAR_DAY, "EUR", 1, INT64_MAX, &s), -E2BIG);
	assert_int_equal(series_sum_new(METRIC_ORDERS, CALENDAR_DAY, "EUR", 1, SERIES_MAX_POINTS * DAY - 1, &s), 0);
	series_sum_free(s);
	assert_int_equal(series_sum_new(METRIC_ORDERS, CALENDAR_WEEK, "EUR", 1, SERIES_MAX_POINTS * DAY + 1, &s), 0);
	series_sum_free(s);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < _METRIC_MAX; i++)
		assert_int_equal(metric_from_name(metric_name((enum statistics_metric)i)), i);
	assert_int_equal(metric_from_name("orders "), -EINVAL);
	assert_string_equal(metric_unit(METRIC_ITEM_COST, "JPY"), "JPY");
	assert_string_equal(metric_unit(METRIC_DELIVERY_DELAY, "JPY"), "minutes");
	assert_string_equal(metric_unit(METRIC_ORDER_TIME, "JPY"), "count");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_count),
		cmocka_unit_test(test_sums_are_exact),
		cmocka_unit_test(test_other_currencies_are_no_money),
		cmocka_unit_test(test_mean_price_rounds_half_up),
		cmocka_unit_test(test_empty_buckets),
		cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_all_begins_with_its_first_order),
		cmocka_unit_test(test_hours_and_places),
		cmocka_unit_test(test_too_many_buckets),
		cmocka_unit_test(test_names),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return 1;
	calendar_refresh();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
