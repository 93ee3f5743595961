/*
 * Service time and life time. Who lives and what happens when is in life.c.
 */
#include <time.h>

#include "tests/sandbox/clock.h"

int64_t clock_now(const struct clock *c)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 + c->offset;
}

static int64_t life_at(const struct clock *c, int64_t time)
{
	return c->base_life + (int64_t)((double)(time - c->base_time) * c->speed);
}

int64_t clock_life(const struct clock *c)
{
	return life_at(c, clock_now(c));
}

int64_t clock_date_of_life(const struct clock *c, int64_t life)
{
	int64_t now = clock_now(c);
	double speed = c->speed > 0 ? c->speed : 1;

	return now + (int64_t)((double)(life - life_at(c, now)) / speed);
}

static void rebase(struct clock *c)
{
	int64_t now = clock_now(c);

	c->base_life = life_at(c, now);
	c->base_time = now;
}

void clock_set_speed(struct clock *c, double speed)
{
	rebase(c);
	c->speed = speed;
}

void clock_advance(struct clock *c, int64_t usec)
{
	c->offset += usec;
}
