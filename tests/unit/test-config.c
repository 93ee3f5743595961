/* base/config: values, their errors with file and line, and the order of files. */
#include "base/config.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "unit.h"

static int parse(const char *text, struct config **ret, char **ret_error)
{
	return config_parse("f", text, strlen(text), ret, ret_error);
}

static void test_defaults(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;

	(void)state;
	assert_int_equal(parse("", &c, &error), 0);
	assert_null(error);
	assert_null(c->base_url);
	assert_null(c->url[SERVICE_CUSTOMER]);
	assert_null(c->ca_file);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_true(c->pending_with_push == 60 * USEC_PER_SEC && c->pending == 15 * USEC_PER_SEC);
	assert_true(c->idle_with_push == 3600 * USEC_PER_SEC && c->idle == 900 * USEC_PER_SEC);
	assert_int_equal(c->jitter_percent, 20);
	assert_true(c->push_enable && c->push_sse && c->push_long_polling);
	assert_true(c->push_timeout == 30 * USEC_PER_SEC && c->deadline == 600 * USEC_PER_SEC);
	assert_false(c->promotions);
}

static void test_values(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;

	(void)state;
	assert_int_equal(parse("; a comment\n# another\n\n[Services]\nBaseUrl = https://h.example/base//\n"
			       "  Authentication=http://localhost:80/auth/\r\nCAFile=/etc/ca.pem\n"
			       "[Daemon]\nLogLevel=debug\n[Sync]\nPendingSec=1\nIdleSec=604800\nJitterPercent=0\n"
			       "[Push]\nEnable=off\nTransports=long-polling\n[Notifications]\nPromotions=1\n"
			       "[Sync]\nPendingSec=7\nIdleSec=\n",
			       &c, &error),
			 0);
	assert_string_equal(c->base_url, "https://h.example/base");
	assert_string_equal(c->url[SERVICE_AUTHENTICATION], "http://localhost:80/auth");
	assert_string_equal(c->url[SERVICE_CUSTOMER], "https://h.example/base/CustomerBackend");
	assert_string_equal(c->url[SERVICE_NOTIFICATIONS], "https://h.example/base/NotificationsBackend");
	assert_string_equal(c->ca_file, "/etc/ca.pem");
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_true(c->pending == 7 * USEC_PER_SEC);
	assert_true(c->idle == 900 * USEC_PER_SEC); /* empty: the default */
	assert_int_equal(c->jitter_percent, 0);
	assert_true(!c->push_enable && !c->push_sse && c->push_long_polling && c->promotions);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "[Sync]\n\nPendingSec=0\n", "f:3: [Sync] PendingSec='0': expected a whole number from 1 to 604800" },
		{ "[Sync]\nPendingSec=5s", "f:2: [Sync] PendingSec='5s': expected a whole number from 1 to 604800" },
		{ "[Sync]\nPendingSec=-5", "f:2: [Sync] PendingSec='-5': expected a whole number from 1 to 604800" },
		{ "[Sync]\nPendingSec=1.5", "f:2: [Sync] PendingSec='1.5': expected a whole number from 1 to 604800" },
		{ "[Sync]\nPendingSec=99999999999999999999",
		  "f:2: [Sync] PendingSec='99999999999999999999': expected a whole number from 1 to 604800" },
		{ "[Sync]\nJitterPercent=51", "f:2: [Sync] JitterPercent='51': expected a whole number from 0 to 50" },
		{ "[Push]\nEnable=maybe", "f:2: [Push] Enable='maybe': expected yes or no" },
		{ "[Push]\nTransports=web-sockets",
		  "f:2: [Push] Transports='web-sockets': expected one or both of server-sent-events and long-polling" },
		{ "[Daemon]\nLogLevel=loud", "f:2: [Daemon] LogLevel='loud': expected error, warning, info or debug" },
		{ "[Services]\nCAFile=ca.pem", "f:2: [Services] CAFile='ca.pem': expected an absolute path" },
		{ "[Services]\nBaseUrl=http://h.example",
		  "f:2: [Services] BaseUrl='http://h.example': expected an https URL (or http to loopback), without user, "
		  "password, '?' and '#'" },
		{ "[Services]\nBaseUrl=https://me:word@h.example",
		  "f:2: [Services] BaseUrl='\xe2\x80\xa6': expected an https URL (or http to loopback), without user, "
		  "password, '?' and '#'" },
		{ "[Services]\nBaseUrl=https://h.example/?a",
		  "f:2: [Services] BaseUrl='https://h.example/?a': expected an https URL (or http to loopback), without "
		  "user, password, '?' and '#'" },
		{ "[Services]\nhello\n", "f:2: expected [Section], Key=value or a comment" },
		{ "[Services\nBaseUrl=https://h.example\n", "f:1: expected [Section], Key=value or a comment" },
		{ "[Sync]\nPendingSec=\xff\n", "f: not UTF-8 text" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(config_freep) struct config *c = NULL;
		_cleanup_free_ char *error = NULL;

		assert_int_equal(parse(cases[i].text, &c, &error), -EINVAL);
		assert_null(c);
		assert_string_equal(error, cases[i].error);
	}
}

static void test_long_line(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;
	char text[5000] = "[Services]\nCAFile=/";

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	assert_int_equal(parse(text, &c, &error), -EINVAL);
	assert_non_null(startswith(error, "f:2: the line has more than "));
}

/* Runs f with stderr in a pipe, and returns what was written. */
static char *caught_log(void (*f)(void))
{
	char *text = new0(char, 4096);
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	f();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	n = read(ends[0], text, 4095);
	assert_true(n != 0);
	(void)close(saved);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return text;
}

static void parse_unknown(void)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;

	assert_int_equal(parse("[Sync]\nPendingSek=5\n\n[Moon]\nPhase=full\n[Sync]\nPendingSec=6\n", &c, &error), 0);
	assert_true(c->pending == 6 * USEC_PER_SEC);
}

static void test_unknown(void **state)
{
	_cleanup_free_ char *log = caught_log(parse_unknown);

	(void)state;
	assert_string_equal(log, "warning: f:2: unknown key 'PendingSek' in section [Sync], ignoring\n"
				 "warning: f:5: unknown key 'Phase' in section [Moon], ignoring\n");
}

static char folder[] = "/tmp/test-config-XXXXXX";

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = strprintf("%s/customerclient/%s", folder, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_folder(const char *name)
{
	_cleanup_free_ char *path = strprintf("%s/customerclient%s", folder, name);

	assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || setenv("XDG_CONFIG_HOME", folder, 1) < 0)
		return -1;
	make_folder("");
	make_folder("/customerclientd.conf.d");
	(void)unsetenv("CUSTOMERCLIENT_BASE_URL");
	(void)unsetenv("CUSTOMERCLIENT_LOG_LEVEL");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_files(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL, *path = config_user_file(), *expected = NULL;

	(void)state;
	expected = strprintf("%s/customerclient/customerclientd.conf", folder);
	assert_string_equal(path, expected);
	put("customerclientd.conf", "[Services]\nBaseUrl=https://one.example\nEmailBackend=https://mail.example\n"
				    "[Sync]\nIdleSec=10\nPendingSec=10\n");
	put("customerclientd.conf.d/20-b.conf", "[Sync]\nIdleSec=30\n");
	put("customerclientd.conf.d/10-a.conf", "[Sync]\nIdleSec=20\nPendingSec=20\n");
	put("customerclientd.conf.d/30-c.conf~", "[Sync]\nIdleSec=wrong\n");
	put("customerclientd.conf.d/.40.conf", "[Sync]\nIdleSec=wrong\n");
	assert_int_equal(config_load(&c, &error), 0);
	assert_true(c->idle == 30 * USEC_PER_SEC && c->pending == 20 * USEC_PER_SEC);
	assert_string_equal(c->url[SERVICE_CUSTOMER], "https://one.example/CustomerBackend");
	assert_string_equal(c->url[SERVICE_EMAIL], "https://mail.example");
}

static void test_environment(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;

	(void)state;
	assert_int_equal(setenv("CUSTOMERCLIENT_BASE_URL", "http://127.0.0.1:8080/", 1), 0);
	assert_int_equal(setenv("CUSTOMERCLIENT_LOG_LEVEL", "error", 1), 0);
	assert_int_equal(config_load(&c, &error), 0);
	assert_int_equal(c->log_level, LOG_LEVEL_ERROR);
	/* Nothing stays with the other world. */
	assert_string_equal(c->url[SERVICE_CUSTOMER], "http://127.0.0.1:8080/CustomerBackend");
	assert_string_equal(c->url[SERVICE_EMAIL], "http://127.0.0.1:8080/EmailBackend");
	config_free(TAKE_PTR(c));

	assert_int_equal(setenv("CUSTOMERCLIENT_LOG_LEVEL", "loud", 1), 0);
	assert_int_equal(config_load(&c, &error), -EINVAL);
	assert_string_equal(error, "environment: CUSTOMERCLIENT_LOG_LEVEL='loud': expected error, warning, info or debug");
	assert_int_equal(unsetenv("CUSTOMERCLIENT_LOG_LEVEL"), 0);
	assert_int_equal(unsetenv("CUSTOMERCLIENT_BASE_URL"), 0);
}

static void test_wrong_files(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL, *expected = NULL, *second = NULL;

	(void)state;
	put("customerclientd.conf.d/50-d.conf", "[Sync]\n\nIdleSec=never\n");
	expected = strprintf("%s/customerclient/customerclientd.conf.d/50-d.conf:3: [Sync] IdleSec='never': expected a "
			     "whole number from 1 to 604800", folder);
	assert_int_equal(config_load(&c, &error), -EINVAL);
	assert_string_equal(error, expected);
	put("customerclientd.conf.d/50-d.conf", "");

	make_folder("/customerclientd.conf.d/60-e.conf");
	assert_int_equal(config_load(&c, &second), -EISDIR);
	assert_non_null(strstr(second, "60-e.conf: Is a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),    cmocka_unit_test(test_values),  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_line),   cmocka_unit_test(test_unknown), cmocka_unit_test(test_files),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_wrong_files),
	};

	return cmocka_run_group_tests_name("config", tests, set_up, tear_down);
}
