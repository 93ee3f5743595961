/*
 * Notifications to customers about their orders: which there are, and their words.
 */
#include "tests/sandbox/push.h"

struct notice {
	const char *kind, *title, *body; /* the body's %s is the order's number */
};

static const struct notice notices[] = {
	[STATUS_PROCESSING] = { "order-status", "We have your order", "Order %s was accepted by the kitchen." },
	[STATUS_COOKING] = { "order-status", "Your order is being cooked", "The kitchen has started with order %s." },
	[STATUS_READY] = { "order-status", "Your order is ready", "Order %s is packed and waits for its courier." },
	[STATUS_IN_DELIVERY] = { "order-status", "Your order is on its way", "The courier has order %s." },
	[STATUS_DELIVERED] = { "order-status", "Delivered", "Order %s was delivered. Enjoy!" },
	[STATUS_CANCELLED] = { "order-status", "Your order was cancelled", "Order %s was cancelled." },
};

static const struct notice rate_request = { "rate-request", "How was it?", "Tell us what you think of order %s." };

static void send_notice(struct sandbox *s, const struct order *o, const struct notice *n)
{
	AUTO_FREE char *body = NULL;
	char number[24], uid[UUID_SIZE];
	const char *mark = strstr(n->body, "%s");

	order_number(o, number);
	body = xprintf("%.*s%s%s", (int)(mark - n->body), n->body, number, mark + 2);
	uuid_make(uid);
	store_run(s->store, "INSERT INTO notifications (uid, user, title, body, sent, kind, order_uid, seq)"
		  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", "tittitti", uid, o->user, n->title, body,
		  clock_now(&s->clock), n->kind, o->uid, store_next_change(s->store));
}

void push_order_notice(struct sandbox *s, const struct order *o, enum status status)
{
	if ((size_t)status < COUNT_OF(notices) && notices[status].title)
		send_notice(s, o, &notices[status]);
	if (status == STATUS_DELIVERED)
		send_notice(s, o, &rate_request);
}
