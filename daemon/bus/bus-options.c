/* Parsing of open dictionaries. Knows no key: each method brings its table. */
#include "bus/bus-options.h"
#include "bus/bus-private.h"

#define TABLE_MAX 32

const struct bus_option bus_options_none[] = { { 0 } };

static void *member(const struct bus_option *option, void *target)
{
	return (char *)target + option->offset;
}

int bus_option_text(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	const char *text;
	int r;

	r = sd_bus_message_read_basic(m, 's', &text);
	if (r < 0)
		return r;
	r = bus_check_texts(e, option->key, text, NULL);
	if (r < 0)
		return r;
	return free_and_strdup(member(option, target), text);
}

int bus_option_bool(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	int value, r;

	(void)e;
	r = sd_bus_message_read_basic(m, 'b', &value);
	if (r < 0)
		return r;
	*(bool *)member(option, target) = value;
	return 0;
}

int bus_option_u64(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	(void)e;
	return sd_bus_message_read_basic(m, 't', member(option, target));
}

int bus_option_i64(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	(void)e;
	return sd_bus_message_read_basic(m, 'x', member(option, target));
}

int bus_option_strv(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	_cleanup_(strv_freep) char **l = NULL;
	const char *text;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "s");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read_basic(m, 's', &text)) > 0) {
		r = bus_check_texts(e, option->key, text, NULL);
		if (r < 0)
			return r;
		if (strv_length(l) >= BUS_OPTION_STRV_MAX)
			return bus_error_invalid(e, "'%s' has more than %d entries", option->key, BUS_OPTION_STRV_MAX);
		r = strv_push(&l, text);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	strv_free(*(char ***)member(option, target));
	*(char ***)member(option, target) = TAKE_PTR(l);
	return sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	const char *type;
	int r;

	r = sd_bus_message_peek_type(m, NULL, &type);
	if (r < 0)
		return r;
	if (!streq(type, option->type))
		return bus_error_invalid(e, "'%s' is of type '%.16s' where '%s' is expected", option->key, type,
					 option->type);
	r = sd_bus_message_enter_container(m, 'v', option->type);
	if (r < 0)
		return r;
	r = option->read(m, option, target, e);
	if (r < 0)
		return r;
	if (option->has)
		*(bool *)((char *)target + option->has - 1) = true;
	return sd_bus_message_exit_container(m);
}

int bus_options_read(sd_bus_message *m, const struct bus_option *table, void *target, sd_bus_error *e)
{
	bool seen[TABLE_MAX] = { false };
	char quoted[QUOTED_SIZE];
	const char *key;
	size_t i;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &key);
		if (r < 0)
			return r;
		for (i = 0; table[i].key && !streq(table[i].key, key); i++)
			;
		if (!table[i].key)
			return bus_error_invalid(e, "'%s' is not a key that is known here", bus_quote(quoted, key));
		if (seen[i])
			return bus_error_invalid(e, "'%s' is given twice", table[i].key);
		seen[i] = true;
		r = read_value(m, &table[i], target, e);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
