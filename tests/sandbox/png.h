/*
 * Drawing into a PNG picture in memory.
 */
#pragma once

#include <cairo.h>

#include "tests/sandbox/base.h"

struct png {
	cairo_surface_t *surface;
	cairo_t *cr;
	uint8_t *data;
	size_t size;
};

void png_begin(struct png *p, int width, int height);
/* Makes data and size of what was drawn. */
void png_end(struct png *p);
void png_done(struct png *p);
/* At the end of the program: fonts that cairo keeps for the next picture are given back. */
void png_forget_fonts(void);
/* For cairo's writers: grows a struct png's data. */
cairo_status_t png_write(void *closure, const unsigned char *data, unsigned size);
