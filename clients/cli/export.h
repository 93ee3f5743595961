/* The whole history out of the daemon, and what other programs read it as. */
#pragma once

#include "clients/cli/cli.h"
#include "clients/cli/orders-list.h"

/* What Orders.Export gave: a sealed file, mapped. */
struct export_file {
	sd_bus_message *reply; /* owns the descriptor */
	int fd;
	const char *text;
	size_t size;
};
/* `format` is json or csv. */
int export_fetch(struct cli *cli, const struct orders_filter *filter, const char *format, struct export_file *ret);
void export_file_done(struct export_file *e);

/* Each order of a json export, as `show --json` prints it, oldest first. Ends with the first negative result. An
 * export that cannot be read is -EBADMSG. */
int export_each(const struct export_file *e, int (*order)(json_object *o, void *userdata), void *userdata);

/* The fields of such an order; text "" and time 0 when not known, amounts whether they are. */
const char *export_text(json_object *o, const char *name);
uint64_t export_time(json_object *o, const char *name);
bool export_amount(json_object *o, const char *name, int64_t *ret_minor);

/* Plain text accounting: one balanced transaction for each order that was made and not cancelled. */
int export_ledger(const struct export_file *e, FILE *f);
/* iCalendar (RFC 5545): an event for each order. */
int export_ics(const struct export_file *e, FILE *f, uint64_t now);
