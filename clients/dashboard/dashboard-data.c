/* From orders to the numbers that dashboards count. What they count of them is in model.js. */
#include "clients/dashboard/dashboard-data.h"

#include <inttypes.h>
#include <time.h>

#include "base/money.h"

#define EXACT_MAX (INT64_C(1) << 53) /* what a number of JavaScript holds exactly; above, it is written as text */

/* Texts by their number, in the order they came. */
struct words {
	json_object *numbers, *texts;
};

struct rows {
	FILE *f;
	const char *currency;
	struct words statuses, places;
	uint64_t n;
};

static struct words words_new(void)
{
	return (struct words){ xcheck(json_object_new_object()), xcheck(json_object_new_array()) };
}

static void words_done(struct words *w)
{
	json_object_put(w->numbers);
	json_object_put(w->texts);
}

static int64_t word_number(struct words *w, const char *text)
{
	_cleanup_free_ char *clean = NULL;
	json_object *number;
	size_t n;

	if (!*text)
		return -1;
	if (json_object_object_get_ex(w->numbers, text, &number))
		return json_object_get_int64(number);
	n = json_object_array_length(w->texts);
	clean = text_clean(text, false);
	json_object_object_add(w->numbers, text, json_object_new_int64((int64_t)n));
	json_object_array_add(w->texts, xcheck(json_object_new_string(clean)));
	return (int64_t)n;
}

/* Within a script element neither an end tag nor a comment may begin. */
static void write_json(FILE *f, json_object *o)
{
	const char *text = xcheck((void *)(uintptr_t)json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));

	for (; *text; text++)
		switch (*text) {
		case '<':
		case '>':
		case '&':
			fprintf(f, "\\u%04x", (unsigned)*text);
			break;
		default:
			fputc(*text, f);
		}
}

static int64_t days_of(int year, int month, int mday)
{
	struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = mday };

	return (int64_t)timegm(&tm) / (24 * 60 * 60);
}

/* Since 1970-01-01, of the local date. */
static int64_t local_day(uint64_t usec, int *ret_hour)
{
	time_t t = (time_t)(usec / USEC_PER_SEC);
	struct tm tm = {};

	(void)localtime_r(&t, &tm);
	if (ret_hour)
		*ret_hour = tm.tm_hour;
	return days_of(tm.tm_year, tm.tm_mon, tm.tm_mday);
}

static void write_amount(FILE *f, bool known, int64_t minor)
{
	if (!known)
		fputs(",null", f);
	else if (minor > EXACT_MAX || minor < -EXACT_MAX)
		fprintf(f, ",\"%" PRIi64 "\"", minor);
	else
		fprintf(f, ",%" PRIi64, minor);
}

static void write_span(FILE *f, uint64_t from, uint64_t to)
{
	if (to == 0)
		fputs(",null", f);
	else
		fprintf(f, ",%" PRIi64, (int64_t)(to - from));
}

static uint64_t count_items(json_object *o)
{
	json_object *products = json_get_array(o, "products");
	uint64_t items = 0;

	for (size_t i = 0; products && i < json_object_array_length(products); i++) {
		uint32_t quantity = 0;

		(void)json_get_u32(json_object_array_get_idx(products, i), "quantity", &quantity);
		items += quantity;
	}
	return items;
}

static int add_order(json_object *o, void *userdata)
{
	struct rows *rows = userdata;
	uint64_t created = export_time(o, "created");
	bool counted = streq(export_text(o, "currency"), rows->currency);
	int64_t total = 0, cost = 0, day;
	int hour;

	if (created == 0)
		return 0;
	(void)export_amount(o, "total-price", &total);
	(void)export_amount(o, "products-price", &cost);
	day = local_day(created, &hour);
	fprintf(rows->f, "%s[%" PRIi64 ",%d,%" PRIi64 ",%" PRIi64, rows->n++ > 0 ? ",\n" : "", day, hour,
		word_number(&rows->statuses, export_text(o, "status")),
		word_number(&rows->places, export_text(o, "destination")));
	write_amount(rows->f, counted, total);
	write_amount(rows->f, counted, cost);
	fprintf(rows->f, ",%" PRIu64, count_items(o));
	write_span(rows->f, created, export_time(o, "end-actual"));
	write_span(rows->f, created, export_time(o, "end-expected"));
	fputc(']', rows->f);
	return 0;
}

static void add_numbers(json_object *filter, const char *name, struct words *w, char *const *texts)
{
	json_object *numbers = NULL;

	if (texts)
		numbers = xcheck(json_object_new_array());
	for (; texts && *texts; texts++)
		json_object_array_add(numbers, json_object_new_int64(word_number(w, *texts)));
	json_object_object_add(filter, name, numbers);
}

static json_object *day_or_null(uint64_t usec)
{
	return usec ? json_object_new_int64(local_day(usec, NULL)) : NULL;
}

static json_object *filter_json(struct rows *rows, const struct dashboard_filter *filter)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "from", day_or_null(filter->since));
	json_object_object_add(o, "to", day_or_null(filter->until ? filter->until - 1 : 0));
	json_object_object_add(o, "period", json_object_new_string(filter->period ? filter->period : "month"));
	add_numbers(o, "statuses", &rows->statuses, filter->statuses);
	add_numbers(o, "places", &rows->places, filter->places);
	return o;
}

static void add_rest(json_object *o, struct rows *rows, const struct dashboard_filter *filter, uint64_t now)
{
	time_t t = (time_t)(now / USEC_PER_SEC);
	int digits = currency_digits(rows->currency);
	char written[40] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		(void)strftime(written, sizeof(written), "%Y-%m-%d %H:%M %Z", &tm);
	json_object_object_add(o, "written", json_object_new_string(written));
	json_object_object_add(o, "today", json_object_new_int64(local_day(now, NULL)));
	json_object_object_add(o, "currency", json_object_new_string(rows->currency));
	json_object_object_add(o, "digits", json_object_new_int(digits < 0 ? 2 : digits));
	json_object_object_add(o, "filter", filter_json(rows, filter));
	json_object_object_add(o, "statuses", json_object_get(rows->statuses.texts));
	json_object_object_add(o, "places", json_object_get(rows->places.texts));
}

int dashboard_data_write(FILE *f, const struct export_file *orders, const struct dashboard_filter *filter,
			 const char *currency, uint64_t now)
{
	struct rows rows = { .f = f, .currency = currency, .statuses = words_new(), .places = words_new() };
	json_object *rest = xcheck(json_object_new_object());
	int r;

	tzset();
	fputs("{\"orders\":[\n", f);
	r = export_each(orders, add_order, &rows);
	fputs("\n],\"more\":", f);
	add_rest(rest, &rows, filter, now);
	write_json(f, rest);
	fputc('}', f);
	json_object_put(rest);
	words_done(&rows.statuses);
	words_done(&rows.places);
	return r;
}
