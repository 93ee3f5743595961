/*
 * Notifications and what the hub tells customers about their orders: which there are, and their words.
 */
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/hub.h"
#include "tests/sandbox/push.h"

enum { NOTIFICATIONS_DEFAULT = 100, NOTIFICATIONS_MAX = 500, READ_MAX = 1000 };

struct notice {
	const char *kind, *title, *body; /* the body's %s is the order's number */
};

static const struct notice notices[] = {
	[STATUS_PROCESSING] = { "order-status", "We have your order",
				"Order %s was accepted by the kitchen." },
	[STATUS_COOKING] = { "order-status", "Your order is being cooked",
			     "The kitchen has started with order %s." },
	[STATUS_READY] = { "order-status", "Your order is ready",
			   "Order %s is packed and waits for its courier." },
	[STATUS_IN_DELIVERY] = { "courier", "Your order is on its way", "The courier has order %s." },
	[STATUS_DELIVERED] = { "order-status", "Delivered", "Order %s was delivered. Enjoy!" },
	[STATUS_CANCELLED] = { "order-status", "Your order was cancelled", "Order %s was cancelled." },
};

static const struct notice rate_request = { "rate-request", "How was it?",
					    "Tell us what you think of order %s." };

static const struct notice payment_made = { "payment", "Thank you for your payment", "Order %s is paid." };
static const struct notice payment_refused = { "payment", "Your payment was not made",
					       "Order %s is not paid yet. You can try again." };

static const char *const kinds[] = { "order-status", "payment",	  "rate-request",
				     "courier",	     "promotion", "system" };

#define COLUMNS "id, uid, title, body, sent, kind, order_uid, read, seq"

static json_object *notification_to_json(sqlite3_stmt *q)
{
	json_object *o = json_object_new_object();

	json_add_int(o, "id", store_int(q, 0));
	json_add_text(o, "uid", store_text(q, 1));
	json_add_text(o, "titleText", store_text(q, 2));
	json_add_text(o, "bodyText", store_text(q, 3));
	json_add_date(o, "dateSent", store_int(q, 4));
	json_add_text(o, "kind", store_text(q, 5));
	json_add_text(o, "deliveryOrderUid", store_text(q, 6));
	json_add_bool(o, "isRead", store_int(q, 7));
	return o;
}

/* Writes a notification and tells it by push; returns it. */
static json_object *notify(struct sandbox *s, int64_t user, const char *kind, const char *title,
			   const char *body, const char *order_uid)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	char uid[UUID_SIZE];
	json_object *o;

	uuid_make(uid);
	store_run(s->store,
		  "INSERT INTO notifications (uid, user, title, body, sent, kind, order_uid, seq)"
		  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		  "tittitti", uid, user, title, body, clock_now(&s->clock), kind, order_uid,
		  store_next_change(s->store));
	q = store_query(s->store, "SELECT " COLUMNS " FROM notifications WHERE uid = ?", "t", uid);
	(void)store_step(q);
	o = notification_to_json(q);
	hub_send(s, user, "ReceiveNotification", json_object_get(o));
	return o;
}

static void send_notice(struct sandbox *s, const struct order *o, const struct notice *n)
{
	const char *mark = strstr(n->body, "%s");
	AUTO_FREE char *body = NULL;
	char number[24];

	order_number(o, number);
	body = xprintf("%.*s%s%s", (int)(mark - n->body), n->body, number, mark + 2);
	json_object_put(notify(s, o->user, n->kind, n->title, body, o->uid));
}

void push_order_notice(struct sandbox *s, const struct order *o, enum status status)
{
	if ((size_t)status < COUNT_OF(notices) && notices[status].title)
		send_notice(s, o, &notices[status]);
	if (status == STATUS_DELIVERED)
		send_notice(s, o, &rate_request);
}

void push_payment_notice(struct sandbox *s, const struct order *o, bool paid)
{
	send_notice(s, o, paid ? &payment_made : &payment_refused);
}

void push_order_changed(struct sandbox *s, const struct order *o)
{
	hub_send(s, o->user, "OrderChanged", order_to_json(o));
}

void push_courier_moved(struct sandbox *s, const struct order *o)
{
	json_object *m = json_object_new_object();

	json_add_text(m, "deliveryOrderUid", o->uid);
	json_add_degrees(m, "latitude", o->courier_at.latitude);
	json_add_degrees(m, "longitude", o->courier_at.longitude);
	json_add_date(m, "date", o->courier_date);
	json_add_date(m, "dateEndExpected", o->end_expected);
	hub_send(s, o->user, "CourierMoved", m);
}

int notifications_get(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	struct page page;
	int r;

	r = page_begin(c, "notifications", NOTIFICATIONS_DEFAULT, NOTIFICATIONS_MAX, &page);
	if (r < 0)
		return r;
	q = store_query(c->sandbox->store, "SELECT " COLUMNS " FROM notifications WHERE user = ? AND seq > ?"
			" ORDER BY seq LIMIT ?", "iii", c->user.id, page.since, page.limit + 1);
	while (store_step(q) && page_add(&page, notification_to_json(q), store_int(q, 8)))
		;
	return page_end(c, &page);
}

static bool is_anothers(struct call *c, const char *uid)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT 1 FROM notifications WHERE uid = ?"
						 " AND user <> ?", "ti", uid, c->user.id);

	return store_step(q);
}

int notifications_read(struct call *c)
{
	json_object *uids = json_member(c->body, "uids");

	if (!uids || !json_object_is_type(uids, json_type_array) || json_object_array_length(uids) > READ_MAX)
		return call_fail(c, 422, "invalid-uids", "\"uids\" is no array of at most %d", READ_MAX);
	for (size_t i = 0; i < json_object_array_length(uids); i++) {
		json_object *uid = json_object_array_get_idx(uids, i);

		if (!json_object_is_type(uid, json_type_string))
			return call_fail(c, 422, "invalid-uids", "\"uids\" has a member that is no text");
		if (is_anothers(c, json_object_get_string(uid)))
			return call_fail(c, 403, "wrong-owner", "A notification is another user's");
	}
	for (size_t i = 0; i < json_object_array_length(uids); i++)
		store_run(c->sandbox->store,
			  "UPDATE notifications SET read = 1, seq = ? WHERE uid = ? AND user = ?"
			  " AND read = 0",
			  "iti", store_next_change(c->sandbox->store),
			  json_object_get_string(json_object_array_get_idx(uids, i)), c->user.id);
	c->status = 204;
	return 0;
}

/* {login, kind, titleText, bodyText, deliveryOrderUid?}: sends any notification, such as a promotion. */
int control_notify(struct call *c)
{
	const char *login, *kind, *title, *body, *order_uid;
	AUTO_QUERY sqlite3_stmt *q = NULL;
	bool known = false;
	int r;

	r = call_text(c, "login", 1, 200, &login);
	if (r < 0)
		return r;
	r = call_text(c, "kind", 1, 40, &kind);
	if (r < 0)
		return r;
	r = call_text(c, "titleText", 1, 200, &title);
	if (r < 0)
		return r;
	r = call_text(c, "bodyText", 0, 2000, &body);
	if (r < 0)
		return r;
	r = call_optional_text(c, "deliveryOrderUid", 100, &order_uid);
	if (r < 0)
		return r;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		known = known || strcmp(kinds[i], kind) == 0;
	if (!known)
		return call_fail(c, 422, "invalid-kind", "There is no kind of notification \"%s\"", kind);
	q = store_query(c->sandbox->store, "SELECT id FROM users WHERE login = ?", "t", login);
	if (!store_step(q))
		return call_fail(c, 404, "not-found", "There is no user \"%s\"", login);
	c->answer = notify(c->sandbox, store_int(q, 0), kind, title, body, order_uid);
	return 0;
}
