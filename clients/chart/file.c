/* The bytes of a picture: SVG, PNG, PDF, each with the chart's title in it. How a chart looks is in paint.c. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <fontconfig/fontconfig.h>

#include "clients/chart/paint.h"
#include "clients/cli/text.h"

#define WIDTH 800.0
#define HEIGHT 450.0
#define A4_WIDTH 841.89 /* points, lying */
#define A4_HEIGHT 595.28
#define PNG_SCALE 2
#define PNG_HEAD 33 /* signature and the header's chunk: what may follow is free (PNG, section 5.6) */

struct bytes {
	char *data;
	size_t size, allocated;
};

static cairo_status_t collect(void *closure, const unsigned char *data, unsigned length)
{
	struct bytes *b = closure;

	if (b->size + length > b->allocated) {
		b->allocated = 2 * (b->size + length);
		b->data = xcheck(realloc(b->data, b->allocated));
	}
	memcpy(b->data + b->size, data, length);
	b->size += length;
	return CAIRO_STATUS_SUCCESS;
}

/* Puts what was gathered in `piece` at an offset of b. */
static void insert(struct bytes *b, size_t at, const struct bytes *piece)
{
	struct bytes whole = {};

	(void)collect(&whole, (const unsigned char *)b->data, (unsigned)at);
	(void)collect(&whole, (const unsigned char *)piece->data, (unsigned)piece->size);
	(void)collect(&whole, (const unsigned char *)b->data + at, (unsigned)(b->size - at));
	free(b->data);
	*b = whole;
}

static void append(struct bytes *b, const char *text)
{
	(void)collect(b, (const unsigned char *)text, (unsigned)strlen(text));
}

/* cairo has no way to say it: the title goes behind the root element's tag. */
static int title_svg(struct bytes *b, const char *title)
{
	const char *root = memmem(b->data, b->size, "<svg", 4);
	const char *end = root ? memchr(root, '>', b->size - (size_t)(root - b->data)) : NULL;
	struct bytes piece = {};

	if (!end)
		return -EIO;
	append(&piece, "\n<title>");
	for (; *title; title++)
		switch (*title) {
		case '<': append(&piece, "&lt;"); break;
		case '>': append(&piece, "&gt;"); break;
		case '&': append(&piece, "&amp;"); break;
		default: (void)collect(&piece, (const unsigned char *)title, 1);
		}
	append(&piece, "</title>");
	insert(b, (size_t)(end + 1 - b->data), &piece);
	free(piece.data);
	return 0;
}

/* ISO 3309, as PNG's section 5.5 says. */
static uint32_t crc32_of(const char *data, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)data[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
	}
	return ~crc;
}

static void append_u32(struct bytes *b, uint32_t v)
{
	const unsigned char data[] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
				       (unsigned char)v };

	(void)collect(b, data, sizeof(data));
}

/* An iTXt chunk: keyword, not compressed, no language, UTF-8. */
static int title_png(struct bytes *b, const char *title)
{
	static const char head[] = "iTXtTitle\0\0\0\0";
	struct bytes piece = {};

	if (b->size < PNG_HEAD)
		return -EIO;
	append_u32(&piece, (uint32_t)(sizeof(head) - 4 + strlen(title)));
	(void)collect(&piece, (const unsigned char *)head, sizeof(head));
	append(&piece, title);
	append_u32(&piece, crc32_of(piece.data + 4, piece.size - 4));
	insert(b, PNG_HEAD, &piece);
	free(piece.data);
	return 0;
}

static cairo_surface_t *make_surface(enum chart_format format, const char *title, struct bytes *b)
{
	cairo_surface_t *s;

	if (format == CHART_SVG)
		return cairo_svg_surface_create_for_stream(collect, b, WIDTH, HEIGHT);
	if (format == CHART_PNG)
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)WIDTH * PNG_SCALE, (int)HEIGHT * PNG_SCALE);
	s = cairo_pdf_surface_create_for_stream(collect, b, A4_WIDTH, A4_HEIGHT);
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "customerclient");
	return s;
}

static int paint(const struct chart *c, enum chart_format format, cairo_surface_t *s, struct bytes *b)
{
	struct painter p = { .c = c, .width = WIDTH, .height = HEIGHT };
	cairo_status_t status;

	p.cr = cairo_create(s);
	if (format == CHART_PNG)
		cairo_scale(p.cr, PNG_SCALE, PNG_SCALE);
	if (format == CHART_PDF) {
		p.width = A4_WIDTH;
		p.height = A4_HEIGHT;
	}
	paint_chart(&p);
	status = cairo_status(p.cr);
	cairo_destroy(p.cr);
	if (status == CAIRO_STATUS_SUCCESS && format == CHART_PNG)
		status = cairo_surface_write_to_png_stream(s, collect, b);
	cairo_surface_finish(s);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(s);
	return status == CAIRO_STATUS_SUCCESS ? 0 : status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* Both libraries keep what they loaded for the next time. A leak checker is the only one who minds, and FcFini() ends
 * the program where it finds that something is still in use. */
static void forget_fonts(void)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
	cairo_debug_reset_static_data();
	FcFini();
#endif
}

int chart_draw(const struct chart *c, enum chart_format format, char **ret_data, size_t *ret_size)
{
	_cleanup_free_ char *title = text_clean(c->title, false);
	struct bytes b = {};
	cairo_surface_t *s = make_surface(format, title, &b);
	int r;

	r = paint(c, format, s, &b);
	cairo_surface_destroy(s);
	forget_fonts();
	if (r >= 0 && format == CHART_SVG)
		r = title_svg(&b, title);
	else if (r >= 0 && format == CHART_PNG)
		r = title_png(&b, title);
	if (r < 0) {
		free(b.data);
		return r;
	}
	*ret_data = b.data;
	*ret_size = b.size;
	return 0;
}
