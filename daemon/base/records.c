/* The records of the business: what their statuses mean here, and their ends. */
#include "base/records.h"

#include <math.h>

static const struct {
	const char *name;
	int progress;
	bool pending, local;
} statuses[] = {
	{ STATUS_SUBMITTING, 0, true, true },
	{ STATUS_UNKNOWN, 0, true, true },
	{ STATUS_REQUESTED, 5, true, false },
	{ STATUS_AWAITING_PAYMENT, 5, true, false },
	{ STATUS_PROCESSING, 20, true, false },
	{ STATUS_COOKING, 40, true, false },
	{ STATUS_READY, 60, true, false },
	{ STATUS_IN_DELIVERY, 75, true, false },
	{ STATUS_DELIVERED, 100, false, false },
	{ STATUS_FINISHED, 100, false, false },
	{ STATUS_CANCELLED, -1, false, false },
	{ STATUS_REJECTED, -1, false, true },
};

/* The index, or -1 for a status that the service invented. */
static int status_find(const char *status)
{
	for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
		if (streq_ptr(status, statuses[i].name))
			return (int)i;
	return -1;
}

bool status_is_pending(const char *status)
{
	int i = status_find(status);

	return i < 0 || statuses[i].pending;
}

bool status_is_local(const char *status)
{
	int i = status_find(status);

	return i >= 0 && statuses[i].local;
}

int status_progress(const char *status)
{
	int i = status_find(status);

	return i < 0 ? -1 : statuses[i].progress;
}

void category_done(struct category *c)
{
	free(c->name);
	free(c->description);
	free(c->picture_url);
	*c = (struct category){ 0 };
}

void product_done(struct product *p)
{
	free(p->name);
	free(p->description);
	free(p->picture_url);
	strv_free(p->dietary_tags);
	*p = (struct product){ 0 };
}

void payment_done(struct payment *p)
{
	free(p->uid);
	free(p->order);
	free(p->type);
	free(p->status);
	free(p->card);
	free(p->qr_payload);
	free(p->failure_reason);
	*p = (struct payment){ 0 };
}

void notification_done(struct notification *n)
{
	free(n->uid);
	free(n->kind);
	free(n->title);
	free(n->body);
	free(n->order);
	*n = (struct notification){ 0 };
}

void video_done(struct video *v)
{
	free(v->uid);
	free(v->title);
	free(v->description);
	free(v->genre);
	free(v->file);
	free(v->web);
	free(v->picture);
	*v = (struct video){ 0 };
}

void quote_done(struct quote *q)
{
	free(q->unavailable);
	*q = (struct quote){ 0 };
}

void order_item_done(struct order_item *i)
{
	free(i->note);
	*i = (struct order_item){ 0 };
}

struct order *order_new(void)
{
	struct order *o = new0(struct order, 1);

	if (!o)
		return NULL;
	o->destination_latitude = o->destination_longitude = NAN;
	o->courier.latitude = o->courier.longitude = NAN;
	return o;
}

static void order_free_lists(struct order *o)
{
	for (size_t i = 0; i < o->n_lines; i++) {
		free(o->lines[i].name);
		free(o->lines[i].note);
	}
	free(o->lines);
	for (size_t i = 0; i < o->n_timeline; i++)
		free(o->timeline[i].status);
	free(o->timeline);
	for (size_t i = 0; i < o->n_payments; i++)
		payment_done(&o->payments[i]);
	free(o->payments);
}

void order_free(struct order *o)
{
	if (!o)
		return;
	order_free_lists(o);
	free(o->uid);
	free(o->number);
	free(o->status);
	free(o->payment_type);
	free(o->origin);
	free(o->destination);
	free(o->recipient);
	free(o->comment);
	free(o->confirmation_code);
	free(o->rating_comment);
	free(o->courier.name);
	free(o->courier.phone);
	free(o);
}
