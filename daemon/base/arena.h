/* Memory for libraries through whose buffers secrets pass: mappings of their own that are left out of core dumps, locked
 * against swap as far as the process may, and wiped when they are freed. Any thread may call. */
#pragma once

#include <stddef.h>

struct arena;

/* Of curl and OpenSSL, and of bodies of answers: locked. */
extern struct arena arena_secret;
/* Of SQLite, whose pages may hold a token that rests on the disk anyway: not locked. */
extern struct arena arena_store;

/* Aligned to 16 bytes and zeroed; at least one byte. NULL: no memory. */
void *arena_alloc(struct arena *a, size_t n);
/* Moves unless the block fits well; arena_realloc(a, NULL, n) allocates, 0 is not allowed. The rest is not zeroed. */
void *arena_realloc(struct arena *a, void *p, size_t n);
void arena_free(struct arena *a, void *p);
/* What is there for use: at least what was asked for. */
size_t arena_usable(const void *p);
/* arena_usable() of a block for n bytes. */
size_t arena_round(size_t n);
