/* What the services' files share: fields of a JSON object into the members of a record, within bounds (a
 * field that is absent or null leaves its member alone), and an object's text. Private to this folder. */
#pragma once

#include <json-c/json.h>

#include "base/jsonutil.h"

#define DECODE_MAX_UID 128          /* bytes, also of a status or a kind */
#define DECODE_MAX_TEXT (64U << 10) /* bytes */
#define DECODE_MAX_LIST 1000U       /* lines, payments, steps, tags of one record */

enum field_kind {
	FIELD_UID,            /* char *: there, 1 to DECODE_MAX_UID bytes, without control characters */
	FIELD_UID_OPTIONAL,
	FIELD_TEXT,           /* char *: at most DECODE_MAX_TEXT */
	FIELD_LABEL,          /* the same; an integer is written out */
	FIELD_ID,             /* uint64_t: at most INT64_MAX, the largest the databases hold */
	FIELD_U32,
	FIELD_BOOL,
	FIELD_BOOL_REQUIRED,
	FIELD_TIME,           /* uint64_t; before 1970 (.NET's default is the year 1) is none */
	FIELD_MONEY,          /* int64_t, of the currency given */
	FIELD_MONEY_REQUIRED,
};

struct field {
	const char *name; /* camelCase */
	enum field_kind kind;
	size_t offset;    /* of the member in the record */
};

/* 0; -EBADMSG: `o` is no object, or a field is missing, of the wrong type or out of its bounds; -ENOMEM.
 * What was read before a failure stays in the record, the caller's to free. */
int decode_fields(json_object *o, const struct field *fields, size_t n, const char *currency, void *record);

/* The record's currency, or `fallback` where it gives none. -EBADMSG for one that is not known. */
int decode_currency(json_object *o, const char *fallback, char ret[static CURRENCY_SIZE]);

/* Both or none: when one is missing or off the globe, both become NaN. -EBADMSG for what is no number. */
int decode_coordinates(json_object *o, const char *latitude, const char *longitude, double *ret_latitude,
		       double *ret_longitude);

/* The array, or NULL with *ret_n 0 when it is absent or null. -EBADMSG: no array, or more than `max` of
 * them. */
int decode_list(json_object *o, const char *name, size_t max, json_object **ret, size_t *ret_n);

/* An array of product ids; absent is 0 of them. Caller frees. */
int decode_ids(json_object *o, const char *name, uint64_t **ret, size_t *ret_n);

/* A short word of the service's own (a status, a kind), borrowed. -EBADMSG: missing, empty, too long, or with
 * control characters. */
int decode_word(json_object *o, const char *name, const char **ret);

/* Notes in the debug log which field it was, never what was in it. Always -EBADMSG. */
int decode_refuse(const char *name);

/* The object as it is sent: without spaces, its members in the order in which they were added, so the
 * same bytes each time. Frees and replaces *ret. */
int encode_text(json_object *o, char **ret);
