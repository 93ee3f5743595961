/* The first exchange with a SignalR hub: which connection, by which transports, or at which other place. Source:
 * aspnetcore, src/SignalR/docs/specs/TransportProtocols.md, section "POST [endpoint-base]/negotiate". */
#pragma once

#include "base/secret.h"
#include "base/util.h"

struct negotiation {
	char *error;          /* the hub refuses; nothing else is set */
	char *url;            /* go there instead, with `token`; nothing else is set */
	struct secret *token; /* or NULL */
	char *id;             /* what `id=` in the transport's URL is to be */
	bool sse, long_polling; /* offered, for text */
};

/* 0 or -EBADMSG. Versions 0 and 1. */
int negotiation_parse(const char *body, size_t n, struct negotiation *ret);
void negotiation_done(struct negotiation *g);

/* May a hub at `ours` send us to `target`? https, or loopback when ours is. */
bool negotiation_may_move(const char *ours, const char *target);

/* The hub's URL with `suffix` at the end of its path and "name=value" in its query; value is escaped, and either
 * may be NULL. Caller frees. */
char *hub_url(const char *hub, const char *suffix, const char *name, const char *value);
