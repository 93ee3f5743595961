/* Which bars are shown, and which are put together. */
#include "clients/chart/ranking.h"

#include <math.h>

#include "clients/cli/text.h"

static int compare_points(const void *a, const void *b)
{
	const struct chart_point *const *p = a, *const *q = b;

	if ((*p)->value != (*q)->value)
		return (*p)->value > (*q)->value ? -1 : 1;
	return *p < *q ? -1 : *p > *q; /* as they came */
}

static void add_rank(struct ranking *r, char *label, double value)
{
	r->ranks[r->n++] = (struct rank){ .label = label, .value = value };
	r->lo = fmin(r->lo, value);
	r->hi = fmax(r->hi, value);
}

void ranking_make(const struct chart *c, size_t max, struct ranking *ret)
{
	_cleanup_free_ const struct chart_point **sorted = xcheck(new0(const struct chart_point *, c->n + 1));
	size_t shown = c->n <= max || max == 0 ? c->n : max - 1;
	struct ranking r = { .ranks = xcheck(new0(struct rank, c->n + 1)) };
	double sum = 0, rest = 0;
	bool negative = false;

	for (size_t i = 0; i < c->n; i++) {
		sorted[i] = &c->points[i];
		sum += sorted[i]->value;
		negative = negative || sorted[i]->value < 0;
	}
	qsort(sorted, c->n, sizeof(*sorted), compare_points);
	for (size_t i = 0; i < shown; i++)
		add_rank(&r, xstrdup(strempty(sorted[i]->label)), sorted[i]->value);
	for (size_t i = shown; i < c->n; i++)
		rest += sorted[i]->value;
	if (shown < c->n) {
		add_rank(&r, xprintf("%zu others", c->n - shown), rest);
		r.ranks[shown].rest = true;
	}
	for (size_t i = 0; i < r.n; i++)
		r.ranks[i].share = negative || sum <= 0 ? NAN : r.ranks[i].value / sum;
	*ret = r;
}

void ranking_done(struct ranking *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->ranks[i].label);
	free(r->ranks);
	*r = (struct ranking){};
}
