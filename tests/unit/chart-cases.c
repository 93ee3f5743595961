/* Charts that are hard to draw well. The numbers are made by a generator of fixed seed, so that every run draws the
 * same. */
#include "chart-cases.h"

#include <math.h>
#include <time.h>

#include "clients/cli/text.h"

static uint32_t seed;

static double chance(void)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) / (double)(1 << 24);
}

static uint64_t local(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 0, .tm_isdst = -1 };

	return (uint64_t)mktime(&tm) * USEC_PER_SEC;
}

static void begin(struct chart *c, const char *title, enum chart_kind kind, enum chart_along along, const char *currency)
{
	*c = (struct chart){ .title = xstrdup(title), .kind = kind, .along = along };
	if (currency) {
		c->unit = CHART_MONEY;
		snprintf(c->currency, sizeof(c->currency), "%s", currency);
	}
	seed = 7;
}

/* A day's orders: more at the end of a week, more from year to year, nothing on many days. */
static double a_day(int day)
{
	double n = 0.35 + 0.0001 * day + (day % 7 >= 5 ? 0.25 : 0);

	return chance() < n ? floor(900 + 4200 * chance() + 0.6 * day) : 0;
}

static void five_years(struct chart *c, enum chart_along along)
{
	double sum = 0;
	int key = -1, month = 0;

	for (int day = 0; day < 1826; day++) {
		uint64_t at = local(2021, 11, 22 + day);
		time_t t = (time_t)(at / USEC_PER_SEC);
		struct tm tm;
		int now;

		localtime_r(&t, &tm);
		month = tm.tm_year * 12 + tm.tm_mon;
		now = along == CHART_DAYS ? day : along == CHART_WEEKS ? day / 7 :
		      along == CHART_MONTHS ? month : tm.tm_year;
		if (now != key) {
			chart_add(c, "", at, 0);
			key = now;
			sum = 0;
		}
		sum += a_day(day);
		c->points[c->n - 1].value = sum;
	}
	chart_add_note(c, "Sum 35 187.40 USD, mean 19.27 USD, of 1826 days.");
	chart_add_note(c, "From the service.");
}

static void days(struct chart *c)
{
	begin(c, "Spent by day", CHART_LINE, CHART_DAYS, "USD");
	five_years(c, CHART_DAYS);
}

static void days_bars(struct chart *c)
{
	days(c);
	c->kind = CHART_BAR;
}

static void weeks(struct chart *c)
{
	begin(c, "Spent by week", CHART_BAR, CHART_WEEKS, "USD");
	five_years(c, CHART_WEEKS);
}

static void months(struct chart *c)
{
	begin(c, "Spent by month", CHART_BAR, CHART_MONTHS, "USD");
	five_years(c, CHART_MONTHS);
}

static void months_line(struct chart *c)
{
	months(c);
	c->kind = CHART_LINE;
}

static void years(struct chart *c)
{
	begin(c, "Spent by year", CHART_BAR, CHART_YEARS, "USD");
	five_years(c, CHART_YEARS);
}

static void one(struct chart *c)
{
	begin(c, "Spent by month", CHART_BAR, CHART_MONTHS, "USD");
	chart_add(c, "2026-11", local(2026, 11, 1), 4250);
	chart_add_note(c, "Computed here.");
}

static void one_line(struct chart *c)
{
	one(c);
	c->kind = CHART_LINE;
}

static void equal(struct chart *c)
{
	begin(c, "Orders by month", CHART_BAR, CHART_MONTHS, NULL);
	for (int i = 0; i < 12; i++)
		chart_add(c, NULL, local(2025, 12 + i, 1), 4);
}

static void equal_line(struct chart *c)
{
	equal(c);
	c->kind = CHART_LINE;
}

static void gap(struct chart *c)
{
	begin(c, "Orders by month", CHART_BAR, CHART_MONTHS, NULL);
	for (int i = 0; i < 6; i++)
		chart_add(c, NULL, local(2026, 6 + i, 1), i == 2 ? 0 : 3 + (i * 5) % 4);
}

static void gap_line(struct chart *c)
{
	begin(c, "Time from order to delivery by month", CHART_LINE, CHART_MONTHS, NULL);
	c->unit = CHART_MINUTES;
	for (int i = 0; i < 14; i++)
		if (i != 5)
			chart_add(c, NULL, local(2025, 10 + i, 1), 34 + 9 * sin(i));
}

static void extremes(struct chart *c)
{
	begin(c, "Spent by month", CHART_BAR, CHART_MONTHS, "USD");
	chart_add(c, NULL, local(2026, 10, 1), 1);
	chart_add(c, NULL, local(2026, 11, 1), 100000000);
}

static void extremes_line(struct chart *c)
{
	extremes(c);
	c->kind = CHART_LINE;
}

static void yen(struct chart *c)
{
	begin(c, "Spent by week", CHART_BAR, CHART_WEEKS, "JPY");
	for (int i = 0; i < 12; i++)
		chart_add(c, NULL, local(2026, 9, 7 + 7 * i), floor(2000 + 6000 * chance()));
}

static void nothing(struct chart *c)
{
	begin(c, "Spent by month", CHART_BAR, CHART_MONTHS, "USD");
	chart_add_note(c, "From the service.");
}

static void delay(struct chart *c)
{
	begin(c, "Minutes behind the promise by week", CHART_LINE, CHART_WEEKS, NULL);
	c->unit = CHART_MINUTES;
	for (int i = 0; i < 40; i++)
		chart_add(c, NULL, local(2026, 2, 2 + 7 * i), 14 * chance() - 5 + 4 * sin(i / 4.0));
}

static void delay_bars(struct chart *c)
{
	begin(c, "Minutes behind the promise by month", CHART_BAR, CHART_MONTHS, NULL);
	c->late = true;
	c->unit = CHART_MINUTES;
	for (int i = 0; i < 12; i++)
		chart_add(c, NULL, local(2025, 12 + i, 1), floor(10 * (15 * chance() - 6)) / 10);
}

static void delays(struct chart *c)
{
	double values[300];

	begin(c, "Minutes behind the promise", CHART_HISTOGRAM, CHART_BINS, NULL);
	c->late = true;
	c->x_unit = CHART_MINUTES;
	for (size_t i = 0; i < ELEMENTSOF(values); i++)
		values[i] = -8 + 14 * (chance() + chance() + chance() - 1) + (chance() < 0.05 ? 25 * chance() : 0);
	chart_count_into_bins(c, values, ELEMENTSOF(values), 24);
}

static void hours(struct chart *c)
{
	begin(c, "Orders by hour of the day", CHART_HISTOGRAM, CHART_BINS, NULL);
	c->x_unit = CHART_HOURS;
	c->bin_width = 1;
	for (int i = 0; i < 24; i++)
		chart_add(c, NULL, 0, floor(60 * exp(-pow(i - 12.5, 2) / 3) + 90 * exp(-pow(i - 19, 2) / 4)));
}

static void places(struct chart *c)
{
	static const char *const names[] = { "Main Street 12, Springfield", "東京都港区芝公園四丁目", "Çınar Sokak 5",
					     "Elm Avenue 1" };

	begin(c, "Orders by place of delivery", CHART_BAR, CHART_NAMES, NULL);
	c->lying = true;
	for (int i = 0; i < 60; i++) {
		_cleanup_free_ char *other = xprintf("Place number %d", i + 1);

		chart_add(c, i < 4 ? names[i] : other, 0, floor(120 / (1 + i)) + 1);
	}
}

static void places_few(struct chart *c)
{
	begin(c, "Orders by place of delivery", CHART_BAR, CHART_NAMES, NULL);
	c->lying = true;
	chart_add(c, "Main Street 12, Springfield", 0, 100000);
	chart_add(c, "Office", 0, 1);
}

static void scatter(struct chart *c)
{
	begin(c, "Delivery, promised and real", CHART_SCATTER, CHART_NUMBERS, NULL);
	c->unit = c->x_unit = CHART_MINUTES;
	c->diagonal = c->late = true;
	c->x_title = xstrdup("promised");
	c->y_title = xstrdup("real");
	for (int i = 0; i < 400; i++) {
		double promised = 20 + 5 * floor(8 * chance());

		chart_add_xy(c, promised, promised - 4 + 20 * (chance() - 0.35) * chance() + (chance() < 0.06 ? 22 * chance() : 0));
	}
}

static void huge(struct chart *c)
{
	begin(c, "Spent by year", CHART_BAR, CHART_YEARS, "USD");
	chart_add(c, NULL, local(2024, 1, 1), 0x1p63);
	chart_add(c, NULL, local(2025, 1, 1), -0x1p63);
	chart_add(c, NULL, local(2026, 1, 1), 0x1p62);
}

static void november(struct chart *c)
{
	begin(c, "Orders by day", CHART_BAR, CHART_DAYS, NULL);
	for (int i = 0; i < 30; i++)
		chart_add(c, NULL, local(2026, 11, 1 + i), floor(4 * chance()));
}

static const struct {
	const char *name;
	void (*make)(struct chart *c);
} makers[] = {
	{ "days", days },		  { "days-bars", days_bars }, { "weeks", weeks },
	{ "months", months },		  { "months-line", months_line }, { "years", years },
	{ "one", one },			  { "one-line", one_line },   { "equal", equal },
	{ "equal-line", equal_line },	  { "gap", gap },	      { "gap-line", gap_line },
	{ "extremes", extremes },	  { "extremes-line", extremes_line }, { "yen", yen },
	{ "nothing", nothing },		  { "delay", delay },	      { "delay-bars", delay_bars },
	{ "delays", delays },		  { "hours", hours },	      { "places", places },
	{ "places-few", places_few },	  { "scatter", scatter },     { "huge", huge },
	{ "november", november },
};

const char *const chart_cases[] = {
	"days", "days-bars", "weeks", "months", "months-line", "years", "one", "one-line", "equal", "equal-line",
	"gap", "gap-line", "extremes", "extremes-line", "yen", "nothing", "delay", "delay-bars", "delays", "hours",
	"places", "places-few", "scatter", "huge", "november", NULL,
};

bool chart_case_make(const char *name, struct chart *ret)
{
	for (size_t i = 0; i < ELEMENTSOF(makers); i++)
		if (streq(makers[i].name, name)) {
			makers[i].make(ret);
			return true;
		}
	return false;
}
