/* What the files of a user's database share; internal to daemon/store. */
#pragma once

#include "store/store-sql.h"
#include "store/text.h"
#include "store/userdb.h"

struct userdb {
	struct store *store;
	unsigned events_added; /* since the last pruning */
	uint64_t generation, opening; /* see userdb_generation() */
	bool facts_complete;
	char *place;           /* of the order stored last, and its id: the next one mostly goes there too */
	int64_t place_id;
};

/* userdb-facts.c: called within the transaction of what it is about. */
int userdb_facts_put(struct userdb *u, int64_t id, const struct order *o, bool local);
int userdb_facts_delete(struct userdb *u, const char *uid);
void userdb_place_forget(struct userdb *u); /* after a rollback */
void userdb_orders_changed(struct userdb *u);
/* What was promised of an order with this row, and when it came. `anew`: what was promised before does not hold. */
int promise_note(struct userdb *u, int64_t id, const struct order *o, bool anew);

#define EVENTS_PRUNE_EVERY 100
