/* core/schedule: the intervals, their jitter, retries and reconnects, with a chosen chance. */
#include "core/schedule.h"

#include "unit.h"

static uint64_t highest(uint64_t limit)
{
	return limit - 1;
}

static uint64_t lowest(uint64_t limit)
{
	(void)limit;
	return 0;
}

static const struct config config = {
	.pending_with_push = 60 * USEC_PER_SEC,
	.pending = 15 * USEC_PER_SEC,
	.idle_with_push = 3600 * USEC_PER_SEC,
	.idle = 900 * USEC_PER_SEC,
	.jitter_percent = 20,
};

static const struct backoff low = { .random_below = lowest }, high = { .random_below = highest };

static void test_intervals(void **state)
{
	static const struct {
		bool pending, push_up;
		uint64_t seconds;
	} table[] = { { true, true, 60 }, { true, false, 15 }, { false, true, 3600 }, { false, false, 900 } };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		uint64_t mean = table[i].seconds * USEC_PER_SEC;

		assert_int_equal(schedule_interval(&config, table[i].pending, table[i].push_up, &low), mean / 100 * 80);
		assert_int_equal(schedule_interval(&config, table[i].pending, table[i].push_up, &high), mean / 100 * 120);
	}
}

/* The kernel's chance: within bounds, on both sides of the middle, and not always the same. */
static void test_jitter_is_spread(void **state)
{
	struct backoff b = { 0 };
	unsigned below = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t wait = schedule_interval(&config, true, false, &b);

		assert_in_range(wait, 12 * USEC_PER_SEC, 18 * USEC_PER_SEC);
		below += wait < 15 * USEC_PER_SEC;
	}
	assert_in_range(below, 400, 600);
}

static void test_no_jitter(void **state)
{
	struct config c = config;

	(void)state;
	c.jitter_percent = 0;
	assert_int_equal(schedule_interval(&c, true, false, &low), c.pending);
	assert_int_equal(schedule_interval(&c, true, false, &high), c.pending);
	c.jitter_percent = 50;
	assert_int_equal(schedule_interval(&c, true, false, &low), c.pending / 2);
	c.pending = 0; /* not reachable by the configuration; it divides by nothing */
	assert_int_equal(schedule_interval(&c, true, false, &high), 0);
}

static void test_retry_grows_to_the_cap(void **state)
{
	struct backoff b = {
		.base = SCHEDULE_BACKOFF_BASE, .cap = SCHEDULE_BACKOFF_CAP, .random_below = highest,
	};
	uint64_t expected = SCHEDULE_BACKOFF_BASE;

	(void)state;
	for (int i = 0; i < 40; i++) {
		assert_int_equal(schedule_retry(&config, &b, false, 0), expected);
		expected = expected * 2 > SCHEDULE_BACKOFF_CAP ? SCHEDULE_BACKOFF_CAP : expected * 2;
	}
}

static void test_retry_with_an_order_pending(void **state)
{
	struct backoff b = {
		.base = SCHEDULE_BACKOFF_BASE, .cap = SCHEDULE_BACKOFF_CAP, .random_below = highest,
	};

	(void)state;
	for (int i = 0; i < 40; i++)
		assert_true(schedule_retry(&config, &b, true, 0) <= config.pending_with_push);
	/* The attempts went on being counted: without it, the wait is long at once. */
	assert_int_equal(schedule_retry(&config, &b, false, 0), SCHEDULE_BACKOFF_CAP);
	b.random_below = lowest;
	assert_int_equal(schedule_retry(&config, &b, true, 0), 0);
}

/* Retry-After is a floor, whatever the back-off says, and no cap lowers it. */
static void test_retry_after(void **state)
{
	struct backoff b = { .base = SCHEDULE_BACKOFF_BASE, .cap = SCHEDULE_BACKOFF_CAP, .random_below = lowest };
	uint64_t hour = 60 * USEC_PER_MIN;

	(void)state;
	assert_int_equal(schedule_retry(&config, &b, false, 5 * USEC_PER_SEC), 5 * USEC_PER_SEC);
	assert_int_equal(schedule_retry(&config, &b, true, hour), hour);
	b.random_below = highest;
	assert_in_range(schedule_retry(&config, &b, false, hour), hour, hour + 2 * USEC_PER_SEC);
}

static void test_reconnect(void **state)
{
	(void)state;
	assert_int_equal(schedule_reconnect(true, &low), 0);
	assert_int_equal(schedule_reconnect(false, &low), 0);
	assert_int_equal(schedule_reconnect(true, &high), 5 * USEC_PER_SEC);
	assert_int_equal(schedule_reconnect(false, &high), 120 * USEC_PER_SEC);
}

static void test_reconnect_again(void **state)
{
	struct backoff b = {
		.base = SCHEDULE_PUSH_BACKOFF_BASE, .cap = SCHEDULE_PUSH_BACKOFF_CAP, .random_below = highest,
	};

	(void)state;
	assert_int_equal(schedule_reconnect_again(true, &b), 2 * USEC_PER_SEC);
	assert_int_equal(schedule_reconnect_again(true, &b), 4 * USEC_PER_SEC);
	/* With nothing to wait for as wide as at first, and the attempts are counted all the same. */
	assert_int_equal(schedule_reconnect_again(false, &b), 120 * USEC_PER_SEC);
	assert_int_equal(schedule_reconnect_again(true, &b), 16 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_jitter_is_spread),
		cmocka_unit_test(test_no_jitter),
		cmocka_unit_test(test_retry_grows_to_the_cap),
		cmocka_unit_test(test_retry_with_an_order_pending),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_reconnect),
		cmocka_unit_test(test_reconnect_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
