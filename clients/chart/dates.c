/* Ticks of a time axis: the calendar in local time, and which of its beginnings have room for a label. */
#include <time.h>

#include "clients/chart/layout.h"
#include "clients/cli/text.h"

struct date {
	int64_t year;
	int month, day; /* from 1 */
};

/* Days since 1970-01-01 in the Gregorian calendar, by years that begin in March. */
static int64_t days_of(struct date d)
{
	int64_t y = d.month <= 2 ? d.year - 1 : d.year, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date date_of(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	struct date d = { .day = (int)(of_year - (153 * m + 2) / 5 + 1),
			  .month = (int)(m < 10 ? m + 3 : m - 9) };

	d.year = y + era * 400 + (d.month <= 2);
	return d;
}

int64_t chart_day_of(uint64_t usec)
{
	time_t t = (time_t)(usec / USEC_PER_SEC);
	struct tm tm = {};

	localtime_r(&t, &tm);
	return days_of((struct date){ .year = tm.tm_year + 1900LL, .month = tm.tm_mon + 1, .day = tm.tm_mday });
}

int64_t chart_slot_of_day(enum chart_along along, int64_t day)
{
	struct date d = date_of(day);

	switch (along) {
	case CHART_WEEKS: /* 1970-01-01 was a Thursday */
		return (day + 3 - (day + 3 < 0 ? 6 : 0)) / 7;
	case CHART_MONTHS:
		return d.year * 12 + d.month - 1;
	case CHART_YEARS:
		return d.year;
	default:
		return day;
	}
}

/* The first day of a slot. */
static int64_t day_of_slot(enum chart_along along, int64_t slot)
{
	switch (along) {
	case CHART_WEEKS:
		return slot * 7 - 3;
	case CHART_MONTHS:
		return days_of((struct date){ .year = slot / 12, .month = (int)(slot % 12) + 1, .day = 1 });
	case CHART_YEARS:
		return days_of((struct date){ .year = slot, .month = 1, .day = 1 });
	default:
		return slot;
	}
}

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

enum beginning { DAY, WEEK, MONTH, YEAR };

/* From fine to coarse; the first that has room is taken. */
static const struct choice {
	enum beginning unit;
	int every;
	enum chart_along finest; /* that it makes sense for */
} choices[] = {
	{ DAY, 1, CHART_DAYS },	   { WEEK, 1, CHART_WEEKS },   { WEEK, 2, CHART_WEEKS },
	{ MONTH, 1, CHART_MONTHS }, { MONTH, 3, CHART_MONTHS }, { MONTH, 6, CHART_MONTHS },
	{ YEAR, 1, CHART_YEARS },  { YEAR, 2, CHART_YEARS },   { YEAR, 5, CHART_YEARS },
	{ YEAR, 10, CHART_YEARS }, { YEAR, 20, CHART_YEARS },  { YEAR, 50, CHART_YEARS },
	{ YEAR, 100, CHART_YEARS }, { YEAR, 1000, CHART_YEARS },
};

/* The beginning of the next one that is due, at or after this day. */
static int64_t next_beginning(const struct choice *c, int64_t day)
{
	struct date d = date_of(day);
	int64_t n;

	switch (c->unit) {
	case WEEK:
		n = (day + 3 + 6) / 7;
		n = (n + c->every - 1) / c->every * c->every;
		return n * 7 - 3;
	case MONTH:
		n = d.year * 12 + d.month - 1 + (d.day > 1);
		n = (n + c->every - 1) / c->every * c->every;
		return days_of((struct date){ .year = n / 12, .month = (int)(n % 12) + 1, .day = 1 });
	case YEAR:
		n = d.year + (d.month > 1 || d.day > 1);
		n = (n + c->every - 1) / c->every * c->every;
		return days_of((struct date){ .year = n, .month = 1, .day = 1 });
	default:
		return day;
	}
}

static void label_date(struct tick *t, enum beginning unit, int64_t day)
{
	struct date d = date_of(day);

	if (unit == YEAR)
		snprintf(t->label, sizeof(t->label), "%lld", (long long)d.year);
	else if (unit == MONTH) {
		snprintf(t->label, sizeof(t->label), "%s", months[d.month - 1]);
		snprintf(t->context, sizeof(t->context), "%lld", (long long)d.year);
	} else {
		snprintf(t->label, sizeof(t->label), "%d", d.day);
		snprintf(t->context, sizeof(t->context), "%s %lld", months[d.month - 1], (long long)d.year);
	}
}

/* A context is said where it changes. Where it has no room behind the one before, that one goes when it was for
 * the beginning of the axis only, else it goes itself. */
static void thin_contexts(const struct chart_space *space, struct tick *ticks, size_t n)
{
	char last[TICK_LABEL_SIZE] = "";
	size_t shown = SIZE_MAX;
	double end = 0;

	for (size_t i = 0; i < n; i++) {
		struct tick *t = &ticks[i];
		double width = space->measure(space->userdata, t->context);
		double from = t->at * space->width - width / 2;

		if (streq(t->context, last)) {
			t->context[0] = '\0';
			continue;
		}
		strcpy(last, t->context);
		if (from < 0)
			from = 0;
		if (shown == 0 && from < end + space->gap)
			ticks[0].context[0] = '\0';
		else if (shown != SIZE_MAX && from < end + space->gap) {
			t->context[0] = '\0';
			continue;
		}
		shown = i;
		end = from + width;
	}
}

/* NULL when that choice has no room. */
static struct tick *try_choice(const struct chart *c, const struct chart_space *space,
			       const struct chart_layout *l, const struct choice *choice, size_t *ret_n)
{
	int64_t day = day_of_slot(c->along, l->first_slot);
	int64_t end = day_of_slot(c->along, l->first_slot + l->n_slots);
	size_t room = (size_t)(space->width / (1 + space->gap)) + 2, n = 0;
	struct tick *ticks = xcheck(new0(struct tick, room + 1));

	for (day = next_beginning(choice, day); day < end; day = next_beginning(choice, day + 1)) {
		int64_t slot = chart_slot_of_day(c->along, day) - l->first_slot;

		if (n == room)
			break;
		ticks[n].at = ((double)slot + 0.5) / (double)l->n_slots;
		label_date(&ticks[n++], choice->unit, day);
	}
	*ret_n = n;
	if (n < room && chart_ticks_fit(space, ticks, n))
		return ticks;
	free(ticks);
	return NULL;
}

void chart_date_ticks(const struct chart *c, const struct chart_space *space, struct chart_layout *l)
{
	const struct choice *used = NULL;

	for (size_t i = 0; i < ELEMENTSOF(choices) && !l->along; i++) {
		used = &choices[i];
		if (used->finest >= c->along || (used->unit == WEEK && c->along == CHART_DAYS))
			l->along = try_choice(c, space, l, used, &l->n_along);
	}
	/* Nothing begins within it, or has no room: then the first slot says when it is. */
	if (!l->along || l->n_along == 0) {
		enum beginning unit = c->along == CHART_YEARS ? YEAR : c->along == CHART_MONTHS ? MONTH : DAY;

		free(l->along);
		l->along = xcheck(new0(struct tick, 1));
		l->n_along = 1;
		l->along[0].at = 0.5 / (double)l->n_slots;
		label_date(&l->along[0], unit, day_of_slot(c->along, l->first_slot));
	}
	thin_contexts(space, l->along, l->n_along);
}
