/* Opening and closing a database: pragmas, version, damage, errors. Files are checked in store-files.c, statements and
 * transactions are in store-sql.c; none of them knows a table. */
#include <stdio.h>

#include "base/arena.h"
#include "store/store-private.h"

/* Up to this size a file is read through at start (some ms); a larger one only in its roots. */
#define QUICK_CHECK_MAX (4 * 1024 * 1024)
/* For another program's look into the file; ours never wait for each other. */
#define BUSY_TIMEOUT_MSEC 500

static void *mem_alloc(int n)
{
	return arena_alloc(&arena_store, (size_t)n);
}

static void *mem_realloc(void *p, int n)
{
	return arena_realloc(&arena_store, p, (size_t)n);
}

static void mem_free(void *p)
{
	arena_free(&arena_store, p);
}

static int mem_size(void *p)
{
	return p ? (int)arena_usable(p) : 0;
}

static int mem_round(int n)
{
	return (int)arena_round((size_t)n);
}

static int mem_init(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void mem_shutdown(void *unused)
{
	(void)unused;
}

/* Pages of state.db may hold a token: SQLite's memory is in no core dump, and wiped when it is freed. Has to come before
 * SQLite's first use. */
static int library_init(void)
{
	static const sqlite3_mem_methods methods = {
		mem_alloc, mem_free, mem_realloc, mem_size, mem_round, mem_init, mem_shutdown, NULL,
	};
	static bool done;

	if (done)
		return 0;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		return -ENOTRECOVERABLE;
	done = true;
	return 0;
}

int store_errno(int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	if (rc == SQLITE_IOERR_CORRUPTFS)
		return -EUCLEAN;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
		       rc == SQLITE_CONSTRAINT_ROWID ? -EEXIST : -EINVAL;
	default:
		return -EIO;
	}
}

static bool is_full(int os_error)
{
	return os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG;
}

static int file_errno(struct store *s, int which)
{
	sqlite3_file *file = NULL;
	int os_error = 0;

	(void)sqlite3_file_control(s->db, "main", which, &file);
	if (file && file->pMethods)
		(void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &os_error);
	return os_error;
}

/* A quota that is used up or a limit on the size of files is a full disk to us; SQLite knows only ENOSPC as one. */
static int os_errno(struct store *s, int rc)
{
	int os_error = sqlite3_system_errno(s->db);

	if ((rc & 0xff) != SQLITE_IOERR && (rc & 0xff) != SQLITE_CANTOPEN)
		return 0;
	if (is_full(os_error) || is_full(file_errno(s, SQLITE_FCNTL_FILE_POINTER)) ||
	    is_full(file_errno(s, SQLITE_FCNTL_JOURNAL_POINTER)))
		return -ENOSPC;
	return os_error == EROFS ? -EROFS : 0;
}

int store_fail(struct store *s, int rc)
{
	int r = os_errno(s, rc);

	if (r == 0)
		r = store_errno(rc);
	(void)snprintf(s->error, sizeof(s->error), "%s", sqlite3_errmsg(s->db));
	s->errno_last = r;
	if (s->in_transaction && (rc & 0xff) != SQLITE_CONSTRAINT && !s->poison)
		s->poison = r;
	if (r == -EUCLEAN && !s->damaged) {
		store_file_mark_damaged(s->path);
		s->damaged = true;
	}
	return r;
}

int store_fail_with(struct store *s, int r, const char *sentence)
{
	(void)snprintf(s->error, sizeof(s->error), "%s", sentence);
	s->errno_last = r;
	return r;
}

int store_exec(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_fail(s, rc);
}

/* The first column of the first row of a statement used once; -ENODATA when there is no row. */
static int ask(struct store *s, const char *sql, int64_t *ret_number, char **ret_text)
{
	sqlite3_stmt *st = NULL;
	int rc, r;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		r = 0;
		if (ret_number)
			*ret_number = sqlite3_column_int64(st, 0);
		if (ret_text)
			r = column_strdup(st, 0, ret_text);
	} else
		r = rc == SQLITE_DONE ? -ENODATA : store_fail(s, rc);
	(void)sqlite3_finalize(st);
	return r;
}

/* What the schema reading did not touch: the roots of all tables. */
static int probe_roots(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int rc, r = 0;

	rc = sqlite3_prepare_v2(s->db, "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0", -1, &st,
				NULL);
	if (rc != SQLITE_OK)
		return store_fail(s, rc);
	while (r >= 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\" LIMIT 1", (const char *)sqlite3_column_text(st, 0));

		r = sql ? ask(s, sql, NULL, NULL) : -ENOMEM;
		if (r == -ENODATA)
			r = 0;
		sqlite3_free(sql);
	}
	if (r >= 0 && rc != SQLITE_DONE)
		r = store_fail(s, rc);
	(void)sqlite3_finalize(st);
	return r;
}

static int probe(struct store *s)
{
	_cleanup_free_ char *answer = NULL;
	int64_t pages, page_size;
	int r;

	r = ask(s, "PRAGMA page_count", &pages, NULL);
	if (r < 0)
		return r;
	r = ask(s, "PRAGMA page_size", &page_size, NULL);
	if (r < 0)
		return r;
	if (pages > QUICK_CHECK_MAX / page_size)
		return probe_roots(s);
	r = ask(s, "PRAGMA quick_check(1)", NULL, &answer);
	if (r < 0)
		return r;
	return streq_ptr(answer, "ok") ? 0 : store_fail_with(s, -EUCLEAN, answer ? answer : "quick_check failed");
}

static int check_version(struct store *s, unsigned *ret)
{
	int64_t version, objects;
	int r;

	r = ask(s, "PRAGMA user_version", &version, NULL);
	if (r < 0)
		return r;
	if (version > (int64_t)s->n_migrations) {
		(void)snprintf(s->error, sizeof(s->error),
			       "it is of version %lld, this program knows up to %zu; it was left as it is",
			       (long long)version, s->n_migrations);
		return -ENOTSUP;
	}
	r = ask(s, "SELECT count(*) FROM sqlite_master", &objects, NULL);
	if (r < 0)
		return r;
	if (version < 0 || (version == 0 && objects > 0))
		return store_fail_with(s, -EUCLEAN, "it is a database, but not one of this program");
	*ret = (unsigned)version;
	return 0;
}

static int migrate(struct store *s, unsigned version)
{
	char sql[64];
	int r, rc;

	for (unsigned i = version; i < s->n_migrations; i++) {
		r = store_begin(s);
		if (r < 0)
			return r;
		rc = s->migrations[i].step(s->db);
		r = rc == SQLITE_OK ? 0 : store_fail(s, rc);
		if (r >= 0) {
			(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", i + 1);
			r = store_exec(s, sql);
		}
		if (r >= 0)
			r = store_commit(s);
		if (r < 0) {
			store_rollback(s);
			return r;
		}
	}
	return 0;
}

static int configure(struct store *s)
{
	_cleanup_free_ char *mode = NULL;
	int r;

	r = ask(s, "PRAGMA journal_mode = WAL", NULL, &mode);
	if (r < 0)
		return r;
	if (!streq_ptr(mode, "wal"))
		return store_fail_with(s, -EIO, "the file system cannot hold a write-ahead log");
	r = store_exec(s, s->sync == STORE_FULL ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	if (r < 0)
		return r;
	/* mmap would turn a failing disk into SIGBUS. */
	return store_exec(s, "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 4194304");
}

static int connect_db(struct store *s)
{
	int rc;

	rc = sqlite3_open_v2(s->path, &s->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (!s->db)
		return -ENOMEM;
	(void)sqlite3_extended_result_codes(s->db, 1);
	if (rc != SQLITE_OK)
		return store_fail(s, rc);
	(void)sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MSEC);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* A file of a newer version is not even to be checkpointed by us. */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return 0;
}

static int open_checked(struct store *s)
{
	unsigned version;
	int r;

	r = connect_db(s);
	if (r < 0)
		return r;
	r = check_version(s, &version);
	if (r < 0)
		return r;
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	r = configure(s);
	if (r < 0)
		return r;
	r = probe(s);
	if (r < 0)
		return r;
	return migrate(s, version);
}

/* Leaves a store whose every function fails, until it is opened again or freed. */
static void disconnect(struct store *s)
{
	for (size_t i = 0; i < s->n_cache; i++)
		(void)sqlite3_finalize(s->cache[i].st);
	free(TAKE_PTR(s->cache));
	s->n_cache = 0;
	(void)sqlite3_close(TAKE_PTR(s->db));
	s->in_transaction = s->damaged = false;
	s->poison = -EUCLEAN;
}

static int open_once(struct store *s)
{
	int r;

	s->error[0] = '\0';
	r = store_file_check(s->path);
	if (r < 0)
		return r;
	r = open_checked(s);
	if (r < 0) {
		store_set_open_error("The database %s cannot be used: %s", s->path,
				     s->error[0] ? s->error : strerrordesc_np(-r));
		disconnect(s);
		return r;
	}
	s->poison = 0;
	return 0;
}

static int open_or_set_aside(struct store *s, char **ret_set_aside)
{
	_cleanup_free_ char *aside = NULL;
	int r;

	r = open_once(s);
	if (r == -EUCLEAN) {
		r = store_file_set_aside(s->path, &aside);
		if (r >= 0)
			r = open_once(s);
	}
	if (ret_set_aside)
		*ret_set_aside = TAKE_PTR(aside);
	return r;
}

int store_open(const char *path, enum store_sync sync, const struct migration *migrations, size_t n_migrations,
	       struct store **ret, char **ret_set_aside)
{
	_cleanup_(store_closep) struct store *s = NULL;
	int r;

	r = library_init();
	if (r < 0)
		return r;
	s = new0(struct store, 1);
	if (!s)
		return -ENOMEM;
	*s = (struct store){ .path = strdup(path), .sync = sync, .migrations = migrations, .n_migrations = n_migrations };
	if (!s->path)
		return -ENOMEM;
	r = open_or_set_aside(s, ret_set_aside);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

int store_reopen(struct store *s, char **ret_set_aside)
{
	_cleanup_free_ char *parent = strdup(s->path), *real = NULL;
	int r;

	if (!parent)
		return -ENOMEM;
	disconnect(s);
	*strrchr(parent, '/') = '\0';
	r = store_folder(parent, &real, NULL);
	if (r < 0)
		return r;
	return open_or_set_aside(s, ret_set_aside);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	disconnect(s);
	free(s->path);
	free(s);
}

sqlite3 *store_db(struct store *s)
{
	return s->db;
}

const char *store_error(struct store *s)
{
	return s->error;
}

int store_errno_last(struct store *s)
{
	return s->errno_last;
}

bool store_in_transaction(struct store *s)
{
	return s->in_transaction;
}

int store_check(struct store *s)
{
	int moved = 0;

	if (!s->db)
		return store_fail_with(s, -EUCLEAN, "it is not open");
	if (s->damaged)
		return store_fail_with(s, -EUCLEAN, "it was found damaged");
	(void)sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved ? store_fail_with(s, -EUCLEAN, "the file was deleted or replaced while it was open") : 0;
}
