/* What the files about statistics share; internal to daemon/core. */
#pragma once

#include "core/statistics.h"

int series_query_copy(struct series_query *to, const struct series_query *from);
void series_query_done(struct series_query *q);
/* The texts of places to ids, which hold for this opening of the file. *places is freed and replaced. */
int facts_filter_init(struct facts_filter *f, const struct series_query *q, struct userdb *u, int64_t **places);
