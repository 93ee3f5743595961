/*
 * The e-mail backend: receipts that are sent a moment later, as files of a Maildir.
 */
#pragma once

#include "tests/sandbox/sandbox.h"

struct post {
	struct event *timer;
	char *folder;      /* NULL: none was made yet */
	bool is_temporary; /* the folder goes when the program ends */
	int64_t delay_usec;
	bool fails;        /* on purpose: mails from now on cannot be sent */
};

/* Mails that were queued when the program ended are sent. */
void mail_start(struct sandbox *s);
void mail_stop(struct sandbox *s);
/* After the clock was changed. */
void mail_clock_changed(struct sandbox *s);
