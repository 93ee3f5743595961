/* base/secret: bounds, escaping, references, and that nothing is left behind. */
#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),     cmocka_unit_test(test_whole_page),   cmocka_unit_test(test_json),
		cmocka_unit_test(test_references), cmocka_unit_test(test_out_of_dumps), cmocka_unit_test(test_wiping_realloc),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
