/* bus-loop.c: two ends of a connection by socketpair, each in a process of its own. Time-outs fire when they are due,
 * large messages go out, an idle loop does not wake up. */
#include "unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/timeutil.h"
#include "bus/bus-loop.h"

struct ends {
	struct event_base *base;
	sd_bus *bus;
	struct bus_loop *loop;
	pid_t server;
};

static int serve(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const void *data;
	size_t n;

	(void)userdata;
	(void)e;
	if (sd_bus_message_is_method_call(m, "org.example.Test", "Exit") > 0)
		_exit(0);
	if (sd_bus_message_is_method_call(m, "org.example.Test", "Swallow") > 0)
		return 1;
	if (sd_bus_message_is_method_call(m, "org.example.Test", "Echo") <= 0)
		return 0;
	if (sd_bus_message_read_array(m, 'y', &data, &n) < 0)
		_exit(1);
	return sd_bus_reply_method_return(m, "u", (uint32_t)n);
}

/* The other end, a process of its own: it runs on the same loop code. */
static void run_server(int fd)
{
	struct event_base *base = event_base_new();
	struct bus_loop *loop;
	sd_id128_t id;
	sd_bus *bus;

	if (!base || sd_id128_randomize(&id) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
	    sd_bus_set_server(bus, 1, id) < 0 || sd_bus_start(bus) < 0 || sd_bus_add_filter(bus, NULL, serve, NULL) < 0 ||
	    bus_loop_new(base, bus, &loop) < 0)
		_exit(1);
	/* Ends when the test closes the connection. */
	(void)bus_loop_run(loop);
	_exit(0);
}

static int setup(void **state)
{
	struct ends *x = new0(struct ends, 1);
	int fds[2];

	*state = x;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	x->server = fork();
	assert_true(x->server >= 0);
	if (x->server == 0) {
		close(fds[1]);
		run_server(fds[0]);
	}
	close(fds[0]);
	x->base = event_base_new();
	assert_non_null(x->base);
	assert_true(sd_bus_new(&x->bus) >= 0);
	assert_true(sd_bus_set_fd(x->bus, fds[1], fds[1]) >= 0);
	assert_true(sd_bus_start(x->bus) >= 0);
	assert_int_equal(bus_loop_new(x->base, x->bus, &x->loop), 0);
	return 0;
}

static int teardown(void **state)
{
	struct ends *x = *state;
	int status;

	bus_loop_free(x->loop);
	sd_bus_close_unref(x->bus);
	event_base_free(x->base);
	assert_int_equal(waitpid(x->server, &status, 0), x->server);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	free(x);
	return 0;
}

static void on_deadline(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	*(bool *)userdata = true;
}

/* Runs until *done, which has to come in time; with NULL just for that time. Returns the turns made. */
static unsigned run_until(struct ends *x, const bool *done, uint64_t at_most)
{
	struct timeval tv = { .tv_sec = (time_t)(at_most / USEC_PER_SEC), .tv_usec = (suseconds_t)(at_most % USEC_PER_SEC) };
	bool over = false;
	struct event *deadline = evtimer_new(x->base, on_deadline, &over);
	unsigned turns = 0;

	assert_int_equal(evtimer_add(deadline, &tv), 0);
	for (; !over && !(done && *done); turns++)
		assert_true(bus_loop_once(x->loop) >= 0);
	event_free(deadline);
	if (done)
		assert_true(*done);
	return turns;
}

struct answer {
	struct event_base *base;
	bool done;
	char name[64];
	uint32_t value;
	uint64_t at;
};

static void on_nothing(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	(void)userdata;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const struct timeval now = { 0 };
	struct answer *a = userdata;

	(void)e;
	/* The turn that handles this would go on to wait. */
	assert_int_equal(event_base_once(a->base, -1, EV_TIMEOUT, on_nothing, NULL, &now), 0);
	a->done = true;
	a->at = now_monotonic();
	if (sd_bus_message_is_method_error(m, NULL))
		(void)snprintf(a->name, sizeof(a->name), "%s", sd_bus_message_get_error(m)->name);
	else
		assert_true(sd_bus_message_read(m, "u", &a->value) >= 0);
	return 0;
}

static void call(struct ends *x, const char *method, size_t n, uint64_t timeout, struct answer *a)
{
	sd_bus_message *m = NULL;
	char *data = calloc(1, n + 1);

	a->base = x->base;
	assert_non_null(data);
	assert_true(sd_bus_message_new_method_call(x->bus, &m, NULL, "/", "org.example.Test", method) >= 0);
	assert_true(sd_bus_message_append_array(m, 'y', data, n) >= 0);
	assert_true(sd_bus_call_async(x->bus, NULL, m, on_answer, a, timeout) >= 0);
	sd_bus_message_unref(m);
	free(data);
}

static void test_call(void **state)
{
	struct ends *x = *state;
	struct answer a = { 0 };

	call(x, "Echo", 7, 0, &a);
	run_until(x, &a.done, 5 * USEC_PER_SEC);
	assert_int_equal(a.value, 7);
}

/* Far more than a socket's buffer: it goes out in pieces, when the descriptor can be written to. */
static void test_large_message(void **state)
{
	struct ends *x = *state;
	struct answer a = { 0 };

	call(x, "Echo", 30 << 20, 0, &a);
	run_until(x, &a.done, 20 * USEC_PER_SEC);
	assert_int_equal(a.value, 30 << 20);
}

static void check_timeout(struct ends *x, uint64_t timeout)
{
	struct answer a = { 0 };
	uint64_t began = now_monotonic();

	call(x, "Swallow", 0, timeout, &a);
	run_until(x, &a.done, 10 * USEC_PER_SEC);
	assert_string_equal(a.name, "org.freedesktop.DBus.Error.NoReply");
	/* Not before it is due; after it as soon as a busy machine allows. */
	assert_in_range(a.at - began, timeout, timeout + 2 * USEC_PER_SEC);
}

/* A call that is not answered ends at its own time, again and again, though nothing moves on the descriptor. */
static void test_timeout(void **state)
{
	struct ends *x = *state;
	struct answer first = { 0 };

	/* The connection is made first, so that the time-out runs alone. */
	call(x, "Swallow", 0, 50 * USEC_PER_MSEC, &first);
	run_until(x, &first.done, 10 * USEC_PER_SEC);
	check_timeout(x, 120 * USEC_PER_MSEC);
	check_timeout(x, 60 * USEC_PER_MSEC);
	check_timeout(x, 180 * USEC_PER_MSEC);
}

/* A shorter time-out that comes after a longer one was armed. */
static void test_timeout_becomes_shorter(void **state)
{
	struct ends *x = *state;
	struct answer slow = { 0 }, fast = { 0 };
	uint64_t began;

	call(x, "Swallow", 0, 2 * USEC_PER_SEC, &slow);
	run_until(x, NULL, 50 * USEC_PER_MSEC);
	began = now_monotonic();
	call(x, "Swallow", 0, 100 * USEC_PER_MSEC, &fast);
	run_until(x, &fast.done, 10 * USEC_PER_SEC);
	assert_true(fast.at - began < 1500 * USEC_PER_MSEC);
	assert_false(slow.done);
	run_until(x, &slow.done, 10 * USEC_PER_SEC);
}

struct queued {
	struct ends *x;
	struct answer a;
};

static void on_queue(evutil_socket_t fd, short what, void *userdata)
{
	struct queued *q = userdata;

	(void)fd;
	(void)what;
	call(q->x, "Echo", 4 << 20, 0, &q->a);
}

/* A message queued by a callback that has nothing to do with the bus goes out without another push. */
static void test_queued_elsewhere(void **state)
{
	struct ends *x = *state;
	struct queued q = { .x = x };
	struct timeval tv = { .tv_usec = 20000 };
	struct event *ev = evtimer_new(x->base, on_queue, &q);

	assert_int_equal(evtimer_add(ev, &tv), 0);
	run_until(x, &q.a.done, 10 * USEC_PER_SEC);
	assert_int_equal(q.a.value, 4 << 20);
	event_free(ev);
}

static void count_turn(void *userdata)
{
	++*(unsigned *)userdata;
}

/* A loop with a connection and no traffic sleeps until its only timer. */
static void test_idle(void **state)
{
	struct ends *x = *state;
	struct answer a = { 0 };
	unsigned turns, waits = 0;

	call(x, "Echo", 1, 0, &a);
	run_until(x, &a.done, 5 * USEC_PER_SEC);
	(void)run_until(x, NULL, 100 * USEC_PER_MSEC);
	bus_loop_set_before_wait(x->loop, count_turn, &waits);
	turns = run_until(x, NULL, 500 * USEC_PER_MSEC);
	assert_in_range(turns, 1, 4);
	assert_int_equal(waits, turns);
}

/* More messages than one turn handles: none is left lying when the descriptor falls silent. */
static void test_burst(void **state)
{
	enum { N = 1000 };
	struct ends *x = *state;
	static struct answer a[N];
	bool all = false;

	memset(a, 0, sizeof(a));
	for (size_t i = 0; i < N; i++)
		call(x, "Echo", i, 0, &a[i]);
	for (size_t i = 0; i < N; i++)
		run_until(x, &a[i].done, 10 * USEC_PER_SEC);
	for (size_t i = 0; i < N; i++)
		all = (i == 0 || all) && a[i].value == i;
	assert_true(all);
}

static void test_connection_lost(void **state)
{
	struct ends *x = *state;
	struct answer a = { 0 };
	int r;

	call(x, "Exit", 0, 0, &a);
	r = bus_loop_run(x->loop);
	assert_true(r < 0);
	/* The open call has its answer all the same. */
	assert_true(a.done);
	assert_string_not_equal(a.name, "");
}

static void on_exit_timer(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	bus_loop_exit(userdata);
}

static void test_exit(void **state)
{
	struct ends *x = *state;
	struct timeval tv = { .tv_usec = 10000 };
	struct event *ev = evtimer_new(x->base, on_exit_timer, x->loop);

	assert_int_equal(evtimer_add(ev, &tv), 0);
	assert_int_equal(bus_loop_run(x->loop), 0);
	event_free(ev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_becomes_shorter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queued_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_burst, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connection_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exit, setup, teardown),
	};

	return cmocka_run_group_tests_name("bus-loop", tests, NULL, NULL);
}
