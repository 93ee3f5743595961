/* Reading and writing local times. The zone is the process's (TZ); the present moment comes from the
 * caller. */
#include "clients/cli/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/timeutil.h"
#include "base/util.h"

#define YEARS_10 (UINT64_C(3653) * 24 * 3600 * USEC_PER_SEC)

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static struct tm local_tm(time_t t)
{
	struct tm tm = {};

	localtime_r(&t, &tm);
	return tm;
}

static struct tm local_date(uint64_t usec)
{
	return local_tm((time_t)(usec / USEC_PER_SEC));
}

/* The first moment of a day; day and month may be beyond their range (32 is the 1st of the next). Midnight
 * itself may not exist, or exist twice: so back from noon for as long as it is the same day. */
static int day_start(int year, int month, int day, uint64_t *ret)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12, .tm_isdst = -1
	};
	const time_t step = 15 * 60;
	time_t t = mktime(&tm);

	for (int i = 0; i < 200 && local_tm(t - step).tm_mday == tm.tm_mday; i++)
		t -= step;
	if (t < 0)
		return -EINVAL;
	*ret = (uint64_t)t * USEC_PER_SEC;
	return 0;
}

static int span(int y1, int m1, int d1, int y2, int m2, int d2, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start, end;
	int r;

	r = day_start(y1, m1, d1, &start);
	if (r >= 0)
		r = day_start(y2, m2, d2, &end);
	if (r < 0)
		return r;
	*ret_start = start;
	*ret_end = end;
	return 0;
}

/* Exactly n digits; what follows them, or NULL. */
static const char *read_digits(const char *s, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return NULL;
		v = v * 10 + (s[i] - '0');
	}
	*ret = v;
	return s + n;
}

/* "2025[-03[-14]]": how many parts, and in *ret_rest what follows; 0 when it is no date. */
static int read_date(const char *s, int *year, int *month, int *day, const char **ret_rest)
{
	const char *p;

	*month = *day = 1;
	s = read_digits(s, 4, year);
	if (!s || *year < 1970)
		return 0;
	*ret_rest = s;
	if (*s != '-')
		return 1;
	p = read_digits(s + 1, 2, month);
	if (!p || *month < 1 || *month > 12)
		return 0;
	*ret_rest = p;
	if (*p != '-')
		return 2;
	p = read_digits(p + 1, 2, day);
	if (!p || *day < 1 || *day > days_in_month(*year, *month))
		return 0;
	*ret_rest = p;
	return 3;
}

static int parse_named_period(const char *s, uint64_t now, uint64_t *ret_start, uint64_t *ret_end)
{
	struct tm tm = local_date(now);
	int y = tm.tm_year + 1900, m = tm.tm_mon + 1, d = tm.tm_mday, back = 0;
	const char *unit;

	if (streq(s, "today"))
		return span(y, m, d, y, m, d + 1, ret_start, ret_end);
	if (streq(s, "yesterday"))
		return span(y, m, d - 1, y, m, d, ret_start, ret_end);
	unit = startswith(s, "this ");
	if (!unit) {
		unit = startswith(s, "last ");
		back = 1;
	}
	if (!unit)
		return -EINVAL;
	if (streq(unit, "week")) {
		d -= (tm.tm_wday + 6) % 7 + 7 * back;
		return span(y, m, d, y, m, d + 7, ret_start, ret_end);
	}
	if (streq(unit, "month"))
		return span(y, m - back, 1, y, m - back + 1, 1, ret_start, ret_end);
	if (streq(unit, "year"))
		return span(y - back, 1, 1, y - back + 1, 1, 1, ret_start, ret_end);
	return -EINVAL;
}

/* "19:30[:15]" to the end of the text. */
static int read_clock(const char *s, int *hour, int *minute, int *second)
{
	*second = 0;
	s = read_digits(s, 2, hour);
	if (!s || *s != ':')
		return -EINVAL;
	s = read_digits(s + 1, 2, minute);
	if (s && *s == ':')
		s = read_digits(s + 1, 2, second);
	if (!s || *s || *hour > 23 || *minute > 59 || *second > 59)
		return -EINVAL;
	return 0;
}

static int local_moment(int year, int month, int day, const char *clock, uint64_t *ret)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1 };
	struct tm back;
	time_t t;
	int r;

	r = read_clock(clock, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	if (r < 0)
		return r;
	back = tm;
	t = mktime(&back);
	if (t < 0)
		return -EINVAL;
	back = local_tm(t);
	if (back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min)
		return -ENOENT;
	*ret = (uint64_t)t * USEC_PER_SEC;
	return 0;
}

/* A date and a time of day; without a zone it is local. */
static int parse_moment(const char *s, uint64_t *ret)
{
	int year, month, day, r;
	const char *rest;

	if (read_date(s, &year, &month, &day, &rest) != 3 || (*rest != 'T' && *rest != ' '))
		return -EINVAL;
	r = local_moment(year, month, day, rest + 1, ret);
	if (r != -EINVAL || *rest != 'T')
		return r;
	if (!strpbrk(rest, "Zz+-"))
		return -EINVAL;
	return time_parse_iso8601(s, ret);
}

int when_parse_period(const char *s, uint64_t now, uint64_t *ret_start, uint64_t *ret_end)
{
	int year, month, day, parts, r;
	const char *rest;
	uint64_t moment;

	parts = read_date(s, &year, &month, &day, &rest);
	if (parts == 0 || *rest) {
		r = parse_moment(s, &moment);
		if (r < 0)
			return parse_named_period(s, now, ret_start, ret_end);
		*ret_start = *ret_end = moment;
		return 0;
	}
	if (parts == 1)
		return span(year, 1, 1, year + 1, 1, 1, ret_start, ret_end);
	if (parts == 2)
		return span(year, month, 1, year, month + 1, 1, ret_start, ret_end);
	return span(year, month, day, year, month, day + 1, ret_start, ret_end);
}

int when_parse_time(const char *s, uint64_t now, uint64_t *ret)
{
	struct tm tm = local_date(now);
	const char *rest;
	uint64_t t;
	int r, plus = 0;

	rest = startswith(s, "tomorrow ");
	if (rest)
		plus = 1;
	else
		rest = startswith(s, "today ");
	if (!rest)
		rest = s;
	if (plus) { /* the day after this one, whatever month that is in */
		tm.tm_mday++;
		tm.tm_hour = 12;
		tm.tm_isdst = -1;
		(void)mktime(&tm);
	}
	r = local_moment(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, rest, &t);
	if (r == -EINVAL && rest == s)
		r = parse_moment(s, &t);
	if (r < 0)
		return r;
	if (t <= now)
		return -ERANGE;
	*ret = t;
	return 0;
}

int when_parse_duration(const char *s, uint64_t *ret)
{
	uint64_t total = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		uint64_t n = 0, unit;

		if (*s < '0' || *s > '9')
			return -EINVAL;
		for (; *s >= '0' && *s <= '9'; s++) {
			n = n * 10 + (uint64_t)(*s - '0');
			if (n > YEARS_10 / USEC_PER_SEC)
				return -EINVAL;
		}
		switch (*s++) {
		case 's': unit = USEC_PER_SEC; break;
		case 'm': unit = USEC_PER_MIN; break;
		case 'h': unit = 60 * USEC_PER_MIN; break;
		case 'd': unit = 24 * 60 * USEC_PER_MIN; break;
		default: return -EINVAL;
		}
		if (n > YEARS_10 / unit)
			return -EINVAL;
		total += n * unit;
		if (total > YEARS_10)
			return -EINVAL;
	}
	if (total == 0)
		return -EINVAL;
	*ret = total;
	return 0;
}

const char *when_format(char buf[static WHEN_SIZE], uint64_t usec)
{
	struct tm tm;

	*buf = '\0';
	if (usec) {
		tm = local_date(usec);
		(void)strftime(buf, WHEN_SIZE, "%Y-%m-%d %H:%M", &tm);
	}
	return buf;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

const char *when_format_near(char buf[static WHEN_SIZE], uint64_t usec, uint64_t now)
{
	struct tm tm, today, near;

	*buf = '\0';
	if (!usec)
		return buf;
	tm = local_date(usec);
	today = near = local_date(now);
	if (same_day(&tm, &today)) {
		(void)strftime(buf, WHEN_SIZE, "%H:%M", &tm);
		return buf;
	}
	near.tm_mday += usec > now ? 1 : -1;
	near.tm_hour = 12;
	near.tm_isdst = -1;
	(void)mktime(&near);
	if (!same_day(&tm, &near))
		return when_format(buf, usec);
	(void)strftime(buf, WHEN_SIZE, usec > now ? "tomorrow %H:%M" : "yesterday %H:%M", &tm);
	return buf;
}

const char *when_format_span(char buf[static WHEN_SIZE], uint64_t usec)
{
	uint64_t s = usec / USEC_PER_SEC, m = s / 60, h = m / 60;

	if (s < 60)
		snprintf(buf, WHEN_SIZE, "%u s", (unsigned)s);
	else if (m < 60)
		snprintf(buf, WHEN_SIZE, "%u min", (unsigned)m);
	else if (h < 24 && m % 60)
		snprintf(buf, WHEN_SIZE, "%u h %u min", (unsigned)h, (unsigned)(m % 60));
	else if (h < 24)
		snprintf(buf, WHEN_SIZE, "%u h", (unsigned)h);
	else
		snprintf(buf, WHEN_SIZE, "%" PRIu64 " d", h / 24);
	return buf;
}

const char *when_format_age(char buf[static WHEN_SIZE], uint64_t usec)
{
	unsigned s = (unsigned)(usec / USEC_PER_SEC);

	if (usec < USEC_PER_MIN || usec >= 10 * USEC_PER_MIN)
		return when_format_span(buf, usec);
	snprintf(buf, WHEN_SIZE, "%u min %u s", s / 60, s % 60);
	return buf;
}
