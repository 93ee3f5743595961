/*
 * The table of calls, and the checks common to them: the bearer's token, the JSON body, Idempotency-Key, ETag.
 */
#include "tests/sandbox/auth.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/hub.h"
#include "tests/sandbox/router.h"

enum { OBJECT_MAX = 1024 * 1024 };

enum route_flags {
	NEEDS_TOKEN = 1 << 0, /* a token that has not ended */
	TAKES_BODY = 1 << 1,  /* a JSON object */
	ACTS = 1 << 2,        /* the answer is remembered by its key */
	ETAG = 1 << 3,        /* always answers with an ETag; pages decide for themselves */
	TAKES_FILE = 1 << 4,  /* any bytes, more of them than a JSON object may have */
};

struct route {
	enum evhttp_cmd_type method;
	const char *path;
	unsigned flags;
	int (*handler)(struct call *c);
};

#define GET EVHTTP_REQ_GET
#define POST EVHTTP_REQ_POST
#define DELETE EVHTTP_REQ_DELETE

static const struct route routes[] = {
	{ POST, "/AuthWebApi/CheckUserExistance", TAKES_BODY, signup_check_existance },
	{ POST, "/AuthWebApi/AddUser", TAKES_BODY | ACTS, signup_add_user },
	{ POST, "/AuthWebApi/VerifySignUp", TAKES_BODY | ACTS, signup_verify },
	{ POST, "/AuthWebApi/VerifyUserCredentials", TAKES_BODY, auth_verify_credentials },
	{ POST, "/AuthWebApi/GetTokenByUserUid", TAKES_BODY, auth_get_token },
	{ POST, "/AuthWebApi/ChangePassword", NEEDS_TOKEN | TAKES_BODY | ACTS, auth_change_password },
	{ POST, "/AuthWebApi/SignOut", TAKES_BODY, auth_sign_out },

	{ GET, "/CustomerBackend/ProductCategoriesGet", NEEDS_TOKEN | ETAG, catalog_categories_get },
	{ GET, "/CustomerBackend/ProductsGet", NEEDS_TOKEN, catalog_products_get },
	{ GET, "/CustomerBackend/PictureGet", NEEDS_TOKEN | ETAG, picture_get },
	{ POST, "/CustomerBackend/MakeOrderQuote", NEEDS_TOKEN | TAKES_BODY, ordering_quote },
	{ POST, "/CustomerBackend/MakeOrderRequest", NEEDS_TOKEN | TAKES_BODY | ACTS, ordering_make },
	{ GET, "/CustomerBackend/OrdersGet", NEEDS_TOKEN, ordering_orders_get },
	{ GET, "/CustomerBackend/OrderGet", NEEDS_TOKEN, ordering_order_get },
	{ GET, "/CustomerBackend/PendingOrdersGet", NEEDS_TOKEN | ETAG, ordering_pending_get },
	{ POST, "/CustomerBackend/CancelOrderRequest", NEEDS_TOKEN | TAKES_BODY | ACTS, ordering_cancel },
	{ POST, "/CustomerBackend/RateOrderRespond", NEEDS_TOKEN | TAKES_BODY | ACTS, ordering_rate },
	{ GET, "/CustomerBackend/UserAccountGet", NEEDS_TOKEN, account_get },

	{ POST, "/CustomerBackend/MakePaymentStart", NEEDS_TOKEN | TAKES_BODY | ACTS, payment_start },
	{ POST, "/CustomerBackend/MakePaymentRespond", NEEDS_TOKEN | TAKES_BODY | ACTS, payment_respond },
	{ GET, "/CustomerBackend/PaymentsGet", NEEDS_TOKEN | ETAG, payments_get },
	{ GET, "/CustomerBackend/CardsGet", NEEDS_TOKEN | ETAG, cards_get },
	{ POST, "/CustomerBackend/CardRemove", NEEDS_TOKEN | TAKES_BODY | ACTS, card_remove },

	{ GET, "/CustomerBackend/SettingsGet", NEEDS_TOKEN | ETAG, settings_get },
	{ POST, "/CustomerBackend/SettingsSave", NEEDS_TOKEN | TAKES_BODY | ACTS | ETAG, settings_save },

	{ POST, "/FileService/GenerateQrCode", NEEDS_TOKEN | TAKES_BODY, qr_generate },
	{ GET, "/FileService/FileGet", NEEDS_TOKEN, file_get },

	{ POST, "/FileService/OrderReportGenerate", NEEDS_TOKEN | TAKES_BODY, report_generate },
	{ POST, "/FileService/FileUpload", NEEDS_TOKEN | TAKES_FILE | ACTS, file_upload },

	{ GET, "/FileService/VideosGet", NEEDS_TOKEN | ETAG, videos_get },
	{ POST, "/FileService/WatchedVideoSave", NEEDS_TOKEN | TAKES_BODY | ACTS, videos_watched_save },

	{ POST, "/EmailBackend/OrderReportSend", NEEDS_TOKEN | TAKES_BODY | ACTS, email_report_send },
	{ GET, "/EmailBackend/MessageGet", NEEDS_TOKEN, email_message_get },

	{ GET, "/StatisticalBackend/OrderStatisticsGet", NEEDS_TOKEN, statistical_series },

	{ GET, "/PredictiveBackend/DeliveryTimeGet", NEEDS_TOKEN, predictive_delivery_time },
	{ GET, "/PredictiveBackend/RecommendationsGet", NEEDS_TOKEN, predictive_recommendations },
	{ GET, "/PredictiveBackend/SpendingForecastGet", NEEDS_TOKEN, predictive_spending_forecast },

	{ GET, "/NotificationsBackend/NotificationsGet", NEEDS_TOKEN, notifications_get },
	{ POST, "/NotificationsBackend/NotificationsRead", NEEDS_TOKEN | TAKES_BODY | ACTS,
	  notifications_read },
	{ POST, HUB_PATH "/negotiate", NEEDS_TOKEN, hub_negotiate },
	{ GET, HUB_PATH, NEEDS_TOKEN, hub_get },
	{ POST, HUB_PATH, NEEDS_TOKEN, hub_post },
	{ DELETE, HUB_PATH, NEEDS_TOKEN, hub_delete },

	{ GET, "/Sandbox/Clock", 0, control_clock_get },
	{ POST, "/Sandbox/Clock", TAKES_BODY, control_clock },
	{ POST, "/Sandbox/Advance", TAKES_BODY, control_advance },
	{ POST, "/Sandbox/Seed", TAKES_BODY, control_seed },
	{ POST, "/Sandbox/Orders", TAKES_BODY, control_orders },
	{ POST, "/Sandbox/Notify", TAKES_BODY | ACTS, control_notify },
	{ GET, "/Sandbox/Faults", 0, control_faults_get },
	{ POST, "/Sandbox/Faults", TAKES_BODY, control_faults },
	{ GET, "/Sandbox/Journal", 0, control_journal },
	{ POST, "/Sandbox/QrPaid", TAKES_BODY | ACTS, control_qr_paid },
	{ GET, "/Sandbox/Payments", 0, control_payments_get },
	{ POST, "/Sandbox/Payments", TAKES_BODY, control_payments },
	{ GET, "/Sandbox/Mail", 0, control_mail_get },
	{ POST, "/Sandbox/Mail", TAKES_BODY, control_mail },
	{ GET, "/Sandbox/Videos", 0, control_videos_get },
	{ POST, "/Sandbox/Videos", TAKES_BODY, control_videos },
	{ POST, "/Sandbox/Product", TAKES_BODY, control_product },
	{ GET, "/Sandbox/VerificationCode", 0, control_verification_code },
	{ GET, "/Sandbox/Mailbox", 0, control_mailbox },
};

_Static_assert(COUNT_OF(routes) <= ROUTES_MAX, "the journal has a count for each call");

static const char *method_name(enum evhttp_cmd_type method)
{
	return method == GET ? "GET" : method == POST ? "POST" : "DELETE";
}

ssize_t router_index(struct call *c)
{
	for (size_t i = 0; i < COUNT_OF(routes); i++)
		if (routes[i].method == evhttp_request_get_command(c->req) &&
		    strcmp(routes[i].path, c->path) == 0)
			return (ssize_t)i;
	return -1;
}

const char *router_path(size_t index)
{
	return routes[index].path;
}

const char *router_method(size_t index)
{
	return method_name(routes[index].method);
}

static const char *header(struct call *c, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(c->req), name);
}

static const struct route *find_route(struct call *c)
{
	ssize_t index = router_index(c);
	char allow[32] = "";

	if (index >= 0)
		return &routes[index];
	for (size_t i = 0; i < COUNT_OF(routes); i++)
		if (strcmp(routes[i].path, c->path) == 0) {
			strcat(allow, allow[0] ? ", " : "");
			strcat(allow, method_name(routes[i].method));
		}
	if (allow[0]) {
		evhttp_add_header(evhttp_request_get_output_headers(c->req), "Allow", allow);
		(void)call_fail(c, 405, "wrong-method", "%s is called with %s", c->path, allow);
	} else
		(void)call_fail(c, 404, "unknown-call", "There is no call \"%.200s\"", c->path);
	return NULL;
}

static int read_body(struct call *c)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(c->req);
	size_t size = evbuffer_get_length(in);
	const char *why = NULL;

	if (json_read_object(size ? (const char *)evbuffer_pullup(in, -1) : "", size, &c->body, &why) < 0)
		return call_fail(c, 400, "invalid-body", "The body cannot be read: %s", why);
	return 0;
}

static void key_digest(struct call *c, char out[DIGEST_SIZE])
{
	struct evbuffer *in = evhttp_request_get_input_buffer(c->req);
	const char *name = call_query(c, "name");
	size_t size = evbuffer_get_length(in);
	AUTO_FREE char *head = xprintf("%s\n%s\n", c->path, name ? name : "");
	size_t n = strlen(head);

	head = xrealloc(head, n + size + 1);
	evbuffer_copyout(in, head + n, size);
	digest_hex(head, n + size, out);
}

/* 1: the first answer to this key was found and is the answer now. */
static int key_find(struct call *c, const char *digest)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT digest, status, body FROM answers"
						 " WHERE user = ? AND key = ?", "it", c->user.id, c->key);

	if (!store_step(q))
		return 0;
	if (strcmp(store_text(q, 0), digest) != 0)
		return call_fail(c, 422, "key-reused",
				 "This Idempotency-Key came with another call or body before");
	c->status = (int)store_int(q, 1);
	c->answer = store_text(q, 2) ? json_tokener_parse(store_text(q, 2)) : NULL;
	return 1;
}

/* Only answers of completed work are remembered. */
static bool is_completed(int status)
{
	return status < 500 && status != 401 && status != 408 && status != 425 && status != 429;
}

static void key_remember(struct call *c, const char *digest)
{
	if (!is_completed(c->status))
		return;
	store_run(c->sandbox->store, "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)", "ittiti", c->user.id,
		  c->key, digest, (int64_t)c->status, c->answer ? json_text(c->answer) : NULL,
		  clock_now(&c->sandbox->clock));
}

/* The work and the memory of its answer are one transaction. */
static void act(struct call *c, const struct route *route)
{
	char digest[DIGEST_SIZE];
	int r = 0;

	c->key = header(c, "Idempotency-Key");
	if (c->key && !uuid_is_valid(c->key)) {
		(void)call_fail(c, 400, "invalid-key", "The Idempotency-Key \"%.60s\" is no UUID", c->key);
		return;
	}
	if (c->key) {
		key_digest(c, digest);
		r = key_find(c, digest);
		if (r != 0)
			return;
	}
	store_begin(c->sandbox->store);
	(void)route->handler(c);
	if (c->key)
		key_remember(c, digest);
	store_commit(c->sandbox->store);
}

void router_dispatch(struct call *c)
{
	const struct route *route = find_route(c);

	if (!route)
		return;
	if (call_query(c, "access_token")) {
		(void)call_fail(c, 400, "token-in-url",
				"A token belongs in the Authorization header, never in a URL");
		return;
	}
	c->token = auth_bearer(c);
	if ((route->flags & NEEDS_TOKEN) && auth_check_token(c) < 0)
		return;
	if (!(route->flags & TAKES_FILE) &&
	    evbuffer_get_length(evhttp_request_get_input_buffer(c->req)) > OBJECT_MAX) {
		(void)call_fail(c, 413, "body-too-large", "The body is larger than %d bytes", OBJECT_MAX);
		return;
	}
	if ((route->flags & TAKES_BODY) && read_body(c) < 0)
		return;
	if (route->flags & ACTS)
		act(c, route);
	else if (route->handler(c) < 0)
		return;
	c->etag = c->etag || (route->flags & ETAG);
}
