/* Request bodies that hold a secret, written by hand so that no library has a copy of them. */
#include "backend/secret-body.h"

struct member member(const char *name, const char *text)
{
	return (struct member){ .name = name, .text = text, .n = text ? strlen(text) : 0 };
}

struct member secret_member(const char *name, const struct secret *s)
{
	return (struct member){ .name = name, .text = secret_string(s), .n = secret_length(s) };
}

static int append_member(struct secret *s, const struct member *m)
{
	int r;

	r = secret_append_string(s, secret_length(s) > 1 ? ",\"" : "\"");
	if (r == 0)
		r = secret_append_string(s, m->name);
	if (r == 0)
		r = secret_append_string(s, "\":");
	if (r == 0 && m->raw)
		return secret_append(s, m->text, m->n);
	if (r == 0)
		r = secret_append_string(s, "\"");
	if (r == 0)
		r = secret_append_json(s, m->text, m->n);
	return r == 0 ? secret_append_string(s, "\"") : r;
}

int secret_object(const struct member *members, size_t n, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	size_t capacity = 2;
	int r;

	/* A control character takes six bytes in JSON. */
	for (size_t i = 0; i < n; i++)
		capacity += strlen(members[i].name) + 6 * members[i].n + 6;
	s = secret_new_empty(capacity);
	if (!s)
		return -ENOMEM;
	r = secret_append_string(s, "{");
	for (size_t i = 0; i < n && r == 0; i++) {
		if (!members[i].text)
			continue;
		if (!utf8_is_valid(members[i].text, members[i].n))
			return -EINVAL;
		r = append_member(s, &members[i]);
	}
	if (r == 0)
		r = secret_append_string(s, "}");
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}
