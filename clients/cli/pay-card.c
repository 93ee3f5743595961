/* A card from a person's hands to the daemon's: asked field by field, or JSON from a file or pipe. It is
 * held in locked memory and handed on by descriptor; what is right about a card is judged by the daemon. */
#include <sys/prctl.h>

#include "base/money.h"
#include "clients/cli/pay.h"
#include "clients/cli/prompt.h"
#include "clients/common/secretfd.h"

#define DIGITS_SHOWN 4

static int append_field(struct secret *to, const char *name, const struct secret *value)
{
	int r;

	r = secret_append_string(to, name);
	if (r >= 0)
		r = secret_append_string(to, "\"");
	if (r >= 0)
		r = secret_append_json(to, secret_string(value), secret_length(value));
	return r < 0 ? r : secret_append_string(to, "\"");
}

static int ask_visible(struct cli *cli, const char *question, struct secret **ret)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = prompt_text(cli, question, NULL, "--card-file", &text);
	if (r < 0)
		return r;
	*ret = xcheck(secret_new(text, strlen(text)));
	return 0;
}

static int ask_card(struct cli *cli, struct secret **ret)
{
	_cleanup_secret_ struct secret *number = NULL, *holder = NULL, *expiry = NULL, *cvc = NULL;
	_cleanup_secret_ struct secret *card = xcheck(secret_new_empty(SECRET_MAX));
	int r;

	r = prompt_hidden(cli, "Card number (not shown)", "--card-file", &number);
	if (r >= 0)
		r = ask_visible(cli, "Name on the card", &holder);
	if (r >= 0)
		r = ask_visible(cli, "Good through (MM/YY)", &expiry);
	if (r >= 0)
		r = prompt_hidden(cli, "CVC (not shown)", "--card-file", &cvc);
	if (r < 0)
		return r;
	r = append_field(card, "{\"number\":", number);
	if (r >= 0)
		r = append_field(card, ",\"holder\":", holder);
	if (r >= 0)
		r = append_field(card, ",\"expiry\":", expiry);
	if (r >= 0)
		r = append_field(card, ",\"cvc\":", cvc);
	if (r >= 0)
		r = secret_append_string(card, "}");
	if (r < 0)
		return cli_usage(cli, "What was said is too long for a card; nothing was charged");
	*ret = TAKE_PTR(card);
	return 0;
}

int card_read(struct cli *cli, const char *file, struct secret **ret)
{
	int r;

	/* No core dump and no other process of this user reads what is in memory from here on. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	r = prompt_secret_from(cli, file, "card", ret);
	if (r < 0)
		return r;
	if (!*ret)
		return ask_card(cli, ret);
	if (secret_length(*ret) == 0)
		return cli_usage(cli, "The card is missing; give it with --card-file=F or a pipe");
	return 0;
}

static const char *brand_of(const char *first, size_t n)
{
	if (n >= 1 && first[0] == '4')
		return "Visa";
	if (n >= 2 && ((first[0] == '5' && first[1] >= '1' && first[1] <= '5') ||
		       (first[0] == '2' && first[1] >= '2' && first[1] <= '7')))
		return "Mastercard";
	if (n >= 2 && first[0] == '3' && (first[1] == '4' || first[1] == '7'))
		return "American Express";
	return "a card";
}

/* Only for the eye, so it is lenient: the daemon reads what counts. */
char *card_describe(const struct secret *card)
{
	const char *p = strstr(secret_string(card), "\"number\"");
	char first[2] = "", last[DIGITS_SHOWN + 1] = "";
	size_t n = 0;

	if (p)
		p = strchr(p + strlen("\"number\""), ':');
	if (p)
		p = strchr(p, '"');
	for (p = p ? p + 1 : ""; *p && *p != '"'; p++) {
		if (*p < '0' || *p > '9')
			continue;
		if (n < sizeof(first))
			first[n] = *p;
		memmove(last, last + 1, DIGITS_SHOWN - 1);
		last[DIGITS_SHOWN - 1] = *p;
		n++;
	}
	wipe_registers();
	/* A number that short is no card's: nothing of it is shown. */
	if (n < 3 * DIGITS_SHOWN)
		return xstrdup("this card");
	return xprintf("%s ending %s", brand_of(first, n), last);
}

static int agree(struct cli *cli, const struct order *o, const char *card, bool yes)
{
	const struct order_payment *p = pay_newest(o, "card");
	_cleanup_free_ char *question = NULL;
	char money[MONEY_HUMAN_SIZE] = "";

	if (o->currency)
		money_format_human(money, p && p->currency ? p->amount : o->total_price, o->currency);
	if (yes || !prompt_possible(cli)) {
		cli_note("Paying %s with %s", money, card);
		return 1;
	}
	question = xprintf("Pay %s with %s?", money, card);
	return prompt_confirm(cli, question);
}

/* Sent, and its answer; 1 = the bank has not decided yet. */
static int send_card(struct cli *cli, const char *uid, const struct secret *card)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_close_ int fd = -1;
	const char *status;
	int r;

	r = secret_to_fd(card, &fd);
	if (r < 0)
		return cli_fail_errno(cli, r, "The card could not be handed on; nothing was charged");
	r = client_call(cli->client, CC_IFACE_PAYMENTS, "PayByCard", &e, &reply, "sh", uid, fd);
	if (r < 0)
		return pay_refused(cli, uid, &e);
	r = sd_bus_message_read(reply, "s", &status);
	if (r < 0)
		return cli_bad_reply(cli, r, "Payments.PayByCard");
	return payment_status_paid(status) ? 0 : 1;
}

int pay_by_card(struct cli *cli, const struct order *o, const struct pay_request *p)
{
	_cleanup_secret_ struct secret *card = NULL;
	_cleanup_free_ char *shown = NULL;
	_cleanup_order_ struct order after;
	int r;

	order_init(&after);
	r = card_read(cli, p->card_file, &card);
	if (r < 0)
		return r;
	shown = card_describe(card);
	r = agree(cli, o, shown, p->yes);
	if (r >= 0)
		r = send_card(cli, o->uid, card);
	if (r < 0)
		return r;
	if (r > 0)
		return pay_watch(cli, o->uid, "card", false);
	r = cli_get_order(cli, o->uid, &after);
	return r < 0 ? r : pay_paid(cli, &after, "card");
}
