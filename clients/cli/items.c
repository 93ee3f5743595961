/* Reading ITEM and numbers. Whether there is such a product is not known here. */
#include "clients/cli/items.h"

#include "base/util.h"

#define TIMES "\xc3\x97" /* U+00D7 */

int number_parse(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (*s < '0' || *s > '9' || digit > max || v > (max - digit) / 10)
			return -EINVAL;
		v = v * 10 + digit;
	}
	*ret = v;
	return 0;
}

int item_parse(const char *s, struct item *ret)
{
	size_t digits = strspn(s, "0123456789");
	const char *rest = s + digits, *quantity_text;
	uint64_t product, quantity = 1;
	char number[21];

	if (!*s)
		return -EINVAL;
	quantity_text = startswith(rest, TIMES);
	if (!quantity_text && (*rest == 'x' || *rest == 'X'))
		quantity_text = rest + 1;
	/* "7 spices" and "7up" are names; "12x", "12x0" and "12xy" are a slip in a quantity. */
	if (digits == 0 || (*rest && !quantity_text)) {
		*ret = (struct item){ .quantity = 1 };
		return 0;
	}
	if (digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, s, digits);
	number[digits] = '\0';
	if (number_parse(number, UINT64_MAX, &product) < 0 || product == 0)
		return -EINVAL;
	if (quantity_text && (number_parse(quantity_text, ITEM_QUANTITY_MAX, &quantity) < 0 || quantity == 0))
		return -EINVAL;
	*ret = (struct item){ .product = product, .quantity = (uint32_t)quantity };
	return 0;
}
