/* Drawing frames over each other by the few sequences every terminal knows: up, clear to the end, show and
 * hide the cursor. What is in a frame is drawn in track-render.c. */
#include "clients/cli/track-screen.h"

#include "clients/cli/text.h"

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

void track_screen_open(struct track_screen *s)
{
	struct termios quiet;

	s->open = true;
	/* Keys typed by the way would be drawn into the picture. Only for the terminal that is ours to
	 * read. */
	if (tcgetattr(STDOUT_FILENO, &s->before) >= 0 && tcgetpgrp(STDOUT_FILENO) == getpgrp()) {
		quiet = s->before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		s->quiet = tcsetattr(STDOUT_FILENO, TCSANOW, &quiet) >= 0;
	}
	fputs(HIDE_CURSOR, stdout);
	fflush(stdout);
}

void track_screen_close(struct track_screen *s)
{
	if (!s->open)
		return;
	fputs(s->frame.n > 0 ? "\n" SHOW_CURSOR : SHOW_CURSOR, stdout);
	fflush(stdout);
	if (s->quiet)
		(void)tcsetattr(STDOUT_FILENO, TCSANOW, &s->before);
	track_frame_done(&s->frame);
	*s = (struct track_screen){};
}

/* The width without the escapes of the style. */
static size_t visible_width(const char *line)
{
	_cleanup_free_ char *plain = xstrdup(line);
	char *to = plain;

	for (const char *p = line; *p; p++) {
		if (p[0] == '\033' && p[1] == '[')
			p = strchrnul(p, 'm');
		else
			*to++ = *p;
		if (!*p)
			break;
	}
	*to = '\0';
	return text_width(plain);
}

/* A terminal made narrower has broken the lines: then the picture is higher than it was drawn. */
static unsigned rows_above_cursor(const struct track_frame *f, unsigned columns)
{
	unsigned rows = 0;

	for (unsigned i = 0; i < f->n; i++) {
		size_t w = visible_width(f->lines[i]);

		rows += w > columns ? (unsigned)((w + columns - 1) / columns) : 1;
	}
	return rows > 0 ? rows - 1 : 0;
}

void track_screen_draw(struct track_screen *s, struct track_frame *frame, unsigned columns)
{
	unsigned up = rows_above_cursor(&s->frame, columns);

	if (s->frame.n > 0)
		fputc('\r', stdout);
	if (up > 0)
		printf("\033[%uA", up);
	for (unsigned i = 0; i < frame->n; i++)
		printf("%s%s%s", i ? "\n" : "", frame->lines[i], CLEAR_LINE);
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
	track_frame_done(&s->frame);
	s->frame = *frame;
	*frame = (struct track_frame){};
}
