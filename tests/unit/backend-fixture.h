/* A service in the same loop as the api that calls it: answers by script, remembers what arrived. */
#pragma once

#include <event2/event.h>
#include <event2/http.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "backend/api.h"

#define FIXTURE_MAX_SEEN 64
#define FIXTURE_MAX_CALLS 16

struct seen {
	char *method, *uri, *body, *authorization, *request_id, *key, *if_none_match, *content_type,
		*user_agent;
};

struct answer_script {
	int status;              /* 0: none, the connection stays open */
	const char *type, *body; /* or NULL */
	size_t body_size;        /* 0: strlen */
	const char *header, *value;
};

struct outcome {
	enum api_outcome outcome;
	int status;
	char *code, *message, *etag;
	json_object *body;
	uint64_t retry_after, date;
	bool sent;
};

struct fixture {
	struct event_base *base;
	struct evhttp *server;
	unsigned port;
	struct http *http;
	struct config config;
	char url[64];
	struct api *api;

	/* Answers in turn, the last one again and again; or a function. */
	const struct answer_script *script;
	size_t n_script;
	void (*respond)(struct fixture *f, struct evhttp_request *request);
	struct seen seen[FIXTURE_MAX_SEEN];
	size_t n_seen;

	/* The hooks: what they give, what they saw. */
	struct secret *token;
	void (*on_renew)(struct fixture *f);
	void (*on_rejected)(struct fixture *f);
	void (*on_contact)(struct fixture *f, bool reached);
	unsigned n_renew, n_rejected, n_reached, n_unreached;
	uint64_t last_date;

	struct outcome done[FIXTURE_MAX_CALLS];
	size_t n_done;
	void (*on_done)(struct fixture *f, const struct api_reply *reply);
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* What was seen and what was answered so far. */
void fixture_forget(struct fixture *f);
void fixture_reply(struct evhttp_request *request, const struct answer_script *a);
void fixture_set_token(struct fixture *f, const char *token); /* NULL: none */
/* The callback of every call. */
void fixture_done(const struct api_reply *reply, void *userdata);
/* A GET of `path` with nothing special about it. */
struct api_request fixture_get(const char *path);
struct api_call *fixture_start(struct fixture *f, const struct api_request *request);

/* Runs the loop until the number is reached, for 20 s at most. */
void fixture_wait(struct fixture *f, const size_t *number, size_t reach);
void fixture_wait_unsigned(struct fixture *f, const unsigned *number, unsigned reach);
/* Runs what is due now. */
void fixture_settle(struct fixture *f);
