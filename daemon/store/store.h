/* What the three databases share: opening with the right pragmas and modes, migrations by user_version, setting a
 * damaged file aside. Results are negative errno: -EUCLEAN damaged (or deleted under us): close it and open it
 * again, -ENOSPC disk full, -EROFS/-EACCES not writable, -EBUSY another program holds it, -EIO other failures;
 * store_error() has SQLite's own sentence. */
#pragma once

#include <sqlite3.h>

#include "base/util.h"

struct store; /* an open database with its prepared statements */

struct migration {
	int (*step)(sqlite3 *db); /* from version i to i + 1; SQLite result code */
};

enum store_sync { STORE_NORMAL, STORE_FULL };

/* Makes (0700, with what is missing above it) or checks a folder of ours: a folder, owned by us, not writable by
 * others; a symlink above it is fine (realpath), the folder itself must not be one. Only this one level is checked:
 * call it for each level that is ours, the upper one first. *ret is the real path. -EPERM and others with the reason
 * in *ret_why (static). */
int store_folder(const char *path, char **ret, const char **ret_why);

/* Opens or makes the file (0600, regular, ours, one link), checks it, migrates it. A damaged file is moved to
 * "<path>.damaged-<UTC time>" (with -wal and -shm) and a new one is made: *ret_set_aside is then the new name, else
 * NULL. -ENOTSUP: the file is of a newer version than ours, and stays as it is; -EPERM: it is not a plain file of
 * our own. */
int store_open(const char *path, enum store_sync sync, const struct migration *migrations, size_t n_migrations,
	       struct store **ret, char **ret_set_aside);
/* After -EUCLEAN: closes it and opens it anew, with its folder when that is gone. When that fails every function of it
 * fails with -EUCLEAN, and it can be tried again. */
int store_reopen(struct store *s, char **ret_set_aside);
/* 0; -EUCLEAN when damage was met, or the file was deleted or replaced under us and takes writes into nowhere. Every
 * write asks this first; reads go on as they can. */
int store_check(struct store *s);
/* A sentence about the latest store_open() or store_folder() that failed, naming the file; static. */
const char *store_open_error(void);
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close);
sqlite3 *store_db(struct store *s);
const char *store_error(struct store *s);
/* A cached prepared statement, reset and cleared; `sql` must be a literal (its address is the key). NULL on failure:
 * store_errno_last() says which. One that is in the middle of its rows is left alone and another is made. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql);
int store_errno(int sqlite_result);
int store_errno_last(struct store *s);

/* A transaction. When a statement in it fails (a broken constraint aside), all that follow fail too and
 * store_commit() rolls back: what was meant as one thing is never stored by halves. */
int store_begin(struct store *s);
int store_commit(struct store *s); /* rolls back when it fails */
void store_rollback(struct store *s);
