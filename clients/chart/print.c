/* A chart on a terminal: the frame of title, axes and notes, and what stands in it by kind. */
#include <math.h>

#include "clients/chart/grid.h"
#include "clients/chart/layout.h"
#include "clients/chart/print.h"
#include "clients/cli/text.h"

#define BAR_MAX 10	/* cells; a bar that is wider is a wall */
#define ROWS_MAX 200

/* The plot within the sheet. Rows of the sheet: `above` of them over the zero line, the zero line, `below` of
 * them, then labels and their contexts. */
struct plot {
	const struct chart *c;
	const struct chart_screen *screen;
	struct grid grid;
	struct chart_layout layout;
	unsigned left, width;	      /* of the plot */
	unsigned top;		      /* a row for values over the bars, or 0 */
	unsigned above, below, every; /* rows; rows of an interval */
	double base;		      /* the value of the zero line: 0, or what the axis begins with */
	bool contexts;
};

static double measure_cells(void *userdata, const char *text)
{
	(void)userdata;
	return (double)text_width(text);
}

void chart_print_line(FILE *f, const struct chart_screen *screen, const char *text, enum ink ink)
{
	_cleanup_free_ char *plain = grid_plain(text, screen->utf8), *fit = text_fit(plain, screen->columns);

	ink_on(f, screen->colour, ink);
	fputs(fit, f);
	ink_off(f, screen->colour, ink);
	fputc('\n', f);
}

void chart_print_title(const struct chart *c, FILE *f, const struct chart_screen *screen)
{
	const char *unit = chart_unit_name(c);
	_cleanup_free_ char *title = grid_plain(strempty(c->title), screen->utf8), *fit = NULL;
	size_t room = screen->columns, width = text_width(unit);

	/* The unit is needed to read the numbers: the title gives way. */
	if (*unit && room > width + 12)
		room -= width + 2;
	fit = text_fit(title, room);
	ink_on(f, screen->colour, INK_TITLE);
	fputs(fit, f);
	ink_off(f, screen->colour, INK_TITLE);
	if (*unit && text_width(fit) + width + 2 <= screen->columns) {
		fputs("  ", f);
		ink_on(f, screen->colour, INK_FAINT);
		fputs(unit, f);
		ink_off(f, screen->colour, INK_FAINT);
	}
	fputc('\n', f);
}

/* One line of a text that is broken at spaces; moves *text on. NULL at the end. */
static char *next_line(const char **text, size_t width)
{
	const char *s = *text, *good = NULL;
	char *line;

	while (*s == ' ')
		s++;
	if (!*s)
		return NULL;
	for (const char *p = s;; p++) {
		_cleanup_free_ char *part = NULL;

		if (*p && *p != ' ')
			continue;
		part = xprintf("%.*s", (int)(p - s), s);
		if (text_width(part) > width && good)
			break;
		good = p;
		if (!*p)
			break;
	}
	line = xprintf("%.*s", (int)(good - s), s);
	*text = good;
	return line;
}

static unsigned print_wrapped(FILE *f, const struct chart_screen *screen, const char *text)
{
	unsigned lines = 0;
	char *line;

	for (; (line = next_line(&text, screen->columns)); lines++) {
		if (f)
			chart_print_line(f, screen, line, INK_FAINT);
		free(line);
	}
	return lines;
}

unsigned chart_print_notes(const struct chart *c, FILE *f, const struct chart_screen *screen)
{
	unsigned lines = 0;

	for (size_t i = 0; i < c->n_notes; i++)
		lines += print_wrapped(f, screen, c->notes[i]);
	return lines;
}

static size_t widest_label(const struct scale *s)
{
	size_t width = 0;

	for (unsigned i = 0; i < s->n; i++)
		width = strlen(s->ticks[i].label) > width ? strlen(s->ticks[i].label) : width;
	return width;
}

/* The widths of the labels depend on what is grouped, and that on the width that they leave. */
static int lay_out(struct plot *p, unsigned rows)
{
	const unsigned columns = p->screen->columns;
	unsigned intervals = rows < 12 ? rows / 2 : rows / 3, n;
	int r;

	p->left = 2;
	for (int i = 0; i < 6; i++) {
		struct chart_space space = { .intervals = intervals > 6 ? 6 : intervals ? intervals : 1, .gap = columns >= 40 ? 1.5 : 1,
					     .measure = measure_cells };
		unsigned left;

		p->width = columns - p->left;
		space.width = p->width;
		space.groups = p->width;
		chart_layout_done(&p->layout);
		r = chart_layout_make(p->c, &space, &p->layout);
		if (r < 0)
			return r;
		left = (unsigned)widest_label(&p->layout.up) + (columns >= 40 ? 2 : 1);
		if (left <= p->left)
			break;
		p->left = left;
	}
	n = p->layout.up.n - 1;
	p->every = rows / n ? rows / n : 1;
	p->base = fmax(p->layout.up.min, 0);
	p->below = p->every * (unsigned)llround((p->base - p->layout.up.min) / p->layout.up.step);
	p->above = p->every * n - p->below;
	for (size_t i = 0; i < p->layout.n_along; i++)
		p->contexts = p->contexts || *p->layout.along[i].context;
	return 0;
}

static unsigned zero_row(const struct plot *p)
{
	return p->top + p->above;
}

/* Cells from the middle of the zero line up. */
static double height_of(const struct plot *p, double value)
{
	return (value - p->base) / p->layout.up.step * p->every;
}

static void draw_up_axis(struct plot *p)
{
	const struct scale *s = &p->layout.up;
	struct grid *g = &p->grid;

	for (unsigned row = 0; row <= p->above + p->below; row++)
		grid_put(g, p->top + row, p->left - 1, grid_glyph(g, GLYPH_UPRIGHT), INK_FAINT);
	for (unsigned i = 0; i < s->n; i++) {
		unsigned row = p->top + (s->n - 1 - i) * p->every, width = (unsigned)strlen(s->ticks[i].label);
		bool zero = row == zero_row(p);

		grid_text(g, row, p->left - (p->screen->columns >= 40 ? 2 : 1) - width, s->ticks[i].label, INK_NONE);
		grid_put(g, row, p->left - 1, grid_glyph(g, zero ? GLYPH_CORNER : GLYPH_TICK_UP), INK_FAINT);
		for (unsigned x = 0; x < p->width; x++)
			grid_put(g, row, p->left + x, grid_glyph(g, zero ? GLYPH_AXIS : GLYPH_DOTTED), INK_FAINT);
	}
}

/* The column of the plot in whose middle a label stands. */
static unsigned column_of(const struct plot *p, double at)
{
	long column = lround(at * p->width - 0.5);

	return column < 0 ? 0 : column >= (long)p->width ? p->width - 1 : (unsigned)column;
}

static void put_centred(struct plot *p, unsigned row, double at, const char *text)
{
	unsigned width = (unsigned)text_width(text);
	long from = lround(at * p->width - width / 2.0);

	if (from + (long)width > (long)p->width)
		from = (long)p->width - width;
	grid_text(&p->grid, row, p->left + (from > 0 ? (unsigned)from : 0), text, INK_NONE);
}

static void draw_along_axis(struct plot *p)
{
	unsigned row = p->top + p->above + p->below + 1;

	for (size_t i = 0; i < p->layout.n_along; i++) {
		const struct tick *t = &p->layout.along[i];

		grid_put(&p->grid, zero_row(p), p->left + column_of(p, t->at), grid_glyph(&p->grid, GLYPH_TICK_ALONG),
			 INK_FAINT);
		put_centred(p, row, t->at, t->label);
		if (*t->context)
			put_centred(p, row + 1, t->at, t->context);
	}
}

/* Eighths of cells beyond the zero line's own. In Unicode a bar begins in the middle of that line, where the zero
 * is; in ASCII behind it, and there is always something to be seen. */
static unsigned eighths_of(const struct plot *p, double value)
{
	long n = lround((fabs(height_of(p, value)) - (p->grid.utf8 ? 0.5 : 0)) * 8);

	return n > 0 ? (unsigned)n : p->grid.utf8 ? 0 : 1;
}

/* What a bar is within the zero line: however small it is, it is seen. */
static const char *root_of(const struct plot *p, double value)
{
	if (!p->grid.utf8)
		return grid_glyph(&p->grid, GLYPH_AXIS);
	if (fabs(height_of(p, value)) < 0.25)
		return "━";
	return value > 0 ? "▀" : "▄";
}

static void draw_bar(struct plot *p, unsigned from, unsigned width, double value, enum ink ink)
{
	unsigned eighths = eighths_of(p, value), rows = (eighths + 7) / 8;

	for (unsigned x = p->left + from; x < p->left + from + width; x++) {
		grid_put(&p->grid, zero_row(p), x, root_of(p, value), p->grid.utf8 ? ink : INK_FAINT);
		for (unsigned row = 0; row < rows && row < (value > 0 ? p->above : p->below); row++) {
			unsigned fill = row + 1 < rows ? 8 : eighths - 8 * row;

			if (value > 0)
				grid_put(&p->grid, zero_row(p) - 1 - row, x, grid_rising(&p->grid, fill), ink);
			else
				grid_put(&p->grid, zero_row(p) + 1 + row, x, grid_hanging(&p->grid, fill), ink);
		}
	}
}

/* Where the bar of a group stands. Bars that have room keep a distance, all of one width. */
static void bar_place(const struct plot *p, size_t i, unsigned *ret_from, unsigned *ret_width)
{
	size_t n = p->layout.n_values;
	unsigned from = (unsigned)(i * p->width / n), to = (unsigned)((i + 1) * p->width / n);
	unsigned each = (unsigned)(p->width / n), width;

	if (p->c->kind == CHART_HISTOGRAM || each < 2) {
		*ret_from = from;
		*ret_width = to - from;
		return;
	}
	width = each - (each > 5 ? 2 : 1);
	if (width > BAR_MAX)
		width = BAR_MAX;
	/* By the middle, as its label is. */
	*ret_from = (unsigned)lround(chart_group_at(&p->layout, i) * p->width - width / 2.0);
	*ret_width = width;
}

/* Numbers over the bars, where there is room for every one. */
static bool values_fit(const struct plot *p)
{
	char buf[CHART_VALUE_SIZE];

	if (p->c->kind != CHART_BAR || p->layout.per > 1)
		return false;
	for (size_t i = 0; i < p->layout.n_values; i++)
		if (!isnan(p->layout.values[i]) &&
		    strlen(chart_format_value(buf, p->c, p->layout.values[i])) + 1 > p->width / p->layout.n_values)
			return false;
	return true;
}

static void draw_value(struct plot *p, size_t i, double value)
{
	char buf[CHART_VALUE_SIZE];
	unsigned rows = value == 0 ? 0 : (eighths_of(p, value) + 7) / 8;
	unsigned row = value >= 0 || p->below == 0 ? zero_row(p) - 1 - rows : zero_row(p) + 1 + rows;
	unsigned width, bar_from, bar_width;
	long from;

	chart_format_value(buf, p->c, value);
	width = (unsigned)strlen(buf);
	bar_place(p, i, &bar_from, &bar_width);
	from = lround(bar_from + (bar_width - (double)width) / 2);
	grid_text(&p->grid, row, p->left + (from > 0 ? (unsigned)from : 0), buf, INK_NONE);
}

static void draw_bars(struct plot *p)
{
	bool values = p->top > 0;

	for (size_t i = 0; i < p->layout.n_values; i++) {
		double value = p->layout.values[i];
		unsigned from, width;

		if (isnan(value))
			continue;
		bar_place(p, i, &from, &width);
		if (value != 0)
			draw_bar(p, from, width, value, chart_is_bad(p->c, i, value) ? INK_BAD : INK_DATA);
		if (values)
			draw_value(p, i, value);
	}
}

/* The dots of a line: over the sheet's rows from the top of the plot to its bottom, the zero line among them. */
static long dot_of(const struct plot *p, double value)
{
	return lround((p->below + 0.5 + height_of(p, value)) * 4 - 0.5);
}

/* A line of one point is a point, with its number. */
static void draw_lone_point(struct plot *p)
{
	unsigned row = zero_row(p) - (unsigned)lround(height_of(p, p->layout.values[0])), column = p->left + p->width / 2;
	char buf[CHART_VALUE_SIZE];

	grid_put(&p->grid, row, column, p->grid.utf8 ? "●" : "o", INK_DATA);
	grid_text(&p->grid, row, column + 2, chart_format_value(buf, p->c, p->layout.values[0]), INK_NONE);
}

static void draw_line(struct plot *p)
{
	const struct chart_layout *l = &p->layout;
	bool joined = p->c->kind == CHART_LINE, marks = !joined || l->n_values * 6 <= p->width;
	long last_x = -1, last_y = 0;
	_cleanup_dots_ struct dots dots = {};

	dots_init(&dots, p->above + p->below + 1, p->width);
	for (size_t i = 0; i < l->n_values; i++) {
		long x = lround(chart_group_at(l, i) * 2 * p->width - 0.5), y;

		if (isnan(l->values[i])) {
			last_x = l->connected && joined ? last_x : -1;
			continue;
		}
		y = dot_of(p, l->values[i]);
		dots_set(&dots, x, y);
		/* Two dots strong: one alone is hard to see. */
		for (int k = 0; last_x >= 0 && k < 2; k++)
			dots_line(&dots, last_x, last_y + k, x, y + k);
		for (int k = 0; marks && k < 4; k++)
			dots_set(&dots, x + k % 2, y + k / 2);
		last_x = joined ? x : -1;
		last_y = y;
	}
	dots_show(&dots, &p->grid, p->top, p->left, INK_DATA);
	if (l->n_values == 1 && !isnan(l->values[0]))
		draw_lone_point(p);
}

/* Where both axes say the same. */
static void draw_diagonal(struct plot *p)
{
	const struct tick *first = p->layout.along, *last = first + p->layout.n_along - 1;
	_cleanup_dots_ struct dots dots = {};

	dots_init(&dots, p->above + p->below + 1, p->width);
	for (unsigned x = 0; x < p->width; x++) {
		double value = first->value + (last->value - first->value) * (x + 0.5) / p->width;

		if (value >= p->layout.up.min && value <= p->layout.up.max)
			dots_set(&dots, 2L * x, dot_of(p, value));
	}
	dots.ascii = '/';
	dots_show(&dots, &p->grid, p->top, p->left, INK_FAINT);
}

static void draw_scatter(struct plot *p)
{
	const struct tick *first = p->layout.along, *last = first + p->layout.n_along - 1;
	_cleanup_dots_ struct dots good = {}, bad = {};
	bool split = p->c->diagonal && p->c->late && p->grid.colour;

	if (p->c->diagonal)
		draw_diagonal(p);
	dots_init(&good, p->above + p->below + 1, p->width);
	dots_init(&bad, p->above + p->below + 1, p->width);
	good.ascii = bad.ascii = 0;
	for (size_t i = 0; i < p->c->n; i++) {
		const struct chart_point *point = &p->c->points[i];
		double at = (point->x - first->value) / (last->value - first->value);
		long x = lround(at * 2 * p->width - 0.5);

		x = x < 0 ? 0 : x >= 2L * p->width ? 2L * p->width - 1 : x;
		dots_set(split && point->value > point->x ? &bad : &good, x, dot_of(p, point->value));
	}
	dots_show(&good, &p->grid, p->top, p->left, INK_DATA);
	/* A cell has one colour: late is what one looks for. */
	for (size_t i = 0; i < (size_t)bad.rows * bad.columns; i++)
		bad.bits[i] |= bad.bits[i] ? good.bits[i] : 0;
	dots_show(&bad, &p->grid, p->top, p->left, INK_BAD);
}

static void draw_plot(struct plot *p)
{
	draw_up_axis(p);
	draw_along_axis(p);
	if (p->c->along == CHART_NUMBERS)
		draw_scatter(p);
	else if (p->c->kind == CHART_LINE || p->c->kind == CHART_SCATTER)
		draw_line(p);
	else
		draw_bars(p);
}

static void print_plot(const struct chart *c, FILE *f, const struct chart_screen *screen)
{
	char per[CHART_PER_SIZE];
	struct plot p = { .c = c, .screen = screen };
	_cleanup_free_ char *axes = c->y_title && c->x_title ? xprintf("%s up, %s along", c->y_title, c->x_title) :
								 xstrdup("");
	unsigned taken = 1 + print_wrapped(NULL, screen, axes) + chart_print_notes(c, NULL, screen) +
			 3 /* zero line, labels, contexts */ + 1;
	unsigned rows = screen->rows > taken + 3 ? screen->rows - taken : 3;

	if (lay_out(&p, rows) < 0)
		return;
	p.top = values_fit(&p);
	grid_init(&p.grid, p.top + p.above + 1 + p.below + 1 + p.contexts, screen->columns, screen);
	draw_plot(&p);
	(void)print_wrapped(f, screen, axes);
	grid_print(&p.grid, f);
	(void)print_wrapped(f, screen, chart_per_text(per, c, &p.layout));
	grid_done(&p.grid);
	chart_layout_done(&p.layout);
}

void chart_print(const struct chart *c, const struct chart_screen *screen, FILE *f)
{
	struct chart_screen s = *screen;

	if (s.columns < CHART_COLUMNS_MIN) {
		s.columns = s.columns ? s.columns : 1;
		chart_print_line(f, &s, "Too narrow for a chart", INK_NONE);
		return;
	}
	s.rows = s.rows < CHART_ROWS_MIN ? CHART_ROWS_MIN : s.rows > ROWS_MAX ? ROWS_MAX : s.rows;
	if (s.columns > 1000)
		s.columns = 1000;
	chart_print_title(c, f, &s);
	if (c->n == 0)
		chart_print_line(f, &s, "Nothing in this period.", INK_NONE);
	else if (c->lying)
		chart_print_lying(c, f, &s);
	else
		print_plot(c, f, &s);
	(void)chart_print_notes(c, f, &s);
}
