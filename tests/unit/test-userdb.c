/* <user>.db: which of two states of an order stays, lists by pages while orders come in, finding, notifications,
 * events and what is lost of them, forgetting. */
#include "testing-store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/text.h"
#include "store/userdb.h"

#define USER "7d444840-9dc0-11d1-b245-5ffdce74fad2"

static struct userdb *userdb_at(const char *folder)
{
	_cleanup_free_ char *aside = NULL;
	struct userdb *u;

	assert_int_equal(userdb_open(folder, USER, &u, &aside), 0);
	assert_null(aside);
	return u;
}

static struct order order_of(const char *uid, const char *number, const char *status, uint64_t created)
{
	return (struct order){
		.uid = (char *)uid, .number = (char *)number, .status = (char *)status, .payment_type = (char *)"cash",
		.total_price = 1250, .currency = "EUR", .created = created, .changed = created,
	};
}

static int put(struct userdb *u, const char *uid, const char *number, const char *status, uint64_t created)
{
	struct order o = order_of(uid, number, status, created);

	return userdb_order_put(u, &o, "{}", status_is_local(status) ? ORDER_LOCAL : ORDER_FROM_SYNC, 1, NULL);
}

/* Which state stays */

static void test_which_state_stays(void **state)
{
	static const struct {
		enum order_source first;
		uint64_t first_changed;
		enum order_source second;
		uint64_t second_changed;
		const char *second_body;
		int r;
		bool stored, confirmed;
	} cases[] = {
		/* between states of the service: the date; with equal dates a push does not win */
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_SYNC, 4, "{\"n\":2}", 0, false, false },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_ANSWER, 4, "{\"n\":2}", 0, false, false },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_PUSH, 4, "{\"n\":2}", 0, false, false },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_SYNC, 6, "{\"n\":2}", 1, true, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_ANSWER, 6, "{\"n\":2}", 1, true, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_PUSH, 6, "{\"n\":2}", 1, true, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_SYNC, 5, "{\"n\":2}", 1, true, true },
		{ ORDER_FROM_PUSH, 5, ORDER_FROM_ANSWER, 5, "{\"n\":2}", 1, true, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_PUSH, 5, "{\"n\":2}", 0, false, false },
		{ ORDER_FROM_PUSH, 5, ORDER_FROM_PUSH, 5, "{\"n\":2}", 0, false, false },
		/* the same again, also when it is written otherwise */
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_SYNC, 5, "{\"n\":1,\"m\":0}", 0, false, true },
		{ ORDER_FROM_PUSH, 5, ORDER_FROM_SYNC, 5, "{ \"m\": 0, \"n\": 1 }", 0, false, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_PUSH, 5, "{ \"m\": 0, \"n\": 1 }", 0, false, true },
		{ ORDER_FROM_SYNC, 5, ORDER_FROM_SYNC, 4, "{\"n\":1,\"m\":0}", 0, false, false },
		/* a local state gives way to any of the service, and to a local one; never the other way round */
		{ ORDER_LOCAL, 5, ORDER_FROM_SYNC, 4, "{\"n\":2}", 1, true, true },
		{ ORDER_LOCAL, 5, ORDER_FROM_PUSH, 4, "{\"n\":2}", 1, true, true },
		{ ORDER_LOCAL, 5, ORDER_FROM_PUSH, 5, "{\"n\":1,\"m\":0}", 1, true, true },
		{ ORDER_LOCAL, 5, ORDER_LOCAL, 4, "{\"n\":2}", 1, true, true },
		{ ORDER_LOCAL, 5, ORDER_LOCAL, 6, "{\"n\":1,\"m\":0}", 0, false, true },
		{ ORDER_FROM_SYNC, 5, ORDER_LOCAL, 6, "{\"n\":2}", 0, false, false },
		{ ORDER_FROM_PUSH, 5, ORDER_LOCAL, 5, "{\"n\":2}", 0, false, false },
	};
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		static const char first_body[] = "{\"n\":1,\"m\":0}";
		_cleanup_(order_before_done) struct order_before none = {}, before = {};
		_cleanup_free_ char *body = NULL;
		struct order o = order_of("u-1", "A-1", "requested", 1);
		uint64_t confirmed;
		bool local;

		o.changed = cases[i].first_changed;
		o.end_expected = 77;
		assert_int_equal(userdb_order_put(u, &o, first_body, cases[i].first, 10, &none), 1);
		assert_false(none.existed);
		assert_null(none.status);
		o.changed = cases[i].second_changed;
		o.status = (char *)"cooking";
		o.end_expected = 78;
		assert_int_equal(userdb_order_put(u, &o, cases[i].second_body, cases[i].second, 20, &before), cases[i].r);
		assert_true(before.existed);
		assert_string_equal(before.status, "requested");
		assert_int_equal(before.end_expected, 77);
		assert_int_equal(userdb_order_get(u, "u-1", &body, &confirmed, &local), 0);
		assert_string_equal(body, cases[i].stored ? cases[i].second_body : first_body);
		assert_int_equal(confirmed, cases[i].confirmed ? 20 : 10);
		assert_int_equal(local, (cases[i].stored ? cases[i].second : cases[i].first) == ORDER_LOCAL);
		assert_int_equal(userdb_order_delete(u, "u-1"), 0);
		assert_int_equal(userdb_order_get(u, "u-1", &body, NULL, NULL), -ENOENT);
	}
}

static void test_order_that_cannot_be(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order o = order_of("", "A-1", "requested", 1);

	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_SYNC, 1, NULL), -EINVAL);
	o.uid = NULL;
	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_SYNC, 1, NULL), -EINVAL);
	o = order_of("u", NULL, NULL, 1);
	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_SYNC, 1, NULL), -EINVAL);
	o = order_of("u", NULL, "requested", 1);
	assert_int_equal(userdb_order_put(u, &o, NULL, ORDER_FROM_SYNC, 1, NULL), -EINVAL);
	assert_int_equal(userdb_order_delete(u, "u"), 0);
}

/* Lists */

static int write_uid(const struct order_row *r, void *userdata)
{
	char *text = userdata;

	(void)strcat(strcat(text, r->uid), " ");
	return 0;
}

static int check_row(const struct order_row *r, void *userdata)
{
	++*(int *)userdata;
	assert_string_equal(r->uid, "u-1");
	assert_string_equal(r->number, "");
	assert_string_equal(r->status, "in-delivery");
	assert_string_equal(r->payment_type, "cash");
	assert_string_equal(r->currency, "EUR");
	assert_int_equal(r->total, 1250);
	assert_int_equal(r->created, 3);
	assert_int_equal(r->changed, 4);
	assert_true(r->cancellable);
	return -ECANCELED;
}

static void test_row(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order o = order_of("u-1", NULL, "in-delivery", 3);
	char *next = NULL;
	int n = 0;

	o.changed = 4;
	o.cancellable = true;
	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_SYNC, 1, NULL), 1);
	assert_int_equal(userdb_order_each(u, NULL, 1, "", check_row, &n, &next), -ECANCELED);
	assert_int_equal(n, 1);
	assert_null(next);
	assert_int_equal(userdb_order_each(u, NULL, 0, "", check_row, &n, &next), -EINVAL);
}

static void test_filters(void **state)
{
	static char *const cooking[] = { (char *)"cooking", NULL };
	static char *const two[] = { (char *)"requested", (char *)"cancelled", NULL };
	static char *const part[] = { (char *)"cook", (char *)"ing", (char *)"", NULL };
	static char *const none[] = { NULL };
	static const struct {
		struct order_filter filter;
		const char *uids;
	} cases[] = {
		{ {}, "f e d c b a " },
		{ { .statuses = cooking }, "d c " },
		{ { .statuses = two }, "b a " },
		{ { .statuses = part }, "" },
		{ { .statuses = none }, "" },
		{ { .has_pending = true, .pending = true }, "f d c a " },
		{ { .has_pending = true, .pending = false }, "e b " },
		{ { .has_pending = true, .pending = true, .statuses = two }, "a " },
		{ { .since = 30 }, "f e d c " },
		{ { .until = 30 }, "b a " },
		{ { .since = 20, .until = 50 }, "d c b " },
		{ { .since = UINT64_MAX }, "" },
		{ { .until = 1 }, "" },
		{ { .since = 50, .until = 20 }, "" },
		{ { .text = "PIZZA" }, "c a " },
		{ { .text = "évry" }, "b " },
		{ { .text = "ÉVRY" }, "b " },
		{ { .text = "борщ" }, "d " },
		{ { .text = "a-2" }, "b " },
		{ { .text = "the bell" }, "e " },
		{ { .text = "the bell ", .since = 60 }, "" },
		{ { .text = "pizza", .statuses = cooking }, "c " },
		{ { .text = "pizza", .has_pending = true, .pending = true, .until = 30 }, "a " },
		{ { .text = "100%" }, "f " },
		{ { .text = "%" }, "f " },
		{ { .text = "_" }, "" },
		{ { .text = "'" }, "f " },
		{ { .text = "" }, "f e d c b a " },
	};
	static const char *const uids[] = { "a", "b", "c", "d", "e", "f" };
	static const char *const statuses[] = { "requested", "cancelled", "cooking", "cooking", "delivered", "odd-new" };
	static const char *const products[] = { "Large Pizza", "Soup", "Pizza Кальцоне", "БОРЩ", "Tea", "100% juice" };
	static const char *const places[] = { "Paris", "Évry", "Rome", "Kyiv", "Oslo", "Land's End" };
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
		char number[8];
		struct order_line line = { .name = (char *)products[i] };
		struct order o = order_of(uids[i], number, statuses[i], (i + 1) * 10);

		(void)snprintf(number, sizeof(number), "A-%zu", i + 1);
		o.lines = &line;
		o.n_lines = 1;
		o.destination = (char *)places[i];
		o.comment = i == 4 ? (char *)"The BELL does not work" : NULL;
		assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_SYNC, 1, NULL), 1);
	}
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		for (unsigned limit = 1; limit < 8; limit++) {
			_cleanup_free_ char *cursor = NULL;
			char text[64] = "";

			do {
				_cleanup_free_ char *next = NULL;

				assert_int_equal(userdb_order_each(u, &cases[i].filter, limit, cursor, write_uid, text, &next),
						 0);
				free(cursor);
				cursor = TAKE_PTR(next);
			} while (*cursor);
			if (!streq(text, cases[i].uids))
				fail_msg("case %zu, pages of %u: \"%s\", not \"%s\"", i, limit, text, cases[i].uids);
		}
	}
	/* One order at a time, the same. */
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		for (size_t k = 0; k < ELEMENTSOF(uids); k++) {
			const struct order_filter *f = &cases[i].filter;
			int has = strchr(cases[i].uids, *uids[k]) ? 1 : 0;

			if (f->text && !f->statuses && !f->has_pending && f->since == 0)
				assert_int_equal(userdb_order_has_text(u, uids[k], f->text), has);
		}
	assert_int_equal(userdb_order_has_text(u, "not there", "pizza"), 0);
}

static void test_searched_text_follows(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order o = order_of("a", "A-1", "requested", 1);
	const struct order_filter first = { .text = "first" }, second = { .text = "second" };
	char text[64] = "";

	o.comment = (char *)"First comment";
	assert_int_equal(userdb_order_put(u, &o, "{\"n\":1}", ORDER_FROM_SYNC, 1, NULL), 1);
	o.comment = (char *)"Second comment";
	assert_int_equal(userdb_order_put(u, &o, "{\"n\":2}", ORDER_FROM_SYNC, 1, NULL), 1);
	assert_int_equal(userdb_order_each(u, &first, 5, NULL, write_uid, text, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(userdb_order_each(u, &second, 5, NULL, write_uid, text, NULL), 0);
	assert_string_equal(text, "a ");
}

#define MANY 10000

static int note_seen(const struct order_row *r, void *userdata)
{
	unsigned *seen = userdata, n;

	if (sscanf(r->uid, "old-%u", &n) == 1)
		seen[n]++;
	return 0;
}

static void put_old(struct userdb *u, unsigned i)
{
	char uid[32], number[32];

	(void)snprintf(uid, sizeof(uid), "old-%05u", i);
	(void)snprintf(number, sizeof(number), "A-%u", i);
	/* Seven orders share each moment. */
	assert_int_equal(put(u, uid, number, i % 9 ? "delivered" : "cooking", 1000 + i / 7), 1);
}

static void test_pages_show_each_once(void **state)
{
	static const unsigned limits[] = { 1, 7, 50, 499, MANY, 2 * MANY };
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	unsigned extra = 0;

	assert_int_equal(userdb_begin(u), 0);
	for (unsigned i = 0; i < MANY; i++)
		put_old(u, i);
	assert_int_equal(userdb_commit(u), 0);
	for (size_t l = 0; l < ELEMENTSOF(limits); l++) {
		_cleanup_free_ char *cursor = NULL;
		static unsigned seen[MANY];

		memset(seen, 0, sizeof(seen));
		do {
			_cleanup_free_ char *next = NULL;
			char uid[32];

			assert_int_equal(userdb_order_each(u, NULL, limits[l], cursor, note_seen, seen, &next), 0);
			free(cursor);
			cursor = TAKE_PTR(next);
			/* Others come in: newer, older, and at a moment in the middle. */
			if (extra % 100 < 30) {
				(void)snprintf(uid, sizeof(uid), "new-%u", extra);
				assert_int_equal(put(u, uid, NULL, "requested", extra % 3 ? 500 + extra * 10 : 9999), 1);
			}
			extra++;
		} while (*cursor);
		for (unsigned i = 0; i < MANY; i++)
			assert_int_equal(seen[i], 1);
	}
}

static void test_cursors_that_are_not_ours(void **state)
{
	static const char *const cursors[] = {
		"x", "o", "o1", "o1.", "o.uid", "1.uid", "n1.uid", "p1.uid", "o-1.uid", "o+1.uid", "o 1.uid", "O1.uid",
		"o99999999999999999999.uid", "o9223372036854775808.uid", "o1.\xc3\x28", "o1x.uid",
	};
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	_cleanup_free_ char *next = NULL, *overlong = malloc(2048);
	char text[64] = "";

	assert_non_null(overlong);
	memset(overlong, 'a', 2047);
	memcpy(overlong, "o1.", 3);
	overlong[2047] = '\0';
	assert_int_equal(put(u, "a", NULL, "requested", 1), 1);
	for (size_t i = 0; i < ELEMENTSOF(cursors); i++) {
		assert_int_equal(userdb_order_each(u, NULL, 5, cursors[i], write_uid, text, &next), -EINVAL);
		assert_null(next);
	}
	assert_int_equal(userdb_order_each(u, NULL, 5, overlong, write_uid, text, &next), -EINVAL);
	assert_int_equal(userdb_notification_each(u, false, 5, "o1.uid", NULL, NULL, &next), -EINVAL);
	assert_string_equal(text, "");
}

static void test_find(void **state)
{
	static const struct {
		const char *id;
		int r;
		const char *uid;
	} cases[] = {
		{ "3d6f4b7e-0000-4000-8000-000000000001", 0, "3d6f4b7e-0000-4000-8000-000000000001" },
		{ "3D6F4B7E-0000-4000-8000-000000000001", 0, "3d6f4b7e-0000-4000-8000-000000000001" },
		{ "3d6f4b7e-0000-4000-8000-00000000000", -ENOTUNIQ, NULL },
		{ "3", -ENOTUNIQ, NULL },
		{ "4e", 0, "4e6f4b7e-0000-4000-8000-000000000003" },
		{ "4E", 0, "4e6f4b7e-0000-4000-8000-000000000003" },
		{ "A-10", 0, "3d6f4b7e-0000-4000-8000-000000000001" }, /* a whole number before beginnings of others */
		{ "a-10", 0, "3d6f4b7e-0000-4000-8000-000000000001" },
		{ "A-101", 0, "3d6f4b7e-0000-4000-8000-000000000002" },
		{ "A-1", -ENOTUNIQ, NULL },
		{ "B", 0, "4e6f4b7e-0000-4000-8000-000000000003" },
		{ "last", 0, "3d6f4b7e-0000-4000-8000-000000000002" },
		{ "LAST", -ENOENT, NULL },
		{ "", -ENOENT, NULL },
		{ "A-11", -ENOENT, NULL },
		{ "5", -ENOENT, NULL },
		{ "%", -ENOENT, NULL },
		{ "_", -ENOENT, NULL },
		{ "*", -ENOENT, NULL },
		{ "D", -ENOTUNIQ, NULL }, /* two orders, one number */
		{ "D-1", -ENOTUNIQ, NULL },
	};
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *uid = NULL;

		assert_int_equal(userdb_order_find(u, cases[i].id, &uid), -ENOENT);
	}
	assert_int_equal(put(u, "3d6f4b7e-0000-4000-8000-000000000001", "A-10", "delivered", 10), 1);
	assert_int_equal(put(u, "3d6f4b7e-0000-4000-8000-000000000002", "A-101", "submitting", 30), 1);
	assert_int_equal(put(u, "4e6f4b7e-0000-4000-8000-000000000003", "B-7", "cooking", 20), 1);
	assert_int_equal(put(u, "6e6f4b7e-0000-4000-8000-000000000004", "D-1", "cooking", 1), 1);
	assert_int_equal(put(u, "7e6f4b7e-0000-4000-8000-000000000005", "D-1", "cooking", 1), 1);
	assert_int_equal(put(u, "8e6f4b7e-0000-4000-8000-000000000006", NULL, "submitting", 1), 1);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *uid = NULL;
		int r = userdb_order_find(u, cases[i].id, &uid);

		if (r != cases[i].r || !streq(strempty(uid), strempty(cases[i].uid)))
			fail_msg("\"%s\": %d, %s", cases[i].id, r, strempty(uid));
	}
}

static void test_count_pending(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	uint32_t n;

	assert_int_equal(userdb_order_count_pending(u, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(put(u, "a", NULL, "submitting", 1), 1);
	assert_int_equal(put(u, "b", NULL, "never-heard-of", 1), 1);
	assert_int_equal(put(u, "c", NULL, "rejected", 1), 1);
	assert_int_equal(put(u, "d", NULL, "delivered", 1), 1);
	assert_int_equal(userdb_order_count_pending(u, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(put(u, "b", NULL, "finished", 2), 1);
	assert_int_equal(userdb_order_count_pending(u, &n), 0);
	assert_int_equal(n, 1);
}

/* The row functions may look into the database again. */
static int find_within(const struct order_row *r, void *userdata)
{
	_cleanup_free_ char *body = NULL;
	char text[64] = "";

	assert_int_equal(userdb_order_get(userdata, r->uid, &body, NULL, NULL), 0);
	assert_int_equal(userdb_order_each(userdata, NULL, 5, "", write_uid, text, NULL), 0);
	assert_string_equal(text, "b a ");
	return 0;
}

static void test_walk_within_a_walk(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	assert_int_equal(put(u, "a", NULL, "cooking", 1), 1);
	assert_int_equal(put(u, "b", NULL, "cooking", 2), 1);
	assert_int_equal(userdb_order_each(u, NULL, 5, "", find_within, u, NULL), 0);
}

/* Notifications */

static int write_notification(const struct notification *n, void *userdata)
{
	char *text = userdata;

	(void)sprintf(text + strlen(text), "%s%s ", n->uid, n->read ? "" : "!");
	return 0;
}

static void test_notifications(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	static const struct {
		const char *uid;
		uint64_t sent;
		bool read;
		int r;
	} puts[] = {
		{ "a", 10, false, 1 }, { "b", 30, true, 1 },  { "c", 20, false, 1 }, { "d", 20, false, 1 },
		{ "a", 10, false, 0 }, { "b", 30, false, 0 }, { "d", 20, true, 0 },  { "A", 99, false, 0 },
	};
	char text[128] = "";
	uint32_t n;

	for (size_t i = 0; i < ELEMENTSOF(puts); i++) {
		const struct notification one = {
			.uid = (char *)puts[i].uid, .kind = (char *)"system", .sent = puts[i].sent, .read = puts[i].read,
		};

		assert_int_equal(userdb_notification_put(u, &one), puts[i].r);
	}
	for (unsigned limit = 1; limit < 6; limit++)
		for (int unread = 0; unread < 2; unread++) {
			_cleanup_free_ char *cursor = NULL;

			text[0] = '\0';
			do {
				_cleanup_free_ char *next = NULL;

				assert_int_equal(userdb_notification_each(u, unread, limit, cursor, write_notification, text,
									  &next), 0);
				free(cursor);
				cursor = TAKE_PTR(next);
			} while (*cursor);
			assert_string_equal(text, unread ? "c! a! " : "b c! d a! ");
		}
	assert_int_equal(userdb_notification_count_unread(u, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(userdb_notification_mark_read(u, "c"), 1);
	assert_int_equal(userdb_notification_mark_read(u, "c"), 0);
	assert_int_equal(userdb_notification_mark_read(u, "x"), -ENOENT);
	assert_int_equal(userdb_notification_count_unread(u, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(userdb_notification_put(u, &(struct notification){ .uid = NULL }), -EINVAL);
}

/* Events */

struct walk {
	uint64_t first, last;
	unsigned n;
};

static int note_event(uint64_t seq, const char *kind, const char *uid, const char *details, void *userdata)
{
	struct walk *w = userdata;

	assert_true(seq > w->last);
	assert_string_equal(kind, "order");
	assert_true(*uid);
	assert_string_equal(details, "{\"status\":\"cooking\"}");
	if (w->n++ == 0)
		w->first = seq;
	w->last = seq;
	return 0;
}

static void add_event(struct userdb *u, uint64_t seq)
{
	assert_int_equal(userdb_event_add(u, seq, "order", "u", "{\"status\":\"cooking\"}"), 0);
}

static void assert_events(struct userdb *u, uint64_t after, unsigned limit, uint64_t first, unsigned n, bool lost)
{
	struct walk w = {};
	bool is_lost;

	assert_int_equal(userdb_event_each(u, after, limit, note_event, &w, &is_lost), 0);
	if (w.first != first || w.n != n || is_lost != lost)
		fail_msg("after %" PRIu64 ": %u from %" PRIu64 ", %s", after, w.n, w.first, is_lost ? "lost" : "whole");
}

static void test_events_without_a_start(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	assert_events(u, 0, 10, 0, 0, false);
	assert_events(u, UINT64_MAX, 10, 0, 0, false);
	add_event(u, 501);
	add_event(u, 503);
	add_event(u, 510);
	assert_events(u, 0, 10, 501, 3, true);
	assert_events(u, 499, 10, 501, 3, true);
	assert_events(u, 500, 10, 501, 3, false);
	assert_events(u, 501, 10, 503, 2, false);
	assert_events(u, 502, 1, 503, 1, false);
	assert_events(u, 510, 10, 0, 0, false);
	assert_events(u, 999, 10, 0, 0, false);
	assert_int_equal(userdb_event_add(u, 510, "order", "u", "{}"), -EEXIST);
	assert_int_equal(userdb_event_add(u, 0, "order", "u", "{}"), -EINVAL);
	assert_int_equal(userdb_event_add(u, UINT64_MAX, "order", "u", "{}"), -EINVAL);
}

static void test_events_over_restarts(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	assert_int_equal(userdb_events_start(u, 501), 0);
	assert_events(u, 500, 10, 0, 0, false);
	assert_events(u, 499, 10, 0, 0, true);
	add_event(u, 505);
	assert_events(u, 500, 10, 505, 1, false);
	userdb_close(TAKE_PTR(u));

	/* An ordinary restart with a new block of numbers loses nothing. */
	u = userdb_at(*state);
	assert_int_equal(userdb_events_start(u, 601), 0);
	assert_events(u, 500, 10, 505, 1, false);
	add_event(u, 601);
	assert_events(u, 505, 10, 601, 1, false);
	userdb_close(TAKE_PTR(u));

	/* The cache is deleted: all before the next number is lost, nothing after. */
	assert_int_equal(userdb_forget(*state, USER), 0);
	u = userdb_at(*state);
	assert_int_equal(userdb_events_start(u, 701), 0);
	assert_events(u, 601, 10, 0, 0, true);
	assert_events(u, 700, 10, 0, 0, false);
	add_event(u, 701);
	assert_events(u, 601, 10, 701, 1, true);
	assert_events(u, 700, 10, 701, 1, false);
	userdb_close(TAKE_PTR(u));

	/* state.db is lost and counts from below: what is here belongs to another counting. */
	u = userdb_at(*state);
	assert_int_equal(userdb_events_start(u, 31), 0);
	assert_events(u, 5, 10, 0, 0, true);
	assert_events(u, 30, 10, 0, 0, false);
	add_event(u, 31);
	assert_events(u, 30, 10, 31, 1, false);
	assert_int_equal(userdb_events_start(u, 0), -EINVAL);
}

static void test_events_rolled_back(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);

	assert_int_equal(userdb_begin(u), 0);
	add_event(u, 5);
	userdb_rollback(u);
	assert_events(u, 0, 10, 0, 0, false);
	add_event(u, 8);
	assert_events(u, 6, 10, 8, 1, true);
	assert_events(u, 7, 10, 8, 1, false);
}

static void test_newest_events_are_kept(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	const unsigned all = USERDB_EVENTS_KEPT + 2345;
	struct walk w = {};
	bool lost;

	/* Every third number is this user's. */
	for (unsigned i = 1; i <= all; i++) {
		if (i % 1000 == 1)
			assert_int_equal(userdb_begin(u), 0);
		add_event(u, i * 3);
		if (i % 1000 == 0 || i == all)
			assert_int_equal(userdb_commit(u), 0);
		if (i % 777 == 0 && i % 1000 == 0) {
			userdb_close(u);
			u = userdb_at(*state);
		}
	}
	assert_int_equal(userdb_event_each(u, 0, all, note_event, &w, &lost), 0);
	assert_true(lost);
	assert_in_range(w.n, USERDB_EVENTS_KEPT, USERDB_EVENTS_KEPT + 100);
	assert_int_equal(w.last, all * 3);
	assert_events(u, w.first - 1, all, w.first, w.n, false);
	assert_events(u, w.first - 3, all, w.first, w.n, false);
	assert_events(u, w.first - 4, all, w.first, w.n, true);
}

/* Files */

static void test_forget(void **state)
{
	static const char *const users[] = {
		USER, "catalog", "../../escape", "7D444840-9DC0-11D1-B245-5FFDCE74FAD3", "ann", "Ünïcode and blanks",
	};
	_cleanup_free_ char *folder = path_in(*state, "users"), *aside = NULL, *path = NULL;
	struct userdb *open[ELEMENTSOF(users)];
	unsigned files;

	for (size_t i = 0; i < ELEMENTSOF(users); i++) {
		assert_int_equal(userdb_open(folder, users[i], &open[i], &aside), 0);
		assert_int_equal(put(open[i], users[i], NULL, "cooking", 1), 1);
	}
	assert_int_equal(userdb_open(folder, "", open, &aside), -EINVAL);
	assert_int_equal(folder_count(folder, "catalog.db"), 0);
	assert_int_equal(folder_count(*state, ""), 1);
	for (size_t i = 0; i < ELEMENTSOF(users); i++)
		userdb_close(open[i]);
	path = path_in(folder, "%s.db", USER);
	file_spoil(path, 0, 100);
	assert_int_equal(userdb_open(folder, USER, open, &aside), 0);
	assert_non_null(aside);
	assert_true(folder_count(folder, "damaged-") > 0);
	/* Also while it is open; the other users' files stay. */
	assert_int_equal(userdb_forget(folder, USER), 0);
	userdb_close(open[0]);
	assert_int_equal(userdb_forget(folder, USER), 0);
	assert_int_equal(folder_count(folder, USER), 0);
	files = folder_count(folder, "");
	assert_int_equal(files, ELEMENTSOF(users) - 1);
	assert_int_equal(userdb_forget(folder, "7d444840-9dc0-11d1-b245-5ffdce74fad3"), 0);
	assert_int_equal(folder_count(folder, ""), files - 1);
	assert_int_equal(userdb_forget(folder, ""), -EINVAL);
	assert_int_equal(userdb_forget("/nonexistent/folder", USER), 0);
}

static void test_opens_version_1(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "%s.db", USER), *uid = NULL, *value = NULL;
	_cleanup_(userdb_closep) struct userdb *u = NULL;
	const struct order_filter filter = { .text = "ÉVRY" };
	struct order o = order_of("3d6f4b7e-0000-4000-8000-000000000001", "A-1001", "delivered", 1700000000000007);
	char text[128] = "";

	database_from_sql(path, "userdb-v1.sql");
	u = userdb_at(*state);
	assert_int_equal(userdb_order_find(u, "a-1001", &uid), 0);
	assert_int_equal(userdb_order_each(u, &filter, 5, "", write_uid, text, NULL), 0);
	assert_string_equal(text, "3d6f4b7e-0000-4000-8000-000000000001 ");
	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_PUSH, 1, NULL), 0);
	o.changed++;
	assert_int_equal(userdb_order_put(u, &o, "{}", ORDER_FROM_PUSH, 1, NULL), 1);
	text[0] = '\0';
	assert_int_equal(userdb_notification_each(u, true, 5, "", write_notification, text, NULL), 0);
	assert_string_equal(text, "n-1! ");
	assert_events(u, 500, 5, 501, 1, false);
	assert_events(u, 499, 5, 501, 1, true);
	assert_int_equal(userdb_meta_get(u, "orders-cursor", &value), 0);
	assert_string_equal(value, "xyz");
}

/* The file of an older version becomes what a new one is, table by table. */
static void test_migrated_schema_is_that_of_a_new_one(void **state)
{
	_cleanup_free_ char *folder = path_in(*state, "old"), *old = NULL, *new = path_in(*state, "%s.db", USER);
	_cleanup_free_ char *old_schema = NULL, *new_schema = NULL;

	assert_int_equal(mkdir(folder, 0700), 0);
	old = path_in(folder, "%s.db", USER);
	database_from_sql(old, "userdb-v1.sql");
	userdb_close(userdb_at(folder));
	userdb_close(userdb_at(*state));
	old_schema = database_schema(old);
	new_schema = database_schema(new);
	assert_string_equal(old_schema, new_schema);
}

static void test_schema_is_that_of_its_version(void **state)
{
	_cleanup_free_ char *old = path_in(*state, "old.db"), *new = path_in(*state, "%s.db", USER);
	_cleanup_free_ char *old_schema = NULL, *new_schema = NULL;

	database_from_sql(old, "userdb-v4.sql");
	userdb_close(userdb_at(*state));
	old_schema = database_schema(old);
	new_schema = database_schema(new);
	assert_string_equal(old_schema, new_schema);
}

/* Facts */

struct seen_facts {
	unsigned n;
	struct order_facts last;
	char status[32], currency[8], uids[512];
	struct fact_line lines[4];
	size_t n_lines;
};

static int see_facts(const struct order_facts *f, void *userdata)
{
	struct seen_facts *s = userdata;
	const void *lines = f->lines;
	size_t left = f->lines_size;

	s->n++;
	s->last = *f;
	(void)snprintf(s->status, sizeof(s->status), "%s", f->status);
	(void)snprintf(s->currency, sizeof(s->currency), "%s", f->currency);
	if (f->uid)
		(void)snprintf(s->uids + strlen(s->uids), sizeof(s->uids) - strlen(s->uids), "%s ", f->uid);
	for (s->n_lines = 0; s->n_lines < 4 && order_facts_line(&lines, &left, &s->lines[s->n_lines]); s->n_lines++)
		;
	assert_int_equal(left, 0);
	return 0;
}

static struct order_line some_lines[] = {
	{ .product = 12, .name = (char *)"Soup", .quantity = 2, .unit_price = 500 },
	{ .product = INT64_MAX, .name = (char *)"Juice", .quantity = UINT32_MAX, .unit_price = INT64_MAX },
	{ .product = 0, .name = (char *)"Napkin", .quantity = 1, .unit_price = 0 },
};

static struct order order_with_facts(void)
{
	struct order o = order_of("3d6f4b7e-0000-4000-8000-00000000000a", "A-7", "delivered", 1700000000000000);

	o.products_price = 1100;
	o.destination = (char *)"1 Long Street";
	o.end_expected = 1700000600000000;
	o.end_actual = 1700000900000000;
	o.lines = some_lines;
	o.n_lines = ELEMENTSOF(some_lines);
	return o;
}

static void test_facts(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order o = order_with_facts();
	_cleanup_free_ char *place = NULL, *body = NULL;
	struct seen_facts seen = { 0 };
	uint64_t first, last;
	int64_t found;

	assert_int_equal(userdb_order_span(u, &first, &last), 0);
	assert_int_equal(first + last, 0);
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":1}", ORDER_FROM_SYNC, 1, NULL), 1);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_string_equal(seen.status, "delivered");
	assert_string_equal(seen.currency, "EUR");
	assert_int_equal(seen.last.total, 1250);
	assert_int_equal(seen.last.cost, 1100);
	assert_int_equal(seen.last.items, 3 + (uint64_t)UINT32_MAX);
	assert_int_equal(seen.last.created, 1700000000000000);
	assert_int_equal(seen.last.promised, 1700000600000000);
	assert_int_equal(seen.last.delivered, 1700000900000000);
	assert_false(seen.last.local);
	assert_int_equal(seen.n_lines, ELEMENTSOF(some_lines));
	for (size_t i = 0; i < ELEMENTSOF(some_lines); i++) {
		assert_int_equal(seen.lines[i].product, some_lines[i].product);
		assert_int_equal(seen.lines[i].quantity, some_lines[i].quantity);
		assert_int_equal(seen.lines[i].unit_price, some_lines[i].unit_price);
	}
	assert_int_equal(userdb_place_text(u, seen.last.place, &place), 0);
	assert_string_equal(place, "1 Long Street");
	assert_int_equal(userdb_place_find(u, "1 Long Street", &found), 0);
	assert_int_equal(found, seen.last.place);
	assert_int_equal(userdb_place_find(u, "1 long street", &found), -ENOENT);
	assert_int_equal(userdb_place_text(u, 99, &place), -ENOENT);
	assert_int_equal(userdb_order_body(u, seen.last.id, &body), 0);
	assert_string_equal(body, "{\"a\":1}");
	assert_int_equal(userdb_order_span(u, &first, &last), 0);
	assert_int_equal(first, 1700000000000000);
	assert_int_equal(last, first);
	assert_int_equal(userdb_facts_each(u, seen.last.id, 10, see_facts, &seen), 0);
}

static void test_facts_follow_the_order(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order o = order_with_facts();
	struct seen_facts seen = { 0 };
	uint64_t generation = userdb_generation(u);
	_cleanup_free_ char *place = NULL;

	o.status = (char *)"submitting";
	o.n_lines = 1;
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":1}", ORDER_LOCAL, 1, NULL), 1);
	assert_true(userdb_generation(u) != generation);
	generation = userdb_generation(u);
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":1}", ORDER_LOCAL, 2, NULL), 0);
	assert_int_equal(userdb_generation(u), generation);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_true(seen.last.local);
	assert_int_equal(seen.n_lines, 1);
	o.status = (char *)"cooking";
	o.n_lines = 2;
	o.total_price = 77;
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":2}", ORDER_FROM_SYNC, 1, NULL), 1);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_false(seen.last.local);
	assert_string_equal(seen.status, "cooking");
	assert_int_equal(seen.last.total, 77);
	assert_int_equal(seen.n_lines, 2);
	assert_int_equal(userdb_order_delete(u, o.uid), 0);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 0);
	/* What was rolled back was not: nobody may keep what was counted meanwhile. */
	assert_int_equal(userdb_begin(u), 0);
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":2}", ORDER_FROM_SYNC, 1, NULL), 1);
	generation = userdb_generation(u);
	userdb_rollback(u);
	assert_true(userdb_generation(u) != generation);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 0);
	/* Nor may the id of a place outlive what gave it. */
	o.destination = (char *)"Another place";
	assert_int_equal(userdb_begin(u), 0);
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":2}", ORDER_FROM_SYNC, 1, NULL), 1);
	userdb_rollback(u);
	assert_int_equal(userdb_order_put(u, &o, "{\"a\":2}", ORDER_FROM_SYNC, 1, NULL), 1);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_int_equal(userdb_place_text(u, seen.last.place, &place), 0);
	assert_string_equal(place, "Another place");
}

static void test_facts_of_newest(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct seen_facts seen = { 0 };

	put(u, "b", "1", "delivered", 5);
	put(u, "a", "2", "delivered", 5);
	put(u, "c", "3", "delivered", 9);
	put(u, "d", "4", "delivered", 2);
	assert_int_equal(userdb_facts_each_newest(u, 0, UINT64_MAX, "", 3, see_facts, &seen), 3);
	assert_string_equal(seen.uids, "c a b ");
	assert_int_equal(userdb_facts_each_newest(u, 0, 5, "b", 3, see_facts, &seen), 1);
	assert_string_equal(seen.uids, "c a b d ");
	seen.uids[0] = '\0';
	assert_int_equal(userdb_facts_each_newest(u, 5, 8, "", 3, see_facts, &seen), 2);
	assert_string_equal(seen.uids, "a b ");
}

static int read_body(const char *body, struct order **ret)
{
	if (!strstr(body, "3d6f4b7e"))
		return -EBADMSG;
	*ret = order_new();
	assert_non_null(*ret);
	(*ret)->products_price = 1500;
	(*ret)->total_price = 1; /* the column is right */
	(*ret)->destination = strdup("Évry, 1 Rue");
	return 0;
}

/* The facts of an older version's orders are made from the bodies, once, also when it is ended in between. */
static void test_facts_of_version_1(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "%s.db", USER);
	struct seen_facts seen = { 0 };
	struct userdb *u;

	database_from_sql(path, "userdb-v1.sql");
	u = userdb_at(*state);
	put(u, "later", "A-2", "delivered", 1800000000000000);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_int_equal(userdb_facts_fill(u, 1, read_body), 1);
	userdb_close(u);
	u = userdb_at(*state);
	assert_int_equal(userdb_facts_each(u, 0, 1, see_facts, &seen), 1);
	assert_string_equal(seen.status, "cooking");
	assert_int_equal(seen.last.total, 1890);
	assert_int_equal(seen.last.cost, 1500);
	assert_int_equal(seen.last.created, 1700000000000006);
	assert_int_equal(seen.last.promised, 1700003600000000);
	assert_int_equal(userdb_facts_fill(u, 1, read_body), 1); /* this body cannot be read: its facts stay */
	assert_int_equal(userdb_facts_fill(u, 1, read_body), 0);
	assert_int_equal(userdb_facts_fill(u, 1, read_body), 0);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 2);
	userdb_close(u);
	u = userdb_at(*state);
	assert_int_equal(userdb_facts_fill(u, 1, NULL), 0);
	userdb_close(u);
}

static void test_facts_of_version_2(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "%s.db", USER);
	_cleanup_(userdb_closep) struct userdb *u = NULL;
	struct seen_facts seen = { 0 };

	database_from_sql(path, "userdb-v2.sql");
	u = userdb_at(*state);
	assert_int_equal(userdb_facts_fill(u, 1, NULL), 0);
	assert_int_equal(userdb_facts_each(u, 0, 10, see_facts, &seen), 1);
	assert_int_equal(seen.n_lines, 2);
	assert_int_equal(seen.lines[0].unit_price, 500);
	assert_int_equal(seen.lines[1].product, 77);
}

/* Predictions and promises */

static void test_predictions(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	_cleanup_free_ char *body = NULL;
	uint64_t asked = 0, about = 0;

	assert_int_equal(userdb_prediction_get(u, "delivery-time", "u-1", &asked, &about, &body), -ENOENT);
	assert_int_equal(userdb_prediction_put(u, "delivery-time", "u-1", 5, 6, "{}"), 0);
	assert_int_equal(userdb_prediction_put(u, "delivery-time", "U-1", 7, 8, "{\"a\":1}"), 0);
	assert_int_equal(userdb_prediction_put(u, "recommendations", "", 9, 0, "[]"), 0);
	assert_int_equal(userdb_prediction_get(u, "delivery-time", "u-1", &asked, &about, &body), 0);
	assert_int_equal(asked, 7);
	assert_int_equal(about, 8);
	assert_string_equal(body, "{\"a\":1}");
	assert_int_equal(userdb_prediction_forget(u, "delivery-time", "u-1"), 0);
	assert_int_equal(userdb_prediction_forget(u, "delivery-time", "u-1"), 0);
	free(TAKE_PTR(body));
	assert_int_equal(userdb_prediction_get(u, "delivery-time", "u-1", &asked, &about, &body), -ENOENT);
	assert_int_equal(userdb_prediction_get(u, "recommendations", "", &asked, &about, &body), 0);
}

static void assert_delays(struct userdb *u, const int64_t *want, size_t n)
{
	int64_t delays[8];
	size_t got = 99;

	assert_int_equal(userdb_delays(u, delays, ELEMENTSOF(delays), &got), 0);
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(delays[i], want[i]);
}

static void change(struct userdb *u, struct order *o, const char *status, uint64_t expected, uint64_t actual)
{
	o->status = (char *)status;
	o->end_expected = expected;
	o->end_actual = actual;
	o->changed++;
	assert_int_equal(userdb_order_put(u, o, "{}", status_is_local(status) ? ORDER_LOCAL : ORDER_FROM_SYNC, 1, NULL),
			 1);
}

/* The first word counts, from the moment the order has begun; what is said later does not mend it. */
static void test_first_promise_counts(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	struct order a = order_of("a", "1", "", 10), b = order_of("b", "2", "", 20);
	uint64_t promised = 0;

	change(u, &a, "submitting", 0, 0);
	assert_int_equal(userdb_promise_get(u, "a", &promised), -ENOENT);
	change(u, &a, "awaiting-payment", 100, 0);
	change(u, &a, "requested", 500, 0);
	assert_int_equal(userdb_promise_get(u, "A", &promised), 0);
	assert_int_equal(promised, 500);
	change(u, &a, "cooking", 900, 0);
	assert_int_equal(userdb_promise_get(u, "a", &promised), 0);
	assert_int_equal(promised, 500);
	assert_delays(u, NULL, 0);
	change(u, &a, "delivered", 900, 950);
	assert_delays(u, (const int64_t[]){ 450 }, 1);
	change(u, &b, "delivered", 2000, 1970);
	assert_delays(u, (const int64_t[]){ -30, 450 }, 2);
	/* A year later it is finished; that delivers nothing anew. */
	change(u, &a, "finished", 900, 950);
	assert_delays(u, (const int64_t[]){ -30, 450 }, 2);
	change(u, &b, "cancelled", 2000, 1970);
	assert_delays(u, (const int64_t[]){ 450 }, 1);
	assert_int_equal(userdb_order_delete(u, "a"), 0);
	assert_delays(u, NULL, 0);
}

static void test_newest_delays(void **state)
{
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	int64_t delays[3];
	size_t n;

	for (uint64_t i = 0; i < 10; i++) {
		_cleanup_free_ char *uid = strprintf("u-%u", (unsigned)i);
		struct order o = order_of(uid, NULL, "", 100 - i);

		change(u, &o, i == 5 ? "cooking" : "delivered", 1000 + 10 * i, i == 5 ? 0 : 1000 + 11 * i);
	}
	assert_int_equal(userdb_delays(u, delays, ELEMENTSOF(delays), &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(delays[0] * 100 + delays[1] * 10 + delays[2], 987);
}

/* The newest of an older version's orders are learned from, whichever way the service wrote the date. */
static void test_promises_of_older_versions(void **state)
{
	static const char *const files[] = { "userdb-v1.sql", "userdb-v2.sql" };
	static const char *const dates[] = {
		"{\"dateEndActual\":\"2023-11-14T23:03:20Z\"}", "{\"dateEndActual\":\"2023-11-15T01:04:20.5+02:00\"}",
		"{\"dateEndActual\":\"2023-11-14T23:05:20.1234567\"}", "{\"dateEndActual\":null}", "{}", "not JSON",
		"{\"dateEndActual\":\"soon\"}", "{\"dateEndActual\":\"0001-01-01T00:00:00\"}",
	};

	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		_cleanup_free_ char *folder = path_in(*state, "%zu", i), *path = NULL;
		_cleanup_(userdb_closep) struct userdb *u = NULL;
		uint64_t promised = 0;
		sqlite3 *db;

		assert_int_equal(mkdir(folder, 0700), 0);
		path = path_in(folder, "%s.db", USER);
		database_from_sql(path, files[i]);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		for (size_t k = 0; k < ELEMENTSOF(dates); k++) {
			_cleanup_free_ char *sql = strprintf(
				"INSERT INTO orders SELECT %zu, 'u-%zu', NULL, 'delivered', payment_type, total, currency,"
				" created, changed, 0, 0, 0, 1700002700000000, 1, '%s' FROM orders WHERE id = 1",
				k + 100, k, dates[k]);

			assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		}
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		u = userdb_at(folder);
		assert_delays(u, (const int64_t[]){ 420123000, 360500000, 300000000 }, 3);
		assert_int_equal(userdb_promise_get(u, "3d6f4b7e-0000-4000-8000-000000000001", &promised), 0);
		assert_int_equal(promised, 1700003600000000);
	}
}

static void test_promises_of_version_3(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "%s.db", USER), *body = NULL;
	_cleanup_(userdb_closep) struct userdb *u = NULL;
	uint64_t asked, about;

	database_from_sql(path, "userdb-v3.sql");
	u = userdb_at(*state);
	assert_delays(u, (const int64_t[]){ 300000000 }, 1);
	assert_int_equal(userdb_promise_get(u, "3d6f4b7e-0000-4000-8000-000000000001", &asked), 0);
	assert_int_equal(asked, 1700003000000000);
	assert_int_equal(userdb_prediction_get(u, "delivery-time", "3D6F4B7E-0000-4000-8000-000000000001", &asked, &about,
					       &body), 0);
	assert_int_equal(about, 1700003600000000);
}

/* Videos */

static int write_video(const struct video *v, void *userdata)
{
	char *text = userdata, one[128];

	(void)snprintf(one, sizeof(one), "%s|%s|%s|%s|%u|%s|%s|%s\n", v->uid, v->title, v->description, v->genre, v->seconds,
		       v->file ? v->file : "-", v->web ? v->web : "-", v->picture ? v->picture : "-");
	strcat(text, one);
	return 0;
}

static int stop_at_first(const struct video *v, void *userdata)
{
	(void)userdata;
	return streq(v->uid, "b") ? 7 : 8;
}

static void test_videos(void **state)
{
	static const struct video list[] = {
		{ .uid = (char *)"b", .title = (char *)"Oven", .description = (char *)"Hot", .genre = (char *)"Slow",
		  .file = (char *)"f", .picture = (char *)"p", .seconds = UINT32_MAX },
		{ .uid = (char *)"a", .web = (char *)"https://example.org/" },
		{ .uid = (char *)"b", .title = (char *)"Again" },
	};
	_cleanup_(userdb_closep) struct userdb *u = userdb_at(*state);
	_cleanup_free_ char *file = NULL, *web = strdup("kept");
	char text[512] = "";

	assert_int_equal(userdb_video_each(u, write_video, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(userdb_videos_put(u, list, ELEMENTSOF(list)), 0);
	assert_int_equal(userdb_video_each(u, write_video, text), 0);
	assert_string_equal(text, "b|Oven|Hot|Slow|4294967295|f|-|p\na||||0|-|https://example.org/|-\n");
	assert_int_equal(userdb_video_each(u, stop_at_first, NULL), 7);
	assert_int_equal(userdb_video_get(u, "c", &file, &web), -ENOENT);
	assert_string_equal(web, "kept");
	assert_int_equal(userdb_video_get(u, "b", &file, &web), 0);
	assert_string_equal(file, "f");
	assert_null(web);
	assert_int_equal(userdb_videos_put(u, list + 1, 1), 0);
	text[0] = '\0';
	assert_int_equal(userdb_video_each(u, write_video, text), 0);
	assert_string_equal(text, "a||||0|-|https://example.org/|-\n");
	/* Within a transaction that is not committed the old ones stay. */
	assert_int_equal(userdb_begin(u), 0);
	assert_int_equal(userdb_videos_put(u, list, 1), 0);
	userdb_rollback(u);
	assert_int_equal(userdb_video_get(u, "b", &file, &web), -ENOENT);
}

static void test_videos_of_version_4(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "%s.db", USER);
	_cleanup_(userdb_closep) struct userdb *u = NULL;
	char text[512] = "";

	database_from_sql(path, "userdb-v4.sql");
	u = userdb_at(*state);
	assert_int_equal(userdb_video_each(u, write_video, text), 0);
	assert_string_equal(text, "v-1|An oven at night|One minute|Slow|60|f-1|-|-\n");
}

/* Text */

static void test_fold(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *folded;
	} cases[] = {
		{ "", 0, "" },
		{ "Pizza 42 ÀÉ", 0, "pizza 42 àé" },
		{ "БОРЩ", 0, "борщ" },
		{ "ΑΘΗΝΑ", 0, "αθηνα" },
		{ "寿司", 0, "寿司" },
		{ "Ⱥ", 0, "ⱥ" }, /* two bytes become three */
		{ "ȺȺȺȺȺȺȺȺȺ", 0, "ⱥⱥⱥⱥⱥⱥⱥⱥⱥ" },
		{ "𐐀", 0, "𐐨" },
		{ "\xff" "A\xc3", 0, "\xff" "a\xc3" },
		{ "ABC", 2, "ab" },
		{ "AÉ", 2, "a" },
		{ "AÉ", 3, "aé" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *folded = text_fold(cases[i].text, cases[i].max);

		assert_string_equal(folded, cases[i].folded);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_which_state_stays),
		TEST(test_order_that_cannot_be),
		TEST(test_row),
		TEST(test_filters),
		TEST(test_searched_text_follows),
		TEST(test_pages_show_each_once),
		TEST(test_cursors_that_are_not_ours),
		TEST(test_find),
		TEST(test_count_pending),
		TEST(test_walk_within_a_walk),
		TEST(test_notifications),
		TEST(test_events_without_a_start),
		TEST(test_events_over_restarts),
		TEST(test_events_rolled_back),
		TEST(test_newest_events_are_kept),
		TEST(test_forget),
		TEST(test_opens_version_1),
		TEST(test_facts),
		TEST(test_facts_follow_the_order),
		TEST(test_facts_of_newest),
		TEST(test_facts_of_version_1),
		TEST(test_facts_of_version_2),
		TEST(test_predictions),
		TEST(test_first_promise_counts),
		TEST(test_newest_delays),
		TEST(test_promises_of_older_versions),
		TEST(test_promises_of_version_3),
		TEST(test_migrated_schema_is_that_of_a_new_one),
		TEST(test_schema_is_that_of_its_version),
		TEST(test_videos),
		TEST(test_videos_of_version_4),
		TEST(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
