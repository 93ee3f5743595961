/* base/util, base/uuid, base/records: strings, UTF-8, digests, identifiers, statuses. */
#include "base/util.h"

#include <math.h>

#include "base/records.h"
#include "base/uuid.h"
#include "unit.h"

static void test_utf8(void **state)
{
	static const char *const good[] = {
		"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "h\xc3\xa9\xf0\x9f\x8d\x95!",
	};
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe1\x80",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "a\xe1\x80x",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (utf8_is_valid(bad[i], strlen(bad[i])))
			fail_msg("case %zu", i);
	assert_false(utf8_is_valid("a\0b", 3));
	/* What would make it whole lies beyond the end. */
	assert_false(utf8_is_valid("\xc3\xa9", 1));
}

static void test_strings(void **state)
{
	_cleanup_(strv_freep) char **l = NULL;
	_cleanup_free_ char *s = NULL, *formatted = strprintf("%d-%s", 5, "x");

	(void)state;
	assert_string_equal(formatted, "5-x");
	assert_int_equal(strv_length(l), 0);
	assert_false(strv_contains(l, "a"));
	assert_int_equal(strv_push(&l, "a"), 0);
	assert_int_equal(strv_push(&l, "b"), 0);
	assert_int_equal(strv_length(l), 2);
	assert_true(strv_contains(l, "b"));
	assert_false(strv_contains(l, "c"));
	assert_null(l[2]);
	assert_int_equal(free_and_strdup(&s, "x"), 0);
	assert_int_equal(free_and_strdup(&s, s), 0);
	assert_string_equal(s, "x");
	assert_int_equal(free_and_strdup(&s, NULL), 0);
	assert_null(s);
	assert_string_equal(startswith("abc", "ab"), "c");
	assert_null(startswith("a", "ab"));
	assert_true(streq_ptr(NULL, NULL));
	assert_false(streq_ptr(NULL, "a"));
}

/* The examples of FIPS 180-4. */
static void test_sha256(void **state)
{
	char hex[SHA256_HEX_SIZE];

	(void)state;
	assert_int_equal(sha256_hex("abc", 3, hex), 0);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(sha256_hex("", 0, hex), 0);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_uuid(void **state)
{
	char a[UUID_SIZE], b[UUID_SIZE];

	(void)state;
	for (int i = 0; i < 100; i++) {
		uuid_new(a);
		uuid_new(b);
		assert_true(uuid_is_valid(a));
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
	assert_true(uuid_is_valid("F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"));
	assert_false(uuid_is_valid("f81d4fae-7dec-11d0-a765-00a0c91e6bf"));
	assert_false(uuid_is_valid("f81d4fae-7dec-11d0-a765-00a0c91e6bf66"));
	assert_false(uuid_is_valid("f81d4fae07dec-11d0-a765-00a0c91e6bf6"));
	assert_false(uuid_is_valid("g81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
	assert_false(uuid_is_valid("{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}"));
	assert_false(uuid_is_valid(""));
	assert_false(uuid_is_valid(NULL));
}

static void test_statuses(void **state)
{
	static const char *const way[] = { STATUS_REQUESTED, STATUS_PROCESSING, STATUS_COOKING, STATUS_READY,
					   STATUS_IN_DELIVERY, STATUS_DELIVERED };
	static const char *const ended[] = { STATUS_DELIVERED, STATUS_FINISHED, STATUS_CANCELLED, STATUS_REJECTED };

	(void)state;
	for (size_t i = 1; i < ELEMENTSOF(way); i++)
		assert_true(status_progress(way[i]) > status_progress(way[i - 1]));
	assert_int_equal(status_progress(STATUS_DELIVERED), 100);
	assert_int_equal(status_progress(STATUS_CANCELLED), -1);
	assert_int_equal(status_progress("on-the-moon"), -1);
	for (size_t i = 0; i < ELEMENTSOF(ended); i++)
		assert_false(status_is_pending(ended[i]));
	assert_true(status_is_pending(STATUS_SUBMITTING));
	assert_true(status_is_pending(STATUS_UNKNOWN));
	assert_true(status_is_pending("on-the-moon"));
	assert_true(status_is_local(STATUS_REJECTED));
	assert_false(status_is_local(STATUS_CANCELLED));
	assert_false(status_is_local("on-the-moon"));
}

static void test_records(void **state)
{
	struct order *o = order_new();
	struct product p = { .name = strdup("x") };

	(void)state;
	assert_true(isnan(o->destination_latitude) && isnan(o->courier.longitude));
	o->uid = strdup("u");
	o->lines = new0(struct order_line, 2);
	o->n_lines = 2;
	o->lines[1].name = strdup("n");
	o->timeline = new0(struct timeline_entry, 1);
	o->n_timeline = 1;
	o->timeline[0].status = strdup("s");
	o->payments = new0(struct payment, 1);
	o->n_payments = 1;
	o->payments[0].uid = strdup("p");
	order_free(o);
	order_free(NULL);
	assert_int_equal(strv_push(&p.dietary_tags, "vegan"), 0);
	product_done(&p);
	product_done(&p);
	assert_null(p.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8), cmocka_unit_test(test_strings),  cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_uuid), cmocka_unit_test(test_statuses), cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
