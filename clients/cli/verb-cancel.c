/* cancel. */
#include "clients/cli/cli.h"
#include "clients/cli/verbs.h"

int verb_cancel(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *uid = NULL;
	_cleanup_order_ struct order o;
	int r;

	order_init(&o);
	r = cli_lookup_order(cli, args->words[0], &uid);
	if (r >= 0)
		r = cli_act(cli, CC_IFACE_ORDERS, "Cancel", NULL, "ssa{sv}", uid,
			    strempty(args_option(args, "reason")), 0);
	if (r < 0)
		return r;
	if (cli->json)
		return cli_print_order_json(cli, uid);
	r = cli_get_order(cli, uid, &o);
	if (r < 0)
		return r;
	printf("Order %s: %s.\n", order_name(&o), o.status);
	return 0;
}
