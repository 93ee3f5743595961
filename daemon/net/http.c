/* HTTP exchanges on the loop. curl calls us in the midst of its work, when it may not be called back; so its callbacks
 * only gather, and everything is handed on after its turn, by http_dispatch(). */
#include "net/http.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/timeutil.h"
#include "net/answer.h"
#include "net/multi.h"

#define CONNECT_TIMEOUT (10 * USEC_PER_SEC)
/* Of calls that can be held back. The kernel doubles the last for its own book-keeping. */
#define HOLD_CONNECTIONS 20L
#define HOLD_IDLE_CONNECTIONS 2L
#define HOLD_WINDOW (32U << 10) /* gathered in one turn */
#define HOLD_CURL_BUFFER (16L << 10)
#define HOLD_SOCKET_BUFFER (128 << 10)

TAILQ_HEAD(call_list, http_call);

struct http {
	unsigned refs; /* the owner's, and one while calls are handed on */
	struct event_base *base;
	char *user_agent, *ca_file;
	const char *encodings;
	CURLSH *share; /* TLS sessions, also across forgotten connections */
	struct multi *multi;
	struct multi *streams; /* of calls that can be held back: they never keep the others waiting; NULL: none yet */
	struct call_list calls; /* all that are open */
	struct call_list ready; /* with something to hand on */
	const char *tls_version; /* OpenSSL's word for it */
};

struct http_call {
	unsigned refs;     /* the http's, and one while a callback runs */
	struct http *http; /* NULL: cancelled, or the end is being told */
	struct multi *multi;
	CURL *easy;
	struct curl_slist *headers;
	char *url;
	void *body;
	struct secret *secret_body;
	int body_fd;
	uint64_t body_fd_size, body_fd_at;
	void (*on_sent)(uint64_t sent, void *userdata);
	bool sent_more;
	bool get;
	bool can_hold, held;
	bool stuck; /* curl was told to wait */
	uint64_t deadline; /* monotonic; 0: none */
	size_t max_body;
	unsigned redirects;
	void (*on_data)(const char *data, size_t n, void *userdata);
	void (*on_header)(int status, void *userdata);
	http_done_cb done;
	void *userdata;

	struct answer answer;
	bool header_told, ended;
	CURLcode code;
	bool connected, sent;
	char message[CURL_ERROR_SIZE];

	bool is_ready;
	TAILQ_ENTRY(http_call) all_calls, ready_calls;
};

static bool call_is_followed(const struct http_call *c)
{
	return c->get && c->answer.header_done && answer_is_redirect(&c->answer) && c->answer.location;
}

static bool call_is_streaming(const struct http_call *c)
{
	return c->on_data && c->answer.status >= 200 && c->answer.status <= 299;
}

static void call_set_ready(struct http_call *c)
{
	if (c->is_ready)
		return;
	c->is_ready = true;
	TAILQ_INSERT_TAIL(&c->http->ready, c, ready_calls);
}

/* While an answer comes in its connection is there to be asked. */
static void call_note_tls(struct http_call *c)
{
	struct curl_tlssessioninfo *tls = NULL;

	if (curl_easy_getinfo(c->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls && tls->internals &&
	    tls->backend == CURLSSLBACKEND_OPENSSL)
		c->http->tls_version = SSL_get_version(tls->internals);
}

static size_t call_on_header(char *data, size_t size, size_t n, void *userdata)
{
	struct http_call *c = userdata;

	if (!answer_take_header(&c->answer, data, size * n))
		return 0;
	if (c->answer.header_done)
		call_note_tls(c);
	if (c->answer.header_done && !c->header_told && !call_is_followed(c))
		call_set_ready(c);
	return size * n;
}

static size_t call_on_body(char *data, size_t size, size_t n, void *userdata)
{
	struct http_call *c = userdata;

	n *= size;
	if (c->can_hold && call_is_streaming(c) && (c->held || c->answer.body_size >= HOLD_WINDOW)) {
		c->stuck = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	/* Of a stream no more lies here than came in one turn. */
	if (!answer_append(&c->answer, data, n, call_is_streaming(c) ? SIZE_MAX : c->max_body))
		return n == 0 ? 1 : 0;
	if (call_is_streaming(c))
		call_set_ready(c);
	return n;
}

/* The next piece of a body that comes from a descriptor. */
static size_t call_on_read(char *buffer, size_t size, size_t n, void *userdata)
{
	struct http_call *c = userdata;
	uint64_t left = c->body_fd_size - c->body_fd_at;
	ssize_t got;

	n *= size;
	got = pread(c->body_fd, buffer, left < n ? (size_t)left : n, (off_t)c->body_fd_at);
	/* Shorter than it was said to be: what was announced can't be kept. */
	if (got < 0 || (got == 0 && left > 0))
		return CURL_READFUNC_ABORT;
	c->body_fd_at += (uint64_t)got;
	if (c->on_sent) {
		c->sent_more = true;
		call_set_ready(c);
	}
	return (size_t)got;
}

#if LIBCURL_VERSION_NUM >= 0x075000
/* Connection, proxy and TLS are up; the request is next. */
static int call_on_connected(void *userdata, char *ip, char *local_ip, int port, int local_port)
{
	struct http_call *c = userdata;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	c->connected = true;
	return CURL_PREREQFUNC_OK;
}
#endif

/* Called when the transfer ended. What is written of a CONNECT to a proxy counts in curl's size of the request, hence
 * the second condition. A connection that was kept alive and turned out dead makes curl try again by itself; both
 * hold for any of these tries. */
static void call_note_sent(struct http_call *c)
{
	long written = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &written);
#if LIBCURL_VERSION_NUM < 0x075000
	c->connected = true;
#endif
	c->sent = c->sent || (c->connected && written > 0);
}

static void http_dispatch(struct http *h);

static void http_on_progress(struct multi *m, void *userdata)
{
	struct http_call *c;
	CURLcode code;
	CURL *easy;

	while (multi_take_ended(m, &easy, &code)) {
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c);
		c->ended = true;
		c->code = code;
		call_note_sent(c);
		call_set_ready(c);
	}
	http_dispatch(userdata);
}

/* Takes it out of curl and of the lists: nothing more happens to it. */
static void call_detach(struct http_call *c)
{
	if (!c->http)
		return;
	if (c->is_ready)
		TAILQ_REMOVE(&c->http->ready, c, ready_calls);
	TAILQ_REMOVE(&c->http->calls, c, all_calls);
	multi_remove(c->multi, c->easy);
	c->http = NULL;
}

static void call_unref(struct http_call *c)
{
	if (--c->refs > 0)
		return;
	if (c->easy)
		curl_easy_cleanup(c->easy);
	/* The Authorization header is among them. */
	for (struct curl_slist *i = c->headers; i; i = i->next)
		wipe(i->data, strlen(i->data));
	curl_slist_free_all(c->headers);
	multi_unref(c->multi);
	secret_unref(c->secret_body);
	wiping_free(c->body);
	answer_done(&c->answer);
	free(c->url);
	free(c);
}

static void call_close(struct http_call *c)
{
	call_detach(c);
	call_unref(c);
}

DEFINE_CLEANUP(struct http_call *, call_close);

void http_cancel(struct http_call *c)
{
	/* Without its http it is telling its end, and goes when that is done. */
	if (c && c->http)
		call_close(c);
}

static const char *call_error(struct http_call *c)
{
	long os_error = 0;

	switch (c->code) {
	case CURLE_OK:
		return "";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "host name not found";
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "name of the proxy not found";
	case CURLE_COULDNT_CONNECT:
		(void)curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_error);
		if (os_error == ECONNREFUSED)
			return "connection refused";
		if (os_error == ENETUNREACH || os_error == ENETDOWN)
			return "network is unreachable";
		if (os_error == EHOSTUNREACH)
			return "host is unreachable";
		return "cannot connect";
	case CURLE_OPERATION_TIMEDOUT:
		return "timed out";
	case CURLE_PARTIAL_FILE:
		return "the answer was cut short";
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return "connection lost";
	case CURLE_BAD_CONTENT_ENCODING:
		return "the answer's compression is damaged";
	default:
		return c->message[0] ? c->message : curl_easy_strerror(c->code);
	}
}

static void call_fill_response(struct http_call *c, struct http_response *r)
{
	const struct answer *a = &c->answer;

	*r = (struct http_response){
		.outcome = HTTP_ANSWERED,
		.status = a->status,
		.body = a->body ? a->body : "",
		.body_size = a->body_size,
		.content_type = a->content_type,
		.etag = a->etag,
		.location = a->location,
		.repr_digest = a->repr_digest,
		.content_range = a->content_range,
		.retry_after = answer_retry_after(a),
		.date = a->date,
		.length = a->length,
		.has_length = a->has_length,
		.sent = c->sent,
		.error = call_error(c),
	};
	if (a->too_large) {
		r->outcome = HTTP_TOO_LARGE;
		r->error = "the answer is too large";
	} else if (c->code == CURLE_UNSUPPORTED_PROTOCOL && a->status == 0 && !c->connected) {
		r->outcome = HTTP_FORBIDDEN;
	} else if (c->code != CURLE_OK) {
		r->outcome = HTTP_UNREACHED;
	} else if (!a->header_done) {
		/* To curl, a header that ends with the connection is one. */
		r->outcome = HTTP_UNREACHED;
		r->error = "the answer was cut short";
	} else if (answer_is_redirect(a)) {
		r->outcome = HTTP_FORBIDDEN;
		r->error = "the service redirects elsewhere";
	}
}

void http_look(struct http_call *c, struct http_response *ret)
{
	call_fill_response(c, ret);
}

/* Tells the end and frees it. */
static void call_finish(struct http_call *c)
{
	struct http_response response;

	call_fill_response(c, &response);
	call_detach(c);
	c->done(&response, c->userdata);
	call_unref(c);
}

static void call_set_timeout(struct http_call *c)
{
	uint64_t now = now_monotonic(), left = 0;

	if (c->deadline != 0)
		left = c->deadline > now ? (c->deadline - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC : 1;
	(void)curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)left);
}

/* Goes where a GET was redirected to. False: not allowed to, and the redirect is the answer. */
static bool call_follow(struct http_call *c)
{
	_cleanup_free_ char *target = url_resolve(c->url, c->answer.location), *from = url_origin(c->url), *to = NULL;

	if (!target || c->redirects >= HTTP_MAX_REDIRECTS || url_check(target) < 0)
		return false;
	to = url_origin(target);
	if (!from || !to || !streq(from, to))
		return false;
	multi_remove(c->multi, c->easy);
	if (curl_easy_setopt(c->easy, CURLOPT_URL, target) != CURLE_OK)
		return false;
	free(c->url);
	c->url = TAKE_PTR(target);
	c->redirects++;
	c->ended = false;
	answer_done(&c->answer);
	call_set_timeout(c);
	return multi_add(c->multi, c->easy) >= 0;
}

/* curl goes on in a turn of its own. */
static void call_go_on(struct http_call *c)
{
	if (!c->stuck || c->held || c->ended || !c->http)
		return;
	c->stuck = false;
	(void)curl_easy_pause(c->easy, CURLPAUSE_CONT);
}

void http_hold(struct http_call *c, bool hold)
{
	c->held = hold;
	call_go_on(c);
}

/* Hands on what a stream has brought. Each callback may cancel the call. */
static void call_deliver_stream(struct http_call *c)
{
	char *data = c->answer.body;
	size_t n = c->answer.body_size;

	if (c->answer.header_done && !c->header_told && !call_is_followed(c)) {
		c->header_told = true;
		if (c->on_header)
			c->on_header(c->answer.status, c->userdata);
	}
	if (c->http && n > 0 && call_is_streaming(c)) {
		c->answer.body = NULL;
		c->answer.body_size = c->answer.body_room = 0;
		c->on_data(data, n, c->userdata);
		wiping_free(data);
	}
	call_go_on(c);
}

static void call_deliver(struct http_call *c)
{
	c->refs++;
	c->is_ready = false;
	TAILQ_REMOVE(&c->http->ready, c, ready_calls);
	if (c->sent_more) {
		c->sent_more = false;
		c->on_sent(c->body_fd_at, c->userdata);
	}
	if (c->http)
		call_deliver_stream(c);
	if (c->http && c->ended && !(c->code == CURLE_OK && call_is_followed(c) && call_follow(c)))
		call_finish(c);
	call_unref(c);
}

static void http_unref(struct http *h)
{
	if (--h->refs > 0)
		return;
	multi_unref(h->multi);
	multi_unref(h->streams);
	if (h->share)
		(void)curl_share_cleanup(h->share);
	free(h->user_agent);
	free(h->ca_file);
	free(h);
}

static void http_dispatch(struct http *h)
{
	struct http_call *c;

	h->refs++;
	while ((c = TAILQ_FIRST(&h->ready)))
		call_deliver(c);
	http_unref(h);
}

/* A line that is put in a header must stay one. */
static bool is_header_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int call_add_header(struct http_call *c, const char *line)
{
	struct curl_slist *l;

	if (!is_header_text(line))
		return -EINVAL;
	l = curl_slist_append(c->headers, line);
	if (!l)
		return -ENOMEM;
	c->headers = l;
	return 0;
}

/* The line passes through secret memory; curl's copy of it is wiped in call_free(). */
static int call_add_bearer(struct http_call *c, const struct secret *token)
{
	static const char name[] = "Authorization: Bearer ";
	_cleanup_secret_ struct secret *line = secret_new_empty(strlen(name) + secret_length(token));

	if (!line || secret_append_string(line, name) < 0 || secret_append_string(line, secret_string(token)) < 0)
		return -ENOMEM;
	return call_add_header(c, secret_string(line));
}

static int call_set_headers(struct http_call *c, const struct http_request *q)
{
	_cleanup_free_ char *type = NULL;
	int r = 0;

	for (const char *const *i = q->headers; i && *i && r >= 0; i++)
		r = call_add_header(c, *i);
	if (r >= 0 && q->bearer)
		r = call_add_bearer(c, q->bearer);
	if (r >= 0 && !c->get) {
		/* Not curl's own choice, and no round trip to ask whether the body is welcome. */
		type = q->content_type ? strprintf("Content-Type: %s", q->content_type) : strdup("Content-Type:");
		r = type ? call_add_header(c, type) : -ENOMEM;
		if (r >= 0)
			r = call_add_header(c, "Expect:");
	}
	if (r >= 0 && c->headers && curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers) != CURLE_OK)
		r = -ENOMEM;
	return r;
}

static int call_set_body(struct http_call *c, const struct http_request *q)
{
	const void *data = "";
	size_t n = 0;

	if (q->body_fd_size > 0) {
		c->body_fd = q->body_fd;
		c->body_fd_size = q->body_fd_size;
		c->on_sent = q->on_sent;
		if (curl_easy_setopt(c->easy, CURLOPT_POST, 1L) != CURLE_OK ||
		    curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_fd_size) != CURLE_OK ||
		    curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, call_on_read) != CURLE_OK ||
		    curl_easy_setopt(c->easy, CURLOPT_READDATA, c) != CURLE_OK)
			return -ENOMEM;
		return 0;
	}
	if (q->secret_body) {
		c->secret_body = secret_ref(q->secret_body);
		data = secret_string(c->secret_body);
		n = secret_length(c->secret_body);
	} else if (q->body_size > 0) {
		c->body = wiping_malloc(q->body_size);
		if (!c->body)
			return -ENOMEM;
		memcpy(c->body, q->body, q->body_size);
		data = c->body;
		n = q->body_size;
	}
	/* In this order: curl may take the size of the first from the second. */
	if (curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n) != CURLE_OK ||
	    curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, data) != CURLE_OK)
		return -ENOMEM;
	return 0;
}

static int call_set_method(struct http_call *c, const struct http_request *q)
{
	CURLcode code;

	c->get = streq(q->method, "GET");
	if (c->get)
		code = curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	else if (streq(q->method, "POST"))
		return call_set_body(c, q);
	else if (streq(q->method, "DELETE"))
		code = curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	else
		return -EINVAL;
	return code == CURLE_OK ? 0 : -ENOMEM;
}

/* What is the same for every call and has to do with trust. */
static CURLcode call_set_rules(struct http_call *c)
{
	CURLcode code;

	code = curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* Beside the system's, which are in its folder of authorities. */
	if (code == CURLE_OK && c->http->ca_file)
		code = curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->http->ca_file);
#if LIBCURL_VERSION_NUM >= 0x075500
	if (code == CURLE_OK)
		code = curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	if (code == CURLE_OK)
		code = curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (code == CURLE_OK)
		code = curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
	/* An empty proxy is none, whatever the environment says. */
	if (code == CURLE_OK && url_is_loopback(c->url))
		code = curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	return code;
}

static CURLcode call_set_callbacks(struct http_call *c)
{
	(void)curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	(void)curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->message);
	(void)curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, call_on_header);
	(void)curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	(void)curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, call_on_body);
	(void)curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
#if LIBCURL_VERSION_NUM >= 0x075000
	(void)curl_easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, call_on_connected);
	(void)curl_easy_setopt(c->easy, CURLOPT_PREREQDATA, c);
#endif
	(void)curl_easy_setopt(c->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else a call that ends while its name is being looked up would make the loop wait for the resolver. */
	(void)curl_easy_setopt(c->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return curl_easy_setopt(c->easy, CURLOPT_SHARE, c->http->share);
}

static int call_small_buffers(void *userdata, curl_socket_t fd, curlsocktype purpose)
{
	int size = HOLD_SOCKET_BUFFER;

	(void)userdata;
	(void)purpose;
	/* Without it there is only more in memory than there might be. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return CURL_SOCKOPT_OK;
}

static int call_set_can_hold(struct http_call *c)
{
	return curl_easy_setopt(c->easy, CURLOPT_SOCKOPTFUNCTION, call_small_buffers) == CURLE_OK &&
	       curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, HOLD_CURL_BUFFER) == CURLE_OK ? 0 : -ENOMEM;
}

static int call_prepare(struct http_call *c, const struct http_request *q)
{
	struct http *h = c->http;
	uint64_t connect_timeout = q->connect_timeout ? q->connect_timeout : CONNECT_TIMEOUT;
	long version = q->secret_body || q->can_hold ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;
	int r;

	c->easy = curl_easy_init();
	if (!c->easy)
		return -ENOMEM;
	if (curl_easy_setopt(c->easy, CURLOPT_URL, c->url) != CURLE_OK || call_set_rules(c) != CURLE_OK ||
	    call_set_callbacks(c) != CURLE_OK ||
	    curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, version) != CURLE_OK ||
	    curl_easy_setopt(c->easy, CURLOPT_ACCEPT_ENCODING, q->identity ? "identity" : h->encodings) != CURLE_OK ||
	    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_timeout / USEC_PER_MSEC)) != CURLE_OK)
		return -ENOMEM;
	if (q->quiet && (curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L) != CURLE_OK ||
			 curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, (long)(q->quiet / USEC_PER_SEC)) != CURLE_OK))
		return -ENOMEM;
	if (h->user_agent && curl_easy_setopt(c->easy, CURLOPT_USERAGENT, h->user_agent) != CURLE_OK)
		return -ENOMEM;
	r = call_set_method(c, q);
	if (r >= 0 && q->can_hold)
		r = call_set_can_hold(c);
	/* On a connection that was used before, curl sends a request again by itself when no answer comes. What may act
	 * on something goes out once a call; the connection can be used by others afterwards. */
	if (r >= 0 && !c->get && curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK)
		return -ENOMEM;
	if (r < 0)
		return r;
	r = call_set_headers(c, q);
	if (r < 0)
		return r;
	c->deadline = q->timeout ? now_monotonic() + q->timeout : 0;
	call_set_timeout(c);
	return 0;
}

/* The connections that a call is made on. */
static int http_get_multi(struct http *h, const struct http_request *q, struct multi **ret)
{
	int r;

	if (q->can_hold && !h->streams) {
		r = multi_new(h->base, http_on_progress, h, &h->streams);
		if (r < 0)
			return r;
		multi_limit(h->streams, HOLD_CONNECTIONS, HOLD_IDLE_CONNECTIONS);
	}
	*ret = multi_ref(q->can_hold ? h->streams : h->multi);
	return 0;
}

int http_start(struct http *h, const struct http_request *q, http_done_cb done, void *userdata,
	       struct http_call **ret)
{
	_cleanup_(call_closep) struct http_call *c = NULL;
	int r;

	r = url_check(q->url);
	if (r < 0)
		return r;
	c = new0(struct http_call, 1);
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->url = strdup(q->url);
	if (!c->url)
		return -ENOMEM;
	c->max_body = q->max_body ? q->max_body : HTTP_MAX_BODY;
	c->on_data = q->on_data;
	c->on_header = q->on_header;
	c->done = done;
	c->userdata = userdata;
	c->can_hold = q->can_hold;
	r = http_get_multi(h, q, &c->multi);
	if (r < 0)
		return r;
	c->http = h;
	TAILQ_INSERT_TAIL(&h->calls, c, all_calls);
	r = call_prepare(c, q);
	if (r < 0)
		return r;
	r = multi_add(c->multi, c->easy);
	if (r < 0)
		return r;
	if (ret)
		*ret = c;
	c = NULL;
	return 0;
}

int http_new(struct event_base *base, const struct http_options *options, struct http **ret)
{
	_cleanup_(http_freep) struct http *h = new0(struct http, 1);
	int r;

	if (!h)
		return -ENOMEM;
	h->refs = 1;
	TAILQ_INIT(&h->calls);
	TAILQ_INIT(&h->ready);
	h->base = base;
	h->encodings = curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_BROTLI ? "gzip, br" : "gzip";
	h->share = curl_share_init();
	if (!h->share ||
	    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
		return -ENOMEM;
	if (free_and_strdup(&h->user_agent, options->user_agent) < 0 ||
	    free_and_strdup(&h->ca_file, options->ca_file) < 0)
		return -ENOMEM;
	r = multi_new(base, http_on_progress, h, &h->multi);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(h);
	return 0;
}

void http_free(struct http *h)
{
	struct http_call *c;

	if (!h)
		return;
	while ((c = TAILQ_FIRST(&h->calls)))
		call_close(c);
	http_unref(h);
}

void http_forget_connections(struct http *h)
{
	struct multi *fresh;

	/* Open calls keep the old ones, and close them with the last of them. */
	if (multi_new(h->base, http_on_progress, h, &fresh) < 0)
		return;
	multi_unref(h->multi);
	h->multi = fresh;
	h->streams = multi_unref(h->streams);
}

const char *http_tls_version(const struct http *h)
{
	return h->tls_version;
}
