/* Reads one answer of a service. Pure: no call, no token, no repetition. */
#include "backend/api-answer.h"

#include <stdio.h>
#include <strings.h>

#include "base/jsonutil.h"
#include "base/log.h"

#define TRACE_CHARS 4000

void api_answer_done(struct api_answer *a)
{
	if (a->body)
		json_object_put(a->body);
	a->body = NULL;
}

/* The length of the well-formed character at s and its code point, or 0. */
static size_t utf8_next(const char *s, size_t n, uint32_t *ret)
{
	const unsigned char *u = (const unsigned char *)s;
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };

	for (size_t k = 1; k <= 4 && k <= n; k++) {
		if (!utf8_is_valid(s, k))
			continue;
		*ret = u[0] & lead[k];
		for (size_t i = 1; i < k; i++)
			*ret = *ret << 6 | (u[i] & 0x3f);
		return k;
	}
	return 0;
}

static bool is_space(uint32_t c)
{
	return c <= ' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c == 0x2028 || c == 0x2029;
}

/* Marks that reorder or hide what stands around them. */
static bool is_invisible(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || c == 0xad || c == 0x61c;
}

/* What comes before "\n   at Namespace.Type.Method()", the way .NET writes a trace behind a message. */
static size_t without_trace(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = i;

		if (text[i] != '\n')
			continue;
		while (k < n && (text[k] == ' ' || text[k] == '\t' || text[k] == '\r' || text[k] == '\n'))
			k++;
		if (n - k >= 3 && memcmp(text + k, "at ", 3) == 0)
			return i;
	}
	return n;
}

static void clean(const char *text, size_t n, size_t chars, char *buf, size_t size)
{
	size_t used = 0, count = 0;
	bool space = false;

	while (n > 0) {
		uint32_t c = 0xfffd; /* for a byte that is no part of a character */
		size_t k = utf8_next(text, n, &c);
		const char *from = k > 0 ? text : "\xef\xbf\xbd";
		size_t length = k > 0 ? k : 3;

		text += k > 0 ? k : 1;
		n -= k > 0 ? k : 1;
		if (is_space(c)) {
			space = used > 0;
			continue;
		}
		if (is_invisible(c))
			continue;
		if (count + space + 1 > chars || used + space + length + sizeof("…") > size) {
			memcpy(buf + used, "…", sizeof("…") - 1);
			used += sizeof("…") - 1;
			break;
		}
		if (space)
			buf[used++] = ' ';
		memcpy(buf + used, from, length);
		used += length;
		count += space + 1U;
		space = false;
	}
	buf[used] = '\0';
}

void api_answer_clean_text(const char *text, size_t n, size_t chars, char *buf, size_t size)
{
	clean(text, without_trace(text, n), chars, buf, size);
}

static void set_message(struct api_answer *a, const char *text)
{
	(void)snprintf(a->message, sizeof(a->message), "%s", text);
}

/* Takes the first that is a text with anything in it. */
static bool take_message(struct api_answer *a, json_object *o, const char *name)
{
	const char *text;

	if (json_get_string(o, name, &text) != 1)
		return false;
	api_answer_clean_text(text, strlen(text), API_MESSAGE_CHARS, a->message, sizeof(a->message));
	return a->message[0] != '\0';
}

static void log_trace(json_object *o, const char *name)
{
	char line[TRACE_CHARS * 4 + 4];
	const char *text;

	if (!log_enabled(LOG_LEVEL_DEBUG) || json_get_string(o, name, &text) != 1)
		return;
	clean(text, strlen(text), TRACE_CHARS, line, sizeof(line));
	log_debug("The service's %s: %s", name, line);
}

/* A code is a word for programs; anything else is none. */
static void take_code(struct api_answer *a)
{
	const char *code;

	if (json_get_string(a->body, "code", &code) != 1 || strlen(code) >= sizeof(a->code))
		return;
	for (const char *p = code; *p; p++)
		if (*p <= ' ' || *p > '~')
			return;
	memcpy(a->code, code, strlen(code) + 1);
}

/* The platform's own style of failure, at any status. */
static bool take_exception(struct api_answer *a)
{
	json_object *workflow = json_get(a->body, "workflowException");

	if (!workflow && !json_get(a->body, "exceptionMessage"))
		return false;
	log_trace(workflow, "stackTrace");
	log_trace(workflow, "fullMessage");
	if (!take_message(a, a->body, "exceptionMessage") && !take_message(a, workflow, "message"))
		set_message(a, "The service reported a failure without saying which.");
	return true;
}

static bool media_is(const char *content_type, const char *media)
{
	size_t n = strlen(media);

	return content_type && strncasecmp(content_type, media, n) == 0 && strchr("; \t", content_type[n]);
}

/* "error: …" as plain text, or as the JSON string that a formatter made of it. */
static bool take_error_text(struct api_answer *a, const char *text, size_t n)
{
	static const char prefix[] = "error:";

	if (n < sizeof(prefix) - 1 || strncasecmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	api_answer_clean_text(text + sizeof(prefix) - 1, n - sizeof(prefix) + 1, API_MESSAGE_CHARS,
			      a->message, sizeof(a->message));
	if (a->message[0] == '\0')
		set_message(a, "The service reported an error without saying which.");
	return true;
}

static void protocol(struct api_answer *a, const char *message)
{
	a->outcome = API_PROTOCOL;
	set_message(a, message);
}

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* 0, or -EBADMSG with the sentence to it. */
static int parse_body(const struct http_response *response, json_object **ret, const char **ret_why)
{
	int r;

	r = json_parse(response->body, response->body_size, JSON_MAX_DEPTH, ret);
	if (r >= 0)
		return 0;
	if (r == -E2BIG)
		*ret_why = "The service's answer is nested too deeply, or has too many parts.";
	else if (media_is(response->content_type, "text/html") || *skip_space(response->body) == '<')
		*ret_why = "The service sent a web page instead of an answer.";
	else
		*ret_why = "The service's answer could not be read.";
	return -EBADMSG;
}

static void read_success(const struct http_response *response, struct api_answer *a)
{
	const char *why;

	a->outcome = API_OK;
	if (response->status == 204 || *skip_space(response->body) == '\0') {
		/* A NUL byte is no emptiness. */
		if (strlen(response->body) != response->body_size)
			protocol(a, "The service's answer could not be read.");
		return;
	}
	if ((!response->content_type || media_is(response->content_type, "text/plain")) &&
	    take_error_text(a, response->body, response->body_size)) {
		a->outcome = API_FAILURE;
		return;
	}
	if (parse_body(response, &a->body, &why) < 0) {
		protocol(a, why);
		return;
	}
	if (json_object_is_type(a->body, json_type_string) &&
	    take_error_text(a, json_object_get_string(a->body), (size_t)json_object_get_string_len(a->body)))
		a->outcome = API_FAILURE;
	else if (take_exception(a))
		a->outcome = API_FAILURE;
}

static enum api_outcome failure_outcome(int status)
{
	switch (status) {
	case 401:
		return API_UNAUTHORIZED;
	case 408:
	case 425:
	case 429:
	case 502:
	case 503:
	case 504:
		return API_TRANSIENT;
	default:
		return status >= 500 ? API_SERVER_ERROR : API_REFUSED;
	}
}

static const char *failure_sentence(int status)
{
	switch (status) {
	case 401:
		return "The service asks to sign in.";
	case 403:
		return "The service does not allow this.";
	case 404:
		return "The service does not have this.";
	case 409:
		return "The service says that this does not fit what it has.";
	case 412:
		return "This was changed elsewhere meanwhile.";
	case 429:
		return "The service asks for fewer requests; try again later.";
	default:
		return NULL;
	}
}

static void read_failure(const struct http_response *response, struct api_answer *a)
{
	const char *why;

	a->outcome = failure_outcome(response->status);
	if (parse_body(response, &a->body, &why) == 0 && json_object_is_type(a->body, json_type_object)) {
		take_code(a);
		log_trace(a->body, "stackTrace");
		if (take_message(a, a->body, "detail") || take_message(a, a->body, "title") ||
		    take_exception(a))
			return;
	} else if (take_error_text(a, response->body, response->body_size))
		return;
	if (failure_sentence(response->status))
		set_message(a, failure_sentence(response->status));
	else if (a->outcome == API_TRANSIENT)
		(void)snprintf(a->message, sizeof(a->message),
			       "The service is not available at the moment (HTTP %d).", response->status);
	else
		(void)snprintf(a->message, sizeof(a->message), "The service %s (HTTP %d).",
			       a->outcome == API_SERVER_ERROR ? "failed" : "refused the request",
			       response->status);
}

static void read_answered(const struct http_response *response, bool conditional, struct api_answer *a)
{
	if (response->status >= 200 && response->status <= 299)
		read_success(response, a);
	else if (response->status == 304 && conditional)
		a->outcome = API_NOT_MODIFIED;
	else if (response->status >= 400 && response->status <= 599)
		read_failure(response, a);
	else {
		a->outcome = API_PROTOCOL;
		(void)snprintf(a->message, sizeof(a->message),
			       "The service's answer makes no sense (HTTP %d).", response->status);
	}
}

void api_answer_read(const struct http_response *response, bool conditional, struct api_answer *ret)
{
	char error[API_MESSAGE_SIZE / 2];

	*ret = (struct api_answer){ .status = response->status };
	switch (response->outcome) {
	case HTTP_ANSWERED:
		read_answered(response, conditional, ret);
		return;
	case HTTP_UNREACHED:
		ret->outcome = API_OFFLINE;
		api_answer_clean_text(response->error, strlen(response->error), API_MESSAGE_CHARS / 2, error,
				  sizeof(error));
		(void)snprintf(ret->message, sizeof(ret->message), "The service could not be reached: %s.",
			       error);
		return;
	case HTTP_TOO_LARGE:
		protocol(ret, "The service's answer is too large.");
		return;
	case HTTP_FORBIDDEN:
		protocol(ret, "The service points to another address, where this request must not go.");
		return;
	}
	protocol(ret, "The service's answer makes no sense.");
}
