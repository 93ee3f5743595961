/* customerclient: the command line in front of the daemon. Reads the line, connects, runs the verb. */
#include "config.h"

#include "clients/cli/cli.h"
#include "clients/cli/items.h"
#include "clients/cli/verbs.h"

static enum colour_mode colour_mode(const struct args *a)
{
	const char *when = args_global(a, "color");

	if (!when || streq(when, "auto"))
		return COLOUR_AUTO;
	return streq(when, "always") ? COLOUR_ALWAYS : COLOUR_NEVER;
}

static int take_globals(struct cli *cli, const struct args *a)
{
	const char *timeout = args_global(a, "call-timeout");
	uint64_t seconds;

	cli->json = args_global(a, "json");
	cli->legend = !args_global(a, "no-legend");
	cli->pager = !args_global(a, "no-pager");
	cli->input = !args_global(a, "no-input");
	cli->verbose = args_global(a, "verbose");
	cli->style = colour_wanted(colour_mode(a), STDOUT_FILENO) ? &style_colour : &style_plain;
	if (!timeout)
		return 0;
	if (number_parse(timeout, 24 * 3600, &seconds) < 0 || seconds == 0)
		return cli_usage(cli, "--call-timeout cannot be '%s'; it is seconds, 1 to 86400", timeout);
	cli->call_timeout = seconds * USEC_PER_SEC;
	return 0;
}

static int run(struct cli *cli, const struct args *a)
{
	int r;

	r = take_globals(cli, a);
	if (r < 0)
		return r;
	if (args_global(a, "help")) {
		if (a->verb)
			help_print_verb(stdout, a->verb);
		else
			help_print(stdout);
		return 0;
	}
	if (args_global(a, "version")) {
		puts(PACKAGE_STRING);
		return 0;
	}
	if (!a->verb)
		return cli_usage(cli, "No command was given; see customerclient --help");
	if (!a->verb->local) {
		r = cli_connect(cli);
		if (r < 0)
			return r;
	}
	return a->verb->run(cli, a);
}

/* Whether --json stands somewhere, for a line that could not be read. */
static bool json_asked(char *const *argv)
{
	for (; *argv && !streq(*argv, "--"); argv++)
		if (streq(*argv, "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct cli cli = { .legend = true, .pager = true, .input = true, .style = &style_plain };
	_cleanup_args_ struct args args = {};
	_cleanup_free_ char *problem = NULL;
	int r;

	(void)argc;
	text_init();
	cli_catch_signals();
	r = args_parse(&args, argv + (argc > 0), &problem);
	if (r < 0) {
		cli.json = json_asked(argv);
		r = cli_usage(&cli, "%s", problem);
	} else
		r = run(&cli, &args);
	client_free(cli.client);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "customerclient: the output could not be written: %s\n", strerror(errno));
		return r < 0 ? cli.exit_status : CC_EXIT_FAILURE;
	}
	return r < 0 ? cli.exit_status : r;
}
