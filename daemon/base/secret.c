/* Secrets in pages of their own, and an allocator for libraries that handle them. */
#include "base/secret.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>

struct secret {
	unsigned refs;
	char *data;      /* whole pages */
	size_t mapped;
	size_t capacity; /* without the NUL */
	size_t length;
};

void wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

struct secret *secret_new_empty(size_t capacity)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct secret *s;

	if (capacity > SIZE_MAX - page)
		return NULL;
	s = new0(struct secret, 1);
	if (!s)
		return NULL;
	s->refs = 1;
	s->capacity = capacity;
	s->mapped = (capacity + page) / page * page; /* at least one byte more than the capacity */
	s->data = mmap(NULL, s->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->data == MAP_FAILED) {
		free(s);
		return NULL;
	}
	/* RLIMIT_MEMLOCK may be used up. Then the pages can reach swap; wiping and core dumps are as with it. */
	(void)mlock(s->data, s->mapped);
	(void)madvise(s->data, s->mapped, MADV_DONTDUMP);
	(void)madvise(s->data, s->mapped, MADV_WIPEONFORK);
	return s;
}

struct secret *secret_new(const void *data, size_t n)
{
	struct secret *s = secret_new_empty(n);

	if (s && secret_append(s, data, n) < 0)
		return secret_unref(s);
	return s;
}

int secret_append(struct secret *s, const void *data, size_t n)
{
	if (n > s->capacity - s->length)
		return -ENOBUFS;
	if (n > 0)
		memcpy(s->data + s->length, data, n);
	s->length += n;
	return 0; /* the byte behind is still zero */
}

int secret_append_string(struct secret *s, const char *text)
{
	return secret_append(s, text, strlen(text));
}

int secret_append_json(struct secret *s, const char *text, size_t n)
{
	size_t before = s->length;
	char escaped[8];
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\') {
			escaped[0] = '\\';
			escaped[1] = (char)c;
			r = secret_append(s, escaped, 2);
		} else if (c < ' ') {
			(void)snprintf(escaped, sizeof(escaped), "\\u%04x", c);
			r = secret_append(s, escaped, 6);
		} else
			r = secret_append(s, &text[i], 1);
	}
	wipe(escaped, sizeof(escaped));
	if (r < 0) {
		wipe(s->data + before, s->length - before);
		s->length = before;
	}
	return r;
}

const char *secret_string(const struct secret *s)
{
	return s->data;
}

size_t secret_length(const struct secret *s)
{
	return s->length;
}

struct secret *secret_ref(struct secret *s)
{
	s->refs++;
	return s;
}

struct secret *secret_unref(struct secret *s)
{
	if (!s || --s->refs > 0)
		return NULL;
	wipe(s->data, s->mapped);
	(void)munmap(s->data, s->mapped);
	free(s);
	return NULL;
}

void *wiping_malloc(size_t n)
{
	return malloc(n);
}

void *wiping_calloc(size_t n, size_t size)
{
	return calloc(n, size);
}

char *wiping_strdup(const char *s)
{
	return strdup(s);
}

void wiping_free(void *p)
{
	if (!p)
		return;
	wipe(p, malloc_usable_size(p));
	free(p);
}

/* Never in place: realloc() leaves the old bytes behind when it moves, and does not tell. */
void *wiping_realloc(void *p, size_t n)
{
	size_t old;
	void *fresh;

	if (!p)
		return malloc(n);
	if (n == 0) {
		wiping_free(p);
		return NULL;
	}
	old = malloc_usable_size(p);
	if (n <= old && n >= old / 2)
		return p;
	fresh = malloc(n);
	if (!fresh)
		return NULL;
	memcpy(fresh, p, n < old ? n : old);
	wiping_free(p);
	return fresh;
}
