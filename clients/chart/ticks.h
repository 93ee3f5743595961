/* Round numbers for axes: 1, 2 and 5 times powers of ten, and how they are written short. */
#pragma once

#include "clients/chart/chart.h"

#define TICK_LABEL_SIZE 32
#define TICKS_MAX 64

struct tick {
	double value;
	double at; /* 0..1 along the axis */
	char label[TICK_LABEL_SIZE];
	char context[TICK_LABEL_SIZE]; /* of dates: what a line below says, where it changes */
};

struct scale {
	double min, max, step;
	struct tick ticks[TICKS_MAX];
	unsigned n;
};

/* The least of 1, 2, 5 × 10^n that is not below x; 1 for what is not above 0. */
double round_step(double x);
/* A step that says nothing more when it is made smaller: one thing, one minor unit. */
double least_step(enum chart_unit unit);

/* At most `intervals` intervals (one more where 0 lies within), from a round number to a round number. */
void scale_numbers(struct scale *s, double lo, double hi, enum chart_unit unit, const char *currency,
		   unsigned intervals);
/* "0", "0.50", "250", "20k", "1.5M". `step` and `top`, the largest number of the axis, say how exactly. */
void tick_format(char buf[static TICK_LABEL_SIZE], double value, double step, double top, enum chart_unit unit,
		 const char *currency);
