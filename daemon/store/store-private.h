/* What store.c and store-sql.c share; internal to daemon/store. */
#pragma once

#include "store/store-sql.h"

struct cached {
	const char *sql;
	sqlite3_stmt *st;
};

struct store {
	sqlite3 *db;
	char *path;
	enum store_sync sync;
	const struct migration *migrations;
	size_t n_migrations;
	struct cached *cache;
	size_t n_cache;
	char error[256];
	int errno_last;
	bool in_transaction;
	int poison;   /* what failed in the transaction, or -EUCLEAN when nothing is open */
	bool damaged; /* a mark for the next opening was left */
};

int store_fail_with(struct store *s, int r, const char *sentence); /* as store_fail(), with a sentence of ours */
int store_exec(struct store *s, const char *sql);
