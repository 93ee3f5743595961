/* bus-options.c and order-options.c: the dictionaries of Place, Rate and List, with every kind of wrong entry. */
#include "unit.h"

#include <sys/socket.h>

#include "bus/order-options.h"

static sd_bus *bus;

static int group_setup(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || sd_bus_new(&bus) < 0 ||
	    sd_bus_set_fd(bus, fds[0], fds[0]) < 0 || sd_bus_start(bus) < 0)
		return -1;
	close(fds[1]);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	sd_bus_close_unref(bus);
	return 0;
}

/* A message with the given contents, as one that came in. */
static sd_bus_message *message(const char *types, ...)
{
	sd_bus_message *m = NULL;
	va_list ap;

	assert_true(sd_bus_message_new_method_call(bus, &m, NULL, "/", "org.example.X", "Y") >= 0);
	va_start(ap, types);
	assert_true(sd_bus_message_appendv(m, types, ap) >= 0);
	va_end(ap);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(m, 1) >= 0);
	return m;
}

static void expect_place_refused(sd_bus_message *m, const char *word)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct place_options o = { 0 };

	assert_true(order_options_read(m, &o, &e) < 0);
	assert_string_equal(e.name, "org.freedesktop.DBus.Error.InvalidArgs");
	if (!strstr(e.message, word))
		fail_msg("'%s' is not in '%s'", word, e.message);
	place_options_done(&o);
	sd_bus_message_unref(m);
}

static void test_place(void **state)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct place_options o = { 0 };
	sd_bus_message *m = message("a{sv}", 13, "address", "s", "12 Long Street", "city", "s", "Springfield", "phone", "s",
				    "+15551234567", "payment", "s", "pos", "comment", "s", "ring twice", "recipient", "s",
				    "Bo", "uid", "s", "8d3d7a4e-0d6b-4f6f-9c55-0f9f1c0f8a11", "deliver-at", "t",
				    UINT64_C(1800000000000000), "items", "a(tu)", 3, UINT64_C(7), 2, UINT64_C(9), 1,
				    UINT64_C(7), 3, "max-total", "x", INT64_C(5000), "over-limit", "b", 1, "expected-total",
				    "x", INT64_C(0), "wait-usec", "t", UINT64_C(0));

	(void)state;
	assert_true(order_options_read(m, &o, &e) >= 0);
	assert_string_equal(o.address, "12 Long Street");
	assert_string_equal(o.city, "Springfield");
	assert_string_equal(o.phone, "+15551234567");
	assert_string_equal(o.payment, "pos");
	assert_string_equal(o.comment, "ring twice");
	assert_string_equal(o.recipient, "Bo");
	assert_string_equal(o.uid, "8d3d7a4e-0d6b-4f6f-9c55-0f9f1c0f8a11");
	assert_int_equal(o.deliver_at, UINT64_C(1800000000000000));
	assert_true(o.has_items);
	/* The same product twice is one line. */
	assert_int_equal(o.n_items, 2);
	assert_int_equal(o.items[0].product, 7);
	assert_int_equal(o.items[0].quantity, 5);
	assert_int_equal(o.items[1].product, 9);
	assert_true(o.has_max_total && o.max_total == 5000);
	assert_true(o.over_limit);
	assert_true(o.has_expected_total && o.expected_total == 0);
	assert_true(o.has_wait && o.wait == 0);
	place_options_done(&o);
	sd_bus_message_unref(m);
}

static void test_nothing_given(void **state)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct place_options o = { 0 };
	sd_bus_message *m = message("a{sv}", 0);

	(void)state;
	assert_true(order_options_read(m, &o, &e) >= 0);
	assert_null(o.address);
	assert_false(o.has_items || o.has_max_total || o.has_expected_total || o.has_wait || o.over_limit);
	place_options_done(&o);
	sd_bus_message_unref(m);
}

static void test_unknown_key(void **state)
{
	char key[5001];

	(void)state;
	expect_place_refused(message("a{sv}", 1, "adress", "s", "12 Long Street"), "'adress'");
	expect_place_refused(message("a{sv}", 2, "city", "s", "X", "Address", "s", "Y"), "'Address'");
	expect_place_refused(message("a{sv}", 1, "", "s", "x"), "''");
	expect_place_refused(message("a{sv}", 1, "no\nnewline", "s", "x"), "'no?newline'");
	/* An over-long key is named by its beginning. */
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	expect_place_refused(message("a{sv}", 1, key, "s", "x"), "kkkk…'");
}

static void test_wrong_type(void **state)
{
	(void)state;
	expect_place_refused(message("a{sv}", 1, "address", "i", 5), "'address' is of type 'i' where 's'");
	expect_place_refused(message("a{sv}", 1, "address", "as", 1, "x"), "'address'");
	expect_place_refused(message("a{sv}", 1, "deliver-at", "x", INT64_C(-1)), "'deliver-at'");
	expect_place_refused(message("a{sv}", 1, "over-limit", "s", "yes"), "'over-limit'");
	expect_place_refused(message("a{sv}", 1, "max-total", "d", 12.5), "'max-total'");
	expect_place_refused(message("a{sv}", 1, "items", "a(uu)", 1, 7, 1), "'items'");
	expect_place_refused(message("a{sv}", 1, "items", "a(ti)", 1, UINT64_C(7), -1), "'items'");
	expect_place_refused(message("a{sv}", 1, "payment", "v", "s", "cash"), "'payment'");
}

static void test_bad_values(void **state)
{
	char text[4098];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	expect_place_refused(message("a{sv}", 1, "comment", "s", text), "'comment' is longer than 4096");
	expect_place_refused(message("a{sv}", 1, "payment", "s", "gold"), "gold");
	expect_place_refused(message("a{sv}", 1, "uid", "s", "7"), "'uid' \"7\"");
	expect_place_refused(message("a{sv}", 1, "max-total", "x", INT64_C(-1)), "'max-total' -1");
	expect_place_refused(message("a{sv}", 1, "expected-total", "x", INT64_MIN), "'expected-total'");
	expect_place_refused(message("a{sv}", 1, "items", "a(tu)", 0), "'items' is empty");
	expect_place_refused(message("a{sv}", 1, "items", "a(tu)", 1, UINT64_C(7), 0), "product 7");
	expect_place_refused(message("a{sv}", 1, "items", "a(tu)", 1, UINT64_C(7), 100), "product 7");
	expect_place_refused(message("a{sv}", 1, "items", "a(tu)", 2, UINT64_C(7), 50, UINT64_C(7), 50), "product 7");
	expect_place_refused(message("a{sv}", 1, "items", "a(tu)", 2, UINT64_C(7), 1, UINT64_C(7), UINT32_MAX), "product 7");
	expect_place_refused(message("a{sv}", 2, "city", "s", "X", "city", "s", "Y"), "'city' is given twice");
	expect_place_refused(message("a{sv}", 2, "items", "a(tu)", 1, UINT64_C(7), 1, "items", "a(tu)", 1, UINT64_C(7), 1),
			     "'items' is given twice");
}

/* 4096 bytes are allowed. */
static void test_longest_text(void **state)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct place_options o = { 0 };
	char text[4097];
	sd_bus_message *m;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	m = message("a{sv}", 1, "comment", "s", text);
	assert_true(order_options_read(m, &o, &e) >= 0);
	assert_string_equal(o.comment, text);
	place_options_done(&o);
	sd_bus_message_unref(m);
}

static void test_too_many_items(void **state)
{
	sd_bus_message *m = NULL;

	(void)state;
	assert_true(sd_bus_message_new_method_call(bus, &m, NULL, "/", "org.example.X", "Y") >= 0);
	assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
	assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
	assert_true(sd_bus_message_append(m, "s", "items") >= 0);
	assert_true(sd_bus_message_open_container(m, 'v', "a(tu)") >= 0);
	assert_true(sd_bus_message_open_container(m, 'a', "(tu)") >= 0);
	for (uint64_t i = 0; i <= CART_MAX_LINES; i++)
		assert_true(sd_bus_message_append(m, "(tu)", i, 1) >= 0);
	for (int i = 0; i < 4; i++)
		assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(m, 1) >= 0);
	expect_place_refused(m, "more than 200 products");
}

static void test_filter(void **state)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct list_filter f = { 0 };
	sd_bus_message *m = message("a{sv}us", 5, "status", "as", 2, "cooking", "delivered", "pending", "b", 0, "since", "t",
				    UINT64_C(5), "until", "t", UINT64_C(6), "text", "s", "soup", 50, "c");
	uint32_t limit;
	const char *cursor;

	(void)state;
	assert_true(list_filter_read(m, &f, &e) >= 0);
	assert_true(f.has_statuses && strv_length(f.statuses) == 2);
	assert_string_equal(f.statuses[1], "delivered");
	assert_true(f.has_pending && !f.pending);
	assert_true(f.since == 5 && f.until == 6);
	assert_string_equal(f.text, "soup");
	assert_null(f.id);
	/* What follows the dictionary can be read. */
	assert_true(sd_bus_message_read(m, "us", &limit, &cursor) > 0);
	assert_int_equal(limit, 50);
	assert_string_equal(cursor, "c");
	list_filter_done(&f);
	sd_bus_message_unref(m);
}

static void expect_filter_refused(sd_bus_message *m, const char *word)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	struct list_filter f = { 0 };

	assert_true(list_filter_read(m, &f, &e) < 0);
	assert_string_equal(e.name, "org.freedesktop.DBus.Error.InvalidArgs");
	if (!strstr(e.message, word))
		fail_msg("'%s' is not in '%s'", word, e.message);
	list_filter_done(&f);
	sd_bus_message_unref(m);
}

static void test_bad_filter(void **state)
{
	(void)state;
	expect_filter_refused(message("a{sv}", 1, "state", "s", "cooking"), "'state'");
	expect_filter_refused(message("a{sv}", 1, "status", "s", "cooking"), "'status'");
	expect_filter_refused(message("a{sv}", 1, "status", "as", 0), "'status' is empty");
	expect_filter_refused(message("a{sv}", 1, "since", "s", "yesterday"), "'since'");
	expect_filter_refused(message("a{sv}", 2, "id", "s", "last", "text", "s", "x"), "exclude");
}

static void test_photos(void **state)
{
	static const char one[] = "6f1c2f0e-0000-4000-8000-000000000001", other[] = "6f1c2f0e-0000-4000-8000-000000000002";
	const struct {
		sd_bus_message *m;
		const char *word; /* NULL: taken */
		size_t n;
	} cases[] = {
		{ message("a{sv}", 0), NULL, 0 },
		{ message("a{sv}", 1, "photos", "as", 0), NULL, 0 },
		{ message("a{sv}", 1, "photos", "as", 2, one, other), NULL, 2 },
		{ message("a{sv}", 1, "photos", "as", 2, one, "x"), "\"x\" is not the UUID of a file", 0 },
		{ message("a{sv}", 1, "photos", "as", 3, one, other, one), "twice", 0 },
		{ message("a{sv}", 1, "photos", "s", one), "'photos'", 0 },
		{ message("a{sv}", 1, "photo", "as", 1, one), "'photo'", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
		_cleanup_(strv_freep) char **photos = NULL;
		int r = rate_options_read(cases[i].m, &photos, &e);

		assert_int_equal(r < 0, cases[i].word != NULL);
		if (r < 0)
			assert_non_null(strstr(e.message, cases[i].word));
		else
			assert_int_equal(strv_length(photos), cases[i].n);
		sd_bus_message_unref(cases[i].m);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),        cmocka_unit_test(test_nothing_given),
		cmocka_unit_test(test_unknown_key),  cmocka_unit_test(test_wrong_type),
		cmocka_unit_test(test_bad_values),   cmocka_unit_test(test_longest_text),
		cmocka_unit_test(test_too_many_items), cmocka_unit_test(test_filter),
		cmocka_unit_test(test_bad_filter),   cmocka_unit_test(test_photos),
	};

	return cmocka_run_group_tests_name("bus-options", tests, group_setup, group_teardown);
}
