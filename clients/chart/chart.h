/* A chart of numbers: what it shows, and the two ways to draw it, on a terminal and into a file. Where the
 * numbers come from is not known here. All text is UTF-8; memory that is missing ends the program (text.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/money.h"
#include "base/util.h"

enum chart_kind { CHART_LINE, CHART_BAR, CHART_HISTOGRAM, CHART_SCATTER };

/* What a number counts: things, minutes, minor units of a currency; hours of the day along the bottom only. */
enum chart_unit { CHART_COUNT, CHART_MINUTES, CHART_MONEY, CHART_HOURS };

/* What stands along the bottom. */
enum chart_along {
	CHART_NAMES, /* each point by its label */
	CHART_DAYS,  /* by the point's start, in local time; weeks begin on Monday */
	CHART_WEEKS,
	CHART_MONTHS,
	CHART_YEARS,
	CHART_BINS,    /* point i is what lies in [bin_start + i * bin_width, …) */
	CHART_NUMBERS, /* by the point's x: a scatter */
};

struct chart_point {
	char *label;
	uint64_t start; /* µs UTC; 0 = none */
	double x, value;
};

#define CHART_POINTS_MAX 200000
#define CHART_NOTES_MAX 4

struct chart {
	enum chart_kind kind;
	enum chart_along along;
	enum chart_unit unit, x_unit; /* x_unit: of bins and of x */
	char currency[CURRENCY_SIZE]; /* with CHART_MONEY */
	double bin_start, bin_width;
	bool lying;    /* bars from left to right, a line for each, the largest first */
	bool late;     /* what is above 0, or above the diagonal, is bad */
	bool diagonal; /* of a scatter: the line on which both are the same */
	char *title, *x_title, *y_title; /* the latter two for a scatter */
	char *notes[CHART_NOTES_MAX];    /* lines under it */
	size_t n_notes;
	struct chart_point *points;
	size_t n, allocated;
};

void chart_done(struct chart *c);
#define _cleanup_chart_ _cleanup_(chart_done)

/* label may be NULL. What is no number, or none of 64 bits, is left out, and so is what is beyond
 * CHART_POINTS_MAX. */
void chart_add(struct chart *c, const char *label, uint64_t start, double value);
void chart_add_xy(struct chart *c, double x, double y);
/* The caller's format; at most CHART_NOTES_MAX. */
void chart_add_note(struct chart *c, const char *format, ...) _printf_(2, 3);
/* Counts values into bins of a round width, `want` of them at most: points, bin_start, bin_width, along. */
void chart_count_into_bins(struct chart *c, const double *values, size_t n, unsigned want);

/* A value in full, without its unit's name: "12.50", "17", "35.5". */
#define CHART_VALUE_SIZE 40
const char *chart_format_value(char buf[static CHART_VALUE_SIZE], const struct chart *c, double value);
/* The unit as it stands beside the title: "USD", "minutes", ""; and behind a number: "min". */
const char *chart_unit_name(const struct chart *c);

struct chart_screen {
	unsigned columns, rows; /* rows: at most so many lines, notes and all */
	bool utf8, colour; /* utf8: as text_utf8() has it */
};

#define CHART_COLUMNS_MIN 20
#define CHART_ROWS_MIN 10 /* fewer are taken as so many */

/* No line is longer than the screen. */
void chart_print(const struct chart *c, const struct chart_screen *screen, FILE *f);

enum chart_format { CHART_SVG, CHART_PNG, CHART_PDF };

/* The picture as the bytes of a file; the caller frees. -ENOMEM, or -EIO for what the drawing library says no
 * to. */
int chart_draw(const struct chart *c, enum chart_format format, char **ret_data, size_t *ret_size);
