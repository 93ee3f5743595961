/* A card as a person gives it: JSON {number, holder, expiry, cvc}, read by hand so that no copy of it lies in a
 * library's memory, and checked before anything is sent (ISO/IEC 7812-1: up to 19 digits, Luhn). */
#include <ctype.h>
#include <time.h>

#include "core/core-internal.h"

#define NUMBER_MIN 12
#define NUMBER_MAX 19
#define FIELD_MAX 64 /* bytes of any field */

/* ---- the JSON ---- */

static const char *skip(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* A string at p: its end, or NULL. No escapes but \" \\ \/ are needed for what a card has on it. */
static const char *read_string(const char *p, struct secret *into)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if (*p == '\0' || (unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\' && !strchr("\"\\/", *++p))
			return NULL;
		if (*p == '\0' || secret_append(into, p, 1) < 0)
			return NULL;
	}
	return p + 1;
}

static struct secret **field(struct card *c, const char *name)
{
	if (streq(name, "number"))
		return &c->number;
	if (streq(name, "holder"))
		return &c->holder;
	if (streq(name, "expiry"))
		return &c->expiry;
	return streq(name, "cvc") ? &c->cvc : NULL;
}

static int read_member(const char **p, struct card *c, struct failure *f)
{
	_cleanup_secret_ struct secret *name = secret_new_empty(FIELD_MAX), *value = secret_new_empty(FIELD_MAX);
	struct secret **to;
	const char *at;

	if (!name || !value)
		return failure_from_store(f, -ENOMEM, "The card could not be read");
	at = read_string(skip(*p), name);
	if (!at || *(at = skip(at)) != ':')
		return failure_set(f, CC_E_INVALID_ARGS, "The card is not JSON such as {\"number\":…,\"holder\":…,"
				   "\"expiry\":\"MM/YY\",\"cvc\":…}");
	to = field(c, secret_string(name));
	if (!to)
		return failure_set(f, CC_E_INVALID_ARGS, "The card has a field other than number, holder, expiry, cvc");
	at = read_string(skip(at + 1), value);
	if (!at || *to)
		return failure_set(f, CC_E_INVALID_ARGS, "The card's field '%s' is not one text of at most %d bytes",
				   secret_string(name), FIELD_MAX);
	*to = TAKE_PTR(value);
	*p = skip(at);
	return 0;
}

static int read_card(const char *p, struct card *c, struct failure *f)
{
	int r;

	p = skip(p);
	if (*p != '{')
		return failure_set(f, CC_E_INVALID_ARGS, "The card is not a JSON object");
	do {
		p++;
		r = read_member(&p, c, f);
		if (r < 0)
			return r;
	} while (*p == ',');
	if (*p != '}' || *skip(p + 1) != '\0')
		return failure_set(f, CC_E_INVALID_ARGS, "The card's JSON does not end where it should");
	if (!c->number || !c->expiry || !c->cvc)
		return failure_set(f, CC_E_INVALID_ARGS, "The card lacks its %s", !c->number ? "number" : !c->expiry ?
				   "expiry" : "cvc");
	return 0;
}

/* ---- the checks ---- */

/* Spaces and hyphens as printed on the card go. */
static int plain_digits(struct secret **s)
{
	const char *from = secret_string(*s);
	_cleanup_secret_ struct secret *to = secret_new_empty(FIELD_MAX);

	if (!to)
		return -ENOMEM;
	for (; *from; from++)
		if (*from != ' ' && *from != '-' && secret_append(to, from, 1) < 0)
			return -ENOBUFS;
	secret_unref(*s);
	*s = TAKE_PTR(to);
	return 0;
}

static bool all_digits(const struct secret *s)
{
	return strspn(secret_string(s), "0123456789") == secret_length(s);
}

static bool luhn(const char *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digits[n - 1 - i] - '0');

		if (i % 2 == 1)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10 == 0;
}

/* American Express prints four digits, all others three. */
static size_t cvc_length(const char *number)
{
	return startswith(number, "34") || startswith(number, "37") ? 4 : 3;
}

/* Good through the last day of its month. */
static bool expired(const char *e, uint64_t now)
{
	int month = (e[0] - '0') * 10 + e[1] - '0', year = 2000 + (e[3] - '0') * 10 + e[4] - '0';
	time_t seconds = (time_t)(now / USEC_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return true;
	return year < tm.tm_year + 1900 || (year == tm.tm_year + 1900 && month < tm.tm_mon + 1);
}

static bool expiry_well_formed(const struct secret *s)
{
	const char *e = secret_string(s);

	return secret_length(s) == 5 && isdigit((unsigned char)e[0]) && isdigit((unsigned char)e[1]) && e[2] == '/' &&
	       isdigit((unsigned char)e[3]) && isdigit((unsigned char)e[4]) &&
	       ((e[0] == '0' && e[1] != '0') || (e[0] == '1' && e[1] <= '2'));
}

static int check_card(struct card *c, uint64_t now, struct failure *f)
{
	size_t n;

	if (plain_digits(&c->number) < 0)
		return failure_from_store(f, -ENOMEM, "The card could not be read");
	n = secret_length(c->number);
	if (n < NUMBER_MIN || n > NUMBER_MAX || !all_digits(c->number))
		return failure_set(f, CC_E_INVALID_CARD, "The card's number is not %d to %d digits; nothing was charged",
				   NUMBER_MIN, NUMBER_MAX);
	if (!luhn(secret_string(c->number), n))
		return failure_set(f, CC_E_INVALID_CARD, "The card's number has a digit wrong (its check digit does not "
				   "fit); nothing was charged");
	if (!expiry_well_formed(c->expiry))
		return failure_set(f, CC_E_INVALID_CARD, "The card's expiry is not MM/YY; nothing was charged");
	if (expired(secret_string(c->expiry), now))
		return failure_set(f, CC_E_INVALID_CARD, "The card has expired; nothing was charged");
	if (secret_length(c->cvc) != cvc_length(secret_string(c->number)) || !all_digits(c->cvc))
		return failure_set(f, CC_E_INVALID_CARD, "The card's CVC is not %zu digits; nothing was charged",
				   cvc_length(secret_string(c->number)));
	return 0;
}

int card_parse(const struct secret *json, uint64_t now, struct card *ret, struct failure *f)
{
	struct card c = { 0 };
	int r;

	r = read_card(secret_string(json), &c, f);
	if (r >= 0)
		r = check_card(&c, now, f);
	wipe_registers();
	if (r < 0) {
		card_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}
