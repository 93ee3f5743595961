/* doctor: what is right, what is wrong, and what to do about it; a bundle of it for a report. */
#include "base/timeutil.h"
#include "clients/cli/bundle.h"
#include "clients/cli/verbs.h"

static void look(struct doctor *d)
{
	if (!doctor_check_bus(d))
		return;
	doctor_check_daemon(d);
	if (d->has_status)
		doctor_judge_status(d, now_realtime());
	doctor_check_desktop(d);
}

/* The line below the others. */
static void sum_up(const struct doctor *d)
{
	unsigned n[_VERDICT_MAX] = {};

	for (size_t i = 0; i < d->n; i++)
		n[d->findings[i].verdict]++;
	if (n[VERDICT_WRONG] + n[VERDICT_WARNING] == 0)
		cli_note("Nothing is wrong.");
	else
		cli_note("%u wrong, %u to look at.", n[VERDICT_WRONG], n[VERDICT_WARNING]);
}

static int show(struct cli *cli, struct doctor *d, const char *bundle)
{
	json_object *o;

	if (cli->json) {
		o = doctor_json(d);
		if (bundle)
			json_object_object_add(o, "bundle", json_object_new_string(bundle));
		(void)cli_print_json(cli, o);
	} else if (!bundle || !streq(bundle, "-")) {
		doctor_print(d, stdout, cli->style, cli_columns());
		if (fflush(stdout) == 0)
			sum_up(d);
		if (bundle)
			cli_note("The report is in %s. Read it before you send it.", bundle);
	}
	return doctor_worst(d) == VERDICT_WRONG ? CC_EXIT_FAILURE : CC_EXIT_OK;
}

int verb_doctor(struct cli *cli, const struct args *args)
{
	const char *bundle = args_option(args, "bundle");
	struct doctor d = { .cli = cli, .deadline = now_monotonic() + DOCTOR_LIMIT };
	int r = 0;

	if (args_option(args, "replace") && !bundle)
		return cli_usage(cli, "--replace goes with --bundle=F");
	if (bundle && (!*bundle || (streq(bundle, "-") && cli->json)))
		return cli_usage(cli, "--bundle needs the name of a file%s", *bundle ? " with --json" : "");
	if (bundle && !streq(bundle, "-") && !args_option(args, "replace") && access(bundle, F_OK) == 0)
		return bundle_exists(cli, bundle);
	look(&d);
	if (cli_interrupted())
		r = cli_fail_errno(cli, -EINTR, "");
	if (r >= 0 && bundle)
		r = bundle_write(&d, bundle, args_option(args, "replace"));
	if (r >= 0)
		r = show(cli, &d, bundle);
	doctor_done(&d);
	return r;
}
