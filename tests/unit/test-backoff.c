/* net/backoff: ceilings, jitter and overflow, with a chosen chance. */
#include "net/backoff.h"

#include "unit.h"

static uint64_t last_limit;

static uint64_t highest(uint64_t limit)
{
	last_limit = limit;
	return limit - 1;
}

static uint64_t lowest(uint64_t limit)
{
	last_limit = limit;
	return 0;
}

static void test_doubles_to_the_cap(void **state)
{
	struct backoff b = { .base = 1000, .cap = 10000, .random_below = highest };

	(void)state;
	assert_int_equal(backoff_next(&b), 1000);
	assert_int_equal(backoff_next(&b), 2000);
	assert_int_equal(backoff_next(&b), 4000);
	assert_int_equal(backoff_next(&b), 8000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(backoff_next(&b), 10000);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b), 1000);
}

static void test_full_jitter(void **state)
{
	struct backoff b = { .base = 1000, .cap = 10000, .random_below = lowest };

	(void)state;
	assert_int_equal(backoff_next(&b), 0);
	assert_int_equal(last_limit, 1001);
	b.random_below = NULL;
	for (int i = 0; i < 1000; i++)
		assert_true(backoff_next(&b) <= 10000);
}

static void test_floor(void **state)
{
	struct backoff b = { .base = 1000, .cap = 10000, .random_below = highest };

	(void)state;
	assert_int_equal(backoff_next_after(&b, 50000), 51000);
	b.random_below = lowest;
	assert_int_equal(backoff_next_after(&b, 50000), 50000);
	b.random_below = highest;
	assert_true(backoff_next_after(&b, UINT64_MAX - 1) == UINT64_MAX);
}

static void test_extremes(void **state)
{
	struct backoff none = { .cap = 10000, .random_below = highest };
	struct backoff endless = { .base = 3, .cap = UINT64_MAX, .random_below = highest };
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(backoff_next(&none), 0);
	for (int i = 0; i < 200; i++) {
		uint64_t wait = backoff_next(&endless);

		assert_true(wait >= last);
		last = wait;
	}
	assert_true(last >= UINT64_MAX - 1);
}

static void test_spread(void **state)
{
	struct backoff b = { .random_below = highest };

	(void)state;
	assert_int_equal(backoff_spread(&b, 5000), 5000);
	assert_int_equal(backoff_spread(&b, 0), 0);
	b.random_below = NULL;
	for (int i = 0; i < 1000; i++)
		assert_true(backoff_spread(&b, 7) <= 7);
}

/* The kernel's numbers: each of a few values comes up about as often as the others. */
static void test_random_below(void **state)
{
	unsigned seen[6] = { 0 };

	(void)state;
	assert_int_equal(random_below(0), 0);
	assert_int_equal(random_below(1), 0);
	for (int i = 0; i < 6000; i++)
		seen[random_below(6)]++;
	for (size_t i = 0; i < ELEMENTSOF(seen); i++)
		assert_in_range(seen[i], 700, 1300);
	for (int i = 0; i < 100; i++)
		assert_true(random_below(UINT64_C(3) << 62) < UINT64_C(3) << 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_to_the_cap), cmocka_unit_test(test_full_jitter), cmocka_unit_test(test_floor),
		cmocka_unit_test(test_extremes),           cmocka_unit_test(test_spread),      cmocka_unit_test(test_random_below),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
