/* What an order's payments say, for whoever shows it. */
#include "clients/cli/pay.h"

#include "clients/cli/when.h"
#include "clients/common/status.h"

const struct order_payment *pay_newest(const struct order *o, const char *type)
{
	const struct order_payment *newest = NULL;

	for (size_t i = 0; i < o->payments.n; i++) {
		const struct order_payment *p = &o->payments.items[i];

		if ((!type || streq(strempty(p->type), type)) && (!newest || p->date >= newest->date))
			newest = p;
	}
	return newest;
}

bool payment_status_paid(const char *status)
{
	return streq(status, "processed") || streq(status, "confirmed") || streq(status, "finished");
}

bool payment_status_over(const char *status)
{
	return streq(status, "cancelled") || streq(status, "failed") || streq(status, "rejected") ||
	       streq(status, "not-accepted");
}

bool pay_is_due(const struct order *o)
{
	return status_from_string(strempty(o->status)) == STATUS_AWAITING_PAYMENT;
}

char *pay_due_until(const struct order *o, uint64_t now)
{
	const struct order_payment *p = pay_newest(o, NULL);
	char at[WHEN_SIZE];

	if (!p || p->valid_until == 0)
		return xstrdup("");
	return xprintf(" until %s", when_format_near(at, p->valid_until, now));
}

char *pay_due_text(const struct order *o, uint64_t now)
{
	_cleanup_free_ char *until = pay_due_until(o, now);

	if (!pay_is_due(o))
		return NULL;
	return xprintf("to pay%s: customerclient pay %s", until, order_name(o));
}

bool pay_is_ahead(const struct order *o)
{
	return streq(strempty(o->payment_type), "card") || streq(strempty(o->payment_type), "qr");
}

char *pay_note_text(const struct order *o, const char *name, uint64_t now)
{
	_cleanup_free_ char *until = pay_due_until(o, now);
	char at[WHEN_SIZE];

	if (pay_is_due(o))
		return xprintf("is to be paid%s: customerclient pay %s", until, name);
	if (o->hold_until <= now || !status_is_pending(o->status))
		return NULL;
	when_format_near(at, o->hold_until, now);
	if (pay_is_ahead(o))
		return xprintf("is sent at %s, then to be paid: customerclient pay %s", at, name);
	return xprintf("is sent at %s; to take it back: customerclient cancel %s", at, name);
}
