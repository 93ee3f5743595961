/* The statistical backend's answer, as the answer to each kind of question. */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "backend/statistical.h"
#include "base/jsonutil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct {
		const char *metric, *period;
		enum statistical_kind kind;
	} questions[] = {
		{ "total-amount", "month", STATISTICAL_MONEY },
		{ "delivery-delay", "day", STATISTICAL_MINUTES },
		{ "delivery-place", "all", STATISTICAL_COUNT },
	};
	_cleanup_json_ json_object *o = NULL;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	for (size_t i = 0; i < ELEMENTSOF(questions); i++) {
		enum statistical_kind kind = questions[i].kind;
		struct statistical_series s;

		if (statistical_decode_series(o, questions[i].metric, questions[i].period, kind, &s) < 0)
			continue;
		FUZZ_CHECK(s.n <= STATISTICAL_MAX_POINTS);
		FUZZ_CHECK(kind == STATISTICAL_MONEY ? currency_digits(s.currency) >= 0 : !s.currency[0]);
		for (size_t k = 0; k < s.n; k++) {
			const struct statistical_point *p = &s.points[k];

			FUZZ_CHECK(p->label && strlen(p->label) <= STATISTICAL_MAX_LABEL);
			FUZZ_CHECK(isfinite(p->value));
			FUZZ_CHECK(kind == STATISTICAL_MINUTES || (p->value >= 0 && floor(p->value) == p->value));
		}
		statistical_series_done(&s);
	}
	return 0;
}
