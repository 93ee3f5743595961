/* HTTP on the loop: curl multi joined to libevent. One exchange per call: no retries, no tokens of its own, no
 * knowledge of any service. Bounds in size and time; the TLS and redirect rules of docs/backend-api.md. */
#pragma once

#include <event2/event.h>

#include "base/secret.h"
#include "base/url.h"
#include "base/util.h"

#define HTTP_MAX_BODY (8U << 20) /* bytes after decompression, files aside */
#define HTTP_MAX_REDIRECTS 5

struct http;
struct http_call;

struct http_options {
	const char *user_agent;
	const char *ca_file; /* beside the system's; or NULL */
};

/* First thing in main(): has curl and OpenSSL wipe what they free. -EBUSY when either was in use before. */
int http_global_init(void);

int http_new(struct event_base *base, const struct http_options *options, struct http **ret);
/* Open calls end without their callback. */
void http_free(struct http *h);
DEFINE_CLEANUP(struct http *, http_free);
/* Drops kept-alive connections (after suspend or a link change they may be dead). */
void http_forget_connections(struct http *h);
/* Of the newest answer that came over TLS: "TLSv1.3"; NULL while there was none, or curl has another TLS library. */
const char *http_tls_version(const struct http *h);

struct http_request {
	const char *method;             /* "GET", "POST" or "DELETE" */
	const char *url;                /* https, or http to loopback; else -EPROTONOSUPPORT */
	const char *const *headers;     /* "Name: value", NULL-terminated, or NULL */
	const struct secret *bearer;    /* Authorization: Bearer …; NULL: none */
	const char *content_type;       /* of the body */
	const void *body;               /* copied */
	size_t body_size;
	struct secret *secret_body;     /* instead of body; kept by reference; forces HTTP/1.1 */
	/* Instead of body, where body_fd_size > 0: so many bytes of a regular file or memfd, by pread from its start. The
	 * descriptor stays the caller's, and open until the callback. on_sent tells how far it is. */
	int body_fd;
	uint64_t body_fd_size;
	void (*on_sent)(uint64_t sent, void *userdata);
	uint64_t timeout;               /* µs for the whole exchange; 0: none (streams) */
	uint64_t quiet;                 /* µs in which nothing came, then it is timed out (whole seconds); 0: no bound */
	uint64_t connect_timeout;       /* µs; 0: 10 s */
	size_t max_body;                /* 0: HTTP_MAX_BODY */
	bool identity;                  /* no compression */
	/* Streams: called for each piece of a 2xx body as it comes; the body is then not collected. */
	void (*on_data)(const char *data, size_t n, void *userdata);
	/* Called once when the header of a stream's answer is in, whatever the status. Both may cancel any call. */
	void (*on_header)(int status, void *userdata);
	/* A stream that may be held back, by http_hold(): HTTP/1.1 on a connection of its own kind, with small buffers, so
	 * that what was not taken stays with the service. */
	bool can_hold;
};

enum http_outcome {
	HTTP_ANSWERED,   /* there is a status; the body is whole */
	HTTP_UNREACHED,  /* transport failure before or while talking: DNS, connect, TLS, reset, time-out, truncated */
	HTTP_TOO_LARGE,  /* the body went over its bound */
	HTTP_FORBIDDEN,  /* a redirect we do not follow, or a scheme we do not speak */
};

struct http_response {
	enum http_outcome outcome;
	int status;
	const char *body;       /* NUL-terminated behind body_size bytes; never NULL */
	size_t body_size;
	const char *content_type, *etag, *location, *repr_digest, *content_range; /* or NULL */
	uint64_t retry_after;   /* µs from now, at most 1 h; 0 = not given */
	uint64_t date;          /* the service's Date, µs, 0 = none */
	uint64_t length;        /* Content-Length as it was said */
	bool has_length;
	bool sent;              /* at least a byte of the request may have been written */
	const char *error;      /* a sentence's end for people: "connection refused"; never NULL */
};

/* All pointers of the response are valid during the callback only. The callback may start and cancel calls. It is
 * never called from within http_start. It may also free the http. */
typedef void (*http_done_cb)(const struct http_response *response, void *userdata);

/* A POST is written at most once, and for that has a connection of its own to begin with; a GET may be written again
 * when a kept-alive connection turns out to be dead. */
int http_start(struct http *h, const struct http_request *request, http_done_cb done, void *userdata,
	       struct http_call **ret);
/* Ends it without its callback. NULL is fine. Not to be called after the callback has run (from within it, it does
 * nothing). */
void http_cancel(struct http_call *c);
/* Holds a stream back, or lets it go on; only with can_hold. A little may still come: what curl had read already. */
void http_hold(struct http_call *c, bool hold);
/* From within on_header: the answer so far; its texts are valid until on_header returns. */
void http_look(struct http_call *c, struct http_response *ret);
