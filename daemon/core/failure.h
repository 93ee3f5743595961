/* Why something was not done: the error's name on the bus and a sentence a person can act on. */
#pragma once

#include "backend/api.h"
#include "dbus/names.h"

struct failure {
	enum cc_error error; /* CC_E_NONE: none */
	char *message;       /* NULL: the table's own sentence */
};

/* Sets it (freeing what was there) and returns -ECANCELED, so that `return failure_set(f, …)` reads well. The value
 * says only "see the failure". */
int failure_set(struct failure *f, enum cc_error error, const char *format, ...) _printf_(3, 4);
void failure_done(struct failure *f);
const char *failure_name(enum cc_error error); /* full D-Bus name */
const char *failure_message(const struct failure *f);
/* The D-Bus name of an error the outbox keeps, back to its number; CC_E_BACKEND for one we do not know. */
enum cc_error failure_from_name(const char *name);

/* What an answer that is not API_OK means for a call that only reads, or one that changes nothing when it fails. */
int failure_from_reply(struct failure *f, const struct api_reply *reply);
/* A local database let us down. */
int failure_from_store(struct failure *f, int r, const char *what);

#define _cleanup_failure_ _cleanup_(failure_done)
