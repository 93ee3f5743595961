/* Charts that are hard to draw well, by name: for tests, and for looking at them. */
#pragma once

#include "clients/chart/chart.h"

extern const char *const chart_cases[]; /* ends with NULL */
/* false: there is none of that name. */
bool chart_case_make(const char *name, struct chart *ret);
