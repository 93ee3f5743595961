/* Joins curl's multi socket interface to libevent: curl says which sockets and which time-out it waits for, libevent
 * says what happened. */
#include "net/multi.h"

#include "base/secret.h"

/* Per service a stream, and a few calls beside it; more would only press a backend that is slow already. */
#define MAX_HOST_CONNECTIONS 8L
#define MAX_IDLE_CONNECTIONS 8L

struct multi {
	unsigned refs;
	struct event_base *base;
	CURLM *curl;
	struct event *timer;
	void (*progress)(struct multi *m, void *userdata);
	void *userdata;
};

static void multi_act(struct multi *m, curl_socket_t fd, int events)
{
	int running;

	/* Each transfer tells its own failure; this could only fail for a handle that is not one. */
	(void)curl_multi_socket_action(m->curl, fd, events, &running);
	wipe_registers(); /* it copies requests, and tokens and cards with them */
	m->progress(m, m->userdata);
}

static void multi_on_socket_event(evutil_socket_t fd, short what, void *userdata)
{
	multi_act(userdata, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void multi_on_timeout(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	multi_act(userdata, CURL_SOCKET_TIMEOUT, 0);
}

/* curl wants another set of events for a socket; its event is kept as curl's own note on that socket. */
static int multi_on_socket_wish(CURL *easy, curl_socket_t fd, int wish, void *userdata, void *socket_data)
{
	struct event *watch = socket_data;
	struct multi *m = userdata;
	short events = EV_PERSIST;

	(void)easy;
	if (watch)
		event_free(watch);
	(void)curl_multi_assign(m->curl, fd, NULL);
	if (wish == CURL_POLL_REMOVE)
		return 0;
	if (wish & CURL_POLL_IN)
		events |= EV_READ;
	if (wish & CURL_POLL_OUT)
		events |= EV_WRITE;
	watch = event_new(m->base, fd, events, multi_on_socket_event, m);
	if (!watch || event_add(watch, NULL) < 0) {
		if (watch)
			event_free(watch);
		return -1;
	}
	(void)curl_multi_assign(m->curl, fd, watch);
	return 0;
}

static int multi_on_timer_wish(CURLM *curl, long timeout_ms, void *userdata)
{
	struct timeval tv = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	struct multi *m = userdata;

	(void)curl;
	return timeout_ms < 0 ? event_del(m->timer) : event_add(m->timer, &tv);
}

void multi_limit(struct multi *m, long connections, long idle)
{
	(void)curl_multi_setopt(m->curl, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
	(void)curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, idle);
}

int multi_new(struct event_base *base, void (*progress)(struct multi *m, void *userdata), void *userdata,
	      struct multi **ret)
{
	struct multi *m = new0(struct multi, 1);

	if (!m)
		return -ENOMEM;
	m->refs = 1;
	m->base = base;
	m->progress = progress;
	m->userdata = userdata;
	m->timer = evtimer_new(base, multi_on_timeout, m);
	m->curl = curl_multi_init();
	if (!m->timer || !m->curl) {
		multi_unref(m);
		return -ENOMEM;
	}
	(void)curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, multi_on_socket_wish);
	(void)curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	(void)curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, multi_on_timer_wish);
	(void)curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	multi_limit(m, MAX_HOST_CONNECTIONS, MAX_IDLE_CONNECTIONS);
	*ret = m;
	return 0;
}

struct multi *multi_ref(struct multi *m)
{
	m->refs++;
	return m;
}

struct multi *multi_unref(struct multi *m)
{
	if (!m || --m->refs > 0)
		return NULL;
	/* Closing connections still calls for sockets and timer. */
	if (m->curl)
		(void)curl_multi_cleanup(m->curl);
	if (m->timer)
		event_free(m->timer);
	free(m);
	return NULL;
}

int multi_add(struct multi *m, CURL *easy)
{
	return curl_multi_add_handle(m->curl, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void multi_remove(struct multi *m, CURL *easy)
{
	(void)curl_multi_remove_handle(m->curl, easy);
}

bool multi_take_ended(struct multi *m, CURL **ret_easy, CURLcode *ret_code)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(m->curl, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		*ret_easy = message->easy_handle;
		*ret_code = message->data.result;
		return true;
	}
	return false;
}
