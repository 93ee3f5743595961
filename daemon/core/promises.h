/* How honest the service's promises are: the time by which nine of ten orders came, learned from those that did.
 * Knows neither database nor clock.
 *
 * Split-conformal prediction with weights (Barber, Candès, Ramdas, Tibshirani: Conformal prediction beyond
 * exchangeability, 2023): an order's score is its delay against what was first promised. The scores of the newest
 * orders are weighted by PROMISE_FADE^k (k = 0 the newest), the order to come by 1, its score unknown and so taken as
 * infinite. The bound is the smallest score at which nine tenths of all weight are reached. With equal weights this is
 * the ceil((n + 1) · 0.9)-th smallest of n. The weights let it follow a service that gets worse. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PROMISE_ORDERS_MAX 250  /* the newest that are looked at; what is older weighs nothing */
#define PROMISE_ORDERS_LEAST 20 /* with fewer nothing is said */
#define PROMISE_PART 0.9
#define PROMISE_FADE 0.97

/* delays: µs against the promise, the newest first. 0; -ENODATA: too few. */
int promise_bound(const int64_t *delays, size_t n, int64_t *ret);
