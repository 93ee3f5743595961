/* Text as it is compared and paged: folding case, cursors. Internal to daemon/store. */
#pragma once

#include "base/util.h"

/* Lower case of UTF-8 text, character by character, wherever the C library knows C.UTF-8 (else of ASCII only);
 * what is not UTF-8 is copied byte by byte. At most `max` bytes of the result are kept, cut at a character (0: all).
 * NULL when out of memory. */
char *text_fold(const char *text, size_t max);

/* A cursor is the place after a row of a list ordered by a number and a text: "<kind><number>.<text>", opaque to
 * callers. */
#define CURSOR_TEXT_MAX 512
char *cursor_write(char kind, uint64_t number, const char *text);
/* *ret_text points into the cursor. -EINVAL when it is not one of this kind. */
int cursor_read(const char *cursor, char kind, uint64_t *ret_number, const char **ret_text);
