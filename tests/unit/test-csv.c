/* base/csv: what is quoted, and what a spreadsheet must not run. */
#include "base/csv.h"

#include <string.h>

#include "base/util.h"
#include "unit.h"

static char *written(void (*write)(FILE *f, const char *text), const char *text)
{
	char *out = NULL;
	size_t n;
	FILE *f = open_memstream(&out, &n);

	assert_non_null(f);
	write(f, text);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void test_field(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{ "", "" },		     { "plain", "plain" },	      { " spaces ", " spaces " },
		{ "a,b", "\"a,b\"" },	     { "say \"so\"", "\"say \"\"so\"\"\"" }, { "\"", "\"\"\"\"" },
		{ "one\ntwo", "\"one\ntwo\"" }, { "one\rtwo", "\"one\rtwo\"" }, { "=1", "=1" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *field = written(csv_field, cases[i].text);

		assert_string_equal(field, cases[i].field);
	}
}

static void test_formulas(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{ "=1+1", "'=1+1" },	    { "+1", "'+1" },	    { "-1", "'-1" },
		{ "@SUM(A1)", "'@SUM(A1)" }, { "\t=1", "'\t=1" },    { "\n=1", "\"'\n=1\"" },
		{ "\r=1", "\"'\r=1\"" },    { "=A,B", "\"'=A,B\"" }, { "=\"x\"", "\"'=\"\"x\"\"\"" },
		{ "＝1", "'＝1" },	    { "＋1", "'＋1" },	    { "－1", "'－1" },
		{ "＠1", "'＠1" },	    { "'=1", "''=1" },	    { "''=1", "'''=1" },
		/* Nothing to run. */
		{ "'Tis", "'Tis" },	    { "'", "'" },	    { "1-1", "1-1" },
		{ " =1", " =1" },	    { "", "" },		    { NULL, "" },
		{ "＝", "'＝" },	    { "\xef", "\xef" },	    { "ＡＢ", "ＡＢ" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *field = written(csv_text, cases[i].text);

		assert_string_equal(field, cases[i].field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_formulas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
