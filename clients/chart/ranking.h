/* The points of a chart in the order of their values, the smallest put together: for bars that lie. */
#pragma once

#include "clients/chart/chart.h"

struct rank {
	char *label;
	double value;
	bool rest;    /* the others */
	double share; /* of the sum, 0..1; NaN where some are negative */
};

struct ranking {
	struct rank *ranks;
	size_t n;
	double lo, hi; /* with 0 */
};

/* At most `max` of them; where there are more points, the last is "N others". */
void ranking_make(const struct chart *c, size_t max, struct ranking *ret);
void ranking_done(struct ranking *r);
#define _cleanup_ranking_ _cleanup_(ranking_done)
