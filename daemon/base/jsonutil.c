/* JSON from outside, and to it, on json-c. What json-c would let pass is refused by json-scan.c before. */
#include "base/jsonutil.h"

#include <json-c/printbuf.h>
#include <limits.h>
#include <math.h>

#include "base/json-scan.h"
#include "base/secret.h"
#include "base/timeutil.h"

/* json-c gathers each string in this buffer, tokens among them. */
static void tokener_freep(json_tokener **t)
{
	if (!*t)
		return;
	wipe((*t)->pb->buf, (size_t)(*t)->pb->size);
	json_tokener_free(*t);
}

int json_parse(const char *text, size_t n, unsigned max_depth, json_object **ret)
{
	_cleanup_(tokener_freep) json_tokener *t = NULL;
	json_object *o;
	int r;

	if (n > INT_MAX - 1)
		return -EBADMSG;
	r = json_scan(text, n, max_depth, JSON_MAX_MEMORY);
	if (r < 0)
		return r;
	/* json-c counts the scalar within as a level. Not its strict mode: that refuses a whole text for one
	 * number over 64 bits. */
	t = json_tokener_new_ex((int)max_depth + 2);
	if (!t)
		return -ENOMEM;
	o = json_tokener_parse_ex(t, text, (int)n);
	/* A number at the very end is finished by what follows it. */
	if (json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "\n", 1);
	if (json_tokener_get_error(t) != json_tokener_success)
		return json_tokener_get_error(t) == json_tokener_error_depth ? -E2BIG : -EBADMSG;
	*ret = o;
	return 0;
}

json_object *json_get(json_object *o, const char *name)
{
	json_object *v = NULL;
	char pascal[64];
	size_t n;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	if (json_object_object_get_ex(o, name, &v) && v)
		return v;
	n = strlen(name);
	if (n == 0 || n >= sizeof(pascal) || name[0] < 'a' || name[0] > 'z')
		return NULL;
	memcpy(pascal, name, n + 1);
	pascal[0] = (char)(pascal[0] - 'a' + 'A');
	return json_object_object_get_ex(o, pascal, &v) ? v : NULL;
}

int json_get_string(json_object *o, const char *name, const char **ret)
{
	json_object *v = json_get(o, name);

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return -EBADMSG;
	*ret = json_object_get_string(v);
	return 1;
}

int json_get_strdup(json_object *o, const char *name, char **ret)
{
	const char *s;
	int r;

	r = json_get_string(o, name, &s);
	if (r <= 0)
		return r;
	r = free_and_strdup(ret, s);
	return r < 0 ? r : 1;
}

int json_get_bool(json_object *o, const char *name, bool *ret)
{
	json_object *v = json_get(o, name);

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_boolean))
		return -EBADMSG;
	*ret = json_object_get_boolean(v);
	return 1;
}

/* json-c gives the nearest 64-bit value for an integer that does not fit, so the outermost values cannot be told
 * from those beyond; they are out of range as well. */
int json_get_u64(json_object *o, const char *name, uint64_t *ret)
{
	json_object *v = json_get(o, name);
	uint64_t u;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0)
		return -EBADMSG;
	u = json_object_get_uint64(v);
	if (u == UINT64_MAX)
		return -EBADMSG;
	*ret = u;
	return 1;
}

int json_get_i64(json_object *o, const char *name, int64_t *ret)
{
	json_object *v = json_get(o, name);
	int64_t i;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_int))
		return -EBADMSG;
	i = json_object_get_int64(v);
	if (i == INT64_MIN || i == INT64_MAX)
		return -EBADMSG;
	*ret = i;
	return 1;
}

int json_get_u32(json_object *o, const char *name, uint32_t *ret)
{
	uint64_t u;
	int r;

	r = json_get_u64(o, name, &u);
	if (r <= 0)
		return r;
	if (u > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)u;
	return 1;
}

int json_get_double(json_object *o, const char *name, double *ret)
{
	json_object *v = json_get(o, name);
	double d;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_double) && !json_object_is_type(v, json_type_int))
		return -EBADMSG;
	d = json_object_get_double(v);
	if (!isfinite(d))
		return -EBADMSG;
	*ret = d;
	return 1;
}

int json_get_time(json_object *o, const char *name, uint64_t *ret_usec)
{
	const char *s;
	int r;

	r = json_get_string(o, name, &s);
	if (r <= 0)
		return r;
	return time_parse_iso8601(s, ret_usec) < 0 ? -EBADMSG : 1;
}

int json_get_money(json_object *o, const char *name, const char *currency, int64_t *ret_minor)
{
	json_object *v = json_get(o, name);
	int64_t minor;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_double) && !json_object_is_type(v, json_type_int))
		return -EBADMSG;
	/* A parsed double keeps its text, and that is what this returns. */
	if (money_parse(json_object_get_string(v), currency, &minor) < 0 || minor < 0)
		return -EBADMSG;
	*ret_minor = minor;
	return 1;
}

json_object *json_get_array(json_object *o, const char *name)
{
	json_object *v = json_get(o, name);

	return json_object_is_type(v, json_type_array) ? v : NULL;
}

json_object *json_get_object(json_object *o, const char *name)
{
	json_object *v = json_get(o, name);

	return json_object_is_type(v, json_type_object) ? v : NULL;
}

void json_wipe(json_object *o, const char *name)
{
	json_object *v = json_get(o, name);

	if (json_object_is_type(v, json_type_string))
		wipe((char *)json_object_get_string(v), (size_t)json_object_get_string_len(v));
}

int json_add(json_object *o, const char *name, json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(o, name, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

int json_add_string(json_object *o, const char *name, const char *value)
{
	return value ? json_add(o, name, json_object_new_string(value)) : 0;
}

int json_add_u64(json_object *o, const char *name, uint64_t value)
{
	return json_add(o, name, json_object_new_uint64(value));
}

int json_add_bool(json_object *o, const char *name, bool value)
{
	return json_add(o, name, json_object_new_boolean(value));
}

int json_add_money(json_object *o, const char *name, int64_t minor, const char *currency)
{
	char text[MONEY_SIZE];

	/* The double beside the text is never written out. */
	return json_add(o, name, json_object_new_double_s((double)minor, money_format(text, minor, currency)));
}

int json_add_time(json_object *o, const char *name, uint64_t usec)
{
	char text[ISO8601_SIZE];

	return usec == 0 ? 0 : json_add_string(o, name, time_format_iso8601(text, usec));
}
