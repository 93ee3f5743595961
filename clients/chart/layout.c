/* From points to a layout: slots along the bottom, groups of them, the two axes. */
#include "clients/chart/layout.h"

#include <math.h>

#include "clients/cli/text.h"

void chart_layout_done(struct chart_layout *l)
{
	free(l->values);
	free(l->along);
	*l = (struct chart_layout){};
}

static bool is_dated(const struct chart *c)
{
	return c->along >= CHART_DAYS && c->along <= CHART_YEARS;
}

static int64_t absolute_slot(const struct chart *c, size_t i)
{
	return is_dated(c) ? chart_slot_of_day(c->along, chart_day_of(c->points[i].start)) : (int64_t)i;
}

int64_t chart_slot(const struct chart *c, const struct chart_layout *l, size_t point)
{
	return absolute_slot(c, point) - l->first_slot;
}

bool chart_is_bad(const struct chart *c, size_t group, double value)
{
	if (c->along == CHART_BINS)
		value = c->bin_start + (double)group * c->bin_width;
	return c->late && (value > 0 || (c->along == CHART_BINS && value >= 0));
}

double chart_group_at(const struct chart_layout *l, size_t group)
{
	double from = (double)group * (double)l->per, to = from + (double)l->per;

	return (from + fmin(to, (double)l->n_slots)) / 2 / (double)l->n_slots;
}

bool chart_ticks_fit(const struct chart_space *space, const struct tick *ticks, size_t n)
{
	double end = -space->gap;

	for (size_t i = 0; i < n; i++) {
		double width = space->measure(space->userdata, ticks[i].label);
		double from = fmax(fmin(ticks[i].at * space->width - width / 2, space->width - width), 0);

		if (from < end + space->gap || from + width > space->width)
			return false;
		end = from + width;
	}
	return true;
}

static void find_slots(const struct chart *c, struct chart_layout *l)
{
	int64_t last = 0;

	for (size_t i = 0; i < c->n; i++) {
		int64_t slot = absolute_slot(c, i);

		l->first_slot = i == 0 || slot < l->first_slot ? slot : l->first_slot;
		last = i == 0 || slot > last ? slot : last;
	}
	l->n_slots = last - l->first_slot + 1;
}

static void group_values(const struct chart *c, unsigned groups, struct chart_layout *l)
{
	_cleanup_free_ unsigned *counts = NULL;

	if (groups < 1)
		groups = 1;
	l->per = (l->n_slots + groups - 1) / groups;
	/* Whole weeks, or the days of the week are seen as waves that are not there. */
	if (c->along == CHART_DAYS && l->per > 1)
		l->per = (l->per + 6) / 7 * 7;
	l->n_values = (size_t)((l->n_slots + l->per - 1) / l->per);
	l->values = xcheck(new0(double, l->n_values));
	counts = xcheck(new0(unsigned, l->n_values));
	for (size_t i = 0; i < c->n; i++) {
		size_t group = (size_t)(chart_slot(c, l, i) / l->per);

		counts[group]++;
		/* The mean so far, so that no sum grows beyond what a double tells apart. */
		l->values[group] += (c->points[i].value - l->values[group]) / counts[group];
	}
	for (size_t i = 0; i < l->n_values; i++)
		if (counts[i] == 0)
			l->values[i] = NAN;
}

/* Where most neighbours are there, one that is missing is a gap to be seen; where most are missing, gaps say
 * nothing. */
static bool is_sparse(const struct chart_layout *l)
{
	size_t there = 0;

	for (size_t i = 0; i < l->n_values; i++)
		there += !isnan(l->values[i]);
	return there * 3 < l->n_values * 2;
}

static void scale_up(const struct chart *c, unsigned intervals, struct chart_layout *l)
{
	double lo = 0, hi = 0, least = INFINITY;

	for (size_t i = 0; i < l->n_values; i++)
		if (!isnan(l->values[i])) {
			least = fmin(least, l->values[i]);
			lo = fmin(lo, l->values[i]);
			hi = fmax(hi, l->values[i]);
		}
	/* A line of minutes says how they move: what is far from 0 need not show it. What adds up always does. */
	if (c->kind == CHART_LINE && c->unit == CHART_MINUTES && least > 0.4 * hi && least < hi)
		lo = least;
	scale_numbers(&l->up, lo, hi, c->unit, c->currency, intervals);
}

static void copy_scale(const struct scale *s, struct chart_layout *l)
{
	l->along = xcheck(new0(struct tick, s->n));
	l->n_along = s->n;
	memcpy(l->along, s->ticks, s->n * sizeof(*s->ticks));
}

/* Along the bottom only where there is something, upwards from 0. */
static void scale_scatter(const struct chart *c, const struct chart_space *space, struct chart_layout *l)
{
	double left = c->points[0].x, right = left, lo = 0, hi = 0, spread;
	unsigned n = (unsigned)fmax(2, fmin(10, space->width / (6 * fmax(space->gap, 1))));
	struct scale along;

	for (size_t i = 0; i < c->n; i++) {
		left = fmin(left, c->points[i].x);
		right = fmax(right, c->points[i].x);
		lo = fmin(lo, c->points[i].value);
		hi = fmax(hi, c->points[i].value);
	}
	/* Not so wide that a diagonal lies flat; what is all at one place stands in the middle. */
	spread = fmax(c->diagonal ? (hi - lo) / 2 : 0, 4 * least_step(c->x_unit)) - (right - left);
	if (spread > 0) {
		left = left >= 0 ? fmax(left - spread / 2, 0) : left - spread / 2;
		right += spread / 2;
	}
	scale_numbers(&l->up, lo, hi, c->unit, c->currency, space->intervals);
	for (;; n--) {
		scale_numbers(&along, left, right, c->x_unit, c->currency, n);
		if (n <= 1 || chart_ticks_fit(space, along.ticks, along.n))
			break;
	}
	l->n_slots = 1;
	copy_scale(&along, l);
}

static void name_ticks(const struct chart *c, const struct chart_space *space, struct chart_layout *l)
{
	l->along = xcheck(new0(struct tick, c->n));
	for (size_t every = 1; every <= c->n; every++) {
		l->n_along = 0;
		for (size_t i = 0; i < c->n; i += every) {
			struct tick *t = &l->along[l->n_along++];
			_cleanup_free_ char *fit = text_fit(strempty(c->points[i].label), 12);

			t->at = ((double)i + 0.5) / (double)c->n;
			/* Marks above letters have no width, but bytes. */
			snprintf(t->label, sizeof(t->label), "%s", strlen(fit) < sizeof(t->label) ? fit : "?");
		}
		if (chart_ticks_fit(space, l->along, l->n_along))
			return;
	}
}

/* At the edges of the bins: round numbers where the bins are. */
static void bin_ticks(const struct chart *c, const struct chart_space *space, struct chart_layout *l)
{
	static const size_t hours[] = { 1, 2, 3, 4, 6, 12, 24 }, others[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500 };
	const size_t *steps = c->x_unit == CHART_HOURS ? hours : others;
	size_t n_steps = c->x_unit == CHART_HOURS ? ELEMENTSOF(hours) : ELEMENTSOF(others);
	int64_t first = (int64_t)llround(c->bin_start / c->bin_width);
	double top = fmax(fabs(c->bin_start), fabs(c->bin_start + (double)c->n * c->bin_width));

	l->along = xcheck(new0(struct tick, c->n + 1));
	for (size_t k = 0; k < n_steps; k++) {
		double step = c->bin_width * (double)steps[k];

		l->n_along = 0;
		for (size_t i = 0; i <= c->n; i++) {
			struct tick *t = &l->along[l->n_along];

			if ((first + (int64_t)i) % (int64_t)steps[k] != 0)
				continue;
			t->at = (double)i / (double)c->n;
			tick_format(t->label, c->bin_start + (double)i * c->bin_width, step, top, c->x_unit,
				    c->currency);
			l->n_along++;
		}
		if (chart_ticks_fit(space, l->along, l->n_along))
			return;
	}
	l->n_along = 1;
}

int chart_layout_make(const struct chart *c, const struct chart_space *space, struct chart_layout *ret)
{
	struct chart_layout l = {};

	if (c->n == 0)
		return -ENODATA;
	if (c->along == CHART_NUMBERS) {
		scale_scatter(c, space, &l);
		*ret = l;
		return 0;
	}
	find_slots(c, &l);
	group_values(c, space->groups, &l);
	l.connected = is_sparse(&l);
	scale_up(c, space->intervals, &l);
	if (is_dated(c))
		chart_date_ticks(c, space, &l);
	else if (c->along == CHART_BINS)
		bin_ticks(c, space, &l);
	else
		name_ticks(c, space, &l);
	*ret = l;
	return 0;
}

const char *chart_along_name(const struct chart *c)
{
	static const char *const names[] = {
		[CHART_NAMES] = "names", [CHART_DAYS] = "days",	  [CHART_WEEKS] = "weeks",  [CHART_MONTHS] = "months",
		[CHART_YEARS] = "years", [CHART_BINS] = "ranges", [CHART_NUMBERS] = "points",
	};

	return names[c->along];
}

const char *chart_per_text(char buf[static CHART_PER_SIZE], const struct chart *c, const struct chart_layout *l)
{
	*buf = '\0';
	if (l->per > 1)
		snprintf(buf, CHART_PER_SIZE, "Each %s is the mean of %lld %s.",
			 c->kind == CHART_LINE || c->kind == CHART_SCATTER ? "point" : "bar", (long long)l->per,
			 chart_along_name(c));
	return buf;
}
