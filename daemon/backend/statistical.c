/* The statistical backend, /StatisticalBackend: its call, and its record. What a point means is core's to judge. */
#include "backend/statistical.h"

#include <math.h>

#include "backend/decode.h"
#include "base/timeutil.h"

#define MAX_MINUTES 1e9
#define MAX_EXACT (INT64_C(1) << 53) /* a double holds every integer up to it */

static char *escaped_date(const char *name, uint64_t usec)
{
	_cleanup_free_ char *escaped = NULL;
	char text[ISO8601_SIZE];

	if (usec == 0)
		return strdup("");
	escaped = url_escape(time_format_iso8601(text, usec));
	return escaped ? strprintf("&%s=%s", name, escaped) : NULL;
}

int statistical_series_get(struct api *a, const char *metric, const char *period, uint64_t from, uint64_t to,
			   const char *zone, uint64_t timeout, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *begin = escaped_date("from", from), *end = escaped_date("to", to), *escaped = url_escape(zone);
	_cleanup_free_ char *path = NULL;

	if (begin && end && escaped)
		path = strprintf("OrderStatisticsGet?metric=%s&period=%s%s%s&timeZone=%s", metric, period, begin, end,
				 escaped);
	if (!path)
		return -ENOMEM;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_STATISTICAL,
				 .method = "GET",
				 .path = path,
				 .timeout = timeout,
			 },
			 done, userdata, ret);
}

void statistical_series_done(struct statistical_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->points[i].label);
	free(s->points);
	*s = (struct statistical_series){ 0 };
}

static int check_word(json_object *o, const char *name, const char *expected)
{
	const char *word;
	int r;

	r = decode_word(o, name, &word);
	return r < 0 || !streq(word, expected) ? decode_refuse(name) : 0;
}

static int check_unit(json_object *o, const char *expected)
{
	const char *unit;
	int r;

	r = json_get_string(o, "unit", &unit);
	return r < 0 || (r > 0 && !streq(unit, expected)) ? decode_refuse("unit") : 0;
}

static int decode_value(json_object *o, enum statistical_kind kind, const char *currency, double *ret)
{
	int64_t minor = 0;
	double value;
	int r;

	if (kind == STATISTICAL_MONEY) {
		r = json_get_money(o, "value", currency, &minor);
		value = r > 0 && minor > MAX_EXACT ? -1 : (double)minor;
	} else {
		r = json_get_double(o, "value", &value);
	}
	if (r < 0 && r != -EBADMSG)
		return r;
	if (r <= 0 || (kind == STATISTICAL_MINUTES && !(fabs(value) <= MAX_MINUTES)) ||
	    (kind != STATISTICAL_MINUTES &&
	     !(value >= 0 && value <= (double)MAX_EXACT && (double)(int64_t)value == value)))
		return decode_refuse("value");
	*ret = value;
	return 0;
}

static int decode_point(json_object *o, enum statistical_kind kind, const char *currency, struct statistical_point *ret)
{
	static const struct field fields[] = {
		{ "label", FIELD_TEXT, offsetof(struct statistical_point, label) },
		{ "start", FIELD_TIME, offsetof(struct statistical_point, start) },
	};
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, ret);
	if (r < 0)
		return r;
	if (!ret->label || strlen(ret->label) > STATISTICAL_MAX_LABEL)
		return decode_refuse("label");
	return decode_value(o, kind, currency, &ret->value);
}

static int decode_points(json_object *o, enum statistical_kind kind, struct statistical_series *s)
{
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, "points", STATISTICAL_MAX_POINTS, &list, &n);
	if (r < 0)
		return r;
	if (!list)
		return decode_refuse("points");
	s->points = new0(struct statistical_point, n + 1);
	if (!s->points)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		s->n = i + 1;
		r = decode_point(json_object_array_get_idx(list, i), kind, s->currency, &s->points[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int statistical_decode_series(json_object *o, const char *metric, const char *period, enum statistical_kind kind,
			      struct statistical_series *ret)
{
	struct statistical_series s = { 0 };
	int r;

	if (!json_object_is_type(o, json_type_object))
		return decode_refuse("series");
	r = check_word(o, "metric", metric);
	if (r >= 0)
		r = check_word(o, "period", period);
	if (r >= 0 && kind == STATISTICAL_MONEY)
		r = decode_currency(o, "USD", s.currency);
	if (r >= 0)
		r = check_unit(o, kind == STATISTICAL_MONEY ? s.currency
			       : kind == STATISTICAL_MINUTES ? "minutes" : "count");
	if (r >= 0)
		r = decode_points(o, kind, &s);
	if (r < 0) {
		statistical_series_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}
