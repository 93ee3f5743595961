/* Money: an integer count of minor units and an ISO 4217 code; never a double. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CURRENCY_SIZE 4 /* three letters and NUL */

/* Minor digits of a currency (ISO 4217: USD 2, JPY 0, KWD 3), or -EINVAL for a code it does not know. */
int currency_digits(const char *code);

/* Reads a decimal such as "12", "12.5", "12.500" exactly. Digits beyond the currency's must be zeros.
 * -EINVAL: not a decimal (exponents, signs but for a leading '-', spaces, "5.", ".5"), or an unknown currency;
 * -ERANGE: it does not fit, or it has more digits than the currency. */
int money_parse(const char *text, const char *currency, int64_t *ret_minor);

/* The decimal as it is written in the service's JSON and for people: 1250 USD is "12.50", 5 JPY "5". */
#define MONEY_SIZE 32
const char *money_format(char buf[static MONEY_SIZE], int64_t minor, const char *currency);

/* For people: "$12.50" would need a locale; we write "12.50 USD". */
#define MONEY_HUMAN_SIZE 40
const char *money_format_human(char buf[static MONEY_HUMAN_SIZE], int64_t minor, const char *currency);
