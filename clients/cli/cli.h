/* What every verb works with: the options of all commands, the connection, and the one way to fail. A
 * function that returns a negative number has already told the person why; a verb passes that on, or returns
 * its exit status. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/jsonutil.h"
#include "base/util.h"
#include "clients/cli/args.h"
#include "clients/cli/style.h"
#include "clients/cli/text.h"
#include "clients/common/client.h"
#include "clients/common/order.h"

struct cli {
	bool json, legend, pager, input, verbose;
	uint64_t call_timeout; /* 0: the default */
	const struct style *style; /* of stdout */
	struct client *client; /* NULL for a verb that needs no daemon */
	int exit_status; /* of the failure that was told */
	bool told_json;  /* the one document has been printed */
	struct progress *bar; /* that stands on the terminal's line, or NULL */
};

/* SIGINT or SIGTERM has come. */
bool cli_interrupted(void);
void cli_catch_signals(void);
const volatile sig_atomic_t *cli_interrupt_flag(void);

int cli_connect(struct cli *cli);

/* Tells: one line on stderr, and with --json the error document. Return -1 always. */
int cli_fail(struct cli *cli, int exit_status, const char *error_name, const char *format, ...)
	_printf_(4, 5);
int cli_usage(struct cli *cli, const char *format, ...) _printf_(2, 3);
int cli_fail_error(struct cli *cli, const sd_bus_error *error, enum client_effect effect);
int cli_fail_errno(struct cli *cli, int r, const char *doing);
/* A reply that cannot be read. */
int cli_bad_reply(struct cli *cli, int r, const char *member);
/* A line on stderr: what happened, beside the data. */
void cli_note(const char *format, ...) _printf_(1, 2);

/* Calls that tell their failure. ret_reply may be NULL. */
int cli_read(struct cli *cli, const char *interface, const char *member, sd_bus_message **ret_reply,
	     const char *types, ...);
int cli_act(struct cli *cli, const char *interface, const char *member, sd_bus_message **ret_reply,
	    const char *types, ...);
int cli_send(struct cli *cli, enum client_effect effect, sd_bus_message *m, sd_bus_message **ret_reply);
int cli_lookup_order(struct cli *cli, const char *text, char **ret_uid);
int cli_get_order(struct cli *cli, const char *uid, struct order *ret);
/* Orders.Get as JSON, and printed. */
int cli_order_json(struct cli *cli, const char *uid, json_object **ret);
int cli_print_order_json(struct cli *cli, const char *uid);
/* Fails with NotSignedIn or SessionExpired unless somebody is signed in. */
int cli_require_session(struct cli *cli);

/* Prints the one document and frees it. */
int cli_print_json(struct cli *cli, json_object *o);
/* As cli_print_json(), always on one line and flushed. */
void cli_print_json_line(json_object *o);

/* "Label       text", and nothing for a text that is empty or NULL. */
void cli_print_field(struct cli *cli, const char *label, const char *text);
void cli_fprint_field(struct cli *cli, FILE *f, const char *label, const char *text);

/* The columns to cut tables to: 0 in a pipe. */
size_t cli_columns(void);
bool cli_terminal_size(int fd, unsigned *ret_columns, unsigned *ret_rows);

/* What is longer than the screen goes through a pager: write to the stream, then end it. */
struct page {
	struct textbuf buf;
};
FILE *page_begin(struct page *p);
void page_end(struct cli *cli, struct page *p);

/* Prints a table through the pager and frees it; for none, a note. */
struct table;
void cli_print_table(struct cli *cli, struct table *t);
