/* The statistical backend's answer: taken when it is one to the question, exact to the minor unit; refused else. */
#include "unit.h"

#include <stdio.h>

#include "backend/statistical.h"
#include "base/jsonutil.h"

static int decode(const char *text, const char *metric, const char *period, enum statistical_kind kind,
		  struct statistical_series *ret)
{
	_cleanup_json_ json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_MAX_DEPTH, &o), 0);
	return statistical_decode_series(o, metric, period, kind, ret);
}

#define MONEY(currency, points) \
	"{\"metric\":\"total-amount\",\"period\":\"day\",\"unit\":\"" currency "\",\"currency\":\"" currency \
	"\",\"points\":[" points "]}"
#define POINT(value) "{\"label\":\"2025-11-02\",\"start\":\"2025-11-02T04:00:00Z\",\"value\":" value "}"

static void test_money(void **state)
{
	static const struct {
		const char *text;
		double minor; /* -1: refused */
	} cases[] = {
		{ MONEY("USD", POINT("13.90")), 1390 },
		{ MONEY("USD", POINT("13.900")), 1390 },
		{ MONEY("USD", POINT("0")), 0 },
		{ MONEY("USD", POINT("0.07")), 7 }, /* 0.07 * 100 is not 7 as a double */
		{ MONEY("USD", POINT("1.15")), 115 },
		{ MONEY("JPY", POINT("1234")), 1234 },
		{ MONEY("KWD", POINT("1.234")), 1234 },
		{ MONEY("USD", POINT("90071992547409.91")), 9007199254740991 },
		{ MONEY("USD", POINT("90071992547409.93")), -1 },
		{ MONEY("USD", POINT("1.999")), -1 },
		{ MONEY("JPY", POINT("12.5")), -1 },
		{ MONEY("USD", POINT("-1")), -1 },
		{ MONEY("USD", POINT("1e2")), -1 },
		{ MONEY("USD", POINT("\"1\"")), -1 },
		{ MONEY("USD", POINT("null")), -1 },
		{ MONEY("XYZ", POINT("1")), -1 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct statistical_series s;
		int r = decode(cases[i].text, "total-amount", "day", STATISTICAL_MONEY, &s);

		assert_int_equal(r, cases[i].minor < 0 ? -EBADMSG : 0);
		if (r < 0)
			continue;
		assert_int_equal(s.n, 1);
		assert_true(s.points[0].value == cases[i].minor);
		assert_int_equal(s.points[0].start, UINT64_C(1762056000000000));
		assert_string_equal(s.points[0].label, "2025-11-02");
		statistical_series_done(&s);
	}
}

#define ORDERS(members) "{\"metric\":\"orders\",\"period\":\"week\"," members "}"

static void test_answers_to_another_question(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ ORDERS("\"unit\":\"count\",\"points\":[]"), 0 },
		{ ORDERS("\"points\":[]"), 0 },
		{ ORDERS("\"unit\":null,\"points\":[]"), 0 },
		{ ORDERS("\"unit\":\"minutes\",\"points\":[]"), -EBADMSG },
		{ ORDERS("\"unit\":\"USD\",\"points\":[]"), -EBADMSG },
		{ ORDERS("\"unit\":5,\"points\":[]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\""), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":null"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":{}"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[5]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\"}]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"value\":1}]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\",\"value\":1}]"), 0 },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\",\"start\":\"now\",\"value\":1}]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\",\"value\":1.5}]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\",\"value\":-1}]"), -EBADMSG },
		{ ORDERS("\"unit\":\"count\",\"points\":[{\"label\":\"x\",\"value\":1e300}]"), -EBADMSG },
		{ "{\"metric\":\"items\",\"period\":\"week\",\"points\":[]}", -EBADMSG },
		{ "{\"metric\":\"orders\",\"period\":\"day\",\"points\":[]}", -EBADMSG },
		{ "{\"period\":\"week\",\"points\":[]}", -EBADMSG },
		{ "{\"metric\":\"orders\",\"points\":[]}", -EBADMSG },
		{ "[]", -EBADMSG },
		{ "null", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct statistical_series s;
		int r = decode(cases[i].text, "orders", "week", STATISTICAL_COUNT, &s);

		assert_int_equal(r, cases[i].r);
		if (r >= 0)
			statistical_series_done(&s);
	}
}

static void test_minutes(void **state)
{
	static const char text[] = "{\"Metric\":\"delivery-delay\",\"Period\":\"all\",\"Unit\":\"minutes\",\"Points\":"
				   "[{\"Label\":\"all\",\"Start\":null,\"Value\":-6.5}]}";
	struct statistical_series s;

	(void)state;
	assert_int_equal(decode(text, "delivery-delay", "all", STATISTICAL_MINUTES, &s), 0);
	assert_true(s.points[0].value == -6.5);
	assert_int_equal(s.points[0].start, 0);
	assert_string_equal(s.currency, "");
	statistical_series_done(&s);
	assert_int_equal(decode("{\"metric\":\"m\",\"period\":\"all\",\"points\":[{\"label\":\"all\",\"value\":2e9}]}", "m",
				"all", STATISTICAL_MINUTES, &s), -EBADMSG);
}

/* As many points as are allowed, and one more; a label as long as is allowed, and one byte more. */
static void test_bounds(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		_cleanup_free_ char *text = NULL;
		struct statistical_series s;
		size_t size;
		FILE *f = open_memstream(&text, &size);
		int r;

		(void)state;
		assert_non_null(f);
		(void)fprintf(f, "{\"metric\":\"orders\",\"period\":\"day\",\"points\":[");
		for (size_t i = 0; i < STATISTICAL_MAX_POINTS + more; i++)
			(void)fprintf(f, "%s{\"label\":\"x\",\"value\":%zu}", i ? "," : "", i);
		(void)fprintf(f, "]}");
		assert_int_equal(fclose(f), 0);
		r = decode(text, "orders", "day", STATISTICAL_COUNT, &s);
		assert_int_equal(r, more ? -EBADMSG : 0);
		if (r == 0)
			statistical_series_done(&s);
		free(text);
		text = strprintf("{\"metric\":\"orders\",\"period\":\"day\",\"points\":[{\"label\":\"%0*d\",\"value\":1}]}",
				 (int)(STATISTICAL_MAX_LABEL + more), 0);
		r = decode(text, "orders", "day", STATISTICAL_COUNT, &s);
		assert_int_equal(r, more ? -EBADMSG : 0);
		if (r == 0)
			statistical_series_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_answers_to_another_question),
		cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
