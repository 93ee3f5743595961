/* The bound that nine of ten orders keep. The rule is in the header. */
#include "core/promises.h"

#include "base/util.h"

struct score {
	int64_t delay;
	double weight;
};

static int compare(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	return (x->delay > y->delay) - (x->delay < y->delay);
}

int promise_bound(const int64_t *delays, size_t n, int64_t *ret)
{
	struct score scores[PROMISE_ORDERS_MAX];
	double weight = 1, all = 1, reached = 0; /* the order to come is one of all */

	if (n < PROMISE_ORDERS_LEAST)
		return -ENODATA;
	if (n > PROMISE_ORDERS_MAX)
		n = PROMISE_ORDERS_MAX;
	for (size_t i = 0; i < n; i++, weight *= PROMISE_FADE) {
		scores[i] = (struct score){ .delay = delays[i], .weight = weight };
		all += weight;
	}
	qsort(scores, n, sizeof(scores[0]), compare);
	for (size_t i = 0; i < n; i++) {
		reached += scores[i].weight;
		if (reached >= PROMISE_PART * all) {
			*ret = scores[i].delay;
			return 0;
		}
	}
	return -ENODATA;
}
