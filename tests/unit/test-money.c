/* base/money: exactness, form and range. */
#include "base/money.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"

static void test_digits(void **state)
{
	(void)state;
	assert_int_equal(currency_digits("USD"), 2);
	assert_int_equal(currency_digits("AED"), 2);
	assert_int_equal(currency_digits("ZWL"), 2);
	assert_int_equal(currency_digits("JPY"), 0);
	assert_int_equal(currency_digits("XPF"), 0);
	assert_int_equal(currency_digits("KWD"), 3);
	assert_int_equal(currency_digits("CLF"), 4);
	assert_int_equal(currency_digits("XAU"), -EINVAL);
	assert_int_equal(currency_digits("usd"), -EINVAL);
	assert_int_equal(currency_digits("US"), -EINVAL);
	assert_int_equal(currency_digits("USDX"), -EINVAL);
	/* Across the gap between two codes of the table. */
	assert_int_equal(currency_digits("D A"), -EINVAL);
	assert_int_equal(currency_digits(""), -EINVAL);
	assert_int_equal(currency_digits(NULL), -EINVAL);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *currency;
		int r;
		int64_t minor;
	} cases[] = {
		{ "12", "USD", 0, 1200 },
		{ "12.5", "USD", 0, 1250 },
		{ "12.50", "USD", 0, 1250 },
		{ "12.500", "USD", 0, 1250 },
		{ "12.5000000000000000000000000000", "USD", 0, 1250 },
		{ "0.01", "USD", 0, 1 },
		{ "0", "USD", 0, 0 },
		{ "-0", "USD", 0, 0 },
		{ "-0.00", "USD", 0, 0 },
		{ "-1.05", "USD", 0, -105 },
		{ "5", "JPY", 0, 5 },
		{ "5.0", "JPY", 0, 5 },
		{ "1.234", "KWD", 0, 1234 },
		{ "92233720368547758.07", "USD", 0, INT64_MAX },
		{ "-92233720368547758.08", "USD", 0, INT64_MIN },
		{ "9223372036854775807", "JPY", 0, INT64_MAX },

		{ "12.501", "USD", -ERANGE, 0 },
		{ "12.5001", "USD", -ERANGE, 0 },
		{ "5.5", "JPY", -ERANGE, 0 },
		{ "1.2345", "KWD", -ERANGE, 0 },
		{ "92233720368547758.08", "USD", -ERANGE, 0 },
		{ "-92233720368547758.09", "USD", -ERANGE, 0 },
		{ "92233720368547759", "USD", -ERANGE, 0 },
		{ "99999999999999999999999999", "JPY", -ERANGE, 0 },

		{ "5.", "USD", -EINVAL, 0 },
		{ ".5", "USD", -EINVAL, 0 },
		{ "1e2", "USD", -EINVAL, 0 },
		{ "1E2", "USD", -EINVAL, 0 },
		{ "+1", "USD", -EINVAL, 0 },
		{ "--1", "USD", -EINVAL, 0 },
		{ "-", "USD", -EINVAL, 0 },
		{ "", "USD", -EINVAL, 0 },
		{ " 1", "USD", -EINVAL, 0 },
		{ "1 ", "USD", -EINVAL, 0 },
		{ "01", "USD", -EINVAL, 0 },
		{ "1,5", "USD", -EINVAL, 0 },
		{ "1.5.0", "USD", -EINVAL, 0 },
		{ "0x10", "USD", -EINVAL, 0 },
		{ "NaN", "USD", -EINVAL, 0 },
		{ "99999999999999999999999999x", "USD", -EINVAL, 0 },
		{ "1", "XXX", -EINVAL, 0 },
		{ "1", "", -EINVAL, 0 },
		{ "1", NULL, -EINVAL, 0 },
		{ NULL, "USD", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		int64_t minor = 4711;
		int r = money_parse(cases[i].text, cases[i].currency, &minor);

		if (r != cases[i].r || minor != (r < 0 ? 4711 : cases[i].minor))
			fail_msg("'%s' %s: %d, %lld", strempty(cases[i].text), strempty(cases[i].currency), r,
				 (long long)minor);
	}
}

static void test_format(void **state)
{
	char buf[MONEY_SIZE], human[MONEY_HUMAN_SIZE];

	(void)state;
	assert_string_equal(money_format(buf, 1250, "USD"), "12.50");
	assert_string_equal(money_format(buf, 5, "USD"), "0.05");
	assert_string_equal(money_format(buf, 0, "USD"), "0.00");
	assert_string_equal(money_format(buf, -5, "USD"), "-0.05");
	assert_string_equal(money_format(buf, 5, "JPY"), "5");
	assert_string_equal(money_format(buf, 0, "JPY"), "0");
	assert_string_equal(money_format(buf, 1234, "KWD"), "1.234");
	assert_string_equal(money_format(buf, INT64_MIN, "CLF"), "-922337203685477.5808");
	assert_string_equal(money_format(buf, INT64_MIN, "JPY"), "-9223372036854775808");
	assert_string_equal(money_format_human(human, 1250, "USD"), "12.50 USD");
}

static void test_round_trip(void **state)
{
	static const char *const codes[] = { "JPY", "USD", "KWD", "CLF" };
	static const int64_t special[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, 9, 10, 99, 100, INT64_MAX };

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		const char *code = codes[i % ELEMENTSOF(codes)];
		size_t k = i / ELEMENTSOF(codes);
		int64_t minor = k < ELEMENTSOF(special) ? special[k] : (int64_t)(random_u64() >> (k % 64)), back;
		char buf[MONEY_SIZE];

		assert_int_equal(money_parse(money_format(buf, minor, code), code, &back), 0);
		assert_true(back == minor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
