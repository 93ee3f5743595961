/*
 * What stands on a receipt, row by row, for whoever draws it.
 */
#pragma once

#include "tests/sandbox/order.h"

enum row_kind { ROW_TITLE, ROW_TEXT, ROW_HEAD, ROW_LINE, ROW_NOTE, ROW_SUM, ROW_TOTAL, ROW_GAP };

/* Left is text; middle and right, if any, are amounts, or what stands above them. */
struct row {
	enum row_kind kind;
	char *left, *middle, *right;
};

struct receipt {
	struct row *rows;
	size_t n;
};

void receipt_make(const struct order *o, struct receipt *ret);
void receipt_done(struct receipt *r);
