/*
 * The call that makes a receipt, and the one that takes a file.
 */
#include <openssl/evp.h>

#include "tests/sandbox/file.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/report.h"

enum { NAME_BYTES_MAX = 255, TYPE_BYTES_MAX = 100 };

int report_generate(struct call *c)
{
	struct report report AUTO(report_done) = { 0 };
	struct order o AUTO(order_done) = { 0 };
	AUTO_FREE char *source = NULL;
	const char *uid, *format;
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &uid);
	if (r < 0)
		return r;
	r = call_text(c, "format", 1, 20, &format);
	if (r < 0)
		return r;
	if (!report_format_is_valid(format))
		return call_fail(c, 422, "invalid-format", "\"%s\" is none of pdf, png, html", format);
	if (order_load(c->sandbox->store, uid, &o) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", uid);
	if (o.user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This order is another user's");
	report_make(&o, format, &report);
	source = xprintf("report:%s:%s", o.uid, format);
	file_keep(c, &(struct file){ .name = report.name, .content_type = report.content_type, .source = source,
				     .data = report.data, .size = report.size });
	return 0;
}

static int check_name(struct call *c, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (n == 0 || n > NAME_BYTES_MAX || strchr(name, '/'))
		return call_fail(c, 400, "invalid-name", "The parameter \"name\" is no name of a file");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return call_fail(c, 400, "invalid-name", "The parameter \"name\" has control characters");
	return 0;
}

/* Of the algorithms that the header may name, the one every sender has must be there. */
static int check_digest(struct call *c, const void *data, size_t size)
{
	const char *have = evhttp_find_header(evhttp_request_get_input_headers(c->req), "Content-Digest");
	AUTO_FREE char *real = NULL;

	if (!have || !strstr(have, "sha-256=:"))
		return call_fail(c, 400, "digest-missing", "The call needs a Content-Digest with sha-256");
	real = file_digest_header(data, size);
	if (!strstr(have, real))
		return call_fail(c, 400, "digest-mismatch", "What arrived is not what the Content-Digest says");
	return 0;
}

int file_upload(struct call *c)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(c->req);
	size_t size = evbuffer_get_length(in);
	const void *data = size ? evbuffer_pullup(in, -1) : (const unsigned char *)"";
	const char *name = call_query(c, "name"),
		   *type = evhttp_find_header(evhttp_request_get_input_headers(c->req), "Content-Type");
	int r;

	r = check_name(c, name);
	if (r < 0)
		return r;
	if (type && strlen(type) > TYPE_BYTES_MAX)
		return call_fail(c, 400, "invalid-content-type", "The Content-Type is too long");
	r = check_digest(c, data, size);
	if (r < 0)
		return r;
	file_keep(c, &(struct file){ .name = name, .content_type = type ? type : "application/octet-stream",
				     .data = data, .size = size });
	return 0;
}
