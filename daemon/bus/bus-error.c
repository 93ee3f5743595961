/* struct failure to sd_bus_error. Knows no rule of when something fails. */
#include <stdarg.h>
#include <stdio.h>

#include "bus/bus-error.h"

static int set(sd_bus_error *e, enum cc_error error, const char *message)
{
	static const char *const text[_CC_E_MAX] = {
#define X(id, name, exit_status, sentence) [CC_E_##id] = sentence,
		CC_ERRORS(X)
#undef X
	};

	if (error <= CC_E_NONE || error >= _CC_E_MAX)
		error = CC_E_BACKEND;
	/* A message that is not UTF-8 would cost us the connection; a very long one helps nobody. */
	if (isempty(message) || strlen(message) > 4096 || !utf8_is_valid(message, strlen(message)))
		message = text[error];
	return sd_bus_error_set(e, failure_name(error), message);
}

int bus_error_set(sd_bus_error *e, const struct failure *f)
{
	return set(e, f->error, failure_message(f));
}

_printf_(3, 0) static int setv(sd_bus_error *e, enum cc_error error, const char *format, va_list ap)
{
	_cleanup_free_ char *message = NULL;

	if (vasprintf(&message, format, ap) < 0)
		message = NULL;
	return set(e, error, message);
}

int bus_error_setf(sd_bus_error *e, enum cc_error error, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = setv(e, error, format, ap);
	va_end(ap);
	return r;
}

int bus_error_invalid(sd_bus_error *e, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = setv(e, CC_E_INVALID_ARGS, format, ap);
	va_end(ap);
	return r;
}

const char *bus_quote(char buf[static QUOTED_SIZE], const char *text)
{
	size_t n = strnlen(text, QUOTED_SIZE - 4);
	bool cut = text[n] != '\0';

	/* Back to the first byte of a character. */
	while (cut && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
	memcpy(buf + n, cut ? "…" : "", cut ? sizeof("…") : 1);
	return buf;
}
