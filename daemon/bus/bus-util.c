/* The checks every method makes, and the appending of values to replies. */
#include <math.h>
#include <stdarg.h>

#include "bus/bus-private.h"

int bus_check_texts(sd_bus_error *e, ...)
{
	const char *name, *text;
	va_list ap;
	int r = 0;

	va_start(ap, e);
	while (r == 0 && (name = va_arg(ap, const char *))) {
		text = va_arg(ap, const char *);
		if (strlen(text) > BUS_TEXT_MAX)
			r = bus_error_invalid(e, "'%s' is longer than %d bytes", name, BUS_TEXT_MAX);
	}
	va_end(ap);
	return r;
}

int bus_check_limit(sd_bus_error *e, uint32_t *limit)
{
	if (*limit > BUS_LIST_MAX)
		return bus_error_invalid(e, "'limit' %u is over %d", *limit, BUS_LIST_MAX);
	if (*limit == 0)
		*limit = BUS_LIST_DEFAULT;
	return 0;
}

int bus_require_userdb(struct bus *b, struct userdb **ret, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct userdb *u;

	if (session_require(b->core, /* reading= */ true, &f) < 0)
		return bus_error_set(e, &f);
	u = core_userdb(b->core);
	if (!u)
		return bus_error_setf(e, CC_E_NOT_SIGNED_IN, "Nobody is signed in; sign in first");
	*ret = u;
	return 0;
}

int bus_error_store(sd_bus_error *e, int r, const char *what)
{
	_cleanup_failure_ struct failure f = { 0 };

	/* The row callbacks' own errors come from sd-bus and are passed on as they are. */
	if (r == -ENOMEM || r == -EINVAL || r == -EMSGSIZE || r == -ENOBUFS)
		return r;
	(void)failure_from_store(&f, r, what);
	return bus_error_set(e, &f);
}

int bus_error_cursor(sd_bus_error *e, const char *cursor)
{
	char quoted[QUOTED_SIZE];

	return bus_error_invalid(e, "'cursor' \"%s\" is not one that a list gave", bus_quote(quoted, cursor));
}

static int open_entry(sd_bus_message *m, const char *key, const char *signature)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(m, 's', key);
	if (r < 0)
		return r;
	return sd_bus_message_open_container(m, 'v', signature);
}

static int close_entry(sd_bus_message *m)
{
	int r = sd_bus_message_close_container(m);

	return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_put_basic(sd_bus_message *m, const char *key, char type, const void *value)
{
	int r = open_entry(m, key, (const char[]){ type, '\0' });

	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(m, type, value);
	return r < 0 ? r : close_entry(m);
}

int bus_put_text(sd_bus_message *m, const char *key, const char *value)
{
	return isempty(value) ? 0 : bus_put_basic(m, key, 's', value);
}

int bus_put_time(sd_bus_message *m, const char *key, uint64_t value)
{
	return value == 0 ? 0 : bus_put_basic(m, key, 't', &value);
}

int bus_put_coordinate(sd_bus_message *m, const char *key, double value)
{
	return isnan(value) ? 0 : bus_put_basic(m, key, 'd', &value);
}

int bus_put_bool(sd_bus_message *m, const char *key, bool value)
{
	int v = value;

	return bus_put_basic(m, key, 'b', &v);
}

int bus_put_u32(sd_bus_message *m, const char *key, uint32_t value)
{
	return bus_put_basic(m, key, 'u', &value);
}

int bus_put_i64(sd_bus_message *m, const char *key, int64_t value)
{
	return bus_put_basic(m, key, 'x', &value);
}

int bus_put_double(sd_bus_message *m, const char *key, double value)
{
	return bus_put_basic(m, key, 'd', &value);
}

int bus_put_ids(sd_bus_message *m, const char *key, const uint64_t *ids, size_t n)
{
	int r = open_entry(m, key, "at");

	if (r < 0)
		return r;
	r = sd_bus_message_append_array(m, 't', ids, n * sizeof(*ids));
	return r < 0 ? r : close_entry(m);
}

int bus_put_strv(sd_bus_message *m, const char *key, char *const *l)
{
	int r = open_entry(m, key, "as");

	if (r < 0)
		return r;
	r = sd_bus_message_append_strv(m, (char **)l);
	return r < 0 ? r : close_entry(m);
}

int bus_append_u64(sd_bus_message *m, uint64_t v)
{
	return sd_bus_message_append_basic(m, 't', &v);
}

int bus_append_i64(sd_bus_message *m, int64_t v)
{
	return sd_bus_message_append_basic(m, 'x', &v);
}

int bus_append_u32(sd_bus_message *m, uint32_t v)
{
	return sd_bus_message_append_basic(m, 'u', &v);
}

int bus_append_bool(sd_bus_message *m, bool v)
{
	int i = v;

	return sd_bus_message_append_basic(m, 'b', &i);
}

int bus_append_double(sd_bus_message *m, double v)
{
	return sd_bus_message_append_basic(m, 'd', &v);
}

int bus_append_text(sd_bus_message *m, const char *v)
{
	return sd_bus_message_append_basic(m, 's', strempty(v));
}
