/* Tables of text: aligned by what the characters take on screen, cut to a terminal's width only where
 * asked. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "clients/cli/style.h"

struct column {
	const char *title;
	bool right;    /* numbers */
	bool flexible; /* gives way when the terminal is narrow */
	bool optional; /* is left out where that is not enough, the last one first */
};

struct table;

struct table *table_new(const struct column *columns, size_t n);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table *, table_free);

/* One string per column; copied and cleaned. NULL is an empty cell. */
void table_add(struct table *t, const char *const *cells);
/* The look of one cell of the last row. */
void table_set_style(struct table *t, size_t column, enum style_id id);
/* A line of its own above the rows that follow. */
void table_add_heading(struct table *t, const char *text);

/* width 0: as wide as it needs. Where it is too wide, columns in which nothing stands go first. */
void table_print(const struct table *t, FILE *f, const struct style *style, size_t width, bool legend);
