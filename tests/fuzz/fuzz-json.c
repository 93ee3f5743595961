/* base/jsonutil: what is accepted is JSON to json-c too, keeps its meaning when written and read again, and no
 * accessor steps out of its range. */
#include "base/jsonutil.h"

#include <math.h>

#include "base/timeutil.h"
#include "tests/fuzz/fuzz.h"

static void use_value(json_object *o, const char *name)
{
	const char *s = NULL;
	uint64_t u = 0;
	uint32_t w;
	int64_t i = 0, minor = 0;
	double d = 0;
	bool b;

	if (json_get_string(o, name, &s) > 0)
		FUZZ_CHECK(s && utf8_is_valid(s, strlen(s)));
	(void)json_get_bool(o, name, &b);
	if (json_get_u64(o, name, &u) > 0)
		FUZZ_CHECK(u != UINT64_MAX);
	if (json_get_u32(o, name, &w) > 0)
		FUZZ_CHECK(json_get_u64(o, name, &u) > 0 && u == w);
	if (json_get_i64(o, name, &i) > 0)
		FUZZ_CHECK(i != INT64_MIN && i != INT64_MAX);
	if (json_get_double(o, name, &d) > 0)
		FUZZ_CHECK(isfinite(d));
	if (json_get_money(o, name, "USD", &minor) > 0)
		FUZZ_CHECK(minor >= 0 && json_get_double(o, name, &d) > 0);
	(void)json_get_time(o, name, &u);
	(void)json_get_array(o, name);
	(void)json_get_object(o, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_object *o = NULL, *again = NULL;
	const char *text;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0) {
		FUZZ_CHECK(!o);
		return 0;
	}
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	FUZZ_CHECK(json_parse(text, strlen(text), JSON_MAX_DEPTH, &again) == 0);
	FUZZ_CHECK(streq(text, json_object_to_json_string_ext(again, JSON_C_TO_STRING_PLAIN)));
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value)
		{
			(void)value;
			use_value(o, name);
		}
		use_value(o, "price");
		json_wipe(o, "price");
	}
	return 0;
}
