/*
 * The values of docs/backend-api.md on the wire: money as exact decimals, dates as ISO 8601, JSON objects.
 * Inside, money is a count of cents (int64_t, USD) and time is microseconds since 1970, UTC (int64_t, 0 =
 * none).
 */
#pragma once

#include <json-c/json.h>

#include "tests/sandbox/base.h"

#define CURRENCY "USD"
#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

/*
 * Reads "12", "12.5" or "12.50" (at most 4 fraction digits, those beyond the cent only if zero).
 * -EINVAL if it is not such a number, -ERANGE if it is too large or more exact than the currency is.
 */
int money_parse(const char *text, int64_t *ret_cents);
/* A JSON number with two fraction digits. */
json_object *money_to_json(int64_t cents);

enum { DATE_TEXT_SIZE = 40 };

/*
 * Reads an ISO 8601 date with time, up to 7 fraction digits and "Z", an offset or nothing (UTC).
 * -EINVAL if it is not one.
 */
int date_parse(const char *text, int64_t *ret_usec);
/* As "2026-11-22T18:30:00.123456Z". */
void date_format(int64_t usec, char out[DATE_TEXT_SIZE]);
/* As the Date header of HTTP has it. */
void date_format_http(int64_t usec, char out[DATE_TEXT_SIZE]);
/* The date as a JSON string, or null for 0. */
json_object *date_to_json(int64_t usec);
/* Year, month (1..12), day and the day of the week (0 = Sunday) of a moment, in UTC. */
void date_civil(int64_t usec, int *ret_year, unsigned *ret_month, unsigned *ret_day, unsigned *ret_weekday);

static inline void json_putp(json_object **o)
{
	json_object_put(*o);
}

#define AUTO_JSON AUTO(json_putp)

/*
 * Parses one JSON object of at most @size bytes, strictly: UTF-8 is checked, depth is at most 32.
 * -EINVAL with a sentence in @ret_why otherwise.
 */
int json_read_object(const char *text, size_t size, json_object **ret, const char **ret_why);
/* A member by its name in camelCase or PascalCase; JSON null is the same as absent. Borrowed. */
json_object *json_member(json_object *o, const char *name);
/* A string member: NULL if absent. -EINVAL if it is there and is no string. */
int json_string_member(json_object *o, const char *name, const char **ret);
/* An integer member, @fallback if absent. -EINVAL if it is no integer. */
int json_int_member(json_object *o, const char *name, int64_t fallback, int64_t *ret);

/* Shorthands for building answers. Text: NULL becomes null. */
void json_add_text(json_object *o, const char *name, const char *text);
void json_add_int(json_object *o, const char *name, int64_t n);
void json_add_bool(json_object *o, const char *name, bool b);
void json_add_money(json_object *o, const char *name, int64_t cents);
void json_add_date(json_object *o, const char *name, int64_t usec);
/* A coordinate in degrees, with 6 fraction digits; null where it is not a number. */
void json_add_degrees(json_object *o, const char *name, double degrees);
/* Text as it goes over the wire; borrowed from the object. */
const char *json_text(json_object *o);
/* An address as a person types it: one @, a dot after it, no blanks, no control characters. */
bool email_is_valid(const char *s);
