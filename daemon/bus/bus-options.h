/* Open dictionaries (a{sv}) from callers, by a table of the keys that are known. Anything else is refused by name: a
 * misspelt key on a paid order must not pass. */
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"

struct bus_option {
	const char *key;
	const char *type; /* D-Bus signature of the value */
	/* Reads the value, whose type is right, into the structure; 0, or the errno of a set *e. */
	int (*read)(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
	size_t offset;    /* of the member in the structure */
	size_t has;       /* offset of the bool that says "given" + 1; 0: there is none */
};

#define BUS_OPTION_HAS(type, member) (offsetof(type, member) + 1)

/* Reads an a{sv} at the message's present place; the table ends with an empty row. InvalidArgs names a key that is
 * unknown or given twice, a value of the wrong type, text over 4 KiB. What was read so far stays in the target. */
int bus_options_read(sd_bus_message *m, const struct bus_option *table, void *target, sd_bus_error *e);

/* Members of type char * (a copy), bool, uint64_t, int64_t, char ** (at most BUS_OPTION_STRV_MAX). */
#define BUS_OPTION_STRV_MAX 100
int bus_option_text(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
int bus_option_bool(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
int bus_option_u64(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
int bus_option_i64(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
int bus_option_strv(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e);
/* A table without keys, for options that later versions may have. */
extern const struct bus_option bus_options_none[];
