/* base/log: levels, one line a message, and priorities where the journal reads. Each case is a process of its own,
 * since where stderr leads is looked up once. */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit.h"

/* What f writes to stderr, which is a pipe; as if of the journal's, when wanted. */
static char *logged(void (*f)(void), bool journal)
{
	char *text = new0(char, 8192);
	size_t n = 0;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		_cleanup_free_ char *stream = NULL;
		struct stat st;

		(void)dup2(ends[1], STDERR_FILENO);
		(void)fstat(STDERR_FILENO, &st);
		stream = strprintf("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino + !journal);
		(void)setenv("JOURNAL_STREAM", stream, 1);
		f();
		_exit(0);
	}
	(void)close(ends[1]);
	for (ssize_t k; n < 8191 && (k = read(ends[0], text + n, 8191 - n)) > 0; n += (size_t)k)
		;
	(void)close(ends[0]);
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return text;
}

static void each_level(void)
{
	log_error("one %d", 1);
	log_warning("two");
	log_info("three");
	log_debug("four");
}

static void with_debug(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	each_level();
}

static void only_errors(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	each_level();
}

static void test_levels(void **state)
{
	_cleanup_free_ char *usual = logged(each_level, false), *debug = logged(with_debug, false);
	_cleanup_free_ char *errors = logged(only_errors, false);

	(void)state;
	assert_string_equal(usual, "error: one 1\nwarning: two\nthree\n");
	assert_string_equal(debug, "error: one 1\nwarning: two\nthree\ndebug: four\n");
	assert_string_equal(errors, "error: one 1\n");
}

static void test_journal(void **state)
{
	_cleanup_free_ char *text = logged(with_debug, true);

	(void)state;
	assert_string_equal(text, "<3>one 1\n<4>two\n<6>three\n<7>four\n");
}

/* What is quoted cannot pretend to be another message. */
static void several_lines(void)
{
	errno = ENOENT;
	log_info("a\nerror: b\x1b[31m\tc: %m");
	if (errno != ENOENT)
		log_info("errno was changed");
}

static void test_one_line(void **state)
{
	_cleanup_free_ char *text = logged(several_lines, false);

	(void)state;
	assert_string_equal(text, "a error: b [31m c: No such file or directory\n");
}

static void very_long(void)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_warning("%s", text);
	log_info("next");
}

static void test_long(void **state)
{
	_cleanup_free_ char *text = logged(very_long, false);
	char *end = strchr(text, '\n');

	(void)state;
	assert_non_null(end);
	assert_in_range(end - text, 1000, 2100);
	assert_string_equal(end, "\nnext\n");
}

static void test_names(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_int_equal(log_level_from_string("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_from_string("Debug", &level), -EINVAL);
	assert_int_equal(log_level_from_string("", &level), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels), cmocka_unit_test(test_journal), cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_long),   cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
