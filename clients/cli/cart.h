/* The cart as it is shown by several verbs. */
#pragma once

#include "clients/cli/cli.h"

struct cart {
	sd_bus_message *reply; /* Cart.Get, whose lines are read again and again */
	size_t n;
	int64_t total;
	const char *currency;
};

int cart_get(struct cli *cli, struct cart *ret);
void cart_done(struct cart *c);
#define _cleanup_cart_ _cleanup_(cart_done)

/* A table of the lines; with `total` a last line with the sum. */
void cart_print(struct cli *cli, const struct cart *c, FILE *f, bool total);
json_object *cart_json(const struct cart *c);
