/* Money: exact decimals of ISO 4217 currencies. */
#include "base/money.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* ISO 4217 list one and what left it of late, by number of minor digits. Codes without any (gold, XDR, XXX) are no
 * money here. */
static const char digits_0[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
static const char digits_2[] =
	"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
	"CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
	"HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP "
	"MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
	"SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
	"VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL";
static const char digits_3[] = "BHD IQD JOD KWD LYD OMR TND";
static const char digits_4[] = "CLF UYW";

static const struct {
	int digits;
	const char *codes;
} currencies[] = { { 2, digits_2 }, { 0, digits_0 }, { 3, digits_3 }, { 4, digits_4 } };

int currency_digits(const char *code)
{
	if (!code || strlen(code) != CURRENCY_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < ELEMENTSOF(currencies); i++)
		for (const char *p = currencies[i].codes; *p; p += p[3] ? 4 : 3)
			if (memcmp(p, code, 3) == 0)
				return currencies[i].digits;
	return -EINVAL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Amounts are gathered below zero, since that side reaches one further. */
static int append_digit(int64_t *minus, char digit)
{
	if (__builtin_mul_overflow(*minus, 10, minus) || __builtin_sub_overflow(*minus, digit - '0', minus))
		return -ERANGE;
	return 0;
}

/* Only its form, so that what is malformed is -EINVAL however long it is. */
static bool is_decimal(const char *s)
{
	if (*s == '-')
		s++;
	if (!is_digit(*s) || (*s == '0' && is_digit(s[1])))
		return false;
	while (is_digit(*s))
		s++;
	if (*s == '\0')
		return true;
	if (*s != '.' || !is_digit(s[1]))
		return false;
	for (s++; is_digit(*s); s++)
		;
	return *s == '\0';
}

int money_parse(const char *text, const char *currency, int64_t *ret_minor)
{
	int digits = currency_digits(currency), seen = 0, r;
	int64_t minus = 0;
	const char *p;
	bool negative;

	if (digits < 0 || !text || !is_decimal(text))
		return -EINVAL;
	negative = *text == '-';
	for (p = text + negative; is_digit(*p); p++) {
		r = append_digit(&minus, *p);
		if (r < 0)
			return r;
	}
	if (*p == '.')
		p++;
	for (; *p; p++) {
		if (seen == digits) {
			if (*p != '0')
				return -ERANGE;
			continue;
		}
		r = append_digit(&minus, *p);
		if (r < 0)
			return r;
		seen++;
	}
	for (; seen < digits; seen++) {
		r = append_digit(&minus, '0');
		if (r < 0)
			return r;
	}
	if (!negative && minus == INT64_MIN)
		return -ERANGE;
	*ret_minor = negative ? minus : -minus;
	return 0;
}

const char *money_format(char buf[static MONEY_SIZE], int64_t minor, const char *currency)
{
	/* Of a code that nobody knows the digits are not known either; most have two. */
	int digits = currency_digits(currency) < 0 ? 2 : currency_digits(currency);
	uint64_t left = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
	char backwards[MONEY_SIZE];
	int n = 0, i = 0;

	for (; n <= digits + (digits > 0) || left > 0; left /= 10) {
		if (digits > 0 && n == digits)
			backwards[n++] = '.';
		backwards[n++] = (char)('0' + left % 10);
	}
	if (minor < 0)
		buf[i++] = '-';
	while (n > 0)
		buf[i++] = backwards[--n];
	buf[i] = '\0';
	return buf;
}

const char *money_format_human(char buf[static MONEY_HUMAN_SIZE], int64_t minor, const char *currency)
{
	char decimal[MONEY_SIZE];

	(void)snprintf(buf, MONEY_HUMAN_SIZE, "%s %.3s", money_format(decimal, minor, currency), currency);
	return buf;
}
