/* A bar for files on their way. What is sent or fetched is the callers' business. */
#include "clients/cli/progress.h"

#include <inttypes.h>

#define TRANSFER_TIMEOUT (10 * USEC_PER_MIN + 10 * USEC_PER_SEC) /* the daemon's own limit, and to hear of it */
#define BAR_CELLS 30
#define BAR_MIN 4 /* a shorter one says nothing */

/* On one line, whatever the width of the terminal: where it is narrow the bar gives way, and then the label. */
static void draw(struct progress *p, uint64_t done, uint64_t total)
{
	_cleanup_free_ char *figures = xprintf("%" PRIu64 " of %" PRIu64 " kB", done / 1024, total / 1024);
	_cleanup_free_ char *line = NULL, *fit = NULL;
	unsigned columns = 80, rows, cells, full;
	size_t rest;

	(void)cli_terminal_size(STDERR_FILENO, &columns, &rows);
	columns -= columns > 1; /* the last column of a line makes some terminals go on to the next */
	rest = text_width(p->label) + strlen(figures) + strlen("[] ");
	cells = columns > rest + BAR_MIN ? (unsigned)(columns - rest) : 0;
	cells = cells > BAR_CELLS ? BAR_CELLS : cells;
	full = (unsigned)((double)done / (double)total * cells);
	line = cells ? xprintf("%s[%.*s%*s] %s", p->label, (int)full, "##############################",
			       (int)(cells - full), "", figures)
		     : xstrdup(figures);
	fit = text_fit(line, columns);
	fprintf(stderr, "\r%s", fit);
	text_pad(stderr, p->drawn > text_width(fit) ? p->drawn - text_width(fit) : 0);
	fflush(stderr);
	p->drawn = text_width(fit);
}

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct progress *p = userdata;
	const char *transfer;
	uint64_t done, total;

	(void)ret_error;
	if (sd_bus_message_read(m, "stt", &transfer, &done, &total) >= 0 && streq(transfer, p->transfer) && total > 0)
		draw(p, done < total ? done : total, total);
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
	cli->bar = p;
	r = sd_bus_match_signal(cli->client->bus, &p->slot, CC_BUS_NAME, CC_PATH, CC_IFACE_FILES, "Progress",
				on_progress, p);
	return r < 0 ? cli_fail_errno(cli, r, "The session bus cannot be watched") : 0;
}

void progress_hide(struct progress *p)
{
	unsigned columns = 80, rows;

	if (!p || !p->drawn)
		return;
	/* Ctrl-C stands behind it, as "^C". */
	(void)cli_terminal_size(STDERR_FILENO, &columns, &rows);
	fputc('\r', stderr);
	text_pad(stderr, p->drawn + 2 < columns ? p->drawn + 2 : p->drawn);
	fputc('\r', stderr);
	fflush(stderr);
	p->drawn = 0;
}

void progress_end(struct progress *p)
{
	if (!p->cli)
		return;
	if (p->drawn)
		fputc('\n', stderr);
	p->drawn = 0;
	p->cli->bar = NULL;
	p->slot = sd_bus_slot_unref(p->slot);
	p->cli->client->timeout_usec = p->timeout_before;
	p->cli = NULL;
}
