/*
 * The receipt of an order, as a file.
 */
#pragma once

#include "tests/sandbox/order.h"

struct report {
	char name[40]; /* "order-C-000001.pdf" */
	const char *content_type;
	void *data;
	size_t size;
};

/* false: there is no such format. The formats are pdf, png, html. */
bool report_format_is_valid(const char *format);
/* Makes the same bytes of an order that did not change. */
void report_make(const struct order *o, const char *format, struct report *ret);
void report_done(struct report *r);
