/*
 * The sandbox's data in SQLite, in memory or in a folder. A store that fails ends the program: a stand-in
 * that forgets what it confirmed would make every test that counts orders worthless.
 */
#pragma once

#include <sqlite3.h>

#include "tests/sandbox/base.h"
#include "tests/sandbox/clock.h"

struct store;

/* @dir NULL: in memory. The folder is made if it is not there. -errno with a sentence on stderr. */
int store_open(const char *dir, struct store **ret);
void store_close(struct store *st);

/*
 * Starts a statement; @sql must be a literal (statements are kept by its address). Each letter of @types binds
 * one argument: t text (const char *, may be NULL), i int64_t, d double (NaN becomes NULL),
 * b bytes (const void *, size_t).
 */
sqlite3_stmt *store_query(struct store *st, const char *sql, const char *types, ...);
/* true: there is a row. */
bool store_step(sqlite3_stmt *q);
void store_done(sqlite3_stmt *q);
/* A statement without rows; returns how many rows it changed. */
int store_run(struct store *st, const char *sql, const char *types, ...);
int64_t store_last_id(struct store *st);

static inline void store_donep(sqlite3_stmt **q)
{
	store_done(*q);
}

#define AUTO_QUERY AUTO(store_donep)

/* Text of a column, owned by the statement until its next step; NULL for NULL. */
const char *store_text(sqlite3_stmt *q, int column);
int64_t store_int(sqlite3_stmt *q, int column);
/* NaN for NULL. */
double store_double(sqlite3_stmt *q, int column);

void store_begin(struct store *st);
void store_commit(struct store *st);
void store_rollback(struct store *st);

/* The next change number; cursors are such numbers. */
int64_t store_next_change(struct store *st);
int64_t store_last_change(struct store *st);
/* A text that tells this store from every other. */
const char *store_instance(struct store *st);

void store_load_clock(struct store *st, struct clock *c);
void store_save_clock(struct store *st, const struct clock *c);
