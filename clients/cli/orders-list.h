/* Lists of orders, as several verbs print them. */
#pragma once

#include "clients/cli/cli.h"

/* How a line of a table names an order: by its number; where it has none by its uid, and on a terminal by a beginning
 * of that, which finds the order as well. */
#define ORDER_CELL_SIZE 64
const char *order_cell(const char *number, const char *uid, char buf[static ORDER_CELL_SIZE]);
json_object *order_row_json(const struct order_row *row);

/* The options --status, --since and --until, and the dictionary that List and Export take. */
struct orders_filter {
	char **status;
	bool pending;
	uint64_t since, until; /* µs, until exclusive; 0: not given */
};
int orders_filter_read(struct cli *cli, const struct args *args, struct orders_filter *f);
int orders_filter_append(sd_bus_message *m, const struct orders_filter *f);
void orders_filter_done(struct orders_filter *f);

/* The lines below a list: what its orders want of the person, if anything. Not for scripts (--no-legend). */
void orders_note_add(char ***notes, const struct order *o, uint64_t now);
void orders_notes_print(struct cli *cli, char *const *notes);
