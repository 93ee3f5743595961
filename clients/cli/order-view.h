/* An order as text. */
#pragma once

#include "clients/cli/cli.h"

void order_view_print(struct cli *cli, FILE *f, const struct order *o);
/* A line with an amount; nothing for 0 unless `always`. */
void order_view_money(struct cli *cli, FILE *f, const char *label, int64_t amount, const char *currency,
		      bool always);
