/*
 * The HTTP server: takes requests, hands them to the router and sends what comes back.
 */
#pragma once

#include "tests/sandbox/call.h"

/* Binds loopback and prints "listening on …". */
int http_start(struct sandbox *s);
void http_stop(struct sandbox *s);
