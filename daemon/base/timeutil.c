/* Clocks, and dates from and to text. No time zone and no locale comes in here. */
#include "base/timeutil.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/util.h"

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	/* Fails for clocks that the kernel does not know; these three it has known for long. */
	if (clock_gettime(clock, &ts) < 0)
		abort();
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t now_realtime(void)
{
	return now(CLOCK_REALTIME);
}

uint64_t now_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}

uint64_t now_boottime(void)
{
	return now(CLOCK_BOOTTIME);
}

struct moment {
	unsigned year, month, day, hour, minute, second;
};

/* Reads exactly n digits. */
static bool read_number(const char **s, size_t n, unsigned *ret)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++) {
		char c = (*s)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (unsigned)(c - '0');
	}
	*s += n;
	*ret = v;
	return true;
}

static bool read_text(const char **s, const char *text)
{
	const char *e = startswith(*s, text);

	if (!e)
		return false;
	*s = e;
	return true;
}

/* "15:04:05" */
static bool read_clock(const char **s, struct moment *m)
{
	return read_number(s, 2, &m->hour) && read_text(s, ":") && read_number(s, 2, &m->minute) &&
	       read_text(s, ":") && read_number(s, 2, &m->second);
}

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool moment_is_valid(const struct moment *m)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (m->month < 1 || m->month > 12 || m->day < 1)
		return false;
	if (m->day > days[m->month - 1] + (unsigned)(m->month == 2 && is_leap(m->year)))
		return false;
	return m->hour <= 23 && m->minute <= 59 && m->second <= 60;
}

/* Days since 1970-01-01. Years are counted from March, so that the leap day is their last; eras of 400 years keep
 * it in integers. */
static int64_t moment_days(const struct moment *m)
{
	int64_t year = (int64_t)m->year - (m->month <= 2), era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400, month = (m->month + 9) % 12;
	int64_t of_year = (153 * month + 2) / 5 + m->day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t moment_seconds(const struct moment *m)
{
	return moment_days(m) * 86400 + m->hour * 3600 + m->minute * 60 + m->second;
}

/* Up to 7 digits; beyond the microsecond they are dropped. */
static bool read_fraction(const char **s, unsigned *ret_usec)
{
	unsigned usec = 0;
	size_t n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++, n++)
		if (n < 6)
			usec = usec * 10 + (unsigned)(**s - '0');
	if (n == 0 || n > 7)
		return false;
	for (; n < 6; n++)
		usec *= 10;
	*ret_usec = usec;
	return true;
}

/* 'Z', "+05:30", or nothing, up to the end. */
static bool read_offset(const char **s, int64_t *ret_seconds)
{
	unsigned hours, minutes;
	bool west = **s == '-';

	*ret_seconds = 0;
	if (**s == 'Z')
		(*s)++;
	else if (**s == '+' || west) {
		(*s)++;
		if (!read_number(s, 2, &hours) || !read_text(s, ":") || !read_number(s, 2, &minutes))
			return false;
		if (hours > 23 || minutes > 59)
			return false;
		*ret_seconds = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	}
	return **s == '\0';
}

int time_parse_iso8601(const char *s, uint64_t *ret_usec)
{
	int64_t seconds, offset;
	unsigned usec = 0;
	struct moment m;

	if (!s)
		return -EINVAL;
	if (!read_number(&s, 4, &m.year) || !read_text(&s, "-") || !read_number(&s, 2, &m.month) ||
	    !read_text(&s, "-") || !read_number(&s, 2, &m.day) || !read_text(&s, "T") || !read_clock(&s, &m))
		return -EINVAL;
	if (read_text(&s, ".") && !read_fraction(&s, &usec))
		return -EINVAL;
	if (!read_offset(&s, &offset) || !moment_is_valid(&m))
		return -EINVAL;

	seconds = moment_seconds(&m) - offset;
	if (seconds < 0)
		return -ERANGE;
	*ret_usec = (uint64_t)seconds * USEC_PER_SEC + usec;
	return 0;
}

const char *time_format_iso8601(char buf[static ISO8601_SIZE], uint64_t usec)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;
	size_t n;

	/* Every uint64_t of microseconds is within the years of struct tm. */
	if (!gmtime_r(&seconds, &tm))
		abort();
	n = strftime(buf, ISO8601_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (usec % USEC_PER_SEC != 0)
		n += (size_t)snprintf(buf + n, ISO8601_SIZE - n, ".%06" PRIu64, usec % USEC_PER_SEC);
	(void)snprintf(buf + n, ISO8601_SIZE - n, "Z");
	return buf;
}

static bool read_month(const char **s, unsigned *ret)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	for (unsigned i = 0; i < ELEMENTSOF(names); i++)
		if (read_text(s, names[i])) {
			*ret = i + 1;
			return true;
		}
	return false;
}

/* The name alone ("Sun"), or the whole ("Sunday"). */
static bool read_weekday(const char **s, bool whole)
{
	static const char *const names[] = { "Monday", "Tuesday", "Wednesday", "Thursday",
					     "Friday", "Saturday", "Sunday" };

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		if (whole && read_text(s, names[i]))
			return true;
		if (!whole && strncmp(*s, names[i], 3) == 0) {
			*s += 3;
			return true;
		}
	}
	return false;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_imf_fixdate(const char *s, struct moment *m)
{
	return read_weekday(&s, false) && read_text(&s, ", ") && read_number(&s, 2, &m->day) &&
	       read_text(&s, " ") && read_month(&s, &m->month) && read_text(&s, " ") &&
	       read_number(&s, 4, &m->year) && read_text(&s, " ") && read_clock(&s, m) && streq(s, " GMT");
}

/* Sunday, 06-Nov-94 08:49:37 GMT. A year that seems more than 50 years ahead is the one of the last century. */
static bool read_rfc850(const char *s, struct moment *m)
{
	struct moment this = { .month = 1, .day = 1 };
	int64_t days = (int64_t)(now_realtime() / USEC_PER_SEC / 86400);

	if (!read_weekday(&s, true) || !read_text(&s, ", ") || !read_number(&s, 2, &m->day) || !read_text(&s, "-") ||
	    !read_month(&s, &m->month) || !read_text(&s, "-") || !read_number(&s, 2, &m->year) ||
	    !read_text(&s, " ") || !read_clock(&s, m) || !streq(s, " GMT"))
		return false;
	this.year = 1970 + (unsigned)(days / 366);
	while (this.year++, moment_days(&this) <= days)
		;
	this.year--;
	m->year += this.year / 100 * 100;
	if (m->year > this.year + 50)
		m->year -= 100;
	return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(const char *s, struct moment *m)
{
	return read_weekday(&s, false) && read_text(&s, " ") && read_month(&s, &m->month) && read_text(&s, " ") &&
	       (read_text(&s, " ") ? read_number(&s, 1, &m->day) : read_number(&s, 2, &m->day)) &&
	       read_text(&s, " ") && read_clock(&s, m) && read_text(&s, " ") && read_number(&s, 4, &m->year) &&
	       *s == '\0';
}

int time_parse_http(const char *s, uint64_t *ret_usec)
{
	int64_t seconds;
	struct moment m;

	if (!s || !(read_imf_fixdate(s, &m) || read_rfc850(s, &m) || read_asctime(s, &m)) || !moment_is_valid(&m))
		return -EINVAL;
	seconds = moment_seconds(&m);
	if (seconds < 0)
		return -EINVAL;
	*ret_usec = (uint64_t)seconds * USEC_PER_SEC;
	return 0;
}
