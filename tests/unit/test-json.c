/* base/jsonutil: strictness, bounds and accessors. */
#include "base/jsonutil.h"

#include <math.h>
#include <stdio.h>

#include "unit.h"

static json_object *parse(const char *text)
{
	json_object *o = NULL;

	if (json_parse(text, strlen(text), JSON_MAX_DEPTH, &o) < 0)
		fail_msg("refused: %s", text);
	return o;
}

static void test_accepted(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", "null", "true", "false", "0", "-0", "12", "-12.50", "1e5", "1E+5", "1.0e-5", "\"\"",
		" [ 1 , 2 ] \r\n\t", "{\"a\":{\"b\":[{}]}}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\xc3\xa9\xf0\x9f\x8d\x95\"",
		"\"\\ud83c\\udf55\"", "\"\\ud83c\"", "[1e400]", "\"\x7f\"",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(texts); i++)
		json_object_put(parse(texts[i]));
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}",
		"{'a':1}", "['a']", "NaN", "[NaN]", "-NaN", "Infinity", "[-Infinity]", "nan", "5.", "[5.]", ".5", "-.5", "+1",
		"01", "-01", "1e", "1e+", "0x10", "--1", "-", "1 2", "[] []", "[1] x", "{}//", "/**/{}", "[1,/*c*/2]", "# c\n1",
		"True", "NULL", "nul", "tru", "truex", "\"", "\"a", "\"\\", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"",
		"{\"\\u0000\":1}", "\"\x01\"", "\"\n\"", "\"\t\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"", "\"\xc3\"", "\xef\xbb\xbf{}", "]", "}", "[}", "{]", ",", ":", "\"a\":1", "1,2", "\v1",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		json_object *o = NULL;

		if (json_parse(texts[i], strlen(texts[i]), JSON_MAX_DEPTH, &o) != -EBADMSG)
			fail_msg("not refused: %s", texts[i]);
		assert_null(o);
	}
	/* A NUL is a byte like any other, and not one of JSON. */
	for (size_t n = 1; n <= 4; n++) {
		json_object *o = NULL;

		assert_int_equal(json_parse("[]\0\0", n, JSON_MAX_DEPTH, &o), n == 2 ? 0 : -EBADMSG);
		json_object_put(o);
	}
}

/* Each cut of a whole text is refused, and none reads beyond its end (each has an allocation of its own). */
static void test_truncated(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e+1,true,false,null,\"x\\u00e9\\n\xc3\xa9\"],\"b\":{}}";

	(void)state;
	for (size_t n = 0; n < strlen(text); n++) {
		_cleanup_free_ char *copy = malloc(n + 1);
		json_object *o = NULL;

		memcpy(copy, text, n);
		copy = realloc(copy, n ? n : 1);
		assert_int_equal(json_parse(copy, n, JSON_MAX_DEPTH, &o), -EBADMSG);
	}
}

static char *nested(unsigned depth, const char *open, const char *close)
{
	char *text = new0(char, depth * (strlen(open) + strlen(close)) + 2);

	for (unsigned i = 0; i < depth; i++)
		strcat(text, open);
	strcat(text, "1");
	for (unsigned i = 0; i < depth; i++)
		strcat(text, close);
	return text;
}

static void test_depth(void **state)
{
	static const char *const open[] = { "[", "{\"a\":" }, *const close[] = { "]", "}" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *allowed = nested(JSON_MAX_DEPTH, open[i], close[i]);
		_cleanup_free_ char *deeper = nested(JSON_MAX_DEPTH + 1, open[i], close[i]);
		_cleanup_free_ char *deep = nested(10000, open[i], close[i]);
		json_object *o = NULL;

		json_object_put(parse(allowed));
		assert_int_equal(json_parse(deeper, strlen(deeper), JSON_MAX_DEPTH, &o), -E2BIG);
		assert_int_equal(json_parse(deep, strlen(deep), JSON_MAX_DEPTH, &o), -E2BIG);
	}
	/* Side by side is not within. */
	json_object_put(parse("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
}

/* Eight mebibytes of the cheapest to write, and a page that is as long as one may be. */
static void test_memory(void **state)
{
	static const char *const units[] = { "{}", "[]", "0", "\"\"", "{\"a\":0}" };
	size_t n = 8U << 20;
	char *text = malloc(n + 1);
	json_object *o;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ELEMENTSOF(units); i++) {
		size_t unit = strlen(units[i]), at = 1;

		text[0] = '[';
		for (; at + unit + 2 < n; at += unit + 1) {
			memcpy(text + at, units[i], unit);
			text[at + unit] = ',';
		}
		text[at - 1] = ']';
		assert_int_equal(json_parse(text, at, JSON_MAX_DEPTH, &o), -E2BIG);
	}
	/* 500 records with 20 objects and 200 others each. */
	for (size_t at = 0, i = 0; i < 500; i++) {
		at += (size_t)snprintf(text + at, n - at, "%s[", i == 0 ? "[" : ",");
		for (unsigned k = 0; k < 220; k++)
			at += (size_t)snprintf(text + at, n - at, "%s%s", k == 0 ? "" : ",", k < 20 ? "{\"a\":1}" : "12.50");
		at += (size_t)snprintf(text + at, n - at, "]%s", i == 499 ? "]" : "");
	}
	assert_int_equal(json_parse(text, strlen(text), JSON_MAX_DEPTH, &o), 0);
	json_object_put(o);
	free(text);
}

static void test_names(void **state)
{
	_cleanup_json_ json_object *o =
		parse("{\"camel\":1,\"Pascal\":2,\"both\":3,\"Both\":4,\"none\":null,\"None\":5,\"X\":6,\"_y\":7,\"_Y\":8}");
	uint64_t v;

	(void)state;
	assert_int_equal(json_get_u64(o, "camel", &v), 1);
	assert_int_equal(v, 1);
	assert_int_equal(json_get_u64(o, "pascal", &v), 1);
	assert_int_equal(v, 2);
	assert_int_equal(json_get_u64(o, "both", &v), 1);
	assert_int_equal(v, 3);
	assert_int_equal(json_get_u64(o, "none", &v), 1);
	assert_int_equal(v, 5);
	assert_int_equal(json_get_u64(o, "x", &v), 1);
	assert_int_equal(v, 6);
	v = 4711;
	assert_int_equal(json_get_u64(o, "absent", &v), 0);
	assert_int_equal(json_get_u64(o, "", &v), 0);
	assert_int_equal(json_get_u64(NULL, "camel", &v), 0);
	assert_int_equal(v, 4711);
}

static void test_numbers(void **state)
{
	_cleanup_json_ json_object *o = parse(
		"{\"zero\":0,\"minus\":-1,\"u32\":4294967295,\"more\":4294967296,\"i64\":9223372036854775806,"
		"\"u64\":18446744073709551614,\"huge\":18446744073709551616,\"tiny\":-99999999999999999999,\"half\":0.5,"
		"\"round\":5.0,\"text\":\"5\",\"far\":1e400,\"yes\":true}");
	uint64_t u = 4711;
	uint32_t w = 4711;
	int64_t i = 4711;
	double d = 4711;
	bool b = false;

	(void)state;
	assert_int_equal(json_get_u64(o, "minus", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "huge", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "tiny", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "half", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "round", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "text", &u), -EBADMSG);
	assert_int_equal(json_get_u64(o, "yes", &u), -EBADMSG);
	assert_int_equal(json_get_u32(o, "more", &w), -EBADMSG);
	assert_int_equal(json_get_i64(o, "u64", &i), -EBADMSG);
	assert_int_equal(json_get_i64(o, "huge", &i), -EBADMSG);
	assert_int_equal(json_get_i64(o, "tiny", &i), -EBADMSG);
	assert_int_equal(json_get_double(o, "far", &d), -EBADMSG);
	assert_int_equal(json_get_double(o, "text", &d), -EBADMSG);
	assert_int_equal(json_get_bool(o, "zero", &b), -EBADMSG);
	assert_true(u == 4711 && w == 4711 && i == 4711 && d == 4711);

	assert_int_equal(json_get_u64(o, "u64", &u), 1);
	assert_true(u == UINT64_C(18446744073709551614));
	assert_int_equal(json_get_i64(o, "minus", &i), 1);
	assert_true(i == -1);
	assert_int_equal(json_get_i64(o, "i64", &i), 1);
	assert_true(i == INT64_MAX - 1);
	assert_int_equal(json_get_u32(o, "u32", &w), 1);
	assert_true(w == UINT32_MAX);
	assert_int_equal(json_get_double(o, "half", &d), 1);
	assert_true(d == 0.5);
	assert_int_equal(json_get_double(o, "minus", &d), 1);
	assert_true(d == -1);
	assert_int_equal(json_get_bool(o, "yes", &b), 1);
	assert_true(b);
}

static void test_money(void **state)
{
	_cleanup_json_ json_object *o =
		parse("{\"a\":12,\"b\":12.5,\"c\":12.500,\"d\":0.10,\"e\":90071992547409.93,\"f\":92233720368547758.07,"
		      "\"excess\":12.505,\"exponent\":1.2e1,\"minus\":-1,\"negative\":-0.5,\"text\":\"12\",\"huge\":1e400,"
		      "\"long\":99999999999999999999999.00,\"null\":null,\"minusZero\":-0.00}");
	static const struct {
		const char *name;
		int64_t minor;
	} good[] = { { "a", 1200 }, { "b", 1250 }, { "c", 1250 }, { "d", 10 }, { "e", 9007199254740993 },
		     { "f", INT64_MAX }, { "minusZero", 0 } };
	static const char *const bad[] = { "excess", "exponent", "minus", "negative", "text", "huge", "long" };
	int64_t minor = 4711;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (json_get_money(o, bad[i], "USD", &minor) != -EBADMSG)
			fail_msg("not refused: %s", bad[i]);
	assert_int_equal(json_get_money(o, "null", "USD", &minor), 0);
	assert_int_equal(json_get_money(o, "a", "XXX", &minor), -EBADMSG);
	assert_true(minor == 4711);
	for (size_t i = 0; i < ELEMENTSOF(good); i++) {
		assert_int_equal(json_get_money(o, good[i].name, "USD", &minor), 1);
		assert_true(minor == good[i].minor);
	}
}

static void test_text_and_time(void **state)
{
	_cleanup_json_ json_object *o =
		parse("{\"s\":\"h\\u00e9\",\"n\":5,\"t\":\"2026-11-22T15:04:05Z\",\"bad\":\"2026\",\"old\":\"1969-01-01T00:00:00Z\","
		      "\"list\":[1],\"map\":{}}");
	_cleanup_free_ char *copy = NULL;
	const char *s = NULL;
	uint64_t usec = 0;

	(void)state;
	assert_int_equal(json_get_string(o, "s", &s), 1);
	assert_string_equal(s, "h\xc3\xa9");
	assert_int_equal(json_get_string(o, "n", &s), -EBADMSG);
	assert_int_equal(json_get_strdup(o, "s", &copy), 1);
	assert_int_equal(json_get_strdup(o, "t", &copy), 1);
	assert_string_equal(copy, "2026-11-22T15:04:05Z");
	assert_int_equal(json_get_time(o, "t", &usec), 1);
	assert_true(usec == 1795359845 * USEC_PER_SEC);
	assert_int_equal(json_get_time(o, "bad", &usec), -EBADMSG);
	assert_int_equal(json_get_time(o, "old", &usec), -EBADMSG);
	assert_int_equal(json_get_time(o, "n", &usec), -EBADMSG);
	assert_non_null(json_get_array(o, "list"));
	assert_null(json_get_array(o, "map"));
	assert_non_null(json_get_object(o, "map"));
	assert_null(json_get_object(o, "list"));
	json_wipe(o, "s");
	assert_int_equal(json_get_string(o, "s", &s), 1);
	assert_string_equal(s, "");
}

static void test_build(void **state)
{
	_cleanup_json_ json_object *o = json_object_new_object();

	(void)state;
	assert_int_equal(json_add_string(o, "a", "x"), 0);
	assert_int_equal(json_add_string(o, "left", NULL), 0);
	assert_int_equal(json_add_u64(o, "b", UINT64_MAX), 0);
	assert_int_equal(json_add_bool(o, "c", true), 0);
	assert_int_equal(json_add_money(o, "d", 1250, "USD"), 0);
	assert_int_equal(json_add_money(o, "e", 7, "JPY"), 0);
	assert_int_equal(json_add_money(o, "f", INT64_MAX, "USD"), 0);
	assert_int_equal(json_add_time(o, "g", 1795359845 * USEC_PER_SEC), 0);
	assert_int_equal(json_add_time(o, "out", 0), 0);
	assert_int_equal(json_add(o, "h", NULL), -ENOMEM);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
			    "{\"a\":\"x\",\"b\":18446744073709551615,\"c\":true,\"d\":12.50,\"e\":7,"
			    "\"f\":92233720368547758.07,\"g\":\"2026-11-22T15:04:05Z\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_depth),    cmocka_unit_test(test_memory),
		cmocka_unit_test(test_names),   cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_money),    cmocka_unit_test(test_text_and_time), cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
