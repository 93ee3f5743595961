/* pay: which way, and what came of it. Cards and QR codes are in files of their own, as is the waiting. */
#include "base/money.h"
#include "clients/cli/pay.h"
#include "clients/cli/verbs.h"
#include "clients/common/status.h"

static const char *kind_label(const char *type)
{
	return streq(type, "qr") ? "QR code" : streq(type, "pos") ? "card at the door" : type;
}

static void print_amount(char money[static MONEY_HUMAN_SIZE], const struct order *o)
{
	*money = '\0';
	if (o->currency)
		money_format_human(money, o->total_price, o->currency);
}

int pay_paid(struct cli *cli, const struct order *o, const char *type)
{
	const struct order_payment *p = pay_newest(o, type);
	char money[MONEY_HUMAN_SIZE];

	if (cli->json)
		return cli_print_order_json(cli, o->uid);
	print_amount(money, o);
	printf("Paid: order %s, %s, by %s%s%s.\nNext: customerclient track %s\n", order_name(o), money,
	       kind_label(type), p && !isempty(p->card) ? " " : "", p ? strempty(p->card) : "",
	       order_name(o));
	return CC_EXIT_OK;
}

/* Under the line of the failure: what there is to do now, to the letter. */
static void print_ways_on(const char *name)
{
	cli_note("Another card:   customerclient pay %s --card", name);
	cli_note("By QR code:     customerclient pay %s --qr", name);
	cli_note("At the door:    customerclient pay %s --cash", name);
	cli_note("Or give it up:  customerclient cancel %s", name);
}

int pay_refused(struct cli *cli, const char *uid, const sd_bus_error *e)
{
	_cleanup_error_ sd_bus_error ignored = SD_BUS_ERROR_NULL;
	_cleanup_order_ struct order o;
	const char *name = uid;

	order_init(&o);
	if (streq(strempty(e->name), CC_ERROR("Interrupted")))
		return cli_fail(cli, CC_EXIT_INTERRUPTED, e->name,
				"Interrupted; the payment may have been made: customerclient show %s tells",
				uid);
	(void)cli_fail_error(cli, e, CLIENT_ACTS);
	if (order_get(cli->client, uid, &ignored, &o) >= 0)
		name = order_name(&o);
	if (cli->exit_status == CC_EXIT_OUTCOME_UNKNOWN)
		cli_note("Do not pay again before this tells what became of it: customerclient show %s",
			 name);
	else if (cli->exit_status == CC_EXIT_DECLINED)
		print_ways_on(name);
	return -1;
}

/* Starts the payment, so that what cannot be paid is refused before anything is asked. The order is read
 * again. */
static int start(struct cli *cli, struct order *o, const char *type)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *uid = xstrdup(o->uid);
	int r;

	r = client_call(cli->client, CC_IFACE_PAYMENTS, "Start", &e, NULL, "ss", uid, type);
	if (r < 0)
		return pay_refused(cli, uid, &e);
	order_done(o);
	return cli_get_order(cli, uid, o);
}

/* Paid to the courier: there is nothing to do now but to have it ready. */
static int pay_at_door(struct cli *cli, struct order *o, const char *type)
{
	char money[MONEY_HUMAN_SIZE];
	int r;

	if (!streq(strempty(o->payment_type), type) || !status_is_pending(o->status) ||
	    status_from_string(o->status) == STATUS_AWAITING_PAYMENT) {
		r = start(cli, o, type);
		if (r < 0)
			return r;
	}
	if (cli->json)
		return cli_print_order_json(cli, o->uid);
	print_amount(money, o);
	printf(streq(type, "cash") ? "Order %s is paid in cash when it comes: have %s ready.\n" :
				     "Order %s is paid by card when it comes: have the card ready, for %s.\n",
	       order_name(o), money);
	printf("Next: customerclient track %s\n", order_name(o));
	return CC_EXIT_OK;
}

int pay_flow(struct cli *cli, const struct pay_request *p)
{
	_cleanup_order_ struct order o;
	const char *type;
	int r;

	order_init(&o);
	if (!cli->call_timeout)
		cli->client->timeout_usec = PAY_CALL_TIMEOUT;
	r = cli_get_order(cli, p->uid, &o);
	if (r < 0)
		return r;
	type = p->type ? p->type : strempty(o.payment_type);
	if (streq(type, "qr"))
		return pay_by_qr(cli, p->uid);
	if (streq(type, "card")) {
		r = start(cli, &o, "card");
		return r < 0 ? r : pay_by_card(cli, &o, p);
	}
	if (streq(type, "cash") || streq(type, "pos")) {
		_cleanup_free_ char *kind = xstrdup(type);

		return pay_at_door(cli, &o, kind);
	}
	return cli_usage(cli, "Say how order %s is to be paid: --card, --qr, --cash or --pos",
			 order_name(&o));
}

/* One of the four, or none. */
static int read_type(struct cli *cli, const struct args *args, const char **ret)
{
	static const char *const types[] = { "card", "qr", "cash", "pos" };

	*ret = args_option(args, "card-file") ? "card" : NULL;
	for (size_t i = 0; i < ELEMENTSOF(types); i++) {
		if (!args_option(args, types[i]))
			continue;
		if (*ret && !streq(*ret, types[i]))
			return cli_usage(cli, "--%s and --%s%s cannot both be", *ret, types[i],
					 args_option(args, "card-file") ? " (with --card-file)" : "");
		*ret = types[i];
	}
	return 0;
}

int verb_pay(struct cli *cli, const struct args *args)
{
	struct pay_request p = {
		.card_file = args_option(args, "card-file"),
		.yes = args_option(args, "yes"),
	};
	_cleanup_free_ char *uid = NULL;
	int r;

	r = read_type(cli, args, &p.type);
	if (r >= 0)
		r = cli_lookup_order(cli, args->words[0], &uid);
	if (r < 0)
		return r;
	p.uid = uid;
	return pay_flow(cli, &p);
}
