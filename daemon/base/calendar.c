/* Calendar arithmetic in the local zone. Dates are counted as days since 1970-01-01, so that only the day's first
 * moment has to be asked of the zone. */
#include "base/calendar.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/util.h"

#define DAY_SEC 86400
#define ZONE_FOLDER "zoneinfo/"

static const char *const names[_CALENDAR_PERIOD_MAX] = {
	[CALENDAR_DAY] = "day",   [CALENDAR_WEEK] = "week", [CALENDAR_MONTH] = "month",
	[CALENDAR_YEAR] = "year", [CALENDAR_ALL] = "all",
};

int calendar_period_from_name(const char *name)
{
	for (int i = 0; i < _CALENDAR_PERIOD_MAX; i++)
		if (streq(names[i], name))
			return i;
	return -EINVAL;
}

const char *calendar_period_name(enum calendar_period period)
{
	return names[period];
}

void calendar_refresh(void)
{
	tzset();
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = floor_div(y, 400);
	int64_t yoe = y - era * 400, doy = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

/* Seconds of local time since the local 1970-01-01 00:00. */
static int64_t local_seconds(int64_t t)
{
	time_t when = t;
	struct tm tm;

	return localtime_r(&when, &tm) ? t + tm.tm_gmtoff : t;
}

static int64_t local_day(int64_t t)
{
	return floor_div(local_seconds(t), DAY_SEC);
}

/* Where the clocks change around midnight there may be two midnights, or none. */
static int64_t day_begin_by_search(int64_t day)
{
	int64_t low = day * DAY_SEC - 2 * DAY_SEC, high = day * DAY_SEC + 2 * DAY_SEC;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (local_day(middle) < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first second of a local day. */
static int64_t day_begin(int64_t day)
{
	int64_t midnight = day * DAY_SEC, t = midnight - (local_seconds(midnight) - midnight);

	t = midnight - (local_seconds(t) - t);
	if (local_seconds(t) == midnight && local_day(t - 1) < day)
		return t;
	return day_begin_by_search(day);
}

static int64_t bucket_first_day(enum calendar_period period, int64_t day)
{
	unsigned month, mday;
	int64_t year;

	if (period == CALENDAR_DAY)
		return day;
	if (period == CALENDAR_WEEK) /* 1970-01-01 was a Thursday */
		return floor_div(day + 3, 7) * 7 - 3;
	civil_from_days(day, &year, &month, &mday);
	return days_from_civil(year, period == CALENDAR_YEAR ? 1 : month, 1);
}

static int64_t bucket_next_day(enum calendar_period period, int64_t first)
{
	unsigned month, mday;
	int64_t year;

	if (period == CALENDAR_DAY)
		return first + 1;
	if (period == CALENDAR_WEEK)
		return first + 7;
	civil_from_days(first, &year, &month, &mday);
	if (period == CALENDAR_YEAR)
		return days_from_civil(year + 1, 1, 1);
	return month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
}

static uint64_t usec_of(int64_t t)
{
	return t <= 0 ? 0 : (uint64_t)t * USEC_PER_SEC;
}

static int64_t day_of(uint64_t usec)
{
	return local_day((int64_t)(usec / USEC_PER_SEC));
}

uint64_t calendar_begin(enum calendar_period period, uint64_t usec)
{
	return period == CALENDAR_ALL ? 0 : usec_of(day_begin(bucket_first_day(period, day_of(usec))));
}

uint64_t calendar_next(enum calendar_period period, uint64_t usec)
{
	if (period == CALENDAR_ALL)
		return UINT64_MAX;
	return usec_of(day_begin(bucket_next_day(period, bucket_first_day(period, day_of(usec)))));
}

uint64_t calendar_previous(enum calendar_period period, uint64_t usec)
{
	if (period == CALENDAR_ALL)
		return 0;
	return usec_of(day_begin(bucket_first_day(period, bucket_first_day(period, day_of(usec)) - 1)));
}

unsigned calendar_hour(uint64_t usec)
{
	int64_t s = local_seconds((int64_t)(usec / USEC_PER_SEC));

	return (unsigned)((s - floor_div(s, DAY_SEC) * DAY_SEC) / 3600);
}

const char *calendar_label(char buf[static CALENDAR_LABEL_SIZE], enum calendar_period period, uint64_t usec)
{
	int64_t day = day_of(usec), year;
	unsigned month, mday;

	if (period == CALENDAR_WEEK) {
		/* The year of a week is that of its Thursday. */
		int64_t thursday = bucket_first_day(CALENDAR_WEEK, day) + 3;

		civil_from_days(thursday, &year, &month, &mday);
		(void)snprintf(buf, CALENDAR_LABEL_SIZE, "%04d-W%02d", (int)year,
			       (int)((thursday - days_from_civil(year, 1, 1)) / 7 + 1));
		return buf;
	}
	civil_from_days(day, &year, &month, &mday);
	if (period == CALENDAR_DAY)
		(void)snprintf(buf, CALENDAR_LABEL_SIZE, "%04d-%02u-%02u", (int)year, month, mday);
	else if (period == CALENDAR_MONTH)
		(void)snprintf(buf, CALENDAR_LABEL_SIZE, "%04d-%02u", (int)year, month);
	else if (period == CALENDAR_YEAR)
		(void)snprintf(buf, CALENDAR_LABEL_SIZE, "%04d", (int)year);
	else
		(void)snprintf(buf, CALENDAR_LABEL_SIZE, "all");
	return buf;
}

/* A name as a service may be asked with; that there is such a zone is seen by its file. */
static bool is_zone(const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (isempty(name) || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") !=
				     strlen(name) ||
	    name[0] == '/' || strstr(name, "//") || name[strlen(name) - 1] == '/')
		return false;
	path = strprintf("/usr/share/" ZONE_FOLDER "%s", name);
	return path && access(path, R_OK) == 0;
}

int calendar_zone_name(char **ret)
{
	const char *zone = getenv("TZ"), *inside;
	char target[PATH_MAX];
	ssize_t n;

	if (zone) {
		zone += *zone == ':';
		if (isempty(zone))
			zone = "UTC";
	} else {
		n = readlink("/etc/localtime", target, sizeof(target) - 1);
		if (n < 0) /* without the file the C library has UTC */
			zone = errno == ENOENT ? "UTC" : NULL;
		else {
			target[n] = '\0';
			inside = strstr(target, ZONE_FOLDER);
			zone = inside ? inside + strlen(ZONE_FOLDER) : NULL;
		}
	}
	if (!zone || (!streq(zone, "UTC") && !is_zone(zone)))
		return -ENOENT;
	*ret = strdup(zone);
	return *ret ? 0 : -ENOMEM;
}
