/* A sheet of character cells to draw a chart on, and how it is written: in Unicode or in ASCII, with colour or
 * without. */
#pragma once

#include "clients/chart/chart.h"

enum ink {
	INK_NONE,
	INK_TITLE,
	INK_FAINT, /* lines behind */
	INK_DATA,
	INK_BAD, /* data that is no good news */
	_INK_MAX,
};

/* Glyphs that have an ASCII form. Levels 0..8 of a bar's last cell come from grid_level(). */
enum glyph { GLYPH_DOTTED, GLYPH_AXIS, GLYPH_TICK_UP, GLYPH_TICK_ALONG, GLYPH_UPRIGHT, GLYPH_CORNER, _GLYPH_MAX };

struct cell {
	char text[16];
	bool joined; /* the right half of a wide character */
	enum ink ink;
};

struct grid {
	struct cell *cells;
	unsigned rows, columns;
	bool utf8, colour;
};

void grid_init(struct grid *g, unsigned rows, unsigned columns, const struct chart_screen *screen);
void grid_done(struct grid *g);
#define _cleanup_grid_ _cleanup_(grid_done)

const char *grid_glyph(const struct grid *g, enum glyph id);
/* Outside of the sheet nothing happens. */
void grid_put(struct grid *g, unsigned row, unsigned column, const char *character, enum ink ink);
bool grid_is_free(const struct grid *g, unsigned row, unsigned column);
/* Cut where the sheet ends. */
void grid_text(struct grid *g, unsigned row, unsigned column, const char *text, enum ink ink);
/* A cell that is filled to `eighths` of it from the bottom, the top, or the left. */
const char *grid_rising(const struct grid *g, unsigned eighths);
const char *grid_hanging(const struct grid *g, unsigned eighths);
const char *grid_lying(const struct grid *g, unsigned eighths);

/* Without the spaces at the ends of lines. */
void grid_print(const struct grid *g, FILE *f);
void ink_on(FILE *f, bool colour, enum ink ink);
void ink_off(FILE *f, bool colour, enum ink ink);

/* A copy with '?' for what is not ASCII, where that is all there is. */
char *grid_plain(const char *text, bool utf8);

/* Dots, 2 × 4 in a cell, for lines; a cell's dots are one character of the sheet. In ASCII a cell is one character. */
struct dots {
	uint8_t *bits;
	unsigned *counts; /* dots that were set, again and again, for ASCII */
	unsigned rows, columns; /* cells */
	char ascii;		/* what a cell is in ASCII; 0: by how many dots were set, for a scatter */
};
void dots_init(struct dots *d, unsigned rows, unsigned columns);
void dots_done(struct dots *d);
#define _cleanup_dots_ _cleanup_(dots_done)
/* x from the left, y from the bottom. */
void dots_set(struct dots *d, long x, long y);
void dots_line(struct dots *d, long x1, long y1, long x2, long y2);
/* Puts what has dots onto the sheet, with its corner at row, column. */
void dots_show(const struct dots *d, struct grid *g, unsigned row, unsigned column, enum ink ink);
