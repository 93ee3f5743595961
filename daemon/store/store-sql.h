/* How the stores speak SQL; internal to daemon/store. */
#pragma once

#include "base/secret.h"
#include "store/store.h"

static inline void stmt_donep(sqlite3_stmt **st)
{
	if (!*st)
		return;
	(void)sqlite3_reset(*st);
	(void)sqlite3_clear_bindings(*st);
}
/* Every statement is reset when its function ends: one left open would hold back checkpoints. */
#define _cleanup_stmt_ _cleanup_(stmt_donep)

/* Arguments by letter: t text or NULL, u uint64_t, i int64_t, n int (also bool), d double, s struct secret or NULL,
 * x bytes (a pointer, then a size_t).
 * They must live until the statement is done. */

/* Runs a statement that returns no rows. Number of rows changed, or negative errno. */
int store_run(struct store *s, const char *sql, const char *types, ...);
/* Starts a query; *ret is set (or NULL) in every case. 1: it stands on its first row; 0: there is none. */
int store_query(struct store *s, sqlite3_stmt **ret, const char *sql, const char *types, ...);
int store_next(struct store *s, sqlite3_stmt *st); /* 1, 0 or negative errno, as store_query() */

/* For what takes several statements: a transaction of its own unless the caller has one open. */
int store_enter(struct store *s, bool *ret_own);
int store_leave(struct store *s, bool own, int r); /* commits (r >= 0) or rolls back; returns r or the failure */
bool store_in_transaction(struct store *s);

/* Notes a failure (SQLite's sentence, damage) and returns its errno. */
int store_fail(struct store *s, int sqlite_result);

/* The table meta(key, value) of a cache. */
int store_meta_get(struct store *s, const char *key, char **ret); /* -ENOENT */
int store_meta_put(struct store *s, const char *key, const char *value);

/* Columns; text is "" for NULL where borrowed, NULL where copied. */
const char *column_string(sqlite3_stmt *st, int i);
int column_strdup(sqlite3_stmt *st, int i, char **ret); /* frees what stood there */
static inline uint64_t column_u64(sqlite3_stmt *st, int i)
{
	return (uint64_t)sqlite3_column_int64(st, i);
}

/* store-files.c */
int store_file_check(const char *path); /* makes it when missing; -EUCLEAN when SQLite would not know it */
int store_file_set_aside(const char *path, char **ret);
void store_file_mark_damaged(const char *path);
void store_set_open_error(const char *format, ...) _printf_(1, 2);
