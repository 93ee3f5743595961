/*
 * What the parts of the sandbox share: the one structure that holds them together.
 */
#pragma once

#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "tests/sandbox/clock.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/values.h"

struct options {
	const char *data;
	const char *videos;
	const char *tls_cert;
	const char *tls_key;
	uint16_t port;
	double speed;
	bool speed_given;
	uint64_t random_seed;
	int64_t ping_sec;           /* between pings of the hub */
	int64_t client_timeout_sec; /* for a client that has pinged once */
	bool client_verifies; /* AddUser's answer carries the code, as the platform does now */
};

struct sandbox {
	struct options options;
	struct event_base *base;
	struct evhttp *http;
	struct ssl_ctx_st *tls; /* NULL: plain HTTP */
	struct store *store;
	struct faults *faults;
	struct hub *hub;
	struct journal *journal;
	struct videos *videos;
	struct clock clock;
	uint64_t rng;
	struct post *post;
	struct event *life_timer;
	int64_t in_process_usec; /* how long payments stay so; 0: they do not */
	int64_t late_minutes; /* of every order made from now on; -1: now and then one is late */
};
