/*
 * Answers on their way out: headers, ETag, and the faults that spoil an answer whose work is done.
 */
#include "tests/sandbox/deliver.h"
#include "tests/sandbox/hold.h"
#include "tests/sandbox/stream.h"

enum { HUGE_BYTES = 20 * 1024 * 1024, DEPTH = 10000, DRIP_BYTES = 32, DRIP_MS = 100 };

static const char html[] =
	"<!DOCTYPE html>\n<html><head><title>Service Temporarily Unavailable</title></head>\n"
	"<body><h1>We will be back soon</h1><p>The gateway could not reach the service.</p></body></html>\n";

void deliver_headers(struct call *c, const char *content_type)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(c->req);
	char date[DATE_TEXT_SIZE];

	date_format_http(clock_now(&c->sandbox->clock), date);
	evhttp_add_header(out, "Date", date);
	evhttp_add_header(out, "Server", "customerclient-sandbox");
	evhttp_add_header(out, "Cache-Control", "private, no-cache");
	if (content_type)
		evhttp_add_header(out, "Content-Type", content_type);
}

void deliver_etag(const char *text, size_t size, char out[ETAG_SIZE])
{
	char digest[DIGEST_SIZE];

	digest_hex(text, size, digest);
	snprintf(out, ETAG_SIZE, "\"%.16s\"", digest);
}

/* true: the client has this answer already. */
static bool add_etag(struct call *c, const char *text, size_t size)
{
	const char *have = evhttp_find_header(evhttp_request_get_input_headers(c->req), "If-None-Match");
	char etag[ETAG_SIZE];

	if (!c->etag || c->status != 200)
		return false;
	deliver_etag(text, size, etag);
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "ETag", etag);
	return have && (strstr(have, etag) || strcmp(have, "*") == 0);
}

static struct evbuffer *buffer_new(void)
{
	struct evbuffer *b = evbuffer_new();

	if (!b)
		die(1, "out of memory");
	return b;
}

static void fill(struct evbuffer *b, char byte, size_t count)
{
	char block[4096];

	memset(block, byte, sizeof(block));
	for (; count > 0; count -= count < sizeof(block) ? count : sizeof(block))
		evbuffer_add(b, block, count < sizeof(block) ? count : sizeof(block));
}

static void deliver_garbage(struct call *c, const struct effect *e)
{
	struct evbuffer *b = buffer_new();
	uint8_t bytes[700];

	switch (e->garbage) {
	case GARBAGE_HTML:
		evbuffer_add(b, html, strlen(html));
		break;
	case GARBAGE_BYTES:
		random_bytes(bytes, sizeof(bytes));
		evbuffer_add(b, bytes, sizeof(bytes));
		break;
	case GARBAGE_HUGE:
		evbuffer_add_printf(b, "{\"items\":[\"");
		fill(b, 'x', HUGE_BYTES);
		evbuffer_add_printf(b, "\"],\"hasMore\":false}");
		break;
	case GARBAGE_DEEP:
		evbuffer_add_printf(b, "{\"items\":");
		fill(b, '[', DEPTH);
		fill(b, ']', DEPTH);
		evbuffer_add_printf(b, "}");
		break;
	}
	deliver_headers(c, e->garbage == GARBAGE_HTML ? "text/html" : "application/json");
	evhttp_send_reply(c->req, c->status, NULL, b);
	evbuffer_free(b);
}

static void announce_length(struct call *c, size_t length)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", length);
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "Content-Length", text);
}

/* Half of the body, though all was announced. */
static void deliver_half(struct call *c, struct evbuffer *body)
{
	struct evbuffer *half = buffer_new();
	size_t n = evbuffer_get_length(body);

	announce_length(c, n);
	evbuffer_remove_buffer(body, half, n / 2);
	evhttp_send_reply_start(c->req, c->status, NULL);
	evhttp_send_reply_chunk(c->req, half);
	connection_close_flushed(c->req);
	evbuffer_free(half);
}

/* A body that comes in drops. */
struct drip {
	struct hold *hold;
	struct evbuffer *rest;
	struct event *timer;
};

static void drip_free(void *data)
{
	struct drip *d = data;

	evbuffer_free(d->rest);
	event_free(d->timer);
	free(d);
}

static void on_drip(evutil_socket_t fd, short what, void *data)
{
	struct evbuffer *drop = buffer_new();
	struct drip *d = data;

	(void)fd;
	(void)what;
	evbuffer_remove_buffer(d->rest, drop, DRIP_BYTES);
	hold_send(d->hold, drop);
	evbuffer_free(drop);
	if (evbuffer_get_length(d->rest) > 0)
		return;
	hold_end(d->hold);
	drip_free(d);
}

static void deliver_slowly(struct call *c, struct evbuffer *body, int64_t delay_ms)
{
	struct drip *d = xcalloc(1, sizeof(*d));
	int64_t ms = delay_ms < 0 ? DRIP_MS : delay_ms;
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	announce_length(c, evbuffer_get_length(body));
	d->rest = buffer_new();
	evbuffer_add_buffer(d->rest, body);
	d->timer = event_new(c->sandbox->base, -1, EV_PERSIST, on_drip, d);
	if (!d->timer || event_add(d->timer, &tv) < 0)
		die(1, "out of memory");
	d->hold = hold_new(c->req, drip_free, d);
	hold_send_start(d->hold, c->status);
}

static const char *content_type(const struct call *c)
{
	if (c->text)
		return c->content_type;
	if (!c->answer)
		return NULL;
	return c->status >= 400 ? "application/problem+json" : "application/json; charset=utf-8";
}

static void turn_a_bit(struct evbuffer *body)
{
	size_t n = evbuffer_get_length(body);
	unsigned char *bytes = evbuffer_pullup(body, -1);

	if (bytes && n > 0)
		bytes[n / 2] ^= 1;
}

static void deliver_body(struct call *c, const struct effect *e)
{
	const char *text = c->text ? c->text : c->answer ? json_text(c->answer) : "";
	size_t size = c->text && c->text_size ? c->text_size : strlen(text);
	struct evbuffer *body = buffer_new();

	deliver_headers(c, content_type(c));
	if (add_etag(c, text, size))
		c->status = 304;
	else
		evbuffer_add(body, text, size);
	if (e->kind == FAULT_DAMAGE)
		turn_a_bit(body);
	if (e->kind == FAULT_TRUNCATE)
		deliver_half(c, body);
	else if (e->kind == FAULT_SLOW && evbuffer_get_length(body) > 0)
		deliver_slowly(c, body, e->delay_ms);
	else
		evhttp_send_reply(c->req, c->status, NULL, body);
	evbuffer_free(body);
}

static void set_status(struct call *c, const struct effect *e)
{
	char seconds[24];

	free(TAKE(c->text));
	evhttp_remove_header(evhttp_request_get_output_headers(c->req), "Content-Range");
	(void)call_fail(c, e->status, e->code[0] ? e->code : NULL, "This failure was asked for");
	if (e->delay_ms >= 0) {
		snprintf(seconds, sizeof(seconds), "%lld", (long long)(e->delay_ms + 999) / 1000);
		evhttp_add_header(evhttp_request_get_output_headers(c->req), "Retry-After", seconds);
	}
}

static void set_exception(struct call *c, const struct effect *e)
{
	static const char message[] = "The kitchen's oven is cold";
	json_object *workflow;

	if (e->exception == EXCEPTION_TEXT) {
		c->text = xprintf("error: %s", message);
		c->content_type = "text/plain; charset=utf-8";
		return;
	}
	c->answer = json_object_new_object();
	if (e->exception == EXCEPTION_MESSAGE) {
		json_add_text(c->answer, "exceptionMessage", message);
		return;
	}
	workflow = json_object_new_object();
	json_add_text(workflow, "message", message);
	json_add_text(workflow, "stackTrace", "   at Delivery.Kitchen.Oven.Heat()");
	json_add_text(workflow, "fullMessage", "Delivery.Kitchen.ColdOvenException: The kitchen's oven is cold");
	json_object_object_add(c->answer, "workflowException", workflow);
}

void deliver(struct call *c, const struct effect *e)
{
	if (e->kind == FAULT_RESET || e->kind == FAULT_RESET_AFTER) {
		connection_reset(c->req);
		return;
	}
	if (e->kind == FAULT_GARBAGE) {
		deliver_garbage(c, e);
		return;
	}
	if (e->kind == FAULT_STATUS || e->kind == FAULT_STATUS_AFTER)
		set_status(c, e);
	else if (e->kind == FAULT_EXCEPTION)
		set_exception(c, e);
	if (c->part && (c->status == 200 || c->status == 206)) {
		deliver_headers(c, c->content_type);
		stream_start(c, e);
		return;
	}
	deliver_body(c, e);
}
