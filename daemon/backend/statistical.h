/* The statistical backend, /StatisticalBackend: its URL and JSON. */
#pragma once

#include "backend/api.h"
#include "base/money.h"
#include "base/url.h"

/* metric, period: the names of docs/backend-api.md. from, to: µs, 0 open. zone: an IANA name. One try. */
int statistical_series_get(struct api *a, const char *metric, const char *period, uint64_t from, uint64_t to,
			   const char *zone, uint64_t timeout, api_cb done, void *userdata, struct api_call **ret);

/* What the numbers are: an amount, minutes (any number), or how many. */
enum statistical_kind { STATISTICAL_MONEY, STATISTICAL_MINUTES, STATISTICAL_COUNT };

#define STATISTICAL_MAX_POINTS 40000
#define STATISTICAL_MAX_LABEL 4096 /* bytes */
struct statistical_point {
	char *label;
	uint64_t start; /* µs; 0: none */
	double value;   /* money: whole minor units, exact */
};
struct statistical_series {
	char currency[CURRENCY_SIZE]; /* of money; else "" */
	struct statistical_point *points;
	size_t n;
};
void statistical_series_done(struct statistical_series *s);
/* 0; -EBADMSG: not the answer to that question, or out of bounds (the debug log names the field); -ENOMEM. */
int statistical_decode_series(json_object *o, const char *metric, const char *period, enum statistical_kind kind,
			      struct statistical_series *ret);
