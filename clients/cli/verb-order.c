/* order: quote, show, ask, place. The order's uid is chosen here, so that a lost answer can be looked up. */
#include <inttypes.h>

#include "base/money.h"
#include "base/timeutil.h"
#include "base/uuid.h"
#include "clients/cli/account.h"
#include "clients/cli/cart.h"
#include "clients/cli/order-flow.h"
#include "clients/cli/order-view.h"
#include "clients/cli/pay.h"
#include "clients/cli/prompt.h"
#include "clients/cli/settings.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"
#include "clients/common/status.h"

#define WAIT_DEFAULT (15 * USEC_PER_SEC)

struct wish {
	char *address, *city, *phone;
	struct defaults defaults;
	const char *payment, *comment, *recipient, *max_total_text; /* argv's */
	uint64_t deliver_at;
	int64_t max_total;
	bool has_max_total, over_limit, yes;
};

static void wish_done(struct wish *w)
{
	free(w->address);
	free(w->city);
	free(w->phone);
	defaults_done(&w->defaults);
}

struct quote {
	int64_t products, delivery, additional, tax, total;
	char *currency;
	uint64_t *unavailable;
	size_t n_unavailable;
};

static void quote_done(struct quote *q)
{
	free(q->currency);
	free(q->unavailable);
}

/* What the last order was sent to, as a default for the question. The service keeps it as one line. */
static void last_destination(struct cli *cli, char **ret_address, char **ret_city)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *uid = NULL;
	_cleanup_order_ struct order o;
	const char *comma;

	order_init(&o);
	if (order_lookup(cli->client, "last", &e, &uid) < 0 || order_get(cli->client, uid, &e, &o) < 0 ||
	    !o.destination)
		return;
	comma = strrchr(o.destination, ',');
	if (comma) {
		*ret_address = xprintf("%.*s", (int)(comma - o.destination), o.destination);
		*ret_city = xstrdup(comma + 1 + strspn(comma + 1, " "));
	} else
		*ret_address = xstrdup(o.destination);
}

static int read_phone(struct cli *cli, const char *given, char **ret)
{
	_cleanup_account_ struct account a = {};
	int r;

	if (given) {
		*ret = xstrdup(given);
		return 0;
	}
	r = account_get(cli, &a);
	if (r < 0)
		return r;
	if (!isempty(a.phone)) {
		*ret = xstrdup(a.phone);
		return 0;
	}
	return prompt_text(cli, "Phone", NULL, "--phone", ret);
}

/* Given, or asked with a default, or in a script the default itself. */
static int read_part(struct cli *cli, const char *given, const char *set, const char *last,
		     const char *question, const char *option, char **ret)
{
	const char *offered = !isempty(set) ? set : last;

	if (given || (!prompt_possible(cli) && !isempty(set))) {
		*ret = xstrdup(given ? given : set);
		return 0;
	}
	return prompt_text(cli, question, offered, option, ret);
}

static int read_place(struct cli *cli, const struct args *args, struct wish *w)
{
	const char *address = args_option(args, "address"), *city = args_option(args, "city");
	_cleanup_free_ char *last_address = NULL, *last_city = NULL;
	int r;

	if ((!address || !city) && prompt_possible(cli))
		last_destination(cli, &last_address, &last_city);
	r = read_part(cli, address, w->defaults.address, last_address, "Address (street and number)",
		      "--address", &w->address);
	if (r >= 0)
		r = read_part(cli, city, w->defaults.city, last_city, "City", "--city", &w->city);
	return r < 0 ? r : read_phone(cli, args_option(args, "phone"), &w->phone);
}

static int read_time(struct cli *cli, const char *text, uint64_t *ret)
{
	switch (when_parse_time(text, now_realtime(), ret)) {
	case 0:
		return 0;
	case -ERANGE:
		return cli_usage(cli, "--at '%s' has passed; say 'tomorrow %s' or give the date", text, text);
	case -ENOENT:
		return cli_usage(cli, "--at '%s' does not exist: the clocks go forward over it", text);
	default:
		return cli_usage(
			cli, "--at cannot be '%s'; it is 19:30, 'tomorrow 12:00' or 2026-03-14T12:00", text);
	}
}

/* What was written on the command line is judged before anything is asked. */
static int read_options(struct cli *cli, const struct args *args, struct wish *w)
{
	const char *at = args_option(args, "at"), *pay = args_option(args, "pay");

	defaults_get(cli, &w->defaults);
	w->payment = pay ? pay : !isempty(w->defaults.payment) ? w->defaults.payment : "cash";
	w->comment = args_option(args, "comment");
	w->recipient = args_option(args, "recipient");
	w->max_total_text = args_option(args, "max-total");
	w->over_limit = args_option(args, "over-limit");
	/* The "yes" of another verb is to another question. */
	w->yes = streq(args->verb->name, "order") && args_option(args, "yes");
	return at ? read_time(cli, at, &w->deliver_at) : 0;
}

static int append_string(sd_bus_message *m, const char *key, const char *value)
{
	return isempty(value) ? 0 : sd_bus_message_append(m, "{sv}", key, "s", value);
}

static int append_wish(sd_bus_message *m, const struct wish *w)
{
	int r;

	r = append_string(m, "address", w->address);
	if (r >= 0)
		r = append_string(m, "city", w->city);
	if (r >= 0)
		r = append_string(m, "phone", w->phone);
	if (r >= 0)
		r = append_string(m, "payment", w->payment);
	if (r >= 0)
		r = append_string(m, "comment", w->comment);
	if (r >= 0)
		r = append_string(m, "recipient", w->recipient);
	if (r >= 0 && w->deliver_at)
		r = sd_bus_message_append(m, "{sv}", "deliver-at", "t", w->deliver_at);
	if (r >= 0 && w->has_max_total)
		r = sd_bus_message_append(m, "{sv}", "max-total", "x", w->max_total);
	if (r >= 0 && w->over_limit)
		r = sd_bus_message_append(m, "{sv}", "over-limit", "b", 1);
	return r;
}

static int read_ids(sd_bus_message *m, void *field)
{
	struct quote *q = field;
	const void *ids;
	size_t size;
	int r;

	r = sd_bus_message_read_array(m, 't', &ids, &size);
	if (r < 0 || size == 0)
		return r;
	q->unavailable = xcheck(malloc(size));
	memcpy(q->unavailable, ids, size);
	q->n_unavailable = size / sizeof(uint64_t);
	return 0;
}

static int quote_get(struct cli *cli, const struct wish *w, struct quote *q)
{
	static const struct dict_field fields[] = {
		{ "products-price", 'x', offsetof(struct quote, products) },
		{ "delivery-price", 'x', offsetof(struct quote, delivery) },
		{ "additional-price", 'x', offsetof(struct quote, additional) },
		{ "tax-price", 'x', offsetof(struct quote, tax) },
		{ "total-price", 'x', offsetof(struct quote, total) },
		{ "currency", 's', offsetof(struct quote, currency) },
		{ "unavailable", 0, 0, "at", read_ids },
	};
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	int r;

	r = client_new_call(cli->client, CC_IFACE_ORDERS, "Quote", &m);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_wish(m, w);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return cli_fail_errno(cli, r, "Orders.Quote");
	r = cli_send(cli, CLIENT_READS, m, &reply);
	if (r < 0)
		return r;
	r = dict_read(reply, fields, ELEMENTSOF(fields), q);
	if (r >= 0 && !q->currency)
		r = -EBADMSG;
	return r < 0 ? cli_bad_reply(cli, r, "Orders.Quote") : 0;
}

static int refuse_unavailable(struct cli *cli, const struct quote *q)
{
	_cleanup_free_ char *list = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (size_t i = 0; i < q->n_unavailable; i++)
		fprintf(f, "%s%" PRIu64, i ? ", " : "", q->unavailable[i]);
	list = textbuf_take(&b);
	return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("ProductUnavailable"),
			"Not available now: product %s; nothing was ordered, customerclient cart remove ID "
			"takes it out",
			list);
}

static int check_max_total(struct cli *cli, struct wish *w, const struct quote *q)
{
	char total[MONEY_HUMAN_SIZE];

	if (!w->max_total_text)
		return 0;
	if (money_parse(w->max_total_text, q->currency, &w->max_total) < 0 || w->max_total < 0)
		return cli_usage(cli, "--max-total cannot be '%s'; it is an amount of %s such as 25 or 25.50",
				 w->max_total_text, q->currency);
	w->has_max_total = true;
	if (q->total > w->max_total)
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("OverLimit"),
				"The total is %s, over --max-total=%s; nothing was ordered",
				money_format_human(total, q->total, q->currency), w->max_total_text);
	return 0;
}

/* With --json stdout is for the one document. */
static void show_quote(struct cli *cli, const struct cart *cart, const struct wish *w, const struct quote *q)
{
	FILE *f = cli->json ? stderr : stdout;
	_cleanup_free_ char *place = xprintf("%s, %s", w->address, w->city);
	char at[WHEN_SIZE] = "as soon as possible";

	if (w->deliver_at)
		when_format_near(at, w->deliver_at, now_realtime());
	cart_print(cli, cart, f, false);
	fputc('\n', f);
	order_view_money(cli, f, "Products", q->products, q->currency, true);
	order_view_money(cli, f, "Delivery", q->delivery, q->currency, true);
	order_view_money(cli, f, "Additional", q->additional, q->currency, false);
	order_view_money(cli, f, "Tax", q->tax, q->currency, false);
	order_view_money(cli, f, "Total", q->total, q->currency, true);
	fputc('\n', f);
	cli_fprint_field(cli, f, "To", place);
	cli_fprint_field(cli, f, "Recipient", w->recipient);
	cli_fprint_field(cli, f, "Phone", w->phone);
	cli_fprint_field(cli, f, "Pay by", w->payment);
	cli_fprint_field(cli, f, "Comment", w->comment);
	cli_fprint_field(cli, f, "When", at);
	fflush(f);
}

/* The daemon is to answer before the call's own time is over. */
static uint64_t place_wait(const struct cli *cli)
{
	uint64_t limit = cli->client->timeout_usec;

	return limit > WAIT_DEFAULT + 5 * USEC_PER_SEC ? WAIT_DEFAULT : limit / 4 * 3;
}

static int outcome_unknown(struct cli *cli, const char *uid, const char *name)
{
	return cli_fail(
		cli, CC_EXIT_OUTCOME_UNKNOWN, name,
		"It is not known whether order %s was made; do not order again, customerclient show %s tells "
		"(exit 3: it was never made)",
		uid, uid);
}

static int place_failed(struct cli *cli, const char *uid, const sd_bus_error *e)
{
	if (streq(strempty(e->name), CC_ERROR("Interrupted")))
		return cli_fail(cli, CC_EXIT_INTERRUPTED, CC_ERROR("Interrupted"),
				"Interrupted; the order may have been made: customerclient show %s tells",
				uid);
	if (client_exit_status(e->name, CLIENT_ACTS) == CC_EXIT_OUTCOME_UNKNOWN)
		return outcome_unknown(cli, uid, e->name);
	return cli_fail_error(cli, e, CLIENT_ACTS);
}

static int place(struct cli *cli, const struct wish *w, const struct quote *q, const char *uid)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = client_new_call(cli->client, CC_IFACE_ORDERS, "Place", &m);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_wish(m, w);
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}{sv}{sv}", "uid", "s", uid, "expected-total", "x", q->total,
					  "wait-usec", "t", place_wait(cli));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return cli_fail_errno(cli, r, "Orders.Place");
	r = client_send(cli->client, m, &e, NULL);
	return r < 0 ? place_failed(cli, uid, &e) : 0;
}

static void print_held(const struct order *o)
{
	uint64_t now = now_realtime(), left = o->hold_until > now ? o->hold_until - now : 0;
	char at[WHEN_SIZE];

	if (left < 100 * USEC_PER_SEC)
		printf("It is sent in %" PRIu64 " s", (left + USEC_PER_SEC - 1) / USEC_PER_SEC);
	else
		printf("It is sent at %s", when_format_near(at, o->hold_until, now));
	printf("; until then customerclient cancel %s is certain.\n", order_name(o));
}

static void print_placed(struct cli *cli, const struct order *o, bool held)
{
	char money[MONEY_HUMAN_SIZE] = "", at[WHEN_SIZE];
	_cleanup_free_ char *due = pay_due_text(o, now_realtime());
	const char *expected = due ? "" : when_format_near(at, order_expected(o), now_realtime());

	if (order_has_total(o))
		money_format_human(money, o->total_price, o->currency);
	printf("\n%sOrder %s%s  %s%s%s%s%s\n", cli->style->on[STYLE_BOLD], order_name(o), cli->style->off,
	       status_label(o->status), *money ? ", " : "", money, *expected ? ", expected " : "", expected);
	if (held)
		print_held(o);
	if (held && pay_is_ahead(o))
		printf("Next, once it is sent: customerclient pay %s\n", order_name(o));
	else
		printf("Next: customerclient %s %s\n", due ? "pay" : "track", order_name(o));
}

/* An order that is to be paid now, by a person who is there to do it. */
static bool pays_at_once(const struct cli *cli, const struct order *o)
{
	return !cli->json && prompt_possible(cli) && isatty(STDOUT_FILENO) &&
	       pay_is_due(o) && pay_is_ahead(o);
}

/* What became of it. `submitting` is no failure when it is held on purpose. */
static int tell_placed(struct cli *cli, const char *uid)
{
	_cleanup_order_ struct order o;
	bool open, held;
	int r;

	order_init(&o);
	r = cli_get_order(cli, uid, &o);
	if (r < 0)
		return r;
	held = o.hold_until > now_realtime();
	open = !held && (streq(o.status, "submitting") || streq(o.status, "unknown"));
	if (cli->json) {
		r = cli_print_order_json(cli, uid);
		return r < 0 ? r : open ? CC_EXIT_OUTCOME_UNKNOWN : CC_EXIT_OK;
	}
	if (!open) {
		print_placed(cli, &o, held);
		if (pays_at_once(cli, &o))
			return pay_flow(cli, &(struct pay_request){ .uid = uid });
		return CC_EXIT_OK;
	}
	printf("\nOrder %s\n", uid);
	(void)outcome_unknown(cli, uid, CC_ERROR("OutcomeUnknown"));
	return CC_EXIT_OUTCOME_UNKNOWN;
}

int order_flow(struct cli *cli, const struct args *args)
{
	_cleanup_(wish_done) struct wish w = {};
	_cleanup_(quote_done) struct quote q = {};
	_cleanup_cart_ struct cart cart = {};
	char uid[UUID_SIZE];
	int r;

	r = read_options(cli, args, &w);
	if (r >= 0)
		r = cart_get(cli, &cart);
	if (r >= 0 && cart.n == 0)
		r = cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("EmptyCart"),
			     "The cart is empty; customerclient cart add ITEM puts something in");
	if (r >= 0)
		r = read_place(cli, args, &w);
	if (r >= 0)
		r = quote_get(cli, &w, &q);
	if (r >= 0 && q.n_unavailable > 0)
		r = refuse_unavailable(cli, &q);
	if (r >= 0)
		r = check_max_total(cli, &w, &q);
	if (r < 0)
		return r;
	show_quote(cli, &cart, &w, &q);
	r = w.yes ? 1 : prompt_confirm(cli, "\nPlace this order?");
	if (r < 0)
		return r;
	uuid_new(uid);
	r = place(cli, &w, &q, uid);
	return r < 0 ? r : tell_placed(cli, uid);
}

int verb_order(struct cli *cli, const struct args *args)
{
	return order_flow(cli, args);
}
