/* base/secret: bounds, escaping, references, and that nothing is left behind. */
#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "unit.h"

static void test_append(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new_empty(5);

	(void)state;
	assert_string_equal(secret_string(s), "");
	assert_int_equal(secret_append_string(s, "abc"), 0);
	assert_int_equal(secret_append_string(s, "def"), -ENOBUFS);
	assert_int_equal(secret_append(s, "de", 2), 0);
	assert_int_equal(secret_append(s, "", 0), 0);
	assert_int_equal(secret_append(s, "x", 1), -ENOBUFS);
	assert_int_equal(secret_length(s), 5);
	assert_string_equal(secret_string(s), "abcde");
	assert_null(secret_new_empty(SIZE_MAX));
}

/* A length that fills its pages still ends with a NUL. */
static void test_whole_page(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	_cleanup_free_ char *data = malloc(page);
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	memset(data, 'x', page);
	s = secret_new(data, page);
	assert_int_equal(secret_length(s), page);
	assert_int_equal(strlen(secret_string(s)), page);
}

static void test_json(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new_empty(40);
	const char before[] = "\"pass\\word\"\n\x01\xc3\xa9";

	(void)state;
	assert_int_equal(secret_append_json(s, before, strlen(before)), 0);
	assert_string_equal(secret_string(s), "\\\"pass\\\\word\\\"\\u000a\\u0001\xc3\xa9");
	/* All or nothing, and nothing of it stays. */
	assert_int_equal(secret_append_json(s, "abcdefghijklmnopqrst", 20), -ENOBUFS);
	assert_int_equal(secret_length(s), strlen(secret_string(s)));
	for (size_t i = secret_length(s); i < 40; i++)
		assert_int_equal(secret_string(s)[i], 0);
}

static void test_references(void **state)
{
	struct secret *s = secret_new("token", 5), *other = secret_ref(s);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const char *data = secret_string(s);
	unsigned char resident;

	(void)state;
	assert_null(secret_unref(s));
	assert_string_equal(secret_string(other), "token");
	assert_int_equal(mincore((void *)(uintptr_t)data, page, &resident), 0);
	assert_null(secret_unref(other));
	/* The pages are given back, not kept for the next malloc(). */
	assert_int_equal(mincore((void *)(uintptr_t)data, page, &resident), -1);
	assert_int_equal(errno, ENOMEM);
	assert_null(secret_unref(NULL));
}

/* The flags of the mapping that holds p, as the kernel shows them. */
static char *mapping_flags(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	bool here = false;
	char line[512];
	char *flags = NULL;

	while (f && !flags && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (unsigned long)(uintptr_t)p >= from && (unsigned long)(uintptr_t)p < to;
		else if (here && startswith(line, "VmFlags:"))
			flags = strdup(line);
	}
	if (f)
		(void)fclose(f);
	return flags;
}

static void test_out_of_dumps(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new("token", 5);
	_cleanup_free_ char *flags = mapping_flags(secret_string(s));

	(void)state;
	if (!flags)
		skip(); /* a kernel that does not show them */
	assert_non_null(strstr(flags, " dd")); /* do not dump */
	assert_non_null(strstr(flags, " wf")); /* wipe on fork */
}

static void test_wiping_realloc(void **state)
{
	char *p = wiping_malloc(10);

	(void)state;
	memcpy(p, "123456789", 10);
	p = wiping_realloc(p, 100000);
	assert_string_equal(p, "123456789");
	p = wiping_realloc(p, 5);
	assert_memory_equal(p, "12345", 5);
	assert_null(wiping_realloc(p, 0));
	p = wiping_realloc(NULL, 3);
	assert_non_null(p);
	wiping_free(p);
	wiping_free(NULL);
	p = wiping_strdup("x");
	assert_string_equal(p, "x");
	wiping_free(p);
	p = wiping_calloc(3, 3);
	assert_int_equal(p[8], 0);
	wiping_free(p);
}

/* Blocks of every size: aligned, zeroed, apart from each other, in no dump, and zero again when they come back. */
static void test_arena(void **state)
{
	static const size_t sizes[] = { 0, 1, 16, 17, 31, 240, 241, 4096, 5000, 65536, 131056, 131057, 1 << 20 };
	unsigned char *p[ELEMENTSOF(sizes)];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
			p[i] = arena_alloc(&arena_secret, sizes[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			assert_true(arena_usable(p[i]) >= sizes[i]);
			assert_true(arena_round(sizes[i]) >= sizes[i]);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)i + 1, arena_usable(p[i]));
		}
		for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
			for (size_t k = 0; k < arena_usable(p[i]); k++)
				assert_int_equal(p[i][k], i + 1);
			arena_free(&arena_secret, p[i]);
		}
	}
	assert_null(arena_alloc(&arena_secret, SIZE_MAX));
	assert_null(wiping_calloc(SIZE_MAX / 2, 3));
}

/* By chance: what is in a block stays there while others come, go, grow and shrink. */
static void test_arena_by_chance(void **state)
{
	struct {
		unsigned char *p;
		size_t n;
		unsigned char mark;
	} held[64] = { 0 };
	uint64_t x = 88172645463325252u; /* xorshift64, always the same */

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t at, n;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		at = x % ELEMENTSOF(held);
		n = (x >> 8) % 8 ? (x >> 16) % 700 + 1 : (x >> 16) % 200000 + 1;
		for (size_t k = 0; k < held[at].n; k += held[at].n > 1000 ? 997 : 1)
			assert_int_equal(held[at].p[k], held[at].mark);
		if (held[at].p && (x >> 40) % 2) {
			arena_free(&arena_store, held[at].p);
			held[at].p = NULL;
			held[at].n = 0;
			continue;
		}
		held[at].p = arena_realloc(&arena_store, held[at].p, n);
		assert_non_null(held[at].p);
		for (size_t k = 0; k < held[at].n && k < n; k++)
			assert_int_equal(held[at].p[k], held[at].mark);
		held[at].n = n;
		held[at].mark = (unsigned char)i;
		memset(held[at].p, held[at].mark, n);
	}
	for (size_t i = 0; i < ELEMENTSOF(held); i++)
		arena_free(&arena_store, held[i].p);
}

static void test_arena_out_of_dumps(void **state)
{
	void *small = arena_alloc(&arena_secret, 100), *large = arena_alloc(&arena_store, 1 << 20);
	_cleanup_free_ char *a = mapping_flags(small), *b = mapping_flags(large);

	(void)state;
	arena_free(&arena_secret, small);
	arena_free(&arena_store, large);
#if !defined(__SANITIZE_ADDRESS__)
	if (!a || !b)
		skip();
	assert_non_null(strstr(a, " dd"));
	assert_non_null(strstr(b, " dd"));
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),     cmocka_unit_test(test_whole_page),   cmocka_unit_test(test_json),
		cmocka_unit_test(test_references), cmocka_unit_test(test_out_of_dumps), cmocka_unit_test(test_wiping_realloc),
		cmocka_unit_test(test_arena),      cmocka_unit_test(test_arena_by_chance),
		cmocka_unit_test(test_arena_out_of_dumps),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
