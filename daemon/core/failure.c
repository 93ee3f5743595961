/* Failures: names, sentences, and what an answer of a service becomes. */
#include "core/failure.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name, *text;
} errors[_CC_E_MAX] = {
#define X(id, name, exit_status, text) [CC_E_##id] = { name, text },
	CC_ERRORS(X)
#undef X
};

/* Codes of the service that are not simply "that 4xx" (docs/dbus-api.md, "Errors"). */
static const struct {
	const char *code;
	enum cc_error error;
} codes[] = {
	{ "price-changed", CC_E_PRICE_CHANGED },
	{ "product-unavailable", CC_E_PRODUCT_UNAVAILABLE },
	{ "cannot-cancel", CC_E_CANNOT_CANCEL },
	{ "not-delivered", CC_E_NOT_DELIVERED },
	{ "already-rated", CC_E_ALREADY_RATED },
	{ "not-found", CC_E_NOT_FOUND },
	{ "user-exists", CC_E_USER_EXISTS },
	{ "invalid-credentials", CC_E_INVALID_CREDENTIALS },
	{ "incorrect-code", CC_E_INCORRECT_CODE },
	{ "too-many-tries", CC_E_TOO_MANY_TRIES },
	{ "over-limit", CC_E_OVER_LIMIT },
	{ "payment-declined", CC_E_PAYMENT_DECLINED },
	{ "payment-not-due", CC_E_PAYMENT_NOT_DUE },
	{ "payment-in-process", CC_E_OUTCOME_UNKNOWN },
	{ "invalid-card", CC_E_INVALID_CARD },
	{ "rate-limited", CC_E_RATE_LIMITED },
	{ "invalid-file-uids", CC_E_INVALID_ARGS },
};

int failure_set(struct failure *f, enum cc_error error, const char *format, ...)
{
	char *message = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&message, format, ap) < 0)
		message = NULL;
	va_end(ap);
	free(f->message);
	f->error = error;
	f->message = message;
	return -ECANCELED;
}

void failure_done(struct failure *f)
{
	free(TAKE_PTR(f->message));
	f->error = CC_E_NONE;
}

const char *failure_name(enum cc_error error)
{
	return error > CC_E_NONE && error < _CC_E_MAX ? errors[error].name : errors[CC_E_BACKEND].name;
}

const char *failure_message(const struct failure *f)
{
	if (!isempty(f->message))
		return f->message;
	return f->error > CC_E_NONE && f->error < _CC_E_MAX ? errors[f->error].text : "Unknown failure";
}

enum cc_error failure_from_name(const char *name)
{
	for (int i = CC_E_NONE + 1; i < _CC_E_MAX; i++)
		if (streq_ptr(name, errors[i].name))
			return (enum cc_error)i;
	return CC_E_BACKEND;
}

static enum cc_error refused_error(const struct api_reply *reply)
{
	if (reply->code)
		for (size_t i = 0; i < ELEMENTSOF(codes); i++)
			if (streq(reply->code, codes[i].code))
				return codes[i].error;
	switch (reply->status) {
	case 401:
		return CC_E_SESSION_EXPIRED;
	case 403:
		return CC_E_ACCESS_DENIED;
	case 404:
		return CC_E_NOT_FOUND;
	case 412:
		return CC_E_CONFLICT;
	case 429:
		return CC_E_RATE_LIMITED;
	default:
		return CC_E_BACKEND;
	}
}

int failure_from_reply(struct failure *f, const struct api_reply *reply)
{
	switch (reply->outcome) {
	case API_OFFLINE:
		return failure_set(f, streq_ptr(reply->code, API_CODE_LOCKED) ? CC_E_SESSION_LOCKED : CC_E_OFFLINE, "%s",
				   reply->message);
	case API_TRANSIENT:
		if (reply->status == 429)
			return failure_set(f, CC_E_RATE_LIMITED, "The service asks to wait %u s: %s",
					   (unsigned)((reply->retry_after + USEC_PER_SEC - 1) / USEC_PER_SEC),
					   reply->message);
		return failure_set(f, CC_E_BACKEND, "The service is not available (%d): %s", reply->status,
				   reply->message);
	case API_SERVER_ERROR:
		return failure_set(f, CC_E_BACKEND, "The service failed (%d): %s", reply->status, reply->message);
	case API_REFUSED:
		return failure_set(f, refused_error(reply), "%s", reply->message);
	case API_FAILURE:
		return failure_set(f, CC_E_BACKEND, "%s", reply->message);
	case API_UNAUTHORIZED:
		return failure_set(f, CC_E_SESSION_EXPIRED, "The session has expired; sign in again");
	case API_NO_TOKEN:
		return failure_set(f, CC_E_NOT_SIGNED_IN, "Nobody is signed in; sign in first");
	default:
		return failure_set(f, CC_E_PROTOCOL, "%s",
				   isempty(reply->message) ? "The service's answer makes no sense" : reply->message);
	}
}

int failure_from_store(struct failure *f, int r, const char *what)
{
	return failure_set(f, CC_E_STORAGE, "%s: %s%s", what, strerror(-r),
			   r == -ENOSPC ? "; make room on the disk" : "");
}
