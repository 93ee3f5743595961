/* The reader of a{sv}. What the keys mean is said by the tables of the callers. */
#include "clients/common/dict.h"

#include "base/util.h"

static int read_basic(sd_bus_message *m, char type, void *field)
{
	const char *s;
	int r;

	if (type != 's' && type != 'o')
		return sd_bus_message_read_basic(m, type, field);
	r = sd_bus_message_read_basic(m, type, &s);
	if (r < 0)
		return r;
	return free_and_strdup(field, s);
}

static int read_value(sd_bus_message *m, const struct dict_field *f, void *object)
{
	const char types[] = { f->type, '\0' };
	void *field = (char *)object + f->offset;
	int r;

	r = sd_bus_message_enter_container(m, 'v', f->type ? types : f->contents);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	r = f->type ? read_basic(m, f->type, field) : f->read(m, field);
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(m);
}

static int read_entry(sd_bus_message *m, const struct dict_field *fields, size_t n, void *object)
{
	const char *key;
	int r;

	r = sd_bus_message_read_basic(m, 's', &key);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (streq(fields[i].key, key))
			return read_value(m, &fields[i], object);
	return sd_bus_message_skip(m, "v");
}

int dict_read(sd_bus_message *m, const struct dict_field *fields, size_t n, void *object)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r <= 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_entry(m, fields, n, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r == -ENXIO ? -EBADMSG : r;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : 1;
}
