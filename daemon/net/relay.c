/* The listening socket and the URLs. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/relay-peer.h"
#include "net/relay-private.h"

#define TOKEN_BYTES 24
#define BACKLOG 8
#define MAX_STRANGERS 16
/* What an accepted socket inherits. The kernel doubles both for its own book-keeping. */
#define SEND_BUFFER (32 << 10)
#define RECEIVE_BUFFER (8 << 10)

static void entry_free(struct relay_entry *e)
{
	struct relay *r = e->relay;
	struct relay_viewer *v;

	while ((v = TAILQ_FIRST(&e->viewers)))
		viewer_free(v);
	TAILQ_REMOVE(&r->entries, e, link);
	r->n_entries--;
	if (e->idle)
		event_free(e->idle);
	free(e->id);
	free(e);
}

static void stop_listening(struct relay *r)
{
	struct relay_viewer *v;

	if (r->listener)
		evconnlistener_free(r->listener);
	r->listener = NULL;
	while ((v = TAILQ_FIRST(&r->strangers)))
		viewer_free(v);
}

static void entry_close(struct relay_entry *e)
{
	struct relay *r = e->relay;

	entry_free(e);
	if (r->n_entries == 0)
		stop_listening(r);
}

static void entry_idle(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	log_debug("Nobody came for a video any more: its address is closed");
	entry_close(userdata);
}

static void entry_arm(struct relay_entry *e)
{
	uint64_t idle = e->relay->options.idle;
	struct timeval tv = { (time_t)(idle / USEC_PER_SEC), (suseconds_t)(idle % USEC_PER_SEC) };

	(void)event_add(e->idle, &tv);
}

void relay_forget_viewer(struct relay_viewer *v)
{
	struct relay_entry *e = v->entry;

	if (!e) {
		TAILQ_REMOVE(&v->relay->strangers, v, link);
		v->relay->n_strangers--;
		return;
	}
	TAILQ_REMOVE(&e->viewers, v, link);
	if (--e->n_viewers == 0)
		entry_arm(e);
}

/* In a time that does not depend on how much of it is right. */
static bool is_path(const struct relay_entry *e, const char *path)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < sizeof(e->path); i++)
		differs |= (unsigned char)(e->path[i] ^ path[i]);
	return differs == 0;
}

struct relay_entry *relay_admit(struct relay_viewer *v, const char *path)
{
	struct relay *r = v->relay;
	struct relay_entry *e, *found = NULL;

	TAILQ_FOREACH(e, &r->entries, link)
		if (is_path(e, path))
			found = e;
	if (!found)
		return NULL;
	relay_forget_viewer(v);
	v->entry = found;
	TAILQ_INSERT_TAIL(&found->viewers, v, link);
	(void)event_del(found->idle);
	if (++found->n_viewers > RELAY_MAX_VIEWERS)
		viewer_free(TAILQ_FIRST(&found->viewers));
	return found;
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *address, int n, void *userdata)
{
	struct relay *r = userdata;

	(void)l, (void)address, (void)n;
	if (r->n_strangers >= MAX_STRANGERS || !relay_peer_is_ours(fd)) {
		log_debug("A connection to the relay was closed: %s",
			  r->n_strangers >= MAX_STRANGERS ? "too many say nothing" : "it is not this user's");
		(void)close(fd);
		return;
	}
	if (viewer_new(r, fd) < 0)
		(void)close(fd);
}

static int listen_on_loopback(int *ret_fd, uint16_t *ret_port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int send = SEND_BUFFER, receive = RECEIVE_BUFFER, now = 1;
	socklen_t n = sizeof(here);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof(now)) < 0 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &n) < 0)
		return -errno;
	*ret_port = ntohs(here.sin_port);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int start_listening(struct relay *r)
{
	_cleanup_close_ int fd = -1;
	uint16_t port = 0;
	int k;

	k = listen_on_loopback(&fd, &port);
	if (k < 0)
		return k;
	r->listener = evconnlistener_new(r->base, on_connection, r, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
					 /* backlog, 0: listening already */ 0, fd);
	if (!r->listener)
		return -ENOMEM;
	(void)take_fd(&fd);
	(void)snprintf(r->host, sizeof(r->host), "127.0.0.1:%u", port);
	return 0;
}

static int entry_set_path(struct relay_entry *e)
{
	unsigned char bytes[TOKEN_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(e->path + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static struct relay_entry *entry_new(struct relay *r, const char *id)
{
	struct relay_entry *e = new0(struct relay_entry, 1);

	if (!e)
		return NULL;
	e->relay = r;
	TAILQ_INIT(&e->viewers);
	TAILQ_INSERT_TAIL(&r->entries, e, link);
	r->n_entries++;
	e->id = strdup(id);
	e->idle = evtimer_new(r->base, entry_idle, e);
	if (!e->id || !e->idle || entry_set_path(e) < 0) {
		entry_free(e);
		return NULL;
	}
	entry_arm(e);
	return e;
}

/* The oldest that nobody looks at gives way to a new one. */
static int make_room(struct relay *r)
{
	struct relay_entry *e;

	if (r->n_entries < RELAY_MAX_OPEN)
		return 0;
	TAILQ_FOREACH(e, &r->entries, link)
		if (e->n_viewers == 0) {
			entry_free(e);
			return 0;
		}
	return -EBUSY;
}

int relay_open(struct relay *r, const char *id, char **ret_url)
{
	_cleanup_free_ char *url = NULL;
	struct relay_entry *e;
	int k;

	k = make_room(r);
	if (k < 0)
		return k;
	if (!r->listener) {
		k = start_listening(r);
		if (k < 0)
			return k;
	}
	e = entry_new(r, id);
	url = e ? strprintf("http://%s/%s", r->host, e->path) : NULL;
	if (!url) {
		if (e)
			entry_free(e);
		if (r->n_entries == 0)
			stop_listening(r);
		return -ENOMEM;
	}
	*ret_url = TAKE_PTR(url);
	return 0;
}

void relay_close_all(struct relay *r)
{
	struct relay_entry *e;

	while ((e = TAILQ_FIRST(&r->entries)))
		entry_free(e);
	stop_listening(r);
}

unsigned relay_count_open(const struct relay *r)
{
	return r->n_entries;
}

void relay_set_options(struct relay *r, const struct relay_options *options)
{
	r->options = *options;
}

int relay_new(struct event_base *base, const struct relay_options *options, const struct relay_source *source,
	      void *userdata, struct relay **ret)
{
	struct relay *r = new0(struct relay, 1);

	if (!r)
		return -ENOMEM;
	r->base = base;
	r->options = *options;
	r->source = source;
	r->userdata = userdata;
	TAILQ_INIT(&r->entries);
	TAILQ_INIT(&r->strangers);
	*ret = r;
	return 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	relay_close_all(r);
	free(r);
}
