/* Products as the catalog lists them, and the one a person means. */
#pragma once

#include "clients/cli/cli.h"

/* CC_SIG_PRODUCT. The strings are the message's. */
struct product {
	uint64_t id, category;
	const char *name, *description, *currency;
	int64_t price;
	int available;
	double rating; /* 0: none */
};

/* 1, or 0 at the end of the array the message stands in. */
int product_read(sd_bus_message *m, struct product *ret);
json_object *product_json(const struct product *p);

/* The id of the one product that a name fits: told when there is none, or more than one. */
int product_find(struct cli *cli, const char *name, uint64_t *ret);
/* An argument that is an id. */
int product_id_arg(struct cli *cli, const char *text, uint64_t *ret);
