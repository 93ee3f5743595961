/*
 * Sending an answer, whole or spoiled.
 */
#pragma once

#include "tests/sandbox/faults.h"

/* Date, Server and the like; @content_type may be NULL. */
void deliver_headers(struct call *c, const char *content_type);
/* Sends c->answer. The request is gone afterwards, or will be. */
enum { ETAG_SIZE = 20 };

/* The ETag of an answer. */
void deliver_etag(const char *text, size_t size, char out[ETAG_SIZE]);
void deliver(struct call *c, const struct effect *e);
