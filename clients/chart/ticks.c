/* Round numbers for axes. */
#include "clients/chart/ticks.h"

#include <math.h>

double round_step(double x)
{
	double power;

	if (!(x > 0) || !isfinite(x))
		return 1;
	power = pow(10, floor(log10(x)));
	/* What is a hair above a round number, by the logarithm, is that number. */
	if (x <= power * (1 + 1e-9))
		return power;
	if (x <= 2 * power * (1 + 1e-9))
		return 2 * power;
	return x <= 5 * power * (1 + 1e-9) ? 5 * power : 10 * power;
}

double least_step(enum chart_unit unit)
{
	return unit == CHART_MINUTES ? 0.1 : 1;
}

/* How many decimals show the difference that a step makes. */
static int decimals_of(double step)
{
	int n = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);

	return n > 6 ? 6 : n;
}

static void format_large(char buf[static TICK_LABEL_SIZE], double value)
{
	static const struct {
		double from;
		const char *suffix;
	} units[] = { { 1e12, "T" }, { 1e9, "B" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } };
	double size = fabs(value);

	if (size >= 1e16) {
		snprintf(buf, TICK_LABEL_SIZE, "%.2g", value);
		return;
	}
	for (size_t i = 0; i < ELEMENTSOF(units); i++)
		if (size >= units[i].from) {
			snprintf(buf, TICK_LABEL_SIZE, "%.4g%s", value / units[i].from, units[i].suffix);
			return;
		}
	snprintf(buf, TICK_LABEL_SIZE, "%.4g", value);
}

void tick_format(char buf[static TICK_LABEL_SIZE], double value, double step, double top, enum chart_unit unit,
		 const char *currency)
{
	int digits = unit == CHART_MONEY ? currency_digits(currency) : 0;
	double minor = digits > 0 ? pow(10, digits) : 1;

	value = value / minor + 0.0; /* no "-0" */
	step /= minor;
	top /= minor;
	if (unit == CHART_HOURS)
		snprintf(buf, TICK_LABEL_SIZE, "%d:00", (int)value);
	else if (fabs(value) < step / 1000)
		snprintf(buf, TICK_LABEL_SIZE, "0");
	else if (top >= 10000)
		format_large(buf, value);
	else
		snprintf(buf, TICK_LABEL_SIZE, "%.*f", step < 1 && digits > 0 ? digits : decimals_of(step), value);
}

void scale_numbers(struct scale *s, double lo, double hi, enum chart_unit unit, const char *currency,
		   unsigned intervals)
{
	double top;

	*s = (struct scale){};
	if (intervals < 1)
		intervals = 1;
	if (intervals > TICKS_MAX - 3)
		intervals = TICKS_MAX - 3;
	if (!(hi > lo))
		hi = lo + intervals * least_step(unit);
	s->step = fmax(round_step((hi - lo) / intervals), least_step(unit));
	/* A range that is not at round numbers may take one interval more at either end. */
	while (ceil(hi / s->step - 1e-9) - floor(lo / s->step + 1e-9) > intervals + (lo < 0 && hi > 0))
		s->step = round_step(s->step * 1.5);
	s->min = floor(lo / s->step + 1e-9) * s->step;
	s->max = ceil(hi / s->step - 1e-9) * s->step;
	if (s->max <= s->min)
		s->max = s->min + s->step;
	top = fmax(fabs(s->min), fabs(s->max));
	s->n = (unsigned)(llround((s->max - s->min) / s->step) + 1);
	for (unsigned i = 0; i < s->n && i < TICKS_MAX; i++) {
		s->ticks[i].value = s->min + i * s->step;
		s->ticks[i].at = (double)i / (s->n - 1);
		tick_format(s->ticks[i].label, s->ticks[i].value, s->step, top, unit, currency);
	}
}
