/*
 * The push hub: SignalR's json protocol, version 1, over Server-Sent Events and long polling, as
 * docs/backend-api.md has it.
 */
#pragma once

#include "tests/sandbox/call.h"

#define HUB_PATH "/NotificationsBackend/hub"

struct hub;

struct hub *hub_new(struct sandbox *s);
void hub_free(struct hub *h);
/* Invokes a target at every connection of a user. Takes the argument over. */
void hub_send(struct sandbox *s, int64_t user, const char *target, json_object *argument);
/* Every connection that is there says nothing any more, and is never closed: a line that went dead. */
void hub_silence(struct sandbox *s);
/* How many connections have shaken hands, for the journal. */
size_t hub_count(struct sandbox *s);
