/* Making an order: from the caller's options and the cart to a row of the outbox, and from the row to the body of
 * the request. What the row keeps is JSON: {"request": the options as they were given, "order": what follows from
 * them}. A repeated call is compared with the first part, the body comes from the second. */
#include <ctype.h>
#include <time.h>

#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"

#define DEFAULT_WAIT (15 * USEC_PER_SEC)

void place_options_done(struct place_options *o)
{
	free(o->address);
	free(o->city);
	free(o->phone);
	free(o->payment);
	free(o->comment);
	free(o->recipient);
	free(o->uid);
	for (size_t i = 0; i < o->n_items; i++)
		order_item_done(&o->items[i]);
	free(o->items);
}

/* ---- answers that are known at once ---- */

struct answer {
	struct open_call call;
	struct failure failure;
	struct quote quote;
	char *uid, *status;
	order_place_cb place_done;
	order_quote_cb quote_done;
	void *userdata;
	struct core *core;
};

static void answer_free(void *p)
{
	struct answer *a = p;

	if (!a)
		return;
	open_call_end(&a->call);
	failure_done(&a->failure);
	quote_done(&a->quote);
	free(a->uid);
	free(a->status);
	free(a);
}
DEFINE_CLEANUP(struct answer *, answer_free);

static void answer_give(struct core *c, void *data)
{
	_cleanup_(answer_freep) struct answer *a = data;
	const struct failure *f = a->failure.error == CC_E_NONE ? NULL : &a->failure;

	(void)c;
	if (a->quote_done)
		a->quote_done(f, &a->quote, a->userdata);
	else
		a->place_done(f, strempty(a->uid), strempty(a->status), a->userdata);
}

/* ---- options to JSON ---- */

static int add_items(json_object *o, const char *name, const struct order_item *items, size_t n)
{
	_cleanup_json_ json_object *list = json_object_new_array();
	int r;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_new_object();

		if (!item || json_object_array_add(list, item) < 0) {
			json_object_put(item);
			return -ENOMEM;
		}
		r = json_add_u64(item, "product", items[i].product);
		if (r >= 0)
			r = json_add_u64(item, "quantity", items[i].quantity);
		if (r >= 0)
			r = json_add_string(item, "note", items[i].note);
		if (r < 0)
			return r;
	}
	return json_add(o, name, TAKE_PTR(list));
}

static int request_json(const struct place_options *o, json_object **ret)
{
	_cleanup_json_ json_object *j = json_object_new_object();
	int r;

	if (!j)
		return -ENOMEM;
	r = json_add_string(j, "address", o->address);
	if (r >= 0)
		r = json_add_string(j, "city", o->city);
	if (r >= 0)
		r = json_add_string(j, "phone", o->phone);
	if (r >= 0)
		r = json_add_string(j, "payment", o->payment);
	if (r >= 0)
		r = json_add_string(j, "comment", o->comment);
	if (r >= 0)
		r = json_add_string(j, "recipient", o->recipient);
	if (r >= 0 && o->deliver_at > 0)
		r = json_add_u64(j, "deliverAt", o->deliver_at);
	if (r >= 0 && o->has_items)
		r = add_items(j, "items", o->items, o->n_items);
	if (r >= 0 && o->has_max_total)
		r = json_add_u64(j, "maxTotal", (uint64_t)o->max_total);
	if (r >= 0 && o->has_expected_total)
		r = json_add_u64(j, "expectedTotal", (uint64_t)o->expected_total);
	if (r >= 0 && o->over_limit)
		r = json_add_bool(j, "overLimit", true);
	if (r >= 0)
		*ret = TAKE_PTR(j);
	return r;
}

struct basket {
	struct core *core;
	json_object *lines;
	size_t n;
	int64_t total; /* of the catalog's prices, fees aside */
	char currency[CURRENCY_SIZE];
	struct failure *failure;
};

static int basket_line(const struct order_item *item, void *userdata)
{
	struct basket *b = userdata;
	struct product p = { 0 };
	json_object *line;
	int64_t price;
	int r;

	if (item->quantity == 0 || item->quantity > CART_MAX_QUANTITY)
		return failure_set(b->failure, CC_E_INVALID_ARGS, "The quantity %u of product %llu is not 1 to %d",
				   item->quantity, (unsigned long long)item->product, CART_MAX_QUANTITY);
	if (b->n >= CART_MAX_LINES)
		return failure_set(b->failure, CC_E_INVALID_ARGS, "More than %d lines in one order", CART_MAX_LINES);
	r = catalog_get_product(b->core->catalog, item->product, &p);
	if (r == -ENOENT)
		return failure_set(b->failure, CC_E_PRODUCT_UNAVAILABLE, "The product %llu is not sold; nothing was ordered",
				   (unsigned long long)item->product);
	if (r < 0)
		return failure_from_store(b->failure, r, "The catalog could not be read");
	line = json_object_new_object();
	if (!line || json_object_array_add(b->lines, line) < 0) {
		json_object_put(line);
		r = -ENOMEM;
	}
	if (r >= 0 && (__builtin_mul_overflow(p.price, (int64_t)item->quantity, &price) ||
		       __builtin_add_overflow(b->total, price, &b->total)))
		r = -ERANGE;
	if (r >= 0)
		r = json_add_u64(line, "product", item->product);
	if (r >= 0)
		r = json_add_u64(line, "quantity", item->quantity);
	if (r >= 0 && !isempty(item->note))
		r = json_add_string(line, "note", item->note);
	if (r >= 0)
		r = json_add_string(line, "name", p.name);
	if (r >= 0)
		r = json_add_u64(line, "price", (uint64_t)p.price);
	memcpy(b->currency, p.currency, CURRENCY_SIZE);
	product_done(&p);
	b->n++;
	return r < 0 ? failure_from_store(b->failure, r, "The order could not be made up") : 0;
}

static int fill_basket(struct core *c, const struct place_options *o, struct basket *b, struct failure *f)
{
	int r = 0;

	b->core = c;
	b->failure = f;
	b->lines = json_object_new_array();
	if (!b->lines)
		return failure_from_store(f, -ENOMEM, "The order could not be made up");
	if (o->has_items) {
		for (size_t i = 0; r >= 0 && i < o->n_items; i++)
			r = basket_line(&o->items[i], b);
	} else {
		r = state_cart_each(c->state, c->world, c->session.row.user, basket_line, b);
	}
	if (r < 0 && f->error == CC_E_NONE)
		r = failure_from_store(f, r, "The cart could not be read");
	if (r >= 0 && b->n == 0)
		r = failure_set(f, CC_E_EMPTY_CART, o->has_items ? "The list of items is empty" :
				"The cart is empty; put something in first");
	return r;
}

/* What the order is to be, from options, cart, catalog and session. */
static int order_json(struct core *c, const struct place_options *o, json_object **ret, struct failure *f)
{
	_cleanup_json_ json_object *j = json_object_new_object();
	struct basket b = { 0 };
	int r;

	r = fill_basket(c, o, &b, f);
	if (r < 0) {
		json_object_put(b.lines);
		return r;
	}
	r = j ? json_add(j, "lines", b.lines) : -ENOMEM;
	if (r >= 0)
		r = json_add_string(j, "currency", b.currency);
	if (r >= 0)
		r = json_add_u64(j, "goods", (uint64_t)b.total);
	if (r >= 0)
		r = json_add_string(j, "userUid", c->session.row.user);
	if (r >= 0)
		r = json_add_string(j, "login", c->session.row.login);
	if (r >= 0)
		r = json_add_string(j, "phone", isempty(o->phone) ? c->session.row.phone : o->phone);
	if (r >= 0)
		r = json_add_string(j, "city", o->city);
	if (r >= 0)
		r = json_add_string(j, "address", o->address);
	if (r >= 0)
		r = json_add_string(j, "comment", o->comment);
	if (r >= 0)
		r = json_add_string(j, "recipient", o->recipient);
	if (r >= 0)
		r = json_add_string(j, "payment", isempty(o->payment) ? "cash" : o->payment);
	if (r >= 0 && o->deliver_at > 0)
		r = json_add_u64(j, "deliverAt", o->deliver_at);
	if (r >= 0 && o->has_max_total)
		r = json_add_u64(j, "maxTotal", (uint64_t)o->max_total);
	if (r >= 0 && o->over_limit)
		r = json_add_bool(j, "overLimit", true);
	if (r >= 0 && o->has_expected_total)
		r = json_add_u64(j, "amount", (uint64_t)o->expected_total);
	if (r < 0)
		return failure_from_store(f, r, "The order could not be made up");
	*ret = TAKE_PTR(j);
	return 0;
}

/* ---- JSON to the request ---- */

void placing_done(struct placing *p)
{
	json_object_put(p->json);
	free(p->items); /* the notes are borrowed */
	memset(p, 0, sizeof(*p));
}

static int parse_lines(json_object *lines, struct placing *p)
{
	size_t n = json_object_array_length(lines);

	p->items = new0(struct order_item, n + 1);
	if (!p->items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		json_object *line = json_object_array_get_idx(lines, i);
		const char *note = NULL;

		if (json_get_u64(line, "product", &p->items[i].product) <= 0 ||
		    json_get_u32(line, "quantity", &p->items[i].quantity) <= 0 ||
		    json_get_string(line, "note", &note) < 0)
			return -EBADMSG;
		p->items[i].note = (char *)note;
	}
	p->request.items = p->items;
	p->request.n_items = n;
	return 0;
}

static int parse_order(json_object *order, struct placing *p)
{
	struct order_request *q = &p->request;
	json_object *lines = json_get_array(order, "lines");
	const char *currency = NULL;
	int r;

	if (!lines || json_get_string(order, "currency", &currency) <= 0 || strlen(currency) != 3)
		return -EBADMSG;
	memcpy(q->currency, currency, CURRENCY_SIZE);
	if (json_get_string(order, "userUid", &q->user_uid) < 0 || json_get_string(order, "login", &q->login) < 0 ||
	    json_get_string(order, "phone", &q->phone) < 0 || json_get_string(order, "city", &q->city) < 0 ||
	    json_get_string(order, "address", &q->address) < 0 || json_get_string(order, "comment", &q->comment) < 0 ||
	    json_get_string(order, "recipient", &q->recipient) < 0 ||
	    json_get_string(order, "payment", &q->payment_type) < 0 ||
	    json_get_u64(order, "deliverAt", &q->deliver_at) < 0)
		return -EBADMSG;
	r = json_get_i64(order, "amount", &q->amount);
	if (r < 0)
		return r;
	q->has_amount = r > 0;
	r = json_get_u64(order, "holdUntil", &p->hold_until);
	if (r < 0)
		return r;
	r = json_get_bool(order, "overLimit", &p->over_limit);
	if (r < 0)
		return r;
	r = json_get_i64(order, "maxTotal", &p->max_total);
	if (r < 0)
		return r;
	p->has_max = r > 0;
	return parse_lines(lines, p);
}

static int placing_from_json(const char *text, struct placing *ret)
{
	struct placing p = { 0 };
	json_object *order;
	int r;

	r = json_parse(text, strlen(text), JSON_MAX_DEPTH, &p.json);
	if (r < 0)
		return r;
	order = json_get_object(p.json, "order");
	r = order ? parse_order(order, &p) : -EBADMSG;
	if (r < 0) {
		placing_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

int placing_parse(const struct outbox_row *row, struct placing *ret)
{
	int r;

	if (!row->options)
		return -EBADMSG;
	r = placing_from_json(row->options, ret);
	if (r < 0)
		return r;
	ret->request.uid = row->subject;
	ret->request.valid_until = row->deadline;
	return 0;
}

int placing_set_amount(struct outbox_row *row, int64_t amount)
{
	_cleanup_json_ json_object *j = NULL;
	json_object *order;
	char *text;
	int r;

	r = json_parse(row->options, strlen(row->options), JSON_MAX_DEPTH, &j);
	if (r < 0)
		return r;
	order = json_get_object(j, "order");
	if (!order)
		return -EBADMSG;
	r = json_add_u64(order, "amount", (uint64_t)amount);
	if (r < 0)
		return r;
	text = strdup(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	if (!text)
		return -ENOMEM;
	free(row->options);
	row->options = text;
	return 0;
}

int place_put_back(struct core *c, const struct outbox_row *row)
{
	struct placing p = { 0 };
	int r;

	r = placing_parse(row, &p);
	for (size_t i = 0; r >= 0 && i < p.request.n_items; i++) {
		const struct order_item *item = &p.items[i];
		uint32_t quantity = 0;

		r = state_cart_get(c->state, c->world, row->user, item->product, &quantity);
		quantity += item->quantity;
		if (r >= 0)
			r = state_cart_set(c->state, c->world, row->user, item->product,
					   quantity > CART_MAX_QUANTITY ? CART_MAX_QUANTITY : quantity);
		if (r >= 0 && !isempty(item->note))
			r = state_cart_note(c->state, c->world, row->user, item->product, item->note);
	}
	placing_done(&p);
	return r;
}

/* ---- a row as an order ---- */

static int lines_from_row(const struct placing *p, struct order *o)
{
	json_object *lines = json_get_array(json_get_object(p->json, "order"), "lines");

	o->lines = new0(struct order_line, p->request.n_items + 1);
	if (!o->lines)
		return -ENOMEM;
	for (size_t i = 0; i < p->request.n_items; i++) {
		json_object *line = json_object_array_get_idx(lines, i);
		struct order_line *l = &o->lines[o->n_lines++];

		l->product = p->items[i].product;
		l->quantity = p->items[i].quantity;
		if (json_get_strdup(line, "name", &l->name) < 0 || json_get_i64(line, "price", &l->unit_price) < 0 ||
		    free_and_strdup(&l->note, p->items[i].note) < 0)
			return -ENOMEM;
	}
	return 0;
}

static char *destination(const struct order_request *q)
{
	if (isempty(q->city))
		return strdup(strempty(q->address));
	return strprintf("%s, %s", strempty(q->address), q->city);
}

struct order_view *order_view_from_row(struct core *c, const struct outbox_row *row)
{
	_cleanup_(order_freep) struct order *o = order_new();
	struct order_view *v;
	struct placing p = { 0 };
	int64_t goods = 0;
	uint64_t hold;
	bool open = streq(row->state, ROW_SUBMITTING) || streq(row->state, ROW_UNKNOWN);
	int r;

	(void)c;
	if (!o || placing_parse(row, &p) < 0)
		return NULL;
	o->uid = strdup(row->subject);
	o->number = strdup("");
	o->status = strdup(row->state);
	o->payment_type = strdup(strempty(p.request.payment_type));
	o->destination = destination(&p.request);
	memcpy(o->currency, p.request.currency, CURRENCY_SIZE);
	(void)json_get_i64(json_get_object(p.json, "order"), "goods", &goods);
	o->products_price = goods;
	o->total_price = p.request.has_amount ? p.request.amount : 0;
	o->created = o->changed = row->created;
	o->deliver_at = p.request.deliver_at;
	o->cancellable = open;
	hold = open && !row->attempted && p.hold_until > now_realtime() ? p.hold_until : 0;
	r = free_and_strdup(&o->comment, p.request.comment);
	if (r >= 0)
		r = free_and_strdup(&o->recipient, p.request.recipient);
	if (r >= 0)
		r = lines_from_row(&p, o);
	placing_done(&p);
	v = r >= 0 && o->uid && o->number && o->status && o->payment_type && o->destination ?
		new0(struct order_view, 1) : NULL;
	if (!v)
		return NULL;
	v->order = TAKE_PTR(o);
	v->local = true;
	v->hold_until = hold;
	v->cancellable = open;
	v->payment_status = "";
	v->amount_due = open ? v->order->total_price : 0;
	if (streq(row->state, ROW_REJECTED))
		v->failure_reason = strdup(strempty(row->error_message));
	return v;
}

/* ---- Quote ---- */

static void quote_answered(const struct api_reply *reply, void *userdata)
{
	struct answer *a = userdata;

	if (reply->outcome != API_OK)
		failure_from_reply(&a->failure, reply);
	else if (customer_decode_quote(reply->body, &a->quote) < 0)
		failure_set(&a->failure, CC_E_PROTOCOL, "The service's quote made no sense");
	answer_give(a->core, a);
}

static int check_payment(const char *payment, struct failure *f)
{
	if (isempty(payment) || customer_payment_type_from_bus(payment))
		return 0;
	return failure_set(f, CC_E_INVALID_ARGS, "The payment '%s' is not one of cash, pos, qr, card", payment);
}

static int quote_body(struct core *c, const struct place_options *o, char **ret, struct failure *f)
{
	_cleanup_json_ json_object *order = NULL, *box = json_object_new_object();
	struct placing p = { 0 };
	int r;

	r = check_payment(o->payment, f);
	if (r >= 0)
		r = order_json(c, o, &order, f);
	if (r < 0)
		return r;
	r = box ? json_add(box, "order", TAKE_PTR(order)) : -ENOMEM;
	if (r >= 0)
		r = placing_from_json(json_object_to_json_string_ext(box, JSON_C_TO_STRING_PLAIN), &p);
	if (r >= 0)
		r = customer_order_encode(&p.request, ret);
	placing_done(&p);
	return r < 0 ? failure_from_store(f, r, "The quote could not be made up") : 0;
}

void order_quote(struct core *c, const struct place_options *o, order_quote_cb done, void *userdata)
{
	struct answer *a = new0(struct answer, 1);
	_cleanup_free_ char *body = NULL;
	int r;

	if (!a)
		return;
	open_call_begin(c, &a->call, answer_free);
	a->core = c;
	a->quote_done = done;
	a->userdata = userdata;
	r = session_require(c, /* reading= */ false, &a->failure);
	if (r >= 0)
		r = quote_body(c, o, &body, &a->failure);
	if (r >= 0) {
		r = customer_quote(c->api, body, CALL_BUDGET, quote_answered, a, NULL);
		if (r < 0)
			failure_set(&a->failure, CC_E_BACKEND, "The quote could not be asked for: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, answer_give, a, answer_free);
}

/* ---- Place ---- */

/* 1 when the uid was used before: the answer is then filled. */
static int place_repeated(struct core *c, const struct place_options *o, json_object *request, struct answer *a)
{
	struct outbox_row row = { 0 };
	_cleanup_json_ json_object *kept = NULL;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure ignored = { 0 };
	int r;

	r = state_outbox_get(c->state, c->world, ROW_PLACE, o->uid, &row);
	if (r < 0 && r != -ENOENT)
		return failure_from_store(&a->failure, r, "The outbox could not be read");
	if (r >= 0) {
		if (json_parse(row.options, strlen(row.options), JSON_MAX_DEPTH, &kept) < 0 ||
		    !json_object_equal(json_get_object(kept, "request"), request) ||
		    !streq(row.user, c->session.row.user))
			r = failure_set(&a->failure, CC_E_CONFLICT,
					"The uid '%s' was used for another order; choose a new one", o->uid);
		else if (streq(row.state, ROW_REJECTED))
			r = failure_set(&a->failure, failure_from_name(row.error_name), "%s",
					strempty(row.error_message));
		else
			r = 1;
		outbox_row_done(&row);
		if (r < 0)
			return r;
	}
	/* Also an order whose row has been forgotten, or that another desktop made. */
	a->uid = strdup(o->uid);
	if (order_get(c, o->uid, &v, &ignored) >= 0)
		a->status = strdup(v->order->status);
	else if (r > 0)
		a->status = strdup(STATUS_REQUESTED);
	return a->status ? 1 : 0;
}

static int check_place(struct core *c, const struct place_options *o, struct failure *f)
{
	if (o->uid && !uuid_is_valid(o->uid))
		return failure_set(f, CC_E_INVALID_ARGS, "The uid '%s' is not a UUID", o->uid);
	if (o->has_expected_total && o->expected_total < 0)
		return failure_set(f, CC_E_INVALID_ARGS, "The expected-total is negative");
	if (o->has_max_total && o->max_total < 0)
		return failure_set(f, CC_E_INVALID_ARGS, "The max-total is negative");
	(void)c;
	return check_payment(o->payment, f);
}

static int check_order(struct core *c, const struct place_options *o, struct failure *f)
{
	if (isempty(o->address))
		return failure_set(f, CC_E_INVALID_ARGS, "The option 'address' is missing");
	if (isempty(o->phone) && isempty(c->session.row.phone))
		return failure_set(f, CC_E_INVALID_ARGS, "The option 'phone' is missing");
	if (o->deliver_at > 0 && o->deliver_at <= core_service_now(c))
		return failure_set(f, CC_E_INVALID_ARGS, "The option 'deliver-at' is in the past");
	if (o->has_max_total && o->has_expected_total && o->expected_total > o->max_total)
		return failure_set(f, CC_E_OVER_LIMIT, "The total is over max-total; nothing was ordered");
	return 0;
}

/* What was placed and not cancelled in this calendar month, local time. */
static int add_spent(const struct order_row *r, void *userdata)
{
	int64_t *sum = userdata;

	if (!streq(r->status, STATUS_CANCELLED) && !streq(r->status, STATUS_REJECTED) &&
	    __builtin_add_overflow(*sum, r->total, sum))
		*sum = INT64_MAX;
	return 0;
}

int place_check_month(struct core *c, int64_t total, const char *currency, const char *own_uid, struct failure *f)
{
	time_t now = (time_t)(core_service_now(c) / USEC_PER_SEC);
	struct order_filter month = { 0 };
	char spent_text[MONEY_HUMAN_SIZE], limit_text[MONEY_HUMAN_SIZE];
	int64_t limit, spent = 0, own = 0;
	const struct order_view *v;
	struct tm tm;
	int r;

	if (!c->config->monthly_limit)
		return 0;
	r = money_parse(c->config->monthly_limit, currency, &limit);
	if (r < 0)
		return failure_set(f, CC_E_OVER_LIMIT, "MonthlyLimit=%s is no amount of %s; nothing was ordered",
				   c->config->monthly_limit, currency);
	if (!localtime_r(&now, &tm))
		return failure_set(f, CC_E_STORAGE, "The month could not be told");
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	month.since = (uint64_t)mktime(&tm) * USEC_PER_SEC;
	r = userdb_order_each(c->user, &month, UINT32_MAX, "", add_spent, &spent, NULL);
	if (r < 0)
		return failure_from_store(f, r, "The month's orders could not be read");
	v = own_uid ? order_pending_find(c, own_uid) : NULL;
	if (v)
		own = v->order->total_price;
	if (__builtin_add_overflow(spent - own, total, &spent) || spent > limit)
		return failure_set(f, CC_E_OVER_LIMIT, "With this order the month comes to %s, over the limit of %s; nothing "
				   "was ordered", money_format_human(spent_text, spent, currency),
				   money_format_human(limit_text, limit, currency));
	return 0;
}

static int place_row(struct core *c, const struct place_options *o, json_object *request, struct outbox_row *row,
		     struct failure *f)
{
	_cleanup_json_ json_object *order = NULL, *box = json_object_new_object();
	const char *currency = NULL;
	char uid[UUID_SIZE];
	int r;

	r = order_json(c, o, &order, f);
	if (r >= 0)
		r = check_order(c, o, f);
	if (r >= 0 && o->has_expected_total && !o->over_limit &&
	    json_get_string(order, "currency", &currency) > 0)
		r = place_check_month(c, o->expected_total, currency, NULL, f);
	if (r < 0)
		return r;
	uuid_new(uid);
	r = c->config->hold > 0 ? json_add_u64(order, "holdUntil", now_realtime() + c->config->hold) : 0;
	if (r >= 0)
		r = box ? json_add(box, "request", json_object_get(request)) : -ENOMEM;
	if (r >= 0)
		r = json_add(box, "order", TAKE_PTR(order));
	row->world = strdup(c->world);
	row->user = strdup(c->session.row.user);
	row->kind = strdup(ROW_PLACE);
	row->subject = strdup(o->uid ? o->uid : uid);
	row->key = strdup(o->uid ? o->uid : uid);
	row->state = strdup(ROW_SUBMITTING);
	row->options = r >= 0 ? strdup(json_object_to_json_string_ext(box, JSON_C_TO_STRING_PLAIN)) : NULL;
	if (r < 0 || !row->world || !row->user || !row->kind || !row->subject || !row->key || !row->state ||
	    !row->options)
		return failure_from_store(f, -ENOMEM, "The order could not be made up");
	row->from_cart = !o->has_items;
	row->created = now_realtime();
	/* A scheduled order is worth making until the time it was ordered for; a held one's time begins with its hold's
	 * end. */
	row->deadline = o->deliver_at > 0 ? o->deliver_at : core_service_now(c) + c->config->hold + c->config->deadline;
	return 0;
}

static int place(struct core *c, const struct place_options *o, struct answer *a)
{
	_cleanup_json_ json_object *request = NULL;
	struct outbox_row row = { 0 };
	struct outbox_job *job = NULL;
	int r;

	r = session_require(c, /* reading= */ false, &a->failure);
	if (r >= 0)
		r = check_place(c, o, &a->failure);
	if (r < 0)
		return r;
	r = request_json(o, &request);
	if (r < 0)
		return failure_from_store(&a->failure, r, "The order could not be made up");
	if (o->uid) {
		r = place_repeated(c, o, request, a);
		if (r != 0)
			return r;
	}
	r = place_row(c, o, request, &row, &a->failure);
	if (r >= 0) {
		r = outbox_add(c, &row, &job);
		if (r < 0)
			failure_from_store(&a->failure, r, "The order could not be stored; nothing was ordered");
	}
	if (r >= 0) {
		job->own_clock = !c->clock_known && o->deliver_at == 0;
		(void)orders_apply_local(c, &job->row, /* silent= */ false);
		if (job->row.from_cart)
			cart_changed(c);
		(void)free_and_strdup(&a->uid, job->row.subject);
		a->status = strdup(STATUS_SUBMITTING);
		/* A held order is not even tried before its time. */
		r = (o->has_wait && o->wait == 0) || c->config->hold > 0 ? 1 :
			outbox_wait(c, job, o->has_wait ? o->wait : DEFAULT_WAIT, a->place_done, NULL, a->userdata);
	}
	outbox_row_done(&row);
	return r;
}

void order_place(struct core *c, const struct place_options *o, order_place_cb done, void *userdata)
{
	struct answer *a = new0(struct answer, 1);
	struct place_options lower = *o; /* borrows all, but for the uid */
	char uid[UUID_SIZE];
	int r;

	if (!a)
		return;
	open_call_begin(c, &a->call, answer_free);
	a->core = c;
	a->place_done = done;
	a->userdata = userdata;
	/* RFC 9562 section 4: UUIDs are lower-case when written, any case when read. The service writes it back. */
	if (o->uid && uuid_is_valid(o->uid)) {
		for (size_t i = 0; i < UUID_SIZE; i++)
			uid[i] = (char)tolower((unsigned char)o->uid[i]);
		lower.uid = uid;
	}
	r = place(c, &lower, a);
	if (r == 0) /* somebody waits for the outbox now */
		answer_free(a);
	else
		(void)core_defer(c, answer_give, a, answer_free);
	outbox_run(c);
}
