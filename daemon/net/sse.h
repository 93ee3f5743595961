/* Server-Sent Events: an incremental parser (WHATWG HTML, section 9.2 "Server-sent events"). */
#pragma once

#include "base/util.h"

#define SSE_MAX_EVENT (8U << 20)

struct sse;

/* `event` gets the data of each event, lines joined by '\n'; borrowed. Comments call it with
 * NULL. It may free the parser. */
struct sse *sse_new(void (*event)(const char *data, size_t n, void *userdata), void *userdata);
void sse_free(struct sse *s);
DEFINE_CLEANUP(struct sse *, sse_free);
/* 0, or -E2BIG when a line or an event goes over SSE_MAX_EVENT; from then on always that. */
int sse_feed(struct sse *s, const char *data, size_t n);
