/*
 * What an order costs. The same rules answer a quote and judge an order.
 */
#pragma once

#include "tests/sandbox/call.h"

enum { BASKET_MAX = 100, NOTE_MAX = 500 };

struct line {
	int64_t product, count;
	int64_t price; /* of one, cents */
	char *name;
	char *note;
};

struct basket {
	struct line lines[BASKET_MAX];
	size_t n_lines;
	int64_t unavailable[BASKET_MAX];
	size_t n_unavailable;
	int64_t products_price, delivery_price, additional_price, tax_price, total_price;
};

/* Fees follow from the price of the products alone. */
void pricing_add_fees(struct basket *b);
/*
 * Reads productIds and productNotes of the body and prices them. What cannot be had is in @unavailable and
 * costs nothing. The failures are 422.
 */
int pricing_read(struct call *c, struct basket *b);
void basket_done(struct basket *b);
json_object *basket_unavailable_to_json(const struct basket *b);
json_object *basket_lines_to_json(const struct basket *b);
