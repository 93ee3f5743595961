/* The numbers of a chart, and how one of them is written. */
#include "clients/chart/chart.h"

#include <math.h>
#include <stdarg.h>

#include "clients/chart/ticks.h"
#include "clients/cli/text.h"

void chart_done(struct chart *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->points[i].label);
	for (size_t i = 0; i < c->n_notes; i++)
		free(c->notes[i]);
	free(c->points);
	free(c->title);
	free(c->x_title);
	free(c->y_title);
	*c = (struct chart){};
}

/* Whatever fits into 64 bits; with more, differences of doubles would not be finite any more. */
static bool is_drawable(double value)
{
	return fabs(value) <= 1e19;
}

static void add(struct chart *c, const struct chart_point *p)
{
	if (!is_drawable(p->value) || !is_drawable(p->x) || c->n >= CHART_POINTS_MAX)
		return;
	if (c->n == c->allocated) {
		c->allocated = c->allocated ? 2 * c->allocated : 64;
		c->points = xcheck(reallocarray(c->points, c->allocated, sizeof(*c->points)));
	}
	c->points[c->n] = *p;
	c->points[c->n++].label = p->label ? text_clean(p->label, false) : NULL;
}

void chart_add(struct chart *c, const char *label, uint64_t start, double value)
{
	add(c, &(struct chart_point){ .label = (char *)label, .start = start, .value = value });
}

void chart_add_xy(struct chart *c, double x, double y)
{
	add(c, &(struct chart_point){ .x = x, .value = y });
}

void chart_add_note(struct chart *c, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	xcheck(n < 0 ? NULL : text);
	if (c->n_notes < CHART_NOTES_MAX)
		c->notes[c->n_notes++] = text_clean(text, false);
}

void chart_count_into_bins(struct chart *c, const double *values, size_t n, unsigned want)
{
	double lo = INFINITY, hi = -INFINITY, width;
	size_t bins, first = c->n;

	for (size_t i = 0; i < n; i++)
		if (is_drawable(values[i])) {
			lo = fmin(lo, values[i]);
			hi = fmax(hi, values[i]);
		}
	c->along = CHART_BINS;
	c->bin_width = 1;
	if (lo > hi)
		return;
	width = fmax(round_step((hi - lo) / (want > 1 ? want - 1 : 1)), least_step(c->x_unit));
	c->bin_width = width;
	c->bin_start = floor(lo / width) * width;
	bins = (size_t)fmin(floor((hi - c->bin_start) / width) + 1, 1000);
	for (size_t i = 0; i < bins; i++)
		chart_add(c, NULL, 0, 0);
	for (size_t i = 0; i < n; i++) {
		double bin = floor((values[i] - c->bin_start) / width);

		if (is_drawable(values[i]) && c->n == first + bins)
			c->points[first + (size_t)fmin(fmax(bin, 0), (double)bins - 1)].value++;
	}
}

const char *chart_unit_name(const struct chart *c)
{
	switch (c->unit) {
	case CHART_MONEY:
		return c->currency;
	case CHART_MINUTES:
		return "minutes";
	default:
		return "";
	}
}

/* What does not fit into 64 bits is as large as they go. */
static int64_t to_int64(double value)
{
	if (value >= 0x1p63)
		return INT64_MAX;
	return value < -0x1p63 ? INT64_MIN : (int64_t)llround(value);
}

const char *chart_format_value(char buf[static CHART_VALUE_SIZE], const struct chart *c, double value)
{
	char money[MONEY_SIZE];

	if (c->unit == CHART_MONEY && currency_digits(c->currency) >= 0)
		snprintf(buf, CHART_VALUE_SIZE, "%s", money_format(money, to_int64(value), c->currency));
	else if (fabs(value - round(value)) < 0.05)
		snprintf(buf, CHART_VALUE_SIZE, "%.0f", round(value) + 0.0);
	else
		snprintf(buf, CHART_VALUE_SIZE, "%.1f", value);
	return buf;
}
