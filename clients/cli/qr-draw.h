/* A QR code as text on a terminal: black on white whatever the theme, two modules in each character cell. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"

struct qr_picture;

/* -EINVAL: the text is too long for a QR code. */
int qr_picture_new(const char *text, struct qr_picture **ret);
struct qr_picture *qr_picture_free(struct qr_picture *q);
DEFINE_CLEANUP(struct qr_picture *, qr_picture_free);

/* What it takes on screen, its quiet zone included. Without UTF-8, no half blocks: it is then larger. */
unsigned qr_picture_columns(const struct qr_picture *q, bool utf8);
unsigned qr_picture_rows(const struct qr_picture *q, bool utf8);

/* Lines with their ends. palette: the terminal has the 256 colours that no theme changes. */
void qr_picture_draw(const struct qr_picture *q, FILE *f, bool utf8, bool palette);
