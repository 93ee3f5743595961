/* The outbox as it is stored: rows, and that what was reported durable is there after a kill -9 at any moment. */
#include "testing-store.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/timeutil.h"
#include "store/state.h"

#define W "world"
#define U "ann"

static struct state *state_at(const char *folder)
{
	_cleanup_free_ char *aside = NULL;
	struct state *s;

	assert_int_equal(state_open(folder, &s, &aside), 0);
	assert_null(aside);
	return s;
}

static struct outbox_row row_of(const char *user, const char *kind, const char *subject, const char *key,
				const char *state)
{
	return (struct outbox_row){
		.world = (char *)W, .user = (char *)user, .kind = (char *)kind, .subject = (char *)subject,
		.key = (char *)key, .state = (char *)state,
	};
}

static int64_t add(struct state *s, const char *user, const char *kind, const char *subject, const char *key,
		   const char *state)
{
	struct outbox_row row = row_of(user, kind, subject, key, state);
	int64_t id;

	assert_int_equal(state_outbox_add(s, &row, &id), 0);
	return id;
}

static void test_row_round_trip(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_(outbox_row_done) struct outbox_row got = {};
	struct outbox_row row = row_of(U, "place", "o1", "k1", "queued");
	int64_t id;

	row.options = (char *)"{\"address\":\"Évry\"}";
	row.created = 1;
	row.deadline = 2;
	row.not_before = 3;
	row.from_cart = true;
	assert_int_equal(state_outbox_add(s, &row, &id), 0);
	assert_int_equal(state_outbox_get(s, W, "place", "o1", &got), 0);
	assert_int_equal(got.id, id);
	assert_null(got.body);
	assert_null(got.error_name);
	assert_string_equal(got.options, row.options);
	assert_string_equal(got.key, "k1");
	assert_true(got.from_cart && !got.attempted);

	got.attempted = true;
	got.tries = 4000000000;
	got.server_errors = 5;
	got.deadline = UINT64_C(1) << 60;
	assert_int_equal(free_and_strdup(&got.body, "{}"), 0);
	assert_int_equal(free_and_strdup(&got.state, "rejected"), 0);
	assert_int_equal(free_and_strdup(&got.error_name, "x.Y"), 0);
	assert_int_equal(free_and_strdup(&got.error_message, "Sentence"), 0);
	assert_int_equal(free_and_strdup(&got.key, "not to be taken over"), 0);
	assert_int_equal(state_outbox_update(s, &got), 0);
	outbox_row_done(&got);
	state_close(TAKE_PTR(s));
	s = state_at(*state);
	assert_int_equal(state_outbox_get(s, W, "place", "o1", &got), 0);
	assert_true(got.attempted);
	assert_int_equal(got.tries, 4000000000);
	assert_int_equal(got.server_errors, 5);
	assert_int_equal(got.deadline, UINT64_C(1) << 60);
	assert_int_equal(got.created, 1);
	assert_int_equal(got.not_before, 3);
	assert_string_equal(got.body, "{}");
	assert_string_equal(got.state, "rejected");
	assert_string_equal(got.error_name, "x.Y");
	assert_string_equal(got.error_message, "Sentence");
	assert_string_equal(got.key, "k1");
	assert_int_equal(state_outbox_delete(s, id), 0);
	assert_int_equal(state_outbox_update(s, &got), -ENOENT);
	outbox_row_done(&got);
	assert_int_equal(state_outbox_get(s, W, "place", "o1", &got), -ENOENT);
}

static void test_a_key_is_used_once(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	struct outbox_row row = row_of(U, "place", "o1", "k1", "queued");

	add(s, U, "place", "o1", "k1", "queued");
	assert_int_equal(state_outbox_add(s, &row, NULL), -EEXIST);
	row.user = (char *)"bob";
	row.subject = (char *)"o2";
	assert_int_equal(state_outbox_add(s, &row, NULL), -EEXIST);
	row.kind = (char *)"cancel";
	assert_int_equal(state_outbox_add(s, &row, NULL), 0);
	row.world = (char *)"another";
	assert_int_equal(state_outbox_add(s, &row, NULL), 0);
	row.state = NULL;
	row.key = (char *)"k2";
	assert_int_equal(state_outbox_add(s, &row, NULL), -EINVAL);
}

static int write_key(const struct outbox_row *r, void *userdata)
{
	char *text = userdata;

	(void)strcat(strcat(text, r->key), " ");
	return 0;
}

static void test_lists(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	_cleanup_(outbox_row_done) struct outbox_row newest = {};
	static const struct {
		const char *user;
		bool open_only;
		const char *keys;
		unsigned open;
	} cases[] = {
		{ "ann", false, "a b c f ", 2 },
		{ "ann", true, "a f ", 2 },
		{ "bob", false, "d e ", 1 },
		{ "bob", true, "d ", 1 },
		{ NULL, false, "a b c d e f ", 3 },
		{ NULL, true, "a d f ", 3 },
		{ "nobody", true, "", 0 },
	};

	add(s, "ann", "place", "1", "a", "unknown");
	add(s, "ann", "cancel", "1", "b", "made");
	add(s, "ann", "place", "2", "c", "rejected");
	add(s, "bob", "read", "", "d", "queued");
	add(s, "bob", "read", "", "e", "done");
	add(s, "ann", "place", "1", "f", "queued");
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		char keys[64] = "";
		uint32_t n;

		assert_int_equal(state_outbox_each(s, W, cases[i].user, cases[i].open_only, write_key, keys), 0);
		assert_string_equal(keys, cases[i].keys);
		assert_int_equal(state_outbox_count_open(s, W, cases[i].user, &n), 0);
		assert_int_equal(n, cases[i].open);
	}
	assert_int_equal(state_outbox_get(s, W, "place", "1", &newest), 0);
	assert_string_equal(newest.key, "f");
}

static void test_prune_and_forget(void **state)
{
	_cleanup_(state_closep) struct state *s = state_at(*state);
	char keys[64] = "";
	uint64_t before;

	add(s, "ann", "place", "1", "open", "queued");
	add(s, "ann", "place", "2", "ended", "made");
	before = now_realtime() + USEC_PER_MSEC;
	assert_int_equal(state_outbox_prune(s, W, before - USEC_PER_SEC), 0);
	assert_int_equal(state_outbox_prune(s, "another", before), 0);
	assert_int_equal(state_outbox_each(s, W, NULL, false, write_key, keys), 0);
	assert_string_equal(keys, "open ended ");
	assert_int_equal(state_outbox_prune(s, W, before), 0);
	keys[0] = '\0';
	assert_int_equal(state_outbox_each(s, W, NULL, false, write_key, keys), 0);
	assert_string_equal(keys, "open ");
	add(s, "bob", "place", "3", "bob's", "queued");
	assert_int_equal(state_outbox_forget_user(s, W, "ann"), 0);
	keys[0] = '\0';
	assert_int_equal(state_outbox_each(s, W, NULL, false, write_key, keys), 0);
	assert_string_equal(keys, "bob's ");
}

/* Crash safety */

struct report {
	int key;
	int done; /* 0 added, 1 its update is durable too */
};

/* Adds and updates rows and says so only when the call has returned; ends when it is killed. */
static void write_for_ever(const char *folder, int first, int fd)
{
	struct state *s;
	char *aside;

	if (state_open(folder, &s, &aside) < 0)
		_exit(1);
	for (int key = first;; key++) {
		char text[32];
		struct outbox_row row = row_of(U, "place", text, text, "queued");
		struct report report = { key, 0 };

		(void)snprintf(text, sizeof(text), "%d", key);
		if (state_begin(s) < 0 || state_cart_set(s, W, U, (uint64_t)key, 1) < 0 ||
		    state_outbox_add(s, &row, &row.id) < 0 || state_commit(s) < 0)
			_exit(2);
		if (write(fd, &report, sizeof(report)) != sizeof(report))
			_exit(3);
		row.state = (char *)"made";
		row.body = text;
		row.attempted = true;
		if (state_begin(s) < 0 || state_outbox_update(s, &row) < 0 ||
		    state_cart_set(s, W, U, (uint64_t)key, 0) < 0 || state_commit(s) < 0)
			_exit(4);
		report.done = 1;
		if (write(fd, &report, sizeof(report)) != sizeof(report))
			_exit(5);
	}
}

/* Lets the child live until `n` reports have come, kills it, and takes what else it had reported. */
static struct report run_and_kill(const char *folder, int first, unsigned n)
{
	struct report last = { first - 1, 1 }, report;
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fds[0]);
		write_for_ever(folder, first, fds[1]);
	}
	(void)close(fds[1]);
	for (unsigned i = 0; read(fds[0], &report, sizeof(report)) == sizeof(report); i++) {
		last = report;
		if (i == n)
			assert_int_equal(kill(pid, SIGKILL), 0);
	}
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return last;
}

struct seen {
	int next;
	bool last_made;
};

static int check_row(const struct outbox_row *r, void *userdata)
{
	struct seen *seen = userdata;

	/* None is missing, none is there twice, and only the last may be unfinished. */
	assert_int_equal(atoi(r->key), seen->next);
	assert_true(seen->last_made);
	seen->next++;
	seen->last_made = streq(r->state, "made");
	assert_string_equal(r->state, seen->last_made ? "made" : "queued");
	assert_string_equal(strempty(r->body), seen->last_made ? r->key : "");
	assert_int_equal(r->attempted, seen->last_made);
	return 0;
}

static void test_killed_a_hundred_times(void **state)
{
	int next = 1;

	for (int i = 0; i < 100; i++) {
		struct report last = run_and_kill(*state, next, (unsigned)random_below(40));
		_cleanup_(state_closep) struct state *s = state_at(*state);
		struct seen seen = { .next = 1, .last_made = true };
		uint32_t in_cart;

		assert_int_equal(state_outbox_each(s, W, U, false, check_row, &seen), 0);
		/* What was reported is there; the one step after it may be there, as one whole. */
		assert_in_range(seen.next, last.key + 1, last.key + 1 + last.done);
		if (last.done)
			assert_int_equal(seen.last_made, seen.next == last.key + 1);
		assert_int_equal(state_cart_count(s, W, U, &in_cart), 0);
		assert_int_equal(in_cart, seen.last_made ? 0 : 1);
		if (!seen.last_made) {
			_cleanup_(outbox_row_done) struct outbox_row row = {};
			char text[32];

			(void)snprintf(text, sizeof(text), "%d", seen.next - 1);
			assert_int_equal(state_outbox_get(s, W, "place", text, &row), 0);
			assert_int_equal(free_and_strdup(&row.state, "made"), 0);
			assert_int_equal(free_and_strdup(&row.body, text), 0);
			row.attempted = true;
			assert_int_equal(state_outbox_update(s, &row), 0);
			assert_int_equal(state_cart_clear(s, W, U), 0);
		}
		next = seen.next;
	}
	assert_true(next > 100);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_row_round_trip),
		TEST(test_a_key_is_used_once),
		TEST(test_lists),
		TEST(test_prune_and_forget),
		TEST(test_killed_a_hundred_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
