/* What the three databases share: opening with the right pragmas and modes, migrations by user_version, setting a
 * damaged file aside. Results are negative errno: -EUCLEAN damaged, -ENOSPC disk full, -EROFS/-EACCES not writable,
 * -EIO other failures; store_error() has SQLite's own sentence. */
#pragma once

#include <sqlite3.h>

#include "base/util.h"

struct store; /* an open database with its prepared statements */

struct migration {
	int (*step)(sqlite3 *db); /* from version i to i + 1; SQLite result code */
};

enum store_sync { STORE_NORMAL, STORE_FULL };

/* Makes (0700) or checks a folder of ours: a folder, owned by us, not writable by others; a symlink above it is fine
 * (realpath), the folder itself must not be one. *ret is the real path. -EPERM with the reason in *ret_why. */
int store_folder(const char *path, char **ret, const char **ret_why);

/* Opens or makes the file (0600, regular, ours, one link), checks it, migrates it. A damaged file is moved to
 * "<path>.damaged-<UTC time>" (with -wal and -shm) and a new one is made: *ret_set_aside is then the new name. */
int store_open(const char *path, enum store_sync sync, const struct migration *migrations, size_t n_migrations,
	       struct store **ret, char **ret_set_aside);
void store_close(struct store *s);
sqlite3 *store_db(struct store *s);
const char *store_error(struct store *s);
/* A cached prepared statement, reset and cleared; `sql` must be a literal (its address is the key). */
sqlite3_stmt *store_prepare(struct store *s, const char *sql);
int store_errno(int sqlite_result);

int store_begin(struct store *s);
int store_commit(struct store *s); /* rolls back when it fails */
void store_rollback(struct store *s);
