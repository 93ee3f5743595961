/*
 * The picture of a QR payment, to be read by a bank's app.
 */
#include <errno.h>

#include <cairo.h>
#include <qrencode.h>

#include "tests/sandbox/file.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/payment.h"
#include "tests/sandbox/png.h"

enum { MODULE_PIXELS = 8, QUIET_MODULES = 4 };

static void qr_freep(QRcode **q)
{
	QRcode_free(*q);
}

static void draw(cairo_t *cr, const QRcode *qr)
{
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	for (int y = 0; y < qr->width; y++)
		for (int x = 0; x < qr->width; x++)
			if (qr->data[y * qr->width + x] & 1)
				cairo_rectangle(cr, (x + QUIET_MODULES) * MODULE_PIXELS,
						(y + QUIET_MODULES) * MODULE_PIXELS, MODULE_PIXELS, MODULE_PIXELS);
	cairo_fill(cr);
}

static int answer_picture(struct call *c, json_object *payment, const char *payload)
{
	QRcode *qr AUTO(qr_freep) = QRcode_encodeString8bit(payload, 0, QR_ECLEVEL_M);
	const char *uid = json_object_get_string(json_member(payment, "uid"));
	AUTO_FREE char *name = xprintf("payment-%.8s.png", uid), *source = xprintf("qr:%s", uid);
	struct png png AUTO(png_done) = { 0 };
	int pixels;

	if (!qr)
		die(1, "cannot make a QR code: %s", strerror(errno));
	pixels = (qr->width + 2 * QUIET_MODULES) * MODULE_PIXELS;
	png_begin(&png, pixels, pixels);
	draw(png.cr, qr);
	png_end(&png);
	file_keep(c, &(struct file){ .name = name, .content_type = "image/png", .source = source, .data = png.data,
				     .size = png.size });
	json_add_text(c->answer, "qrPayload", payload);
	return 0;
}

int qr_generate(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	const char *order_uid, *uid, *payload;
	json_object *p;
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &order_uid);
	if (r < 0)
		return r;
	r = call_text(c, "paymentUid", 1, 100, &uid);
	if (r < 0)
		return r;
	if (order_load(c->sandbox->store, order_uid, &o) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", order_uid);
	if (o.user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This order is another user's");
	p = payment_find(&o, uid);
	if (!p)
		return call_fail(c, 404, "not-found", "The order has no payment \"%.100s\"", uid);
	payload = json_object_get_string(json_member(p, "qrPayload"));
	if (!payload)
		return call_fail(c, 409, "not-a-qr-payment", "This payment is not made by QR code");
	return answer_picture(c, p, payload);
}
