/* Bars from left to right, a line for each, with its name before it and its value behind. */
#include <math.h>

#include "clients/chart/print.h"
#include "clients/chart/ranking.h"
#include "clients/chart/ticks.h"
#include "clients/cli/text.h"

struct sheet {
	const struct chart *c;
	const struct chart_screen *screen;
	struct ranking ranking;
	struct scale scale;
	struct grid grid;
	unsigned left, width; /* of the bars */
	unsigned zero;	      /* cells of them that are for what is negative */
	bool shares;
};

static void value_text(const struct sheet *s, const struct rank *r, char *buf, size_t size)
{
	char value[CHART_VALUE_SIZE];

	chart_format_value(value, s->c, r->value);
	if (s->shares)
		snprintf(buf, size, "%s %3.0f%%", value, r->share * 100);
	else
		snprintf(buf, size, "%s", value);
}

static void measure(struct sheet *s)
{
	const unsigned columns = s->screen->columns;
	size_t names = 0, values = 0, most = columns * 2 / 5;
	char buf[2 * CHART_VALUE_SIZE];

	s->shares = columns >= 40;
	for (size_t i = 0; i < s->ranking.n; i++) {
		size_t width = text_width(s->ranking.ranks[i].label);

		s->shares = s->shares && !isnan(s->ranking.ranks[i].share);
		names = width > names ? width : names;
	}
	for (size_t i = 0; i < s->ranking.n; i++) {
		value_text(s, &s->ranking.ranks[i], buf, sizeof(buf));
		values = strlen(buf) > values ? strlen(buf) : values;
	}
	/* The number is said in full, the name and the bar give way. */
	if (values + 7 > columns)
		values = columns - 7;
	if (names > most)
		names = most;
	if (names + values + 6 > columns)
		names = columns - values - 6;
	s->left = (unsigned)names + 1;
	s->width = columns - s->left - 1 - (unsigned)values - 1;
}

static double cells_of(const struct sheet *s, double value)
{
	return (value - s->scale.min) / (s->scale.max - s->scale.min) * s->width;
}

static void draw_bar(struct sheet *s, unsigned row, double value, enum ink ink)
{
	unsigned first = s->left + 1 + s->zero, eighths;
	double cells = fabs(cells_of(s, value) - cells_of(s, 0));

	if (value == 0)
		return;
	eighths = cells * 8 < 1 ? 1 : (unsigned)lround(cells * 8);
	for (unsigned i = 0; i * 8 < eighths; i++) {
		unsigned fill = eighths - i * 8 > 8 ? 8 : eighths - i * 8;

		if (value > 0)
			grid_put(&s->grid, row, first + i, grid_lying(&s->grid, fill), ink);
		else if (i < s->zero)
			grid_put(&s->grid, row, first - 1 - i, grid_lying(&s->grid, fill > 4 ? 8 : 4), ink);
	}
}

static void draw_rank(struct sheet *s, unsigned row, const struct rank *r)
{
	_cleanup_free_ char *plain = grid_plain(r->label, s->grid.utf8), *name = text_fit(plain, s->left - 1);
	char buf[2 * CHART_VALUE_SIZE];
	unsigned width;

	grid_text(&s->grid, row, s->left - 1 - (unsigned)text_width(name), name, INK_NONE);
	for (unsigned i = 0; i < s->scale.n; i++) {
		unsigned x = (unsigned)lround(cells_of(s, s->scale.ticks[i].value));

		grid_put(&s->grid, row, s->left + x, grid_glyph(&s->grid, GLYPH_UPRIGHT), INK_FAINT);
	}
	draw_bar(s, row, r->value, r->rest ? INK_FAINT : INK_DATA);
	value_text(s, r, buf, sizeof(buf));
	width = (unsigned)strlen(buf);
	if (width < s->grid.columns - s->left - s->width)
		grid_text(&s->grid, row, s->grid.columns - width, buf, INK_NONE);
	else /* cut from the left it would be another number */
		grid_text(&s->grid, row, s->left + 1 + s->width, buf, INK_NONE);
}

static void draw_axis(struct sheet *s, unsigned row)
{
	unsigned end = 0;

	for (unsigned i = 0; i <= s->width; i++)
		grid_put(&s->grid, row, s->left + i, grid_glyph(&s->grid, GLYPH_AXIS), INK_FAINT);
	for (unsigned i = 0; i < s->scale.n; i++) {
		const struct tick *t = &s->scale.ticks[i];
		unsigned x = s->left + (unsigned)lround(cells_of(s, t->value)), width = (unsigned)strlen(t->label);
		unsigned from = x >= width / 2 ? x - width / 2 : 0;

		if (from + width > s->grid.columns)
			from = s->grid.columns - width;
		grid_put(&s->grid, row, x,
			 grid_glyph(&s->grid, t->value == 0 ? GLYPH_CORNER : GLYPH_TICK_ALONG), INK_FAINT);
		if (i > 0 && from < end + 1)
			continue;
		grid_text(&s->grid, row + 1, from, t->label, INK_NONE);
		end = from + width;
	}
}

void chart_print_lying(const struct chart *c, FILE *f, const struct chart_screen *screen)
{
	unsigned taken = 1 + chart_print_notes(c, NULL, screen) + 2;
	unsigned room = screen->rows > taken + 3 ? screen->rows - taken : 3, intervals;
	struct sheet s = { .c = c, .screen = screen };

	ranking_make(c, room, &s.ranking);
	measure(&s);
	intervals = s.width / 10;
	scale_numbers(&s.scale, s.ranking.lo, s.ranking.hi, c->unit, c->currency, intervals > 5 ? 5 : intervals);
	s.zero = (unsigned)lround(cells_of(&s, 0));
	grid_init(&s.grid, (unsigned)s.ranking.n + 2, screen->columns, screen);
	for (size_t i = 0; i < s.ranking.n; i++)
		draw_rank(&s, (unsigned)i, &s.ranking.ranks[i]);
	draw_axis(&s, (unsigned)s.ranking.n);
	grid_print(&s.grid, f);
	grid_done(&s.grid);
	ranking_done(&s.ranking);
}
