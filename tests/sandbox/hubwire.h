/*
 * One connection of the hub, and the messages of its protocol.
 */
#pragma once

#include <sys/queue.h>

#include <event2/buffer.h>

#include "tests/sandbox/call.h"

enum transport { TRANSPORT_NONE, TRANSPORT_EVENTS, TRANSPORT_POLLING };

struct connection {
	TAILQ_ENTRY(connection) link;
	struct hub *hub;
	char id[UUID_SIZE], token[UUID_SIZE];
	int64_t user;
	enum transport transport;
	bool ready;  /* hands were shaken */
	bool pings;  /* the client has pinged once */
	bool closing; /* over, but for what the next poll will get */
	bool silent; /* a fault: nothing is said or done any more */
	struct hold *hold; /* the stream, or the poll that waits */
	struct evbuffer *in, *out;
	struct event *ping, *silence, *idle;
};

TAILQ_HEAD(connections, connection);

/* The transport: sends one message. false: the connection was closed and freed, its backlog was too long. */
bool connection_send(struct connection *n, json_object *message);
/* Ends and, now or at the next poll, frees it. */
void connection_close(struct connection *n);
/* Something came from the client. */
void connection_alive(struct connection *n, bool pinged);
void connection_ready(struct connection *n);

/* Reads what is whole in n->in; the connection may be closed and freed by it. */
void hubwire_receive(struct connection *n);
/* Says that the connection is over, and ends it. */
void hubwire_close(struct connection *n, const char *error, bool allow_reconnect);
