/*
 * The rows of a receipt. How they look is in report.c.
 */
#include "tests/sandbox/receipt.h"

static struct row *add(struct receipt *r, enum row_kind kind, char *left, char *right)
{
	for (char *p = left; p && *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' '; /* a row is one line */
	r->rows = xrealloc(r->rows, (r->n + 1) * sizeof(*r->rows));
	r->rows[r->n] = (struct row){ .kind = kind, .left = left, .right = right };
	return &r->rows[r->n++];
}

static char *amount(int64_t cents)
{
	return xprintf("%lld.%02lld", (long long)cents / 100, (long long)cents % 100);
}

static char *moment(int64_t usec)
{
	char text[DATE_TEXT_SIZE];

	date_format(usec, text);
	return xprintf("%.10s %.5s UTC", text, text + 11);
}

static void add_fact(struct receipt *r, const char *name, const char *value)
{
	if (value && *value)
		add(r, ROW_TEXT, xprintf("%s: %s", name, value), NULL);
}

static void add_head(struct receipt *r, const struct order *o)
{
	AUTO_FREE char *created = moment(o->created), *ended = o->end_actual ? moment(o->end_actual) : NULL,
		       *destination = xprintf("%s, %s", o->address, o->city);
	char number[24];

	order_number(o, number);
	add(r, ROW_TITLE, xprintf("Receipt for order %s", number), NULL);
	add_fact(r, "Ordered", created);
	add_fact(r, "Status", status_name(o->status));
	add_fact(r, "Delivered", ended);
	add_fact(r, "From", o->origin);
	add_fact(r, "To", destination);
	add_fact(r, "Recipient", o->recipient);
	add_fact(r, "Comment", o->comment);
	add(r, ROW_GAP, NULL, NULL);
}

static void add_line(struct receipt *r, json_object *item)
{
	const char *name = json_object_get_string(json_member(json_member(item, "product"), "name")), *note;
	int64_t count = json_object_get_int64(json_member(item, "quantity")), price = 0;
	struct row *row;

	(void)money_parse(json_object_get_string(json_member(item, "price")), &price);
	row = add(r, ROW_LINE, xprintf("%lld × %s", (long long)count, name), amount(count * price));
	row->middle = amount(price);
	if (json_string_member(item, "note", &note) == 0 && note && *note)
		add(r, ROW_NOTE, xstrdup(note), NULL);
}

static void add_sums(struct receipt *r, const struct order *o)
{
	add(r, ROW_GAP, NULL, NULL);
	add(r, ROW_SUM, xstrdup("Products"), amount(o->products_price));
	add(r, ROW_SUM, xstrdup("Delivery"), amount(o->delivery_price));
	if (o->additional_price)
		add(r, ROW_SUM, xstrdup("Small order"), amount(o->additional_price));
	add(r, ROW_SUM, xstrdup("Tax"), amount(o->tax_price));
	add(r, ROW_TOTAL, xstrdup("Total " CURRENCY), amount(o->total_price));
	add(r, ROW_GAP, NULL, NULL);
}

static void add_payments(struct receipt *r, const struct order *o)
{
	if (o->payment_type == PAY_CASH || o->payment_type == PAY_POS) {
		add(r, ROW_TEXT, xprintf("Payment: %s, %s", payment_type_name(o->payment_type),
					 payment_method_name(o->payment_type)), NULL);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(o->payments); i++) {
		json_object *p = json_object_array_get_idx(o->payments, i);
		const char *type = "", *status = "", *card = NULL, *date = NULL;

		(void)json_string_member(p, "paymentType", &type);
		(void)json_string_member(p, "status", &status);
		(void)json_string_member(p, "cardNumber", &card);
		(void)json_string_member(p, "date", &date);
		add(r, ROW_TEXT, xprintf("Payment: %s%s%s, %s, %.10s", type, card ? " " : "", card ? card : "", status,
					 date ? date : ""), NULL);
	}
	if (json_object_array_length(o->payments) == 0)
		add(r, ROW_TEXT, xstrdup("Payment: none yet"), NULL);
}

void receipt_make(const struct order *o, struct receipt *ret)
{
	struct receipt r = { 0 };

	add_head(&r, o);
	add(&r, ROW_HEAD, xstrdup("Product"), xstrdup("Amount"))->middle = xstrdup("Price");
	for (size_t i = 0; i < json_object_array_length(o->items); i++)
		add_line(&r, json_object_array_get_idx(o->items, i));
	add_sums(&r, o);
	add_payments(&r, o);
	*ret = r;
}

void receipt_done(struct receipt *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->rows[i].left);
		free(r->rows[i].middle);
		free(r->rows[i].right);
	}
	free(r->rows);
}
