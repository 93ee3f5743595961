/* The pure parts of the CLI: the command line, items, times and periods in a zone with summer time, tables,
 * cleaning of text, status bars, completion. */
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <time.h>

#include "base/csv.h"
#include "base/jsonutil.h"
#include "base/timeutil.h"
#include "cli/args.h"
#include "cli/items.h"
#include "cli/orders-list.h"
#include "cli/photo.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/waybar.h"
#include "cli/when.h"

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static uint64_t at(const char *iso)
{
	uint64_t t;

	assert_int_equal(time_parse_iso8601(iso, &t), 0);
	return t;
}

/* The command line. */

static int parse(struct args *a, char **problem, const char *line)
{
	static char text[512], *argv[32];
	size_t n = 0;
	char *rest = text, *word;

	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, "|")))
		argv[n++] = word;
	argv[n] = NULL;
	return args_parse(a, argv, problem);
}

static void test_args_repeated(void **state)
{
	_cleanup_args_ struct args a = {};
	char *problem = NULL;

	(void)state;
	assert_int_equal(parse(&a, &problem, "rate|--photo|a b|last|--comment=x|5|--photo=c|-v|--photo="), 0);
	assert_string_equal(args_option_at(&a, "photo", 0), "a b");
	assert_string_equal(args_option_at(&a, "photo", 1), "c");
	assert_string_equal(args_option_at(&a, "photo", 2), "");
	assert_null(args_option_at(&a, "photo", 3));
	assert_string_equal(args_option(&a, "photo"), "");
	assert_string_equal(args_option_at(&a, "comment", 0), "x");
	assert_null(args_option_at(&a, "comment", 1));
	assert_null(args_option_at(&a, "no-such", 0));
	args_done(&a);
	assert_int_equal(parse(&a, &problem, "rate|last|5"), 0);
	assert_null(args_option_at(&a, "photo", 0));
}

/* Every beginning of a picture, down to none of it: read within bounds, and known only when there is enough. */
static void test_photo_content_type(void **state)
{
	static const struct {
		const char *data;
		size_t n, enough;
		const char *type;
	} cases[] = {
		{ "\xff\xd8\xff\xe0", 4, 3, "image/jpeg" },
		{ "\x89PNG\r\n\x1a\n", 8, 8, "image/png" },
		{ "RIFF\x24\0\0\0WEBPVP8 ", 16, 12, "image/webp" },
		{ "GIF87a", 6, 6, "image/gif" },
		{ "\0\0\0\x18" "ftypheic\0\0\0\0mif1heic", 24, 16, "image/heic" },
		{ "\0\0\0\x10" "ftypavif\0\0\0\0", 16, 16, "image/avif" },
		{ "\0\0\0\x10" "ftypmp42\0\0\0\0heic", 20, SIZE_MAX, NULL }, /* behind the box */
		{ "\0\0\0\x01" "ftypheic\0\0\0\0", 16, SIZE_MAX, NULL },
		{ "\x7f" "ELF", 4, SIZE_MAX, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		for (size_t n = 0; n <= cases[i].n; n++) {
			unsigned char *data = malloc(n > 0 ? n : 1); /* a sanitizer sees who reads beyond */

			memcpy(data, cases[i].data, n);
			if (n >= cases[i].enough)
				assert_string_equal(photo_content_type(data, n), cases[i].type);
			else
				assert_null(photo_content_type(data, n));
			free(data);
		}
}

static void test_args_good(void **state)
{
	_cleanup_args_ struct args a = {};
	char *problem = NULL;

	(void)state;
	assert_int_equal(parse(&a, &problem, "--no-pager|orders|--json|--status=delivered|--limit|7|-v"), 0);
	assert_string_equal(a.verb->name, "orders");
	assert_non_null(args_global(&a, "json"));
	assert_non_null(args_global(&a, "no-pager"));
	assert_non_null(args_global(&a, "verbose"));
	assert_null(args_global(&a, "no-input"));
	assert_string_equal(args_option(&a, "status"), "delivered");
	assert_string_equal(args_option(&a, "limit"), "7");
	assert_null(args_option(&a, "since"));
	assert_null(args_option(&a, "no-such"));
	args_done(&a);

	assert_int_equal(parse(&a, &problem, "cart|--json|add|12x2|--|--odd name"), 0);
	assert_string_equal(a.verb->name, "cart add");
	assert_int_equal(a.n_words, 2);
	assert_string_equal(args_word(&a, 1), "--odd name");
	assert_null(args_word(&a, 2));
	args_done(&a);

	assert_int_equal(parse(&a, &problem, "notifications|--mute"), 0);
	assert_string_equal(args_option(&a, "mute"), "");
	args_done(&a);
	assert_int_equal(parse(&a, &problem, "notifications|--mute=2h"), 0);
	assert_string_equal(args_option(&a, "mute"), "2h");
	args_done(&a);
	assert_int_equal(parse(&a, &problem, "sign-in|--help"), 0); /* nothing is missing for help */
	assert_string_equal(a.verb->name, "sign-in");
	args_done(&a);
	assert_int_equal(parse(&a, &problem, "orders|--limit=1|--limit=2"), 0);
	assert_string_equal(args_option(&a, "limit"), "2");
	assert_null(problem);
}

static void test_args_bad(void **state)
{
	static const struct {
		const char *line, *part; /* of the sentence */
	} cases[] = {
		{ "frobnicate", "There is no command 'frobnicate'; the commands are: status, sign-up" },
		{ "orders|--stat", "'orders' has no option '--stat'" },
		{ "orders|--statu=x",
		  "'orders' has no option '--statu" }, /* no abbreviations on a paid order */
		{ "--yes|order", "There is no option '--yes' for all commands" },
		{ "status|-z", "'status' has no option '-z'" },
		{ "orders|--limit", "--limit needs a value: --limit=N" },
		{ "orders|--all=yes", "--all takes no value" },
		{ "order|--pay=beans", "--pay cannot be 'beans'; it is one of: cash, pos, qr, card" },
		{ "order|--pay=", "--pay cannot be ''" },
		{ "--color=sometimes|status",
		  "--color cannot be 'sometimes'; it is one of: auto, always, never" },
		{ "show", "customerclient show ORDER" },
		{ "show|1|2", "'2' is too much" },
		{ "cart|frob", "'cart' cannot 'frob'; it can: add, set, note, remove, clear" },
		{ "cart|add", "customerclient cart add ITEM..." },
		{ "completion|tcsh", "'completion' cannot be 'tcsh'; it is one of: bash, zsh, fish" },
		{ "wait|last|--for=gone", "--for cannot be 'gone'; it is one of: submitting, " },
		{ "show|a\xff", "Argument 2 is not UTF-8 text" },
		{ "orders frob", "There is no command 'orders frob'" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_args_ struct args a = {};
		_cleanup_free_ char *problem = NULL;

		assert_int_equal(parse(&a, &problem, cases[i].line), -EINVAL);
		if (!problem || !strstr(problem, cases[i].part))
			fail_msg("%s: %s", cases[i].line, problem);
	}
}

/* Every row of the table is complete. */
static void test_verbs(void **state)
{
	(void)state;
	for (const struct verb *v = verbs; v->name; v++) {
		size_t n = 0;

		assert_non_null(v->run);
		assert_non_null(v->help);
		assert_true(v->max_args >= v->min_args);
		assert_ptr_equal(verb_find(v->name), v);
		assert_non_null(strstr(v->example, v->name));
		assert_true((v->kind == ARG_WORDS) == (v->words != NULL));
		for (const struct option_def *o = v->options; o && o->name; o++, n++) {
			assert_non_null(o->help);
			for (const struct option_def *g = global_options; g->name; g++)
				assert_string_not_equal(o->name, g->name);
		}
		assert_true(n < OPTIONS_MAX);
	}
}

static void test_help(void **state)
{
	struct textbuf b;
	_cleanup_free_ char *text = NULL;

	(void)state;
	help_print(textbuf_open(&b));
	text = textbuf_take(&b);
	for (const struct verb *v = verbs; v->name; v++) {
		_cleanup_free_ char *one = NULL;

		assert_non_null(strstr(text, v->name));
		assert_non_null(strstr(text, v->help));
		help_print_verb(textbuf_open(&b), v);
		one = textbuf_take(&b);
		assert_non_null(strstr(one, v->example));
		for (const struct option_def *o = v->options; o && o->name; o++)
			assert_non_null(strstr(one, o->name));
	}
}

static void test_completion_names_everything(void **state)
{
	static void (*const shells[])(FILE *) = { completion_bash, completion_zsh, completion_fish };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(shells); i++) {
		struct textbuf b;
		_cleanup_free_ char *text = NULL;

		shells[i](textbuf_open(&b));
		text = textbuf_take(&b);
		for (const struct verb *v = verbs; v->name; v++) {
			const char *word = strchr(v->name, ' ');

			assert_non_null(strstr(text, word ? word + 1 : v->name));
			for (const struct option_def *o = v->options; o && o->name; o++)
				assert_non_null(strstr(text, o->name));
		}
		for (const struct option_def *o = global_options; o->name; o++)
			assert_non_null(strstr(text, o->name));
	}
}

/* Items and numbers. */

static void test_items(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t product;
		uint32_t quantity;
	} cases[] = {
		{ "12", 0, 12, 1 },
		{ "12x2", 0, 12, 2 },
		{ "12X2", 0, 12, 2 },
		{ "12\xc3\x97" "2", 0, 12, 2 },
		{ "12x99", 0, 12, 99 },
		{ "pad thai", 0, 0, 1 },
		{ "7 spices", 0, 0, 1 },
		{ "7up", 0, 0, 1 },
		{ "18446744073709551615", 0, UINT64_MAX, 1 },
		{ "", -EINVAL },
		{ "0", -EINVAL },
		{ "12x", -EINVAL },
		{ "12x0", -EINVAL },
		{ "12x100", -EINVAL },
		{ "12x-1", -EINVAL },
		{ "12x2x3", -EINVAL },
		{ "12\xc3\x97", -EINVAL },
		{ "18446744073709551616", -EINVAL },
		{ "99999999999999999999999", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct item item = {};

		if (item_parse(cases[i].text, &item) != cases[i].r)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(item.product, cases[i].product);
		assert_int_equal(item.quantity, cases[i].quantity);
	}
}

static void test_numbers(void **state)
{
	uint64_t n = 42;

	(void)state;
	assert_int_equal(number_parse("0", 5, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(number_parse("5", 5, &n), 0);
	assert_int_equal(number_parse("6", 5, &n), -EINVAL);
	assert_int_equal(number_parse("9", 5, &n), -EINVAL);
	assert_int_equal(number_parse("", 5, &n), -EINVAL);
	assert_int_equal(number_parse("-1", 5, &n), -EINVAL);
	assert_int_equal(number_parse("1 ", 5, &n), -EINVAL);
	assert_int_equal(number_parse("0x1", 5, &n), -EINVAL);
	assert_int_equal(n, 5);
}

/* Times. */

static void test_periods(void **state)
{
	/* Now: Sunday, 22 November 2026, 20:40 in Berlin. */
	static const struct {
		const char *text, *start, *end;
	} cases[] = {
		{ "2025", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z" },
		{ "2025-02", "2025-01-31T23:00:00Z", "2025-02-28T23:00:00Z" },
		{ "2024-02", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z" },
		{ "2025-12", "2025-11-30T23:00:00Z", "2025-12-31T23:00:00Z" },
		{ "2025-03-30", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z" }, /* 23 hours */
		{ "2025-10-26", "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z" }, /* 25 hours */
		{ "today", "2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z" },
		{ "yesterday", "2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z" },
		{ "this week", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z" },
		{ "last week", "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z" },
		{ "this month", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z" },
		{ "last month", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z" },
		{ "this year", "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z" },
		{ "last year", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z" },
		{ "2025-07-01T12:00", "2025-07-01T10:00:00Z", "2025-07-01T10:00:00Z" },
		{ "2025-07-01 12:00:30", "2025-07-01T10:00:30Z", "2025-07-01T10:00:30Z" },
		{ "2025-07-01T12:00:00Z", "2025-07-01T12:00:00Z", "2025-07-01T12:00:00Z" },
		{ "2025-07-01T12:00:00-04:00", "2025-07-01T16:00:00Z", "2025-07-01T16:00:00Z" },
	};
	static const char *const bad[] = { "",
					   "25",
					   "2025-13",
					   "2025-00",
					   "2025-02-29",
					   "2025-02-30",
					   "2025-1",
					   "20255",
					   "2025-",
					   "1969",
					   "tomorrow-ish",
					   "last",
					   "last decade",
					   "2025-07-01T25:00",
					   "2025-07-01Tnoon" };
	uint64_t now = at("2026-11-22T19:40:00Z"), start, end;

	(void)state;
	set_zone("Europe/Berlin");
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		char a[ISO8601_SIZE], b[ISO8601_SIZE];

		if (when_parse_period(cases[i].text, now, &start, &end) < 0)
			fail_msg("'%s'", cases[i].text);
		assert_string_equal(time_format_iso8601(a, start), cases[i].start);
		assert_string_equal(time_format_iso8601(b, end), cases[i].end);
	}
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (when_parse_period(bad[i], now, &start, &end) >= 0)
			fail_msg("'%s' was taken", bad[i]);
}

/* Where the clocks go forward at midnight, the day begins at 01:00; where they go back at midnight, at the
 * first. */
static void test_days_without_midnight(void **state)
{
	uint64_t now = at("2026-11-22T19:40:00Z"), start, end;

	(void)state;
	set_zone("America/Sao_Paulo");
	assert_int_equal(when_parse_period("2018-11-04", now, &start, &end), 0);
	assert_int_equal(start, at("2018-11-04T03:00:00Z"));
	assert_int_equal(end, at("2018-11-05T02:00:00Z"));
	set_zone("America/Havana");
	assert_int_equal(when_parse_period("2025-11-02", now, &start, &end), 0);
	assert_int_equal(start, at("2025-11-02T04:00:00Z"));
	assert_int_equal(end, at("2025-11-03T05:00:00Z"));
	set_zone("UTC");
}

static void test_times(void **state)
{
	static const struct {
		const char *text, *result;
		int r;
	} cases[] = {
		{ "21:30", "2026-11-22T20:30:00Z", 0 },
		{ "20:41", "2026-11-22T19:41:00Z", 0 },
		{ "today 23:59", "2026-11-22T22:59:00Z", 0 },
		{ "tomorrow 12:00", "2026-11-23T11:00:00Z", 0 },
		{ "2026-12-24 18:00", "2026-12-24T17:00:00Z", 0 },
		{ "2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z", 0 },
		{ "2027-07-01T18:00", "2027-07-01T16:00:00Z", 0 },
		{ "20:40", NULL, -ERANGE },
		{ "09:00", NULL, -ERANGE },
		{ "2020-01-01 10:00", NULL, -ERANGE },
		{ "2027-03-28 02:30", NULL, -ENOENT },
		{ "9:00", NULL, -EINVAL },
		{ "24:00", NULL, -EINVAL },
		{ "19:60", NULL, -EINVAL },
		{ "tomorrow", NULL, -EINVAL },
		{ "tomorrow 2026-12-24 18:00", NULL, -EINVAL },
		{ "2026-12-24", NULL, -EINVAL },
		{ "soon", NULL, -EINVAL },
		{ "", NULL, -EINVAL },
	};
	uint64_t now = at("2026-11-22T19:40:00Z"), t;

	(void)state;
	set_zone("Europe/Berlin");
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		char iso[ISO8601_SIZE];

		if (when_parse_time(cases[i].text, now, &t) != cases[i].r)
			fail_msg("'%s'", cases[i].text);
		if (cases[i].r == 0)
			assert_string_equal(time_format_iso8601(iso, t), cases[i].result);
	}
	/* The last day of a year, and the night of the change. */
	assert_int_equal(when_parse_time("tomorrow 12:00", at("2026-12-31T12:00:00Z"), &t), 0);
	assert_int_equal(t, at("2027-01-01T11:00:00Z"));
	assert_int_equal(when_parse_time("tomorrow 12:00", at("2027-03-27T22:30:00Z"), &t), 0);
	assert_int_equal(t, at("2027-03-28T10:00:00Z"));
	set_zone("UTC");
}

static void test_durations(void **state)
{
	static const char *const bad[] = {
		"", "2", "h", "0s", "2 h", "-1h", "1w", "1h30", "99999999999999999999s", "4000d"
	};
	uint64_t d;

	(void)state;
	assert_int_equal(when_parse_duration("90s", &d), 0);
	assert_int_equal(d, 90 * USEC_PER_SEC);
	assert_int_equal(when_parse_duration("1h30m", &d), 0);
	assert_int_equal(d, 90 * USEC_PER_MIN);
	assert_int_equal(when_parse_duration("1d", &d), 0);
	assert_int_equal(d, 24 * 60 * USEC_PER_MIN);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (when_parse_duration(bad[i], &d) >= 0)
			fail_msg("'%s' was taken", bad[i]);
}

static void test_formats(void **state)
{
	uint64_t now = at("2026-11-22T19:40:00Z");
	char buf[WHEN_SIZE];

	(void)state;
	set_zone("Europe/Berlin");
	assert_string_equal(when_format(buf, now), "2026-11-22 20:40");
	assert_string_equal(when_format(buf, 0), "");
	assert_string_equal(when_format_near(buf, now, now), "20:40");
	assert_string_equal(when_format_near(buf, at("2026-11-22T22:59:00Z"), now), "23:59");
	assert_string_equal(when_format_near(buf, at("2026-11-22T23:00:00Z"), now), "tomorrow 00:00");
	assert_string_equal(when_format_near(buf, at("2026-11-21T22:00:00Z"), now), "yesterday 23:00");
	assert_string_equal(when_format_near(buf, at("2026-11-24T11:00:00Z"), now), "2026-11-24 12:00");
	assert_string_equal(when_format_span(buf, 59 * USEC_PER_SEC), "59 s");
	assert_string_equal(when_format_span(buf, 12 * USEC_PER_MIN), "12 min");
	assert_string_equal(when_format_span(buf, 180 * USEC_PER_MIN), "3 h");
	assert_string_equal(when_format_span(buf, 200 * USEC_PER_MIN), "3 h 20 min");
	assert_string_equal(when_format_span(buf, 50 * 60 * USEC_PER_MIN), "2 d");
	assert_string_equal(when_format_age(buf, 65 * USEC_PER_SEC), "1 min 5 s");
	assert_string_equal(when_format_age(buf, 11 * USEC_PER_MIN), "11 min");
	set_zone("UTC");
}

/* Text and tables. */

static void test_clean(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "Nicoise \xc3\xa9", "Nicoise \xc3\xa9" },
		{ "\033[31mred\033[0m", "\xef\xbf\xbd[31mred\xef\xbf\xbd[0m" },
		{ "two\nlines\tand\r", "two lines and " },
		{ "bell\a", "bell\xef\xbf\xbd" },
		{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "c1 \xc2\x9b" "31m", "c1 \xef\xbf\xbd" "31m" },
		{ "over\xe2\x80\xae" "ride", "over\xef\xbf\xbd" "ride" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *out = text_clean(cases[i].in, false);

		assert_string_equal(out, cases[i].out);
	}
}

static void test_fit(void **state)
{
	_cleanup_free_ char *same = text_fit("four", 4), *cut = text_fit("fours", 4),
			    *wide = text_fit("\u5bff\u53f8\u5bff", 4);
	_cleanup_free_ char *combining = text_fit("e\u0301e\u0301e\u0301", 3), *none = text_fit("x", 0);

	(void)state;
	assert_string_equal(same, "four");
	assert_string_equal(cut, "fou\u2026");
	assert_string_equal(wide, "\u5bff\u2026"); /* a wide character is not cut in two */
	assert_int_equal(text_width(wide), 3);
	assert_string_equal(combining, "e\u0301e\u0301e\u0301");
	assert_string_equal(none, "");
	assert_int_equal(text_width("\u5bff\u53f8"), 4);
}

static char *print_table(const struct table *t, size_t width, bool legend, const struct style *style)
{
	struct textbuf b;

	table_print(t, textbuf_open(&b), style, width, legend);
	return textbuf_take(&b);
}

static void test_table(void **state)
{
	static const struct column columns[] = { { "ID", .right = true },
						 { "NAME", .flexible = true },
						 { "PRICE", .right = true } };
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	_cleanup_free_ char *wide = NULL, *narrow = NULL, *bare = NULL, *colour = NULL, *tiny = NULL;

	(void)state;
	table_add_heading(t, "Sushi");
	table_add(t, (const char *[]){ "7", "\u5bff\u53f8 mori", "12.90 USD" });
	table_add(t,
		  (const char *[]){ "112", "Cr\u00e8me br\u00fbl\u00e9e with\na very long name", "5 USD" });
	table_set_style(t, 0, STYLE_GOOD);
	table_add(t, (const char *[]){ "1", "free", NULL });
	wide = print_table(t, 0, true, &style_plain);
	assert_string_equal(wide, " ID  NAME                                    PRICE\n"
				  "Sushi\n"
				  "  7  \u5bff\u53f8 mori                           12.90 USD\n"
				  "112  Cr\u00e8me br\u00fbl\u00e9e with a very long name      5 USD\n"
				  "  1  free\n");
	narrow = print_table(t, 34, true, &style_plain);
	assert_string_equal(narrow, " ID  NAME                    PRICE\n"
				    "Sushi\n"
				    "  7  \u5bff\u53f8 mori           12.90 USD\n"
				    "112  Cr\u00e8me br\u00fbl\u00e9e with\u2026      5 USD\n"
				    "  1  free\n");
	tiny = print_table(t, 5, true, &style_plain);
	assert_non_null(strstr(tiny, "Cr\u00e8me br\u00fbl\u00e9\u2026"));
	bare = print_table(t, 0, false, &style_plain);
	assert_null(strstr(bare, "NAME"));
	assert_null(strstr(bare, "Sushi\n"));
	colour = print_table(t, 0, true, &style_colour);
	assert_non_null(strstr(colour, "\033[32m112\033[0m  Cr"));
}

/* Where a terminal is too narrow, first goes what is empty, then what may be left out, then text is cut. */
static void test_table_narrow(void **state)
{
	static const struct column columns[] = { { "NUMBER" },
						 { "CREATED", .optional = true },
						 { "STATUS" },
						 { "PAYMENT", .optional = true },
						 { "NOTE", .flexible = true } };
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	_cleanup_free_ char *fits = NULL, *no_note = NULL, *no_payment = NULL, *least = NULL;

	(void)state;
	table_add(t, (const char *[]){ "C-1", "2026-11-22 16:58", "cooking", "cash", "" });
	fits = print_table(t, 49, true, &style_plain);
	assert_string_equal(fits, "NUMBER  CREATED           STATUS   PAYMENT  NOTE\n"
				  "C-1     2026-11-22 16:58  cooking  cash\n");
	no_note = print_table(t, 47, true, &style_plain);
	assert_string_equal(no_note, "NUMBER  CREATED           STATUS   PAYMENT\n"
				     "C-1     2026-11-22 16:58  cooking  cash\n");
	no_payment = print_table(t, 41, true, &style_plain);
	assert_string_equal(no_payment, "NUMBER  CREATED           STATUS\n"
					"C-1     2026-11-22 16:58  cooking\n");
	least = print_table(t, 1, true, &style_plain);
	assert_string_equal(least, "NUMBER  STATUS\n"
				   "C-1     cooking\n");
}

/* Of two that give way, the last one does so first, and the first only for the rest. */
static void test_table_two_flexible(void **state)
{
	static const struct column columns[] = { { "TITLE", .flexible = true }, { "BODY", .flexible = true } };
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	_cleanup_free_ char *one = NULL, *two = NULL;

	(void)state;
	table_add(t, (const char *[]){ "Your order was cancelled", "Order C-000005 was cancelled." });
	one = print_table(t, 40, false, &style_plain);
	assert_string_equal(one, "Your order was cancelled  Order C-00000\u2026\n");
	two = print_table(t, 30, false, &style_plain);
	assert_string_equal(two, "Your order was\u2026   Order C-000\u2026\n");
}

static void test_csv(void **state)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	_cleanup_free_ char *text = NULL;

	(void)state;
	csv_field(f, "plain");
	fputc(' ', f);
	csv_field(f, "a,b");
	fputc(' ', f);
	csv_field(f, "say \"hi\"");
	text = textbuf_take(&b);
	assert_string_equal(text, "plain \"a,b\" \"say \"\"hi\"\"\"");
}

static void test_colour(void **state)
{
	(void)state;
	assert_true(colour_wanted(COLOUR_ALWAYS, -1));
	assert_false(colour_wanted(COLOUR_NEVER, -1));
	assert_false(colour_wanted(COLOUR_AUTO, -1));
}

/* Status bars. */

static void check_waybar(const struct waybar_state *s, uint64_t now, const char *expected)
{
	_cleanup_json_ json_object *o = waybar_json(s, now);

	assert_string_equal(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
}

static void test_waybar(void **state)
{
	uint64_t now = at("2026-11-22T19:40:00Z");
	struct waybar_state s = { .online = true };
	struct order o;

	(void)state;
	set_zone("UTC");
	check_waybar(&s, now,
		     "{\"text\":\"\",\"alt\":\"signed-out\",\"tooltip\":\"Nobody is signed "
		     "in\",\"class\":\"signed-out\"}");
	s.signed_in = true;
	s.login = "a<b>&c";
	s.unread = 3;
	check_waybar(&s, now,
		     "{\"text\":\"3\",\"alt\":\"idle\",\"tooltip\":\"a&lt;b&gt;&amp;c\\nNo pending "
		     "orders\\n3 unread\","
		     "\"class\":\"idle\"}");
	s.online = false;
	s.unread = 0;
	check_waybar(&s, now,
		     "{\"text\":\"\",\"alt\":\"offline\",\"tooltip\":\"a&lt;b&gt;&amp;c\\nNo pending "
		     "orders\\n0 unread\","
		     "\"class\":\"offline\"}");
	order_init(&o);
	o.uid = o.number = (char *)"C-7";
	o.status = (char *)"in-delivery";
	o.destination = (char *)"Main St 1";
	o.expected = o.end_expected = now + 10 * USEC_PER_MIN;
	o.progress = 80;
	s.pending = &o;
	s.pending_orders = 3;
	check_waybar(&s, now,
		     "{\"text\":\"On the way 19:50\",\"alt\":\"pending\",\"tooltip\":\"Order C-7\\nto Main "
		     "St 1\\n2 more pending\","
		     "\"class\":\"pending\",\"percentage\":80}");
	s.pending_orders = 1;
	check_waybar(&s, now + 22 * USEC_PER_MIN,
		     "{\"text\":\"On the way 19:50\",\"alt\":\"late\",\"tooltip\":\"Order C-7\\nto Main St "
		     "1\\n12 min late\","
		     "\"class\":\"late\",\"percentage\":80}");
	o.status = (char *)"awaiting-payment";
	o.expected = o.end_expected = 0;
	o.payments.items = &(struct order_payment){ .type = (char *)"card", .valid_until = now + 15 * USEC_PER_MIN };
	o.payments.n = 1;
	check_waybar(&s, now,
		     "{\"text\":\"To pay until 19:55\",\"alt\":\"to-pay\",\"tooltip\":\"Order C-7 is to be paid until "
		     "19:55: customerclient pay C-7\\nto Main St 1\",\"class\":\"to-pay\",\"percentage\":80}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args_good),
		cmocka_unit_test(test_args_bad),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_completion_names_everything),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_days_without_midnight),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_narrow),
		cmocka_unit_test(test_table_two_flexible),
		cmocka_unit_test(test_args_repeated), cmocka_unit_test(test_photo_content_type),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_waybar),
	};

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
