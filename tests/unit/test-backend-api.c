/* One call to a service, whatever the service does: outcomes, tokens, repetition, and the end of things. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <unistd.h>

#include "base/timeutil.h"
#include "base/uuid.h"
#include "tests/unit/backend-fixture.h"

#define JSON "application/json; charset=utf-8"
#define PROBLEM "application/problem+json"
#define HTML "text/html"
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define OPEN8 "[[[[[[[["
#define CLOSE8 "]]]]]]]]"

/* What one answer means. `message` is in the message, `absent` is not. */
static const struct {
	int status;
	const char *type, *body;
	enum api_outcome outcome;
	const char *code, *message, *absent;
} answers[] = {
	{ 200, JSON, "{\"a\":1}", API_OK },
	{ 201, JSON, "[]", API_OK },
	{ 200, "application/problem+json", "{}", API_OK },
	{ 200, NULL, "{\"a\":1}", API_OK },
	{ 204, NULL, NULL, API_OK },
	{ 200, JSON, NULL, API_OK },
	{ 200, JSON, " \r\n", API_OK },
	{ 200, JSON, "null", API_OK },
	{ 200, JSON, OPEN8 OPEN8 OPEN8 OPEN8 CLOSE8 CLOSE8 CLOSE8 CLOSE8, API_OK },
	{ 200, JSON, "{\"exceptionMessage\":null,\"workflowException\":null}", API_OK },

	{ 200, JSON, "[" OPEN8 OPEN8 OPEN8 OPEN8 CLOSE8 CLOSE8 CLOSE8 CLOSE8 "]", API_PROTOCOL, NULL,
	  "too deep" },
	{ 200, HTML, "<html><body>Log in to the hotel's network</body></html>", API_PROTOCOL, NULL,
	  "web page", "hotel" },
	{ 200, JSON, "<!DOCTYPE html>", API_PROTOCOL, NULL, "web page" },
	{ 200, HTML, "error: not in the platform's style", API_PROTOCOL },
	{ 200, JSON, "{\"items\":[", API_PROTOCOL, NULL, "could not be read" },
	{ 200, JSON, "{} {}", API_PROTOCOL },
	{ 200, JSON, "{\"a\":NaN}", API_PROTOCOL },
	{ 200, JSON, "{\"a\":5.}", API_PROTOCOL },
	{ 200, JSON, "{'a':5}", API_PROTOCOL },
	{ 200, JSON, "{\"a\":\"\\u0000\"}", API_PROTOCOL },
	{ 200, JSON, "{\"a\":\"\xff\"}", API_PROTOCOL },
	{ 200, "text/plain", "done", API_PROTOCOL },
	{ 304, NULL, NULL, API_PROTOCOL },
	{ 302, NULL, NULL, API_PROTOCOL },
	{ 600, NULL, NULL, API_PROTOCOL },

	{ 200, JSON, "{\"exceptionMessage\":\"No kitchen\"}", API_FAILURE, NULL, "No kitchen" },
	{ 200, JSON, "{\"ExceptionMessage\":\"No kitchen\"}", API_FAILURE, NULL, "No kitchen" },
	{ 200, JSON, "{\"exceptionMessage\":\"\"}", API_FAILURE, NULL, "without saying which" },
	{ 200, JSON, "{\"exceptionMessage\":7}", API_FAILURE, NULL, "without saying which" },
	{ 200, JSON, "{\"exceptionMessage\":\"Broke\\r\\n   at Kitchen.Cook() in C:\\\\k.cs:line 3\"}",
	  API_FAILURE, NULL, "Broke", "Kitchen" },
	{ 200, JSON,
	  "{\"workflowException\":{\"message\":\"Closed\",\"stackTrace\":\"at Secret.Trace()\","
	  "\"fullMessage\":\"Closed at Secret.Full()\"}}",
	  API_FAILURE, NULL, "Closed", "Secret" },
	{ 200, JSON, "{\"workflowException\":{\"stackTrace\":\"at Secret.Trace()\"}}", API_FAILURE, NULL,
	  "without saying which", "Secret" },
	{ 200, "text/plain; charset=utf-8", "error: no such dish", API_FAILURE, NULL, "no such dish",
	  "error" },
	{ 200, "text/plain", "Error:", API_FAILURE, NULL, "without saying which" },
	{ 200, JSON, "\"error: no such dish\"", API_FAILURE, NULL, "no such dish" },

	{ 400, PROBLEM, "{\"title\":\"Bad cursor\",\"code\":\"invalid-cursor\"}", API_REFUSED,
	  "invalid-cursor", "Bad cursor" },
	{ 409, PROBLEM,
	  "{\"title\":\"T\",\"detail\":\"It costs more now\",\"code\":\"price-changed\",\"newAmount\":3}",
	  API_REFUSED, "price-changed", "It costs more now" },
	{ 409, PROBLEM, "{\"Detail\":\"D\",\"Code\":\"c\"}", API_REFUSED, "c", "D" },
	{ 409, JSON, "{\"code\":7,\"title\":\"T\"}", API_REFUSED, NULL, "T" },
	{ 409, JSON, "{\"code\":\"\",\"title\":\"T\"}", API_REFUSED, NULL, "T" },
	{ 409, JSON, "{\"code\":\"a b\",\"title\":\"T\"}", API_REFUSED, NULL, "T" },
	{ 409, JSON, "{\"code\":\"" X100 "\",\"title\":\"T\"}", API_REFUSED, NULL, "T" },
	{ 422, "text/plain", "error: no such street", API_REFUSED, NULL, "no such street" },
	{ 400, JSON, "{\"exceptionMessage\":\"No kitchen\"}", API_REFUSED, NULL, "No kitchen" },
	{ 403, HTML, "<html>Forbidden by proxy</html>", API_REFUSED, NULL, "does not allow", "proxy" },
	{ 404, NULL, NULL, API_REFUSED, NULL, "does not have" },
	{ 410, JSON, "[]", API_REFUSED, NULL, "HTTP 410" },
	{ 412, NULL, NULL, API_REFUSED, NULL, "changed elsewhere" },
	{ 408, NULL, NULL, API_TRANSIENT, NULL, "HTTP 408" },
	{ 425, NULL, NULL, API_TRANSIENT },
	{ 429, JSON, "{\"title\":\"Slow down\"}", API_TRANSIENT, NULL, "Slow down" },
	{ 502, HTML, "<h1>Bad gateway", API_TRANSIENT, NULL, "HTTP 502", "<" },
	{ 503, NULL, NULL, API_TRANSIENT },
	{ 504, NULL, NULL, API_TRANSIENT },
	{ 500, HTML, "<h1>Oops", API_SERVER_ERROR, NULL, "HTTP 500" },
	{ 500, JSON, "{\"title\":\"Broke\",\"stackTrace\":\"at Secret.Trace()\"}", API_SERVER_ERROR, NULL,
	  "Broke", "Secret" },
	{ 501, NULL, NULL, API_SERVER_ERROR },
	{ 505, NULL, NULL, API_SERVER_ERROR },

	/* What people get to read. */
	{ 400, JSON, "{\"detail\":\"  a\\t\\u0007\\u001b[31mb\\r\\n c\\u0085 \"}", API_REFUSED, NULL,
	  "a [31mb c" },
	{ 400, JSON, "{\"detail\":\"a\\u202eb\\u2066c\\u200bd\"}", API_REFUSED, NULL, "abcd" },
	{ 400, JSON, "{\"detail\":\" \\n \",\"title\":\"T\"}", API_REFUSED, NULL, "T" },
	{ 400, "text/plain", "error: a\xff\xc3(b", API_REFUSED, NULL, "a\xef\xbf\xbd\xef\xbf\xbd(b" },
};

static void test_answers(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X");

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		const struct answer_script script = { answers[i].status, answers[i].type, answers[i].body };
		struct outcome *o = &f->done[0];

		f->script = &script;
		f->n_script = 1;
		fixture_start(f, &request);
		fixture_wait(f, &f->n_done, 1);
		if (o->outcome != answers[i].outcome || o->status != answers[i].status ||
		    !streq_ptr(o->code, answers[i].code) ||
		    !strstr(o->message, strempty(answers[i].message)) ||
		    (answers[i].absent && strstr(o->message, answers[i].absent)))
			fail_msg("%zu: %d %s gives %d, %s, \"%s\"", i, answers[i].status,
				 strempty(answers[i].body), o->outcome, strempty(o->code), o->message);
		if (o->outcome == API_OK || o->outcome == API_NOT_MODIFIED)
			assert_string_equal(o->message, "");
		else
			assert_true(o->message[0]);
		assert_true(o->sent);
		assert_int_equal(f->n_seen, 1);
		fixture_forget(f);
	}
	print_message("%zu answers\n", ELEMENTSOF(answers));
}

static void test_long_message(void **state)
{
	static const struct answer_script script = {
		400, JSON, "{\"detail\":\"é " X100 X100 X100 X100 X100 X100 "\"}",
	};
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X");

	f->script = &script;
	f->n_script = 1;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	/* 300 characters, one of them of two bytes, and the three bytes of the last. */
	assert_int_equal(strlen(f->done[0].message), 301 + 3);
	assert_string_equal(f->done[0].message + 301, "…");
}

static const char *json_text(json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
}

static void test_bodies(void **state)
{
	static const struct answer_script script[] = {
		{ 200, JSON, "{\"b\":1,\"a\":12.50}", 0, "ETag", "\"v1\"" },
		{ 409, PROBLEM, "{\"code\":\"price-changed\",\"newAmount\":3}" },
	};
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X?uid=1");

	f->script = script;
	f->n_script = 2;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_string_equal(json_text(f->done[0].body), "{\"b\":1,\"a\":12.50}");
	assert_string_equal(f->done[0].etag, "\"v1\"");
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_string_equal(json_text(f->done[1].body), "{\"code\":\"price-changed\",\"newAmount\":3}");
}

static void test_request(void **state)
{
	static const struct answer_script script = { 200, JSON, "{}" };
	_cleanup_secret_ struct secret *body = secret_new("{\"p\":\"s3cret\"}", 14);
	struct fixture *f = *state;
	struct api_request get = fixture_get("OrdersGet?limit=500&changedSince=a%20b");
	struct api_request post = {
		.service = SERVICE_CUSTOMER, .method = "POST", .path = "Y", .json = "{\"é\":1}"
	};
	struct api_request secret = {
		.service = SERVICE_AUTHENTICATION,
		.method = "POST",
		.path = "Z",
		.secret_json = body,
		.anonymous = true,
	};

	f->script = &script;
	f->n_script = 1;
	get.if_none_match = "\"v1\"";
	post.idempotency_key = "k-1";
	fixture_start(f, &get);
	fixture_wait(f, &f->n_done, 1);
	fixture_start(f, &post);
	fixture_wait(f, &f->n_done, 2);
	fixture_start(f, &secret);
	fixture_wait(f, &f->n_done, 3);

	assert_string_equal(f->seen[0].method, "GET");
	assert_string_equal(f->seen[0].uri, "/S/OrdersGet?limit=500&changedSince=a%20b");
	assert_string_equal(f->seen[0].if_none_match, "\"v1\"");
	assert_string_equal(f->seen[0].authorization, "Bearer old");
	assert_string_equal(f->seen[0].user_agent, "customerclientd/test");
	assert_true(uuid_is_valid(f->seen[0].request_id));
	assert_null(f->seen[0].key);
	assert_null(f->seen[0].content_type);
	assert_string_equal(f->seen[1].method, "POST");
	assert_string_equal(f->seen[1].body, "{\"é\":1}");
	assert_string_equal(f->seen[1].content_type, "application/json");
	assert_string_equal(f->seen[1].key, "k-1");
	assert_string_not_equal(f->seen[1].request_id, f->seen[0].request_id);
	assert_string_equal(f->seen[2].body, "{\"p\":\"s3cret\"}");
	assert_string_equal(f->seen[2].content_type, "application/json");
	assert_null(f->seen[2].authorization);
	assert_int_equal(f->n_reached, 3);
}

static void test_senseless_requests(void **state)
{
	_cleanup_secret_ struct secret *body = secret_new("{}", 2);
	const struct api_request requests[] = {
		{ .service = _SERVICE_MAX, .method = "GET", .path = "X" },
		{ .method = "PUT", .path = "X" },
		{ .method = "GET", .path = "" },
		{ .method = "GET", .path = NULL },
		{ .method = "GET", .path = "X\r\nY: 1" },
		{ .method = "GET", .path = "X?a=b c" },
		{ .method = "POST", .path = "X", .json = "{}", .secret_json = body },
		{ .method = "POST", .path = "X", .idempotency_key = "k\nX: 1" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ELEMENTSOF(requests); i++)
		assert_int_equal(api_start(f->api, &requests[i], fixture_done, f, NULL), -EINVAL);
	fixture_settle(f);
	assert_int_equal(f->n_done, 0);
}

static void test_not_modified(void **state)
{
	static const struct answer_script script = { 304, NULL, NULL, 0, "ETag", "\"v1\"" };
	struct fixture *f = *state;
	struct api_request request = fixture_get("X");

	f->script = &script;
	f->n_script = 1;
	request.if_none_match = "\"v1\"";
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_NOT_MODIFIED);
	assert_string_equal(f->done[0].etag, "\"v1\"");

	/* One that no service sent: not sent either. */
	request.if_none_match = "\"v1\"\r\nX-Evil: 1";
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_null(f->seen[1].if_none_match);
	assert_int_equal(f->done[1].outcome, API_PROTOCOL);
}

static void test_redirect_of_post(void **state)
{
	struct fixture *f = *state;
	char location[96];
	struct answer_script script = { 307, NULL, NULL, 0, "Location", location };
	const struct api_request request = {
		.service = SERVICE_CUSTOMER, .method = "POST", .path = "X", .json = "{}"
	};

	snprintf(location, sizeof(location), "%s/Elsewhere", f->url);
	f->script = &script;
	f->n_script = 1;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_PROTOCOL);
	assert_int_equal(f->n_seen, 1);
}

static void test_huge_and_deep(void **state)
{
	const size_t huge = 20U << 20, depth = 10000;
	_cleanup_free_ char *text = malloc(huge);
	struct answer_script script = { 200, JSON, text, huge };
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X");
	uint64_t begun = now_monotonic();

	memset(text, ' ', huge);
	text[0] = '[';
	text[huge - 1] = ']';
	f->script = &script;
	f->n_script = 1;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_PROTOCOL);
	assert_non_null(strstr(f->done[0].message, "too large"));

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	script.body_size = depth * 2;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_int_equal(f->done[1].outcome, API_PROTOCOL);
	assert_non_null(strstr(f->done[1].message, "too deep"));
	assert_true(now_monotonic() - begun < 10 * USEC_PER_SEC);
}

/* A listener below HTTP: sends `raw` when a request has come, and closes. */
struct raw {
	struct evconnlistener *listener;
	const char *text;
	unsigned n;
	bool reset;
};

static void raw_on_sent(struct bufferevent *b, void *userdata)
{
	(void)userdata;
	if (evbuffer_get_length(bufferevent_get_output(b)) == 0)
		bufferevent_free(b);
}

static void raw_on_read(struct bufferevent *b, void *userdata)
{
	struct linger linger = { .l_onoff = 1 };
	struct raw *raw = userdata;

	raw->n++;
	if (raw->reset)
		setsockopt(bufferevent_getfd(b), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (!raw->text) {
		bufferevent_free(b);
		return;
	}
	bufferevent_setcb(b, NULL, raw_on_sent, NULL, NULL);
	bufferevent_disable(b, EV_READ);
	bufferevent_write(b, raw->text, strlen(raw->text));
}

static void raw_on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *address, int n,
			  void *userdata)
{
	struct bufferevent *b = bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)address;
	(void)n;
	bufferevent_setcb(b, raw_on_read, NULL, NULL, userdata);
	bufferevent_enable(b, EV_READ | EV_WRITE);
}

static void raw_listen(struct fixture *f, struct raw *raw, char *url, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);

	raw->listener = evconnlistener_new_bind(f->base, raw_on_accept, raw, LEV_OPT_CLOSE_ON_FREE, -1,
						(struct sockaddr *)&address, sizeof(address));
	assert_non_null(raw->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(raw->listener), (struct sockaddr *)&address, &n),
			 0);
	snprintf(url, size, "http://127.0.0.1:%u/R", ntohs(address.sin_port));
	f->config.url[SERVICE_CUSTOMER] = url;
}

static void test_broken_off(void **state)
{
	static const struct {
		const char *text;
		bool reset;
	} ends[] = {
		{ NULL, false },
		{ NULL, true },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{\"a\":1}",
		  false },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n", false },
		{ "220 mail.example.org ESMTP\r\n", false },
	};
	struct fixture *f = *state;
	const struct api_request request = {
		.service = SERVICE_CUSTOMER, .method = "POST", .path = "X", .json = "{}"
	};

	for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
		struct raw raw = { .text = ends[i].text, .reset = ends[i].reset };
		char url[64];

		raw_listen(f, &raw, url, sizeof(url));
		fixture_start(f, &request);
		fixture_wait(f, &f->n_done, i + 1);
		assert_int_equal(f->done[i].outcome, API_OFFLINE);
		assert_true(f->done[i].sent);
		assert_non_null(strstr(f->done[i].message, "could not be reached"));
		assert_int_equal(raw.n, 1);
		evconnlistener_free(raw.listener);
	}
	assert_int_equal(f->n_unreached, ELEMENTSOF(ends));
	assert_int_equal(f->n_reached, 0);
}

static void test_refused_connection(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X");
	struct raw raw = { 0 };
	char url[64];

	/* A port that was free a moment ago. */
	raw_listen(f, &raw, url, sizeof(url));
	evconnlistener_free(raw.listener);
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OFFLINE);
	assert_int_equal(f->done[0].status, 0);
	assert_false(f->done[0].sent);
	assert_int_equal(f->n_unreached, 1);
}

static void test_no_address(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("X");

	f->config.url[SERVICE_CUSTOMER] = NULL;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OFFLINE);
	assert_non_null(strstr(f->done[0].message, "No address"));
	f->config.url[SERVICE_CUSTOMER] = (char *)"http://192.0.2.1";
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_int_equal(f->done[1].outcome, API_OFFLINE);
	assert_non_null(strstr(f->done[1].message, "https"));
	assert_false(f->done[1].sent);
}

static void test_stall(void **state)
{
	static const struct answer_script script = { 0 };
	struct fixture *f = *state;
	struct api_request request = fixture_get("X");
	uint64_t begun = now_monotonic();

	f->script = &script;
	f->n_script = 1;
	request.timeout = 200 * USEC_PER_MSEC;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OFFLINE);
	assert_true(f->done[0].sent);
	assert_true(now_monotonic() - begun < 5 * USEC_PER_SEC);

	/* With a budget it tries again, but not for ever. */
	begun = now_monotonic();
	request.retry_budget = USEC_PER_SEC;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_int_equal(f->done[1].outcome, API_OFFLINE);
	assert_true(now_monotonic() - begun < 5 * USEC_PER_SEC);
}

/* 401 to all but "Bearer new". */
static void only_new(struct fixture *f, struct evhttp_request *request)
{
	static const struct answer_script yes = { 200, JSON, "{}" },
					  no = { 401, PROBLEM, "{\"title\":\"Expired\"}" };

	fixture_reply(request, streq_ptr(f->seen[f->n_seen - 1].authorization, "Bearer new") ? &yes : &no);
}

static void test_shared_renewal(void **state)
{
	struct fixture *f = *state;
	const struct api_request requests[] = {
		fixture_get("A"),
		fixture_get("B"),
		{ .service = SERVICE_NOTIFICATIONS,
		  .method = "POST",
		  .path = "C",
		  .json = "{}",
		  .idempotency_key = "k-1" },
	};
	const struct api_request fourth = fixture_get("D");
	unsigned keys = 0;

	f->respond = only_new;
	for (size_t i = 0; i < ELEMENTSOF(requests); i++)
		fixture_start(f, &requests[i]);
	fixture_wait_unsigned(f, &f->n_reached, 3);
	fixture_start(f, &fourth);
	fixture_settle(f);
	assert_int_equal(f->n_seen, 3); /* the fourth does not even try */
	assert_int_equal(f->n_renew, 1);
	assert_int_equal(f->n_done, 0);

	fixture_set_token(f, "new");
	api_token_renewed(f->api, 0);
	assert_int_equal(f->n_done, 0); /* from the loop only */
	fixture_wait(f, &f->n_done, 4);
	assert_int_equal(f->n_seen, 7);
	assert_int_equal(f->n_renew, 1);
	assert_int_equal(f->n_rejected, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(f->done[i].outcome, API_OK);
	for (size_t i = 0; i < 7; i++) {
		keys += streq_ptr(f->seen[i].key, "k-1");
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(f->seen[i].request_id, f->seen[k].request_id);
	}
	assert_int_equal(keys, 2);
}

static void renew_at_once(struct fixture *f)
{
	fixture_set_token(f, "newer");
	api_token_renewed(f->api, 0);
}

static void test_second_401(void **state)
{
	struct fixture *f = *state;
	const struct api_request requests[] = { fixture_get("A"), fixture_get("B"), fixture_get("C") };

	f->respond = only_new;
	f->on_renew = renew_at_once;
	for (size_t i = 0; i < ELEMENTSOF(requests); i++)
		fixture_start(f, &requests[i]);
	fixture_wait(f, &f->n_done, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f->done[i].outcome, API_UNAUTHORIZED);
		assert_int_equal(f->done[i].status, 401);
	}
	assert_int_equal(f->n_rejected, 1);
}

static void test_refused_renewal(void **state)
{
	static const struct {
		int result;
		enum api_outcome outcome;
	} ends[] = { { -EACCES, API_UNAUTHORIZED },
		     { -ETIMEDOUT, API_OFFLINE },
		     { -ENETUNREACH, API_OFFLINE } };
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	f->respond = only_new;
	for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
		fixture_start(f, &request);
		fixture_wait_unsigned(f, &f->n_renew, (unsigned)i + 1);
		api_token_renewed(f->api, ends[i].result);
		assert_int_equal(f->n_done, i);
		fixture_wait(f, &f->n_done, i + 1);
		assert_int_equal(f->done[i].outcome, ends[i].outcome);
	}
	assert_int_equal(f->n_rejected, 0);
}

/* A renewal that nobody ends does not hold a call for ever. */
static void test_endless_renewal(void **state)
{
	struct fixture *f = *state;
	struct api_request request = fixture_get("A");

	f->respond = only_new;
	request.timeout = 300 * USEC_PER_MSEC;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OFFLINE);
	assert_int_equal(f->n_renew, 1);
}

static void renew_in_contact(struct fixture *f, bool reached)
{
	(void)reached;
	fixture_set_token(f, "new");
}

/* Answered 401 to a token that was replaced in the meantime: no other renewal. */
static void test_token_replaced_meanwhile(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	f->respond = only_new;
	f->on_contact = renew_in_contact;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OK);
	assert_int_equal(f->n_renew, 0);
	assert_int_equal(f->n_seen, 2);
}

static void test_final_401(void **state)
{
	_cleanup_secret_ struct secret *own = secret_new("own", 3);
	struct fixture *f = *state;
	struct api_request requests[] = { fixture_get("A"), fixture_get("B"), fixture_get("C") };
	const char *const sent[] = { NULL, "Bearer own", "Bearer old" };

	requests[0].anonymous = true;
	requests[1].bearer = own;
	requests[2].no_renewal = true;
	f->respond = only_new;
	for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
		fixture_start(f, &requests[i]);
		fixture_wait(f, &f->n_done, i + 1);
		assert_int_equal(f->done[i].outcome, API_UNAUTHORIZED);
		assert_string_equal(f->done[i].message, "Expired");
		assert_true(streq_ptr(f->seen[i].authorization, sent[i]));
	}
	assert_int_equal(f->n_seen, 3);
	assert_int_equal(f->n_renew + f->n_rejected, 0);
}

static void test_nobody_signed_in(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	fixture_set_token(f, NULL);
	fixture_start(f, &request);
	assert_int_equal(f->n_done, 0);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_NO_TOKEN);
	assert_false(f->done[0].sent);
	assert_int_equal(f->n_seen, 0);
}

static void test_sign_out_drops(void **state)
{
	static const struct answer_script script[] = { { 0 } };
	_cleanup_secret_ struct secret *own = secret_new("own", 3);
	struct fixture *f = *state;
	struct api_request mine = fixture_get("A"), anonymous = fixture_get("B"), bearer = fixture_get("C");
	struct api_call *open[2];

	f->script = script;
	f->n_script = 1;
	anonymous.anonymous = true;
	bearer.bearer = own;
	fixture_start(f, &mine);
	open[0] = fixture_start(f, &anonymous);
	open[1] = fixture_start(f, &bearer);
	fixture_wait(f, &f->n_seen, 3);
	fixture_start(f, &mine);
	api_drop_authorized(f->api);
	fixture_set_token(f, NULL);
	assert_int_equal(f->n_done, 0);
	fixture_wait(f, &f->n_done, 2);
	fixture_settle(f);
	assert_int_equal(f->n_done, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(f->done[i].outcome, API_NO_TOKEN);
		assert_int_equal(f->done[i].sent, i == 0);
	}
	assert_int_equal(f->n_seen, 3);
	api_cancel(open[0]);
	api_cancel(open[1]);
}

static void test_repeats(void **state)
{
	static const struct answer_script script[] = { { 503 }, { 429 }, { 200, JSON, "{}" } };
	struct fixture *f = *state;
	struct api_request request = {
		.service = SERVICE_CUSTOMER,
		.method = "POST",
		.path = "A",
		.json = "{\"a\":1}",
		.idempotency_key = "k-1",
		.retry_budget = 15 * USEC_PER_SEC,
	};

	f->script = script;
	f->n_script = ELEMENTSOF(script);
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OK);
	assert_int_equal(f->n_seen, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(f->seen[i].key, "k-1");
		assert_string_equal(f->seen[i].body, "{\"a\":1}");
		assert_true(i == 0 || !streq(f->seen[i].request_id, f->seen[0].request_id));
	}
	/* A gateway's 503 is not the service. */
	assert_int_equal(f->n_unreached, 1);
	assert_int_equal(f->n_reached, 2);
}

static void test_one_try(void **state)
{
	static const struct answer_script script = {
		503, JSON, "{\"title\":\"Busy\"}", 0, "Retry-After", "7"
	};
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	f->script = &script;
	f->n_script = 1;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_TRANSIENT);
	assert_int_equal(f->done[0].retry_after, 7 * USEC_PER_SEC);
	assert_string_equal(f->done[0].message, "Busy");
	assert_int_equal(f->n_seen, 1);
}

static void test_retry_after(void **state)
{
	static const struct answer_script script[] = {
		{ 503, NULL, NULL, 0, "Retry-After", "1" },
		{ 200, JSON, "{}" },
		{ 429, NULL, NULL, 0, "Retry-After", "3600" },
	};
	struct fixture *f = *state;
	struct api_request request = fixture_get("A");
	uint64_t begun = now_monotonic();

	f->script = script;
	f->n_script = ELEMENTSOF(script);
	request.retry_budget = 10 * USEC_PER_SEC;
	fixture_start(f, &request);
	fixture_wait_unsigned(f, &f->n_unreached, 1);
	api_network_changed(f->api); /* is no reason to ask earlier than the service wants */
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OK);
	assert_true(now_monotonic() - begun >= USEC_PER_SEC);

	/* More than there is time for: the answer at once. */
	begun = now_monotonic();
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 2);
	assert_int_equal(f->done[1].outcome, API_TRANSIENT);
	assert_int_equal(f->done[1].retry_after, 3600 * USEC_PER_SEC);
	assert_true(now_monotonic() - begun < 5 * USEC_PER_SEC);
	assert_int_equal(f->n_seen, 3);
}

/* From the loop, since from within on_contact the call has not yet begun to wait. */
static void kick_network(evutil_socket_t fd, short what, void *userdata)
{
	struct fixture *f = userdata;

	(void)fd;
	(void)what;
	api_network_changed(f->api);
}

static void kick_soon(struct fixture *f, bool reached)
{
	struct timeval now = { 0 };

	(void)reached;
	event_base_once(f->base, -1, EV_TIMEOUT, kick_network, f, &now);
}

static void test_five_500s(void **state)
{
	static const struct answer_script script = { 500 };
	struct fixture *f = *state;
	struct api_request request = {
		.service = SERVICE_CUSTOMER,
		.method = "POST",
		.path = "A",
		.json = "{}",
		.idempotency_key = "k-1",
		.retry_budget = 60 * USEC_PER_SEC,
	};
	uint64_t begun = now_monotonic();

	f->script = &script;
	f->n_script = 1;
	f->on_contact = kick_soon;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_SERVER_ERROR);
	assert_int_equal(f->n_seen, 5);
	/* The pauses of a back-off, cut short by a change of the network. */
	assert_true(now_monotonic() - begun < 5 * USEC_PER_SEC);
}

static void test_500_of_get(void **state)
{
	static const struct answer_script script[] = {
		{ 500 }, { 500 }, { 500 }, { 500 }, { 500 }, { 500 }, { 500 }, { 200, JSON, "{}" },
	};
	struct fixture *f = *state;
	struct api_request request = fixture_get("A");

	f->script = script;
	f->n_script = ELEMENTSOF(script);
	f->on_contact = kick_soon;
	request.retry_budget = 60 * USEC_PER_SEC;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->done[0].outcome, API_OK);
	assert_int_equal(f->n_seen, 8);
}

static void test_definite_is_not_repeated(void **state)
{
	static const struct answer_script scripts[] = {
		{ 409, PROBLEM, "{\"code\":\"cannot-cancel\"}" },
		{ 200, JSON, "{\"exceptionMessage\":\"No\"}" },
		{ 200, HTML, "<html>" },
		{ 403 },
	};
	struct fixture *f = *state;
	struct api_request request = fixture_get("A");

	request.retry_budget = 60 * USEC_PER_SEC;
	for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
		f->script = &scripts[i];
		f->n_script = 1;
		fixture_start(f, &request);
		fixture_wait(f, &f->n_done, i + 1);
		assert_int_equal(f->n_seen, i + 1);
	}
}

static void test_contact_date(void **state)
{
	static const struct answer_script script = {
		200, JSON, "{}", 0, "Date", "Sun, 06 Nov 1994 08:49:37 GMT",
	};
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	f->script = &script;
	f->n_script = 1;
	fixture_start(f, &request);
	fixture_wait(f, &f->n_done, 1);
	assert_int_equal(f->last_date, UINT64_C(784111777000000));
	assert_int_equal(f->done[0].date, UINT64_C(784111777000000));
}

/* Callbacks that end other calls, themselves, and begin new ones. */
static struct api_call *calls[3];

static void cancel_all_start_one(struct fixture *f, const struct api_reply *reply)
{
	const struct api_request request = fixture_get("again");

	(void)reply;
	for (size_t i = 0; i < ELEMENTSOF(calls); i++)
		api_cancel(calls[i]);
	api_cancel(NULL);
	if (f->n_done == 1)
		fixture_start(f, &request);
}

static void first_only(struct fixture *f, struct evhttp_request *request)
{
	static const struct answer_script yes = { 200, JSON, "{}" }, never = { 0 };
	const char *uri = f->seen[f->n_seen - 1].uri;

	fixture_reply(request, streq(uri, "/S/0") || streq(uri, "/S/again") ? &yes : &never);
}

static void test_cancel_in_callback(void **state)
{
	static const char *const paths[] = { "1", "2", "0" };
	struct fixture *f = *state;

	f->respond = first_only;
	f->on_done = cancel_all_start_one;
	for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
		const struct api_request request = fixture_get(paths[i]);

		calls[i] = fixture_start(f, &request);
	}
	fixture_wait(f, &f->n_done, 1);
	memset(calls, 0, sizeof(calls));
	fixture_wait(f, &f->n_done, 2);
	fixture_settle(f);
	assert_int_equal(f->n_done, 2);
}

static void test_cancel_before_start(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");

	api_cancel(fixture_start(f, &request));
	fixture_settle(f);
	assert_int_equal(f->n_seen + f->n_done, 0);
}

static void test_limit(void **state)
{
	struct fixture *f = *state;
	const struct api_request request = fixture_get("A");
	struct api_call *many[512], *extra;

	for (size_t i = 0; i < ELEMENTSOF(many); i++)
		many[i] = fixture_start(f, &request);
	assert_int_equal(api_start(f->api, &request, fixture_done, f, NULL), -EBUSY);
	api_cancel(many[0]);
	assert_int_equal(api_start(f->api, &request, fixture_done, f, &extra), 0);
	api_cancel(extra);
	for (size_t i = 1; i < ELEMENTSOF(many); i++)
		api_cancel(many[i]);
}

static void free_api(struct fixture *f)
{
	api_free(f->api);
	f->api = NULL;
}

static void free_api_done(struct fixture *f, const struct api_reply *reply)
{
	free_api(f);
	assert_non_null(reply->message);
}

static void free_api_contact(struct fixture *f, bool reached)
{
	(void)reached;
	free_api(f);
}

/* Freed by every one who may, with calls in every state. */
static void test_free_from_hooks(void **state)
{
	static const struct answer_script yes = { 200, JSON, "{}" }, no = { 401 };
	static const struct {
		const struct answer_script *script;
		void (*on_done)(struct fixture *f, const struct api_reply *reply);
		void (*on_contact)(struct fixture *f, bool reached);
		void (*on_renew)(struct fixture *f);
		void (*on_rejected)(struct fixture *f);
	} ways[] = {
		{ &yes, .on_done = free_api_done },
		{ &yes, .on_contact = free_api_contact },
		{ &no, .on_contact = free_api_contact },
		{ &no, .on_renew = free_api },
		{ &no, .on_renew = renew_at_once, .on_rejected = free_api },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
		const struct api_request request = fixture_get("A");
		uint64_t until = now_monotonic() + 20 * USEC_PER_SEC;
		struct fixture *f;

		assert_int_equal(fixture_setup((void **)&f), 0);
		f->script = ways[i].script;
		f->n_script = 1;
		f->on_done = ways[i].on_done;
		f->on_contact = ways[i].on_contact;
		f->on_renew = ways[i].on_renew;
		f->on_rejected = ways[i].on_rejected;
		for (unsigned k = 0; k < 3; k++)
			fixture_start(f, &request);
		while (f->api && now_monotonic() < until)
			event_base_loop(f->base, EVLOOP_ONCE);
		assert_null(f->api);
		fixture_settle(f);
		assert_int_equal(f->n_done, ways[i].on_done ? 1 : 0);
		assert_int_equal(fixture_teardown((void **)&f), 0);
	}
}

static void test_free_with_open_calls(void **state)
{
	static const struct answer_script script[] = { { 401 }, { 503 }, { 0 } };
	struct fixture *f = *state;
	struct api_request request = fixture_get("A"), anonymous = fixture_get("B");

	f->script = script;
	f->n_script = ELEMENTSOF(script);
	request.retry_budget = anonymous.retry_budget = 60 * USEC_PER_SEC;
	anonymous.anonymous = true;
	fixture_start(f, &request); /* waits for a token */
	fixture_wait_unsigned(f, &f->n_renew, 1);
	fixture_start(f, &anonymous); /* pauses, or is at it again */
	fixture_wait_unsigned(f, &f->n_unreached, 1);
	fixture_start(f, &anonymous); /* talks */
	fixture_wait(f, &f->n_seen, 3);
	fixture_start(f, &request); /* has not begun */
	fixture_set_token(f, NULL);
	api_token_renewed(f->api, -EACCES); /* the first is about to end */
	free_api(f);
	fixture_settle(f);
	assert_int_equal(f->n_done, 0);
}

static void test_hooks_are_needed(void **state)
{
	struct fixture *f = *state;
	struct api *a = NULL;

	assert_int_equal(api_new(f->base, f->http, &f->config, &(struct api_hooks){ 0 }, f, &a), -EINVAL);
	assert_null(a);
	api_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_answers),
		test(test_long_message),
		test(test_bodies),
		test(test_request),
		test(test_senseless_requests),
		test(test_not_modified),
		test(test_redirect_of_post),
		test(test_huge_and_deep),
		test(test_broken_off),
		test(test_refused_connection),
		test(test_no_address),
		test(test_stall),
		test(test_shared_renewal),
		test(test_second_401),
		test(test_refused_renewal),
		test(test_endless_renewal),
		test(test_token_replaced_meanwhile),
		test(test_final_401),
		test(test_nobody_signed_in),
		test(test_sign_out_drops),
		test(test_repeats),
		test(test_one_try),
		test(test_retry_after),
		test(test_five_500s),
		test(test_500_of_get),
		test(test_definite_is_not_repeated),
		test(test_contact_date),
		test(test_cancel_in_callback),
		test(test_cancel_before_start),
		test(test_limit),
		test(test_free_from_hooks),
		test(test_free_with_open_calls),
		test(test_hooks_are_needed),
	};

	if (http_global_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
