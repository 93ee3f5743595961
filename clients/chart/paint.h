/* Drawing with cairo: colours, fonts, text; what the files that paint a chart share. */
#pragma once

#include <cairo.h>

#include "clients/chart/layout.h"

enum colour {
	COLOUR_TEXT,
	COLOUR_MUTED,
	COLOUR_GRID,
	COLOUR_AXIS,
	COLOUR_DATA,
	COLOUR_BAD, /* data that is no good news */
	COLOUR_REST,
};

struct painter {
	cairo_t *cr;
	const struct chart *c;
	double width, height;	 /* of the page */
	double x, y, w, h;	 /* of the plot */
	struct chart_layout layout;
};

#define FONT_TITLE 19.0
#define FONT_LABEL 12.0
#define FONT_NOTE 11.0

void paint_colour(struct painter *p, enum colour id, double alpha);
void paint_font(struct painter *p, double size, bool bold, const char *text);
double paint_measure(struct painter *p, double size, const char *text);
/* align: 0 = begins at x, 0.5 = in its middle, 1 = ends there; y: of the base line. */
void paint_text(struct painter *p, double x, double y, double align, double size, bool bold, enum colour id,
		const char *text);
/* A copy that is no wider; the caller frees. */
char *paint_fit(struct painter *p, double size, const char *text, double width);
void paint_line(struct painter *p, double x1, double y1, double x2, double y2, enum colour id, double width);

/* The page: background, title, notes, and the chart between them. */
void paint_chart(struct painter *p);
/* Into x, y, w, h. */
void paint_lying(struct painter *p);
