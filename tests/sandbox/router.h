/*
 * Which handler answers which call, and what is checked before it is asked: token, body, key.
 */
#pragma once

#include <sys/types.h>

#include "tests/sandbox/call.h"

enum { ROUTES_MAX = 96 };

/* Fills c->status and c->answer, or the handler has taken the request. */
void router_dispatch(struct call *c);
/* The call's place in the table of calls; -1 if there is no such call. */
ssize_t router_index(struct call *c);
const char *router_path(size_t index);
const char *router_method(size_t index);
