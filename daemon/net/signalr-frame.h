/* The framing of SignalR's text protocols: messages that end with 0x1E, in whatever pieces they come. */
#pragma once

#include "base/util.h"

#define FRAME_END 0x1e
#define FRAME_MAX (8U << 20)

struct frames {
	char *data;
	size_t start, n, room; /* unread from start, n bytes in all */
	size_t scanned;        /* no end of a frame before this */
};

/* 0; -E2BIG when a frame goes over FRAME_MAX. */
int frames_append(struct frames *f, const char *data, size_t n);
/* The next whole frame without its end; borrowed until the next append or frames_done(). */
bool frames_next(struct frames *f, const char **ret, size_t *ret_n);
void frames_done(struct frames *f);
