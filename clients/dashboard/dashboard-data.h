/* The orders of an export as the page takes them in. */
#pragma once

#include "clients/cli/export.h"
#include "clients/dashboard/dashboard.h"

/* A JSON text that may stand within a script element: it has no '<'. The members are those that page.js and model.js
 * read; days, hours and dates are of local time. Amounts in another currency than `currency` are left out. */
int dashboard_data_write(FILE *f, const struct export_file *orders, const struct dashboard_filter *filter,
			 const char *currency, uint64_t now);
