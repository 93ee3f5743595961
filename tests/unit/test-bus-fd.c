/* bus-fd.c: secrets by every kind of descriptor, good and bad, and sealed files. */
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/timeutil.h"
#include "bus/bus-fd.h"

#define TIMEOUT (200 * USEC_PER_MSEC)

struct result {
	unsigned calls;
	char *secret, *error;
	size_t n;
};

static struct event_base *base;

static int group_setup(void **state)
{
	(void)state;
	base = event_base_new();
	return base ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

static void done(struct secret *secret, const char *error, void *userdata)
{
	struct result *x = userdata;

	x->calls++;
	assert_true(!secret != !error);
	if (secret) {
		x->n = secret_length(secret);
		x->secret = strndup(secret_string(secret), x->n);
		secret_unref(secret);
	} else {
		x->error = strdup(error);
	}
}

static void result_done(struct result *x)
{
	free(x->secret);
	free(x->error);
}

/* Reads from fd until the callback came; a synchronous refusal counts as one. */
static void read_secret(int fd, struct result *x)
{
	struct fd_secret *s = NULL;
	int r;

	memset(x, 0, sizeof(*x));
	r = fd_secret_read(base, fd, "password", TIMEOUT, done, x, &s, &x->error);
	if (r == -EINVAL && x->error) {
		x->calls = 1;
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(x->calls, 0);
	while (x->calls == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(x->calls, 1);
}

static void expect_secret(int fd, const char *secret)
{
	struct result x;

	read_secret(fd, &x);
	assert_null(x.error);
	assert_string_equal(x.secret, secret);
	assert_int_equal(x.n, strlen(secret));
	result_done(&x);
}

static void expect_error(int fd, const char *word)
{
	struct result x;

	read_secret(fd, &x);
	assert_null(x.secret);
	assert_non_null(strstr(x.error, "password"));
	if (!strstr(x.error, word))
		fail_msg("'%s' is not in '%s'", word, x.error);
	result_done(&x);
}

static int make_file(const void *data, size_t n)
{
	char path[] = "/tmp/test-bus-fd.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, data, n), (ssize_t)n);
	return fd;
}

static int make_memfd(const void *data, size_t n)
{
	int fd = memfd_create("secret", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), (ssize_t)n);
	return fd;
}

/* A pipe with the data, its writing end closed. */
static int make_pipe(const void *data, size_t n)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], data, n), (ssize_t)n);
	close(fds[1]);
	return fds[0];
}

static int make_socket(const void *data, size_t n)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], data, n), (ssize_t)n);
	close(fds[1]);
	return fds[0];
}

static int (*const makers[])(const void *data, size_t n) = { make_file, make_memfd, make_pipe, make_socket };

static void test_texts(void **state)
{
	char big[FD_SECRET_MAX + 2], largest[FD_SECRET_MAX + 1];

	(void)state;
	memset(big, 'a', sizeof(big));
	memset(largest, 'a', FD_SECRET_MAX);
	largest[FD_SECRET_MAX] = '\0';
	for (size_t i = 0; i < ELEMENTSOF(makers); i++) {
		const struct {
			const void *data;
			size_t n;
			const char *secret, *error;
		} cases[] = {
			{ "hunter2", 7, "hunter2", NULL },
			{ "hunter2\n", 8, "hunter2", NULL },
			{ "hunter2\n\n", 9, "hunter2\n", NULL },
			{ " p\303\244ss ", 7, " p\303\244ss ", NULL },
			{ largest, FD_SECRET_MAX, largest, NULL },
			{ "", 0, NULL, "empty" },
			{ "\n", 1, NULL, "empty" },
			{ "a\0b", 3, NULL, "UTF-8" },
			{ "\377\376", 2, NULL, "UTF-8" },
			{ big, FD_SECRET_MAX + 1, NULL, "4096" },
		};

		for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
			int fd = makers[i](cases[k].data, cases[k].n);

			if (cases[k].secret)
				expect_secret(fd, cases[k].secret);
			else
				expect_error(fd, cases[k].error);
			close(fd);
		}
	}
}

/* `3<file` of a shell gives a file at its beginning, a program that wrote it leaves it at its end: both are read from
 * the beginning, and where the descriptor stands is not changed. */
static void test_file_offset(void **state)
{
	int fd = make_file("hunter2\n", 8);

	(void)state;
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 8);
	expect_secret(fd, "hunter2");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 8);
	close(fd);
}

/* What a writer sends in pieces is one secret; the caller's descriptor stays blocking and open. */
static void test_pieces(void **state)
{
	struct result x = { 0 };
	struct fd_secret *s;
	int fds[2], flags;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	flags = fcntl(fds[0], F_GETFL);
	assert_int_equal(fd_secret_read(base, fds[0], "password", 5 * USEC_PER_SEC, done, &x, &s, &x.error), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(write(fds[1], "hun", 3), 3);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(x.calls, 0);
	assert_int_equal(write(fds[1], "ter2", 4), 4);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(x.calls, 0);
	assert_int_equal(fcntl(fds[0], F_GETFL), flags);
	close(fds[1]);
	while (x.calls == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_string_equal(x.secret, "hunter2");
	assert_int_equal(fcntl(fds[0], F_GETFL), flags);
	result_done(&x);
	close(fds[0]);
}

/* Who never closes the writing end, or drips bytes, is told so when the time is over. */
static void test_never_ends(void **state)
{
	int fds[2];
	uint64_t began;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "hunter2\n", 8), 8);
	began = now_monotonic();
	expect_error(fds[0], "end");
	assert_true(now_monotonic() - began >= TIMEOUT);
	close(fds[0]);
	close(fds[1]);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	expect_error(fds[0], "end");
	close(fds[0]);
	close(fds[1]);
}

static void expect_refused(int fd, const char *word)
{
	assert_true(fd >= 0);
	expect_error(fd, word);
	close(fd);
}

static void test_wrong_kinds(void **state)
{
	int fds[2];

	(void)state;
	expect_refused(open("/dev/null", O_RDONLY | O_CLOEXEC), "must come from");
	expect_refused(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "must come from");
	expect_refused(open("/tmp", O_PATH | O_CLOEXEC), "not open for reading");
	expect_refused(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "must come from");
	expect_refused(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "could not be read");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	expect_refused(fds[1], "not open for reading");
	close(fds[0]);
}

static void test_cancel(void **state)
{
	struct result x = { 0 };
	struct fd_secret *s;
	int fd = make_file("hunter2", 7), pipe_fd = make_pipe("hunter2", 7);

	(void)state;
	assert_int_equal(fd_secret_read(base, fd, "password", TIMEOUT, done, &x, &s, &x.error), 0);
	fd_secret_cancel(s);
	assert_int_equal(fd_secret_read(base, pipe_fd, "password", TIMEOUT, done, &x, &s, &x.error), 0);
	fd_secret_cancel(s);
	fd_secret_cancel(NULL);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(x.calls, 0);
	close(fd);
	close(pipe_fd);
}

static void test_sealed(void **state)
{
	char buf[16];
	struct stat st;
	int fd = -1;

	(void)state;
	assert_int_equal(fd_sealed("picture", "GIF89a", 6, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "GIF89a", 6);
	assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	close(fd);

	assert_int_equal(fd_sealed("empty", NULL, 0, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),       cmocka_unit_test(test_file_offset),
		cmocka_unit_test(test_pieces),      cmocka_unit_test(test_never_ends),
		cmocka_unit_test(test_wrong_kinds), cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_sealed),
	};

	return cmocka_run_group_tests_name("bus-fd", tests, group_setup, group_teardown);
}
