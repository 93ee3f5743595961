/* Times as people write and read them, in local time: periods (D of the manual), moments (TIME),
 * durations. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* "2025", "2025-03", "2025-03-14", "today", "yesterday", "this week", "last year"…, or a moment in ISO 8601
 * (then start and end are the same). *ret_end is the first moment after the period. Weeks begin on Monday.
 * -EINVAL: none of these. */
int when_parse_period(const char *s, uint64_t now, uint64_t *ret_start, uint64_t *ret_end);

/* "19:30" (today), "tomorrow 12:00", "2026-03-14 12:00", ISO 8601 with or without a zone. -EINVAL: none of
 * these; -ENOENT: a time the clocks leap over; -ERANGE: it has passed. */
int when_parse_time(const char *s, uint64_t now, uint64_t *ret);

/* "90s", "30m", "2h", "1d", "1h30m"; more than 0, at most ten years. */
int when_parse_duration(const char *s, uint64_t *ret);

#define WHEN_SIZE 40
/* "2026-11-22 19:40". "" for 0. */
const char *when_format(char buf[static WHEN_SIZE], uint64_t usec);
/* "19:40" today, "tomorrow 12:00", "yesterday 23:10", else as above. */
const char *when_format_near(char buf[static WHEN_SIZE], uint64_t usec, uint64_t now);
/* "8 s", "12 min", "3 h", "3 h 20 min", "5 d". */
const char *when_format_span(char buf[static WHEN_SIZE], uint64_t usec);
/* The same, with the seconds up to ten minutes: "1 min 5 s". */
const char *when_format_age(char buf[static WHEN_SIZE], uint64_t usec);
