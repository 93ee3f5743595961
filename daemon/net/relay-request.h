/* What a viewer of the relay asks for: the head of one HTTP/1.1 request (RFC 9112), read strictly; and the two header
 * fields about ranges (RFC 9110 section 14), as a viewer sends one and a service the other. */
#pragma once

#include "base/util.h"

#define RELAY_HEAD_MAX 8192 /* bytes, with the empty line at the end */
#define RELAY_FIELDS_MAX 64
#define RELAY_PATH_SIZE 65  /* with NUL; a longer path is nobody's */
#define RELAY_ETAG_SIZE 129

enum relay_range {
	RELAY_RANGE_NONE,   /* all of it */
	RELAY_RANGE_FROM,   /* first to last; UINT64_MAX: to the end */
	RELAY_RANGE_SUFFIX, /* the last `last` bytes */
};

struct relay_want {
	enum relay_range range;
	uint64_t first, last;
	char if_range[RELAY_ETAG_SIZE]; /* a strong entity tag with its quotes, or "" */
};

struct relay_request {
	bool head; /* HEAD; else GET */
	char path[RELAY_PATH_SIZE]; /* without the slash; "" when it is too long or has other than [0-9A-Za-z] */
	struct relay_want want;
};

/* The length of the head with its empty line; 0: not all of it is there yet. */
size_t relay_head_length(const char *data, size_t n);
/* 0; else the status that the request is answered with: 400, 403 (`host` is not what it is sent to), 405, 501, 505.
 * `head` is a whole head of n bytes. A Range that is none, or several, is as if it were not there; so is one whose
 * If-Range is no strong tag. */
int relay_request_parse(const char *head, size_t n, const char *host, struct relay_request *ret);

/* "bytes 10-20/100". False: it is not that, or makes no sense. */
bool relay_content_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_total);
/* A strong entity tag, fit for a header. */
bool relay_etag_is_strong(const char *etag);
