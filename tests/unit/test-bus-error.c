/* bus-error.c: every error of the table reaches the bus under its name; messages never cost the connection. */
#include "unit.h"

#include "bus/bus-error.h"

static const struct {
	enum cc_error error;
	const char *name, *text;
} table[] = {
#define X(id, name, exit_status, text) { CC_E_##id, name, text },
	CC_ERRORS(X)
#undef X
};

static void test_every_error(void **state)
{
	(void)state;
	assert_int_equal(ELEMENTSOF(table), _CC_E_MAX - 1);
	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
		struct failure f = { .error = table[i].error };

		/* With the table's own sentence. */
		assert_true(bus_error_set(&e, &f) < 0);
		assert_string_equal(e.name, table[i].name);
		assert_string_equal(e.message, table[i].text);
		assert_true(sd_bus_error_is_set(&e));
		sd_bus_error_free(&e);

		/* With one of one's own. */
		assert_true(bus_error_setf(&e, table[i].error, "order %d", 7) < 0);
		assert_string_equal(e.name, table[i].name);
		assert_string_equal(e.message, "order 7");

		/* And the way back. */
		assert_int_equal(failure_from_name(e.name), table[i].error);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(table[k].name, table[i].name);
	}
}

static void test_invalid(void **state)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)state;
	assert_int_equal(bus_error_invalid(&e, "'limit' %u", 3), -EINVAL);
	assert_string_equal(e.name, "org.freedesktop.DBus.Error.InvalidArgs");
	assert_string_equal(e.message, "'limit' 3");
}

/* sd-bus does not look at the text, the bus would disconnect us for it. */
static void test_bad_text(void **state)
{
	static const char *const bad[] = { "caf\xe9", "\xed\xa0\x80", "" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
		struct failure f = { .error = CC_E_BACKEND, .message = (char *)bad[i] };

		(void)bus_error_set(&e, &f);
		assert_string_equal(e.message, "The service reported a failure");
	}
}

static void test_quote(void **state)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{ "", "" },
		{ "adress", "adress" },
		{ "a\nb\tc\x7f", "a?b?c?" },
		/* 64 bytes fit, of 65 the end is cut, never within a character. */
		{ "0123456789012345678901234567890123456789012345678901234567890123",
		  "0123456789012345678901234567890123456789012345678901234567890123" },
		{ "01234567890123456789012345678901234567890123456789012345678901234",
		  "0123456789012345678901234567890123456789012345678901234567890123…" },
		{ "012345678901234567890123456789012345678901234567890123456789012äb",
		  "012345678901234567890123456789012345678901234567890123456789012…" },
	};
	char buf[QUOTED_SIZE];

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_string_equal(bus_quote(buf, cases[i].text), cases[i].quoted);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests_name("bus-error", tests, NULL, NULL);
}
