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

static void draw_halves(const struct qr_picture *q, FILE *f, const char *colours)
{
	static const char *const cells[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };
	int n = modules(q);

	for (int y = 0; y < n; y += 2) {
		fputs(colours, f);
		for (int x = 0; x < n; x++)
			fputs(cells[dark(q, x, y) * 2 + dark(q, x, y + 1)], f);
		fputs("\033[0m\n", f);
	}
}

static void draw_whole(const struct qr_picture *q, FILE *f, const char *light, const char *black)
{
	int n = modules(q);

	for (int y = 0; y < n; y++) {
		for (int x = 0; x < n; x++)
			fprintf(f, "%s  ", dark(q, x, y) ? black : light);
		fputs("\033[0m\n", f);
	}
}

void qr_picture_draw(const struct qr_picture *q, FILE *f, bool utf8, bool palette)
{
	if (utf8)
		draw_halves(q, f, palette ? "\033[0;38;5;16;48;5;231m" : "\033[0;30;47m");
	else
		draw_whole(q, f, palette ? "\033[48;5;231m" : "\033[47m",
			   palette ? "\033[48;5;16m" : "\033[40m");
}
