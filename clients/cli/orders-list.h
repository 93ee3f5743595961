/* Lists of orders, as several verbs print them. */
#pragma once

#include "clients/cli/cli.h"

/* How a line of a table names an order: by its number; where it has none by its uid, and on a terminal by a beginning
 * of that, which finds the order as well. */
#define ORDER_CELL_SIZE 64
const char *order_cell(const char *number, const char *uid, char buf[static ORDER_CELL_SIZE]);
json_object *order_row_json(const struct order_row *row);
/* A CSV field of RFC 4180, quoted where it must be. */
void csv_field(FILE *f, const char *text);
