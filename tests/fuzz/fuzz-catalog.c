/* Categories, products and pages. */
#include "tests/fuzz/fuzz.h"

#include "backend/customer.h"
#include "base/jsonutil.h"

static void decode_product(json_object *o)
{
	struct product p;

	if (customer_decode_product(o, &p) < 0)
		return;
	FUZZ_CHECK(p.id <= INT64_MAX && p.category <= INT64_MAX && p.price >= 0);
	FUZZ_CHECK(p.deleted || p.name[0]);
	FUZZ_CHECK(currency_digits(p.currency) >= 0);
	FUZZ_CHECK(p.rating >= 0 && p.rating <= 5);
	product_done(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_object *o = NULL;
	struct category category;
	struct page page;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	decode_product(o);
	if (customer_decode_category(o, &category) == 0) {
		FUZZ_CHECK(category.id > 0 && category.name[0]);
		category_done(&category);
	}
	if (page_decode(o, &page) == 0) {
		FUZZ_CHECK(!page.has_more || page.next);
		for (size_t i = 0; i < page.n; i++)
			decode_product(json_object_array_get_idx(page.items, i));
	}
	return 0;
}
