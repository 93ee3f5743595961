/* wait: for scripts, until an order is at or past a status. */
#include "base/timeutil.h"
#include "clients/cli/items.h"
#include "clients/cli/verbs.h"
#include "clients/cli/watch.h"
#include "clients/common/status.h"

enum { REACHED = 1, CANNOT, TIME_IS_OVER };

struct wait {
	struct watch watch;
	enum order_status target;
	uint64_t until; /* monotonic; 0: for ever */
};

static int on_change(struct watch *w, void *userdata)
{
	struct wait *wait = userdata;

	if (!w->known || w->gone_since) {
		if (w->gone_since)
			cli_note("The daemon is gone; waiting for it.");
		return 0;
	}
	switch (status_compare(w->order.status, wait->target)) {
	case 1: return REACHED;
	case -1: return CANNOT;
	default: return 0;
	}
}

static int on_second(struct watch *w, void *userdata)
{
	struct wait *wait = userdata;

	if (wait->until && now_monotonic() >= wait->until)
		return TIME_IS_OVER;
	if (w->gone_since && now_realtime() > w->gone_since + WATCH_GIVE_UP)
		return cli_fail(
			w->cli, CC_EXIT_NO_DAEMON, SD_BUS_ERROR_SERVICE_UNKNOWN,
			"The daemon has been gone for a minute; see journalctl --user -u " CC_UNIT_DAEMON);
	return 0;
}

static int print_order(struct cli *cli, const struct wait *w)
{
	const struct order *o = &w->watch.order;

	if (cli->json)
		return cli_print_order_json(cli, o->uid);
	printf("%s  %s\n", order_name(o), o->status);
	return 0;
}

static int tell(struct cli *cli, const struct wait *w, int what)
{
	const struct order *o = &w->watch.order;
	int r;

	if (what == CANNOT)
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("Conflict"),
				"Order %s is %s%s%s; it can no longer be %s", order_name(o), o->status,
				isempty(o->failure_reason) ? "" : ": ", strempty(o->failure_reason),
				status_to_string(w->target));
	if (what == TIME_IS_OVER && !w->watch.known)
		return cli_fail(cli, CC_EXIT_WAIT_TIMEOUT, SD_BUS_ERROR_TIMEOUT,
				"The time is over; the daemon did not answer");
	r = print_order(cli, w);
	return r < 0 ? r : what == TIME_IS_OVER ? CC_EXIT_WAIT_TIMEOUT : CC_EXIT_OK;
}

static int read_options(struct cli *cli, const struct args *args, struct wait *w)
{
	const char *target = args_option(args, "for"), *timeout = args_option(args, "timeout");
	uint64_t seconds;

	if (!target)
		return cli_usage(cli, "--for is missing: customerclient wait ORDER --for=STATUS");
	w->target = status_from_string(target);
	if (!timeout)
		return 0;
	if (number_parse(timeout, 366 * 24 * 3600, &seconds) < 0)
		return cli_usage(cli, "--timeout cannot be '%s'; it is seconds", timeout);
	w->until = now_monotonic() + seconds * USEC_PER_SEC;
	return 0;
}

static void wait_done(struct wait *w)
{
	watch_done(&w->watch);
}

int verb_wait(struct cli *cli, const struct args *args)
{
	_cleanup_(wait_done) struct wait w = {};
	_cleanup_free_ char *uid = NULL;
	int r;

	r = read_options(cli, args, &w);
	if (r >= 0)
		r = cli_lookup_order(cli, args->words[0], &uid);
	if (r < 0)
		return r;
	r = watch_init(&w.watch, cli, uid);
	if (r < 0)
		return r;
	w.watch.on_change = on_change;
	w.watch.on_second = on_second;
	w.watch.userdata = &w;
	r = watch_run(&w.watch);
	if (r == -EINTR)
		return cli_fail_errno(cli, r, "");
	return r < 0 ? r : tell(cli, &w, r);
}
