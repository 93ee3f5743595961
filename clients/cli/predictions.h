/* What the service foretells, beside what was asked for: a few recommendations, the month's forecast. */
#pragma once

#include "clients/cli/cli.h"

/* The rows of GetRecommendations, and when the service said them (µs; 0: not known). */
struct recommendations {
	sd_bus_message *reply;
	uint64_t asked;
	size_t n;
};
struct recommendation {
	uint64_t product;
	const char *name, *currency, *reason; /* the reply's */
	int64_t price;
	double score;
};
int recommendations_get(struct cli *cli, uint32_t limit, struct recommendations *ret); /* tells its failure */
/* One after the other: 1, 0 at the end. */
int recommendations_next(const struct recommendations *r, struct recommendation *ret);
struct table *recommendations_table(const struct recommendations *r); /* of those that follow */
void recommendations_done(struct recommendations *r);
#define _cleanup_recommendations_ _cleanup_(recommendations_done)

/* For an empty cart: at most three with their reasons. Nothing where there are none, and no failure is told. */
void recommendations_tip(struct cli *cli, FILE *f);

struct forecast {
	int64_t amount, low, high;
	char currency[CURRENCY_SIZE];
	uint64_t asked;
};
/* Of this month. False where there is none, soon; no failure is told. */
bool forecast_get(struct cli *cli, struct forecast *ret);
json_object *forecast_json(const struct forecast *f);
/* "this month probably 240.00–310.00, 275.00 USD"; the caller frees. */
char *forecast_text(const struct forecast *f);

/* "", or that it is what was said so long ago; the caller frees. */
char *prediction_age_text(uint64_t asked);
