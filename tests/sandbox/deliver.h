/*
 * Sending an answer, whole or spoiled.
 */
#pragma once

#include "tests/sandbox/faults.h"

/* Date, Server and the like; @content_type may be NULL. */
void deliver_headers(struct call *c, const char *content_type);
/* Sends c->answer. The request is gone afterwards, or will be. */
void deliver(struct call *c, const struct effect *e);
