/* A bar for files on their way. What is sent or fetched is the callers' business. */
#include "clients/cli/progress.h"

#include <inttypes.h>

#define TRANSFER_TIMEOUT (10 * USEC_PER_MIN + 10 * USEC_PER_SEC) /* the daemon's own limit, and to hear of it */
#define BAR_CELLS 30

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct progress *p = userdata;
	const char *transfer;
	uint64_t done, total;
	unsigned cells;

	(void)ret_error;
	if (sd_bus_message_read(m, "stt", &transfer, &done, &total) < 0 || !streq(transfer, p->transfer) ||
	    total == 0)
		return 0;
	cells = (unsigned)((double)(done < total ? done : total) / (double)total * BAR_CELLS);
	fprintf(stderr, "\r%s[%.*s%*s] %" PRIu64 " of %" PRIu64 " kB", p->label, (int)cells,
		"##############################", BAR_CELLS - (int)cells, "", done / 1024, total / 1024);
	fflush(stderr);
	p->drawn = true;
	return 0;
}

int progress_begin(struct progress *p, struct cli *cli, const char *label)
{
	int r;

	*p = (struct progress){ .cli = cli, .label = label, .timeout_before = cli->client->timeout_usec };
	uuid_new(p->transfer);
	if (!cli->call_timeout)
		cli->client->timeout_usec = TRANSFER_TIMEOUT;
	if (!isatty(STDERR_FILENO))
		return 0;
	r = sd_bus_match_signal(cli->client->bus, &p->slot, CC_BUS_NAME, CC_PATH, CC_IFACE_FILES, "Progress",
				on_progress, p);
	return r < 0 ? cli_fail_errno(cli, r, "The session bus cannot be watched") : 0;
}

void progress_end(struct progress *p)
{
	if (!p->cli)
		return;
	if (p->drawn)
		fputc('\n', stderr);
	p->slot = sd_bus_slot_unref(p->slot);
	p->cli->client->timeout_usec = p->timeout_before;
	p->cli = NULL;
}
