/* When a pending order is expected, in words. Texts are the caller's to free; "" where there is nothing to say. What
 * is said together never contradicts itself: what the order has outlived is left out, or said to be past. */
#pragma once

#include "clients/common/order.h"

/* When it is to arrive: the predictive backend's word, else the promise. 0 = not known. */
uint64_t estimate_arrival(const struct order *o);
/* "19:34–19:52" */
char *estimate_range(const struct order *o, uint64_t now);
/* "by 19:55 nine times in ten", or that it is later than that; short: "by 19:55 in 9 of 10". */
char *estimate_bound(const struct order *o, uint64_t now, bool brief);
/* The same as "by 19:55". */
char *estimate_by(const struct order *o, uint64_t now);
/* "2 min ago" */
char *estimate_age(const struct order *o, uint64_t now);
/* "said 2 min ago" */
char *estimate_said(const struct order *o, uint64_t now);
/* Bound and age, with a semicolon between. */
char *estimate_detail(const struct order *o, uint64_t now, bool brief);
/* Nine of ten orders would have been here. */
bool estimate_is_outlived(const struct order *o, uint64_t now);
