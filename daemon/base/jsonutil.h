/* JSON as it comes from outside: parsed strictly and within bounds, read through accessors that take camelCase
 * names, accept PascalCase, and treat null as absent (see the rules of docs/backend-api.md). */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/money.h"
#include "base/util.h"

#define JSON_MAX_DEPTH 32
#define JSON_MAX_MEMORY (64U << 20) /* bytes, for all values of a text: 100 KiB for each order of the longest page */

static inline void json_putp(json_object **o)
{
	if (*o)
		json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* A whole document of n bytes. -EBADMSG: not JSON (NaN, "5.", single quotes, comments, bytes after the end,
 * \u0000, invalid UTF-8); -E2BIG: nested deeper than max_depth (arrays and objects, one within the other), or
 * of more values than fit in JSON_MAX_MEMORY. The
 * document `null` is *ret NULL. Half a surrogate pair in an escape reads as U+FFFD. */
int json_parse(const char *text, size_t n, unsigned max_depth, json_object **ret);

/* Borrowed; NULL when absent or null. `name` is camelCase; PascalCase is found too. */
json_object *json_get(json_object *o, const char *name);

/* The outermost 64-bit values count as out of range.
 * Each returns 1 when present and well-formed (*ret written), 0 when absent or null (*ret untouched), -EBADMSG
 * when of another type or out of range. */
int json_get_string(json_object *o, const char *name, const char **ret); /* borrowed */
int json_get_strdup(json_object *o, const char *name, char **ret);       /* frees and replaces *ret */
int json_get_bool(json_object *o, const char *name, bool *ret);
int json_get_u64(json_object *o, const char *name, uint64_t *ret);
int json_get_i64(json_object *o, const char *name, int64_t *ret);
int json_get_u32(json_object *o, const char *name, uint32_t *ret);
int json_get_double(json_object *o, const char *name, double *ret); /* finite */
int json_get_time(json_object *o, const char *name, uint64_t *ret_usec);
/* From the number's own text, never through a double. Negative amounts are -EBADMSG. */
int json_get_money(json_object *o, const char *name, const char *currency, int64_t *ret_minor);
json_object *json_get_array(json_object *o, const char *name);  /* borrowed, NULL when not an array */
json_object *json_get_object(json_object *o, const char *name); /* borrowed, NULL when not an object */
/* Overwrites a string value in place: for a token, once it was copied into a struct secret. */
void json_wipe(json_object *o, const char *name);

/* Building: like json_object_object_add, but -ENOMEM instead of silence. A NULL string is left out. */
int json_add_string(json_object *o, const char *name, const char *value);
int json_add_u64(json_object *o, const char *name, uint64_t value);
int json_add_bool(json_object *o, const char *name, bool value);
int json_add_money(json_object *o, const char *name, int64_t minor, const char *currency); /* a decimal */
int json_add_time(json_object *o, const char *name, uint64_t usec);                        /* 0 is left out */
int json_add(json_object *o, const char *name, json_object *value);                        /* takes value */
