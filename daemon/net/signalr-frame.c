/* Cuts a stream of bytes into frames. */
#include "net/signalr-frame.h"

/* Moves what is unread to the front. */
static void frames_compact(struct frames *f)
{
	if (f->start == 0)
		return;
	memmove(f->data, f->data + f->start, f->n - f->start);
	f->n -= f->start;
	f->scanned -= f->start;
	f->start = 0;
}

int frames_append(struct frames *f, const char *data, size_t n)
{
	const char *end = n > 0 ? memchr(data, FRAME_END, n) : NULL;
	size_t room;
	char *grown;

	if (n == 0)
		return 0;
	frames_compact(f);
	/* What is unread here has no end yet, as its owner takes frames until there is none. */
	if (f->n + (end ? (size_t)(end - data) : n) > FRAME_MAX)
		return -E2BIG;
	room = f->room ? f->room : 512;
	while (room < f->n + n)
		room *= 2;
	if (room != f->room) {
		grown = realloc(f->data, room);
		if (!grown)
			return -ENOMEM;
		f->data = grown;
		f->room = room;
	}
	memcpy(f->data + f->n, data, n);
	f->n += n;
	return 0;
}

bool frames_next(struct frames *f, const char **ret, size_t *ret_n)
{
	char *end = f->n > f->scanned ? memchr(f->data + f->scanned, FRAME_END, f->n - f->scanned) : NULL;

	if (!end) {
		f->scanned = f->n;
		return false;
	}
	*ret = f->data + f->start;
	*ret_n = (size_t)(end - *ret);
	f->start = f->scanned = (size_t)(end - f->data) + 1;
	return true;
}

void frames_done(struct frames *f)
{
	free(f->data);
	*f = (struct frames){ 0 };
}
