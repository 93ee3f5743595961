/*
 * The messages of SignalR's hub protocol, json, version 1: handshake, ping, close, invocations by the client.
 */
#include <errno.h>

#include "tests/sandbox/hubwire.h"

enum { MESSAGE_MAX = 64 * 1024, TYPE_INVOCATION = 1, TYPE_COMPLETION = 3, TYPE_PING = 6, TYPE_CLOSE = 7 };

void hubwire_close(struct connection *n, const char *error, bool allow_reconnect)
{
	AUTO_JSON json_object *close = json_object_new_object();

	json_add_int(close, "type", TYPE_CLOSE);
	if (error)
		json_add_text(close, "error", error);
	if (allow_reconnect)
		json_add_bool(close, "allowReconnect", true);
	if (connection_send(n, close))
		connection_close(n);
}

/* -ECONNABORTED: the connection is closed and freed. */
static int shake_hands(struct connection *n, json_object *m)
{
	AUTO_JSON json_object *answer = json_object_new_object();
	AUTO_FREE char *error = NULL;
	const char *protocol = NULL;
	int64_t version = 0;

	if (json_string_member(m, "protocol", &protocol) < 0 || !protocol ||
	    json_int_member(m, "version", 0, &version) < 0)
		error = xstrdup("The handshake request has no protocol and version.");
	else if (strcmp(protocol, "json") != 0)
		error = xprintf("The protocol '%.40s' is not supported.", protocol);
	else if (version != 1)
		error = xprintf("The server does not support version %lld of the 'json' protocol.",
				(long long)version);
	if (error)
		json_add_text(answer, "error", error);
	else
		connection_ready(n);
	if (!connection_send(n, answer))
		return -ECONNABORTED;
	if (error) {
		connection_close(n);
		return -ECONNABORTED;
	}
	return 0;
}

/* There is nothing to invoke here; who waits for the result is told so. */
static int refuse_invocation(struct connection *n, json_object *m)
{
	AUTO_JSON json_object *completion = json_object_new_object();
	AUTO_FREE char *error = NULL;
	const char *target = NULL, *id = NULL;

	if (json_string_member(m, "invocationId", &id) < 0 || json_string_member(m, "target", &target) < 0 ||
	    !id)
		return 0;
	error = xprintf("Unknown hub method '%.60s'", target ? target : "");
	json_add_int(completion, "type", TYPE_COMPLETION);
	json_add_text(completion, "invocationId", id);
	json_add_text(completion, "error", error);
	return connection_send(n, completion) ? 0 : -ECONNABORTED;
}

static int receive_message(struct connection *n, json_object *m)
{
	int64_t type;

	if (!n->ready)
		return shake_hands(n, m);
	if (json_int_member(m, "type", 0, &type) < 0)
		type = 0;
	connection_alive(n, type == TYPE_PING);
	if (type == TYPE_INVOCATION)
		return refuse_invocation(n, m);
	if (type == TYPE_CLOSE) {
		connection_close(n);
		return -ECONNABORTED;
	}
	return 0;
}

void hubwire_receive(struct connection *n)
{
	for (;;) {
		struct evbuffer_ptr end = evbuffer_search(n->in, "\x1e", 1, NULL);
		AUTO_JSON json_object *m = NULL;
		const char *why;
		int r;

		if (end.pos < 0) {
			if (evbuffer_get_length(n->in) > MESSAGE_MAX)
				hubwire_close(n, "A message is too long.", false);
			return;
		}
		r = json_read_object((const char *)evbuffer_pullup(n->in, end.pos + 1), (size_t)end.pos, &m,
				     &why);
		evbuffer_drain(n->in, (size_t)end.pos + 1);
		if (r < 0) {
			hubwire_close(n, "A message is no JSON object.", false);
			return;
		}
		if (receive_message(n, m) < 0)
			return;
	}
}
