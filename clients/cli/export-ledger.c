/* Orders as plain text accounting, for hledger and its like. Nothing that others wrote can become an account, a date or
 * a tag: such text stands in descriptions and comments only, without what has a meaning there. */
#include <inttypes.h>
#include <time.h>

#include "base/money.h"
#include "clients/cli/export.h"
#include "clients/common/status.h"

#define ACCOUNT_WIDTH 28

struct ledger {
	FILE *f;
	char **currencies;
	char currency[CURRENCY_SIZE]; /* of this order */
	bool overflow;                /* of this order: its sums do not fit */
	int64_t sum;                  /* of its postings so far */
};

/* Text for a description or a comment. */
static char *harmless(const char *text)
{
	char *clean = text_clean(text, false), *to = clean;

	for (const char *from = clean; *from; from++) {
		char c = *from == ';' || *from == '|' ? ',' : *from == '[' ? '(' : *from == ']' ? ')' : *from;

		if (c == ':') /* "date:" in a comment is a date */
			c = '.';
		if (c == ' ' && (to == clean || to[-1] == ' '))
			continue;
		*to++ = c;
	}
	*to = '\0';
	return clean;
}

static bool is_paid(json_object *o)
{
	static const char *const paid[] = { "processed", "confirmed", "finished" };
	json_object *payments = json_get_array(o, "payments");
	const char *type = export_text(o, "payment-type");

	for (size_t i = 0; payments && i < json_object_array_length(payments); i++) {
		const char *status = export_text(json_object_array_get_idx(payments, i), "status");

		for (size_t k = 0; k < ELEMENTSOF(paid); k++)
			if (streq(status, paid[k]))
				return true;
	}
	/* At the door it is paid as it is handed over. */
	return (streq(type, "cash") || streq(type, "pos")) && status_is_delivered(export_text(o, "status"));
}

static void posting(struct ledger *l, const char *account, int64_t amount, const char *comment)
{
	char money[MONEY_HUMAN_SIZE];

	l->overflow = __builtin_add_overflow(l->sum, amount, &l->sum) || l->overflow;
	fprintf(l->f, "    %-*s  %14s%s%s\n", ACCOUNT_WIDTH, account, money_format_human(money, amount, l->currency),
		*comment ? "  ; " : "", comment);
}

static void product_posting(struct ledger *l, json_object *product)
{
	_cleanup_free_ char *name = harmless(export_text(product, "name"));
	_cleanup_free_ char *note = harmless(export_text(product, "note"));
	_cleanup_free_ char *comment = NULL;
	uint32_t quantity = 0;
	int64_t price, amount;

	(void)json_get_u32(product, "quantity", &quantity);
	if (!export_amount(product, "price", &price) ||
	    __builtin_mul_overflow(price, (int64_t)quantity, &amount)) {
		l->overflow = true;
		return;
	}
	comment = xprintf("%" PRIu32 " x %s%s%s%s", quantity, name, *note ? " (" : "", note, *note ? ")" : "");
	posting(l, "Expenses:Food:Products", amount, comment);
}

static void fee_posting(struct ledger *l, json_object *o, const char *name, const char *account)
{
	int64_t amount;

	if (export_amount(o, name, &amount) && amount != 0)
		posting(l, account, amount, "");
}

static const char *paid_from(json_object *o)
{
	return streq(export_text(o, "payment-type"), "cash") ? "Assets:Cash" : "Assets:Bank";
}

static void postings(struct ledger *l, json_object *o, int64_t total)
{
	json_object *products = json_get_array(o, "products");
	int64_t rest;

	l->sum = 0;
	l->overflow = false;
	for (size_t i = 0; products && i < json_object_array_length(products); i++)
		product_posting(l, json_object_array_get_idx(products, i));
	fee_posting(l, o, "delivery-price", "Expenses:Food:Delivery");
	fee_posting(l, o, "additional-price", "Expenses:Food:Additional");
	fee_posting(l, o, "tax-price", "Expenses:Food:Tax");
	/* What was agreed to is the total, whatever its parts come to. */
	if (!__builtin_sub_overflow(total, l->sum, &rest) && rest != 0)
		posting(l, "Expenses:Food:Adjustment", rest, "the total is not the sum of its parts");
	posting(l, paid_from(o), -total, "");
}

static void head(struct ledger *l, json_object *o, const char *mark)
{
	_cleanup_free_ char *number = harmless(export_text(o, "number"));
	_cleanup_free_ char *place = harmless(export_text(o, "destination"));
	time_t created = (time_t)(export_time(o, "created") / USEC_PER_SEC);
	char date[16] = "1970-01-01", clock[8] = "";
	struct tm tm;

	if (localtime_r(&created, &tm)) {
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
		(void)strftime(clock, sizeof(clock), "%H.%M", &tm);
	}
	for (char *p = number; *p; p++)
		if (*p == '(' || *p == ')')
			*p = ' ';
	fprintf(l->f, "\n%s %s %s%s%sDelivery service%s%s\n    ; uid:%s, at %s\n", date, mark, *number ? "(" : "",
		number, *number ? ") " : "", *place ? " | " : "", place, export_text(o, "uid"), clock);
}

/* Orders that were never made or came to nothing move no money; they are said, not counted. */
static void remark(struct ledger *l, json_object *o, const char *why)
{
	_cleanup_free_ char *name = harmless(*export_text(o, "number") ? export_text(o, "number") : export_text(o, "uid"));
	_cleanup_free_ char *words = harmless(why);

	fprintf(l->f, "\n; %s: %s, not counted\n", name, words);
}

static int add_order(json_object *o, void *userdata)
{
	const char *status = export_text(o, "status"), *currency = export_text(o, "currency");
	struct ledger *l = userdata;
	int64_t total;

	if (streq(status, "cancelled") || streq(status, "rejected") || streq(status, "submitting") ||
	    streq(status, "unknown")) {
		remark(l, o, status);
		return 0;
	}
	if (!export_amount(o, "total-price", &total) || strlen(currency) != CURRENCY_SIZE - 1) {
		remark(l, o, "no total");
		return 0;
	}
	strcpy(l->currency, currency);
	if (!strv_contains(l->currencies, currency) && strv_push(&l->currencies, currency) < 0)
		return -ENOMEM;
	head(l, o, is_paid(o) ? "*" : "!");
	postings(l, o, total);
	return l->overflow ? -EOVERFLOW : 0;
}

/* How many digits a currency has, before any amount: "1.234" alone could be read as a thousand. */
static void directives(FILE *f, char *const *currencies)
{
	char money[MONEY_SIZE];

	fputs("; The orders of a delivery service, written by customerclient.\n"
	      "; * is paid, ! is not paid yet; what was cancelled is a comment.\n",
	      f);
	for (; currencies && *currencies; currencies++) {
		int64_t thousand = 1000;

		for (int i = currency_digits(*currencies); i > 0; i--)
			thousand *= 10;
		(void)money_format(money, thousand, *currencies);
		fprintf(f, "\ncommodity %s\n    format %s%s %s\n", *currencies, money, strchr(money, '.') ? "" : ".",
			*currencies);
	}
}

int export_ledger(const struct export_file *e, FILE *f)
{
	struct ledger l = {};
	struct textbuf body;
	char *text;
	int r;

	l.f = textbuf_open(&body);
	r = export_each(e, add_order, &l);
	text = textbuf_take(&body);
	if (r >= 0) {
		directives(f, l.currencies);
		fputs(text, f);
	}
	free(text);
	strv_free(l.currencies);
	return r;
}
