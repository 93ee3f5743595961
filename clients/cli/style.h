/* The few looks text has on a terminal. Where there is no colour each is an empty string. */
#pragma once

#include <stdbool.h>

#include "base/util.h"

enum style_id {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BUSY, /* something is under way */
	STYLE_BAD,
	_STYLE_MAX,
};

struct style {
	const char *on[_STYLE_MAX];
	const char *off;
};

extern const struct style style_plain, style_colour;

/* The look of an order's status. */
enum style_id style_of_status(const char *status);

enum colour_mode { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
/* `auto` means: on a terminal that is not dumb, unless NO_COLOR is set to something. */
bool colour_wanted(enum colour_mode mode, int fd);
