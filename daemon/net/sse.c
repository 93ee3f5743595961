/* An incremental parser of event streams. Only data and comments matter here; event names, ids and retry times are
 * skipped. */
#include "net/sse.h"

struct buffer {
	char *data;
	size_t n, room;
};

struct sse {
	unsigned refs; /* the owner's, and one while being fed */
	void (*event)(const char *data, size_t n, void *userdata); /* NULL: freed by its owner */
	void *userdata;
	struct buffer line;  /* the part of a line that came with earlier pieces */
	struct buffer data;  /* of the event that is under way, each line with a '\n' */
	size_t bom;          /* how many bytes of a byte order mark were seen; 3: past it */
	bool after_cr;       /* a '\n' now belongs to the '\r' before it */
	int error;
};

static int buffer_append(struct buffer *b, const char *data, size_t n)
{
	size_t room = b->room ? b->room : 256;
	char *grown;

	while (room < b->n + n)
		room *= 2;
	if (room != b->room) {
		grown = realloc(b->data, room);
		if (!grown)
			return -ENOMEM;
		b->data = grown;
		b->room = room;
	}
	memcpy(b->data + b->n, data, n);
	b->n += n;
	return 0;
}

struct sse *sse_new(void (*event)(const char *data, size_t n, void *userdata), void *userdata)
{
	struct sse *s = new0(struct sse, 1);

	if (!s)
		return NULL;
	s->refs = 1;
	s->event = event;
	s->userdata = userdata;
	return s;
}

static void sse_unref(struct sse *s)
{
	if (--s->refs > 0)
		return;
	free(s->line.data);
	free(s->data.data);
	free(s);
}

void sse_free(struct sse *s)
{
	if (!s)
		return;
	s->event = NULL;
	sse_unref(s);
}

static int sse_take_data(struct sse *s, const char *value, size_t n)
{
	int r;

	if (n + 1 > SSE_MAX_EVENT - s->data.n)
		return -E2BIG;
	r = buffer_append(&s->data, value, n);
	if (r < 0)
		return r;
	return buffer_append(&s->data, "\n", 1);
}

/* A whole line without its end: "field: value", ": comment", or the empty one that ends an event. */
static int sse_take_line(struct sse *s, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *value = colon ? colon + 1 : line + n;
	size_t length = colon ? (size_t)(colon - line) : n;

	if (n == 0) {
		if (s->data.n > 0)
			s->event(s->data.data, s->data.n - 1, s->userdata);
		s->data.n = 0;
		return 0;
	}
	if (length == 0) {
		s->event(NULL, 0, s->userdata);
		return 0;
	}
	if (length != 4 || memcmp(line, "data", 4) != 0)
		return 0;
	if (value < line + n && *value == ' ')
		value++;
	return sse_take_data(s, value, (size_t)(line + n - value));
}

/* The end of a line is there; its beginning may have come earlier. */
static int sse_end_line(struct sse *s, const char *rest, size_t n)
{
	int r;

	if (s->line.n == 0)
		return sse_take_line(s, rest, n);
	r = n > 0 ? buffer_append(&s->line, rest, n) : 0;
	if (r >= 0)
		r = sse_take_line(s, s->line.data, s->line.n);
	s->line.n = 0;
	return r;
}

/* Skips a byte order mark at the very start, however it is split. */
static size_t sse_skip_bom(struct sse *s, const char *data, size_t n)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t i = 0;

	while (s->bom < 3 && i < n && data[i] == bom[s->bom]) {
		s->bom++;
		i++;
	}
	if (i == n || s->bom == 3)
		return i;
	/* Not one: what looked like it begins a field that nobody knows. */
	if (s->bom > 0 && buffer_append(&s->line, bom, s->bom) < 0)
		s->error = -ENOMEM;
	s->bom = 3;
	return i;
}

static int sse_take(struct sse *s, const char *data, size_t n)
{
	const char *end = data + n, *start = data;
	int r;

	for (const char *p = data; p < end; p++) {
		bool joined = s->after_cr && *p == '\n';

		s->after_cr = *p == '\r';
		if (joined) {
			start = p + 1;
			continue;
		}
		if (*p != '\r' && *p != '\n')
			continue;
		if ((size_t)(p - start) > SSE_MAX_EVENT - s->line.n)
			return -E2BIG;
		r = sse_end_line(s, start, (size_t)(p - start));
		if (r < 0 || !s->event)
			return r;
		start = p + 1;
	}
	n = (size_t)(end - start);
	if (n > SSE_MAX_EVENT - s->line.n)
		return -E2BIG;
	return n > 0 ? buffer_append(&s->line, start, n) : 0;
}

int sse_feed(struct sse *s, const char *data, size_t n)
{
	size_t skipped;
	int r;

	if (s->error < 0)
		return s->error;
	s->refs++;
	skipped = sse_skip_bom(s, data, n);
	r = s->error;
	if (r >= 0)
		r = sse_take(s, data + skipped, n - skipped);
	s->error = r;
	sse_unref(s);
	return r;
}
