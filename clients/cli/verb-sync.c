/* sync: one round of asking the service for what changed. */
#include "clients/cli/verbs.h"

#include "base/timeutil.h"
#include "clients/cli/cli.h"
#include "dbus/jsonview.h"

/* The daemon answers after a while even if a long history is still on its way. */
static bool has_ended(struct cli *cli, uint64_t began)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	uint64_t last;

	return client_get_property(cli->client, CC_IFACE_DAEMON, "LastSyncTimestamp", "t", &e, &reply) < 0 ||
	       sd_bus_message_read(reply, "t", &last) < 0 || last >= began;
}

int verb_sync(struct cli *cli, const struct args *args)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t began = now_realtime();
	json_object *o;
	int r;

	(void)args;
	r = cli_read(cli, CC_IFACE_DAEMON, "Sync", NULL, NULL);
	if (r < 0)
		return r;
	if (!cli->json) {
		puts(has_ended(cli, began) ? "Up to date." : "Still at it; what is missing comes by and by.");
		return 0;
	}
	r = cli_read(cli, CC_IFACE_DAEMON, "GetStatus", &reply, NULL);
	if (r < 0)
		return r;
	r = json_from_dict(reply, &o);
	return r < 0 ? cli_bad_reply(cli, r, "Daemon.GetStatus") : cli_print_json(cli, o);
}
