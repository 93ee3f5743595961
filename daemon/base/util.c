/* Small things every file uses: strings, string arrays, UTF-8 and random bits. The digest is in digest.c, so that
 * who does not need it does not link the crypto library. */
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

char *strprintf(const char *format, ...)
{
	va_list ap;
	char *s;
	int r;

	va_start(ap, format);
	r = vasprintf(&s, format, ap);
	va_end(ap);
	return r < 0 ? NULL : s;
}

size_t strv_length(char *const *l)
{
	size_t n = 0;

	while (l && l[n])
		n++;
	return n;
}

int strv_push(char ***l, const char *s)
{
	size_t n = strv_length(*l);
	_cleanup_free_ char *copy = strdup(s);
	char **grown;

	if (!copy)
		return -ENOMEM;
	grown = reallocarray(*l, n + 2, sizeof(char *));
	if (!grown)
		return -ENOMEM;
	grown[n] = TAKE_PTR(copy);
	grown[n + 1] = NULL;
	*l = grown;
	return 0;
}

bool strv_contains(char *const *l, const char *s)
{
	for (; l && *l; l++)
		if (streq(*l, s))
			return true;
	return false;
}

void strv_free(char **l)
{
	for (char **p = l; p && *p; p++)
		free(*p);
	free(l);
}

/* The length of the well-formed sequence at s, or 0: the rows of table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const unsigned char *s, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (s[0] < 0x80)
		return s[0] != 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (n < length)
		return 0;

	if (s[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (s[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (s[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (s[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool utf8_is_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		size_t k = utf8_sequence(p, n);

		if (k == 0)
			return false;
		p += k;
		n -= k;
	}
	return true;
}

uint64_t random_u64(void)
{
	uint64_t v;
	ssize_t n;

	do
		n = getrandom(&v, sizeof(v), 0);
	while (n < 0 && errno == EINTR);
	/* Requests of up to 256 bytes are never cut short; a kernel without the call is older than all we run on. */
	if (n != sizeof(v))
		abort();
	return v;
}

uint64_t random_below(uint64_t limit)
{
	uint64_t v, surplus;

	if (limit == 0)
		return 0;
	/* 2^64 mod limit: the values below it would make the low results likelier. */
	surplus = -limit % limit;
	do
		v = random_u64();
	while (v < surplus);
	return v % limit;
}
