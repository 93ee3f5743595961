/* Parts of the picture on a terminal that its files share. */
#pragma once

#include "clients/chart/grid.h"

void chart_print_line(FILE *f, const struct chart_screen *screen, const char *text, enum ink ink);
void chart_print_title(const struct chart *c, FILE *f, const struct chart_screen *screen);
/* How many lines the notes take; f may be NULL. */
unsigned chart_print_notes(const struct chart *c, FILE *f, const struct chart_screen *screen);
/* Bars from left to right; what does not fit below each other is one bar, "others". */
void chart_print_lying(const struct chart *c, FILE *f, const struct chart_screen *screen);
