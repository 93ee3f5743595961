/* <user uid>.db: opening, schema, forgetting, small values. Orders, notifications and events have files of their
 * own. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/uuid.h"
#include "store/userdb-private.h"

/* uid compares without case, as UUIDs do: .NET and SQL Server disagree on how they write them. orders_list holds
 * every column of a list, so that a list reads nothing else; the text that is searched stands apart from the bodies,
 * which are ten times its size. */
static int version_1(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE orders("
		"  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE COLLATE NOCASE, number TEXT COLLATE NOCASE,"
		"  status TEXT NOT NULL, payment_type TEXT, total INTEGER NOT NULL, currency TEXT NOT NULL,"
		"  created INTEGER NOT NULL, changed INTEGER NOT NULL, cancellable INTEGER NOT NULL,"
		"  pending INTEGER NOT NULL, local INTEGER NOT NULL, end_expected INTEGER NOT NULL,"
		"  confirmed INTEGER NOT NULL, body TEXT NOT NULL);"
		"CREATE INDEX orders_list ON orders(created DESC, uid, number, status, payment_type, total, currency,"
		"  changed, cancellable, pending);"
		"CREATE INDEX orders_pending ON orders(created DESC, uid) WHERE pending = 1;"
		"CREATE INDEX orders_number ON orders(number) WHERE number IS NOT NULL;"
		"CREATE TABLE order_text(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
		"CREATE TABLE notifications("
		"  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE COLLATE NOCASE, kind TEXT, title TEXT, body TEXT,"
		"  order_uid TEXT, sent INTEGER NOT NULL, read INTEGER NOT NULL);"
		"CREATE INDEX notifications_list ON notifications(sent DESC, uid);"
		"CREATE INDEX notifications_unread ON notifications(sent DESC, uid) WHERE read = 0;"
		"CREATE TABLE events("
		"  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, uid TEXT NOT NULL, details TEXT NOT NULL);"
		"CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);",
		NULL, NULL, NULL);
}

/* The facts of orders that are there already are made from their bodies by userdb_facts_fill(), in slices. */
static int version_2(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE order_places(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
		"CREATE TABLE order_facts("
		"  id INTEGER PRIMARY KEY, created INTEGER NOT NULL, status TEXT NOT NULL, local INTEGER NOT NULL,"
		"  total INTEGER NOT NULL, currency TEXT NOT NULL, cost INTEGER NOT NULL, items INTEGER NOT NULL,"
		"  place INTEGER NOT NULL, promised INTEGER NOT NULL, delivered INTEGER NOT NULL, lines BLOB NOT NULL);"
		"INSERT INTO meta(key, value) SELECT 'facts-filled', 'complete' WHERE NOT EXISTS(SELECT 1 FROM orders);",
		NULL, NULL, NULL);
}

#define JSON_DATE(name) \
	"CAST(round((julianday(coalesce(json_extract(body, '$." name "'), '')) - 2440587.5) * 86400000) AS INTEGER) * 1000"

/* What the service foretold, and how its promises were kept. `promises` stands apart from `orders`, so that learning from
 * it reads nothing but its index. The newest orders of an older file are taken over, as many as are learned from. */
static int version_3(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE predictions("
		"  kind TEXT NOT NULL, subject TEXT NOT NULL COLLATE NOCASE, asked INTEGER NOT NULL,"
		"  about INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, subject)) WITHOUT ROWID;"
		"CREATE TABLE promises("
		"  id INTEGER PRIMARY KEY, promised INTEGER NOT NULL, delivered INTEGER NOT NULL);"
		"CREATE INDEX promises_delivered ON promises(delivered DESC, promised) WHERE delivered > 0;"
		"INSERT INTO promises(id, promised, delivered) SELECT id, end_expected, at FROM ("
		"  SELECT id, end_expected, CASE WHEN json_valid(body) THEN " JSON_DATE("dateEndActual") " END AS at"
		"  FROM (SELECT id, end_expected, status, body FROM orders ORDER BY created DESC LIMIT 1000)"
		"  WHERE status IN ('delivered', 'finished') AND end_expected > 0) WHERE at > 0;"
		"INSERT INTO promises(id, promised, delivered) SELECT id, end_expected, 0 FROM orders"
		"  WHERE pending = 1 AND local = 0 AND end_expected > 0;",
		NULL, NULL, NULL);
}

static int version_4(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE videos("
		"  position INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT, description TEXT, genre TEXT,"
		"  seconds INTEGER NOT NULL, file TEXT, web TEXT, picture TEXT);",
		NULL, NULL, NULL);
}

static const struct migration migrations[] = {
	{ version_1 },
	{ version_2 },
	{ version_3 },
	{ version_4 },
};

/* "<uuid>.db"; whatever else a service calls its users must not become a path, nor the name of another file. */
static char *file_name(const char *user)
{
	char digest[SHA256_HEX_SIZE];
	char *name;

	if (uuid_is_valid(user)) {
		name = strprintf("%s.db", user);
		for (char *c = name; c && *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
		return name;
	}
	if (sha256_hex(user, strlen(user), digest) < 0)
		return NULL;
	return strprintf("user-%s.db", digest);
}

int userdb_open(const char *folder, const char *user, struct userdb **ret, char **ret_set_aside)
{
	_cleanup_free_ char *real = NULL, *name = NULL, *path = NULL;
	_cleanup_(userdb_closep) struct userdb *u = NULL;
	int r;

	if (isempty(user))
		return -EINVAL;
	r = store_folder(folder, &real, NULL);
	if (r < 0)
		return r;
	name = file_name(user);
	if (!name)
		return -ENOMEM;
	path = strprintf("%s/%s", real, name);
	u = new0(struct userdb, 1);
	if (!path || !u)
		return -ENOMEM;
	r = store_open(path, STORE_NORMAL, migrations, ELEMENTSOF(migrations), &u->store, ret_set_aside);
	if (r < 0)
		return r;
	/* The first event of a life looks after the floor and prunes; so does the first after a rollback. */
	u->events_added = EVENTS_PRUNE_EVERY;
	userdb_orders_changed(u);
	u->opening = u->generation;
	*ret = TAKE_PTR(u);
	return 0;
}

void userdb_close(struct userdb *u)
{
	if (!u)
		return;
	store_close(u->store);
	userdb_place_forget(u);
	free(u);
}

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int userdb_forget(const char *folder, const char *user)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_(closedirp) DIR *d = NULL;
	int fd, r = 0;

	if (isempty(user))
		return -EINVAL;
	name = file_name(user);
	if (!name)
		return -ENOMEM;
	d = opendir(folder);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	fd = dirfd(d);
	for (struct dirent *e; (e = readdir(d));) {
		const char *rest = startswith(e->d_name, name);

		if (!rest || !(*rest == '\0' || *rest == '-' || *rest == '.'))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT && r == 0)
			r = -errno;
	}
	return r;
}

int userdb_check(struct userdb *u)
{
	return store_check(u->store);
}

const char *userdb_error(struct userdb *u)
{
	return store_error(u->store);
}

int userdb_begin(struct userdb *u)
{
	return store_begin(u->store);
}

int userdb_commit(struct userdb *u)
{
	int r = store_commit(u->store);

	if (r < 0) {
		u->events_added = EVENTS_PRUNE_EVERY;
		userdb_orders_changed(u);
		userdb_place_forget(u);
	}
	return r;
}

void userdb_rollback(struct userdb *u)
{
	store_rollback(u->store);
	userdb_orders_changed(u);
	userdb_place_forget(u);
	u->events_added = EVENTS_PRUNE_EVERY;
}

int userdb_meta_get(struct userdb *u, const char *key, char **ret)
{
	return store_meta_get(u->store, key, ret);
}

int userdb_meta_put(struct userdb *u, const char *key, const char *value)
{
	return store_meta_put(u->store, key, value);
}
