/* sync: one round of asking the service for what changed. */
#include "clients/cli/verbs.h"
#include "clients/cli/cli.h"
#include "clients/common/jsonview.h"

int verb_sync(struct cli *cli, const struct args *args)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_object *o;
	int r;

	(void)args;
	r = cli_read(cli, CC_IFACE_DAEMON, "Sync", NULL, NULL);
	if (r < 0)
		return r;
	if (!cli->json) {
		puts("Up to date.");
		return 0;
	}
	r = cli_read(cli, CC_IFACE_DAEMON, "GetStatus", &reply, NULL);
	if (r < 0)
		return r;
	r = json_from_dict(reply, &o);
	return r < 0 ? cli_bad_reply(cli, r, "Daemon.GetStatus") : cli_print_json(cli, o);
}
