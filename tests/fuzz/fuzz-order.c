/* Orders, payments, quotes and the refusals of orders. */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "backend/customer.h"
#include "base/jsonutil.h"

static void check_payment(const struct payment *p)
{
	FUZZ_CHECK(p->uid[0] && p->status[0] && p->amount >= 0);
	FUZZ_CHECK(currency_digits(p->currency) >= 0);
}

static void check_order(const struct order *o)
{
	FUZZ_CHECK(o->uid[0] && strlen(o->uid) <= 128);
	FUZZ_CHECK(o->status[0] && !status_is_local(o->status));
	FUZZ_CHECK(o->total_price >= 0 && o->products_price >= 0 && o->delivery_price >= 0);
	FUZZ_CHECK(currency_digits(o->currency) >= 0);
	FUZZ_CHECK(isnan(o->destination_latitude) == isnan(o->destination_longitude));
	FUZZ_CHECK(isnan(o->destination_latitude) || fabs(o->destination_latitude) <= 90);
	FUZZ_CHECK(o->n_lines <= 1000 && o->n_timeline <= 1000 && o->n_payments <= 1000 && o->rating <= 5);
	for (size_t i = 0; i < o->n_lines; i++)
		FUZZ_CHECK(o->lines[i].quantity > 0 && o->lines[i].unit_price >= 0);
	for (size_t i = 0; i < o->n_timeline; i++)
		FUZZ_CHECK(!status_is_local(o->timeline[i].status));
	for (size_t i = 0; i < o->n_payments; i++)
		check_payment(&o->payments[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_(order_freep) struct order *order = NULL;
	_cleanup_free_ uint64_t *ids = NULL;
	_cleanup_json_ json_object *o = NULL;
	struct payment payment;
	struct quote quote;
	int64_t amount = 0;
	size_t n_ids = 0;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	if (customer_decode_order(o, &order) == 0)
		check_order(order);
	if (customer_decode_payment(o, &payment) == 0) {
		check_payment(&payment);
		payment_done(&payment);
	}
	if (customer_decode_quote(o, &quote) == 0) {
		FUZZ_CHECK(quote.total_price >= 0 && quote.n_unavailable <= 1000);
		quote_done(&quote);
	}
	if (customer_decode_new_amount(o, "USD", &amount) == 0)
		FUZZ_CHECK(amount >= 0);
	if (customer_decode_unavailable(o, &ids, &n_ids) == 0)
		FUZZ_CHECK(n_ids <= 1000);
	return 0;
}
