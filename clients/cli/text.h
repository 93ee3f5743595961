/* Text on its way to a person: columns of a terminal, control characters, cutting. All text is UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/util.h"

/* Sets the locale's characters. Widths are right for UTF-8 in any locale; text_utf8() says whether the
 * terminal is expected to show more than ASCII. */
void text_init(void);
bool text_utf8(void);
void text_set_utf8(bool utf8); /* for tests */

/* Columns the text takes. Text that went through text_clean() has no control characters. */
size_t text_width(const char *s);

/* A copy fit for a terminal: control characters, escapes, line ends and bytes that are not UTF-8 become one
 * space or U+FFFD each. With `lines`, newlines stay. */
char *text_clean(const char *s, bool lines);

/* A copy of at most `width` columns, cut with "…" where it is longer. */
char *text_fit(const char *s, size_t width);

void text_pad(FILE *f, size_t columns);

/* A client that is out of memory has nothing better to do than to say so and end with 1. */
void *xcheck(void *p);
char *xstrdup(const char *s);
char *xprintf(const char *format, ...) _printf_(1, 2);

/* A string that grows through stdio. */
struct textbuf {
	FILE *f;
	char *text;
	size_t n;
};
FILE *textbuf_open(struct textbuf *b);
char *textbuf_take(struct textbuf *b); /* closes it; the caller frees */
