/*
 * The service's time and the pace of orders' lives.
 *
 * Service time is the system's plus an offset that tests may grow; every date and the Date header come from
 * it. Life time runs `speed` times as fast: an order that takes 40 minutes of life is there after
 * 40 min / speed of service time, and its dates say so. Both are in microseconds.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t offset;    /* service time minus the system's */
	double speed;      /* 0: lives stand still */
	int64_t base_time; /* a moment of service time … */
	int64_t base_life; /* … and the life time at it */
};

int64_t clock_now(const struct clock *c);
int64_t clock_life(const struct clock *c);
/* Where a moment of life falls in service time; where lives stand still, as if they ran at 1. */
int64_t clock_date_of_life(const struct clock *c, int64_t life);
void clock_set_speed(struct clock *c, double speed);
/* Moves service time forward; lives move with it. */
void clock_advance(struct clock *c, int64_t usec);
