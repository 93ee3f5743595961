/* The terminal under `track`: a picture drawn over itself in place, nothing scrolls; the cursor and the line
 * are given back at the end. */
#pragma once

#include <termios.h>

#include "clients/cli/track-render.h"

struct track_screen {
	bool open, quiet; /* quiet: echo is off */
	struct termios before;
	struct track_frame frame; /* on screen now */
};

void track_screen_open(struct track_screen *s);
void track_screen_close(struct track_screen *s);
/* Takes what is in the frame. columns: of the terminal as it is now. */
void track_screen_draw(struct track_screen *s, struct track_frame *frame, unsigned columns);
