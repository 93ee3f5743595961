/* A password, token or card number in memory of its own: locked against swap, left out of core dumps, wiped
 * before it is freed, and printed nowhere. */
#pragma once

#include <stddef.h>

#include "base/util.h"

struct secret;

/* A secret of n bytes copied from data; the caller wipes its own copy. NULL on -ENOMEM. */
struct secret *secret_new(const void *data, size_t n);
/* An empty one that can grow to `capacity` bytes without moving. */
struct secret *secret_new_empty(size_t capacity);
/* 0, or -ENOBUFS when it would exceed the capacity. */
int secret_append(struct secret *s, const void *data, size_t n);
int secret_append_string(struct secret *s, const char *text);
/* Appends text as the inside of a JSON string (escaped, no quotes): all of it, or nothing and -ENOBUFS. */
int secret_append_json(struct secret *s, const char *text, size_t n);

/* NUL-terminated; borrowed; valid while the secret lives. */
const char *secret_string(const struct secret *s);
size_t secret_length(const struct secret *s);

struct secret *secret_ref(struct secret *s);
struct secret *secret_unref(struct secret *s); /* returns NULL; wipes with the last reference */
static inline void secret_unrefp(struct secret **s)
{
	secret_unref(*s);
}
#define _cleanup_secret_ _cleanup_(secret_unrefp)

/* memset that the compiler keeps. */
void wipe(void *p, size_t n);
/* memcpy() and its kin leave the last that they saw in vector registers, from where it gets into core dumps, and onto the
 * stack with a signal: called after secrets were handled. What appends to a secret or frees one has done it. */
void wipe_registers(void);

/* malloc(3) and its family, but in memory that is left out of core dumps (base/arena.h), and what is freed or left behind
 * is wiped first: for the libraries through whose buffers secrets pass. wiping_realloc(p, 0) frees and returns NULL. */
void *wiping_malloc(size_t n);
void *wiping_calloc(size_t n, size_t size);
void *wiping_realloc(void *p, size_t n);
char *wiping_strdup(const char *s);
void wiping_free(void *p);
