/* Request bodies that hold a secret: JSON objects of strings in memory of their own. Private to this folder. */
#pragma once

#include "base/secret.h"

struct member {
	const char *name;
	const char *text; /* NULL: left out */
	size_t n;
	bool raw;         /* text is JSON already: an object */
};

struct member member(const char *name, const char *text);
struct member secret_member(const char *name, const struct secret *s);
/* {"name":"text",…}. -EINVAL when one is not UTF-8. */
int secret_object(const struct member *members, size_t n, struct secret **ret);
