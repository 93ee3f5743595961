/* state.db: opening, schema, transactions, small settings and event numbers. Sessions, carts and the outbox have
 * files of their own. */
#include "base/timeutil.h"
#include "store/state-private.h"

static int version_1(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE sessions("
		"  world TEXT NOT NULL PRIMARY KEY, user TEXT, login TEXT, email TEXT, phone TEXT, token TEXT,"
		"  token_begin INTEGER NOT NULL, token_end INTEGER NOT NULL, signed_in_at INTEGER NOT NULL,"
		"  keep INTEGER NOT NULL, expired INTEGER NOT NULL);"
		"CREATE TABLE revocations("
		"  id INTEGER PRIMARY KEY AUTOINCREMENT, world TEXT NOT NULL, token TEXT NOT NULL,"
		"  since INTEGER NOT NULL);"
		"CREATE TABLE sign_ups("
		"  world TEXT NOT NULL PRIMARY KEY, guid TEXT, login TEXT, email TEXT, phone TEXT,"
		"  tries INTEGER NOT NULL, code_sent INTEGER NOT NULL);"
		"CREATE TABLE cart("
		"  id INTEGER PRIMARY KEY AUTOINCREMENT, world TEXT NOT NULL, user TEXT NOT NULL,"
		"  product INTEGER NOT NULL, quantity INTEGER NOT NULL, note TEXT,"
		"  UNIQUE(world, user, product));"
		"CREATE TABLE outbox("
		"  id INTEGER PRIMARY KEY AUTOINCREMENT, world TEXT NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL,"
		"  subject TEXT NOT NULL, key TEXT NOT NULL, body TEXT, options TEXT, state TEXT NOT NULL,"
		"  ended INTEGER NOT NULL, error_name TEXT, error_message TEXT, attempted INTEGER NOT NULL,"
		"  from_cart INTEGER NOT NULL, tries INTEGER NOT NULL, server_errors INTEGER NOT NULL,"
		"  created INTEGER NOT NULL, deadline INTEGER NOT NULL, not_before INTEGER NOT NULL,"
		"  updated INTEGER NOT NULL,"
		"  UNIQUE(world, kind, key));"
		"CREATE INDEX outbox_subject ON outbox(world, kind, subject, id);"
		"CREATE INDEX outbox_user ON outbox(world, user, id);"
		"CREATE INDEX outbox_open ON outbox(world, user, id) WHERE ended = 0;"
		"CREATE TABLE settings("
		"  world TEXT NOT NULL, user TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
		"  PRIMARY KEY(world, user, key));"
		"CREATE TABLE counters(name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL);",
		NULL, NULL, NULL);
}

/* A token may rest in the desktop's keyring: its slot is here, and the slots that are to be cleared. */
static int version_2(sqlite3 *db)
{
	return sqlite3_exec(db,
		"ALTER TABLE sessions ADD COLUMN slot TEXT;"
		"CREATE TABLE keyring_items("
		"  slot TEXT NOT NULL PRIMARY KEY, world TEXT NOT NULL, user TEXT NOT NULL, since INTEGER NOT NULL,"
		"  told INTEGER NOT NULL);",
		NULL, NULL, NULL);
}

static const struct migration migrations[] = {
	{ version_1 },
	{ version_2 },
};

int state_open(const char *folder, struct state **ret, char **ret_set_aside)
{
	_cleanup_free_ char *real = NULL, *path = NULL;
	_cleanup_(state_closep) struct state *s = NULL;
	int r;

	r = store_folder(folder, &real, NULL);
	if (r < 0)
		return r;
	path = strprintf("%s/state.db", real);
	s = new0(struct state, 1);
	if (!path || !s)
		return -ENOMEM;
	r = store_open(path, STORE_FULL, migrations, ELEMENTSOF(migrations), &s->store, ret_set_aside);
	if (r < 0)
		return r;
	/* What a token stood in is overwritten; small as this file is, that costs nothing elsewhere. */
	r = store_errno(sqlite3_exec(store_db(s->store), "PRAGMA secure_delete = ON", NULL, NULL, NULL));
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	store_close(s->store);
	free(s);
}

const char *state_error(struct state *s)
{
	return store_error(s->store);
}

void state_scrub(struct state *s)
{
	s->scrub = true;
	if (store_in_transaction(s->store))
		return;
	/* The log still holds the page with the old token: moves it into the file and cuts the log to nothing. When
	 * another program reads just now, the next one does it. */
	if (sqlite3_wal_checkpoint_v2(store_db(s->store), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
		s->scrub = false;
}

int state_begin(struct state *s)
{
	return store_begin(s->store);
}

int state_commit(struct state *s)
{
	int r = store_commit(s->store);

	if (s->scrub)
		state_scrub(s);
	return r;
}

void state_rollback(struct state *s)
{
	store_rollback(s->store);
}

int state_setting_get(struct state *s, const char *world, const char *user, const char *key, char **ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char *value = NULL;
	int r;

	r = store_query(s->store, &st, "SELECT value FROM settings WHERE world = ?1 AND user = ?2 AND key = ?3", "ttt",
			world, strempty(user), key);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_strdup(st, 0, &value);
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}

int state_setting_put(struct state *s, const char *world, const char *user, const char *key, const char *value)
{
	int r;

	if (value)
		r = store_run(s->store,
			      "INSERT INTO settings(world, user, key, value) VALUES(?1, ?2, ?3, ?4) "
			      "ON CONFLICT(world, user, key) DO UPDATE SET value = excluded.value",
			      "tttt", world, strempty(user), key, value);
	else
		r = store_run(s->store, "DELETE FROM settings WHERE world = ?1 AND user = ?2 AND key = ?3", "ttt", world,
			      strempty(user), key);
	return r < 0 ? r : 0;
}

static int counter_add(struct state *s, uint64_t n, uint64_t *ret_value)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	/* A new file begins at the clock's microseconds: above all numbers of a lost one, which grew slower. */
	r = store_run(s->store,
		      "INSERT INTO counters(name, value) VALUES('event', ?1 + ?2) "
		      "ON CONFLICT(name) DO UPDATE SET value = value + ?1",
		      "uu", n, now_realtime());
	if (r < 0)
		return r;
	r = store_query(s->store, &st, "SELECT value FROM counters WHERE name = 'event'", "");
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*ret_value = column_u64(st, 0);
	return 0;
}

int state_reserve_seq(struct state *s, uint64_t n, uint64_t *ret_first)
{
	uint64_t value = 0;
	bool own;
	int r;

	if (n == 0 || n > UINT32_MAX)
		return -EINVAL;
	r = store_enter(s->store, &own);
	if (r < 0)
		return r;
	r = counter_add(s, n, &value);
	r = store_leave(s->store, own, r);
	if (r < 0)
		return r;
	*ret_first = value - n + 1;
	return 0;
}
