/* Reading an a{sv} of the daemon into a C structure by a table of its keys. Keys the table lacks are passed
 * over (dictionaries are only ever added to); a key of another type is an error. */
#pragma once

#include <stddef.h>

#include <systemd/sd-bus.h>

struct dict_field {
	const char *key;
	/* A basic type: 's' (char *, a copy), 'b' (int), 'u', 'x', 't', 'd'. Or 0: `read` takes the value,
	 * with the message standing inside the variant. */
	char type;
	size_t offset; /* of the field in the structure */
	const char *contents; /* with type 0: what the variant must hold */
	int (*read)(sd_bus_message *m, void *field);
};

/* The message stands on an array of dictionary entries, which is read to its end. 1; 0 when the enclosing
 * array has no more; or a negative errno: -EBADMSG for a wrong type. What was read until then stays in
 * *object. */
int dict_read(sd_bus_message *m, const struct dict_field *fields, size_t n, void *object);
