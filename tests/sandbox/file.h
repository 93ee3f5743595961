/*
 * The files of customers: what the service made for them, and what they sent.
 */
#pragma once

#include "tests/sandbox/call.h"

struct file {
	const char *name, *content_type;
	const char *source; /* what it was made from: a file with an equal source takes its place; NULL: nothing */
	const void *data;
	size_t size;
};

/* Keeps a file and makes its record the call's answer. One that is there already, byte for byte, keeps its uid. */
void file_keep(struct call *c, const struct file *f);
/* "sha-256=:…:" of these bytes. Caller frees. */
char *file_digest_header(const void *data, size_t size);
