/* Prepared statements, transactions, and the table meta(key, value) of the caches. */
#include <stdarg.h>

#include "store/store-private.h"

static sqlite3_stmt *prepare_new(struct store *s, const char *sql)
{
	struct cached *grown;
	sqlite3_stmt *st;
	int rc;

	grown = realloc(s->cache, (s->n_cache + 1) * sizeof(*grown));
	if (!grown) {
		(void)store_fail_with(s, -ENOMEM, "Out of memory");
		return NULL;
	}
	s->cache = grown;
	rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc != SQLITE_OK) {
		/* Our SQL fits our tables; where it does not, the tables are not ours any more. */
		(void)store_fail(s, rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc);
		return NULL;
	}
	s->cache[s->n_cache++] = (struct cached){ sql, st };
	return st;
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql)
{
	if (s->poison) {
		s->errno_last = s->poison;
		return NULL;
	}
	for (size_t i = 0; i < s->n_cache; i++)
		if (s->cache[i].sql == sql && !sqlite3_stmt_busy(s->cache[i].st)) {
			(void)sqlite3_reset(s->cache[i].st);
			(void)sqlite3_clear_bindings(s->cache[i].st);
			return s->cache[i].st;
		}
	return prepare_new(s, sql);
}

static int bind_one(sqlite3_stmt *st, int i, char type, va_list *ap)
{
	const struct secret *secret;
	const char *text;

	switch (type) {
	case 't':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
	case 's':
		secret = va_arg(*ap, const struct secret *);
		if (!secret)
			return sqlite3_bind_null(st, i);
		return sqlite3_bind_text(st, i, secret_string(secret), (int)secret_length(secret), SQLITE_STATIC);
	case 'x':
		text = va_arg(*ap, const void *);
		return sqlite3_bind_blob64(st, i, strempty(text), va_arg(*ap, size_t), SQLITE_STATIC);
	case 'u':
		return sqlite3_bind_int64(st, i, (sqlite3_int64)va_arg(*ap, uint64_t));
	case 'i':
		return sqlite3_bind_int64(st, i, va_arg(*ap, int64_t));
	case 'n':
		return sqlite3_bind_int(st, i, va_arg(*ap, int));
	case 'd':
		return sqlite3_bind_double(st, i, va_arg(*ap, double));
	default:
		return SQLITE_MISUSE;
	}
}

static int bind_all(struct store *s, sqlite3_stmt *st, const char *types, va_list *ap)
{
	int rc = SQLITE_OK;

	for (int i = 0; types[i] && rc == SQLITE_OK; i++)
		rc = bind_one(st, i + 1, types[i], ap);
	return rc == SQLITE_OK ? 0 : store_fail(s, rc);
}

int store_next(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : store_fail(s, rc);
}

int store_query(struct store *s, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
	va_list ap;
	int r;

	*ret = store_prepare(s, sql);
	if (!*ret)
		return s->errno_last;
	va_start(ap, types);
	r = bind_all(s, *ret, types, &ap);
	va_end(ap);
	return r < 0 ? r : store_next(s, *ret);
}

int store_run(struct store *s, const char *sql, const char *types, ...)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	va_list ap;
	int r;

	if (!s->in_transaction) {
		r = store_check(s);
		if (r < 0)
			return r;
	}
	st = store_prepare(s, sql);
	if (!st)
		return s->errno_last;
	va_start(ap, types);
	r = bind_all(s, st, types, &ap);
	va_end(ap);
	if (r >= 0)
		r = store_next(s, st);
	return r < 0 ? r : sqlite3_changes(s->db);
}

int store_begin(struct store *s)
{
	int r;

	if (s->in_transaction)
		return store_fail_with(s, -EALREADY, "a transaction is open already");
	r = store_check(s);
	if (r < 0)
		return r;
	r = store_exec(s, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	s->in_transaction = true;
	s->poison = 0;
	return 0;
}

void store_rollback(struct store *s)
{
	if (!s->in_transaction)
		return;
	s->in_transaction = false;
	s->poison = 0;
	/* After some failures SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_commit(struct store *s)
{
	int r;

	if (!s->in_transaction)
		return store_fail_with(s, -EINVAL, "no transaction is open");
	r = s->poison ? s->poison : store_exec(s, "COMMIT");
	if (r < 0) {
		store_rollback(s);
		return r;
	}
	s->in_transaction = false;
	return 0;
}

int store_enter(struct store *s, bool *ret_own)
{
	*ret_own = !s->in_transaction;
	return *ret_own ? store_begin(s) : 0;
}

int store_leave(struct store *s, bool own, int r)
{
	int k;

	if (!own)
		return r;
	if (r < 0) {
		store_rollback(s);
		return r;
	}
	k = store_commit(s);
	return k < 0 ? k : r;
}

const char *column_string(sqlite3_stmt *st, int i)
{
	return strempty((const char *)sqlite3_column_text(st, i));
}

int column_strdup(sqlite3_stmt *st, int i, char **ret)
{
	return free_and_strdup(ret, (const char *)sqlite3_column_text(st, i));
}

int store_meta_get(struct store *s, const char *key, char **ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char *value = NULL;
	int r;

	r = store_query(s, &st, "SELECT value FROM meta WHERE key = ?1", "t", key);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_strdup(st, 0, &value);
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}

int store_meta_put(struct store *s, const char *key, const char *value)
{
	int r;

	if (value)
		r = store_run(s, "INSERT INTO meta(key, value) VALUES(?1, ?2) "
				 "ON CONFLICT(key) DO UPDATE SET value = excluded.value", "tt", key, value);
	else
		r = store_run(s, "DELETE FROM meta WHERE key = ?1", "t", key);
	return r < 0 ? r : 0;
}
