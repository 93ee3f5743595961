/* The clients' library where it needs no daemon: exit statuses, statuses of orders, dictionaries read into
 * structures and into JSON, secrets in descriptors. */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/jsonutil.h"
#include "common/client.h"
#include "dbus/jsonview.h"
#include "common/order.h"
#include "common/secretfd.h"
#include "common/status.h"

static void test_exit_statuses(void **state)
{
	static const struct {
		const char *name;
		int reads, acts;
	} cases[] = {
		{ CC_ERROR("Backend"), 1, 1 },
		{ CC_ERROR("Busy"), 1, 1 },
		{ "org.freedesktop.DBus.Error.AccessDenied", 1, 1 },
		{ "org.freedesktop.DBus.Error.LimitsExceeded", 1, 1 },
		{ "com.example.Unheard", 1, 1 },
		{ NULL, 1, 1 },
		{ "org.freedesktop.DBus.Error.InvalidArgs", 2, 2 },
		{ CC_ERROR("NotFound"), 3, 3 },
		{ CC_ERROR("SessionExpired"), 4, 4 },
		{ CC_ERROR("RateLimited"), 5, 5 },
		{ "org.freedesktop.DBus.Error.ServiceUnknown", 6, 6 },
		{ "org.freedesktop.DBus.Error.NameHasNoOwner", 6, 6 },
		{ "org.freedesktop.DBus.Error.Spawn.ExecFailed", 6, 6 },
		{ "org.freedesktop.systemd1.NoSuchUnit", 6, 6 },
		{ "org.freedesktop.DBus.Error.NoReply", 6, 9 },
		{ "org.freedesktop.DBus.Error.Timeout", 6, 9 },
		{ "org.freedesktop.DBus.Error.Disconnected", 6, 9 },
		{ CC_ERROR("Offline"), 7, 7 },
		{ CC_ERROR("PriceChanged"), 8, 8 },
		{ "org.freedesktop.DBus.Error.NotSupported", 8, 8 },
		{ CC_ERROR("OutcomeUnknown"), 9, 9 },
		{ CC_ERROR("PaymentDeclined"), 10, 10 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(client_exit_status(cases[i].name, CLIENT_READS), cases[i].reads);
		assert_int_equal(client_exit_status(cases[i].name, CLIENT_ACTS), cases[i].acts);
	}
}

static void test_error_table_both_ways(void **state)
{
	static const char *const names[_CC_E_MAX] = {
#define X(id, name, status, text) [CC_E_##id] = name,
		CC_ERRORS(X)
#undef X
	};

	(void)state;
	for (enum cc_error e = CC_E_NONE + 1; e < _CC_E_MAX; e++) {
		assert_int_equal(client_error_id(names[e]), e);
		assert_non_null(client_error_text(names[e]));
	}
	assert_int_equal(client_error_id("org.deliveryservice.CustomerClient1.Error."), CC_E_NONE);
	assert_null(client_error_text("x"));
}

static void test_status_words(void **state)
{
	(void)state;
	for (int s = 0; s < _STATUS_MAX; s++)
		assert_int_equal(status_from_string(status_to_string(s)), s);
	assert_int_equal(status_from_string("waiting-for-rain"), STATUS_OTHER);
	assert_int_equal(status_from_string(NULL), STATUS_OTHER);
	assert_string_equal(status_label("waiting-for-rain"), "waiting-for-rain");
	assert_true(status_is_pending("submitting"));
	assert_true(status_is_pending("waiting-for-rain"));
	assert_false(status_is_pending("rejected"));
	assert_false(status_is_pending("finished"));
}

static void test_status_compare(void **state)
{
	static const struct {
		const char *is;
		enum order_status target;
		int result;
	} cases[] = {
		{ "requested", STATUS_REQUESTED, 1 },
		{ "requested", STATUS_DELIVERED, 0 },
		{ "in-delivery", STATUS_COOKING, 1 },
		{ "processing", STATUS_AWAITING_PAYMENT, 1 },
		{ "finished", STATUS_DELIVERED, 1 },
		{ "delivered", STATUS_FINISHED, 0 },
		{ "cancelled", STATUS_DELIVERED, -1 },
		{ "rejected", STATUS_REQUESTED, -1 },
		{ "cancelled", STATUS_SUBMITTING, 1 },
		{ "cancelled", STATUS_CANCELLED, 1 },
		{ "in-delivery", STATUS_CANCELLED, 0 },
		{ "delivered", STATUS_CANCELLED, -1 },
		{ "submitting", STATUS_REJECTED, 0 },
		{ "unknown", STATUS_REJECTED, 0 },
		{ "requested", STATUS_REJECTED, -1 },
		{ "submitting", STATUS_UNKNOWN, 0 },
		{ "requested", STATUS_UNKNOWN, -1 },
		{ "unknown", STATUS_DELIVERED, 0 },
		{ "waiting-for-rain", STATUS_REQUESTED, 1 },
		{ "waiting-for-rain", STATUS_DELIVERED, 0 },
		{ "waiting-for-rain", STATUS_REJECTED, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		if (status_compare(cases[i].is, cases[i].target) != cases[i].result)
			fail_msg("%s against %s: %d", cases[i].is, status_to_string(cases[i].target),
				 status_compare(cases[i].is, cases[i].target));
}

/* A connection that only serves to make messages. */
static int open_bus(void **state)
{
	static sd_bus *bus;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(sd_bus_new(&bus) >= 0);
	assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
	assert_true(sd_bus_start(bus) >= 0);
	close(fds[1]);
	*state = bus;
	return 0;
}

static int close_bus(void **state)
{
	sd_bus_close_unref(*state);
	return 0;
}

static sd_bus_message *new_message(sd_bus *bus)
{
	sd_bus_message *m = NULL;

	assert_true(sd_bus_message_new_method_call(bus, &m, NULL, "/", NULL, "X") >= 0);
	return m;
}

static void seal(sd_bus_message *m)
{
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(m, true) >= 0);
}

static sd_bus_message *order_message(sd_bus *bus)
{
	sd_bus_message *m = new_message(bus);

	assert_true(sd_bus_message_append(m, "a{sv}", 12, "total-price", "x", INT64_C(1250), "uid", "s",
					  "u-1", "number", "s", "C-7", "status", "s", "in-delivery",
					  "currency", "s", "USD", "id", "t", UINT64_C(7), "created", "t",
					  UINT64_C(1795376400000000), "deliver-at", "t", UINT64_C(0),
					  "products", "a(tsuxs)", 1, UINT64_C(12), "Pad \"Thai\"", 2,
					  INT64_C(625), "", "timeline", "a(st)", 1, "requested",
					  UINT64_C(1795376400500000), "courier", "a{sv}", 2, "name", "s",
					  "Ana", "latitude", "d", 0.1, "later-key", "as", 2, "a", "b") >= 0);
	seal(m);
	return m;
}

static void test_order_read(void **state)
{
	_cleanup_message_ sd_bus_message *m = order_message(*state);
	_cleanup_order_ struct order o;

	order_init(&o);
	assert_int_equal(order_read(m, &o), 1);
	assert_string_equal(o.uid, "u-1");
	assert_string_equal(order_name(&o), "C-7");
	assert_int_equal(o.total_price, 1250);
	assert_int_equal(o.products.n, 1);
	assert_string_equal(o.products.items[0].name, "Pad \"Thai\"");
	assert_int_equal(o.timeline.items[0].date, 1795376400500000);
	assert_string_equal(o.courier.name, "Ana");
	assert_true(o.courier.latitude == 0.1);
	assert_true(isnan(o.courier.longitude));
	assert_true(isnan(o.destination_latitude));
	assert_null(o.recipient);
}

static void test_order_read_properties_over(void **state)
{
	_cleanup_message_ sd_bus_message *m = order_message(*state), *p = new_message(*state);
	_cleanup_order_ struct order o;

	assert_true(sd_bus_message_append(p, "a{sv}", 3, "Progress", "u", 80, "Status", "s", "delivered",
					  "ExpectedTimestamp", "t", UINT64_C(5)) >= 0);
	seal(p);
	order_init(&o);
	assert_int_equal(order_read(m, &o), 1);
	assert_int_equal(order_read_properties(p, &o), 1);
	assert_string_equal(o.status, "delivered");
	assert_string_equal(o.number, "C-7");
	assert_int_equal(o.progress, 80);
	assert_int_equal(order_expected(&o), 5);
}

static void test_order_read_wrong_type(void **state)
{
	_cleanup_message_ sd_bus_message *m = new_message(*state);
	_cleanup_order_ struct order o;

	assert_true(sd_bus_message_append(m, "a{sv}", 1, "total-price", "s", "12.50") >= 0);
	seal(m);
	order_init(&o);
	assert_int_equal(order_read(m, &o), -EBADMSG);
}

static void test_json(void **state)
{
	_cleanup_message_ sd_bus_message *m = order_message(*state);
	_cleanup_json_ json_object *o = NULL;

	assert_int_equal(json_from_dict(m, &o), 0);
	assert_string_equal(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		"{\"total-price\":{\"minor\":1250,\"currency\":\"USD\"},\"uid\":\"u-1\",\"number\":\"C-7\","
		"\"status\":\"in-delivery\",\"currency\":\"USD\",\"id\":7,\"created\":\"2026-11-22T19:40:"
		"00Z\","
		"\"products\":[{\"id\":12,\"name\":\"Pad \\\"Thai\\\"\",\"quantity\":2,"
		"\"price\":{\"minor\":625,\"currency\":\"USD\"},\"note\":\"\"}],"
		"\"timeline\":[{\"status\":\"requested\",\"date\":\"2026-11-22T19:40:00.500000Z\"}],"
		"\"courier\":{\"name\":\"Ana\",\"latitude\":0.1},\"later-key\":[\"a\",\"b\"]}");
}

static void test_json_of_many(void **state)
{
	_cleanup_message_ sd_bus_message *m = new_message(*state);
	_cleanup_json_ json_object *o = NULL;

	/* A payment in another currency than its order's, and ids that are no times. */
	assert_true(sd_bus_message_append(m, "a{sv}", 4, "payments", "aa{sv}", 2, 2, "amount", "x",
					  INT64_C(5), "currency", "s", "JPY", 1, "amount", "x", INT64_C(7),
					  "currency", "s", "KWD", "unavailable", "at", 2, UINT64_C(3),
					  UINT64_C(4), "clock-skew", "x", INT64_C(-12)) >= 0);
	seal(m);
	assert_int_equal(json_from_dict(m, &o), 0);
	assert_string_equal(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		"{\"payments\":[{\"amount\":{\"minor\":5,\"currency\":\"JPY\"},\"currency\":\"JPY\"},"
		"{\"amount\":{\"minor\":7,\"currency\":\"KWD\"}}],\"currency\":\"KWD\",\"unavailable\":[3,4],"
		"\"clock-skew\":-12}");
}

static void test_json_double(void **state)
{
	static const double values[] = { 4.7, 0.1, 39.943066, -7.997398, 1.0 / 3, 0 };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(values); i++) {
		_cleanup_json_ json_object *o = json_new_double(values[i]);

		assert_true(strtod(json_object_to_json_string(o), NULL) == values[i]);
		assert_true(i == 4 || strlen(json_object_to_json_string(o)) <= 9);
	}
	assert_null(json_new_double(NAN));
	assert_null(json_new_double(INFINITY));
}

static void test_secret_to_fd(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new("correct horse", 13), *back = NULL;
	_cleanup_close_ int fd = -1;

	(void)state;
	assert_int_equal(secret_to_fd(s, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(secret_from_fd(fd, &back), 0);
	assert_string_equal(secret_string(back), "correct horse");
}

/* Nobody has to read for it to be sent. */
static void test_secret_as_long_as_may_be(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new_empty(SECRET_MAX + 1), *back = NULL;
	_cleanup_close_ int fd = -1;

	(void)state;
	while (secret_length(s) < SECRET_MAX)
		assert_int_equal(secret_append_string(s, "x"), 0);
	assert_int_equal(secret_to_fd(s, &fd), 0);
	assert_int_equal(secret_from_fd(fd, &back), 0);
	assert_string_equal(secret_string(back), secret_string(s));
	assert_int_equal(secret_append_string(s, "x"), 0);
	assert_int_equal(secret_to_fd(s, &fd), -EMSGSIZE);
}

static void test_secret_too_long(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;
	char data[SECRET_MAX + 1];
	_cleanup_close_ int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	memset(data, 'x', sizeof(data));
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(secret_from_fd(fd, &s), -EMSGSIZE);
	assert_int_equal(ftruncate(fd, SECRET_MAX), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(secret_from_fd(fd, &s), 0);
	assert_int_equal(secret_length(s), SECRET_MAX);
}

static void test_secret_lines(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new("old pass\r\n new pass \n", 21), *line = NULL;

	(void)state;
	assert_int_equal(secret_take_line(s, 0, &line), 0);
	assert_string_equal(secret_string(line), "old pass");
	line = secret_unref(line);
	assert_int_equal(secret_take_line(s, 1, &line), 0);
	assert_string_equal(secret_string(line), " new pass ");
	line = secret_unref(line);
	assert_int_equal(secret_take_line(s, 2, &line), -ENODATA);
}

static void test_distance(void **state)
{
	double d = distance_metres(52.5200, 13.4050, 48.8566, 2.3522); /* Berlin to Paris */

	(void)state;
	assert_true(d > 877000 && d < 879000);
	assert_true(distance_metres(1, 2, 1, 2) == 0);
	assert_true(isnan(distance_metres(1, 2, NAN, 2)));
	assert_true(distance_metres(0, 179.9, 0, -179.9) < 23000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_statuses),
		cmocka_unit_test(test_error_table_both_ways),
		cmocka_unit_test(test_status_words),
		cmocka_unit_test(test_status_compare),
		cmocka_unit_test_setup_teardown(test_order_read, open_bus, close_bus),
		cmocka_unit_test_setup_teardown(test_order_read_properties_over, open_bus, close_bus),
		cmocka_unit_test_setup_teardown(test_order_read_wrong_type, open_bus, close_bus),
		cmocka_unit_test_setup_teardown(test_json, open_bus, close_bus),
		cmocka_unit_test_setup_teardown(test_json_of_many, open_bus, close_bus),
		cmocka_unit_test(test_json_double),
		cmocka_unit_test(test_secret_to_fd),
		cmocka_unit_test(test_secret_as_long_as_may_be),
		cmocka_unit_test(test_secret_too_long),
		cmocka_unit_test(test_secret_lines),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
