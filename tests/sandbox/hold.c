/*
 * Holding requests and cutting connections, on top of evhttp, which offers neither.
 *
 * evhttp stops reading while a request is answered, so that a client that goes away is not noticed. Here
 * reading goes on with no callback: data stays in the buffer (up to a mark), but the end is seen. When it is,
 * evhttp takes the request off the connection and frees the connection, which calls our close callback; the
 * request is ours to free then.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "tests/sandbox/base.h"
#include "tests/sandbox/hold.h"

enum { PIPELINED_MAX = 64 * 1024, IDLE_SEC = 120 };

struct hold {
	struct evhttp_request *req;
	struct evhttp_connection *conn;
	void (*gone)(void *data);
	void *data;
};

static void on_closed(struct evhttp_connection *conn, void *data)
{
	struct hold *h = data;

	(void)conn;
	if (!evhttp_request_get_connection(h->req))
		evhttp_request_free(h->req);
	h->gone(h->data);
	free(h);
}

struct hold *hold_new(struct evhttp_request *req, void (*gone)(void *data), void *data)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	struct hold *h = xcalloc(1, sizeof(*h));
	bufferevent_data_cb on_write;
	bufferevent_event_cb on_event;
	void *arg;

	*h = (struct hold){ .req = req, .conn = conn, .gone = gone, .data = data };
	evhttp_connection_set_closecb(conn, on_closed, h);
	bufferevent_getcb(bev, NULL, &on_write, &on_event, &arg);
	bufferevent_setcb(bev, NULL, on_write, on_event, arg);
	bufferevent_setwatermark(bev, EV_READ, 0, PIPELINED_MAX);
	bufferevent_set_timeouts(bev, NULL, NULL);
	bufferevent_enable(bev, EV_READ);
	return h;
}

struct evhttp_request *hold_request(struct hold *h)
{
	return h->req;
}

size_t hold_backlog(struct hold *h)
{
	return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(h->conn)));
}

static void unwatch(struct evhttp_connection *conn)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	struct timeval idle = { .tv_sec = IDLE_SEC };

	evhttp_connection_set_closecb(conn, NULL, NULL);
	bufferevent_setwatermark(bev, EV_READ, 0, 0);
	bufferevent_set_timeouts(bev, &idle, &idle);
}

struct evhttp_request *hold_release(struct hold *h)
{
	struct evhttp_request *req;

	if (!h)
		return NULL;
	req = h->req;
	unwatch(h->conn);
	free(h);
	return req;
}

void hold_send_start(struct hold *h, int status)
{
	evhttp_send_reply_start(h->req, status, NULL);
	bufferevent_enable(evhttp_connection_get_bufferevent(h->conn), EV_READ);
}

void hold_send(struct hold *h, struct evbuffer *data)
{
	evhttp_send_reply_chunk(h->req, data);
	bufferevent_enable(evhttp_connection_get_bufferevent(h->conn), EV_READ);
}

void hold_send_then(struct hold *h, struct evbuffer *data, void (*written)(struct evhttp_connection *, void *),
		    void *arg)
{
	evhttp_send_reply_chunk_with_cb(h->req, data, written, arg);
	bufferevent_enable(evhttp_connection_get_bufferevent(h->conn), EV_READ);
}

void hold_end(struct hold *h)
{
	struct evhttp_request *req = hold_release(h);

	if (req)
		evhttp_send_reply_end(req);
}

static void free_connection(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	evhttp_connection_free(data);
}

/* Not from within a callback of the connection itself: it would be used after it was freed. */
static void free_soon(struct evhttp_connection *conn)
{
	struct timeval now = { 0 };
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);

	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(bev, EV_READ | EV_WRITE);
	if (event_base_once(evhttp_connection_get_base(conn), -1, EV_TIMEOUT, free_connection, conn, &now) < 0)
		die(1, "out of memory");
}

void connection_reset(struct evhttp_request *req)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(req);
	struct linger hard = { .l_onoff = 1 };

	(void)setsockopt(bufferevent_getfd(evhttp_connection_get_bufferevent(conn)), SOL_SOCKET, SO_LINGER,
			 &hard, sizeof(hard));
	free_soon(conn);
}

static void on_flushed(struct bufferevent *bev, void *data)
{
	(void)bev;
	free_soon(data);
}

static void on_flush_failed(struct bufferevent *bev, short what, void *data)
{
	(void)bev;
	(void)what;
	free_soon(data);
}

void connection_close_flushed(struct evhttp_request *req)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);

	bufferevent_disable(bev, EV_READ);
	bufferevent_setcb(bev, NULL, on_flushed, on_flush_failed, conn);
	if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		free_soon(conn);
}
