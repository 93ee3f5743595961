/* What comes back in one HTTP exchange: the lines of the header and the body, gathered within bounds. */
#pragma once

#include "base/util.h"

#define ANSWER_MAX_HEADER (256U << 10) /* all header lines of an exchange together */

struct answer {
	int status;
	bool header_done; /* of the final answer, not of an interim one (1xx) */
	bool too_large;
	size_t header_size;
	char *content_type, *etag, *location, *retry_after, *repr_digest, *content_range;
	uint64_t date;
	uint64_t length; /* Content-Length */
	bool has_length;
	char *body; /* NUL-terminated when not NULL */
	size_t body_size, body_room;
};

/* One line as it came, with its end. False: stop here (memory ran out, or too_large). */
bool answer_take_header(struct answer *a, const char *line, size_t n);
bool answer_append(struct answer *a, const char *data, size_t n, size_t max_body);
/* 301, 302, 303, 307, 308 */
bool answer_is_redirect(const struct answer *a);
/* From Retry-After, seconds or a date; at most 1 h; 0: not given. */
uint64_t answer_retry_after(const struct answer *a);
/* Forgets all, wiping the body. */
void answer_done(struct answer *a);
