/* Where things stand in a chart, before anything is drawn: the groups of points, the axes with their ticks.
 * Both ways of drawing start from here. Lengths along the bottom are 0..1 of the plot's width. */
#pragma once

#include "clients/chart/ticks.h"

/* What the drawing side has to offer. */
struct chart_space {
	unsigned intervals; /* of the upright axis, at most */
	unsigned groups;    /* more points along the bottom than this are put together */
	double width, gap;  /* of the plot; between two labels */
	/* The width of a text in the same measure. */
	double (*measure)(void *userdata, const char *text);
	void *userdata;
};

struct chart_layout {
	/* One value for each group along the bottom, their mean where it has several; NaN: nothing. */
	double *values;
	size_t n_values;
	int64_t first_slot, n_slots; /* slots: days, months, bins, names */
	int64_t per;		     /* slots in a group */
	bool connected;		     /* no value is missing in between without a reason to say so */
	struct scale up;
	struct tick *along;
	size_t n_along;
};

/* A chart without points has no layout: -ENODATA. */
int chart_layout_make(const struct chart *c, const struct chart_space *space, struct chart_layout *ret);
void chart_layout_done(struct chart_layout *l);
#define _cleanup_layout_ _cleanup_(chart_layout_done)

/* The slot of a point, counted from the first. */
int64_t chart_slot(const struct chart *c, const struct chart_layout *l, size_t point);
/* Whether a group is bad news: what is late. */
bool chart_is_bad(const struct chart *c, size_t group, double value);
/* The middle of a group. */
double chart_group_at(const struct chart_layout *l, size_t group);
/* "days" */
const char *chart_along_name(const struct chart *c);
/* "Each point is the mean of 14 days.", or "" where it is not. */
#define CHART_PER_SIZE 64
const char *chart_per_text(char buf[static CHART_PER_SIZE], const struct chart *c, const struct chart_layout *l);

/* dates.c: the local day of a moment, counted from 1970-01-01, and ticks at the beginnings of days, weeks,
 * months, years: as many as have room, the caller frees. */
int64_t chart_day_of(uint64_t usec);
int64_t chart_slot_of_day(enum chart_along along, int64_t day);
void chart_date_ticks(const struct chart *c, const struct chart_space *space, struct chart_layout *l);
/* Whether all these labels have room side by side; those at the ends are moved in. */
bool chart_ticks_fit(const struct chart_space *space, const struct tick *ticks, size_t n);
