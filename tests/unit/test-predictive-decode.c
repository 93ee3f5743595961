/* Records of the predictive backend: what is taken, and what is refused. */
#include "backend/predictive.h"

#include "base/jsonutil.h"
#include "unit.h"

static json_object *parse(const char *text)
{
	json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_MAX_DEPTH, &o), 0);
	return o;
}

#define D "\"deliveryEnd\":\"2026-11-22T19:40:00Z\""
#define E "\"earliest\":\"2026-11-22T19:34:00Z\""
#define L "\"latest\":\"2026-11-22T19:52:00Z\""

static void test_delivery_time(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} cases[] = {
		{ "{" D "}", true },
		{ "{\"DeliveryEnd\":\"2026-11-22T19:40:00Z\"}", true },
		{ "{" D "," E "," L ",\"cookingEnd\":null,\"confidence\":null}", true },
		{ "{" D ",\"confidence\":1,\"more\":{}}", true },
		{ "{" D ",\"confidence\":1.1}", false },
		{ "{" D ",\"confidence\":-0.1}", false },
		{ "{" D ",\"confidence\":\"0.5\"}", false },
		{ "{" D ",\"earliest\":\"2026-11-22T19:41:00Z\"}", false },
		{ "{" D ",\"latest\":\"2026-11-22T19:39:00Z\"}", false },
		{ "{" D ",\"latest\":\"soon\"}", false },
		{ "{" E "," L "}", false },
		{ "{\"deliveryEnd\":null}", false },
		{ "{\"deliveryEnd\":\"0001-01-01T00:00:00\"}", false },
		{ "{\"deliveryEnd\":5}", false },
		{ "[]", false },
		{ "null", false },
	};
	_cleanup_json_ json_object *whole =
		parse("{\"cookingEnd\":\"2026-11-22T19:20:00Z\"," D "," E "," L ",\"confidence\":0.8}");
	struct delivery_time t;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_json_ json_object *o = parse(cases[i].json);
		int r = predictive_decode_delivery_time(o, &t);

		if (r != (cases[i].good ? 0 : -EBADMSG))
			fail_msg("%s: %d", cases[i].json, r);
	}
	assert_int_equal(predictive_decode_delivery_time(whole, &t), 0);
	assert_int_equal(t.delivery - t.earliest, 6 * USEC_PER_MIN);
	assert_int_equal(t.latest - t.delivery, 12 * USEC_PER_MIN);
	assert_int_equal(t.delivery - t.cooking, 20 * USEC_PER_MIN);
	assert_int_equal((int)(t.confidence * 100 + 0.5), 80);
}

static void test_recommendation(void **state)
{
	static const char *const bad[] = {
		"{}", "{\"productId\":0}", "{\"productId\":-1}", "{\"productId\":\"5\"}", "{\"productId\":5,\"score\":\"1\"}",
		"{\"productId\":5,\"reason\":7}", "[]", "null", "5",
	};
	_cleanup_json_ json_object *whole = parse("{\"productId\":24,\"score\":0.75,\"reason\":\"Often on Fridays\"}"),
				   *least = parse("{\"ProductId\":24,\"reason\":null}");
	struct recommendation r;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		_cleanup_json_ json_object *o = parse(bad[i]);

		assert_int_equal(predictive_decode_recommendation(o, &r), -EBADMSG);
	}
	assert_int_equal(predictive_decode_recommendation(whole, &r), 0);
	assert_int_equal(r.product, 24);
	assert_string_equal(r.reason, "Often on Fridays");
	assert_true(r.score > 0.74 && r.score < 0.76);
	recommendation_done(&r);
	assert_int_equal(predictive_decode_recommendation(least, &r), 0);
	assert_null(r.reason);
	recommendation_done(&r);
}

#define M "\"period\":\"month\""

static void test_forecast(void **state)
{
	static const struct {
		const char *json;
		int64_t low, amount, high; /* amount -1: refused */
	} cases[] = {
		{ "{" M ",\"amount\":275.5,\"currency\":\"USD\",\"low\":240,\"high\":310.25}", 24000, 27550, 31025 },
		{ "{" M ",\"amount\":0}", 0, 0, 0 },
		{ "{" M ",\"amount\":5,\"currency\":\"JPY\",\"low\":null}", 5, 5, 5 },
		{ "{" M ",\"amount\":5,\"currency\":\"XYZ\"}", 0, -1, 0 },
		{ "{" M ",\"amount\":5.555}", 0, -1, 0 },
		{ "{" M ",\"amount\":-5}", 0, -1, 0 },
		{ "{" M ",\"amount\":5,\"low\":6}", 0, -1, 0 },
		{ "{" M ",\"amount\":5,\"high\":4}", 0, -1, 0 },
		{ "{" M ",\"amount\":5,\"high\":\"6\"}", 0, -1, 0 },
		{ "{" M "}", 0, -1, 0 },
		{ "{\"period\":\"week\",\"amount\":5}", 0, -1, 0 },
		{ "{\"amount\":5}", 0, -1, 0 },
		{ "[]", 0, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_json_ json_object *o = parse(cases[i].json);
		struct spending_forecast f;
		int r = predictive_decode_forecast(o, "month", &f);

		if (r != (cases[i].amount < 0 ? -EBADMSG : 0) ||
		    (r == 0 && (f.low != cases[i].low || f.amount != cases[i].amount || f.high != cases[i].high)))
			fail_msg("%s: %d", cases[i].json, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivery_time),
		cmocka_unit_test(test_recommendation),
		cmocka_unit_test(test_forecast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
