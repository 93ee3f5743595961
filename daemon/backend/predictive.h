/* The predictive backend, /PredictiveBackend: its URLs and JSON. Nothing depends on it: whether it is reached says
 * nothing about the services that orders need. */
#pragma once

#include "backend/api.h"
#include "base/money.h"

struct delivery_time {
	uint64_t cooking, delivery, earliest, latest; /* µs; delivery is there, earliest ≤ delivery ≤ latest; 0: not given */
	double confidence;                            /* that it comes between the two; 0: not given */
};
int predictive_decode_delivery_time(json_object *o, struct delivery_time *ret); /* 0 or -EBADMSG */

struct recommendation {
	uint64_t product; /* not 0 */
	double score;
	char *reason;     /* or NULL */
};
void recommendation_done(struct recommendation *r);
int predictive_decode_recommendation(json_object *o, struct recommendation *ret);

struct spending_forecast {
	int64_t amount, low, high; /* low ≤ amount ≤ high, of the currency */
	char currency[CURRENCY_SIZE];
};
int predictive_decode_forecast(json_object *o, const char *period, struct spending_forecast *ret);

#define PREDICTIVE_LIMIT_MAX 500 /* of one list, as any of this service's */

/* Each repeats within the budget (0: one try) and takes little longer than that in all. */
int predictive_delivery_time(struct api *a, const char *order_uid, uint64_t budget, api_cb done, void *userdata,
			     struct api_call **ret);
int predictive_recommendations(struct api *a, unsigned limit, uint64_t budget, api_cb done, void *userdata,
			       struct api_call **ret);
int predictive_spending_forecast(struct api *a, const char *period, uint64_t budget, api_cb done, void *userdata,
				 struct api_call **ret);
