/* A chart as one would print it, on a page of any size. Files and their formats are in file.c. */
#include "clients/chart/paint.h"

#include <fontconfig/fontconfig.h>
#include <math.h>

#include "clients/cli/text.h"

#define MARGIN 28.0
#define BAR_MAX 64.0
#define MANY 240 /* points of a line: then it is drawn faint, with a mean of itself over it */
#define SMOOTH 90
#define GROUPS_MAX 4000

static const struct {
	double r, g, b;
} colours[] = {
	[COLOUR_TEXT] = { 0.13, 0.15, 0.18 }, [COLOUR_MUTED] = { 0.36, 0.40, 0.45 },
	[COLOUR_GRID] = { 0.89, 0.90, 0.92 }, [COLOUR_AXIS] = { 0.55, 0.58, 0.62 },
	[COLOUR_DATA] = { 0.17, 0.42, 0.69 }, [COLOUR_BAD] = { 0.78, 0.29, 0.20 },
	[COLOUR_REST] = { 0.66, 0.70, 0.75 },
};

void paint_colour(struct painter *p, enum colour id, double alpha)
{
	cairo_set_source_rgba(p->cr, colours[id].r, colours[id].g, colours[id].b, alpha);
}

/* A family that has all these characters, as far as one has; the caller frees. NULL: any. */
static char *family_for(const char *text)
{
	FcPattern *pattern = FcPatternCreate(), *found;
	FcCharSet *set = FcCharSetCreate();
	FcChar8 *family = NULL;
	FcResult result;
	FcChar32 c;
	char *copy = NULL;
	int left = (int)strlen(text);

	while (left > 0) {
		int n = FcUtf8ToUcs4((const FcChar8 *)text, &c, left);

		if (n <= 0)
			break;
		FcCharSetAddChar(set, c);
		text += n;
		left -= n;
	}
	FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)"sans-serif");
	FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)"DejaVu Sans");
	FcPatternAddCharSet(pattern, FC_CHARSET, set);
	FcConfigSubstitute(NULL, pattern, FcMatchPattern);
	FcDefaultSubstitute(pattern);
	found = FcFontMatch(NULL, pattern, &result);
	if (found && FcPatternGetString(found, FC_FAMILY, 0, &family) == FcResultMatch)
		copy = xstrdup((const char *)family);
	if (found)
		FcPatternDestroy(found);
	FcCharSetDestroy(set);
	FcPatternDestroy(pattern);
	return copy;
}

static bool is_ascii(const char *s)
{
	while (*s && !(*s & 0x80))
		s++;
	return !*s;
}

void paint_font(struct painter *p, double size, bool bold, const char *text)
{
	_cleanup_free_ char *family = is_ascii(text) ? NULL : family_for(text);

	cairo_select_font_face(p->cr, family ? family : "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
}

double paint_measure(struct painter *p, double size, const char *text)
{
	cairo_text_extents_t e;

	paint_font(p, size, false, text);
	cairo_text_extents(p->cr, text, &e);
	return e.x_advance;
}

void paint_text(struct painter *p, double x, double y, double align, double size, bool bold, enum colour id,
		const char *text)
{
	cairo_text_extents_t e;

	paint_font(p, size, bold, text);
	cairo_text_extents(p->cr, text, &e);
	cairo_move_to(p->cr, x - align * e.x_advance, y);
	paint_colour(p, id, 1);
	cairo_show_text(p->cr, text);
}

char *paint_fit(struct painter *p, double size, const char *text, double width)
{
	_cleanup_free_ char *fit = xstrdup(text);

	for (size_t columns = text_width(text); columns > 1 && paint_measure(p, size, fit) > width;) {
		free(fit);
		fit = text_fit(text, --columns);
	}
	return TAKE_PTR(fit);
}

void paint_line(struct painter *p, double x1, double y1, double x2, double y2, enum colour id, double width)
{
	cairo_move_to(p->cr, x1, y1);
	cairo_line_to(p->cr, x2, y2);
	cairo_set_line_width(p->cr, width);
	paint_colour(p, id, 1);
	cairo_stroke(p->cr);
}

static double measure(void *userdata, const char *text)
{
	return paint_measure(userdata, FONT_LABEL, text);
}

static struct chart_space space_of(struct painter *p, unsigned groups)
{
	return (struct chart_space){ .intervals = (unsigned)fmax(2, fmin(8, p->h / 45)), .groups = groups,
				     .width = p->w, .gap = 12, .measure = measure, .userdata = p };
}

static double up(const struct painter *p, double value)
{
	const struct scale *s = &p->layout.up;

	return p->y + p->h - (value - s->min) / (s->max - s->min) * p->h;
}

static void paint_axes(struct painter *p)
{
	const struct chart_layout *l = &p->layout;

	for (unsigned i = 0; i < l->up.n; i++) {
		double y = up(p, l->up.ticks[i].value);
		bool zero = fabs(l->up.ticks[i].value) < l->up.step / 1000 || (i == 0 && l->up.min > 0);

		paint_line(p, p->x, y, p->x + p->w, y, zero ? COLOUR_AXIS : COLOUR_GRID, 1);
		paint_text(p, p->x - 8, y + 4, 1, FONT_LABEL, false, COLOUR_MUTED, l->up.ticks[i].label);
	}
	for (size_t i = 0; i < l->n_along; i++) {
		const struct tick *t = &l->along[i];
		double width = paint_measure(p, FONT_LABEL, t->label), x = p->x + t->at * p->w;
		double from = fmax(fmin(x - width / 2, p->x + p->w - width), p->x);

		paint_line(p, x, p->y + p->h, x, p->y + p->h + 4, COLOUR_AXIS, 1);
		paint_text(p, from, p->y + p->h + 18, 0, FONT_LABEL, false, COLOUR_MUTED, t->label);
		if (!*t->context)
			continue;
		width = paint_measure(p, FONT_LABEL, t->context);
		from = fmax(fmin(x - width / 2, p->x + p->w - width), p->x);
		paint_text(p, from, p->y + p->h + 34, 0, FONT_LABEL, false, COLOUR_TEXT, t->context);
	}
}

static double bar_width(const struct painter *p)
{
	double slot = p->w / (double)p->layout.n_values;

	if (p->c->kind == CHART_HISTOGRAM)
		return slot > 3 ? slot - 1 : slot;
	return fmin(slot > 4 ? slot * 0.72 : slot, BAR_MAX);
}

static void paint_bar(struct painter *p, size_t i, double width, bool number)
{
	double value = p->layout.values[i], x = p->x + chart_group_at(&p->layout, i) * p->w, y = up(p, value);
	double zero = up(p, 0), height = zero - y;
	char buf[CHART_VALUE_SIZE];

	if (value != 0 && fabs(height) < 1.5) /* a sliver, so that it is seen */
		height = value > 0 ? 1.5 : -1.5;
	cairo_rectangle(p->cr, x - width / 2, zero - height, width, height);
	paint_colour(p, chart_is_bad(p->c, i, value) ? COLOUR_BAD : COLOUR_DATA, 1);
	cairo_fill(p->cr);
	if (number)
		paint_text(p, x, value < 0 ? zero - height + 13 : zero - height - 5, 0.5, FONT_NOTE, false,
			   COLOUR_TEXT, chart_format_value(buf, p->c, value));
}

static void paint_bars(struct painter *p)
{
	const struct chart_layout *l = &p->layout;
	double width = bar_width(p);
	bool numbers = p->c->kind == CHART_BAR && l->per == 1 && l->n_values <= 100;
	char buf[CHART_VALUE_SIZE];

	for (size_t i = 0; i < l->n_values && numbers; i++)
		numbers = isnan(l->values[i]) || paint_measure(p, FONT_NOTE, chart_format_value(buf, p->c, l->values[i])) + 6 <
							 p->w / (double)l->n_values;
	for (size_t i = 0; i < l->n_values; i++)
		if (!isnan(l->values[i]))
			paint_bar(p, i, width, numbers);
}

/* The path of a line, broken where it has a gap; what stands alone is a dot. */
static void trace(struct painter *p, const struct chart_layout *l)
{
	bool pen = false;

	cairo_new_path(p->cr);
	for (size_t i = 0; i < l->n_values; i++) {
		double x = p->x + chart_group_at(l, i) * p->w;

		if (isnan(l->values[i])) {
			pen = pen && l->connected;
			continue;
		}
		if (pen)
			cairo_line_to(p->cr, x, up(p, l->values[i]));
		else {
			cairo_move_to(p->cr, x, up(p, l->values[i]));
			cairo_line_to(p->cr, x, up(p, l->values[i]));
		}
		pen = true;
	}
}

static void paint_path(struct painter *p, const struct chart_layout *l, double width, double alpha)
{
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
	trace(p, l);
	cairo_set_line_width(p->cr, width);
	paint_colour(p, COLOUR_DATA, alpha);
	cairo_stroke(p->cr);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_BUTT);
}

static void paint_marks(struct painter *p)
{
	const struct chart_layout *l = &p->layout;

	for (size_t i = 0; i < l->n_values; i++) {
		if (isnan(l->values[i]))
			continue;
		cairo_arc(p->cr, p->x + chart_group_at(l, i) * p->w, up(p, l->values[i]), 3.2, 0, 2 * M_PI);
		paint_colour(p, COLOUR_DATA, 1);
		cairo_fill(p->cr);
	}
}

static void paint_lines(struct painter *p, char per[static CHART_PER_SIZE])
{
	struct chart_space space = space_of(p, SMOOTH);
	_cleanup_layout_ struct chart_layout smooth = {};
	bool many = p->layout.n_values > MANY;

	if (p->c->kind == CHART_SCATTER) {
		paint_marks(p);
		return;
	}
	paint_path(p, &p->layout, many ? 0.7 : 2.2, many ? 0.45 : 1);
	if (p->layout.n_values <= 60)
		paint_marks(p);
	if (!many || chart_layout_make(p->c, &space, &smooth) < 0)
		return;
	paint_path(p, &smooth, 2.4, 1);
	snprintf(per, CHART_PER_SIZE, "The strong line is the mean of %lld %s.", (long long)smooth.per,
		 chart_along_name(p->c));
}

static void paint_scatter(struct painter *p)
{
	const struct tick *first = p->layout.along, *last = first + p->layout.n_along - 1;
	double alpha = p->c->n > 1000 ? 0.25 : 0.5;

	if (p->c->diagonal) {
		static const double dashes[] = { 5, 4 };

		cairo_save(p->cr);
		cairo_rectangle(p->cr, p->x, p->y, p->w, p->h);
		cairo_clip(p->cr);
		cairo_set_dash(p->cr, dashes, 2, 0);
		paint_line(p, p->x, up(p, first->value), p->x + p->w, up(p, last->value), COLOUR_AXIS, 1.2);
		cairo_restore(p->cr);
	}
	for (size_t i = 0; i < p->c->n; i++) {
		const struct chart_point *point = &p->c->points[i];
		double at = (point->x - first->value) / (last->value - first->value);

		cairo_arc(p->cr, p->x + at * p->w, up(p, point->value), 3, 0, 2 * M_PI);
		paint_colour(p, p->c->diagonal && p->c->late && point->value > point->x ? COLOUR_BAD : COLOUR_DATA, alpha);
		cairo_fill(p->cr);
	}
	if (p->c->x_title)
		paint_text(p, p->x + p->w, p->y + p->h + 34, 1, FONT_LABEL, false, COLOUR_TEXT, p->c->x_title);
	if (p->c->y_title)
		paint_text(p, p->x, p->y - 10, 0, FONT_LABEL, false, COLOUR_TEXT, p->c->y_title);
}

/* The labels of the upright axis stand left of the plot: their width is known once it was laid out. */
static int lay_out(struct painter *p)
{
	bool dots = p->c->kind == CHART_LINE || p->c->kind == CHART_SCATTER;
	unsigned groups = dots ? GROUPS_MAX : (unsigned)(p->w / 4);
	struct chart_space space = space_of(p, groups);
	double widest = 0;
	int r;

	r = chart_layout_make(p->c, &space, &p->layout);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < p->layout.up.n; i++)
		widest = fmax(widest, paint_measure(p, FONT_LABEL, p->layout.up.ticks[i].label));
	p->x += widest + 10;
	p->w -= widest + 10;
	chart_layout_done(&p->layout);
	space = space_of(p, groups);
	return chart_layout_make(p->c, &space, &p->layout);
}

static void paint_plot(struct painter *p, char per[static CHART_PER_SIZE])
{
	if (lay_out(p) < 0)
		return;
	paint_axes(p);
	chart_per_text(per, p->c, &p->layout);
	if (p->c->along == CHART_NUMBERS)
		paint_scatter(p);
	else if (p->c->kind == CHART_LINE || p->c->kind == CHART_SCATTER)
		paint_lines(p, per);
	else
		paint_bars(p);
}

static void paint_title(struct painter *p)
{
	_cleanup_free_ char *title = text_clean(p->c->title, false);
	_cleanup_free_ char *fit = paint_fit(p, FONT_TITLE * 1.1, title, p->width - 2 * MARGIN - 80);
	cairo_text_extents_t e;

	paint_text(p, MARGIN, MARGIN + 14, 0, FONT_TITLE, true, COLOUR_TEXT, fit);
	cairo_text_extents(p->cr, fit, &e);
	paint_text(p, MARGIN + e.x_advance + 12, MARGIN + 14, 0, FONT_LABEL, false, COLOUR_MUTED,
		   chart_unit_name(p->c));
}

static void paint_notes(struct painter *p, const char *per)
{
	double y = p->height - MARGIN - 16.0 * (double)(p->c->n_notes - (p->c->n_notes > 0));

	if (*per)
		paint_text(p, MARGIN, y - (p->c->n_notes > 0 ? 16 : 0), 0, FONT_NOTE, false, COLOUR_MUTED, per);
	for (size_t i = 0; i < p->c->n_notes; i++) {
		_cleanup_free_ char *fit = paint_fit(p, FONT_NOTE, p->c->notes[i], p->width - 2 * MARGIN);

		paint_text(p, MARGIN, y + 16.0 * (double)i, 0, FONT_NOTE, false, COLOUR_MUTED, fit);
	}
}

void paint_chart(struct painter *p)
{
	char per[CHART_PER_SIZE] = "";
	double below = 16.0 * (double)(p->c->n_notes + 1) + 44, above = MARGIN + 44;

	cairo_set_source_rgb(p->cr, 1, 1, 1);
	cairo_paint(p->cr);
	p->x = MARGIN;
	p->y = above;
	p->w = p->width - 2 * MARGIN;
	p->h = p->height - above - MARGIN - below;
	paint_title(p);
	if (p->c->n == 0)
		paint_text(p, p->width / 2, p->height / 2, 0.5, 15, false, COLOUR_MUTED, "Nothing in this period.");
	else if (p->c->lying)
		paint_lying(p);
	else
		paint_plot(p, per);
	paint_notes(p, per);
	chart_layout_done(&p->layout);
}
