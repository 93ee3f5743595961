/*
 * A file on its way to a client. evhttp says when what it was given has been written; only then is more read.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/bufferevent.h>

#include "tests/sandbox/hold.h"
#include "tests/sandbox/stream.h"
#include "tests/sandbox/videos.h"

enum { PIECE = 16 * 1024, DROP = 32, DROP_MS = 100, SOCKET_BUFFER = 32 * 1024, TICK_MS = 5 };

struct stream {
	struct sandbox *sandbox;
	struct hold *hold;
	struct event *timer;
	struct stream_part part;
	int64_t sent, cut_at; /* cut_at: where the connection is closed instead; -1: nowhere */
	size_t pending;       /* given to evhttp and not yet written */
	int64_t drop_ms;      /* 0: pieces */
	int64_t begun_usec;
};

static void stream_free(struct stream *st)
{
	event_free(st->timer);
	close(st->part.fd);
	free(st);
}

static void on_gone(void *data)
{
	struct stream *st = data;

	/* One that has all may be gone before it is seen that it has. */
	videos_range_end(st->part.range, st->pending == 0 && st->sent == st->part.size ? "done" : "gone");
	stream_free(st);
}

static int64_t monotonic_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static void end(struct stream *st)
{
	struct evhttp_request *req;

	if (st->cut_at >= 0) {
		videos_range_end(st->part.range, "cut");
		req = hold_release(st->hold);
		connection_close_flushed(req);
	} else {
		videos_range_end(st->part.range, "done");
		hold_end(st->hold);
	}
	stream_free(st);
}

static void next_piece(struct stream *st);

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	next_piece(data);
}

static void wait_ms(struct stream *st, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (evtimer_add(st->timer, &tv) < 0)
		die(1, "out of memory");
}

static void on_written(struct evhttp_connection *conn, void *data)
{
	struct stream *st = data;

	(void)conn;
	videos_range_written(st->part.range, (int64_t)st->pending);
	st->pending = 0;
	wait_ms(st, st->drop_ms);
}

/* Too early for the next piece, by so many milliseconds. */
static int64_t too_early_ms(const struct stream *st)
{
	int64_t rate = videos_bytes_per_sec(st->sandbox), due;

	if (rate == 0 || st->drop_ms > 0)
		return 0;
	due = st->begun_usec + (int64_t)((double)st->sent / (double)rate * 1e6);
	return due > monotonic_usec() ? (due - monotonic_usec()) / 1000 + 1 : 0;
}

static void next_piece(struct stream *st)
{
	int64_t stop = st->cut_at >= 0 ? st->cut_at : st->part.size, left = stop - st->sent, early;
	size_t n = st->drop_ms ? DROP : PIECE;
	struct evbuffer *b;
	char piece[PIECE];
	ssize_t got;

	if (left <= 0) {
		end(st);
		return;
	}
	early = too_early_ms(st);
	if (early > 0) {
		wait_ms(st, early > TICK_MS ? early : TICK_MS);
		return;
	}
	got = pread(st->part.fd, piece, left < (int64_t)n ? (size_t)left : n, st->part.from + st->sent);
	if (got <= 0) {
		st->cut_at = st->sent;
		end(st);
		return;
	}
	b = evbuffer_new();
	if (!b || evbuffer_add(b, piece, (size_t)got) < 0)
		die(1, "out of memory");
	st->sent += got;
	st->pending = (size_t)got;
	hold_send_then(st->hold, b, on_written, st);
	evbuffer_free(b);
}

void stream_start(struct call *c, const struct effect *e)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(c->req));
	struct stream *st = xcalloc(1, sizeof(*st));
	int size = SOCKET_BUFFER, now = 1;
	char length[24];

	*st = (struct stream){ .sandbox = c->sandbox, .part = *c->part, .cut_at = -1, .begun_usec = monotonic_usec() };
	c->part->fd = -1;
	if (e->kind == FAULT_TRUNCATE)
		st->cut_at = st->part.size / 2;
	if (e->kind == FAULT_SLOW)
		st->drop_ms = e->delay_ms > 0 ? e->delay_ms : DROP_MS;
	/* So that what counts as written is not much more than what was taken. */
	(void)setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &now, sizeof(now));
	snprintf(length, sizeof(length), "%lld", (long long)st->part.size);
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "Content-Length", length);
	st->timer = evtimer_new(c->sandbox->base, on_timer, st);
	if (!st->timer)
		die(1, "out of memory");
	st->hold = hold_new(c->req, on_gone, st);
	hold_send_start(st->hold, c->status);
	wait_ms(st, 0);
}
