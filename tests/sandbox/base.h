/*
 * Small things every part of the sandbox needs: cleanup attributes, text buffers, random numbers, digests.
 * The sandbox shares no code with the daemon or its clients, so that no misreading of a contract is shared.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define AUTO(f) __attribute__((cleanup(f)))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

static inline void base_freep(void *p)
{
	free(*(void **)p);
}

#define AUTO_FREE AUTO(base_freep)

/* Memory: a stand-in for tests has nothing better to do without memory than to say so and end. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xprintf(const char *format, ...) PRINTF(1, 2);

/* Takes a pointer out of its place, leaving NULL there. */
#define TAKE(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

#define UUID_SIZE 37

/* A new random UUID (version 4), in lower case. */
void uuid_make(char out[UUID_SIZE]);
/* A UUID that follows from a random number generator's state, for reproducible histories. */
void uuid_from(uint64_t *rng, char out[UUID_SIZE]);
bool uuid_is_valid(const char *s);

#define DIGEST_SIZE 65

/* SHA-256 as lower-case hex. */
void digest_hex(const void *data, size_t size, char out[DIGEST_SIZE]);
/* PBKDF2-HMAC-SHA256 of a password as "salt:hash"; and the check against such a text. */
char *password_hash(const char *password);
bool password_matches(const char *password, const char *hash);
bool same_text(const char *a, const char *b);

/* Random bytes from the system. */
void random_bytes(void *p, size_t size);
/* splitmix64: reproducible numbers from a seed. */
uint64_t rng_next(uint64_t *state);
/* A number in 0..n-1. */
unsigned rng_below(uint64_t *state, unsigned n);
/* A number in [0, 1). */
double rng_unit(uint64_t *state);
/* A seed that follows from a text. */
uint64_t rng_seed_from(const char *text);

void log_line(const char *format, ...) PRINTF(1, 2);
_Noreturn void die(int status, const char *format, ...) PRINTF(2, 3);
