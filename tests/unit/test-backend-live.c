/* Every call of backend/ against the sandbox, in the order of a person's first evening with it. The
 * sandbox reads the contract with eyes of its own; where the two disagree, one of them is wrong. */
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "backend/auth.h"
#include "backend/customer.h"
#include "backend/predictive.h"
#include "backend/push.h"
#include "base/jsonutil.h"
#include "base/timeutil.h"
#include "base/uuid.h"
#include "net/signalr.h"
#include "tests/unit/backend-fixture.h"

#define SANDBOX "tests/sandbox/customerclient-sandbox"
#define CONTROL SERVICE_EMAIL /* stands for /Sandbox here */
#define LOGIN "ann.live"
#define EMAIL "ann@example.org"
#define PHONE "+15550100"

extern char **environ;

static struct {
	struct fixture *f;
	pid_t pid;
	struct secret *password;
	char *user_uid;
	struct product *products;
	size_t n_products;
	struct order *order;
} live;

static int start_sandbox(char *url, size_t size)
{
	char *const argv[] = { (char *)SANDBOX,	  (char *)"--port", (char *)"0",
			       (char *)"--speed", (char *)"0",	    NULL };
	posix_spawn_file_actions_t actions;
	char line[64];
	int out[2];
	FILE *f;

	if (pipe(out) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, out[0]);
	if (posix_spawn(&live.pid, SANDBOX, &actions, NULL, argv, environ) != 0) {
		print_error("%s cannot be started: run this from the top of the build.\n", SANDBOX);
		live.pid = 0;
		return -ENOENT;
	}
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), f) || !startswith(line, "listening on "))
		return -EPROTO;
	line[strcspn(line, "\n")] = '\0';
	snprintf(url, size, "%s", startswith(line, "listening on "));
	/* The pipe stays open: a sandbox that says more must not die of it. */
	return 0;
}

static int group_setup(void **state)
{
	static const char *const prefixes[_SERVICE_MAX] = {
		[SERVICE_AUTHENTICATION] = "AuthWebApi",
		[SERVICE_CUSTOMER] = "CustomerBackend",
		[SERVICE_NOTIFICATIONS] = "NotificationsBackend",
		[SERVICE_PREDICTIVE] = "PredictiveBackend",
		[CONTROL] = "Sandbox",
	};
	char url[64];
	int r;

	(void)state;
	r = start_sandbox(url, sizeof(url));
	if (r < 0 || fixture_setup((void **)&live.f) < 0) {
		if (live.pid > 0)
			kill(live.pid, SIGTERM);
		return -1;
	}
	for (unsigned i = 0; i < _SERVICE_MAX; i++)
		live.f->config.url[i] = strprintf("%s/%s", url, strempty(prefixes[i]));
	fixture_set_token(live.f, NULL);
	live.password = secret_new("p\"ss\\wörd\t1", 12);
	return 0;
}

static int group_teardown(void **state)
{
	int status;

	(void)state;
	if (live.pid <= 0 || !live.f)
		return -1;
	kill(live.pid, SIGTERM);
	if (waitpid(live.pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -1;
	for (unsigned i = 0; i < _SERVICE_MAX; i++)
		free(live.f->config.url[i]);
	fixture_teardown((void **)&live.f);
	secret_unref(live.password);
	free(live.user_uid);
	for (size_t i = 0; i < live.n_products; i++)
		product_done(&live.products[i]);
	free(live.products);
	order_free(live.order);
	return 0;
}

/* The outcome of what was started with result r, valid until the next. */
static struct outcome *outcome_of(int r)
{
	assert_int_equal(r, 0);
	fixture_wait(live.f, &live.f->n_done, 1);
	return &live.f->done[0];
}

static struct outcome *expect(int r, enum api_outcome outcome, const char *code)
{
	struct outcome *o = outcome_of(r);

	if (o->outcome != outcome || !streq_ptr(o->code, code))
		fail_msg("outcome %d, HTTP %d, code %s: %s", o->outcome, o->status, strempty(o->code),
			 o->message);
	return o;
}

/* What every test begins with. */
#define BEGIN \
	struct fixture *f = live.f; \
	struct api *a = f->api; \
	(void)state; \
	fixture_forget(f)

static int control(const char *path, const char *json)
{
	return api_start(live.f->api,
			 &(struct api_request){
				 .service = CONTROL,
				 .method = json ? "POST" : "GET",
				 .path = path,
				 .json = json,
				 .anonymous = true,
			 },
			 fixture_done, live.f, NULL);
}

static void test_sign_up(void **state)
{
	_cleanup_free_ char *code = NULL;
	struct auth_existence e;
	struct auth_sign_up s;
	bool successful = true;
	BEGIN;

	expect(auth_check_user_existence(a, LOGIN, EMAIL, PHONE, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_existence(f->done[0].body, &e), 0);
	assert_false(e.login || e.email || e.phone);
	fixture_forget(f);

	expect(auth_add_user(a, LOGIN, EMAIL, PHONE, live.password, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_sign_up(f->done[0].body, &s), 0);
	assert_true(s.added);
	assert_null(s.code); /* the service compares */
	assert_true(s.code_sent > 0);
	fixture_forget(f);

	expect(auth_verify_sign_up(a, s.guid, "nonsense", 1, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_successful(f->done[0].body, &successful), 0);
	assert_false(successful);
	fixture_forget(f);

	expect(control("VerificationCode?email=" EMAIL, NULL), API_OK, NULL);
	assert_int_equal(json_get_strdup(f->done[0].body, "verificationCode", &code), 1);
	fixture_forget(f);
	expect(auth_verify_sign_up(a, s.guid, code, 2, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_successful(f->done[0].body, &successful), 0);
	assert_true(successful);
	auth_sign_up_done(&s);
	fixture_forget(f);

	expect(auth_check_user_existence(a, LOGIN, "other@example.org", NULL, fixture_done, f, NULL), API_OK,
	       NULL);
	assert_int_equal(auth_decode_existence(f->done[0].body, &e), 0);
	assert_true(e.login && !e.email && !e.phone);
}

static void take_token(struct fixture *f)
{
	struct auth_token t;

	assert_int_equal(auth_decode_token(f->done[0].body, &t), 0);
	assert_true(t.end > t.begin && t.begin > 0);
	fixture_set_token(f, secret_string(t.token));
	auth_token_done(&t);
	fixture_forget(f);
}

static void test_sign_in(void **state)
{
	_cleanup_secret_ struct secret *wrong = secret_new("wrong", 5), *old = NULL;
	struct auth_verified v;
	BEGIN;

	expect(auth_verify_user_credentials(a, LOGIN, wrong, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_verified(f->done[0].body, &v), 0);
	assert_false(v.verified);
	auth_verified_done(&v);
	fixture_forget(f);

	expect(auth_verify_user_credentials(a, LOGIN, live.password, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(auth_decode_verified(f->done[0].body, &v), 0);
	assert_true(v.verified);
	assert_string_equal(v.login, LOGIN);
	assert_string_equal(v.email, EMAIL);
	assert_string_equal(v.phone, PHONE);
	live.user_uid = strdup(v.user_uid);
	fixture_forget(f);

	expect(auth_get_token(a, v.user_uid, v.guid, NULL, fixture_done, f, NULL), API_OK, NULL);
	take_token(f);
	/* The guid is for once, and its 401 is final. */
	assert_int_equal(
		outcome_of(auth_get_token(a, v.user_uid, v.guid, NULL, fixture_done, f, NULL))->outcome,
		API_UNAUTHORIZED);
	assert_int_equal(f->n_renew, 0);
	fixture_forget(f);

	old = secret_ref(f->token);
	expect(auth_get_token(a, v.user_uid, NULL, old, fixture_done, f, NULL), API_OK, NULL);
	take_token(f);
	assert_string_not_equal(secret_string(old), secret_string(f->token));
	auth_verified_done(&v);
}

static void test_catalog(void **state)
{
	_cleanup_free_ char *etag = NULL;
	struct category c;
	json_object *list;
	BEGIN;

	list = expect(customer_categories_get(a, NULL, fixture_done, f, NULL), API_OK, NULL)->body;
	assert_true(json_object_is_type(list, json_type_array));
	assert_true(json_object_array_length(list) >= 8);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		assert_int_equal(customer_decode_category(json_object_array_get_idx(list, i), &c), 0);
		category_done(&c);
	}
	etag = strdup(f->done[0].etag);
	fixture_forget(f);
	expect(customer_categories_get(a, etag, fixture_done, f, NULL), API_NOT_MODIFIED, NULL);
}

static void take_products(const struct page *p)
{
	live.products = reallocarray(live.products, live.n_products + p->n, sizeof(struct product));
	assert_non_null(live.products);
	for (size_t i = 0; i < p->n; i++) {
		struct product *product = &live.products[live.n_products++];

		assert_int_equal(customer_decode_product(json_object_array_get_idx(p->items, i), product), 0);
		assert_string_equal(product->currency, "USD");
	}
}

static void test_products(void **state)
{
	_cleanup_free_ char *cursor = NULL, *etag = NULL;
	bool limited = false, tagged = false;
	struct page p = { .has_more = true };
	unsigned pages = 0;
	BEGIN;

	while (p.has_more && pages++ < 100) {
		expect(customer_products_get(a, cursor, 7, NULL, fixture_done, f, NULL), API_OK, NULL);
		assert_int_equal(page_decode(f->done[0].body, &p), 0);
		assert_true(p.n <= 7);
		take_products(&p);
		assert_non_null(p.next);
		free_and_strdup(&cursor, p.next);
		fixture_forget(f);
	}
	assert_true(pages > 5 && pages < 100);
	assert_true(live.n_products >= 50);
	for (size_t i = 0; i < live.n_products; i++) {
		limited |= live.products[i].limited;
		tagged |= live.products[i].dietary_tags != NULL;
	}
	assert_true(limited && tagged);

	/* Nothing changed since: an empty page, and then not even that. */
	expect(customer_products_get(a, cursor, 7, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(page_decode(f->done[0].body, &p), 0);
	assert_int_equal(p.n, 0);
	etag = strdup(strempty(f->done[0].etag));
	fixture_forget(f);
	expect(customer_products_get(a, cursor, 7, etag, fixture_done, f, NULL), API_NOT_MODIFIED, NULL);
	fixture_forget(f);
	expect(customer_products_get(a, "no such & cursor", 7, NULL, fixture_done, f, NULL), API_REFUSED,
	       "invalid-cursor");
}

static struct order_item two_items[2];

static struct order_request order_request(const char *uid)
{
	size_t n = 0;

	for (size_t i = 0; i < live.n_products && n < 2; i++)
		if (!live.products[i].limited && !live.products[i].deleted)
			two_items[n++] = (struct order_item){ .product = live.products[i].id, .quantity = 2 };
	assert_int_equal(n, 2);
	two_items[1].note = (char *)"without \"onions\"";
	return (struct order_request){
		.uid = uid,
		.user_uid = live.user_uid,
		.login = LOGIN,
		.phone = PHONE,
		.city = "Springfield",
		.address = "Main Street 1",
		.comment = "Ring twice\nplease",
		.recipient = "Bob",
		.payment_type = "cash",
		.items = two_items,
		.n_items = 2,
	};
}

static void quote(struct order_request *q)
{
	_cleanup_free_ char *json = NULL;
	struct quote quote;
	struct fixture *f = live.f;

	fixture_forget(f);
	assert_int_equal(customer_order_encode(q, &json), 0);
	expect(customer_quote(f->api, json, 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(customer_decode_quote(f->done[0].body, &quote), 0);
	assert_int_equal(quote.total_price, quote.products_price + quote.delivery_price +
						    quote.additional_price + quote.tax_price);
	assert_true(quote.valid_until > now_realtime());
	assert_int_equal(quote.n_unavailable, 0);
	q->has_amount = true;
	q->amount = quote.total_price;
	memcpy(q->currency, quote.currency, CURRENCY_SIZE);
	quote_done(&quote);
	fixture_forget(f);
}

static struct outcome *make(const struct order_request *q, const char *key, enum api_outcome outcome,
			    const char *code)
{
	_cleanup_free_ char *json = NULL;

	fixture_forget(live.f);
	assert_int_equal(customer_order_encode(q, &json), 0);
	return expect(customer_make_order(live.f->api, json, key, fixture_done, live.f, NULL), outcome, code);
}

static void test_order(void **state)
{
	char uid[UUID_SIZE];
	struct order_request q;
	struct outcome *o;
	BEGIN;

	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	q.valid_until = now_realtime() + 10 * USEC_PER_MIN;
	o = make(&q, uid, API_OK, NULL);
	assert_int_equal(customer_decode_order(o->body, &live.order), 0);
	assert_string_equal(live.order->uid, uid);
	assert_string_equal(live.order->status, STATUS_REQUESTED);
	assert_string_equal(live.order->payment_type, "cash");
	assert_string_equal(live.order->recipient, "Bob");
	assert_string_equal(live.order->comment, "Ring twice\nplease");
	assert_int_equal(live.order->total_price, q.amount);
	assert_true(live.order->cancellable);
	assert_int_equal(live.order->n_lines, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(live.order->lines[i].product, two_items[i].product);
		assert_int_equal(live.order->lines[i].quantity, 2);
	}
	assert_string_equal(live.order->lines[1].note, "without \"onions\"");
	assert_true(live.order->created > 0 && live.order->changed > 0 && live.order->end_expected > 0);

	/* The same again is the same order. */
	o = make(&q, uid, API_OK, NULL);
	assert_string_equal(json_object_get_string(json_get(o->body, "uid")), uid);
	/* The same key with another body is not. */
	q.comment = "another";
	make(&q, uid, API_REFUSED, "key-reused");
	fixture_forget(f);

	expect(customer_order_get(a, uid, fixture_done, f, NULL), API_OK, NULL);
	fixture_forget(f);
	expect(customer_order_get(a, "no/such&uid", fixture_done, f, NULL), API_REFUSED, "not-found");
}

/* Of the order that was just made, and of nobody's. */
static void test_predictions(void **state)
{
	struct spending_forecast forecast;
	struct delivery_time t;
	struct recommendation r;
	struct outcome *o;
	BEGIN;

	o = expect(predictive_delivery_time(a, live.order->uid, 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(predictive_decode_delivery_time(o->body, &t), 0);
	assert_true(t.delivery > live.order->created && t.earliest > 0 && t.latest > t.delivery && t.cooking > 0);
	assert_true(t.confidence > 0);
	fixture_forget(f);
	expect(predictive_delivery_time(a, "no/such&uid", 0, fixture_done, f, NULL), API_REFUSED, "not-found");
	fixture_forget(f);
	o = expect(predictive_recommendations(a, 3, 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(json_object_array_length(o->body), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(predictive_decode_recommendation(json_object_array_get_idx(o->body, i), &r), 0);
		assert_non_null(r.reason);
		assert_true(r.score > 0);
		recommendation_done(&r);
	}
	fixture_forget(f);
	o = expect(predictive_spending_forecast(a, "month", 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(predictive_decode_forecast(o->body, "month", &forecast), 0);
	assert_true(forecast.amount >= live.order->total_price);
	fixture_forget(f);
	expect(predictive_spending_forecast(a, "we&ek", 0, fixture_done, f, NULL), API_REFUSED, "invalid-period");
}

static void test_refused_orders(void **state)
{
	const struct order_item gone = { .product = 999999, .quantity = 1 };
	_cleanup_free_ uint64_t *ids = NULL;
	struct order_request q;
	char uid[UUID_SIZE];
	struct outcome *o;
	int64_t amount;
	size_t n;
	BEGIN;

	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	q.amount -= 1;
	o = make(&q, uid, API_REFUSED, "price-changed");
	assert_int_equal(customer_decode_new_amount(o->body, "USD", &amount), 0);
	assert_int_equal(amount, q.amount + 1);

	uuid_new(uid);
	q.items = &gone;
	q.n_items = 1;
	o = make(&q, uid, API_REFUSED, "product-unavailable");
	assert_int_equal(customer_decode_unavailable(o->body, &ids, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], 999999);

	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	q.valid_until = now_realtime() - USEC_PER_SEC;
	make(&q, uid, API_REFUSED, "too-late");

	uuid_new(uid);
	q.valid_until = 0;
	q.address = "";
	make(&q, uid, API_REFUSED, "invalid-address");
	(void)a;
}

static void advance(const char *uid, const char *status)
{
	_cleanup_free_ char *json = strprintf("{\"deliveryOrderUid\":\"%s\",\"status\":\"%s\"}", uid, status);

	fixture_forget(live.f);
	expect(control("Advance", json), API_OK, NULL);
	fixture_forget(live.f);
}

static void expect_status(const char *uid, const char *status)
{
	_cleanup_(order_freep) struct order *order = NULL;
	struct fixture *f = live.f;

	fixture_forget(f);
	expect(customer_order_get(f->api, uid, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(customer_decode_order(f->done[0].body, &order), 0);
	assert_string_equal(order->status, status);
	assert_true(order->n_timeline > 0);
	fixture_forget(f);
}

static void test_cancel(void **state)
{
	_cleanup_(order_freep) struct order *order = NULL;
	_cleanup_free_ char *json = NULL;
	char uid[UUID_SIZE], key[UUID_SIZE];
	struct order_request q;
	BEGIN;

	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	make(&q, uid, API_OK, NULL);
	fixture_forget(f);

	uuid_new(key);
	assert_int_equal(customer_cancel_encode(uid, "changed my \"mind\"", &json), 0);
	expect(customer_cancel_order(a, json, key, 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(customer_decode_order(f->done[0].body, &order), 0);
	assert_string_equal(order->status, STATUS_CANCELLED);
	assert_false(order->cancellable);
	fixture_forget(f);
	uuid_new(key);
	expect(customer_cancel_order(a, json, key, 0, fixture_done, f, NULL), API_REFUSED, "cannot-cancel");
}

static void test_life_and_rating(void **state)
{
	static const char *const stages[][2] = {
		{ "Processing", STATUS_PROCESSING },
		{ "In the process of cooking", STATUS_COOKING },
		{ "Ready to deliver", STATUS_READY },
		{ "In delivery", STATUS_IN_DELIVERY },
	};
	_cleanup_(order_freep) struct order *rated = NULL;
	const char *uid = live.order->uid;
	char key[UUID_SIZE];
	BEGIN;

	for (size_t i = 0; i < ELEMENTSOF(stages); i++) {
		advance(uid, stages[i][0]);
		expect_status(uid, stages[i][1]);
	}
	uuid_new(key);
	expect(customer_rate_order(a, uid, 5, "early", NULL, key, 0, fixture_done, f, NULL), API_REFUSED,
	       "not-delivered");
	advance(uid, "Delivered");
	expect_status(uid, STATUS_DELIVERED);
	uuid_new(key);
	expect(customer_rate_order(a, uid, 4, "good & hot", NULL, key, 0, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(customer_decode_order(f->done[0].body, &rated), 0);
	assert_int_equal(rated->rating, 4);
	assert_string_equal(rated->rating_comment, "good & hot");
	assert_true(rated->changed > live.order->changed);
	fixture_forget(f);
	uuid_new(key);
	expect(customer_rate_order(a, uid, 1, NULL, NULL, key, 0, fixture_done, f, NULL), API_REFUSED,
	       "already-rated");
	assert_int_equal(customer_rate_order(a, uid, 0, NULL, NULL, key, 0, fixture_done, f, NULL), -EINVAL);
	assert_int_equal(customer_rate_order(a, uid, 6, NULL, NULL, key, 0, fixture_done, f, NULL), -EINVAL);
}

static void test_orders(void **state)
{
	_cleanup_free_ char *cursor = NULL, *etag = NULL;
	struct page p;
	unsigned n = 0;
	BEGIN;

	do {
		expect(customer_orders_get(a, cursor, 1, NULL, fixture_done, f, NULL), API_OK, NULL);
		assert_int_equal(page_decode(f->done[0].body, &p), 0);
		for (size_t i = 0; i < p.n; i++, n++) {
			_cleanup_(order_freep) struct order *order = NULL;

			assert_int_equal(customer_decode_order(json_object_array_get_idx(p.items, i), &order),
					 0);
		}
		free_and_strdup(&cursor, p.next);
		free_and_strdup(&etag, f->done[0].etag);
		fixture_forget(f);
	} while (p.has_more && n < 100);
	assert_int_equal(n, 2);
	expect(customer_orders_get(a, cursor, 0, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(page_decode(f->done[0].body, &p), 0);
	assert_int_equal(p.n, 0);
	free_and_strdup(&etag, f->done[0].etag);
	fixture_forget(f);
	expect(customer_orders_get(a, cursor, 0, etag, fixture_done, f, NULL), API_NOT_MODIFIED, NULL);
}

static void test_account(void **state)
{
	struct customer_account account;
	BEGIN;

	expect(customer_account_get(a, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(customer_decode_account(f->done[0].body, &account), 0);
	assert_string_equal(account.user_uid, live.user_uid);
	assert_string_equal(account.login, LOGIN);
	assert_string_equal(account.email, EMAIL);
	assert_string_equal(account.phone, PHONE);
	customer_account_done(&account);
}

static void test_notifications(void **state)
{
	_cleanup_free_ char *json = NULL;
	_cleanup_(strv_freep) char **uids = NULL;
	char key[UUID_SIZE];
	struct page p;
	BEGIN;

	expect(push_notifications_get(a, NULL, 0, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(page_decode(f->done[0].body, &p), 0);
	assert_true(p.n >= 5);
	for (size_t i = 0; i < p.n; i++) {
		struct notification n;

		assert_int_equal(push_decode_notification(json_object_array_get_idx(p.items, i), &n), 0);
		assert_false(n.read);
		assert_true(n.sent > 0 && n.title && n.body);
		strv_push(&uids, n.uid);
		notification_done(&n);
	}
	fixture_forget(f);
	uuid_new(key);
	assert_int_equal(push_notifications_read_encode(uids, &json), 0);
	expect(push_notifications_read(a, json, key, fixture_done, f, NULL), API_OK, NULL);
	fixture_forget(f);
	expect(push_notifications_get(a, NULL, 0, NULL, fixture_done, f, NULL), API_OK, NULL);
	assert_int_equal(page_decode(f->done[0].body, &p), 0);
	for (size_t i = 0; i < p.n; i++) {
		struct notification n;

		assert_int_equal(push_decode_notification(json_object_array_get_idx(p.items, i), &n), 0);
		assert_true(n.read);
		notification_done(&n);
	}
}

/* In place of the one before. A GET may go out again on another connection before it fails, so more than
 * one. */
static void fault(const char *path, const char *kind, unsigned count)
{
	_cleanup_free_ char *json = strprintf(
		"{\"path\":\"/CustomerBackend/%s\",\"kind\":\"%s\",\"count\":%u}", path, kind, count);

	fixture_forget(live.f);
	expect(control("Faults", "{\"path\":\"*\",\"kind\":\"none\"}"), API_OK, NULL);
	fixture_forget(live.f);
	expect(control("Faults", json), API_OK, NULL);
	fixture_forget(live.f);
}

static void test_faults(void **state)
{
	static const struct {
		const char *kind;
		enum api_outcome outcome;
	} faults[] = {
		{ "status:503", API_TRANSIENT },  { "status:500", API_SERVER_ERROR },
		{ "status:404", API_REFUSED },	  { "reset", API_OFFLINE },
		{ "reset-after", API_OFFLINE },	  { "truncate", API_OFFLINE },
		{ "garbage", API_PROTOCOL },	  { "garbage:bytes", API_PROTOCOL },
		{ "garbage:huge", API_PROTOCOL }, { "garbage:deep", API_PROTOCOL },
	};
	BEGIN;

	for (size_t i = 0; i < ELEMENTSOF(faults); i++) {
		fault("ProductCategoriesGet", faults[i].kind, 9);
		assert_int_equal(outcome_of(customer_categories_get(a, NULL, fixture_done, f, NULL))->outcome,
				 faults[i].outcome);
	}
	/* One that repeats gets over two of them. */
	fault("UserAccountGet", "status:503", 2);
	expect(customer_account_get(a, fixture_done, f, NULL), API_OK, NULL);
}

/* The order was made, the answer did not come back. */
static void test_lost_answer(void **state)
{
	char uid[UUID_SIZE];
	struct order_request q;
	BEGIN;

	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	fault("MakeOrderRequest", "reset-after", 1);
	assert_true(make(&q, uid, API_OFFLINE, NULL)->sent);
	expect_status(uid, STATUS_REQUESTED);
	make(&q, uid, API_OK, NULL);
	(void)a;
}

/* What the hub sends can be read. */
static struct {
	unsigned orders, moves, notifications;
} pushed;

static const struct secret *hub_token(void *userdata)
{
	return ((struct fixture *)userdata)->token;
}

static void hub_unauthorized(void *userdata)
{
	(void)userdata;
	fail();
}

static unsigned hub_open;

static void hub_state(enum signalr_state state, void *userdata)
{
	(void)userdata;
	hub_open += state == SIGNALR_SSE;
}

static void hub_invoked(const char *target, json_object *arguments, void *userdata)
{
	json_object *argument = json_object_array_get_idx(arguments, 0);
	struct notification notification;
	struct order *order = NULL;
	struct courier_move move;

	(void)userdata;
	assert_int_equal(json_object_array_length(arguments), 1);
	if (streq(target, PUSH_TARGET_ORDER)) {
		assert_int_equal(customer_decode_order(argument, &order), 0);
		order_free(order);
		pushed.orders++;
	} else if (streq(target, PUSH_TARGET_COURIER)) {
		assert_int_equal(push_decode_courier(argument, &move), 0);
		assert_true(move.latitude >= -90 && move.when > 0);
		courier_move_done(&move);
		pushed.moves++;
	} else if (streq(target, PUSH_TARGET_NOTIFICATION)) {
		assert_int_equal(push_decode_notification(argument, &notification), 0);
		notification_done(&notification);
		pushed.notifications++;
	} else
		fail_msg("target %s", target);
}

static uint64_t hub_delay(void *userdata)
{
	(void)userdata;
	return 0;
}

static void test_push(void **state)
{
	static const struct signalr_handler handler = { hub_token, hub_unauthorized, hub_state, hub_invoked,
							hub_delay };
	_cleanup_free_ char *url = push_hub_url(&live.f->config);
	_cleanup_(signalr_freep) struct signalr *hub = NULL;
	const struct signalr_options options = {
		.url = url,
		.sse = true,
		.timeout = 30 * USEC_PER_SEC,
		.backoff_base = USEC_PER_SEC,
		.backoff_cap = USEC_PER_SEC,
	};
	char uid[UUID_SIZE];
	struct order_request q;
	BEGIN;

	assert_int_equal(signalr_new(f->base, f->http, &options, &handler, f, &hub), 0);
	signalr_start(hub);
	fixture_wait_unsigned(f, &hub_open, 1);
	uuid_new(uid);
	q = order_request(uid);
	quote(&q);
	make(&q, uid, API_OK, NULL);
	advance(uid, "In delivery");
	expect(control("Clock", "{\"speed\":60}"), API_OK, NULL); /* now the courier moves */
	fixture_wait_unsigned(f, &pushed.moves, 2);
	fixture_forget(f);
	expect(control("Clock", "{\"speed\":0}"), API_OK, NULL);
	assert_true(pushed.orders >= 2 && pushed.notifications >= 1);
	(void)a;
}

/* What core does at a 401, in short. */
static void on_token(const struct api_reply *reply, void *userdata)
{
	struct fixture *f = userdata;
	struct auth_token t;

	if (reply->outcome != API_OK) {
		api_token_renewed(f->api, reply->outcome == API_UNAUTHORIZED ? -EACCES : -EIO);
		return;
	}
	assert_int_equal(auth_decode_token(reply->body, &t), 0);
	fixture_set_token(f, secret_string(t.token));
	auth_token_done(&t);
	api_token_renewed(f->api, 0);
}

static void renew(struct fixture *f)
{
	assert_int_equal(auth_get_token(f->api, live.user_uid, NULL, f->token, on_token, f, NULL), 0);
}

static void test_renewal(void **state)
{
	BEGIN;

	f->on_renew = renew;
	expect(control("Clock", "{\"advanceSec\":21600}"), API_OK, NULL);
	fixture_forget(f);
	assert_int_equal(customer_account_get(a, fixture_done, f, NULL), 0);
	assert_int_equal(customer_categories_get(a, NULL, fixture_done, f, NULL), 0);
	fixture_wait(f, &f->n_done, 2);
	assert_int_equal(f->done[0].outcome, API_OK);
	assert_int_equal(f->done[1].outcome, API_OK);
	assert_int_equal(f->n_renew, 1);
}

static void test_change_password(void **state)
{
	_cleanup_secret_ struct secret *wrong = secret_new("wrong one", 9),
				       *new = secret_new("another one", 11);
	_cleanup_free_ char *guid = NULL;
	bool successful = false;
	BEGIN;

	expect(auth_change_password(a, live.user_uid, wrong, new, fixture_done, f, NULL), API_FAILURE, NULL);
	assert_non_null(strstr(f->done[0].message, "not right"));
	fixture_forget(f);
	expect(auth_change_password(a, live.user_uid, live.password, new, fixture_done, f, NULL), API_OK,
	       NULL);
	assert_int_equal(auth_decode_changed(f->done[0].body, &successful, &guid), 0);
	assert_true(successful);
	fixture_forget(f);
	expect(auth_get_token(a, live.user_uid, guid, NULL, fixture_done, f, NULL), API_OK, NULL);
	take_token(f);
}

static void test_sign_out(void **state)
{
	BEGIN;

	f->n_renew = 0;
	expect(auth_sign_out(a, f->token, fixture_done, f, NULL), API_OK, NULL);
	assert_null(f->done[0].body);
	fixture_forget(f);
	expect(customer_account_get(a, fixture_done, f, NULL), API_UNAUTHORIZED, NULL);
	assert_int_equal(f->n_renew, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_up),
		cmocka_unit_test(test_sign_in),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_predictions),
		cmocka_unit_test(test_refused_orders),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_life_and_rating),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_lost_answer),
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_change_password),
		cmocka_unit_test(test_sign_out),
	};

	if (http_global_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
