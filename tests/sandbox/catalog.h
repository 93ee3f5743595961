/*
 * Products as they are now: price, how many are left, whether they are sold at all.
 */
#pragma once

#include "tests/sandbox/call.h"

struct product {
	int64_t id;
	char *name;
	int64_t price;    /* cents */
	int64_t quantity; /* -1: not limited */
	bool deleted;
};

/* Fills an empty store with the menu. */
void catalog_fill(struct sandbox *s);
/* false: there is no such product. */
bool catalog_find(struct store *st, int64_t id, struct product *ret);
void product_done(struct product *p);
/* Takes so many away (or, negative, puts them back) where the product is limited. */
void catalog_take(struct sandbox *s, int64_t id, int64_t count);
/* The items of an order that was cancelled, as on the wire, can be had again. */
void catalog_put_back(struct sandbox *s, json_object *items);
