/*
 * What can be ordered: the menu a new store starts with.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct menu_category {
	int id;
	const char *name, *description, *picture, *picture_description;
};

struct menu_product {
	int id;
	int category;
	const char *name, *description;
	int64_t price;    /* cents */
	int64_t quantity; /* how many there are; 0: not limited */
	double rating;
	const char *tags; /* dietary, separated by commas */
};

extern const struct menu_category menu_categories[];
extern const size_t menu_n_categories;
extern const struct menu_product menu_products[];
extern const size_t menu_n_products;
