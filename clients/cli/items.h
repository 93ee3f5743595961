/* ITEM of the manual, as written: "12", "12x2", "12×2", or the name of a product. */
#pragma once

#include <stdint.h>

#define ITEM_QUANTITY_MAX 99

struct item {
	uint64_t product;  /* 0: it is a name */
	uint32_t quantity; /* 1 unless written */
};

/* -EINVAL: empty, or a number followed by a quantity that is none (or 0, or over 99). */
int item_parse(const char *s, struct item *ret);

/* A whole number in decimal, all of the text. 0 or -EINVAL. */
int number_parse(const char *s, uint64_t max, uint64_t *ret);
