/* What all calls to the seven services have in common: URL, headers, token and its renewal, retry within
 * a time budget, and the reading of success and failure as docs/backend-api.md ("Rules for every call")
 * defines them. Knows no DTO and no rule of the business. */
#pragma once

#include <json-c/json.h>

#include "base/config.h"
#include "base/secret.h"
#include "net/http.h"

enum api_outcome {
	API_OK,           /* 2xx that could be read; `body` is the document, NULL for 204 or an empty 200 */
	API_NOT_MODIFIED, /* 304 */
	API_OFFLINE,      /* not reached, or the talk broke off; `sent` tells whether the service may know */
	API_TRANSIENT,    /* 408, 425, 429, 502, 503, 504 */
	API_SERVER_ERROR, /* 500 and other 5xx */
	API_REFUSED,      /* any other 4xx; `code` where the service gave one */
	API_FAILURE,      /* 200 with exceptionMessage, workflowException or "error: …" */
	API_PROTOCOL,     /* makes no sense: HTML, half a JSON, too large, too deep, a redirect */
	API_UNAUTHORIZED, /* 401 again after a renewal, or the renewal failed for good */
	API_NO_TOKEN,     /* nobody is signed in; nothing was sent */
};

/* The token cannot be had: its keyring is locked or not there. Not a service's own code. */
#define API_CODE_LOCKED "session-locked"

struct api_reply {
	enum api_outcome outcome;
	int status;            /* HTTP; 0 when there was none */
	const char *code;      /* of problem+json, or API_CODE_LOCKED with API_OFFLINE, or NULL */
	const char *message;   /* a sentence for people; never NULL */
	json_object *body;     /* the document; of a refusal: the problem, if it was JSON. Borrowed. */
	const char *etag;      /* or NULL */
	const char *content_type, *repr_digest, *content_range; /* of files; or NULL */
	uint64_t retry_after;  /* µs, 0 = not given */
	uint64_t date;         /* the service's Date, µs, 0 = none */
	bool sent;             /* some try may have written a byte of the request */
};

typedef void (*api_cb)(const struct api_reply *reply, void *userdata);

/* Of an answer whose bytes come by on_data. */
struct api_header {
	int status; /* 200 or another 2xx */
	const char *content_type, *etag, *content_range; /* or NULL */
	uint64_t length;
	bool has_length;
};

struct api;
struct api_call;

struct api_hooks {
	/* The present token, borrowed, or NULL when nobody is signed in. */
	const struct secret *(*token)(void *userdata);
	/* A call was answered 401 and waits: get another token, then api_token_renewed(). Asked once
	 * however many calls wait. */
	void (*renew)(void *userdata);
	/* A call was answered 401 with a renewed token: the session is over, and token() NULL from here
	 * on (other calls may be answered the same; they do not ask again). */
	void (*rejected)(void *userdata);
	/* After each exchange, before what comes of it: whether the service was reached (a gateway's 502,
	 * 503, 504 is not the service); date µs (0 = none), both at the time of the answer. `why` it was not, a
	 * sentence; borrowed. */
	void (*contact)(bool reached, uint64_t date, const char *why, void *userdata);
	/* token() is NULL, but is being fetched: calls wait for api_token_renewed(). May be NULL: never. */
	bool (*token_pending)(void *userdata);
};

/* `config` gives the URLs and must outlive the api, as must `http`. All hooks but the last are needed. They may start
 * and cancel calls and free the api; token() only tells. */
int api_new(struct event_base *base, struct http *http, const struct config *config,
	    const struct api_hooks *hooks, void *userdata, struct api **ret);
void api_free(struct api *a); /* open calls end without their callback */
DEFINE_CLEANUP(struct api *, api_free);

/* Ends the waiting for a renewal: 0, the waiting calls are repeated; -EACCES: refused, they end as
 * API_UNAUTHORIZED; -ENOKEY: it cannot be had now, and any other: they end as API_OFFLINE. */
void api_token_renewed(struct api *a, int result);
/* Ends every open call that carries the person's token, with API_NO_TOKEN (sign-out), from the loop. A
 * renewal that was asked for is no longer waited for. */
void api_drop_authorized(struct api *a);
/* Suspend, a link change: connections are forgotten, waiting retries go now (not those that a service's
 * Retry-After put off). */
void api_network_changed(struct api *a);

struct api_request {
	enum service service;
	const char *method;            /* "GET" or "POST" */
	const char *path;              /* "OrdersGet?limit=500", values escaped already */
	const char *json;              /* body, copied; NULL: none */
	struct secret *secret_json;    /* instead of json; kept by reference until the call is over */
	const char *idempotency_key;   /* or NULL */
	const char *if_none_match;     /* or NULL */
	const char *if_match;          /* or NULL */
	/* Files. A body from a descriptor (regular file or memfd, read from its start by pread, not closed; it must stay
	 * open until the callback) instead of json, with its type and digest. */
	int body_fd;                   /* used where body_fd_size > 0 */
	uint64_t body_fd_size;
	const char *content_type, *content_digest; /* the latter "sha-256=:…:", RFC 9530 */
	/* An answer that is no JSON: each piece of a 2xx goes here, the reply has no body. */
	void (*on_data)(const char *data, size_t n, void *userdata);
	/* Before the first piece. May cancel the call. */
	void (*on_header)(const struct api_header *header, void *userdata);
	bool can_hold;                 /* see http.h; then `timeout` may be USEC_INFINITY */
	const char *range, *if_range;  /* "bytes=100-", an ETag; or NULL */
	size_t max_body;               /* of such an answer; 0: the usual bound */
	void (*on_sent)(uint64_t sent, void *userdata); /* progress of body_fd */
	bool aside;                    /* a service that nothing depends on: whether it is reached is not told */
	bool anonymous;                /* no token (sign-up, sign-in) */
	const struct secret *bearer;   /* this token instead of the present one; then a 401 is final */
	bool no_renewal;               /* a 401 is final (the renewal itself) */
	/* Repeats transient failures (with the key, if any) with back-off until the budget is spent; 0:
	 * one try. Only for a Get, a call that acts on nothing, or one with a key (which ends at the
	 * fifth 500). From start to callback it takes at most the larger of budget and timeout, and a
	 * second; a wait for a renewal as much again. The clock is CLOCK_MONOTONIC. */
	uint64_t retry_budget;
	uint64_t timeout;              /* µs for one try; 0: 10 s */
	uint64_t quiet;                /* µs in which nothing came, then the try has failed; 0: its timeout alone counts */
};

/* The callback comes exactly once, from the loop, never from within another function of this file. What
 * the reply points to is valid during it. -EINVAL: a request that makes no sense; -EBUSY: 512 are open.
 * `ret` may be NULL. */
int api_start(struct api *a, const struct api_request *request, api_cb done, void *userdata,
	      struct api_call **ret);
/* Ends it without its callback; NULL is fine, and in its own callback it does nothing. Not after that. */
void api_cancel(struct api_call *c);
/* Holds back what comes by on_data, or lets it go on; only with can_hold. */
void api_hold(struct api_call *c, bool hold);

/* The digest of the services' addresses that names their cache folder: 16 hex digits. -EINVAL when one
 * has none. */
#define API_WORLD_SIZE 17
int api_world(const struct config *config, char ret[static API_WORLD_SIZE]);
