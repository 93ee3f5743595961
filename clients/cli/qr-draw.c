/* Drawing QR codes (ISO/IEC 18004) with character cells. The colours are said in full for each line, since a
 * reader needs dark on light and a theme may be anything. */
#include "clients/cli/qr-draw.h"

#include <qrencode.h>

#define QUIET 4 /* modules of white around it, as the standard wants */

struct qr_picture {
	QRcode *code;
};

int qr_picture_new(const char *text, struct qr_picture **ret)
{
	_cleanup_(qr_picture_freep) struct qr_picture *q = new0(struct qr_picture, 1);

	if (!q)
		return -ENOMEM;
	/* The least redundancy makes the smallest picture; a screen has no dirt on it. */
	q->code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (!q->code)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	*ret = TAKE_PTR(q);
	return 0;
}

struct qr_picture *qr_picture_free(struct qr_picture *q)
{
	if (q)
		QRcode_free(q->code);
	free(q);
	return NULL;
}

static int modules(const struct qr_picture *q)
{
	return q->code->width + 2 * QUIET;
}

unsigned qr_picture_columns(const struct qr_picture *q, bool utf8)
{
	return (unsigned)(utf8 ? modules(q) : 2 * modules(q));
}

unsigned qr_picture_rows(const struct qr_picture *q, bool utf8)
{
	return (unsigned)(utf8 ? (modules(q) + 1) / 2 : modules(q));
}

/* Counted from the corner of the quiet zone. */
static bool dark(const struct qr_picture *q, int x, int y)
{
	int w = q->code->width;

	x -= QUIET;
	y -= QUIET;
	return x >= 0 && x < w && y >= 0 && y < w && q->code->data[y * w + x] & 1;
}

/* The lower half is always background, and so are whole cells: glyphs of many fonts leave a seam at the bottom,
 * and readers stumble over it. */
static void draw_halves(const struct qr_picture *q, FILE *f, const char *const colours[2])
{
	int n = modules(q);

	for (int y = 0; y < n; y += 2) {
		bool now = false;

		fputs(colours[now], f);
		for (int x = 0; x < n; x++) {
			bool lower = dark(q, x, y + 1);

			if (lower != now)
				fputs(colours[lower], f);
			now = lower;
			fputs(dark(q, x, y) == lower ? " " : "\xe2\x96\x80", f);
		}
		fputs("\033[0m\n", f);
	}
}

static void draw_whole(const struct qr_picture *q, FILE *f, const char *const colours[2])
{
	int n = modules(q);

	for (int y = 0; y < n; y++) {
		for (int x = 0; x < n; x++)
			fprintf(f, "%s  ", colours[dark(q, x, y)]);
		fputs("\033[0m\n", f);
	}
}

void qr_picture_draw(const struct qr_picture *q, FILE *f, bool utf8, bool palette)
{
	/* Black on white, white on black: in the palette's cube, and by the names that a theme may change. */
	static const char *const colours[2][2] = {
		{ "\033[0;30;47m", "\033[0;37;40m" },
		{ "\033[0;38;5;16;48;5;231m", "\033[0;38;5;231;48;5;16m" },
	};

	if (utf8)
		draw_halves(q, f, colours[palette]);
	else
		draw_whole(q, f, colours[palette]);
}
