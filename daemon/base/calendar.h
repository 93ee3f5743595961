/* Calendar buckets of local time: where a day, an ISO week, a month or a year begins, and what it is called. Local is
 * the zone of the process (TZ, else /etc/localtime). Times are µs since the epoch, UTC. */
#pragma once

#include <stdint.h>

enum calendar_period {
	CALENDAR_DAY,
	CALENDAR_WEEK, /* Monday to Sunday, ISO 8601 */
	CALENDAR_MONTH,
	CALENDAR_YEAR,
	CALENDAR_ALL,  /* no bucket of its own: calendar_begin() is 0, calendar_next() UINT64_MAX */
	_CALENDAR_PERIOD_MAX,
};

/* "day", "week", "month", "year", "all"; or -EINVAL. */
int calendar_period_from_name(const char *name);
const char *calendar_period_name(enum calendar_period period);

/* Looks again at what the zone is: a machine that travels changes it under a process that runs for years. */
void calendar_refresh(void);

/* The first moment of the bucket in which a time lies. It need not be midnight: some days begin at one. */
uint64_t calendar_begin(enum calendar_period period, uint64_t usec);
/* The first moment of the bucket after the one in which a time lies; a day is 23 to 25 hours long. */
uint64_t calendar_next(enum calendar_period period, uint64_t usec);
/* The first moment of the bucket before that. 0 where it would lie before the epoch. */
uint64_t calendar_previous(enum calendar_period period, uint64_t usec);
/* 0 to 23, as the clock on the wall says. */
unsigned calendar_hour(uint64_t usec);

/* "2026-11-22", "2026-W47", "2026-11", "2026", "all" */
#define CALENDAR_LABEL_SIZE 24
const char *calendar_label(char buf[static CALENDAR_LABEL_SIZE], enum calendar_period period, uint64_t usec);

/* The zone's IANA name ("Europe/Berlin"), caller frees. -ENOENT: it has none (TZ is a rule, or a path of its own). */
int calendar_zone_name(char **ret);
