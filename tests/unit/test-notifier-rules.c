/* clients/notifier: rules.c, texts.c, memory.c, view.c and the argument vectors of terminal.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <time.h>

#include "notifier/memory.h"
#include "notifier/rules.h"
#include "notifier/terminal.h"
#include "notifier/texts.h"
#include "notifier/view.h"

#define MINUTE USEC_PER_MIN
#define HOUR (60 * MINUTE)

/* Sunday, 22 November 2026, 19:00 UTC. */
#define NOW (UINT64_C(1795374000) * USEC_PER_SEC)

static struct view view_at(const char *status, uint64_t expected)
{
	struct view v = {
		.uid = (char *)"u",
		.number = (char *)"1042",
		.status = (char *)status,
		.payment_type = (char *)"cash",
		.currency = "USD",
		.total = 2350,
		.expected = expected,
		.changed = NOW,
		.confirmed = NOW,
	};

	return v;
}

static struct told told_at(const char *stage, uint64_t expected, uint64_t late_for)
{
	return (struct told){ .stage = (char *)stage, .expected = expected, .late_for = late_for };
}

struct rule_case {
	const char *name;
	bool known; /* there is something told */
	struct told told;
	const char *status;
	uint64_t expected, ended, confirmed;
	bool fresh;
	uint64_t now;
	enum news news;
	const char *stage;
	uint64_t next_expected, next_late_for;
	int64_t moved;
};

#define E (NOW + 30 * MINUTE) /* the expected time of the cases */

static const struct rule_case rule_cases[] = {
	/* at the start */
	{ "a pending order found at the first start is the baseline", .status = "cooking", .expected = E, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "cooking", .next_expected = E },
	{ "one brought by an event is news", .status = "requested", .expected = E, .fresh = true, .now = NOW,
	  .news = NEWS_STAGE, .stage = "requested", .next_expected = E },
	{ "one that is not at the service yet is not", .status = "submitting", .fresh = true, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "submitting" },
	{ "an old delivery in the history is not", .status = "delivered", .ended = NOW - 25 * HOUR, .fresh = true,
	  .now = NOW, .news = NEWS_NONE, .stage = "delivered" },
	{ "a delivery of today that was never seen pending is", .status = "delivered", .ended = NOW - HOUR,
	  .fresh = true, .now = NOW, .news = NEWS_STAGE, .stage = "delivered" },
	{ "but not without an event", .status = "delivered", .ended = NOW - HOUR, .now = NOW, .news = NEWS_NONE,
	  .stage = "delivered" },

	/* stages */
	{ "the same stage says nothing", true, { (char *)"cooking", E, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "also when an event repeats it", true, { (char *)"cooking", E, 0 }, "cooking", E, .fresh = true, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "the next stage", true, { (char *)"cooking", E, 0 }, "in-delivery", E, .now = NOW, .news = NEWS_STAGE,
	  .stage = "in-delivery", .next_expected = E },
	{ "a stage takes a move with it", true, { (char *)"cooking", E, 0 }, "in-delivery", E + 15 * MINUTE, .now = NOW,
	  .news = NEWS_STAGE, .stage = "in-delivery", .next_expected = E + 15 * MINUTE, .moved = 15 * (int64_t)MINUTE },
	{ "what could not be shown is news", true, { (char *)"", 0, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_STAGE, .stage = "cooking", .next_expected = E },
	{ "a status nobody knew of", true, { (char *)"cooking", E, 0 }, "out-for-tea", E, .now = NOW,
	  .news = NEWS_STAGE, .stage = "out-for-tea", .next_expected = E },
	{ "delivered", true, { (char *)"in-delivery", E, 0 }, "delivered", E, .ended = NOW, .now = NOW,
	  .news = NEWS_STAGE, .stage = "delivered", .next_expected = E },
	{ "finished is delivered", true, { (char *)"delivered", E, 0 }, "finished", E, .ended = NOW, .now = NOW,
	  .news = NEWS_NONE, .stage = "delivered", .next_expected = E },
	{ "finished without delivered", true, { (char *)"in-delivery", E, 0 }, "finished", E, .ended = NOW, .now = NOW,
	  .news = NEWS_STAGE, .stage = "delivered", .next_expected = E },
	{ "rejected", true, { (char *)"submitting", 0, 0 }, "rejected", 0, .now = NOW, .news = NEWS_STAGE,
	  .stage = "rejected" },
	{ "a wish held back again is silent", true, { (char *)"unknown", 0, 0 }, "submitting", 0, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "submitting" },
	{ "a night with the lid closed: the delivery, not the stages", true, { (char *)"cooking", E, 0 }, "delivered",
	  E, .ended = NOW + 42 * MINUTE, .now = NOW + 13 * HOUR, .news = NEWS_STAGE, .stage = "delivered",
	  .next_expected = E },

	/* the expected time moves */
	{ "by five minutes is not news", true, { (char *)"cooking", E, 0 }, "cooking", E + 5 * MINUTE, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },
	{ "by more is", true, { (char *)"cooking", E, 0 }, "cooking", E + 5 * MINUTE + 1, .now = NOW, .news = NEWS_MOVED,
	  .stage = "cooking", .next_expected = E + 5 * MINUTE + 1, .moved = 5 * (int64_t)MINUTE + 1 },
	{ "earlier too", true, { (char *)"cooking", E, 0 }, "cooking", E - 10 * MINUTE, .now = NOW, .news = NEWS_MOVED,
	  .stage = "cooking", .next_expected = E - 10 * MINUTE, .moved = -10 * (int64_t)MINUTE },
	{ "a time that was not known before is no move", true, { (char *)"cooking", 0, 0 }, "cooking", E, .now = NOW,
	  .news = NEWS_REMEMBER, .stage = "cooking", .next_expected = E },
	{ "one that is not known any more neither", true, { (char *)"cooking", E, 0 }, "cooking", 0, .now = NOW,
	  .news = NEWS_NONE, .stage = "cooking", .next_expected = E },

	/* the expected time passes */
	{ "not yet: a delivery needs a moment to be told", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E,
	  .confirmed = E + MINUTE - 1, .now = E + MINUTE - 1, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E },
	{ "late", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E, .confirmed = E + MINUTE, .now = E + MINUTE,
	  .news = NEWS_LATE, .stage = "in-delivery", .next_expected = E, .next_late_for = E },
	{ "said once", true, { (char *)"in-delivery", E, E }, "in-delivery", E, .confirmed = E + HOUR,
	  .now = E + HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E, .next_late_for = E },
	{ "and not for each minute that it slips", true, { (char *)"in-delivery", E, E }, "in-delivery", E + 4 * MINUTE,
	  .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E,
	  .next_late_for = E },
	{ "not on what was known before the night", true, { (char *)"in-delivery", E, 0 }, "in-delivery", E,
	  .confirmed = NOW, .now = NOW + 13 * HOUR, .news = NEWS_NONE, .stage = "in-delivery", .next_expected = E },
	{ "moved to a time that has passed as well: one bubble", true, { (char *)"in-delivery", E, 0 }, "in-delivery",
	  E + 10 * MINUTE, .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_LATE, .stage = "in-delivery",
	  .next_expected = E + 10 * MINUTE, .next_late_for = E + 10 * MINUTE },
	{ "a stage that says it is late says it for good", true, { (char *)"cooking", E, 0 }, "in-delivery", E,
	  .confirmed = E + HOUR, .now = E + HOUR, .news = NEWS_STAGE, .stage = "in-delivery", .next_expected = E,
	  .next_late_for = E },
	{ "an ended order is never late", true, { (char *)"cancelled", E, 0 }, "cancelled", E, .confirmed = E + HOUR,
	  .now = E + HOUR, .news = NEWS_NONE, .stage = "cancelled", .next_expected = E },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(rule_cases); i++) {
		const struct rule_case *c = &rule_cases[i];
		struct view v = view_at(c->status, c->expected);
		struct verdict verdict;

		v.ended = c->ended;
		v.confirmed = c->confirmed ?: NOW;
		rules_judge(&v, c->known ? &c->told : NULL, c->fresh, c->now, &verdict);
		print_message("%s\n", c->name);
		assert_int_equal(verdict.news, c->news);
		assert_string_equal(verdict.stage, c->stage);
		assert_int_equal(verdict.expected, c->next_expected);
		assert_int_equal(verdict.late_for, c->next_late_for);
		assert_int_equal(verdict.moved_usec, c->moved);
	}
}

/* Saying what a verdict says leads to silence, whatever the order does in small steps. */
static void test_rules_drift(void **state)
{
	struct told told = told_at("in-delivery", E, 0);
	unsigned said = 0;

	(void)state;
	for (unsigned minute = 0; minute < 60; minute++) {
		struct view v = view_at("in-delivery", E + minute * MINUTE);
		struct verdict verdict;

		v.confirmed = v.expected;
		rules_judge(&v, &told, true, v.expected, &verdict);
		if (verdict.news == NEWS_MOVED)
			said++;
		told = told_at(verdict.stage, verdict.expected, verdict.late_for);
		rules_judge(&v, &told, true, v.expected, &verdict);
		assert_int_equal(verdict.news, NEWS_NONE);
	}
	assert_int_equal(said, 9); /* once for each six minutes */
}

static void test_next_look(void **state)
{
	struct view v = view_at("cooking", E);
	struct told told = told_at("cooking", E, 0);

	(void)state;
	assert_int_equal(rules_next_look(&v, NULL), 0);
	assert_int_equal(rules_next_look(&v, &told), E + RULES_GRACE_USEC);
	told.late_for = E;
	assert_int_equal(rules_next_look(&v, &told), 0);
	v.expected = E + 6 * MINUTE;
	assert_int_equal(rules_next_look(&v, &told), E + 6 * MINUTE + RULES_GRACE_USEC);
	v = view_at("delivered", E);
	assert_int_equal(rules_next_look(&v, &told), 0);
}

static void check_text(const struct view *v, const struct verdict *verdict, uint64_t now, const char *title,
		       const char *body)
{
	_cleanup_text_ struct text text = {};

	assert_int_equal(text_for_order(v, verdict, now, &text), 0);
	assert_string_equal(text.title, title);
	assert_string_equal(text.body, body);
}

static void test_texts(void **state)
{
	struct view v = view_at("requested", E);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "requested" };

	(void)state;
	v.items = (char *)"2 × Pad thai, Lemonade";
	check_text(&v, &verdict, NOW, "Order 1042 was received",
		   "Expected at 19:30\n2 × Pad thai, Lemonade\n23.50 USD in cash at the door");

	v.status = (char *)"in-delivery";
	v.courier = (char *)"Maria";
	v.items = NULL;
	v.payment_type = (char *)"pos";
	verdict = (struct verdict){ .news = NEWS_STAGE, .stage = "in-delivery", .moved_usec = 15 * (int64_t)MINUTE };
	check_text(&v, &verdict, NOW, "Order 1042 is on its way",
		   "Now expected at 19:30, 15 min later\nMaria is bringing it\n23.50 USD by card at the door");

	v.paid = true;
	verdict.news = NEWS_MOVED;
	check_text(&v, &verdict, NOW, "Order 1042: now 19:30, 15 min later", "It is on its way\nMaria is bringing it");
	verdict.moved_usec = -6 * (int64_t)MINUTE;
	check_text(&v, &verdict, NOW, "Order 1042: now 19:30, 6 min earlier", "It is on its way\nMaria is bringing it");
	check_text(&v, &verdict, NOW - 24 * HOUR, "Order 1042: now tomorrow 19:30, 6 min earlier",
		   "It is on its way\nMaria is bringing it");

	verdict = (struct verdict){ .news = NEWS_LATE, .stage = "in-delivery", .late_for = E };
	check_text(&v, &verdict, E + MINUTE, "Order 1042 is running late",
		   "It was expected at 19:30\nIt is on its way\nMaria is bringing it");

	v.expected = 0;
	v.courier = NULL;
	v.status = (char *)"service-out-for-tea";
	verdict = (struct verdict){ .news = NEWS_STAGE, .stage = v.status };
	check_text(&v, &verdict, NOW, "Order 1042 is now: service out for tea", "");
}

static void test_texts_of_the_end(void **state)
{
	struct view v = view_at("delivered", E);
	struct verdict verdict = { .news = NEWS_STAGE, .stage = "delivered" };

	(void)state;
	v.ended = NOW + 42 * MINUTE;
	check_text(&v, &verdict, NOW + 42 * MINUTE, "Delivered at 19:42", "Order 1042\nHow was it?");
	check_text(&v, &verdict, NOW + 13 * HOUR, "Delivered at 19:42", "Order 1042 · yesterday\nHow was it?");
	check_text(&v, &verdict, NOW + 60 * HOUR, "Delivered at 19:42", "Order 1042 · on Sun 22 Nov\nHow was it?");
	v.rating = 5;
	check_text(&v, &verdict, NOW + 42 * MINUTE, "Delivered at 19:42", "Order 1042");

	v = view_at("rejected", 0);
	v.number = NULL;
	verdict.stage = "rejected";
	check_text(&v, &verdict, NOW, "Your order was not made", "Nothing was ordered.");
	v.failure_reason = (char *)"Not sent in time, nothing was ordered";
	check_text(&v, &verdict, NOW, "Your order was not made", "Not sent in time, nothing was ordered");
}

static void test_words_of_time(void **state)
{
	char when[TEXT_WHEN_SIZE], span[TEXT_SPAN_SIZE];

	(void)state;
	assert_string_equal(text_when(when, NOW, NOW), "at 19:00");
	assert_string_equal(text_when(when, NOW + 5 * HOUR, NOW), "tomorrow at 00:00");
	assert_string_equal(text_when(when, NOW - 20 * HOUR, NOW), "yesterday at 23:00");
	assert_string_equal(text_when(when, NOW + 48 * HOUR, NOW), "on Tue 24 Nov at 19:00");
	/* over the end of the year */
	assert_string_equal(text_when(when, NOW + 40 * 24 * HOUR, NOW + 39 * 24 * HOUR), "tomorrow at 19:00");
	assert_string_equal(text_span(span, 1), "1 min");
	assert_string_equal(text_span(span, 15 * (int64_t)MINUTE + 20), "15 min");
	assert_string_equal(text_span(span, -60 * (int64_t)MINUTE), "1 h");
	assert_string_equal(text_span(span, 65 * (int64_t)MINUTE), "1 h 5 min");
}

static int folder_setup(void **state)
{
	*state = g_dir_make_tmp("notifier-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int folder_teardown(void **state)
{
	g_autofree char *folder = *state;
	g_autofree char *path = g_build_filename(folder, "shown", NULL);

	(void)g_remove(path);
	(void)g_chmod(folder, 0700);
	return g_rmdir(folder);
}

static void test_memory(void **state)
{
	_cleanup_(memory_freep) struct memory *m = memory_open_at(*state);
	struct entry *e;
	uint64_t seq;

	assert_false(memory_get_seq(m, &seq));
	assert_null(memory_find(m, "a"));
	e = memory_add(m, "[odd] uid\n=");
	assert_string_equal(e->told.stage, "");
	assert_int_equal(free_and_strdup(&e->told.stage, "in-delivery"), 0);
	assert_int_equal(free_and_strdup(&e->server, "guid/:1.7"), 0);
	e->told.expected = E;
	e->told.late_for = E - 1;
	e->touched = NOW;
	e->bubble = UINT32_MAX;
	e->question = 4;
	memory_set_seq(m, UINT64_MAX);
	memory_save(m);
	memory_free(TAKE_PTR(m));

	m = memory_open_at(*state);
	assert_true(memory_get_seq(m, &seq));
	assert_true(seq == UINT64_MAX);
	assert_int_equal(memory_count(m), 1);
	e = memory_find(m, "[odd] uid\n=");
	assert_non_null(e);
	assert_string_equal(e->told.stage, "in-delivery");
	assert_int_equal(e->told.expected, E);
	assert_int_equal(e->told.late_for, E - 1);
	assert_int_equal(e->bubble, UINT32_MAX);
	assert_ptr_equal(memory_find_bubble(m, "guid/:1.7", 4), e);
	assert_null(memory_find_bubble(m, "guid/:1.8", 4));
	assert_null(memory_find_bubble(m, "guid/:1.7", 5));
}

static void test_memory_prune(void **state)
{
	_cleanup_(memory_freep) struct memory *m = memory_open_at(*state);

	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *uid = g_strdup_printf("uid-%u", i);

		memory_add(m, uid)->touched = NOW + i;
	}
	assert_int_equal(free_and_strdup(&memory_find(m, "uid-999")->told.stage, "delivered"), 0);
	memory_prune(m, NOW + 1000);
	assert_int_equal(memory_count(m), 500);
	assert_null(memory_find(m, "uid-499"));
	assert_non_null(memory_find(m, "uid-500"));
	memory_prune(m, NOW + 49 * HOUR);
	assert_null(memory_find(m, "uid-999")); /* ended two days ago */
	assert_int_equal(memory_count(m), 499);
	memory_prune(m, NOW + 61 * 24 * HOUR);
	assert_int_equal(memory_count(m), 0);
}

static void test_memory_damaged(void **state)
{
	static const char *const damaged[] = { "", "\377\376", "[Order x", "[Order x]\nStage=a\nExpected=-3\nBubble=x\n",
					       "[Order ]\nStage=a\n[Order %zz]\n[Notifier]\nSeq=99999999999999999999\n" };
	g_autofree char *path = g_build_filename(*state, "shown", NULL);

	for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
		_cleanup_(memory_freep) struct memory *m = NULL;

		assert_true(g_file_set_contents(path, damaged[i], -1, NULL));
		m = memory_open_at(*state);
		assert_non_null(m);
		assert_true(memory_count(m) <= 1);
		memory_set_seq(m, 1);
		memory_save(m);
	}
}

static GVariant *order_variant(const char *text)
{
	g_autoptr(GError) error = NULL;
	GVariant *v = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

	if (!v)
		fail_msg("%s", error->message);
	return v;
}

static void test_view(void **state)
{
	g_autoptr(GVariant) order = order_variant(
		"{'uid': <'u1'>, 'number': <'1042'>, 'status': <'finished'>, 'cancellable': <false>,"
		" 'payment-type': <'cash'>, 'total-price': <int64 2350>, 'currency': <'USD'>, 'novel': <3>,"
		" 'products': <[(uint64 1, 'Pad thai', uint32 2, int64 900, ''), (2, 'Tea', 1, 1, ''), (3, 'C', 1, 1, ''),"
		"  (4, 'D', 1, 1, '')]>, 'timeline': <[('cooking', uint64 5), ('delivered', 7)]>,"
		" 'payments': <[{'status': <'confirmed'>}]>, 'courier': <{'name': <'Maria'>}>,"
		" 'age': <uint64 1000>, 'rating': <uint32 4>, 'end-expected': <uint64 9>, 'changed': <'wrong type'>}");
	g_autoptr(GVariant) nothing = order_variant("{'uid': <'u1'>, 'status': <''>}");
	_cleanup_view_ struct view v = {}, none = {};

	(void)state;
	assert_int_equal(view_from_order(order, NOW, &v), 0);
	assert_string_equal(v.uid, "u1");
	assert_string_equal(v.items, "2 × Pad thai, Tea, C and 1 more");
	assert_string_equal(v.courier, "Maria");
	assert_int_equal(v.total, 2350);
	assert_true(v.paid);
	assert_int_equal(v.rating, 4);
	assert_int_equal(v.ended, 7);
	assert_int_equal(v.expected, 9);
	assert_int_equal(v.changed, 0);
	assert_int_equal(v.confirmed, NOW - 1000);
	assert_int_equal(view_from_order(nothing, NOW, &none), -EBADMSG);
}

static void test_terminals(void **state)
{
	static const struct {
		const char *program, *argv;
	} cases[] = {
		{ "/usr/bin/xdg-terminal-exec", "/usr/bin/xdg-terminal-exec customerclient track u" },
		{ "x-terminal-emulator", "x-terminal-emulator -e customerclient track u" },
		{ "/usr/bin/gnome-terminal", "/usr/bin/gnome-terminal -- customerclient track u" },
		{ "konsole", "konsole -e customerclient track u" },
		{ "foot --app-id 'a b'", "foot --app-id a b customerclient track u" },
		{ "my-terminal -x", "my-terminal -x -e customerclient track u" },
		{ "xterm", "xterm -e customerclient track u" },
	};
	static const char *const command[] = { "customerclient", "track", "u", NULL };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		g_auto(GStrv) argv = terminal_argv(cases[i].program, command);
		g_autofree char *joined = g_strjoinv(" ", argv);

		assert_string_equal(joined, cases[i].argv);
	}
	assert_null(terminal_argv("xterm 'unbalanced", command));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_drift),
		cmocka_unit_test(test_next_look),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_texts_of_the_end),
		cmocka_unit_test(test_words_of_time),
		cmocka_unit_test_setup_teardown(test_memory, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_memory_prune, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_memory_damaged, folder_setup, folder_teardown),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_terminals),
	};

	(void)setenv("TZ", "UTC", /* overwrite= */ 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
