/*
 * One call: a request, what is known of its caller, and the answer it gets.
 */
#pragma once

#include <event2/keyvalq_struct.h>

#include "tests/sandbox/sandbox.h"

struct stream_part;

struct user {
	int64_t id; /* 0: nobody */
	char uid[UUID_SIZE];
	char *login;
	char *email;
	char *phone;
};

struct call {
	struct sandbox *sandbox;
	struct evhttp_request *req;
	char *path;
	int64_t number;      /* of the request, in the journal */
	struct evkeyvalq query;
	struct user user;
	const char *token;   /* the bearer's, borrowed from the request; NULL if none */
	const char *key;     /* Idempotency-Key, borrowed from the request */
	json_object *body;   /* the request's, if it had one */
	int status;
	json_object *answer; /* NULL: no body */
	char *text;          /* instead of an answer: a body that is not JSON, of content_type */
	const char *content_type;
	size_t text_size;    /* 0: the text ends with its NUL */
	struct stream_part *part; /* instead of all these: part of a file on disk */
	char *own_type;      /* a content_type that is freed with the call */
	bool taken;          /* the handler keeps the request and answers it itself */
	bool stalled;        /* the request is never to be answered */
	bool etag;           /* the answer may be asked for with If-None-Match */
};

/*
 * Turns the answer into a failure and returns a negative number for the handler to return. The problem's other
 * members can be added to c->answer afterwards.
 */
int call_fail(struct call *c, int status, const char *code, const char *format, ...) PRINTF(4, 5);
/* A parameter of the query; NULL if it is not there. */
const char *call_query(struct call *c, const char *name);
/* A member of the body that must be a text of @min to @max bytes; the failure is 422 `invalid-<name>`. */
int call_text(struct call *c, const char *name, size_t min, size_t max, const char **ret);
/* The same, but it may be absent: NULL then. */
int call_optional_text(struct call *c, const char *name, size_t max, const char **ret);

/*
 * Pages. A cursor stands for a change number; it is good for one listing of one user of this store only.
 * Reads changedSince and limit of the query: 400 `invalid-cursor`, `invalid-limit`, 410 `cursor-gone`.
 */
struct page {
	const char *listing;
	int64_t since;
	int64_t limit;
	int64_t last;
	json_object *items;
	bool has_more;
};

int page_begin(struct call *c, const char *listing, int64_t limit_default, int64_t limit_max, struct page *ret);
/* Adds an item; false: the page is full, which also says that there is more. */
bool page_add(struct page *p, json_object *item, int64_t change);
/* Makes the page the call's answer. */
int page_end(struct call *c, struct page *p);

void user_done(struct user *u);
