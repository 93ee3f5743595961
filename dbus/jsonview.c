/* Turning a{sv} into JSON by type, so that a key added later appears by itself. The few keys whose D-Bus type
 * says too little are in a table. */
#include "dbus/jsonview.h"

#include <math.h>
#include <stdio.h>

#include "base/money.h"
#include "base/timeutil.h"
#include "base/util.h"

/* 't' that is no time, 'x' that is no money. */
static const char *const plain_numbers[] = { "id", "category", "event-seq", "age", "clock-skew",
					     "state-size", "cache-size" };

static const struct {
	const char *key, *members; /* the names of the fields of its structures, each after its type */
} structures[] = {
	{ "products", "tid\0sname\0uquantity\0xprice\0snote\0" },
	{ "timeline", "sstatus\0tdate\0" },
};

static int value_to_json(sd_bus_message *m, const char *key, const char *currency, json_object **ret);
static int dict_to_json(sd_bus_message *m, const char *parent_currency, json_object **ret);

json_object *json_new_money(int64_t minor, const char *currency)
{
	json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "minor", json_object_new_int64(minor));
	json_object_object_add(o, "currency", json_object_new_string(strempty(currency)));
	return o;
}

json_object *json_new_double(double d)
{
	char text[32];

	if (!isfinite(d))
		return NULL;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	return json_object_new_double_s(d, text);
}

json_object *json_new_time(uint64_t usec)
{
	char buf[ISO8601_SIZE];

	return usec ? json_object_new_string(time_format_iso8601(buf, usec)) : NULL;
}

static bool is_plain(const char *key)
{
	for (size_t i = 0; i < ELEMENTSOF(plain_numbers); i++)
		if (streq(plain_numbers[i], key))
			return true;
	return false;
}

/* 0 with *ret NULL: a value that says "not known". */
static int basic_to_json(sd_bus_message *m, char type, const char *key, const char *currency,
			 json_object **ret)
{
	union {
		const char *s;
		int b;
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
	} v;
	int r;

	r = sd_bus_message_read_basic(m, type, &v);
	if (r < 0)
		return r;
	*ret = NULL;
	switch (type) {
	case 's': case 'o': case 'g': *ret = json_object_new_string(v.s); break;
	case 'b': *ret = json_object_new_boolean(v.b); break;
	case 'y': *ret = json_object_new_int(v.y); break;
	case 'n': *ret = json_object_new_int(v.n); break;
	case 'q': *ret = json_object_new_int(v.q); break;
	case 'i': *ret = json_object_new_int(v.i); break;
	case 'u': *ret = json_object_new_int64(v.u); break;
	case 'd': *ret = json_new_double(v.d); break;
	case 'x': *ret = is_plain(key) ? json_object_new_int64(v.x) : json_new_money(v.x, currency); break;
	case 't': *ret = is_plain(key) ? json_object_new_uint64(v.t) : json_new_time(v.t); break;
	default: return -EBADMSG;
	}
	return 0;
}

static int struct_to_json(sd_bus_message *m, const char *members, const char *currency, json_object **ret)
{
	json_object *o = json_object_new_object(), *value = NULL;
	int r;

	if (!o)
		return -ENOMEM;
	r = sd_bus_message_enter_container(m, 'r', NULL);
	for (const char *p = members; r >= 0 && *p; p += strlen(p) + 1) {
		r = basic_to_json(m, *p, p + 1, currency, &value);
		if (r >= 0 && value)
			json_object_object_add(o, p + 1, value);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r < 0) {
		json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}

static int array_to_json(sd_bus_message *m, const char *contents, const char *key, const char *currency,
			 json_object **ret)
{
	json_object *a = json_object_new_array(), *value = NULL;
	const char *members = NULL;
	int r;

	if (!a)
		return -ENOMEM;
	for (size_t i = 0; i < ELEMENTSOF(structures); i++)
		if (*contents == '(' && streq(structures[i].key, key))
			members = structures[i].members;
	r = sd_bus_message_enter_container(m, 'a', contents);
	while (r >= 0 && sd_bus_message_at_end(m, false) == 0) {
		if (members)
			r = struct_to_json(m, members, currency, &value);
		else if (*contents == 't') /* ids */
			r = basic_to_json(m, 't', "id", currency, &value);
		else
			r = value_to_json(m, key, currency, &value);
		if (r >= 0)
			json_object_array_add(a, TAKE_PTR(value));
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r < 0) {
		json_object_put(a);
		return r;
	}
	*ret = a;
	return 0;
}

static int value_to_json(sd_bus_message *m, const char *key, const char *currency, json_object **ret)
{
	const char *contents;
	char type;
	int r;

	r = sd_bus_message_peek_type(m, &type, &contents);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	if (type == 'a' && streq(contents, "{sv}"))
		return dict_to_json(m, currency, ret);
	if (type == 'a')
		return array_to_json(m, contents, key, currency, ret);
	return basic_to_json(m, type, key, currency, ret);
}

static int find_currency(sd_bus_message *m, char ret[static CURRENCY_SIZE])
{
	const char *key, *value;
	int r;

	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &key);
		if (r >= 0 && streq(key, "currency")) {
			r = sd_bus_message_read(m, "v", "s", &value);
			if (r >= 0 && strlen(value) < CURRENCY_SIZE)
				strcpy(ret, value);
		} else if (r >= 0)
			r = sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_rewind(m, false);
}

static int entry_to_json(sd_bus_message *m, const char *currency, json_object *o)
{
	json_object *value = NULL;
	const char *key, *contents;
	int r;

	r = sd_bus_message_read_basic(m, 's', &key);
	if (r >= 0)
		r = sd_bus_message_peek_type(m, NULL, &contents);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'v', contents);
	if (r >= 0)
		r = value_to_json(m, key, currency, &value);
	if (r < 0)
		return r;
	if (value)
		json_object_object_add(o, key, value);
	r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int dict_to_json(sd_bus_message *m, const char *parent_currency, json_object **ret)
{
	json_object *o = json_object_new_object();
	char currency[CURRENCY_SIZE] = "";
	int r;

	if (!o)
		return -ENOMEM;
	if (parent_currency && strlen(parent_currency) < CURRENCY_SIZE)
		strcpy(currency, parent_currency);
	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r >= 0)
		r = find_currency(m, currency);
	if (r >= 0) {
		while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
			r = entry_to_json(m, currency, o);
			if (r < 0)
				break;
		}
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r < 0) {
		json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}

int json_from_dict(sd_bus_message *m, json_object **ret)
{
	return dict_to_json(m, NULL, ret);
}
