/* net/signalr against a hub that says what each test wants it to: both transports, every message, every way to fail.
 * States are noted as letters: C connecting, S server-sent events, L long polling, O off. */
#include "net/signalr.h"

#include <stdio.h>

#include "base/timeutil.h"
#include "peer.h"
#include "unit.h"

#define END "\x1e"
#define BOTH \
	"{\"negotiateVersion\":1,\"connectionId\":\"i\",\"connectionToken\":\"t/1\",\"availableTransports\":[{\"transport\":" \
	"\"ServerSentEvents\",\"transferFormats\":[\"Text\"]},{\"transport\":\"LongPolling\",\"transferFormats\":[\"Text\"]}]}"
#define ONLY_POLLING \
	"{\"negotiateVersion\":1,\"connectionId\":\"i\",\"connectionToken\":\"t/1\",\"availableTransports\":[{\"transport\":" \
	"\"LongPolling\",\"transferFormats\":[\"Text\"]}]}"

/* What the hub does. */
static struct {
	int negotiate_status;
	const char *negotiate[10]; /* one answer after the other, the last one again and again */
	const char *negotiate_headers;
	int stream_status, post_status;
	const char *handshake; /* NULL: none */
	const char *behind;    /* sent with the answer to the handshake */
	bool hasty;
} hub;

/* What it saw. */
static struct peer_link *stream; /* or the poll that waits */
static bool stream_is_poll;
static unsigned n_negotiate, n_polls, n_deletes;
static char posts[2000], targets[2000], tokens[2000];

/* What the client told. */
static char states[100], invocations[2000];
static unsigned n_unauthorized, n_first_delay;
static struct secret *token;
static void (*on_invoked)(void), (*on_state)(void), (*on_unauthorized)(void);

static struct event_base *base;
static struct http *http;
static struct peer *peer;
static struct signalr *client;

static void note(char *list, size_t size, const char *text)
{
	(void)snprintf(list + strlen(list), size - strlen(list), "%s%s", list[0] ? " " : "", text);
}

/* As one or more events, or as the answer to the poll. */
static void hub_send(const char *text)
{
	assert_non_null(stream);
	if (stream_is_poll) {
		peer_answer(stream, 200, "", text, strlen(text));
		stream = NULL;
	} else
		peer_print(stream, "%zx\r\ndata: %s\r\n\r\n\r\n", strlen(text) + 10, text);
}

static void hub_shake(void)
{
	_cleanup_free_ char *text = NULL;

	if (!hub.handshake || !stream)
		return;
	text = strprintf("%s%s", hub.handshake, strempty(hub.behind));
	hub_send(text);
}

static void serve_get(const struct peer_request *q)
{
	bool poll = !streq(peer_field(q, "Accept"), "text/event-stream");

	assert_string_equal(peer_field(q, "Accept-Encoding"), "identity");
	if (!poll && hub.stream_status != 200) {
		peer_answer(q->link, hub.stream_status, "", "", 0);
		return;
	}
	if (poll && (n_polls++ == 0 || hub.hasty)) {
		peer_answer(q->link, 200, "", "", 0);
		return;
	}
	stream = q->link;
	stream_is_poll = poll;
	if (!poll)
		peer_print(q->link, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
				    "5\r\n:\r\n\r\n\r\n");
	/* The handshake of a poll may have come first. */
	else if (n_polls == 2 && posts[0])
		hub_shake();
}

static void serve(const struct peer_request *q, void *userdata)
{
	bool first;

	(void)userdata;
	note(targets, sizeof(targets), q->target);
	note(tokens, sizeof(tokens), peer_field(q, "Authorization"));
	if (streq(q->method, "DELETE")) {
		n_deletes++;
		peer_answer(q->link, 202, "", "", 0);
	} else if (strstr(q->target, "/negotiate")) {
		unsigned i = n_negotiate++;

		assert_string_equal(q->method, "POST");
		while (i > 0 && !hub.negotiate[i])
			i--;
		peer_answer(q->link, hub.negotiate_status, hub.negotiate_headers, hub.negotiate[i],
			    strlen(hub.negotiate[i]));
	} else if (streq(q->method, "GET"))
		serve_get(q);
	else {
		first = !posts[0];
		note(posts, sizeof(posts), q->body);
		peer_answer(q->link, hub.post_status, "", "", 0);
		if (first)
			hub_shake();
	}
}

static void link_gone(struct peer_link *l, void *userdata)
{
	(void)userdata;
	if (stream == l)
		stream = NULL;
}

static const struct secret *get_token(void *userdata)
{
	assert_ptr_equal(userdata, &client);
	return token;
}

static void unauthorized(void *userdata)
{
	(void)userdata;
	n_unauthorized++;
	if (on_unauthorized)
		on_unauthorized();
}

static void state_changed(enum signalr_state state, void *userdata)
{
	static const char letters[] = { [SIGNALR_OFF] = 'O', [SIGNALR_CONNECTING] = 'C', [SIGNALR_SSE] = 'S',
					[SIGNALR_LONG_POLLING] = 'L' };
	size_t n = strlen(states);

	(void)userdata;
	assert_int_equal(signalr_get_state(client), state);
	assert_true(n + 1 < sizeof(states));
	states[n] = letters[state];
	if (on_state)
		on_state();
}

static void invoked(const char *target, json_object *arguments, void *userdata)
{
	_cleanup_free_ char *text = NULL;

	(void)userdata;
	text = strprintf("%s%s", target, json_object_to_json_string_ext(arguments, JSON_C_TO_STRING_PLAIN));
	note(invocations, sizeof(invocations), text);
	if (on_invoked)
		on_invoked();
}

static uint64_t first_delay(void *userdata)
{
	(void)userdata;
	n_first_delay++;
	return 1000;
}

static void forget_what_was_seen(void)
{
	memset(posts, 0, sizeof(posts));
	memset(targets, 0, sizeof(targets));
	memset(tokens, 0, sizeof(tokens));
	memset(states, 0, sizeof(states));
	memset(invocations, 0, sizeof(invocations));
	n_negotiate = n_polls = n_deletes = n_unauthorized = n_first_delay = 0;
}

static int set_up(void **state)
{
	static const struct signalr_handler handler = {
		.token = get_token,
		.unauthorized = unauthorized,
		.state_changed = state_changed,
		.invoked = invoked,
		.first_delay = first_delay,
	};
	_cleanup_free_ char *url = NULL;
	struct signalr_options options = { .sse = true, .long_polling = true, .timeout = 10 * USEC_PER_SEC,
					   .backoff_base = 1, .backoff_cap = 1000 };
	struct http_options http_options = { 0 };

	if (*state)
		options = *(struct signalr_options *)*state;
	memset(&hub, 0, sizeof(hub));
	hub.negotiate_status = hub.stream_status = hub.post_status = 200;
	hub.negotiate[0] = BOTH;
	hub.negotiate_headers = "";
	hub.handshake = "{}" END;
	forget_what_was_seen();
	on_invoked = on_state = on_unauthorized = NULL;
	stream = NULL;
	token = secret_new("our-token", 9);
	base = event_base_new();
	peer = peer_new(base, serve, NULL);
	peer_on_gone(peer, link_gone);
	url = strprintf("%s/hub", peer_url(peer));
	options.url = url;
	return http_new(base, &http_options, &http) < 0 ||
	       signalr_new(base, http, &options, &handler, &client, &client) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	signalr_free(TAKE_PTR(client));
	http_free(TAKE_PTR(http));
	peer_free(peer);
	event_base_free(base);
	token = secret_unref(token);
	return 0;
}

/* Variants of the options for single tests. */
static struct signalr_options impatient = { .sse = true, .long_polling = true, .timeout = 200 * USEC_PER_MSEC,
					    .backoff_base = 1, .backoff_cap = 1000 };
static struct signalr_options patient = { .sse = true, .long_polling = true, .timeout = 10 * USEC_PER_SEC,
					  .backoff_base = 3600 * USEC_PER_SEC, .backoff_cap = 7200 * USEC_PER_SEC };

static void start_and_wait(const char *expected)
{
	signalr_start(client);
	signalr_start(client); /* again: nothing */
	assert_string_equal(states, "");
	run_until_text(base, states, expected);
}

static void test_sse(void **state)
{
	(void)state;
	start_and_wait("CS");
	assert_string_equal(targets, "/hub/negotiate?negotiateVersion=1 /hub?id=t%2F1 /hub?id=t%2F1");
	assert_string_equal(tokens, "Bearer our-token Bearer our-token Bearer our-token");
	assert_string_equal(posts, "{\"protocol\":\"json\",\"version\":1}" END);
	/* Several messages in one event, one over several; a ping and what nobody knows are passed over. */
	hub_send("{\"type\":1,\"target\":\"A\",\"arguments\":[1]}" END "{\"type\":6}" END
		 "{\"type\":1,\"target\":\"B\",\"arguments\":[{\"x\":2.50}]}" END);
	run_until_text(base, invocations, "A[1] B[{\"x\":2.50}]");
	hub_send("{\"type\":1,\"target\":\"C\",\"argu");
	hub_send("ments\":[]}");
	hub_send(END "{\"type\":99}" END "{\"type\":3,\"invocationId\":\"5\"}" END "{}" END
		 "{\"type\":1,\"target\":\"D\",\"arguments\":[]}" END);
	run_until_text(base, invocations, "A[1] B[{\"x\":2.50}] C[] D[]");
	assert_string_equal(states, "CS");
	signalr_stop(client);
	assert_string_equal(states, "CS");
	run_until_text(base, states, "CSO");
	assert_int_equal(n_deletes, 0);
}

static void test_message_behind_handshake(void **state)
{
	(void)state;
	hub.behind = "{\"type\":1,\"target\":\"A\",\"arguments\":[]}" END;
	start_and_wait("CS");
	run_until_text(base, invocations, "A[]");
}

static void test_completion(void **state)
{
	(void)state;
	start_and_wait("CS");
	posts[0] = '\0';
	hub.handshake = NULL;
	hub_send("{\"type\":1,\"invocationId\":\"7\\\"\",\"target\":\"A\",\"arguments\":[]}" END
		 "{\"type\":1,\"invocationId\":\"8\",\"target\":\"Unknown\",\"arguments\":[]}" END);
	run_until_text(base, posts,
		       "{\"type\":3,\"invocationId\":\"7\\\"\",\"result\":null}" END
		       " {\"type\":3,\"invocationId\":\"8\",\"result\":null}" END);
}

static void test_long_polling(void **state)
{
	(void)state;
	hub.negotiate[0] = ONLY_POLLING;
	start_and_wait("CL");
	/* The first poll opens, the second one gets the answer to the handshake. */
	assert_true(n_polls >= 2);
	for (int i = 0; !stream && i < 100; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	/* The token that is valid now is the one sent. */
	secret_unref(token);
	token = secret_new("renewed", 7);
	hub_send("{\"type\":1,\"target\":\"A\",\"arguments\":[1]}" END "{\"type\":1,\"target\":\"B\",\"argu");
	run_until_text(base, invocations, "A[1]");
	for (int i = 0; !stream && i < 100; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	hub_send("ments\":[2]}" END);
	run_until_text(base, invocations, "A[1] B[2]");
	assert_non_null(strstr(tokens, "Bearer renewed"));
	signalr_stop(client);
	run_until_text(base, states, "CLO");
	for (int i = 0; !n_deletes && i < 100; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(n_deletes, 1);
}

static void test_poll_closed(void **state)
{
	(void)state;
	hub.negotiate[0] = ONLY_POLLING;
	start_and_wait("CL");
	for (int i = 0; !stream && i < 100; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	n_polls = 0;
	posts[0] = '\0';
	peer_answer(TAKE_PTR(stream), 204, "", "", 0);
	run_until_text(base, states, "CLCL");
	assert_int_equal(n_first_delay, 1);
}

static void test_hasty_polls(void **state)
{
	(void)state;
	hub.negotiate[0] = ONLY_POLLING;
	hub.hasty = true;
	hub.handshake = NULL;
	signalr_start(client);
	for (int i = 0; n_negotiate < 2 && i < 10000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(n_negotiate, 2);
	assert_in_range(n_polls, 10, 40);
}

static void test_version_0(void **state)
{
	(void)state;
	hub.negotiate[0] = "{\"connectionId\":\"zero\",\"availableTransports\":[{\"transport\":\"ServerSentEvents\","
			   "\"transferFormats\":[\"Text\"]}]}";
	start_and_wait("CS");
	assert_non_null(strstr(targets, "/hub?id=zero"));
}

static void test_moved(void **state)
{
	_cleanup_free_ char *first = strprintf("{\"url\":\"%s/other?a=b\",\"accessToken\":\"theirs\"}", peer_url(peer));
	_cleanup_free_ char *second = strprintf("{\"url\":\"%s/third\"}", peer_url(peer));

	(void)state;
	hub.negotiate[0] = first;
	hub.negotiate[1] = second;
	hub.negotiate[2] = BOTH;
	start_and_wait("CS");
	assert_string_equal(targets, "/hub/negotiate?negotiateVersion=1 /other/negotiate?a=b&negotiateVersion=1 "
				     "/third/negotiate?negotiateVersion=1 /third?id=t%2F1 /third?id=t%2F1");
	/* Its token with the first move, none with the second, ours at neither. */
	assert_string_equal(tokens, "Bearer our-token Bearer theirs   ");
}

static void count_to_wait(void)
{
	for (int i = 0; i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void test_moved_for_ever(void **state)
{
	_cleanup_free_ char *again = strprintf("{\"url\":\"%s/hub\",\"accessToken\":\"x\"}", peer_url(peer));

	(void)state;
	hub.negotiate[0] = again;
	start_and_wait("C");
	for (int i = 0; n_negotiate < 6 && i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	count_to_wait();
	assert_int_equal(n_negotiate, 6);
	assert_int_equal(n_unauthorized, 0);
}

static void test_moved_where_it_may_not(void **state)
{
	(void)state;
	hub.negotiate[0] = "{\"url\":\"http://host.example/hub\",\"accessToken\":\"x\"}";
	hub.negotiate[1] = BOTH;
	start_and_wait("CS");
	assert_int_equal(n_negotiate, 2);
	assert_null(strstr(tokens, "Bearer x"));
}

/* Each of these is no connection yet, and the next try succeeds. */
static void test_bad_negotiations(void **state)
{
	static const char *const answers[] = {
		"", "<html>", "{}", "{\"error\":\"overloaded\"}", "{\"connectionId\":\"x\",\"availableTransports\":[]}",
		"{\"connectionId\":\"x\",\"availableTransports\":[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\"]}]}",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(answers); i++)
		hub.negotiate[i] = answers[i];
	hub.negotiate[ELEMENTSOF(answers)] = BOTH;
	start_and_wait("CS");
	assert_int_equal(n_negotiate, ELEMENTSOF(answers) + 1);
	assert_int_equal(n_first_delay, 0);
}

static void test_unavailable(void **state)
{
	(void)state;
	hub.negotiate_status = 503;
	hub.negotiate_headers = "Retry-After: 1\r\n";
	start_and_wait("C");
	for (int i = 0; n_negotiate < 1 && i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	{
		uint64_t begin = now_monotonic();

		hub.negotiate_status = 200;
		run_until_text(base, states, "CS");
		assert_true(now_monotonic() - begin >= 900 * USEC_PER_MSEC);
	}
}

static void test_stream_refused(void **state)
{
	(void)state;
	hub.stream_status = 404;
	start_and_wait("CL");
	assert_int_equal(n_negotiate, 2);
}

static void test_stream_without_answer(void **state)
{
	(void)state;
	hub.handshake = NULL;
	signalr_start(client);
	for (int i = 0; n_negotiate < 2 && i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	hub.handshake = "{}" END;
	posts[0] = '\0';
	run_until_text(base, states, "CL");
}

static void test_silence(void **state)
{
	uint64_t begin;

	(void)state;
	start_and_wait("CS");
	posts[0] = '\0';
	begin = now_monotonic();
	run_until_text(base, states, "CSCS");
	assert_true(now_monotonic() - begin >= 200 * USEC_PER_MSEC);
	assert_int_equal(n_first_delay, 1);
}

static void lose_and_return(void (*lose)(void))
{
	start_and_wait("CS");
	posts[0] = '\0';
	lose();
	run_until_text(base, states, "CSCS");
	assert_int_equal(n_first_delay, 1);
}

static void lose_by_close(void)
{
	hub_send("{\"type\":7,\"allowReconnect\":true}" END);
}

static void lose_by_end(void)
{
	peer_print(stream, "0\r\n\r\n");
}

static void lose_by_reset(void)
{
	peer_reset(stream);
}

static void lose_by_garbage(void)
{
	hub_send("{'type':6}" END);
}

static void lose_by_non_object(void)
{
	hub_send("[]" END);
}

static void lose_by_bad_invocation(void)
{
	hub_send("{\"type\":1,\"target\":5,\"arguments\":[]}" END);
}

static void lose_by_failed_post(void)
{
	hub.post_status = 404;
	hub_send("{\"type\":1,\"invocationId\":\"7\",\"target\":\"A\",\"arguments\":[]}" END);
	run_until_text(base, states, "CSC");
	hub.post_status = 200;
	posts[0] = '\0';
}

#define LOSS(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		lose_and_return(name); \
	} \
	struct _cleanup_needs_semicolon_

LOSS(lose_by_close);
LOSS(lose_by_end);
LOSS(lose_by_reset);
LOSS(lose_by_garbage);
LOSS(lose_by_non_object);
LOSS(lose_by_bad_invocation);
LOSS(lose_by_failed_post);

static void test_closed_for_good(void **state)
{
	(void)state;
	start_and_wait("CS");
	hub_send("{\"type\":7,\"error\":\"gone\"}" END);
	run_until_text(base, states, "CSC");
	assert_int_equal(n_first_delay, 0);
	count_to_wait();
	assert_int_equal(n_negotiate, 1);
	posts[0] = '\0';
	signalr_retry_now(client);
	run_until_text(base, states, "CSCS");
}

static void test_handshake_refused(void **state)
{
	(void)state;
	hub.handshake = "{\"error\":\"no such protocol\"}" END;
	signalr_start(client);
	for (int i = 0; n_negotiate < 3 && i < 1000; i++) {
		posts[0] = '\0';
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
	assert_int_equal(n_negotiate, 3);
	assert_string_equal(states, "C");
}

static void test_no_token(void **state)
{
	(void)state;
	token = secret_unref(token);
	start_and_wait("C");
	count_to_wait();
	assert_int_equal(n_negotiate, 0);
	signalr_retry_now(client);
	count_to_wait();
	assert_int_equal(n_negotiate, 0);
	token = secret_new("late", 4);
	signalr_retry_now(client);
	run_until_text(base, states, "CS");
}

static void retry_now(void)
{
	signalr_retry_now(client);
}

static void renew(void)
{
	hub.negotiate_status = 200;
	secret_unref(token);
	token = secret_new("renewed", 7);
	signalr_retry_now(client);
}

static void test_unauthorized(void **state)
{
	(void)state;
	hub.negotiate_status = 401;
	on_unauthorized = renew;
	start_and_wait("CS");
	assert_int_equal(n_unauthorized, 1);
	assert_int_equal(n_negotiate, 2);
	assert_non_null(startswith(tokens, "Bearer our-token Bearer renewed"));
}

/* A handler that has nothing better does not make us hurry. */
static void test_unauthorized_for_ever(void **state)
{
	(void)state;
	hub.negotiate_status = 401;
	on_unauthorized = retry_now;
	start_and_wait("C");
	for (int i = 0; n_negotiate < 2 && i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	count_to_wait();
	assert_int_equal(n_negotiate, 2);
}

static void test_token_ends_while_up(void **state)
{
	(void)state;
	hub.negotiate[0] = ONLY_POLLING;
	start_and_wait("CL");
	for (int i = 0; !stream && i < 100; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	on_unauthorized = renew;
	n_polls = 0;
	posts[0] = '\0';
	peer_answer(TAKE_PTR(stream), 401, "", "", 0);
	run_until_text(base, states, "CLCL");
	assert_int_equal(n_unauthorized, 1);
}

static void stop_now(void)
{
	signalr_stop(client);
}

static void free_now(void)
{
	signalr_free(TAKE_PTR(client));
}

static void test_stop_within(void **state)
{
	(void)state;
	on_invoked = stop_now;
	start_and_wait("CS");
	hub_send("{\"type\":1,\"invocationId\":\"1\",\"target\":\"A\",\"arguments\":[]}" END
		 "{\"type\":1,\"target\":\"B\",\"arguments\":[]}" END);
	run_until_text(base, states, "CSO");
	assert_string_equal(invocations, "A[]");
	/* And on again. */
	on_invoked = NULL;
	posts[0] = '\0';
	signalr_start(client);
	run_until_text(base, states, "CSOCS");
}

static void test_free_within(void **state)
{
	(void)state;
	on_invoked = free_now;
	start_and_wait("CS");
	hub_send("{\"type\":1,\"invocationId\":\"1\",\"target\":\"A\",\"arguments\":[]}" END
		 "{\"type\":1,\"target\":\"B\",\"arguments\":[]}" END);
	run_until_text(base, invocations, "A[]");
	count_to_wait();
	assert_string_equal(states, "CS");
}

static void free_when_up(void)
{
	if (signalr_get_state(client) == SIGNALR_SSE)
		free_now();
}

static void test_free_in_state(void **state)
{
	(void)state;
	hub.behind = "{\"type\":1,\"target\":\"A\",\"arguments\":[]}" END;
	on_state = free_when_up;
	start_and_wait("CS");
	count_to_wait();
	assert_string_equal(invocations, "");
}

static void test_free_when_unauthorized(void **state)
{
	(void)state;
	hub.negotiate_status = 401;
	on_unauthorized = free_now;
	signalr_start(client);
	for (int i = 0; client && i < 1000; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_null(client);
}

/* Stopped at any moment of its beginning, nothing more is told but that. */
static void test_stop_at_each_turn(void **state)
{
	(void)state;
	for (int turns = 0; turns < 30; turns++) {
		forget_what_was_seen();
		signalr_start(client);
		for (int i = 0; i < turns; i++)
			(void)event_base_loop(base, EVLOOP_NONBLOCK);
		signalr_stop(client);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		if (states[0] && states[strlen(states) - 1] != 'O')
			fail_msg("after %d turns: %s", turns, states);
		assert_int_equal(signalr_get_state(client), SIGNALR_OFF);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define TEST_WITH(f, options) cmocka_unit_test_prestate_setup_teardown(f, set_up, tear_down, &(options))
	const struct CMUnitTest tests[] = {
		TEST(test_sse),
		TEST(test_message_behind_handshake),
		TEST(test_completion),
		TEST(test_long_polling),
		TEST(test_poll_closed),
		TEST(test_hasty_polls),
		TEST(test_version_0),
		TEST(test_moved),
		TEST_WITH(test_moved_for_ever, patient),
		TEST(test_moved_where_it_may_not),
		TEST(test_bad_negotiations),
		TEST(test_unavailable),
		TEST(test_stream_refused),
		TEST_WITH(test_stream_without_answer, impatient),
		TEST_WITH(test_silence, impatient),
		TEST(test_lose_by_close),
		TEST(test_lose_by_end),
		TEST(test_lose_by_reset),
		TEST(test_lose_by_garbage),
		TEST(test_lose_by_non_object),
		TEST(test_lose_by_bad_invocation),
		TEST(test_lose_by_failed_post),
		TEST_WITH(test_closed_for_good, patient),
		TEST(test_handshake_refused),
		TEST(test_no_token),
		TEST(test_unauthorized),
		TEST_WITH(test_unauthorized_for_ever, patient),
		TEST(test_token_ends_while_up),
		TEST(test_stop_within),
		TEST(test_free_within),
		TEST(test_free_in_state),
		TEST(test_free_when_unauthorized),
		TEST(test_stop_at_each_turn),
	};

	if (http_global_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("signalr", tests, NULL, NULL);
}
