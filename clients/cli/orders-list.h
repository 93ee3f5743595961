/* Lists of orders, as several verbs print them. */
#pragma once

#include "clients/cli/cli.h"

json_object *order_row_json(const struct order_row *row);
/* A CSV field of RFC 4180, quoted where it must be. */
void csv_field(FILE *f, const char *text);
