/* A small scriptable HTTP/1.1 server. */
#include "peer.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/queue.h>

#include "unit.h"

struct peer_link {
	struct peer *peer;
	struct bufferevent *stream;
	unsigned number;
	bool closing;
	TAILQ_ENTRY(peer_link) links;
};

struct peer {
	struct event_base *base;
	struct evconnlistener *listener;
	peer_handler handler;
	void (*gone)(struct peer_link *l, void *userdata);
	void *userdata;
	char url[64];
	unsigned connections;
	TAILQ_HEAD(, peer_link) links;
};

static void link_free(struct peer_link *l)
{
	TAILQ_REMOVE(&l->peer->links, l, links);
	if (l->peer->gone)
		l->peer->gone(l, l->peer->userdata);
	bufferevent_free(l->stream);
	free(l);
}

const char *peer_field(const struct peer_request *q, const char *name)
{
	static char value[1024];
	const char *line = q->header;
	size_t n = strlen(name);

	value[0] = '\0';
	for (; (line = strstr(line, "\r\n")); ) {
		line += 2;
		if (strncasecmp(line, name, n) == 0 && startswith(line + n, ": ")) {
			(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + n + 2, "\r"), line + n + 2);
			return value;
		}
	}
	return value;
}

/* False: the request is not whole yet. The link may be gone afterwards when true. */
static bool link_take_request(struct peer_link *l)
{
	struct evbuffer *in = bufferevent_get_input(l->stream);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct peer_request q = { .link = l, .connection = l->number };
	_cleanup_free_ char *header = NULL, *body = NULL, *method = NULL, *target = NULL;
	size_t n;

	if (end.pos < 0)
		return false;
	n = (size_t)end.pos + 4;
	header = new0(char, n + 1);
	assert_int_equal(evbuffer_copyout(in, header, n), n);
	q.header = header;
	q.body_size = strtoul(peer_field(&q, "Content-Length"), NULL, 10);
	if (evbuffer_get_length(in) < n + q.body_size)
		return false;
	(void)evbuffer_drain(in, n);
	body = new0(char, q.body_size + 1);
	(void)evbuffer_remove(in, body, q.body_size);
	q.body = body;
	assert_int_equal(sscanf(header, "%ms %ms", &method, &target), 2);
	q.method = method;
	q.target = target;
	l->peer->handler(&q, l->peer->userdata);
	return true;
}

static void link_on_read(struct bufferevent *stream, void *userdata)
{
	struct peer_link *l = userdata;

	(void)stream;
	/* One after the other: curl does not pipeline. */
	(void)link_take_request(l);
}

static void link_on_written(struct bufferevent *stream, void *userdata)
{
	struct peer_link *l = userdata;

	(void)stream;
	if (l->closing)
		link_free(l);
}

static void link_on_event(struct bufferevent *stream, short what, void *userdata)
{
	(void)stream;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		link_free(userdata);
}

static void peer_on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int n,
			   void *userdata)
{
	struct peer_link *l = new0(struct peer_link, 1);
	struct peer *p = userdata;

	(void)listener;
	(void)from;
	(void)n;
	l->peer = p;
	l->number = ++p->connections;
	l->stream = bufferevent_socket_new(p->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(l->stream, link_on_read, link_on_written, link_on_event, l);
	(void)bufferevent_enable(l->stream, EV_READ | EV_WRITE);
	TAILQ_INSERT_TAIL(&p->links, l, links);
}

struct peer *peer_new(struct event_base *base, peer_handler handler, void *userdata)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct peer *p = new0(struct peer, 1);
	socklen_t n = sizeof(address);

	p->base = base;
	p->handler = handler;
	p->userdata = userdata;
	TAILQ_INIT(&p->links);
	p->listener = evconnlistener_new_bind(base, peer_on_accept, p, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
					      -1, (struct sockaddr *)&address, sizeof(address));
	assert_non_null(p->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(p->listener), (struct sockaddr *)&address, &n), 0);
	(void)snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
	return p;
}

void peer_free(struct peer *p)
{
	struct peer_link *l;

	p->gone = NULL;
	while ((l = TAILQ_FIRST(&p->links)))
		link_free(l);
	evconnlistener_free(p->listener);
	free(p);
}

void peer_on_gone(struct peer *p, void (*gone)(struct peer_link *l, void *userdata))
{
	p->gone = gone;
}

const char *peer_url(const struct peer *p)
{
	return p->url;
}

unsigned peer_connections(const struct peer *p)
{
	return p->connections;
}

void peer_send(struct peer_link *l, const void *data, size_t n)
{
	assert_int_equal(bufferevent_write(l->stream, data, n), 0);
}

void peer_print(struct peer_link *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	assert_true(evbuffer_add_vprintf(bufferevent_get_output(l->stream), format, ap) >= 0);
	va_end(ap);
}

void peer_answer(struct peer_link *l, int status, const char *headers, const void *body, size_t n)
{
	peer_print(l, "HTTP/1.1 %d Whatever\r\n%s", status, headers);
	if (status == 204 || status == 304) {
		peer_print(l, "\r\n");
		return;
	}
	peer_print(l, "Content-Length: %zu\r\n\r\n", n);
	peer_send(l, body, n);
}

void peer_close(struct peer_link *l)
{
	if (evbuffer_get_length(bufferevent_get_output(l->stream)) == 0) {
		link_free(l);
		return;
	}
	l->closing = true;
}

void peer_reset(struct peer_link *l)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(bufferevent_getfd(l->stream), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	link_free(l);
}

static void on_late(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	*(bool *)userdata = true;
}

/* Until `done` or, where that is NULL, until the texts are equal; false when the time is over. */
static bool run(struct event_base *base, const bool *done, const char *text, const char *expected)
{
	const char *factor = getenv("TEST_TIME_FACTOR");
	struct timeval tv = { .tv_sec = (time_t)(20 * (factor ? atof(factor) : 1)) };
	bool late = false;
	struct event *timer = evtimer_new(base, on_late, &late);

	assert_int_equal(evtimer_add(timer, &tv), 0);
	while (!(done ? *done : streq(text, expected)) && !late)
		(void)event_base_loop(base, EVLOOP_ONCE);
	event_free(timer);
	return !late;
}

void run_until(struct event_base *base, const bool *done)
{
	if (!run(base, done, NULL, NULL))
		fail_msg("nothing came");
}

void run_until_text(struct event_base *base, const char *text, const char *expected)
{
	if (!run(base, NULL, text, expected))
		fail_msg("expected '%s', got '%s'", expected, text);
}

void run_ready(struct event_base *base)
{
	/* What is made ready by a turn is for the next one. */
	for (int i = 0; i < 5; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}
