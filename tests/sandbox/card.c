/*
 * Reading a card, and what the test gateway makes of its number. Refusals never repeat what was sent.
 */
#include "tests/sandbox/card.h"
#include "tests/sandbox/handlers.h"

enum { DIGITS_MIN = 12, DIGITS_MAX = 19, HOLDER_MAX = 200 };

static const struct {
	const char *number, *status, *reason;
} rules[] = {
	{ "4000000000000002", "Rejected", "declined" },
	{ "4000000000009995", "Rejected", "insufficient-funds" },
	{ "4000000000000119", "Failed", "processing-error" },
};

static const char *brand_of(const char *number)
{
	if (number[0] == '4')
		return "Visa";
	if (number[0] == '5' || number[0] == '2')
		return "Mastercard";
	if (strncmp(number, "34", 2) == 0 || strncmp(number, "37", 2) == 0)
		return "American Express";
	return number[0] == '6' ? "Discover" : "Card";
}

static bool is_digits(const char *s, size_t min, size_t max)
{
	size_t n = strlen(s);

	return n >= min && n <= max && strspn(s, "0123456789") == n;
}

static bool luhn(const char *number)
{
	int sum = 0, twice = 0;

	for (size_t i = strlen(number); i > 0; i--, twice = !twice) {
		int d = number[i - 1] - '0';

		sum += !twice ? d : d < 5 ? 2 * d : 2 * d - 9;
	}
	return sum % 10 == 0;
}

static int read_expiry(struct call *c, json_object *payment, struct card *card)
{
	unsigned month, year, now_month, day, weekday;
	const char *text;
	int now_year;

	if (json_string_member(payment, "expiry", &text) < 0 || !text || strlen(text) != 5 ||
	    strspn(text, "0123456789/") != 5 || sscanf(text, "%2u/%2u", &month, &year) != 2 || text[2] != '/' ||
	    month < 1 || month > 12)
		return call_fail(c, 422, "invalid-expiry", "\"expiry\" is not as MM/YY");
	date_civil(clock_now(&c->sandbox->clock), &now_year, &now_month, &day, &weekday);
	if (2000 + (int)year < now_year || (2000 + (int)year == now_year && month < now_month))
		return call_fail(c, 422, "card-expired", "The card has expired");
	snprintf(card->expiry, sizeof(card->expiry), "%02u/%02u", month % 100, year % 100);
	return 0;
}

int card_read(struct call *c, json_object *payment, struct card *ret)
{
	struct card card = { .status = "Processed" };
	const char *number, *holder, *cvc;
	size_t cvc_length;
	int r;

	if (json_string_member(payment, "cardNumber", &number) < 0 || !number ||
	    !is_digits(number, DIGITS_MIN, DIGITS_MAX) || !luhn(number))
		return call_fail(c, 422, "invalid-card", "\"cardNumber\" is no number of a card");
	card.brand = brand_of(number);
	snprintf(card.last4, sizeof(card.last4), "%s", number + strlen(number) - 4);
	r = read_expiry(c, payment, &card);
	if (r < 0)
		return r;
	cvc_length = strcmp(card.brand, "American Express") == 0 ? 4 : 3;
	if (json_string_member(payment, "cvc", &cvc) < 0 || !cvc || !is_digits(cvc, cvc_length, cvc_length))
		return call_fail(c, 422, "invalid-cvc", "\"cvc\" does not have %zu digits", cvc_length);
	if (json_string_member(payment, "cardHolder", &holder) < 0 || (holder && strlen(holder) > HOLDER_MAX))
		return call_fail(c, 422, "invalid-card-holder", "\"cardHolder\" is no text, or too long");
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (strcmp(rules[i].number, number) == 0) {
			card.status = rules[i].status;
			card.reason = rules[i].reason;
		}
	*ret = card;
	return 0;
}

static json_object *list(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT uid, brand, last4, expiry FROM cards"
						 " WHERE user = ? ORDER BY id", "i", c->user.id);
	json_object *a = json_object_new_array();

	while (store_step(q)) {
		json_object *o = json_object_new_object();

		json_add_text(o, "uid", store_text(q, 0));
		json_add_text(o, "brand", store_text(q, 1));
		json_add_text(o, "last4", store_text(q, 2));
		json_add_text(o, "expiry", store_text(q, 3));
		json_object_array_add(a, o);
	}
	return a;
}

int cards_get(struct call *c)
{
	c->answer = list(c);
	return 0;
}

int card_remove(struct call *c)
{
	const char *uid;
	int r;

	r = call_text(c, "uid", 1, 100, &uid);
	if (r < 0)
		return r;
	if (store_run(c->sandbox->store, "DELETE FROM cards WHERE uid = ? AND user = ?", "ti", uid,
		      c->user.id) == 0)
		return call_fail(c, 404, "not-found", "You have no card \"%.100s\"", uid);
	c->answer = list(c);
	return 0;
}
