/* The grammar of RFC 8259, checked over a whole text before json-c, which is lenient, gets to see it. */
#pragma once

#include <stddef.h>

/* 0; -EBADMSG: not one JSON value, or with invalid UTF-8 or \u0000 in it; -E2BIG: nested deeper than max_depth, or
 * json-c would take more than about max_memory bytes for its values (the texts in them aside). */
int json_scan(const char *text, size_t n, unsigned max_depth, size_t max_memory);
