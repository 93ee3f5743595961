/* The other end of a TCP connection, in the same loop: a server on loopback that answers as a test says, byte by
 * byte if it likes. */
#pragma once

#include <event2/event.h>

#include "base/util.h"

struct peer;
struct peer_link; /* one connection */

struct peer_request {
	struct peer_link *link;
	char *method, *target; /* target: path and query */
	char *header;          /* all lines */
	char *body;            /* NUL-terminated */
	size_t body_size;
	unsigned connection;   /* counted from 1 */
};

/* Answers, now or later, through the link; later, only while `gone` was not called for it. */
typedef void (*peer_handler)(const struct peer_request *q, void *userdata);

struct peer *peer_new(struct event_base *base, peer_handler handler, void *userdata);
void peer_free(struct peer *p);
void peer_on_gone(struct peer *p, void (*gone)(struct peer_link *l, void *userdata));
const char *peer_url(const struct peer *p); /* "http://127.0.0.1:port" */
unsigned peer_connections(const struct peer *p); /* accepted so far */

void peer_send(struct peer_link *l, const void *data, size_t n);
void peer_print(struct peer_link *l, const char *format, ...) _printf_(2, 3);
/* A whole answer; headers: lines with their \r\n, or "". */
void peer_answer(struct peer_link *l, int status, const char *headers, const void *body, size_t n);
void peer_close(struct peer_link *l); /* when all was sent */
void peer_reset(struct peer_link *l); /* RST, now */

/* The value of a header field of the request ("" when absent); each call uses the same memory. */
const char *peer_field(const struct peer_request *q, const char *name);

/* Runs the loop until *done, or fails the test after 20 s (times $TEST_TIME_FACTOR). */
void run_until(struct event_base *base, const bool *done);
/* The same until `text`, which callbacks write, is `expected`. */
void run_until_text(struct event_base *base, const char *text, const char *expected);
/* Runs the loop until it has nothing that is ready any more. */
void run_ready(struct event_base *base);
