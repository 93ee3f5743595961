/* Waiting for a payment that is decided elsewhere: by the bank, or by a phone that reads a QR code. */
#include "base/timeutil.h"
#include "clients/cli/pay.h"
#include "clients/cli/watch.h"
#include "clients/common/status.h"

#define ASK_EVERY (5 * USEC_PER_SEC)
#define BANK_LIMIT (60 * USEC_PER_SEC)

enum { PAID = 1, OVER, STILL_OPEN };

struct pay_wait {
	struct watch watch;
	const char *type;
	bool ask;
	uint64_t started, asked;
	sd_bus_slot *confirm;
};

static int on_change(struct watch *w, void *userdata)
{
	struct pay_wait *p = userdata;
	const struct order_payment *any = pay_newest(&w->order, NULL), *own = pay_newest(&w->order, p->type);

	if (!w->known || w->gone_since)
		return 0;
	if (any && payment_status_paid(strempty(any->status)))
		return PAID;
	if (own && payment_status_over(strempty(own->status)))
		return OVER;
	return status_is_pending(w->order.status) || status_is_delivered(w->order.status) ? 0 : OVER;
}

/* What the service says reaches the order, and from there this by signal. */
static int on_confirmed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct pay_wait *p = userdata;

	(void)m;
	(void)ret_error;
	p->confirm = sd_bus_slot_unref(p->confirm);
	return 0;
}

static int ask_service(struct pay_wait *p)
{
	int r;

	p->asked = now_monotonic();
	r = sd_bus_call_method_async(p->watch.cli->client->bus, &p->confirm, CC_BUS_NAME, CC_PATH,
				     CC_IFACE_PAYMENTS, "Confirm", on_confirmed, p, "s", p->watch.uid);
	return r < 0 ? cli_fail_errno(p->watch.cli, r, "The session bus cannot be used any more") : 0;
}

static int on_second(struct watch *w, void *userdata)
{
	struct pay_wait *p = userdata;
	uint64_t now = now_monotonic();

	if (!isatty(STDOUT_FILENO) && w->gone_since && now_realtime() - w->gone_since > WATCH_GIVE_UP)
		return cli_fail(w->cli, CC_EXIT_NO_DAEMON, SD_BUS_ERROR_SERVICE_UNKNOWN,
				"The daemon has been gone for a minute; see journalctl --user -u "
				CC_UNIT_DAEMON);
	if (!p->ask && now > p->started + BANK_LIMIT)
		return STILL_OPEN;
	if (p->ask && !p->confirm && !w->gone_since && now > p->asked + ASK_EVERY)
		return ask_service(p);
	return 0;
}

static void pay_wait_done(struct pay_wait *p)
{
	p->confirm = sd_bus_slot_unref(p->confirm);
	watch_done(&p->watch);
}

char *pay_reason(const struct order_payment *p, const char *verdict)
{
	char *words = xstrdup(p->failure_reason && !streq(p->failure_reason, verdict) ? p->failure_reason : "");

	if (!strchr(words, ' '))
		for (char *c = words; *c; c++)
			if (*c == '-')
				*c = ' ';
	return words;
}

static char *what_became(const struct order_payment *p)
{
	const char *status = p ? strempty(p->status) : "", *reason = p ? strempty(p->failure_reason) : "";
	const char *verdict = streq(status, "failed") ? "not carried out" : "declined";
	_cleanup_free_ char *words = p ? pay_reason(p, verdict) : xstrdup("");

	if (streq(reason, "expired"))
		return xstrdup("not made in time");
	if (streq(status, "cancelled"))
		return xstrdup(status);
	return xprintf("%s%s%s%s", verdict, *words ? " (" : "", words, *words ? ")" : "");
}

static int tell_over(struct cli *cli, const struct order *o, const char *type)
{
	_cleanup_free_ char *became = what_became(pay_newest(o, type));

	if (!status_is_pending(o->status))
		return cli_fail(cli, CC_EXIT_DECLINED, CC_ERROR("PaymentDeclined"),
				"The payment was %s; nothing was charged, and the order is %s", became,
				o->status);
	return cli_fail(cli, CC_EXIT_DECLINED, CC_ERROR("PaymentDeclined"),
			"The payment was %s; nothing was charged, customerclient pay %s starts anew", became,
			order_name(o));
}

static int tell_interrupted(struct cli *cli, const char *uid, const char *type)
{
	bool qr = streq(type, "qr");

	return cli_fail(cli, CC_EXIT_INTERRUPTED, CC_ERROR("Interrupted"),
			"Interrupted; the payment is still open, customerclient %s %s%s",
			qr ? "pay" : "show", uid, qr ? " --qr shows it again" : " tells what became of it");
}

int pay_watch(struct cli *cli, const char *uid, const char *type, bool ask)
{
	_cleanup_(pay_wait_done) struct pay_wait p = { .type = type, .ask = ask };
	int r;

	p.started = p.asked = now_monotonic();
	r = watch_init(&p.watch, cli, uid);
	if (r < 0)
		return r;
	p.watch.on_change = on_change;
	p.watch.on_second = on_second;
	p.watch.userdata = &p;
	r = watch_run(&p.watch);
	if (r == -EINTR || r > 0)
		fputs(isatty(STDERR_FILENO) && ask ? "\n" : "", stderr);
	if (r == -EINTR)
		return tell_interrupted(cli, uid, type);
	if (r == PAID) {
		const struct order_payment *paid = pay_newest(&p.watch.order, NULL);

		return pay_paid(cli, &p.watch.order, strempty(paid->type));
	}
	if (r == OVER)
		return tell_over(cli, &p.watch.order, type);
	if (r == STILL_OPEN)
		return cli_fail(cli, CC_EXIT_OUTCOME_UNKNOWN, CC_ERROR("OutcomeUnknown"),
				"The bank has not decided yet; do not pay again: "
				"customerclient show %s tells what became of it", order_name(&p.watch.order));
	return r;
}
