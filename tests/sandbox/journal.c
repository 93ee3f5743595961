/*
 * The journal of what customers did.
 */
#include "tests/sandbox/journal.h"

void journal_add(struct call *c, const char *kind, const char *order_uid, const char *detail)
{
	store_run(c->sandbox->store, "INSERT INTO journal (kind, user, order_uid, key, detail, date)"
		  " VALUES (?, ?, ?, ?, ?, ?)", "tittti", kind, c->user.id, order_uid, c->key, detail,
		  clock_now(&c->sandbox->clock));
}
