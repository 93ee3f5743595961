/* Fields of a service's JSON into the members of a record, within bounds. Knows no service. */
#include "backend/decode.h"

#include <math.h>

#include "base/log.h"
#include "base/timeutil.h"

int decode_refuse(const char *name)
{
	log_debug("A record of the service is refused for its \"%s\".", name);
	return -EBADMSG;
}

static bool is_word(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > DECODE_MAX_UID)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

int decode_word(json_object *o, const char *name, const char **ret)
{
	const char *s;
	int r;

	r = json_get_string(o, name, &s);
	if (r <= 0 || !is_word(s))
		return -EBADMSG;
	*ret = s;
	return 0;
}

static int decode_uid(json_object *o, const char *name, bool required, char **ret)
{
	const char *s;
	int r;

	r = json_get_string(o, name, &s);
	if (r == 0)
		return required ? -EBADMSG : 0;
	if (r < 0 || !is_word(s))
		return -EBADMSG;
	return free_and_strdup(ret, s);
}

static int decode_text(json_object *o, const char *name, bool or_integer, char **ret)
{
	json_object *v = json_get(o, name);
	const char *s;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_string) &&
	    !(or_integer && json_object_is_type(v, json_type_int)))
		return -EBADMSG;
	s = json_object_get_string(v);
	if (!s)
		return -ENOMEM;
	if (strlen(s) > DECODE_MAX_TEXT)
		return -EBADMSG;
	return free_and_strdup(ret, s);
}

static int decode_id(json_object *o, const char *name, uint64_t *ret)
{
	uint64_t id;
	int r;

	r = json_get_u64(o, name, &id);
	if (r <= 0)
		return r;
	if (id > INT64_MAX)
		return -EBADMSG;
	*ret = id;
	return 0;
}

static int decode_time(json_object *o, const char *name, uint64_t *ret)
{
	const char *s;
	uint64_t t;
	int r;

	r = json_get_string(o, name, &s);
	if (r <= 0)
		return r;
	r = time_parse_iso8601(s, &t);
	if (r == -ERANGE)
		t = 0;
	else if (r < 0)
		return -EBADMSG;
	*ret = t;
	return 0;
}

static int decode_field(json_object *o, const struct field *f, const char *currency, void *member)
{
	int r;

	switch (f->kind) {
	case FIELD_UID:
		return decode_uid(o, f->name, true, member);
	case FIELD_UID_OPTIONAL:
		return decode_uid(o, f->name, false, member);
	case FIELD_TEXT:
		return decode_text(o, f->name, false, member);
	case FIELD_LABEL:
		return decode_text(o, f->name, true, member);
	case FIELD_ID:
		return decode_id(o, f->name, member);
	case FIELD_U32:
		return json_get_u32(o, f->name, member);
	case FIELD_BOOL:
		return json_get_bool(o, f->name, member);
	case FIELD_BOOL_REQUIRED:
		r = json_get_bool(o, f->name, member);
		return r == 0 ? -EBADMSG : r;
	case FIELD_TIME:
		return decode_time(o, f->name, member);
	case FIELD_MONEY:
		return json_get_money(o, f->name, currency, member);
	case FIELD_MONEY_REQUIRED:
		r = json_get_money(o, f->name, currency, member);
		return r == 0 ? -EBADMSG : r;
	}
	return -EINVAL;
}

int decode_fields(json_object *o, const struct field *fields, size_t n, const char *currency, void *record)
{
	int r;

	if (!json_object_is_type(o, json_type_object))
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		r = decode_field(o, &fields[i], currency, (char *)record + fields[i].offset);
		if (r == -EBADMSG)
			return decode_refuse(fields[i].name);
		if (r < 0)
			return r;
	}
	return 0;
}

int decode_currency(json_object *o, const char *fallback, char ret[static CURRENCY_SIZE])
{
	const char *code = fallback;
	int r;

	r = json_get_string(o, "currency", &code);
	if (r < 0 || currency_digits(code) < 0)
		return decode_refuse("currency");
	memcpy(ret, code, CURRENCY_SIZE);
	return 0;
}

int decode_coordinates(json_object *o, const char *latitude, const char *longitude, double *ret_latitude,
		       double *ret_longitude)
{
	double lat = NAN, lon = NAN;

	if (json_get_double(o, latitude, &lat) < 0)
		return decode_refuse(latitude);
	if (json_get_double(o, longitude, &lon) < 0)
		return decode_refuse(longitude);
	/* True for NaN too. */
	if (!(fabs(lat) <= 90) || !(fabs(lon) <= 180))
		lat = lon = NAN;
	*ret_latitude = lat;
	*ret_longitude = lon;
	return 0;
}

int decode_list(json_object *o, const char *name, size_t max, json_object **ret, size_t *ret_n)
{
	json_object *v = json_get(o, name);

	*ret = NULL;
	*ret_n = 0;
	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_array) || json_object_array_length(v) > max)
		return decode_refuse(name);
	*ret = v;
	*ret_n = json_object_array_length(v);
	return 0;
}

int decode_ids(json_object *o, const char *name, uint64_t **ret, size_t *ret_n)
{
	_cleanup_free_ uint64_t *ids = NULL;
	json_object *list;
	size_t n;
	int r;

	r = decode_list(o, name, DECODE_MAX_LIST, &list, &n);
	if (r < 0)
		return r;
	if (n > 0) {
		ids = new0(uint64_t, n);
		if (!ids)
			return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		json_object *v = json_object_array_get_idx(list, i);

		/* json-c gives the largest value for one that is larger still. */
		if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0 ||
		    json_object_get_int64(v) == INT64_MAX)
			return decode_refuse(name);
		ids[i] = (uint64_t)json_object_get_int64(v);
	}
	*ret = TAKE_PTR(ids);
	*ret_n = n;
	return 0;
}

int encode_text(json_object *o, char **ret)
{
	const char *text;

	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	return text ? free_and_strdup(ret, text) : -ENOMEM;
}
