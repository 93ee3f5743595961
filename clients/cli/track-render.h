/* The picture of `track`: a pure function of an order, the size of the screen and the time. */
#pragma once

#include "clients/cli/style.h"
#include "clients/common/order.h"

struct track_state {
	const struct order *order;
	bool online;
	const char *push;      /* PushState */
	uint64_t promised;     /* the time of arrival first said; 0 = none was */
	uint64_t confirmed_at; /* when the service last confirmed the order; 0 = never */
	uint64_t gone_since;   /* the daemon is away since; 0 = it is there */
};

#define TRACK_LINES_MAX 16

/* Lines without their ends, each at most columns - 1 wide. Their number depends on the size alone, so that a
 * picture drawn over the one before it never moves anything. */
struct track_frame {
	char *lines[TRACK_LINES_MAX];
	unsigned n;
};

void track_render(const struct track_state *state, const struct style *style, unsigned columns, unsigned rows,
		  uint64_t now, struct track_frame *ret);
void track_frame_done(struct track_frame *f);

/* The same in one line, for a pipe. The caller frees. */
char *track_render_line(const struct track_state *state, uint64_t now);

/* Minutes behind the promise, now or as it is expected; 0 = not late. */
unsigned track_minutes_late(const struct track_state *state, uint64_t now);
