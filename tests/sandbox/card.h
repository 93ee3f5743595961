/*
 * Cards and the rules of the test gateway. A number or a code is never kept: brand and last four digits are.
 */
#pragma once

#include "tests/sandbox/payment.h"

struct card {
	const char *brand;
	char last4[5];
	char expiry[6]; /* "12/30" */
	const char *status, *reason; /* what the gateway makes of it */
};

/* Reads the card of a MakePaymentRespond: 422 `invalid-card`, `invalid-expiry`, `card-expired`, `invalid-cvc`. */
int card_read(struct call *c, json_object *payment, struct card *ret);
