/*
 * Which handler answers which call, and what is checked before it is asked: token, body, key.
 */
#pragma once

#include "tests/sandbox/call.h"

/* Fills c->status and c->answer. */
void router_dispatch(struct call *c);
