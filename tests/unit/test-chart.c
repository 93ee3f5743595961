/* Charts: round numbers, dates along an axis, pictures of hard cases on terminals, and their files. With
 * CHARTS_WRITE=1 the pictures that are expected are written anew: look at them then. */
#include <locale.h>
#include <math.h>
#include <time.h>

#include "chart-cases.h"
#include "clients/chart/layout.h"
#include "clients/cli/text.h"
#include "unit.h"

static char *print(const struct chart *c, unsigned columns, unsigned rows, bool utf8, bool colour)
{
	struct chart_screen screen = { .columns = columns, .rows = rows, .utf8 = utf8, .colour = colour };
	struct textbuf b;

	text_set_utf8(utf8);
	chart_print(c, &screen, textbuf_open(&b));
	text_set_utf8(true);
	return textbuf_take(&b);
}

static void test_round_step(void **state)
{
	static const struct {
		double x, step;
	} cases[] = {
		{ 1, 1 }, { 1.1, 2 }, { 2, 2 }, { 2.1, 5 }, { 5, 5 }, { 5.1, 10 }, { 0.03, 0.05 }, { 0.1, 0.1 },
		{ 1000, 1000 }, { 70001, 100000 }, { 9.2e18, 1e19 }, { 0, 1 }, { -3, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_true(fabs(round_step(cases[i].x) / cases[i].step - 1) < 1e-9);
	assert_true(round_step(INFINITY) == 1);
}

static char *labels(const struct scale *s)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (unsigned i = 0; i < s->n; i++)
		fprintf(f, "%s%s", i ? " " : "", s->ticks[i].label);
	return textbuf_take(&b);
}

static void test_scale(void **state)
{
	static const struct {
		double lo, hi;
		enum chart_unit unit;
		const char *currency;
		unsigned intervals;
		const char *labels;
	} cases[] = {
		{ 0, 4, CHART_COUNT, "", 5, "0 1 2 3 4" },
		{ 0, 1, CHART_COUNT, "", 5, "0 1" },
		{ 0, 0, CHART_COUNT, "", 4, "0 1 2 3 4" },
		{ 0, 97, CHART_COUNT, "", 5, "0 20 40 60 80 100" },
		{ 0, 101, CHART_COUNT, "", 5, "0 50 100 150" },
		{ -6, 12, CHART_MINUTES, "", 5, "-10 -5 0 5 10 15" },
		{ 0, 0.7, CHART_MINUTES, "", 4, "0 0.2 0.4 0.6 0.8" },
		{ 0, 1, CHART_MONEY, "USD", 5, "0 0.01" },
		{ 0, 140, CHART_MONEY, "USD", 5, "0 0.50 1.00 1.50" },
		{ 0, 4250, CHART_MONEY, "USD", 5, "0 10 20 30 40 50" },
		{ 0, 7900, CHART_MONEY, "JPY", 4, "0 2000 4000 6000 8000" },
		{ 0, 3, CHART_MONEY, "JPY", 5, "0 1 2 3" },
		{ 0, 1500, CHART_MONEY, "KWD", 5, "0 0.500 1.000 1.500" },
		{ 0, 100000000, CHART_MONEY, "USD", 5, "0 200k 400k 600k 800k 1M" },
		{ 0, 0x1p63, CHART_COUNT, "", 5, "0 2e+18 4e+18 6e+18 8e+18 1e+19" },
		{ 0, 1.3e12, CHART_COUNT, "", 3, "0 500B 1T 1.5T" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *got = NULL;
		struct scale s;

		scale_numbers(&s, cases[i].lo, cases[i].hi, cases[i].unit, cases[i].currency, cases[i].intervals);
		got = labels(&s);
		assert_string_equal(got, cases[i].labels);
		assert_true(s.min <= cases[i].lo && s.max >= cases[i].hi);
		assert_true(s.ticks[0].at == 0 && s.ticks[s.n - 1].at == 1);
	}
}

static void test_value(void **state)
{
	static const struct {
		enum chart_unit unit;
		const char *currency;
		double value;
		const char *text;
	} cases[] = {
		{ CHART_MONEY, "USD", 1250, "12.50" },	 { CHART_MONEY, "USD", 1, "0.01" },
		{ CHART_MONEY, "JPY", 1250, "1250" },	 { CHART_MONEY, "KWD", 1250, "1.250" },
		{ CHART_MONEY, "USD", -0.3, "0.00" },	 { CHART_MONEY, "USD", 0x1p63, "92233720368547758.07" },
		{ CHART_MONEY, "USD", -0x1p63, "-92233720368547758.08" }, { CHART_COUNT, "", 3, "3" },
		{ CHART_MINUTES, "", 35.25, "35.2" },	 { CHART_MINUTES, "", -0.01, "0" },
	};
	char buf[CHART_VALUE_SIZE];

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct chart c = { .unit = cases[i].unit };

		strcpy(c.currency, cases[i].currency);
		assert_string_equal(chart_format_value(buf, &c, cases[i].value), cases[i].text);
	}
}

static uint64_t day(int year, int month, int mday)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = mday, .tm_isdst = -1 };

	return (uint64_t)mktime(&tm) * USEC_PER_SEC;
}

static double cells(void *userdata, const char *text)
{
	(void)userdata;
	return (double)text_width(text);
}

static void test_dates(void **state)
{
	static const struct {
		enum chart_along along;
		int first[3], last[3];
		unsigned width;
		const char *expected; /* labels with their contexts */
	} cases[] = {
		{ CHART_DAYS, { 2026, 11, 16 }, { 2026, 11, 22 }, 40, "16/Nov 2026 17 18 19 20 21 22" },
		{ CHART_DAYS, { 2026, 11, 1 }, { 2026, 11, 30 }, 60, "2/Nov 2026 9 16 23 30" },
		{ CHART_DAYS, { 2026, 1, 1 }, { 2026, 12, 31 }, 70, "Jan/2026 Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec" },
		{ CHART_DAYS, { 2026, 1, 1 }, { 2026, 12, 31 }, 30, "Jan/2026 Apr Jul Oct" },
		{ CHART_DAYS, { 2021, 11, 22 }, { 2026, 11, 22 }, 40, "2022 2023 2024 2025 2026" },
		{ CHART_WEEKS, { 2026, 9, 7 }, { 2026, 10, 5 }, 40, "7/Sep 2026 14 21 28 5/Oct 2026" },
		{ CHART_MONTHS, { 2025, 12, 1 }, { 2026, 3, 1 }, 40, "Dec/2025 Jan/2026 Feb Mar" },
		{ CHART_MONTHS, { 2025, 12, 1 }, { 2026, 3, 1 }, 16, "Dec Jan/2026 Feb Mar" },
		{ CHART_MONTHS, { 2026, 2, 1 }, { 2026, 2, 1 }, 20, "Feb/2026" },
		{ CHART_YEARS, { 2020, 1, 1 }, { 2026, 1, 1 }, 60, "2020 2021 2022 2023 2024 2025 2026" },
		{ CHART_YEARS, { 1971, 1, 1 }, { 2026, 1, 1 }, 60, "1980 1990 2000 2010 2020" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct chart_space space = { .intervals = 4, .groups = cases[i].width, .width = cases[i].width,
					     .gap = 1, .measure = cells };
		_cleanup_layout_ struct chart_layout l = {};
		_cleanup_chart_ struct chart c = { .kind = CHART_BAR, .along = cases[i].along };
		_cleanup_free_ char *got = NULL;
		struct textbuf b;
		FILE *f = textbuf_open(&b);

		chart_add(&c, NULL, day(cases[i].first[0], cases[i].first[1], cases[i].first[2]), 1);
		chart_add(&c, NULL, day(cases[i].last[0], cases[i].last[1], cases[i].last[2]), 1);
		assert_int_equal(chart_layout_make(&c, &space, &l), 0);
		for (size_t k = 0; k < l.n_along; k++)
			fprintf(f, "%s%s%s%s", k ? " " : "", l.along[k].label, *l.along[k].context ? "/" : "",
				l.along[k].context);
		got = textbuf_take(&b);
		assert_string_equal(got, cases[i].expected);
	}
}

/* A day of 23 or 25 hours, and a midnight that does not exist, are one slot like any other. */
static void test_clocks(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "America/Sao_Paulo", 1), 0);
	tzset();
	for (int i = 0; i < 400; i++)
		assert_int_equal(chart_day_of(day(2018, 1, 2 + i)) - chart_day_of(day(2018, 1, 1)), i + 1);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	for (int i = 0; i < 40000; i++) /* the calendar against the C library's */
		assert_int_equal(chart_day_of((uint64_t)i * 86400 * USEC_PER_SEC), i);
}

static void test_bins(void **state)
{
	static const double values[] = { -7.5, -0.1, 0, 1.9, 2, 12, NAN, INFINITY };
	_cleanup_chart_ struct chart c = { .x_unit = CHART_MINUTES };
	double sum = 0;

	(void)state;
	chart_count_into_bins(&c, values, ELEMENTSOF(values), 11);
	assert_true(c.bin_width == 2 && c.bin_start == -8);
	assert_int_equal(c.n, 11);
	assert_true(c.points[0].value == 1 && c.points[3].value == 1 && c.points[4].value == 2);
	assert_true(c.points[5].value == 1 && c.points[10].value == 1);
	for (size_t i = 0; i < c.n; i++)
		sum += c.points[i].value;
	assert_true(sum == 6);
}

static void expect(unsigned columns, bool utf8)
{
	_cleanup_free_ char *path = xprintf("%s/tests/data/charts-%u%s.txt", getenv("srcdir") ?: ".", columns,
					    utf8 ? "" : "-ascii");
	_cleanup_free_ char *got = NULL, *expected = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	size_t size = 0;

	for (size_t i = 0; chart_cases[i]; i++) {
		_cleanup_chart_ struct chart c = {};
		_cleanup_free_ char *text = NULL;

		assert_true(chart_case_make(chart_cases[i], &c));
		text = print(&c, columns, 22, utf8, false);
		fprintf(f, "=== %s\n%s", chart_cases[i], text);
	}
	got = textbuf_take(&b);
	f = fopen(path, getenv("CHARTS_WRITE") ? "w" : "r");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	if (getenv("CHARTS_WRITE"))
		fputs(got, f);
	else {
		assert_true(getdelim(&expected, &size, '\0', f) > 0);
		assert_string_equal(got, expected);
	}
	fclose(f);
}

static void test_pictures(void **state)
{
	(void)state;
	expect(80, true);
	expect(140, true);
	expect(80, false);
	expect(140, false);
}

static uint32_t seed = 1;

static uint32_t random_number(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)(seed >> 4) * below) >> 28);
}

static double random_value(void)
{
	static const double odd[] = { 0, 1, -1, 0.001, 1e18, -1e18, 0x1p63, 1e-300, 1e300, NAN, INFINITY };

	if (random_number(12) == 0)
		return odd[random_number(ELEMENTSOF(odd))];
	return (random_number(2000) - (random_number(3) ? 0 : 1000.0)) * pow(10, random_number(8));
}

static void random_chart(struct chart *c)
{
	static const char *const names[] = { "", "a", "Main Street 12", "東京都港区", "e\u0301e\u0301", "\xff\xfe",
					     "\033[31mred", "a very long name of a place that nobody can say at once" };
	static const char *const currencies[] = { "USD", "JPY", "KWD", "???" };
	enum chart_along along = random_number(CHART_NUMBERS + 1);
	unsigned n = random_number(3) ? random_number(40) : random_number(3000);
	uint64_t start = (uint64_t)random_number(1 << 28) * 16 * USEC_PER_SEC;

	*c = (struct chart){ .kind = along == CHART_NUMBERS ? CHART_SCATTER : random_number(CHART_SCATTER),
			     .along = along,
			     .unit = random_number(CHART_HOURS),
			     .x_unit = random_number(CHART_HOURS + 1),
			     .bin_width = 1,
			     .lying = along == CHART_NAMES && random_number(2),
			     .diagonal = random_number(2),
			     .late = random_number(2) };
	strcpy(c->currency, currencies[random_number(ELEMENTSOF(currencies))]);
	c->title = xstrdup(names[random_number(ELEMENTSOF(names))]);
	if (random_number(2)) {
		c->x_title = xstrdup("x");
		c->y_title = xstrdup("y");
	}
	for (unsigned i = random_number(CHART_NOTES_MAX + 2); i > 0; i--)
		chart_add_note(c, "%s %s", names[random_number(ELEMENTSOF(names))], names[7]);
	for (unsigned i = 0; i < n; i++)
		if (along == CHART_NUMBERS)
			chart_add_xy(c, random_value(), random_value());
		else
			chart_add(c, names[random_number(ELEMENTSOF(names))],
				  random_number(500) ? start + i * UINT64_C(86400000000) * (1 + random_number(3)) :
						       (uint64_t)random_number(1 << 28) << random_number(36),
				  random_value());
}

/* No line is wider than the screen, none has a stray escape, the number of lines is bounded. */
static void check_lines(const char *text, unsigned columns, unsigned rows, bool utf8, bool colour)
{
	unsigned lines = 0;

	for (const char *s = text; *s; s = strchr(s, '\n') + 1, lines++) {
		size_t length = (size_t)(strchr(s, '\n') - s), n = 0;
		_cleanup_free_ char *plain = xcheck(calloc(1, length + 1));

		for (size_t i = 0; i < length; i++) {
			if (colour && s[i] == '\033') {
				while (s[i] != 'm')
					i++;
				continue;
			}
			assert_true((unsigned char)s[i] >= ' ');
			assert_true(utf8 || !(s[i] & 0x80));
			plain[n++] = s[i];
		}
		assert_true(utf8_is_valid(plain, n));
		if (text_width(plain) > columns)
			fail_msg("%zu columns, not %u: %s", text_width(plain), columns, plain);
	}
	assert_true(lines <= rows);
}

static void test_any_width(void **state)
{
	unsigned n = getenv("TEST_LONG") ? 20000 : 600;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		unsigned columns = 20 + random_number(181), rows = 30 + random_number(30);
		bool utf8 = random_number(2), colour = random_number(2);
		_cleanup_chart_ struct chart c = {};
		_cleanup_free_ char *text = NULL;

		random_chart(&c);
		text = print(&c, columns, rows, utf8, colour);
		check_lines(text, columns, rows + 12, utf8, colour);
		if (i % 60 == 0) {
			for (int format = CHART_SVG; format <= CHART_PDF; format++) {
				_cleanup_free_ char *data = NULL;
				size_t size;

				assert_int_equal(chart_draw(&c, format, &data, &size), 0);
				assert_true(size > 100);
			}
		}
	}
}

static void test_narrow(void **state)
{
	_cleanup_chart_ struct chart c = {};
	_cleanup_free_ char *text = NULL, *none = NULL;

	(void)state;
	assert_true(chart_case_make("months", &c));
	text = print(&c, 19, 22, true, false);
	assert_string_equal(text, "Too narrow for a c…\n");
	none = print(&c, 0, 22, true, false);
	assert_string_equal(none, "…\n");
}

static void test_files(void **state)
{
	for (size_t i = 0; chart_cases[i]; i++) {
		_cleanup_free_ char *svg = NULL, *png = NULL, *pdf = NULL;
		_cleanup_chart_ struct chart c = {};
		size_t size;

		assert_true(chart_case_make(chart_cases[i], &c));
		assert_int_equal(chart_draw(&c, CHART_SVG, &svg, &size), 0);
		assert_non_null(memmem(svg, size, "<title>", 7));
		assert_non_null(memmem(svg, size, c.title, strlen(c.title)));
		assert_memory_equal(svg + size - 7, "</svg>\n", 7);
		assert_int_equal(chart_draw(&c, CHART_PNG, &png, &size), 0);
		assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
		assert_memory_equal(png + 16, "\0\0\x06\x40\0\0\x03\x84", 8); /* 1600 × 900 */
		assert_non_null(memmem(png, size, "iTXtTitle", 9));
		assert_int_equal(chart_draw(&c, CHART_PDF, &pdf, &size), 0);
		assert_memory_equal(pdf, "%PDF-", 5);
	}
	(void)state;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_step), cmocka_unit_test(test_scale),     cmocka_unit_test(test_value),
		cmocka_unit_test(test_dates),	   cmocka_unit_test(test_clocks),    cmocka_unit_test(test_bins),
		cmocka_unit_test(test_pictures),   cmocka_unit_test(test_any_width), cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_files),
	};

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	text_init();
	text_set_utf8(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
