/* The bound that nine of ten orders keep: worked-out cases, its coverage on noise that stays as it is and on noise that
 * gets worse, and its replay on delays given on stdin (`--replay`, newest last), for histories made elsewhere. */
#include "core/promises.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/util.h"
#include "unit.h"

#define MINUTE 60000000

static void test_too_few(void **state)
{
	int64_t delays[PROMISE_ORDERS_LEAST] = { 0 }, bound = 7;

	(void)state;
	assert_int_equal(promise_bound(delays, 0, &bound), -ENODATA);
	assert_int_equal(promise_bound(delays, PROMISE_ORDERS_LEAST - 1, &bound), -ENODATA);
	assert_int_equal(bound, 7);
	assert_int_equal(promise_bound(delays, PROMISE_ORDERS_LEAST, &bound), 0);
	assert_int_equal(bound, 0);
}

/* The definition, by adding up the weights of every order that is no later than each. */
static int64_t by_definition(const int64_t *delays, size_t n)
{
	int64_t best = INT64_MAX;
	double all = 1, sum;

	for (size_t i = 0; i < n; i++)
		all += pow(PROMISE_FADE, (double)i);
	for (size_t k = 0; k < n; k++) {
		sum = 0;
		for (size_t i = 0; i < n; i++)
			if (delays[i] <= delays[k])
				sum += pow(PROMISE_FADE, (double)i);
		if (sum >= PROMISE_PART * all - 1e-9 && delays[k] < best)
			best = delays[k];
	}
	return best;
}

static uint64_t seed;

static double unit(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

/* Skewed, as deliveries are: most about on time, some very late. */
static int64_t noise(void)
{
	double normal = sqrt(-2 * log(unit())) * cos(2 * M_PI * unit());

	return (int64_t)((exp(2.2 + 0.7 * normal) - 8) * MINUTE);
}

static void test_definition(void **state)
{
	int64_t delays[PROMISE_ORDERS_MAX], bound;

	(void)state;
	for (size_t round = 0; round < 50; round++) {
		size_t n = PROMISE_ORDERS_LEAST + round * (PROMISE_ORDERS_MAX - PROMISE_ORDERS_LEAST) / 49;

		seed = round;
		for (size_t i = 0; i < n; i++)
			delays[i] = round % 2 ? noise() : noise() / (5 * MINUTE); /* many equal ones */
		assert_int_equal(promise_bound(delays, n, &bound), 0);
		assert_int_equal(bound, by_definition(delays, n));
	}
}

static void test_what_is_old_weighs_nothing(void **state)
{
	int64_t delays[4 * PROMISE_ORDERS_MAX], bound;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(delays); i++)
		delays[i] = i < PROMISE_ORDERS_MAX ? MINUTE : INT64_MAX / 2;
	assert_int_equal(promise_bound(delays, ELEMENTSOF(delays), &bound), 0);
	assert_int_equal(bound, MINUTE);
	/* Ten minutes more from the 40th newest on are all it knows. */
	for (size_t i = 0; i < 40; i++)
		delays[i] = 11 * MINUTE;
	assert_int_equal(promise_bound(delays, ELEMENTSOF(delays), &bound), 0);
	assert_int_equal(bound, 11 * MINUTE);
}

/* The part of the second half that keeps the bound learned from all before it; -1: none could be learned. */
static double coverage(const int64_t *oldest_first, size_t n)
{
	int64_t newest_first[PROMISE_ORDERS_MAX], bound;
	size_t kept = 0;

	for (size_t at = n / 2; at < n; at++) {
		size_t m = at < PROMISE_ORDERS_MAX ? at : PROMISE_ORDERS_MAX;

		for (size_t i = 0; i < m; i++)
			newest_first[i] = oldest_first[at - 1 - i];
		if (promise_bound(newest_first, m, &bound) < 0)
			return -1;
		kept += oldest_first[at] <= bound;
	}
	return (double)kept / (double)(n - n / 2);
}

static void test_coverage(void **state)
{
	enum { ORDERS = 2000 };
	static int64_t delays[ORDERS];

	(void)state;
	for (uint64_t round = 0; round < 20; round++) {
		for (int drift = 0; drift <= 60; drift += 30) {
			seed = round * 1000 + (uint64_t)drift;
			for (size_t i = 0; i < ORDERS; i++)
				delays[i] = noise() + (int64_t)drift * MINUTE * (int64_t)i / ORDERS;
			assert_in_range((int)(coverage(delays, ORDERS) * 1000), 880, 940);
		}
	}
	/* From one day to the next twenty minutes later. */
	seed = 5;
	for (size_t i = 0; i < ORDERS; i++)
		delays[i] = noise() + (i >= ORDERS * 3 / 4 ? 20 * MINUTE : 0);
	assert_in_range((int)(coverage(delays, ORDERS) * 1000), 850, 950);
}

static int replay(void)
{
	_cleanup_free_ int64_t *delays = NULL;
	size_t n = 0;
	int64_t delay;

	while (scanf("%" SCNd64, &delay) == 1) {
		int64_t *more = realloc(delays, (n + 1) * sizeof(*delays));

		if (!more)
			return 1;
		delays = more;
		delays[n++] = delay;
	}
	printf("%zu %.4f\n", n, coverage(delays, n));
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_what_is_old_weighs_nothing),
		cmocka_unit_test(test_coverage),
	};

	if (argc == 2 && streq(argv[1], "--replay"))
		return replay();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
