/* Secrets in pages of their own, and an allocator for libraries that handle them. */
#include "base/secret.h"

#include <stdio.h>
#include <sys/mman.h>

#include "base/arena.h"

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

#if defined(__x86_64__)

#define LOW "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
	    "xmm13", "xmm14", "xmm15"
#ifdef __AVX512F__
#define HIGH "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", \
	     "xmm28", "xmm29", "xmm30", "xmm31"
#else
#define HIGH "memory" /* the compiler does not know those */
#endif
#define PXOR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define VPXORD(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"

void wipe_registers(void)
{
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" : : : LOW);
	else
		__asm__ volatile(PXOR(0) PXOR(1) PXOR(2) PXOR(3) PXOR(4) PXOR(5) PXOR(6) PXOR(7) PXOR(8) PXOR(9) PXOR(10)
				 PXOR(11) PXOR(12) PXOR(13) PXOR(14) PXOR(15) : : : LOW);
	if (__builtin_cpu_supports("avx512f"))
		__asm__ volatile(VPXORD(16) VPXORD(17) VPXORD(18) VPXORD(19) VPXORD(20) VPXORD(21) VPXORD(22) VPXORD(23)
				 VPXORD(24) VPXORD(25) VPXORD(26) VPXORD(27) VPXORD(28) VPXORD(29) VPXORD(30) VPXORD(31)
				 : : : HIGH);
}

#else

/* What memmove() used for them, it uses for these: one of each way it has. */
void wipe_registers(void)
{
	static const char zeros[1024];
	char to[sizeof(zeros)];

	for (size_t n = 1; n <= sizeof(zeros); n *= 2) {
		memmove(to, zeros, n);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
}

#endif

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
	if (n > sizeof(uint64_t))
		wipe_registers();
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
	wipe_registers();
	(void)munmap(s->data, s->mapped);
	free(s);
	return NULL;
}

void *wiping_malloc(size_t n)
{
	return arena_alloc(&arena_secret, n);
}

void *wiping_calloc(size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : arena_alloc(&arena_secret, all);
}

char *wiping_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = arena_alloc(&arena_secret, n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void wiping_free(void *p)
{
	arena_free(&arena_secret, p);
}

void *wiping_realloc(void *p, size_t n)
{
	if (n > 0)
		return arena_realloc(&arena_secret, p, n);
	wiping_free(p);
	return NULL;
}
