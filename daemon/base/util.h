/* Small things every file uses: cleanup attributes, ownership, strings. The names mean what they mean in
 * systemd's code. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _must_check_ __attribute__((warn_unused_result))
#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_INFINITY UINT64_MAX

/* `_cleanup_(f)` for a pointer type: void foop(foo **p) { foo_free(*p); } */
#define DEFINE_CLEANUP(type, func) \
	static inline void func##p(type *p) \
	{ \
		if (*p) \
			func(*p); \
	} \
	struct _cleanup_needs_semicolon_

static inline void freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

/* Hands ownership on: the variable is NULL (the descriptor -1) afterwards. */
#define TAKE_PTR(p) \
	({ \
		__typeof__(p) _taken = (p); \
		(p) = NULL; \
		_taken; \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* NULL-safe: two NULLs are equal. */
static inline bool streq_ptr(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

static inline const char *strempty(const char *s)
{
	return s ? s : "";
}

static inline bool isempty(const char *s)
{
	return !s || !*s;
}

/* Returns what follows the prefix, or NULL. */
static inline const char *startswith(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

#define new0(type, n) ((type *)calloc((n), sizeof(type)))

/* Replaces *p by a copy of s (NULL: by NULL). 0 or -ENOMEM; on failure *p is as it was. */
static inline int free_and_strdup(char **p, const char *s)
{
	char *copy = NULL;

	if (s) {
		copy = strdup(s);
		if (!copy)
			return -ENOMEM;
	}
	free(*p);
	*p = copy;
	return 0;
}

/* A formatted string of one's own, or NULL. */
char *strprintf(const char *format, ...) _printf_(1, 2) _must_check_;

/* A growing array of strings, NULL-terminated; NULL is the empty one. */
int strv_push(char ***l, const char *s);
size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);
void strv_free(char **l);
DEFINE_CLEANUP(char **, strv_free);

/* True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool utf8_is_valid(const char *s, size_t n);

/* Lower-case hex SHA-256 (FIPS 180-4) of n bytes. */
#define SHA256_HEX_SIZE 65
int sha256_hex(const void *data, size_t n, char ret[static SHA256_HEX_SIZE]);

/* Random bits from the kernel. uniform_below(0) is 0. */
uint64_t random_u64(void);
uint64_t random_below(uint64_t limit);
