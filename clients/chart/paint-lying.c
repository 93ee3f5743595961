/* Bars from left to right on a page, the largest first. */
#include <math.h>

#include "clients/chart/paint.h"
#include "clients/chart/ranking.h"
#include "clients/cli/text.h"

#define ROW_MAX 34.0
#define ROW_MIN 19.0

struct rows {
	struct painter *p;
	struct ranking ranking;
	struct scale scale;
	double x, w, row;
};

static double along(const struct rows *r, double value)
{
	return r->x + (value - r->scale.min) / (r->scale.max - r->scale.min) * r->w;
}

static void value_text(const struct rows *r, const struct rank *rank, char *buf, size_t size)
{
	char value[CHART_VALUE_SIZE];

	chart_format_value(value, r->p->c, rank->value);
	if (isnan(rank->share))
		snprintf(buf, size, "%s", value);
	else
		snprintf(buf, size, "%s  (%.0f%%)", value, rank->share * 100);
}

static void place(struct rows *r)
{
	double names = 0, values = 0;
	char buf[2 * CHART_VALUE_SIZE];

	for (size_t i = 0; i < r->ranking.n; i++) {
		value_text(r, &r->ranking.ranks[i], buf, sizeof(buf));
		names = fmax(names, paint_measure(r->p, FONT_LABEL, r->ranking.ranks[i].label));
		values = fmax(values, paint_measure(r->p, FONT_NOTE, buf));
	}
	names = fmin(names, r->p->w * 0.4);
	r->x = r->p->x + names + 10;
	r->w = r->p->w - names - 10 - values - 8;
	r->row = fmin(ROW_MAX, (r->p->h - 6) / (double)r->ranking.n);
}

static void paint_row(struct rows *r, size_t i)
{
	const struct rank *rank = &r->ranking.ranks[i];
	double y = r->p->y + (double)i * r->row, zero = along(r, 0), end = along(r, rank->value);
	_cleanup_free_ char *name = paint_fit(r->p, FONT_LABEL, rank->label, r->p->w * 0.4);
	char buf[2 * CHART_VALUE_SIZE];

	if (rank->value != 0 && fabs(end - zero) < 1.5)
		end = zero + (rank->value > 0 ? 1.5 : -1.5);
	cairo_rectangle(r->p->cr, fmin(zero, end), y + r->row * 0.14, fabs(end - zero), r->row * 0.72);
	paint_colour(r->p, rank->rest ? COLOUR_REST : COLOUR_DATA, 1);
	cairo_fill(r->p->cr);
	paint_text(r->p, r->x - 8, y + r->row / 2 + 4, 1, FONT_LABEL, false, COLOUR_TEXT, name);
	value_text(r, rank, buf, sizeof(buf));
	paint_text(r->p, fmax(end, zero) + 6, y + r->row / 2 + 4, 0, FONT_NOTE, false, COLOUR_MUTED, buf);
}

void paint_lying(struct painter *p)
{
	struct rows r = { .p = p };
	double bottom;

	ranking_make(p->c, (size_t)(p->h / ROW_MIN), &r.ranking);
	place(&r);
	scale_numbers(&r.scale, r.ranking.lo, r.ranking.hi, p->c->unit, p->c->currency,
		      (unsigned)fmax(1, r.w / 90));
	bottom = p->y + (double)r.ranking.n * r.row + 4;
	for (unsigned i = 0; i < r.scale.n; i++) {
		double x = along(&r, r.scale.ticks[i].value);

		paint_line(p, x, p->y, x, bottom, r.scale.ticks[i].value == 0 ? COLOUR_AXIS : COLOUR_GRID, 1);
		paint_text(p, x, bottom + 16, 0.5, FONT_LABEL, false, COLOUR_MUTED, r.scale.ticks[i].label);
	}
	for (size_t i = 0; i < r.ranking.n; i++)
		paint_row(&r, i);
	ranking_done(&r.ranking);
}
