/* net/signalr against the hub of the sandbox, by both transports: two readings of the same specifications meet. */
#include "net/signalr.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/jsonutil.h"
#include "peer.h"
#include "unit.h"

#define SANDBOX "tests/sandbox/customerclient-sandbox"
#define SILENCE (3 * USEC_PER_SEC)

static pid_t sandbox;
static char root[64], user_uid[64];
static struct event_base *base;
static struct http *http;
static struct signalr *client;
static struct secret *token;
static char states[100], titles[2000], targets[2000];
static unsigned n_unauthorized;

static int start_sandbox(void)
{
	char line[100] = "";
	const char *url;
	int out[2];
	FILE *f;

	if (pipe(out) < 0)
		return -errno;
	sandbox = fork();
	if (sandbox == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(out[0]);
		(void)execl(SANDBOX, SANDBOX, "--port", "0", "--speed", "0", "--ping-sec", "1", (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	f = fdopen(out[0], "r");
	if (!f || !fgets(line, sizeof(line), f) || !(url = startswith(line, "listening on "))) {
		print_error("%s cannot be started: run this from the top of the build.\n", SANDBOX);
		return -ENOENT;
	}
	/* The pipe stays open, so that a sandbox that says more does not die of it. */
	(void)snprintf(root, sizeof(root), "%.*s", (int)strcspn(url, "\n"), url);
	return 0;
}

struct answer {
	bool done;
	int status;
	json_object *body;
};

static void on_answer(const struct http_response *r, void *userdata)
{
	struct answer *a = userdata;

	a->done = true;
	a->status = r->status;
	if (r->body_size > 0)
		(void)json_parse(r->body, r->body_size, JSON_MAX_DEPTH, &a->body);
}

/* One call of the sandbox, to its end. */
static json_object *call(const char *path, const struct secret *bearer, const char *json)
{
	_cleanup_free_ char *url = strprintf("%s/%s", root, path);
	struct http_request q = { .method = "POST", .url = url, .content_type = "application/json", .body = json,
				  .body_size = strlen(json), .bearer = bearer, .timeout = 10 * USEC_PER_SEC };
	struct answer a = { 0 };

	assert_int_equal(http_start(http, &q, on_answer, &a, NULL), 0);
	run_until(base, &a.done);
	if (a.status < 200 || a.status > 299)
		fail_msg("%s: status %d", path, a.status);
	return a.body;
}

static void call_and_drop(const char *path, const char *json)
{
	json_object_put(call(path, NULL, json));
}

static void take_token(json_object *o)
{
	const char *guid = NULL;

	assert_int_equal(json_get_string(o, "tokenGuid", &guid), 1);
	secret_unref(token);
	token = secret_new(guid, strlen(guid));
	json_object_put(o);
}

static void sign_in(void)
{
	_cleanup_json_ json_object *verified = NULL;
	_cleanup_free_ char *text = NULL;
	const char *uid = NULL, *guid = NULL;

	call_and_drop("Sandbox/Seed", "{\"login\":\"ann\",\"orders\":1}");
	verified = call("AuthWebApi/VerifyUserCredentials", NULL,
			"{\"login\":\"ann\",\"password\":\"sandbox-password\"}");
	assert_int_equal(json_get_string(verified, "userUid", &uid), 1);
	assert_int_equal(json_get_string(verified, "verificationGuid", &guid), 1);
	(void)snprintf(user_uid, sizeof(user_uid), "%s", uid);
	text = strprintf("{\"userUid\":\"%s\",\"verificationGuid\":\"%s\"}", uid, guid);
	take_token(call("AuthWebApi/GetTokenByUserUid", NULL, text));
}

static void on_renewed(const struct http_response *r, void *userdata)
{
	json_object *o = NULL;

	(void)userdata;
	assert_int_equal(r->status, 200);
	assert_int_equal(json_parse(r->body, r->body_size, JSON_MAX_DEPTH, &o), 0);
	take_token(o);
	signalr_retry_now(client);
}

static void unauthorized(void *userdata)
{
	_cleanup_free_ char *url = strprintf("%s/AuthWebApi/GetTokenByUserUid", root);
	_cleanup_free_ char *text = strprintf("{\"userUid\":\"%s\"}", user_uid);
	struct http_request q = { .method = "POST", .url = url, .content_type = "application/json", .body = text,
				  .body_size = strlen(text), .bearer = token, .timeout = 10 * USEC_PER_SEC };

	(void)userdata;
	n_unauthorized++;
	assert_int_equal(http_start(http, &q, on_renewed, NULL, NULL), 0);
}

static const struct secret *get_token(void *userdata)
{
	(void)userdata;
	return token;
}

static void state_changed(enum signalr_state state, void *userdata)
{
	static const char letters[] = { [SIGNALR_OFF] = 'O', [SIGNALR_CONNECTING] = 'C', [SIGNALR_SSE] = 'S',
					[SIGNALR_LONG_POLLING] = 'L' };
	size_t n = strlen(states);

	(void)userdata;
	assert_true(n + 1 < sizeof(states));
	states[n] = letters[state];
}

static void note(char *list, size_t size, const char *text)
{
	(void)snprintf(list + strlen(list), size - strlen(list), "%s%s", list[0] ? " " : "", text);
}

static void invoked(const char *target, json_object *arguments, void *userdata)
{
	json_object *first = json_object_array_get_idx(arguments, 0);
	const char *title = "?";

	(void)userdata;
	assert_int_equal(json_object_array_length(arguments), 1);
	(void)json_get_string(first, "titleText", &title);
	note(titles, sizeof(titles), title);
	note(targets, sizeof(targets), target);
}

static uint64_t first_delay(void *userdata)
{
	(void)userdata;
	return 1000;
}

static void open_client(bool sse, bool long_polling)
{
	static const struct signalr_handler handler = {
		.token = get_token,
		.unauthorized = unauthorized,
		.state_changed = state_changed,
		.invoked = invoked,
		.first_delay = first_delay,
	};
	_cleanup_free_ char *url = strprintf("%s/NotificationsBackend/hub", root);
	struct signalr_options options = { .url = url, .sse = sse, .long_polling = long_polling, .timeout = SILENCE,
					   .backoff_base = 1000, .backoff_cap = 100000 };

	memset(states, 0, sizeof(states));
	memset(titles, 0, sizeof(titles));
	memset(targets, 0, sizeof(targets));
	n_unauthorized = 0;
	assert_int_equal(signalr_new(base, http, &options, &handler, NULL, &client), 0);
	signalr_start(client);
}

static void notify(const char *title)
{
	_cleanup_free_ char *text = strprintf("{\"login\":\"ann\",\"kind\":\"system\",\"titleText\":\"%s\",\"bodyText\":\"b\"}", title);

	call_and_drop("Sandbox/Notify", text);
}

static int set_up(void **state)
{
	struct http_options options = { .user_agent = "test/1" };

	(void)state;
	base = event_base_new();
	return http_new(base, &options, &http);
}

static int tear_down(void **state)
{
	(void)state;
	signalr_free(TAKE_PTR(client));
	call_and_drop("Sandbox/Faults", "{\"path\":\"*\",\"kind\":\"none\"}");
	http_free(TAKE_PTR(http));
	event_base_free(base);
	return 0;
}

static void on_span(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	*(bool *)userdata = true;
}

/* Long enough for a link without pings to be given up. */
static void stay_for_longer_than_silence(void)
{
	struct timeval tv = { .tv_sec = (time_t)(SILENCE / USEC_PER_SEC), .tv_usec = 700000 };
	bool over = false;
	struct event *timer = evtimer_new(base, on_span, &over);

	assert_int_equal(evtimer_add(timer, &tv), 0);
	run_until(base, &over);
	event_free(timer);
}

static void receive_some(const char *up)
{
	run_until_text(base, states, up);
	notify("one");
	run_until_text(base, titles, "one");
	for (int i = 0; i < 5; i++)
		notify("more");
	run_until_text(base, titles, "one more more more more more");
	assert_non_null(startswith(targets, "ReceiveNotification ReceiveNotification"));
	stay_for_longer_than_silence();
	assert_string_equal(states, up);
	notify("last");
	run_until_text(base, titles, "one more more more more more last");
}

static void test_sse(void **state)
{
	(void)state;
	open_client(true, true);
	receive_some("CS");
}

static void test_long_polling(void **state)
{
	(void)state;
	open_client(false, true);
	receive_some("CL");
	signalr_stop(client);
	run_until_text(base, states, "CLO");
}

/* The connection stays open, but nothing comes any more. */
static void test_dead_link(void **state)
{
	(void)state;
	open_client(true, true);
	run_until_text(base, states, "CS");
	call_and_drop("Sandbox/Faults", "{\"path\":\"/NotificationsBackend/hub\",\"kind\":\"stall\",\"count\":0}");
	run_until_text(base, states, "CSCS");
	notify("back");
	run_until_text(base, titles, "back");
}

static void test_stream_refused(void **state)
{
	(void)state;
	call_and_drop("Sandbox/Faults", "{\"path\":\"/NotificationsBackend/hub\",\"kind\":\"status:404\",\"count\":1}");
	open_client(true, true);
	run_until_text(base, states, "CL");
	notify("x");
	run_until_text(base, titles, "x");
}

static void test_expired_token(void **state)
{
	(void)state;
	call_and_drop("Sandbox/Faults",
		      "{\"path\":\"/NotificationsBackend/hub/negotiate\",\"kind\":\"expire-tokens\",\"count\":1}");
	open_client(true, true);
	run_until_text(base, states, "CS");
	assert_int_equal(n_unauthorized, 1);
}

/* Lost answers, cut ones and pages of a proxy on the way up: it comes up all the same. */
static void test_troubled_start(void **state)
{
	static const char *const kinds[] = { "reset", "reset-after", "truncate", "garbage", "status:503", "status:500",
					     "garbage:bytes", "garbage:deep" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		_cleanup_free_ char *rule = strprintf("{\"path\":\"negotiate\",\"kind\":\"%s\",\"count\":2}", kinds[i]);

		call_and_drop("Sandbox/Faults", rule);
		open_client(true, true);
		run_until_text(base, states, "CS");
		signalr_free(TAKE_PTR(client));
	}
}

static int group_set_up(void **state)
{
	int r;

	if (start_sandbox() < 0 || set_up(state) < 0)
		return -1;
	sign_in();
	r = tear_down(state);
	return r;
}

static int group_tear_down(void **state)
{
	int status;

	(void)state;
	token = secret_unref(token);
	(void)kill(sandbox, SIGTERM);
	return waitpid(sandbox, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_sse),
		TEST(test_long_polling),
		TEST(test_dead_link),
		TEST(test_stream_refused),
		TEST(test_expired_token),
		TEST(test_troubled_start),
	};

	if (http_global_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("signalr-live", tests, group_set_up, group_tear_down);
}
