/* Gathers an HTTP answer. Knows header fields, not connections. */
#include "net/answer.h"

#include <stdio.h>

#include "base/secret.h"
#include "base/timeutil.h"

#define MAX_RETRY_AFTER (60 * USEC_PER_MIN)
#define FIRST_ROOM 4096U

/* A status line begins an answer: an interim one, the one after it, or one behind a proxy's. */
static void answer_begin(struct answer *a, const char *line)
{
	size_t seen = a->header_size;

	answer_done(a);
	a->header_size = seen;
	(void)sscanf(line, "HTTP/%*s %d", &a->status);
}

/* The value of "Name: value" without the space around it, or NULL when the line is of another field. */
static char *field_value(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1;
	line += strspn(line, " \t");
	n = strlen(line);
	while (n > 0 && strchr(" \t\r\n", line[n - 1]))
		n--;
	return strndup(line, n);
}

static void take_field(char **field, const char *line, const char *name)
{
	char *value = field_value(line, name);

	if (!value)
		return;
	free(*field);
	*field = value;
}

/* Digits only; one too large for any file is as if it were not there. */
static void take_length(struct answer *a, const char *text)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (n > (INT64_MAX - 9) / 10)
			return;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	a->length = n;
	a->has_length = *text == '\0';
}

static void answer_take_field(struct answer *a, const char *line)
{
	_cleanup_free_ char *date = NULL, *length = NULL;

	take_field(&a->content_type, line, "Content-Type");
	take_field(&a->etag, line, "ETag");
	take_field(&a->location, line, "Location");
	take_field(&a->retry_after, line, "Retry-After");
	take_field(&a->repr_digest, line, "Repr-Digest");
	take_field(&a->content_range, line, "Content-Range");
	take_field(&length, line, "Content-Length");
	if (!isempty(length))
		take_length(a, length);
	take_field(&date, line, "Date");
	if (date)
		(void)time_parse_http(date, &a->date); /* one that is none is as if it were not there */
}

bool answer_take_header(struct answer *a, const char *line, size_t n)
{
	_cleanup_free_ char *copy = NULL;

	a->header_size += n;
	if (a->header_size > ANSWER_MAX_HEADER) {
		a->too_large = true;
		return false;
	}
	copy = strndup(line, n);
	if (!copy)
		return false;
	if (startswith(copy, "HTTP/"))
		answer_begin(a, copy);
	else if (copy[strspn(copy, "\r\n")] != '\0')
		answer_take_field(a, copy);
	else if (a->status >= 200)
		a->header_done = true;
	return true;
}

bool answer_append(struct answer *a, const char *data, size_t n, size_t max_body)
{
	size_t room = a->body_room ? a->body_room : FIRST_ROOM;
	char *grown;

	if (n > max_body - a->body_size) {
		a->too_large = true;
		return false;
	}
	while (room <= a->body_size + n)
		room *= 2;
	if (room != a->body_room) {
		grown = wiping_realloc(a->body, room);
		if (!grown)
			return false;
		a->body = grown;
		a->body_room = room;
	}
	memcpy(a->body + a->body_size, data, n);
	a->body_size += n;
	a->body[a->body_size] = '\0';
	return true;
}

bool answer_is_redirect(const struct answer *a)
{
	return (a->status >= 301 && a->status <= 303) || a->status == 307 || a->status == 308;
}

uint64_t answer_retry_after(const struct answer *a)
{
	uint64_t seconds = 0, until, now = a->date ? a->date : now_realtime();
	const char *s = a->retry_after;

	if (isempty(s))
		return 0;
	if (s[strspn(s, "0123456789")] == '\0') {
		for (; *s && seconds < MAX_RETRY_AFTER; s++)
			seconds = seconds * 10 + (uint64_t)(*s - '0');
		return seconds < MAX_RETRY_AFTER / USEC_PER_SEC ? seconds * USEC_PER_SEC : MAX_RETRY_AFTER;
	}
	/* By the clock that wrote it, where that is known. */
	if (time_parse_http(s, &until) < 0 || until <= now)
		return 0;
	return until - now < MAX_RETRY_AFTER ? until - now : MAX_RETRY_AFTER;
}

void answer_done(struct answer *a)
{
	free(a->content_type);
	free(a->etag);
	free(a->location);
	free(a->retry_after);
	free(a->repr_digest);
	free(a->content_range);
	wiping_free(a->body);
	*a = (struct answer){ 0 };
}
