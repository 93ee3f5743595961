/*
 * What handlers of calls use: failures, parameters, pages with cursors. Knows no single call.
 */
#include <errno.h>

#include "tests/sandbox/call.h"

void user_done(struct user *u)
{
	free(u->login);
	free(u->email);
	free(u->phone);
	*u = (struct user){ 0 };
}

int call_fail(struct call *c, int status, const char *code, const char *format, ...)
{
	AUTO_FREE char *detail = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&detail, format, ap);
	va_end(ap);
	if (n < 0)
		die(1, "out of memory");
	json_object_put(c->answer);
	c->answer = json_object_new_object();
	c->status = status;
	json_add_text(c->answer, "title", "The request was refused");
	json_add_text(c->answer, "detail", detail);
	json_add_text(c->answer, "code", code);
	json_add_int(c->answer, "status", status);
	return -EBADMSG;
}

const char *call_query(struct call *c, const char *name)
{
	return evhttp_find_header(&c->query, name);
}

static int call_fail_invalid(struct call *c, const char *name, const char *why)
{
	char code[64] = "invalid-";
	size_t n = strlen(code);

	for (const char *p = name; *p && n < sizeof(code) - 2; p++) {
		if (*p >= 'A' && *p <= 'Z')
			code[n++] = '-';
		code[n++] = *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
	}
	code[n] = '\0';
	return call_fail(c, 422, code, "\"%s\" %s", name, why);
}

int call_optional_text(struct call *c, const char *name, size_t max, const char **ret)
{
	if (json_string_member(c->body, name, ret) < 0)
		return call_fail_invalid(c, name, "is no text");
	if (*ret && strlen(*ret) > max)
		return call_fail_invalid(c, name, "is too long");
	return 0;
}

int call_text(struct call *c, const char *name, size_t min, size_t max, const char **ret)
{
	int r = call_optional_text(c, name, max, ret);

	if (r < 0)
		return r;
	if (!*ret)
		return call_fail_invalid(c, name, "is missing");
	if (strlen(*ret) < min)
		return call_fail_invalid(c, name, "is too short");
	return 0;
}

/* Cursors hold characters that must be escaped in a URL on purpose: "o+1f/3a9c…=", the last part a check. */
static char *cursor_format(struct call *c, const char *listing, int64_t change)
{
	AUTO_FREE char *plain = xprintf("%s %s %lld %lld", store_instance(c->sandbox->store), listing,
					(long long)c->user.id, (long long)change);
	char digest[DIGEST_SIZE];

	digest_hex(plain, strlen(plain), digest);
	return xprintf("%.8s+%s+%llx/%.12s==", store_instance(c->sandbox->store), listing,
		       (unsigned long long)change, digest);
}

static int cursor_parse(struct call *c, const char *listing, const char *text, int64_t *ret)
{
	AUTO_FREE char *again = NULL;
	char instance[9], name[32];
	unsigned long long change;

	if (sscanf(text, "%8[0-9a-f]+%31[a-z]+%16llx/", instance, name, &change) != 3)
		return call_fail(c, 400, "invalid-cursor", "\"%.100s\" is no cursor", text);
	if (strncmp(instance, store_instance(c->sandbox->store), 8) != 0)
		return call_fail(c, 410, "cursor-gone", "The cursor is from before this service's data began");
	again = cursor_format(c, listing, (int64_t)change);
	if (!same_text(again, text) || (int64_t)change > store_last_change(c->sandbox->store))
		return call_fail(c, 400, "invalid-cursor", "The cursor is not for this listing and user");
	*ret = (int64_t)change;
	return 0;
}

int page_begin(struct call *c, const char *listing, int64_t limit_default, int64_t limit_max, struct page *ret)
{
	const char *cursor = call_query(c, "changedSince"), *limit = call_query(c, "limit");
	struct page p = { .listing = listing, .limit = limit_default };
	char *end;
	int r;

	if (limit) {
		p.limit = strtoll(limit, &end, 10);
		if (end == limit || *end || p.limit < 1)
			return call_fail(c, 400, "invalid-limit", "The limit \"%.40s\" is not from 1 to %lld",
					 limit, (long long)limit_max);
		if (p.limit > limit_max)
			p.limit = limit_max;
	}
	if (cursor) {
		r = cursor_parse(c, listing, cursor, &p.since);
		if (r < 0)
			return r;
	}
	p.last = p.since;
	p.items = json_object_new_array();
	*ret = p;
	return 0;
}

bool page_add(struct page *p, json_object *item, int64_t change)
{
	if ((int64_t)json_object_array_length(p->items) == p->limit) {
		json_object_put(item);
		p->has_more = true;
		return false;
	}
	json_object_array_add(p->items, item);
	p->last = change;
	return true;
}

int page_end(struct call *c, struct page *p)
{
	AUTO_FREE char *cursor = cursor_format(c, p->listing, p->last);

	c->etag = p->since == 0 || !p->has_more;
	c->answer = json_object_new_object();
	json_object_object_add(c->answer, "items", TAKE(p->items));
	json_add_text(c->answer, "nextCursor", cursor);
	json_add_bool(c->answer, "hasMore", p->has_more);
	return 0;
}
