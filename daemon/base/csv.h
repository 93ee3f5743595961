/* Fields of comma-separated values, RFC 4180: quoted where they must be. Separators and line ends are the caller's. */
#pragma once

#include <stdio.h>

#define CSV_EOL "\r\n"

/* As it is: numbers, times, words of ours. */
void csv_field(FILE *f, const char *text);

/* Text that others chose. A spreadsheet takes what begins with = + - @ (their full-width forms too), a tab or a line
 * end for a formula, and formulas can send the sheet away. Such a text, and one that begins so behind apostrophes, gets
 * one apostrophe before it; all other text stays as it is. So a reader that wants the text as it was takes one
 * apostrophe away from what begins with apostrophes and then one of these. NULL is "". */
void csv_text(FILE *f, const char *text);
