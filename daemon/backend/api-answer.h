/* What one answer of a service means: the pure reading of it, as docs/backend-api.md ("Rules for every
 * call") has it. Private to this folder. */
#pragma once

#include "backend/api.h"

#define API_MESSAGE_CHARS 300
#define API_MESSAGE_SIZE (API_MESSAGE_CHARS * 4 + 4) /* the last for "…" */
#define API_CODE_SIZE 65

struct api_answer {
	enum api_outcome outcome; /* never API_NO_TOKEN; a 401 is API_UNAUTHORIZED */
	int status;
	char code[API_CODE_SIZE];       /* "" where there is none */
	char message[API_MESSAGE_SIZE]; /* a sentence for people; "" for API_OK and API_NOT_MODIFIED */
	json_object *body;                 /* owned */
};

/* `conditional`: an If-None-Match was sent, so that a 304 has a meaning. */
void api_answer_read(const struct http_response *response, bool conditional, struct api_answer *ret);
void api_answer_done(struct api_answer *a);

/* n bytes of whatever a service sent as a line for people: well-formed UTF-8, no control or
 * direction-changing characters, single spaces, without the frames of a stack trace, at most `chars`
 * characters and "…". */
void api_answer_clean_text(const char *text, size_t n, size_t chars, char *buf, size_t size);
