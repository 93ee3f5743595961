/* show: all there is to know about one order. */
#include "base/money.h"
#include "base/timeutil.h"
#include "clients/cli/estimate.h"
#include "clients/cli/order-view.h"
#include "clients/cli/pay.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"

#include <inttypes.h>

static void print_time(struct cli *cli, FILE *f, const char *label, uint64_t usec)
{
	char at[WHEN_SIZE];

	cli_fprint_field(cli, f, label, when_format(at, usec));
}

void order_view_money(struct cli *cli, FILE *f, const char *label, int64_t amount, const char *currency,
		      bool always)
{
	char money[MONEY_HUMAN_SIZE], right[MONEY_HUMAN_SIZE + 12];

	if (amount == 0 && !always)
		return;
	snprintf(right, sizeof(right), "%12s", money_format_human(money, amount, currency));
	cli_fprint_field(cli, f, label, right);
}

static void print_products(struct cli *cli, FILE *f, const struct order *o)
{
	static const struct column columns[] = {
		{ "ID", .right = true }, { "QTY", .right = true }, { "NAME", .flexible = true },
		{ "PRICE", .right = true, .optional = true }, { "NOTE", .flexible = true },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));

	for (size_t i = 0; i < o->products.n; i++) {
		const struct order_product *p = &o->products.items[i];
		char id[24], quantity[16], price[MONEY_HUMAN_SIZE];

		snprintf(id, sizeof(id), "%" PRIu64, p->id);
		snprintf(quantity, sizeof(quantity), "%" PRIu32, p->quantity);
		table_add(t, (const char *[]){ id, quantity, p->name,
					       money_format_human(price, p->price, o->currency), p->note });
	}
	if (o->products.n > 0)
		fputc('\n', f);
	table_print(t, f, cli->style, cli_columns(), cli->legend);
}

static void print_timeline(struct cli *cli, FILE *f, const struct order *o)
{
	static const struct column columns[] = { { "WHEN" }, { "WHAT" } };
	_cleanup_(table_freep) struct table *t = table_new(columns, ELEMENTSOF(columns));
	char at[WHEN_SIZE];

	for (size_t i = 0; i < o->timeline.n; i++)
		table_add(t, (const char *[]){ when_format(at, o->timeline.items[i].date),
					       status_label(o->timeline.items[i].status) });
	if (o->timeline.n > 0)
		fputc('\n', f);
	table_print(t, f, cli->style, cli_columns(), cli->legend);
}

static void print_payments(struct cli *cli, FILE *f, const struct order *o)
{
	for (size_t i = 0; i < o->payments.n; i++) {
		const struct order_payment *p = &o->payments.items[i];
		_cleanup_free_ char *text = NULL, *reason = pay_reason(p, strempty(p->status));
		char money[MONEY_HUMAN_SIZE];
		const char *currency = p->currency ? p->currency : o->currency;

		text = xprintf("%s, %s%s%s%s%s", strempty(p->type), strempty(p->status), currency ? ", " : "",
			       currency ? money_format_human(money, p->amount, currency) : "",
			       *reason ? ": " : "", reason);
		cli_fprint_field(cli, f, "Payment", text);
	}
}

static void print_money(struct cli *cli, FILE *f, const struct order *o)
{
	if (!o->currency)
		return;
	fputc('\n', f);
	order_view_money(cli, f, "Products", o->products_price, o->currency, true);
	if (o->delivery_price != ORDER_PRICE_UNKNOWN)
		order_view_money(cli, f, "Delivery", o->delivery_price, o->currency, true);
	order_view_money(cli, f, "Additional", o->additional_price, o->currency, false);
	order_view_money(cli, f, "Tax", o->tax_price, o->currency, false);
	if (order_has_total(o))
		order_view_money(cli, f, "Total", o->total_price, o->currency, true);
}

static void print_hold(struct cli *cli, FILE *f, const struct order *o)
{
	_cleanup_free_ char *back = xprintf("customerclient cancel %s takes it back", order_name(o));
	_cleanup_free_ char *then = xprintf("to pay: customerclient pay %s", order_name(o));

	if (o->hold_until <= now_realtime() || !status_is_pending(o->status))
		return;
	print_time(cli, f, "Sent at", o->hold_until);
	cli_fprint_field(cli, f, "Till then", back);
	if (pay_is_ahead(o))
		cli_fprint_field(cli, f, "After that", then);
}

static void print_estimate(struct cli *cli, FILE *f, const struct order *o, uint64_t now)
{
	_cleanup_free_ char *range = estimate_range(o, now), *bound = estimate_bound(o, now, /* brief= */ false),
			    *said = estimate_said(o, now);

	cli_fprint_field(cli, f, "Between", range);
	cli_fprint_field(cli, f, "Arrives", bound);
	cli_fprint_field(cli, f, "Estimate", said);
}

static void print_arrival(struct cli *cli, FILE *f, const struct order *o)
{
	if (status_is_delivered(o->status)) {
		print_time(cli, f, "Delivered", o->end_actual);
		if (o->end_expected)
			print_time(cli, f, "Promised", o->end_expected);
		return;
	}
	if (status_is_pending(o->status)) {
		print_time(cli, f, "Expected", estimate_arrival(o));
		print_estimate(cli, f, o, now_realtime());
	}
	print_hold(cli, f, o);
}

static void print_people(struct cli *cli, FILE *f, const struct order *o)
{
	_cleanup_free_ char *courier = xprintf("%s%s%s", strempty(o->courier.name),
					       o->courier.phone ? ", " : "", strempty(o->courier.phone));
	_cleanup_free_ char *rating = NULL;

	cli_fprint_field(cli, f, "To", o->destination);
	cli_fprint_field(cli, f, "Recipient", o->recipient);
	cli_fprint_field(cli, f, "From", o->origin);
	cli_fprint_field(cli, f, "Comment", o->comment);
	cli_fprint_field(cli, f, "Courier", courier);
	cli_fprint_field(cli, f, "Code", o->confirmation_code);
	if (o->rating) {
		rating = xprintf("%" PRIu32 " of 5%s%s", o->rating, isempty(o->rating_comment) ? "" : ": ",
				 strempty(o->rating_comment));
		cli_fprint_field(cli, f, "Rating", rating);
	}
}

/* How old this is: what is offline says so. */
static void print_age(struct cli *cli, FILE *f, const struct order *o)
{
	char span[WHEN_SIZE];
	_cleanup_free_ char *text = xprintf("%s ago", when_format_age(span, o->age));

	if (status_is_pending(o->status) && o->age > 0)
		cli_fprint_field(cli, f, "Confirmed", text);
}

void order_view_print(struct cli *cli, FILE *f, const struct order *o)
{
	_cleanup_free_ char *due = pay_due_text(o, now_realtime());

	cli_fprint_field(cli, f, "Order", order_name(o));
	cli_fprint_field(cli, f, "Uid", o->uid);
	cli_fprint_field(cli, f, "Status", o->status);
	cli_fprint_field(cli, f, "Reason", o->failure_reason);
	print_age(cli, f, o);
	print_time(cli, f, "Created", o->created);
	print_time(cli, f, "Deliver at", o->deliver_at);
	print_arrival(cli, f, o);
	print_people(cli, f, o);
	cli_fprint_field(cli, f, "Pay by", o->payment_type);
	cli_fprint_field(cli, f, "Awaits", due);
	/* When that is, no part of it tells before a payment was started. */
	if (pay_is_due(o) && !pay_newest(o, NULL))
		cli_fprint_field(cli, f, "Until", "known once a payment is started; not paid in time, the service cancels it");
	print_payments(cli, f, o);
	print_products(cli, f, o);
	print_money(cli, f, o);
	print_timeline(cli, f, o);
}

int verb_show(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *uid = NULL;
	_cleanup_order_ struct order o;
	struct page page;
	int r;

	order_init(&o);
	r = cli_lookup_order(cli, args->words[0], &uid);
	if (r < 0)
		return r;
	if (cli->json)
		return cli_print_order_json(cli, uid);
	r = cli_get_order(cli, uid, &o);
	if (r < 0)
		return r;
	order_view_print(cli, page_begin(&page), &o);
	page_end(cli, &page);
	return 0;
}
