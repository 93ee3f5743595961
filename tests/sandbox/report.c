/*
 * Receipts as PDF and PNG, drawn by cairo, and as HTML. What stands on them is in receipt.c.
 */
#include <cairo-pdf.h>

#include "tests/sandbox/png.h"
#include "tests/sandbox/receipt.h"
#include "tests/sandbox/report.h"

/* Points of an A4 page. */
static const double page_width = 595, page_height = 842, margin = 56, middle_at = 440;
static const double png_scale = 1.5;

static const struct style {
	double size, height;
	bool bold;
	const char *html; /* the element of a row */
} styles[] = {
	[ROW_TITLE] = { 20, 34, true, "h1" },  [ROW_TEXT] = { 11, 17, false, "p" },
	[ROW_HEAD] = { 11, 20, true, "tr" },   [ROW_LINE] = { 11, 18, false, "tr" },
	[ROW_NOTE] = { 9, 14, false, "tr" },   [ROW_SUM] = { 11, 18, false, "tr" },
	[ROW_TOTAL] = { 13, 24, true, "tr" },  [ROW_GAP] = { 0, 14, false, NULL },
};

static double text_width(cairo_t *cr, const char *text)
{
	cairo_text_extents_t extents;

	cairo_text_extents(cr, text, &extents);
	return extents.x_advance;
}

/* Cuts a text to a width, between characters of UTF-8. */
static char *fit(cairo_t *cr, const char *text, double width)
{
	AUTO_FREE char *copy = xstrdup(text);
	size_t n = strlen(copy);

	if (text_width(cr, copy) <= width)
		return TAKE(copy);
	while (n > 0) {
		AUTO_FREE char *shorter = NULL;

		for (n--; n > 0 && ((unsigned char)copy[n] & 0xC0) == 0x80; n--)
			;
		shorter = xprintf("%.*s…", (int)n, copy);
		if (text_width(cr, shorter) <= width)
			return TAKE(shorter);
	}
	return xstrdup("…");
}

static void show_right(cairo_t *cr, const char *text, double x, double y)
{
	if (!text)
		return;
	cairo_move_to(cr, x - text_width(cr, text), y);
	cairo_show_text(cr, text);
}

static void draw_row(cairo_t *cr, const struct row *row, double y)
{
	const struct style *s = &styles[row->kind];
	double indent = row->kind == ROW_NOTE ? 18 : 0, right = page_width - margin,
	       width = (row->middle ? middle_at - 60 : row->right ? right - 80 : right) - margin - indent;
	AUTO_FREE char *left = NULL;

	if (!row->left)
		return;
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       s->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, s->size);
	if (row->kind == ROW_TOTAL || row->kind == ROW_HEAD) {
		double line = row->kind == ROW_TOTAL ? y - s->size - 3 : y + 5;

		cairo_set_line_width(cr, 0.6);
		cairo_move_to(cr, margin, line);
		cairo_line_to(cr, right, line);
		cairo_stroke(cr);
	}
	left = fit(cr, row->left, width);
	cairo_move_to(cr, margin + indent, y);
	cairo_show_text(cr, left);
	show_right(cr, row->middle, middle_at, y);
	show_right(cr, row->right, right, y);
}

/* On one sheet of any length, or on pages. */
static void draw(cairo_t *cr, const struct receipt *r, bool in_pages)
{
	double y = margin;

	cairo_set_source_rgb(cr, 0, 0, 0);
	for (size_t i = 0; i < r->n; i++) {
		double height = styles[r->rows[i].kind].height;

		if (in_pages && y + height > page_height - margin) {
			cairo_show_page(cr);
			y = margin;
		}
		y += height;
		draw_row(cr, &r->rows[i], y);
	}
}

static void check(cairo_status_t status)
{
	if (status != CAIRO_STATUS_SUCCESS)
		die(1, "cannot draw: %s", cairo_status_to_string(status));
}

static void make_pdf(const struct order *o, const struct receipt *r, struct report *ret)
{
	struct png out AUTO(png_done) = { 0 };
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(png_write, &out, page_width, page_height);
	cairo_t *cr = cairo_create(surface);
	char date[DATE_TEXT_SIZE];

	date_format(o->changed, date);
	date[19] = 'Z'; /* without fractions, as cairo reads it */
	date[20] = '\0';
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, r->rows[0].left);
	draw(cr, r, true);
	cairo_show_page(cr);
	check(cairo_status(cr));
	cairo_destroy(cr);
	cairo_surface_finish(surface);
	check(cairo_surface_status(surface));
	cairo_surface_destroy(surface);
	ret->size = out.size;
	ret->data = TAKE(out.data);
}

static void make_png(const struct receipt *r, struct report *ret)
{
	struct png png AUTO(png_done) = { 0 };
	double height = 2 * margin;

	for (size_t i = 0; i < r->n; i++)
		height += styles[r->rows[i].kind].height;
	png_begin(&png, (int)(page_width * png_scale), (int)(height * png_scale));
	cairo_set_source_rgb(png.cr, 1, 1, 1);
	cairo_paint(png.cr);
	cairo_scale(png.cr, png_scale, png_scale);
	draw(png.cr, r, false);
	png_end(&png);
	ret->size = png.size;
	ret->data = TAKE(png.data);
}

static void put_escaped(FILE *f, const char *text)
{
	for (; text && *text; text++) {
		const char *name = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;"
				 : *text == '"' ? "&quot;" : NULL;

		if (name)
			fputs(name, f);
		else
			fputc(*text, f);
	}
}

static void put_row(FILE *f, const struct row *row)
{
	const char *element = styles[row->kind].html;

	if (!element)
		return;
	fprintf(f, "<%s%s>", element, row->kind == ROW_TOTAL ? " class=\"total\"" : "");
	if (strcmp(element, "tr") != 0)
		put_escaped(f, row->left);
	else {
		const char *const cells[] = { row->left, row->middle, row->right };
		const char *cell = row->kind == ROW_HEAD ? "th" : "td";

		for (size_t i = 0; i < COUNT_OF(cells); i++) {
			fprintf(f, "<%s>", cell);
			put_escaped(f, cells[i]);
			fprintf(f, "</%s>", cell);
		}
	}
	fprintf(f, "</%s>\n", element);
}

static void make_html(const struct receipt *r, struct report *ret)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	bool in_table = false;

	if (!f)
		die(1, "out of memory");
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", f);
	put_escaped(f, r->rows[0].left);
	fputs("</title>\n<style>body{font-family:sans-serif;max-width:40em;margin:2em auto}p{margin:.2em 0}"
	      "table{width:100%;margin:1em 0}th{text-align:left}td+td,th+th{text-align:right}"
	      ".total{font-weight:bold}</style></head><body>\n", f);
	for (size_t i = 0; i < r->n; i++) {
		const char *element = styles[r->rows[i].kind].html;
		bool table = element ? strcmp(element, "tr") == 0 : in_table && i + 1 < r->n &&
			     r->rows[i + 1].kind == ROW_SUM;

		if (table != in_table)
			fputs(table ? "<table>\n" : "</table>\n", f);
		in_table = table;
		put_row(f, &r->rows[i]);
	}
	fputs(in_table ? "</table>\n</body></html>\n" : "</body></html>\n", f);
	if (fclose(f) != 0)
		die(1, "out of memory");
	ret->data = text;
	ret->size = size;
}

bool report_format_is_valid(const char *format)
{
	return strcmp(format, "pdf") == 0 || strcmp(format, "png") == 0 || strcmp(format, "html") == 0;
}

void report_make(const struct order *o, const char *format, struct report *ret)
{
	struct receipt r AUTO(receipt_done) = { 0 };
	struct report report = { 0 };
	char number[24];

	order_number(o, number);
	snprintf(report.name, sizeof(report.name), "order-%s.%s", number, format);
	receipt_make(o, &r);
	if (strcmp(format, "pdf") == 0) {
		report.content_type = "application/pdf";
		make_pdf(o, &r, &report);
	} else if (strcmp(format, "png") == 0) {
		report.content_type = "image/png";
		make_png(&r, &report);
	} else {
		report.content_type = "text/html; charset=utf-8";
		make_html(&r, &report);
	}
	*ret = report;
}

void report_done(struct report *r)
{
	free(r->data);
}
