/*
 * A request that is answered later, or never: it is held, and its holder is told when the client goes away.
 */
#pragma once

#include <event2/http.h>

struct hold;

/*
 * Holds a request. @gone is called once if the connection ends while it is held; hold and request are freed
 * then, and must not be used again.
 */
struct hold *hold_new(struct evhttp_request *req, void (*gone)(void *data), void *data);
struct evhttp_request *hold_request(struct hold *h);
/* Bytes that the client has not taken yet. */
size_t hold_backlog(struct hold *h);
/* Frees the hold and gives the request back, to be answered now. NULL gives NULL. */
struct evhttp_request *hold_release(struct hold *h);
/* Like hold_release(), but keeps watching while chunks are sent. The request is ended by hold_end(). */
void hold_send_start(struct hold *h, int status);
void hold_send(struct hold *h, struct evbuffer *data);
/* The same; @written is called once all that was given to it has been handed to the socket. */
void hold_send_then(struct hold *h, struct evbuffer *data, void (*written)(struct evhttp_connection *, void *),
		    void *arg);
void hold_end(struct hold *h);

/* Cuts the connection of a request with a TCP reset, from the loop's next turn on. */
void connection_reset(struct evhttp_request *req);
/* Closes the connection of a request when everything written to it was sent. */
void connection_close_flushed(struct evhttp_request *req);
