/* state.db but for the outbox: sessions, tokens that leave no trace, sign-ups, the cart, settings, event numbers. */
#include "testing-store.h"

#include <stdio.h>

#include "base/timeutil.h"
#include "store/state.h"

#define W "world"
#define U "7d444840-9dc0-11d1-b245-5ffdce74fad2"

static struct state *state_at(const char *folder)
{
	_cleanup_free_ char *aside = NULL;
	struct state *s;

	assert_int_equal(state_open(folder, &s, &aside), 0);
	assert_null(aside);
	return s;
}

static struct secret *token(const char *text)
{
	struct secret *s = secret_new(text, strlen(text));

	assert_non_null(s);
	return s;
}

static void test_session(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_secret_ struct secret *t = token("a-token-of-the-first-world");
	const struct session_row put = {
		.user = (char *)U, .login = (char *)"ann", .email = (char *)"ann@example.org", .phone = (char *)"+15550100",
		.token = t, .token_begin = 1, .token_end = 2, .signed_in_at = 3, .keep = true, .expired = true,
	};
	const struct session_row bare = { .user = (char *)U };
	_cleanup_(session_row_done) struct session_row got = {}, other = {};

	assert_int_equal(state_session_get(s, W, &got), -ENOENT);
	assert_int_equal(state_session_put(s, W, &put), 0);
	assert_int_equal(state_session_put(s, "another world", &bare), 0);
	state_close(TAKE_PTR(s));
	s = state_at(*state);
	assert_int_equal(state_session_get(s, W, &got), 0);
	assert_string_equal(got.user, U);
	assert_string_equal(got.login, "ann");
	assert_string_equal(got.email, "ann@example.org");
	assert_string_equal(got.phone, "+15550100");
	assert_string_equal(secret_string(got.token), "a-token-of-the-first-world");
	assert_int_equal(got.token_begin, 1);
	assert_int_equal(got.token_end, 2);
	assert_int_equal(got.signed_in_at, 3);
	assert_true(got.keep && got.expired);
	assert_int_equal(state_session_get(s, "another world", &other), 0);
	assert_null(other.login);
	assert_null(other.token);
	assert_false(other.keep || other.expired);
	session_row_done(&other);
	assert_int_equal(state_session_delete(s, "another world"), 0);
	assert_int_equal(state_session_delete(s, "another world"), 0);
	assert_int_equal(state_session_get(s, "another world", &other), -ENOENT);
}

/* A token that was replaced, deleted, revoked or rolled back stands in no file any more. */
static void test_tokens_leave_no_trace(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_secret_ struct secret *first = token("FIRST-TOKEN-FIRST-TOKEN"), *second = token("SECOND-TOKEN");
	struct session_row row = { .user = (char *)U, .token = first };
	_cleanup_secret_ struct secret *revoked = NULL;
	uint64_t since;
	int64_t id;

	assert_int_equal(state_session_put(s, W, &row), 0);
	assert_true(folder_has_bytes(*state, "FIRST-TOKEN"));
	row.token = second;
	assert_int_equal(state_session_put(s, W, &row), 0);
	assert_false(folder_has_bytes(*state, "FIRST-TOKEN"));
	assert_true(folder_has_bytes(*state, "SECOND-TOKEN"));

	assert_int_equal(state_begin(s), 0);
	assert_int_equal(state_revocation_add(s, W, second, 7), 0);
	assert_int_equal(state_session_delete(s, W), 0);
	assert_int_equal(state_commit(s), 0);
	assert_int_equal(state_revocation_first(s, "elsewhere", &id, &revoked, &since), -ENOENT);
	assert_int_equal(state_revocation_first(s, W, &id, &revoked, &since), 0);
	assert_string_equal(secret_string(revoked), "SECOND-TOKEN");
	assert_int_equal(since, 7);
	assert_int_equal(state_revocation_delete(s, id), 0);
	assert_false(folder_has_bytes(*state, "SECOND-TOKEN"));

	row.token = first;
	assert_int_equal(state_session_put(s, W, &row), 0);
	assert_int_equal(state_begin(s), 0);
	assert_int_equal(state_session_delete(s, W), 0);
	assert_int_equal(state_commit(s), 0);
	assert_false(folder_has_bytes(*state, "FIRST-TOKEN"));
	assert_int_equal(state_revocation_add(s, W, NULL, 1), -EINVAL);
}

/* A token that went to the keyring is in no file any more; its slot is. */
static void test_keyring_items(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_secret_ struct secret *t = token("TOKEN-ON-ITS-WAY");
	struct session_row row = { .user = (char *)U, .token = t, .slot = (char *)"slot-2" };
	const struct keyring_row first = { (char *)"slot-1", (char *)U, 5, false },
				 second = { (char *)"slot-2", (char *)U, 6, true };
	struct keyring_row got = {};

	assert_int_equal(state_session_put(s, W, &row), 0);
	assert_true(folder_has_bytes(*state, "TOKEN-ON-ITS-WAY"));
	row.token = NULL;
	assert_int_equal(state_session_put(s, W, &row), 0);
	assert_false(folder_has_bytes(*state, "TOKEN-ON-ITS-WAY"));
	assert_true(folder_has_bytes(*state, "slot-2"));

	assert_int_equal(state_keyring_item_add(s, W, &second), 0);
	assert_int_equal(state_keyring_item_add(s, W, &first), 0);
	assert_int_equal(state_keyring_item_next(s, "elsewhere", NULL, &got), -ENOENT);
	assert_int_equal(state_keyring_item_next(s, W, NULL, &got), 0);
	assert_string_equal(got.slot, "slot-1");
	assert_false(got.told);
	keyring_row_done(&got);
	assert_int_equal(state_keyring_item_told(s, "slot-1"), 0);
	assert_int_equal(state_keyring_item_next(s, W, "slot-2", &got), 0);
	assert_string_equal(got.slot, "slot-2");
	keyring_row_done(&got);
	assert_int_equal(state_keyring_item_delete(s, "slot-2"), 0);
	assert_int_equal(state_keyring_item_next(s, W, "slot-2", &got), 0);
	assert_string_equal(got.slot, "slot-1");
	assert_true(got.told);
	keyring_row_done(&got);
}

static void test_revocations_in_order(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	static const char *const texts[] = { "one", "two", "three" };

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		_cleanup_secret_ struct secret *t = token(texts[i]);

		assert_int_equal(state_revocation_add(s, W, t, i), 0);
	}
	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		_cleanup_secret_ struct secret *t = NULL;
		uint64_t since;
		int64_t id;

		assert_int_equal(state_revocation_first(s, W, &id, &t, &since), 0);
		assert_string_equal(secret_string(t), texts[i]);
		assert_int_equal(since, i);
		assert_int_equal(state_revocation_delete(s, id), 0);
	}
}

static void test_sign_up(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	struct sign_up_row put = {
		.guid = (char *)"g", .login = (char *)"bob", .email = (char *)"bob@example.org", .tries = 4, .code_sent = 9,
	};
	_cleanup_(sign_up_row_done) struct sign_up_row got = {};

	assert_int_equal(state_sign_up_get(s, W, &got), -ENOENT);
	assert_int_equal(state_sign_up_put(s, W, &put), 0);
	put.tries = 5;
	assert_int_equal(state_sign_up_put(s, W, &put), 0);
	assert_int_equal(state_sign_up_get(s, W, &got), 0);
	assert_string_equal(got.guid, "g");
	assert_string_equal(got.login, "bob");
	assert_string_equal(got.email, "bob@example.org");
	assert_null(got.phone);
	assert_int_equal(got.tries, 5);
	assert_int_equal(got.code_sent, 9);
	assert_int_equal(state_sign_up_delete(s, W), 0);
	sign_up_row_done(&got);
	assert_int_equal(state_sign_up_get(s, W, &got), -ENOENT);
}

/* The cart */

static int write_line(const struct order_item *item, void *userdata)
{
	char *text = userdata;

	(void)sprintf(text + strlen(text), "%llu*%u%s%s;", (unsigned long long)item->product, item->quantity,
		      item->note ? " " : "", strempty(item->note));
	return 0;
}

static int stop_at_once(const struct order_item *item, void *userdata)
{
	(void)item;
	++*(int *)userdata;
	return -ECANCELED;
}

static void assert_cart(struct state *s, const char *user, const char *expected, uint32_t count)
{
	char text[256] = "";
	uint32_t n;

	assert_int_equal(state_cart_each(s, W, user, write_line, text), 0);
	assert_string_equal(text, expected);
	assert_int_equal(state_cart_count(s, W, user, &n), 0);
	assert_int_equal(n, count);
}

static void test_cart(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	uint32_t n = 7;
	int calls = 0;

	assert_cart(s, U, "", 0);
	assert_int_equal(state_cart_set(s, W, U, 5, 2), 0);
	assert_int_equal(state_cart_set(s, W, U, 3, 1), 0);
	assert_int_equal(state_cart_set(s, W, U, UINT64_MAX, 99), 0);
	assert_int_equal(state_cart_set(s, W, "somebody else", 5, 50), 0);
	assert_int_equal(state_cart_set(s, "another world", U, 5, 60), 0);
	assert_cart(s, U, "5*2;3*1;18446744073709551615*99;", 102);
	/* Another quantity or a note changes no place; out and in again does. */
	assert_int_equal(state_cart_set(s, W, U, 5, 4), 0);
	assert_int_equal(state_cart_note(s, W, U, 5, "no onions"), 0);
	assert_cart(s, U, "5*4 no onions;3*1;18446744073709551615*99;", 104);
	assert_int_equal(state_cart_set(s, W, U, 5, 3), 0);
	assert_cart(s, U, "5*3 no onions;3*1;18446744073709551615*99;", 103);
	assert_int_equal(state_cart_note(s, W, U, 5, ""), 0);
	assert_int_equal(state_cart_set(s, W, U, 3, 0), 0);
	assert_int_equal(state_cart_set(s, W, U, 3, 0), 0);
	assert_int_equal(state_cart_set(s, W, U, 3, 1), 0);
	assert_cart(s, U, "5*3;18446744073709551615*99;3*1;", 103);
	assert_int_equal(state_cart_note(s, W, U, 77, "x"), -ENOENT);
	assert_int_equal(state_cart_get(s, W, U, 5, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(state_cart_get(s, W, U, 77, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(state_cart_each(s, W, U, stop_at_once, &calls), -ECANCELED);
	assert_int_equal(calls, 1);
	assert_int_equal(state_cart_clear(s, W, U), 0);
	assert_cart(s, U, "", 0);
	assert_cart(s, "somebody else", "5*50;", 50);
}

static void test_settings(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_free_ char *value = NULL;
	static const struct {
		const char *world, *user, *value;
	} places[] = { { W, U, "1" }, { W, NULL, "2" }, { W, "b", "3" }, { "x", U, "4" } };

	assert_int_equal(state_setting_get(s, W, U, "k", &value), -ENOENT);
	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		assert_int_equal(state_setting_put(s, places[i].world, places[i].user, "k", "old"), 0);
		assert_int_equal(state_setting_put(s, places[i].world, places[i].user, "k", places[i].value), 0);
	}
	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		assert_int_equal(state_setting_get(s, places[i].world, places[i].user, "k", &value), 0);
		assert_string_equal(value, places[i].value);
		free(TAKE_PTR(value));
	}
	assert_int_equal(state_setting_put(s, W, U, "k", NULL), 0);
	assert_int_equal(state_setting_get(s, W, U, "k", &value), -ENOENT);
	assert_int_equal(state_setting_get(s, W, NULL, "k", &value), 0);
}

/* Numbers grow over restarts, a rolled-back reservation may come again, and a lost file begins above. */
static void test_event_numbers(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_free_ char *path = path_in(*state, "state.db"), *aside = NULL;
	uint64_t last = now_realtime(), first;

	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(state_reserve_seq(s, 1 + i * 10, &first), 0);
		assert_true(first > last || (i == 0 && first >= last));
		last = first + i * 10;
		if (i % 5 == 4) {
			state_close(TAKE_PTR(s));
			s = state_at(*state);
		}
	}
	assert_int_equal(state_reserve_seq(s, 0, &first), -EINVAL);
	assert_int_equal(state_begin(s), 0);
	assert_int_equal(state_reserve_seq(s, 5, &first), 0);
	assert_true(first > last);
	state_rollback(s);
	assert_int_equal(state_reserve_seq(s, 5, &first), 0);
	assert_int_equal(first, last + 1);
	assert_true(first + 5 < UINT64_C(1) << 53);
	state_close(TAKE_PTR(s));

	file_spoil(path, 0, 100);
	assert_int_equal(state_open(*state, &s, &aside), 0);
	assert_non_null(aside);
	assert_int_equal(state_reserve_seq(s, 1, &first), 0);
	assert_true(first > last + 5);
}

static void test_transaction_spans_all(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	const struct outbox_row row = {
		.world = (char *)W, .user = (char *)U, .kind = (char *)"place", .subject = (char *)"o", .key = (char *)"o",
		.state = (char *)"queued",
	};
	uint32_t n;

	assert_int_equal(state_cart_set(s, W, U, 5, 2), 0);
	for (int commit = 0; commit < 2; commit++) {
		assert_int_equal(state_begin(s), 0);
		assert_int_equal(state_outbox_add(s, &row, NULL), 0);
		assert_int_equal(state_cart_clear(s, W, U), 0);
		if (commit)
			assert_int_equal(state_commit(s), 0);
		else
			state_rollback(s);
		assert_int_equal(state_outbox_count_open(s, W, U, &n), 0);
		assert_int_equal(n, commit);
		assert_cart(s, U, commit ? "" : "5*2;", commit ? 0 : 2);
	}
}

/* Versions */

static void test_opens_version_1(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "state.db"), *value = NULL;
	_cleanup_(state_closep) struct state *s = NULL;
	_cleanup_(session_row_done) struct session_row session = {};
	_cleanup_(keyring_row_done) struct keyring_row item = {};
	_cleanup_(sign_up_row_done) struct sign_up_row sign_up = {};
	_cleanup_(outbox_row_done) struct outbox_row order = {}, cancel = {};
	_cleanup_secret_ struct secret *revoked = NULL;
	uint64_t since, first;
	int64_t id;

	database_from_sql(path, "state-v1.sql");
	s = state_at(*state);
	assert_int_equal(state_session_get(s, "w1", &session), 0);
	assert_string_equal(session.email, "ann@example.org");
	assert_string_equal(secret_string(session.token), "0b7f5d9e-token");
	assert_int_equal(session.token_end, 1700018000000000);
	assert_true(session.keep && !session.expired);
	assert_null(session.slot);
	assert_int_equal(state_keyring_item_next(s, "w1", NULL, &item), -ENOENT);
	assert_int_equal(state_revocation_first(s, "w1", &id, &revoked, &since), 0);
	assert_int_equal(since, 1700000000000001);
	assert_int_equal(state_sign_up_get(s, "w1", &sign_up), 0);
	assert_int_equal(sign_up.tries, 2);
	assert_int_equal(state_outbox_get(s, "w1", "place", "3d6f4b7e-0000-4000-8000-000000000001", &order), 0);
	assert_string_equal(order.body, "{\"uid\":\"3d6f\"}");
	assert_true(order.attempted && order.from_cart && order.tries == 3 && order.server_errors == 1);
	assert_int_equal(order.deadline, 1700000600000003);
	assert_int_equal(state_outbox_get(s, "w1", "cancel", "3d6f4b7e-0000-4000-8000-000000000001", &cancel), 0);
	assert_string_equal(cancel.error_message, "It's late");
	assert_null(cancel.body);
	assert_int_equal(state_setting_get(s, "w1", NULL, "muted", &value), 0);
	assert_string_equal(value, "yes");
	assert_int_equal(state_reserve_seq(s, 1, &first), 0);
	assert_int_equal(first, 1700000101);
}

static void test_opens_version_2(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "state.db");
	_cleanup_(state_closep) struct state *s = NULL;
	_cleanup_(session_row_done) struct session_row session = {};
	_cleanup_(keyring_row_done) struct keyring_row item = {};

	database_from_sql(path, "state-v2.sql");
	s = state_at(*state);
	assert_int_equal(state_session_get(s, "w2", &session), 0);
	assert_null(session.token);
	assert_string_equal(session.slot, "3d6f4b7e-0000-4000-8000-00000000000a");
	assert_int_equal(state_keyring_item_next(s, "w2", NULL, &item), 0);
	assert_string_equal(item.slot, "3d6f4b7e-0000-4000-8000-00000000000b");
	assert_string_equal(item.user, U);
	assert_int_equal(item.since, 1700000000000020);
	assert_true(item.told);
}

/* A schema that changes without a new version would part new files from old ones. */
static void test_schema_is_that_of_its_version(void **state)
{
	_cleanup_free_ char *old = path_in(*state, "old.db"), *new = path_in(*state, "state.db");
	_cleanup_free_ char *old_schema = NULL, *new_schema = NULL;

	database_from_sql(old, "state-v2.sql");
	state_close(state_at(*state));
	old_schema = database_schema(old);
	new_schema = database_schema(new);
	assert_string_equal(old_schema, new_schema);
}

static void test_newer_state_is_refused(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "state.db"), *before = NULL, *after = NULL, *aside = NULL;
	struct state *s;
	size_t n, m;

	database_from_sql(path, "state-v2.sql");
	/* user_version is the four bytes at 60. */
	file_spoil(path, 62, 1);
	before = file_read(path, &n);
	assert_int_equal(state_open(*state, &s, &aside), -ENOTSUP);
	assert_null(aside);
	after = file_read(path, &m);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_session),
		TEST(test_tokens_leave_no_trace),
		TEST(test_keyring_items),
		TEST(test_revocations_in_order),
		TEST(test_sign_up),
		TEST(test_cart),
		TEST(test_settings),
		TEST(test_event_numbers),
		TEST(test_transaction_spans_all),
		TEST(test_opens_version_1),
		TEST(test_opens_version_2),
		TEST(test_schema_is_that_of_its_version),
		TEST(test_newer_state_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
