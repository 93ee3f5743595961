/* One connection of a viewer: its request, what is fetched for it, and how fast. What comes from the service is handed
 * on at once; when the viewer takes it too slowly the service is held back, and after a while left; what breaks off is
 * fetched again from where it broke, as long as it is still the same file. */
#include <event2/buffer.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/timeutil.h"
#include "net/relay-private.h"

/* Bytes that wait to be written, beside the socket's own buffer. */
#define HIGH_WATER (64U << 10)
#define LOW_WATER (16U << 10)
#define IGNORED_MAX 8192U
#define LINGER (2 * USEC_PER_SEC)
#define BACKOFF_BASE (250 * USEC_PER_MSEC)
#define BACKOFF_CAP (5 * USEC_PER_SEC)
#define TYPE_MAX 100

static void viewer_fetch(struct relay_viewer *v);

static size_t viewer_backlog(const struct relay_viewer *v)
{
	return evbuffer_get_length(bufferevent_get_output(v->stream));
}

static void viewer_arm(struct relay_viewer *v, uint64_t usec)
{
	struct timeval tv = { (time_t)(usec / USEC_PER_SEC), (suseconds_t)(usec % USEC_PER_SEC) };

	(void)event_add(v->timer, &tv);
}

static void viewer_cancel(struct relay_viewer *v)
{
	if (v->fetch)
		v->relay->source->cancel(TAKE_PTR(v->fetch));
	v->held = false;
}

void viewer_free(struct relay_viewer *v)
{
	viewer_cancel(v);
	relay_forget_viewer(v);
	bufferevent_free(v->stream);
	event_free(v->timer);
	free(v);
}

/* Nothing more is to be said. When it is taken, the viewer is told so, and is waited for a moment: closing while it
 * still talks would take from it what it has not read. */
static void viewer_leave(struct relay_viewer *v)
{
	viewer_cancel(v);
	v->state = VIEWER_LEAVING;
	(void)event_del(v->timer);
	if (viewer_backlog(v) > 0)
		return;
	(void)shutdown(bufferevent_getfd(v->stream), SHUT_WR);
	viewer_arm(v, LINGER);
}

/* ---- what is said to it ---- */

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" }, { 206, "Partial Content" }, { 400, "Bad Request" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 416, "Range Not Satisfiable" }, { 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Error";
}

/* A browser shall neither keep it, nor take it for something to run. */
#define ALWAYS \
	"Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

static void viewer_refuse(struct relay_viewer *v, int status)
{
	struct evbuffer *out = bufferevent_get_output(v->stream);

	log_debug("The relay answers a viewer with %d", status);
	(void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n" ALWAYS "%s", status, reason(status),
				  status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (status == 416 && v->entry && v->entry->total > 0)
		(void)evbuffer_add_printf(out, "Content-Range: bytes */%llu\r\n", (unsigned long long)v->entry->total);
	(void)evbuffer_add_printf(out, "Content-Length: 0\r\n\r\n");
	viewer_leave(v);
}

/* Of the service's word only what a player may be shown. */
static const char *safe_type(const char *type)
{
	if (!type || strlen(type) > TYPE_MAX || !(startswith(type, "video/") || startswith(type, "audio/")))
		return "application/octet-stream";
	for (const char *p = type; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			return "application/octet-stream";
	return type;
}

static void viewer_tell_header(struct relay_viewer *v, int status, const char *type)
{
	struct evbuffer *out = bufferevent_get_output(v->stream);

	(void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n" ALWAYS "Accept-Ranges: bytes\r\nContent-Type: %s\r\n", status,
				  reason(status), safe_type(type));
	if (v->etag[0])
		(void)evbuffer_add_printf(out, "ETag: %s\r\n", v->etag);
	if (status == 206)
		(void)evbuffer_add_printf(out, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)v->at,
					  (unsigned long long)v->end - 1, (unsigned long long)v->total);
	(void)evbuffer_add_printf(out, "Content-Length: %llu\r\n\r\n", (unsigned long long)(v->end - v->at));
	v->told = true;
}

/* ---- what comes from the service ---- */

/* The part that an answer brings: [*first, *end) of *total. */
static bool answer_part(const struct relay_answer *a, uint64_t *ret_first, uint64_t *ret_end, uint64_t *ret_total)
{
	uint64_t last;

	if (a->status == 206) {
		if (!relay_content_range_parse(a->content_range, ret_first, &last, ret_total))
			return false;
		*ret_end = last + 1;
		return !a->has_length || a->length == *ret_end - *ret_first;
	}
	*ret_first = 0;
	*ret_end = *ret_total = a->length;
	return a->status == 200 && a->has_length;
}

/* Whether a part is what was asked for, or begins it. A service may give all instead. */
static bool part_fits(const struct relay_want *w, uint64_t first, uint64_t end, uint64_t total)
{
	uint64_t last = end - 1;

	if (w->range == RELAY_RANGE_FROM)
		return first == w->first && last <= w->last;
	if (w->range == RELAY_RANGE_SUFFIX)
		return last == total - 1 && first == (w->last < total ? total - w->last : 0);
	return false;
}

static void viewer_header_first(struct relay_viewer *v, const struct relay_answer *a)
{
	struct relay_want one = { .range = RELAY_RANGE_FROM, .first = 0, .last = 0 };
	const struct relay_want *w = v->request.head ? &one : &v->request.want;
	uint64_t first, end, total;
	int status = a->status;

	if (!answer_part(a, &first, &end, &total) || (status == 206 && !part_fits(w, first, end, total))) {
		viewer_cancel(v);
		viewer_refuse(v, 502);
		return;
	}
	v->etag[0] = '\0';
	if (relay_etag_is_strong(a->etag))
		(void)stpcpy(v->etag, a->etag);
	(void)stpcpy(v->entry->etag, v->etag);
	v->entry->total = total;
	v->at = v->request.head ? 0 : first;
	v->end = v->request.head ? total : end;
	v->total = total;
	v->broken_since = 0;
	viewer_tell_header(v, v->request.head ? 200 : status, a->content_type);
	if (v->request.head || v->at == v->end)
		viewer_leave(v);
}

/* What was begun goes on with the very same file, or not at all. */
static void viewer_header_again(struct relay_viewer *v, const struct relay_answer *a)
{
	uint64_t first, end, total;

	if (a->status == 206 && answer_part(a, &first, &end, &total) && first == v->at && end <= v->end &&
	    total == v->total && a->etag && streq(a->etag, v->etag))
		return;
	log_debug("The file is no longer the one that was begun: the viewer is left");
	viewer_free(v);
}

void relay_viewer_header(struct relay_viewer *v, const struct relay_answer *a)
{
	if (v->told)
		viewer_header_again(v, a);
	else
		viewer_header_first(v, a);
}

void relay_viewer_data(struct relay_viewer *v, const char *data, size_t n)
{
	bool too_much = n > v->end - v->at;

	if (too_much)
		n = (size_t)(v->end - v->at);
	if (bufferevent_write(v->stream, data, n) < 0) {
		viewer_free(v);
		return;
	}
	v->at += n;
	v->broken_since = 0;
	backoff_reset(&v->backoff);
	if (too_much) {
		/* It was told how much there is; what else the service says is nothing of this. */
		viewer_leave(v);
	} else if (viewer_backlog(v) > HIGH_WATER && !v->held) {
		v->held = true;
		v->relay->source->hold(v->fetch, true);
		viewer_arm(v, v->relay->options.stopped);
	}
}

/* Later, from where it is; or never, when that has been said for too long. */
static void viewer_broken(struct relay_viewer *v, uint64_t retry_after)
{
	uint64_t now = now_monotonic();

	v->held = false;
	(void)event_del(v->timer);
	if (v->broken_since == 0)
		v->broken_since = now;
	if ((v->told && !v->etag[0]) || now - v->broken_since + retry_after > v->relay->options.patience) {
		if (v->told)
			viewer_free(v);
		else
			viewer_refuse(v, 503);
		return;
	}
	/* Else when it has taken that. */
	if (viewer_backlog(v) <= LOW_WATER)
		viewer_arm(v, backoff_next_after(&v->backoff, retry_after));
}

void relay_viewer_end(struct relay_viewer *v, enum relay_end end, int status, uint64_t retry_after)
{
	v->fetch = NULL;
	if (v->told && v->at == v->end) {
		viewer_leave(v);
	} else if (end != RELAY_REFUSED) {
		viewer_broken(v, retry_after);
	} else if (v->told) {
		log_debug("The service refuses the rest of a file (%d): the viewer is left", status);
		viewer_free(v);
	} else {
		viewer_refuse(v, status == 404 || status == 416 ? status : 502);
	}
}

static void viewer_fetch(struct relay_viewer *v)
{
	struct relay_want want = v->request.want;
	const struct relay_source *source = v->relay->source;

	if (v->told) {
		want = (struct relay_want){ .range = RELAY_RANGE_FROM, .first = v->at, .last = v->end - 1 };
		(void)stpcpy(want.if_range, v->etag);
	} else if (v->request.head) {
		/* The size is told with the first byte as with all of them. */
		want = (struct relay_want){ .range = RELAY_RANGE_FROM, .first = 0, .last = 0 };
	} else if (want.range != RELAY_RANGE_NONE && !want.if_range[0]) {
		/* A part of a newer file behind one of an older is no use to a player: it gets the newer whole. */
		(void)stpcpy(want.if_range, v->entry->etag);
	}
	if (source->start(v, v->entry->id, &want, v->relay->userdata, &v->fetch) < 0)
		viewer_broken(v, 0);
}

/* ---- what comes from the viewer ---- */

static void viewer_read_request(struct relay_viewer *v)
{
	struct evbuffer *in = bufferevent_get_input(v->stream);
	size_t have = evbuffer_get_length(in), n = have < RELAY_HEAD_MAX ? have : RELAY_HEAD_MAX, length;
	const char *data = have > 0 ? (const char *)evbuffer_pullup(in, (ev_ssize_t)n) : NULL;
	int status;

	if (!data)
		return;
	length = relay_head_length(data, n);
	if (length == 0) {
		if (have >= RELAY_HEAD_MAX)
			viewer_refuse(v, 431);
		return;
	}
	status = relay_request_parse(data, length, v->relay->host, &v->request);
	(void)evbuffer_drain(in, length);
	if (status == 0 && !relay_admit(v, v->request.path))
		status = 404;
	if (status != 0) {
		viewer_refuse(v, status);
		return;
	}
	v->state = VIEWER_SERVING;
	(void)event_del(v->timer);
	viewer_fetch(v);
}

static void on_readable(struct bufferevent *stream, void *userdata)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	struct relay_viewer *v = userdata;

	if (v->state == VIEWER_READING) {
		viewer_read_request(v);
		return;
	}
	/* There is one request to a connection, and every answer says so. */
	v->ignored += evbuffer_get_length(in);
	(void)evbuffer_drain(in, evbuffer_get_length(in));
	if (v->ignored > IGNORED_MAX)
		viewer_free(v);
}

/* It has taken nearly all that was waiting. */
static void on_writable(struct bufferevent *stream, void *userdata)
{
	struct relay_viewer *v = userdata;

	(void)stream;
	if (v->state == VIEWER_LEAVING) {
		if (viewer_backlog(v) == 0)
			viewer_leave(v);
	} else if (v->state == VIEWER_SERVING && v->held) {
		v->held = false;
		(void)event_del(v->timer);
		v->relay->source->hold(v->fetch, false);
	} else if (v->state == VIEWER_SERVING && v->told && !v->fetch && !event_pending(v->timer, EV_TIMEOUT, NULL)) {
		viewer_fetch(v);
	}
}

static void on_gone(struct bufferevent *stream, short what, void *userdata)
{
	(void)stream, (void)what;
	viewer_free(userdata);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct relay_viewer *v = userdata;

	(void)fd, (void)what;
	if (v->state == VIEWER_READING) {
		viewer_refuse(v, 408);
	} else if (v->state == VIEWER_LEAVING) {
		viewer_free(v);
	} else if (v->held) {
		log_debug("A viewer takes nothing: what it has not got is fetched when it does");
		viewer_cancel(v);
	} else {
		viewer_fetch(v);
	}
}

int viewer_new(struct relay *r, int fd)
{
	struct relay_viewer *v = new0(struct relay_viewer, 1);

	if (!v)
		return -ENOMEM;
	v->relay = r;
	v->backoff = (struct backoff){ .base = BACKOFF_BASE, .cap = BACKOFF_CAP };
	v->timer = evtimer_new(r->base, on_timer, v);
	v->stream = v->timer ? bufferevent_socket_new(r->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS) : NULL;
	if (!v->stream) {
		if (v->timer)
			event_free(v->timer);
		free(v);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&r->strangers, v, link);
	r->n_strangers++;
	bufferevent_setcb(v->stream, on_readable, on_writable, on_gone, v);
	bufferevent_setwatermark(v->stream, EV_READ, 0, RELAY_HEAD_MAX);
	bufferevent_setwatermark(v->stream, EV_WRITE, LOW_WATER, 0);
	viewer_arm(v, r->options.head);
	(void)bufferevent_enable(v->stream, EV_READ | EV_WRITE);
	return 0;
}
