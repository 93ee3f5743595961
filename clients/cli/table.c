/* Tables of text. Nothing here knows what stands in them. */
#include "clients/cli/table.h"

#include "clients/cli/text.h"

#define GAP 2
#define FLEXIBLE_MIN 12 /* narrower than this says nothing: then lines are longer than the terminal */
#define LEFT_OUT SIZE_MAX

struct row {
	char **cells; /* NULL: a heading */
	enum style_id *styles;
	char *heading;
};

struct table {
	const struct column *columns;
	size_t n_columns;
	struct row *rows;
	size_t n_rows;
};

struct table *table_new(const struct column *columns, size_t n)
{
	struct table *t = xcheck(new0(struct table, 1));

	t->columns = columns;
	t->n_columns = n;
	return t;
}

struct table *table_free(struct table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; t->rows[i].cells && k < t->n_columns; k++)
			free(t->rows[i].cells[k]);
		free(t->rows[i].cells);
		free(t->rows[i].styles);
		free(t->rows[i].heading);
	}
	free(t->rows);
	free(t);
	return NULL;
}

static struct row *add_row(struct table *t)
{
	if ((t->n_rows & (t->n_rows - 1)) == 0) /* a power of two: room for as many again */
		t->rows = xcheck(reallocarray(t->rows, t->n_rows ? t->n_rows * 2 : 1, sizeof(*t->rows)));
	t->rows[t->n_rows] = (struct row){};
	return &t->rows[t->n_rows++];
}

void table_add(struct table *t, const char *const *cells)
{
	struct row *row = add_row(t);

	row->cells = xcheck(new0(char *, t->n_columns));
	row->styles = xcheck(new0(enum style_id, t->n_columns));
	for (size_t i = 0; i < t->n_columns; i++)
		row->cells[i] = text_clean(cells[i], false);
}

void table_set_style(struct table *t, size_t column, enum style_id id)
{
	t->rows[t->n_rows - 1].styles[column] = id;
}

void table_add_heading(struct table *t, const char *text)
{
	add_row(t)->heading = text_clean(text, false);
}

static size_t total_width(const size_t *widths, size_t n)
{
	size_t total = 0;

	for (size_t i = 0, shown = 0; i < n; i++)
		if (widths[i] != LEFT_OUT)
			total += widths[i] + (shown++ ? GAP : 0);
	return total;
}

/* What each column needs. A column's emptiness is that of its cells: a title alone is nothing. */
static void measure(const struct table *t, bool legend, size_t *widths, bool *empty)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		widths[i] = legend ? text_width(t->columns[i].title) : 0;
		empty[i] = true;
		for (size_t k = 0; k < t->n_rows; k++) {
			size_t w = t->rows[k].cells ? text_width(t->rows[k].cells[i]) : 0;

			widths[i] = w > widths[i] ? w : widths[i];
			empty[i] = empty[i] && w == 0;
		}
	}
}

/* What the table is as narrow as, when each flexible column gave all it can. */
static size_t least_width(const struct table *t, const size_t *widths)
{
	size_t least = total_width(widths, t->n_columns);

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].flexible && widths[i] != LEFT_OUT && widths[i] > FLEXIBLE_MIN)
			least -= widths[i] - FLEXIBLE_MIN;
	return least;
}

static void leave_out(const struct table *t, size_t width, const bool *empty, size_t *widths)
{
	for (size_t i = t->n_columns; i-- > 0 && total_width(widths, t->n_columns) > width;)
		if (empty[i])
			widths[i] = LEFT_OUT;
	for (size_t i = t->n_columns; i-- > 0 && least_width(t, widths) > width;)
		if (t->columns[i].optional)
			widths[i] = LEFT_OUT;
}

/* The last column gives way first. */
static void fit(const struct table *t, size_t width, const bool *empty, size_t *widths)
{
	leave_out(t, width, empty, widths);
	for (size_t i = t->n_columns; i-- > 0;) {
		size_t total = total_width(widths, t->n_columns), over = total > width ? total - width : 0;

		if (over == 0 || !t->columns[i].flexible || widths[i] == LEFT_OUT || widths[i] <= FLEXIBLE_MIN)
			continue;
		widths[i] = widths[i] - FLEXIBLE_MIN > over ? widths[i] - over : FLEXIBLE_MIN;
	}
}

static void print_cell(FILE *f, const struct column *c, const char *text, const char *on, const char *off,
		       size_t width, bool last)
{
	_cleanup_free_ char *fit = text_fit(text, width);
	size_t pad = width - text_width(fit);

	if (c->right)
		text_pad(f, pad);
	fprintf(f, "%s%s%s", *fit ? on : "", fit, *fit && *on ? off : "");
	if (!c->right && !last)
		text_pad(f, pad);
}

/* No spaces at the end of a line: what follows the last cell with text is left out. */
static void print_cells(const struct table *t, FILE *f, const struct style *style, const char *const *cells,
			const enum style_id *styles, const size_t *widths)
{
	size_t used = t->n_columns, shown = 0;

	while (used > 0 && (widths[used - 1] == LEFT_OUT || !*cells[used - 1]))
		used--;
	for (size_t i = 0; i < used; i++) {
		if (widths[i] == LEFT_OUT)
			continue;
		if (shown++ > 0)
			text_pad(f, GAP);
		print_cell(f, &t->columns[i], cells[i], style->on[styles[i]], style->off, widths[i],
			   i + 1 == used);
	}
	fputc('\n', f);
}

static void print_titles(const struct table *t, FILE *f, const struct style *style, const size_t *widths)
{
	_cleanup_free_ const char **titles = xcheck(new0(const char *, t->n_columns));
	_cleanup_free_ enum style_id *styles = xcheck(new0(enum style_id, t->n_columns));

	for (size_t i = 0; i < t->n_columns; i++) {
		titles[i] = t->columns[i].title;
		styles[i] = STYLE_BOLD;
	}
	print_cells(t, f, style, titles, styles, widths);
}

void table_print(const struct table *t, FILE *f, const struct style *style, size_t width, bool legend)
{
	_cleanup_free_ size_t *widths = xcheck(new0(size_t, t->n_columns));
	_cleanup_free_ bool *empty = xcheck(new0(bool, t->n_columns));

	measure(t, legend, widths, empty);
	if (width > 0)
		fit(t, width, empty, widths);
	if (legend && t->n_rows > 0)
		print_titles(t, f, style, widths);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct row *row = &t->rows[i];

		if (row->cells)
			print_cells(t, f, style, (const char *const *)row->cells, row->styles, widths);
		else if (legend)
			fprintf(f, "%s%s%s%s\n", i > 0 ? "\n" : "", style->on[STYLE_BOLD], row->heading,
				style->off);
	}
}
