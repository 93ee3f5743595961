/*
 * Pictures in memory, by cairo. What is drawn is up to the callers.
 */
#include <fontconfig/fontconfig.h>

#include "tests/sandbox/png.h"

cairo_status_t png_write(void *closure, const unsigned char *data, unsigned size)
{
	struct png *p = closure;

	p->data = xrealloc(p->data, p->size + size);
	memcpy(p->data + p->size, data, size);
	p->size += size;
	return CAIRO_STATUS_SUCCESS;
}

void png_begin(struct png *p, int width, int height)
{
	p->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	p->cr = cairo_create(p->surface);
}

void png_end(struct png *p)
{
	cairo_status_t status = cairo_status(p->cr);

	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_write_to_png_stream(p->surface, png_write, p);
	if (status != CAIRO_STATUS_SUCCESS)
		die(1, "cannot draw: %s", cairo_status_to_string(status));
}

void png_done(struct png *p)
{
	if (p->cr)
		cairo_destroy(p->cr);
	if (p->surface)
		cairo_surface_destroy(p->surface);
	free(p->data);
}

void png_forget_fonts(void)
{
	cairo_debug_reset_static_data();
	FcFini();
}
