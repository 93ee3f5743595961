/* Delivery times, recommendations and forecasts. */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "backend/predictive.h"
#include "base/jsonutil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_object *o = NULL;
	struct recommendation recommendation;
	struct spending_forecast forecast;
	struct delivery_time t;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	if (predictive_decode_delivery_time(o, &t) == 0) {
		FUZZ_CHECK(t.delivery > 0 && t.earliest <= t.delivery);
		FUZZ_CHECK(t.latest == 0 || t.latest >= t.delivery);
		FUZZ_CHECK(t.confidence >= 0 && t.confidence <= 1);
	}
	if (predictive_decode_recommendation(o, &recommendation) == 0) {
		FUZZ_CHECK(recommendation.product > 0 && isfinite(recommendation.score));
		recommendation_done(&recommendation);
	}
	if (predictive_decode_forecast(o, "month", &forecast) == 0) {
		FUZZ_CHECK(forecast.low >= 0 && forecast.low <= forecast.amount && forecast.amount <= forecast.high);
		FUZZ_CHECK(currency_digits(forecast.currency) >= 0);
	}
	return 0;
}
