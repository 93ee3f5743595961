/* Time: microseconds since the Unix epoch, UTC; 0 = none. Clocks and ISO 8601. */
#pragma once

#include <stdint.h>

uint64_t now_realtime(void);  /* CLOCK_REALTIME, µs */
uint64_t now_monotonic(void); /* CLOCK_MONOTONIC, µs: stands still in suspend */
uint64_t now_boottime(void);  /* CLOCK_BOOTTIME, µs: goes on in suspend */

/* ISO 8601 date and time as the services write it: up to 7 fraction digits; 'Z', an offset, or nothing (UTC).
 * A leap second reads as the second after. 0 or -EINVAL; dates before 1970 are -ERANGE. */
int time_parse_iso8601(const char *s, uint64_t *ret_usec);

/* "2026-11-22T15:04:05.123456Z"; the fraction is left out when it is 0. */
#define ISO8601_SIZE 40
const char *time_format_iso8601(char buf[static ISO8601_SIZE], uint64_t usec);

/* An HTTP date (RFC 9110 section 5.6.7, all three forms). 0 or -EINVAL. */
int time_parse_http(const char *s, uint64_t *ret_usec);
