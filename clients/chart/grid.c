/* Character cells. What is drawn with them is not known here. */
#include "clients/chart/grid.h"

#include <wchar.h>

#include "clients/cli/text.h"

/* Of the sixteen colours magenta is the one that reads on black and on white alike; what is faint and bold keeps
 * the terminal's own colour. */
static const char *const inks[_INK_MAX] = {
	[INK_NONE] = "",
	[INK_TITLE] = "\033[1m",
	[INK_FAINT] = "\033[2m",
	[INK_DATA] = "\033[35m",
	[INK_BAD] = "\033[31m",
};

static const char *const glyphs[_GLYPH_MAX][2] = {
	[GLYPH_DOTTED] = { ".", "┈" }, [GLYPH_AXIS] = { "-", "─" },    [GLYPH_TICK_UP] = { "+", "┤" },
	[GLYPH_TICK_ALONG] = { "+", "┬" }, [GLYPH_UPRIGHT] = { "|", "│" }, [GLYPH_CORNER] = { "+", "┼" },
};

void grid_init(struct grid *g, unsigned rows, unsigned columns, const struct chart_screen *screen)
{
	*g = (struct grid){
		.cells = xcheck(new0(struct cell, (size_t)rows *columns + 1)),
		.rows = rows,
		.columns = columns,
		.utf8 = screen->utf8,
		.colour = screen->colour,
	};
}

void grid_done(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){};
}

const char *grid_glyph(const struct grid *g, enum glyph id)
{
	return glyphs[id][g->utf8];
}

static struct cell *cell_at(const struct grid *g, unsigned row, unsigned column)
{
	return row < g->rows && column < g->columns ? &g->cells[row * g->columns + column] : NULL;
}

void grid_put(struct grid *g, unsigned row, unsigned column, const char *character, enum ink ink)
{
	struct cell *cell = cell_at(g, row, column);

	if (!cell || strlen(character) >= sizeof(cell->text))
		return;
	/* Half of a wide character is none. */
	if (cell->joined)
		strcpy(cell[-1].text, " ");
	if (column + 1 < g->columns)
		cell[1].joined = false;
	strcpy(cell->text, character);
	cell->joined = false;
	cell->ink = ink;
}

bool grid_is_free(const struct grid *g, unsigned row, unsigned column)
{
	const struct cell *cell = cell_at(g, row, column);

	return cell && !*cell->text && !cell->joined;
}

void grid_text(struct grid *g, unsigned row, unsigned column, const char *text, enum ink ink)
{
	_cleanup_free_ char *plain = grid_plain(text, g->utf8);
	size_t left = strlen(plain);
	struct cell *last = NULL;

	for (const char *s = plain; left > 0;) {
		mbstate_t state = {};
		wchar_t c = 0;
		size_t k = mbrtowc(&c, s, left, &state);
		char one[8] = "?";
		int width;

		if (k == 0 || k > 4) /* no character */
			k = 1;
		else
			snprintf(one, sizeof(one), "%.*s", (int)k, s);
		width = streq(one, "?") ? 1 : wcwidth(c);
		s += k;
		left -= k;
		if (width == 0 && last && strlen(last->text) + k < sizeof(last->text))
			strcat(last->text, one);
		if (width <= 0)
			continue;
		if (column + (unsigned)width > g->columns)
			return;
		grid_put(g, row, column, one, ink);
		last = cell_at(g, row, column);
		if (width == 2) {
			grid_put(g, row, column + 1, "", ink);
			cell_at(g, row, column + 1)->joined = true;
		}
		column += (unsigned)width;
	}
}

const char *grid_rising(const struct grid *g, unsigned eighths)
{
	static const char *const blocks[] = { "", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

	if (eighths > 8)
		eighths = 8;
	if (g->utf8)
		return blocks[eighths];
	return eighths == 0 ? "" : eighths <= 2 ? "_" : eighths <= 5 ? "=" : "#";
}

/* Of blocks that hang there are three. */
const char *grid_hanging(const struct grid *g, unsigned eighths)
{
	if (eighths == 0)
		return "";
	if (g->utf8)
		return eighths <= 2 ? "▔" : eighths <= 6 ? "▀" : "█";
	return eighths <= 2 ? "'" : eighths <= 5 ? "=" : "#";
}

const char *grid_lying(const struct grid *g, unsigned eighths)
{
	static const char *const blocks[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

	if (eighths > 8)
		eighths = 8;
	if (g->utf8)
		return blocks[eighths];
	return eighths == 0 ? "" : eighths <= 4 ? "|" : "#";
}

void ink_on(FILE *f, bool colour, enum ink ink)
{
	if (colour)
		fputs(inks[ink], f);
}

void ink_off(FILE *f, bool colour, enum ink ink)
{
	if (colour && ink != INK_NONE)
		fputs("\033[0m", f);
}

void grid_print(const struct grid *g, FILE *f)
{
	for (unsigned row = 0; row < g->rows; row++) {
		enum ink ink = INK_NONE;
		unsigned end = g->columns;

		while (end > 0 && grid_is_free(g, row, end - 1))
			end--;
		for (unsigned k = 0; k < end; k++) {
			const struct cell *cell = cell_at(g, row, k);

			if (cell->joined)
				continue;
			if (cell->ink != ink) {
				ink_off(f, g->colour, ink);
				ink = cell->ink;
				ink_on(f, g->colour, ink);
			}
			fputs(*cell->text ? cell->text : " ", f);
		}
		ink_off(f, g->colour, ink);
		fputc('\n', f);
	}
}

char *grid_plain(const char *text, bool utf8)
{
	_cleanup_free_ char *clean = text_clean(text, false);
	char *to;

	if (utf8)
		return TAKE_PTR(clean);
	to = clean;
	for (const char *s = clean; *s; s++)
		if ((*s & 0xc0) != 0x80) /* once for each character */
			*to++ = *s & 0x80 ? '?' : *s;
	*to = '\0';
	return TAKE_PTR(clean);
}

void dots_init(struct dots *d, unsigned rows, unsigned columns)
{
	size_t n = (size_t)rows * columns + 1;

	*d = (struct dots){ .bits = xcheck(calloc(n, 1)), .counts = xcheck(new0(unsigned, n)), .rows = rows,
			    .columns = columns, .ascii = '*' };
}

void dots_done(struct dots *d)
{
	free(d->bits);
	free(d->counts);
	*d = (struct dots){};
}

void dots_set(struct dots *d, long x, long y)
{
	/* The order of the dots in U+2800, from the top. */
	static const uint8_t bits[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };
	long row;
	size_t i;

	if (x < 0 || y < 0 || x >= 2L * d->columns || y >= 4L * d->rows)
		return;
	row = 4L * d->rows - 1 - y;
	i = (size_t)(row / 4) * d->columns + (size_t)(x / 2);
	d->bits[i] |= bits[row % 4][x % 2];
	d->counts[i]++;
}

void dots_line(struct dots *d, long x1, long y1, long x2, long y2)
{
	long dx = labs(x2 - x1), dy = -labs(y2 - y1), error = dx + dy;
	long sx = x1 < x2 ? 1 : -1, sy = y1 < y2 ? 1 : -1;

	for (;;) {
		long twice = 2 * error;

		dots_set(d, x1, y1);
		if (x1 == x2 && y1 == y2)
			return;
		if (twice >= dy) {
			error += dy;
			x1 += sx;
		}
		if (twice <= dx) {
			error += dx;
			y1 += sy;
		}
	}
}

static void show_cell(const struct dots *d, struct grid *g, size_t i, char text[static 8])
{
	if (g->utf8)
		snprintf(text, 8, "\xe2%c%c", (char)(0xa0 + (d->bits[i] >> 6)), (char)(0x80 + (d->bits[i] & 0x3f)));
	else if (d->ascii)
		snprintf(text, 8, "%c", d->ascii);
	else
		snprintf(text, 8, "%c", d->counts[i] < 2 ? '.' : d->counts[i] < 5 ? 'o' : d->counts[i] < 20 ? 'O' : '@');
}

void dots_show(const struct dots *d, struct grid *g, unsigned row, unsigned column, enum ink ink)
{
	for (unsigned y = 0; y < d->rows; y++)
		for (unsigned x = 0; x < d->columns; x++) {
			size_t i = (size_t)y * d->columns + x;
			char text[8];

			if (!d->bits[i])
				continue;
			show_cell(d, g, i, text);
			grid_put(g, row + y, column + x, text, ink);
		}
}
