/* Escape sequences for colour, and when they are wanted. */
#include "clients/cli/style.h"

#include "clients/common/status.h"

const struct style style_plain = {
	.on = { "", "", "", "", "", "" },
	.off = "",
};

const struct style style_colour = {
	.on = {
		[STYLE_NONE] = "",
		[STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BUSY] = "\033[33m",
		[STYLE_BAD] = "\033[31m",
	},
	.off = "\033[0m",
};

enum style_id style_of_status(const char *status)
{
	if (status_is_delivered(status))
		return STYLE_GOOD;
	return status_is_pending(status) ? STYLE_BUSY : STYLE_BAD;
}

bool colour_wanted(enum colour_mode mode, int fd)
{
	const char *term = getenv("TERM");

	if (mode != COLOUR_AUTO)
		return mode == COLOUR_ALWAYS;
	return isatty(fd) && isempty(getenv("NO_COLOR")) && !isempty(term) && !streq(term, "dumb");
}
