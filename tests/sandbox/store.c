/*
 * Opening the database, its schema, and short-hands for statements. Knows tables, not what they mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sandbox/store.h"

enum { STATEMENTS_MAX = 240, SCHEMA_VERSION = 3 };

struct statement {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct store {
	sqlite3 *db;
	int folder; /* locked; -1: in memory */
	struct statement statements[STATEMENTS_MAX];
	size_t n_statements;
	int64_t change;
	char instance[UUID_SIZE];
};

static const char schema[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value);"
	"CREATE TABLE users (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE,"
	" login TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" email TEXT COLLATE NOCASE, phone TEXT, password TEXT NOT NULL, created INTEGER NOT NULL);"
	"CREATE UNIQUE INDEX users_email ON users (email) WHERE email IS NOT NULL;"
	"CREATE TABLE signups (guid TEXT PRIMARY KEY, login TEXT COLLATE NOCASE,"
	" email TEXT COLLATE NOCASE, phone TEXT,"
	" password TEXT, code TEXT, tries INTEGER NOT NULL DEFAULT 0, created INTEGER,"
	" over INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX signups_login ON signups (login);"
	"CREATE TABLE grants (guid TEXT PRIMARY KEY, user INTEGER NOT NULL, until INTEGER NOT NULL);"
	"CREATE TABLE tokens (guid TEXT PRIMARY KEY, user INTEGER NOT NULL, signin TEXT NOT NULL,"
	" signin_date INTEGER NOT NULL,"
	" begun INTEGER NOT NULL, ends INTEGER NOT NULL, renewable INTEGER NOT NULL DEFAULT 1);"
	"CREATE INDEX tokens_user ON tokens (user);"
	"CREATE TABLE products (id INTEGER PRIMARY KEY, uid TEXT, code TEXT, name TEXT,"
	" description TEXT, price INTEGER,"
	" quantity INTEGER, category INTEGER, tags TEXT, rating REAL, deleted INTEGER NOT NULL DEFAULT 0,"
	" changed INTEGER, seq INTEGER);"
	"CREATE INDEX products_seq ON products (seq);"
	"CREATE TABLE orders (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, user INTEGER NOT NULL,"
	" key TEXT,"
	" seeded INTEGER NOT NULL, status INTEGER NOT NULL, payment_type INTEGER NOT NULL,"
	" products_price INTEGER, delivery_price INTEGER, additional_price INTEGER, tax_price INTEGER,"
	" total_price INTEGER,"
	" items TEXT, payments TEXT, timeline TEXT, city TEXT, address TEXT, recipient TEXT, phone TEXT,"
	" comment TEXT,"
	" deliver_at INTEGER, origin TEXT, origin_lat REAL, origin_lon REAL, lat REAL, lon REAL,"
	" courier INTEGER, courier_lat REAL, courier_lon REAL, courier_date INTEGER,"
	" created INTEGER, changed INTEGER, start_expected INTEGER, start_actual INTEGER,"
	" end_expected INTEGER,"
	" end_actual INTEGER, cooking_expected INTEGER, cooking_actual INTEGER,"
	" rating INTEGER, rating_comment TEXT, rating_date INTEGER, code TEXT,"
	" due_process INTEGER, due_cook INTEGER, due_ready INTEGER, due_deliver INTEGER, due_arrive INTEGER,"
	" promised_ready INTEGER, promised_arrive INTEGER, due_notice INTEGER, next_due INTEGER,"
	" seq INTEGER NOT NULL);"
	"CREATE INDEX orders_user ON orders (user, seq);"
	"CREATE INDEX orders_pending ON orders (user, status) WHERE status < 6;"
	"CREATE INDEX orders_due ON orders (next_due) WHERE next_due IS NOT NULL;"
	"CREATE TABLE refusals (uid TEXT NOT NULL, user INTEGER NOT NULL, status INTEGER NOT NULL, body TEXT,"
	" PRIMARY KEY (user, uid));"
	"CREATE TABLE answers (user INTEGER NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL,"
	" status INTEGER NOT NULL,"
	" body TEXT, date INTEGER NOT NULL, PRIMARY KEY (user, key));"
	"CREATE TABLE notifications (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE,"
	" user INTEGER NOT NULL, title TEXT,"
	" body TEXT, sent INTEGER, kind TEXT, order_uid TEXT, read INTEGER NOT NULL DEFAULT 0,"
	" seq INTEGER NOT NULL);"
	"CREATE INDEX notifications_user ON notifications (user, seq);"
	"CREATE TABLE mails (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, subject TEXT, body TEXT,"
	" code TEXT, sent INTEGER);"
	"CREATE INDEX mails_email ON mails (email);"
	"CREATE TABLE journal (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, user INTEGER, order_uid TEXT,"
	" key TEXT,"
	" detail TEXT, date INTEGER);";

/* Version 2: payments, settings, files, e-mail. */
static const char schema_2[] =
	"ALTER TABLE orders ADD COLUMN pay_due INTEGER;"
	"ALTER TABLE orders ADD COLUMN pay_pending TEXT;"
	"CREATE INDEX orders_pay_due ON orders (pay_due) WHERE pay_due IS NOT NULL;"
	"UPDATE orders SET pay_due = created + 900000000, next_due = NULL WHERE status = 1;"
	"CREATE TABLE cards (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, user INTEGER NOT NULL, brand TEXT,"
	" last4 TEXT, expiry TEXT, UNIQUE (user, brand, last4, expiry));"
	"CREATE TABLE settings (user INTEGER PRIMARY KEY, body TEXT NOT NULL);"
	"CREATE TABLE files (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, user INTEGER NOT NULL, name TEXT,"
	" type TEXT, sha256 TEXT, source TEXT, data BLOB, UNIQUE (user, source));"
	"CREATE TABLE messages (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, user INTEGER NOT NULL,"
	" order_uid TEXT, email TEXT, format TEXT, key TEXT, status TEXT NOT NULL, queued INTEGER NOT NULL,"
	" due INTEGER, date INTEGER);"
	"CREATE INDEX messages_due ON messages (due) WHERE due IS NOT NULL;"
	"PRAGMA user_version = 2;";

/* Version 3: orders in another currency. */
static const char schema_3[] =
	"ALTER TABLE orders ADD COLUMN currency TEXT;"
	"PRAGMA user_version = 3;";

static _Noreturn void store_die(struct store *st, const char *what)
{
	die(1, "the database: %s: %s", what, sqlite3_errmsg(st->db));
}

static void execute(struct store *st, const char *sql)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		store_die(st, sql);
}

static sqlite3_stmt *prepare(struct store *st, const char *sql)
{
	sqlite3_stmt *q;

	for (size_t i = 0; i < st->n_statements; i++)
		if (st->statements[i].sql == sql && !sqlite3_stmt_busy(st->statements[i].stmt))
			return st->statements[i].stmt;
	if (st->n_statements == COUNT_OF(st->statements))
		die(1, "too many kinds of statements");
	if (sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		store_die(st, sql);
	st->statements[st->n_statements++] = (struct statement){ .sql = sql, .stmt = q };
	return q;
}

static sqlite3_stmt *query_va(struct store *st, const char *sql, const char *types, va_list ap)
{
	sqlite3_stmt *q = prepare(st, sql);
	int r;

	for (int i = 0; types[i]; i++) {
		if (types[i] == 't')
			r = sqlite3_bind_text(q, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else if (types[i] == 'b') {
			const void *data = va_arg(ap, const void *);
			size_t size = va_arg(ap, size_t);

			r = sqlite3_bind_blob64(q, i + 1, data, size, SQLITE_TRANSIENT);
		} else if (types[i] == 'i')
			r = sqlite3_bind_int64(q, i + 1, va_arg(ap, int64_t));
		else
			r = sqlite3_bind_double(q, i + 1, va_arg(ap, double));
		if (r != SQLITE_OK)
			store_die(st, sql);
	}
	return q;
}

sqlite3_stmt *store_query(struct store *st, const char *sql, const char *types, ...)
{
	sqlite3_stmt *q;
	va_list ap;

	va_start(ap, types);
	q = query_va(st, sql, types, ap);
	va_end(ap);
	return q;
}

bool store_step(sqlite3_stmt *q)
{
	int r = sqlite3_step(q);

	if (r != SQLITE_ROW && r != SQLITE_DONE)
		die(1, "the database: %s: %s", sqlite3_sql(q), sqlite3_errmsg(sqlite3_db_handle(q)));
	return r == SQLITE_ROW;
}

void store_done(sqlite3_stmt *q)
{
	if (!q)
		return;
	(void)sqlite3_reset(q); /* the failure, if any, ended the program at the step */
	sqlite3_clear_bindings(q);
}

int store_run(struct store *st, const char *sql, const char *types, ...)
{
	sqlite3_stmt *q;
	va_list ap;

	va_start(ap, types);
	q = query_va(st, sql, types, ap);
	va_end(ap);
	(void)store_step(q);
	store_done(q);
	return sqlite3_changes(st->db);
}

int64_t store_last_id(struct store *st)
{
	return sqlite3_last_insert_rowid(st->db);
}

const char *store_text(sqlite3_stmt *q, int column)
{
	return (const char *)sqlite3_column_text(q, column);
}

int64_t store_int(sqlite3_stmt *q, int column)
{
	return sqlite3_column_int64(q, column);
}

double store_double(sqlite3_stmt *q, int column)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL ? NAN : sqlite3_column_double(q, column);
}

void store_begin(struct store *st)
{
	execute(st, "BEGIN IMMEDIATE");
}

void store_commit(struct store *st)
{
	execute(st, "COMMIT");
}

void store_rollback(struct store *st)
{
	execute(st, "ROLLBACK");
}

int64_t store_next_change(struct store *st)
{
	return ++st->change;
}

int64_t store_last_change(struct store *st)
{
	return st->change;
}

const char *store_instance(struct store *st)
{
	return st->instance;
}

void store_load_clock(struct store *st, struct clock *c)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT value FROM meta WHERE name = 'clock'", "");
	long long offset, time, life;
	double speed;

	if (!store_step(q))
		return;
	if (sscanf(store_text(q, 0), "%lld %lf %lld %lld", &offset, &speed, &time, &life) != 4)
		die(1, "the database: the clock is damaged");
	*c = (struct clock){ .offset = offset, .speed = speed, .base_time = time, .base_life = life };
}

void store_save_clock(struct store *st, const struct clock *c)
{
	AUTO_FREE char *text = xprintf("%lld %.17g %lld %lld", (long long)c->offset, c->speed,
				       (long long)c->base_time, (long long)c->base_life);

	store_run(st, "INSERT OR REPLACE INTO meta VALUES ('clock', ?)", "t", text);
}

static void store_create(struct store *st)
{
	char instance[UUID_SIZE];

	execute(st, "BEGIN IMMEDIATE");
	execute(st, schema);
	uuid_make(instance);
	store_run(st, "INSERT INTO meta VALUES ('instance', ?)", "t", instance);
	execute(st, schema_2);
	execute(st, schema_3);
	execute(st, "COMMIT");
}

static void store_upgrade(struct store *st, int64_t version)
{
	execute(st, "BEGIN IMMEDIATE");
	if (version < 2)
		execute(st, schema_2);
	execute(st, schema_3);
	execute(st, "COMMIT");
}

static int64_t read_number(struct store *st, const char *sql)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, sql, "");

	return store_step(q) ? store_int(q, 0) : 0;
}

static void store_load(struct store *st)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT value FROM meta WHERE name = 'instance'", "");

	if (!store_step(q))
		die(1, "the database: it has no instance");
	snprintf(st->instance, sizeof(st->instance), "%s", store_text(q, 0));
	st->change = read_number(st, "SELECT max((SELECT ifnull(max(seq), 0) FROM orders),"
				     " (SELECT ifnull(max(seq), 0) FROM products),"
				     " (SELECT ifnull(max(seq), 0) FROM notifications))");
}

/* One program at a time: the folder itself is locked, until the program ends in whatever way. */
static int lock_folder(struct store *st, const char *dir)
{
	int r;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		log_line("cannot make the folder \"%s\": %s", dir, strerror(-r));
		return r;
	}
	st->folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->folder < 0) {
		r = -errno;
		log_line("cannot open the folder \"%s\": %s", dir, strerror(-r));
		return r;
	}
	if (flock(st->folder, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		log_line("cannot use the folder \"%s\": %s", dir,
			 r == -EWOULDBLOCK ? "another sandbox is using it" : strerror(-r));
		return r;
	}
	return 0;
}

static int open_database(struct store *st, const char *path)
{
	int64_t version;

	if (sqlite3_open(path, &st->db) != SQLITE_OK) {
		log_line("cannot open \"%s\": %s", path, sqlite3_errmsg(st->db));
		return -EIO;
	}
	sqlite3_busy_timeout(st->db, 2000);
	execute(st, "PRAGMA journal_mode = WAL");
	execute(st, "PRAGMA synchronous = NORMAL");
	version = read_number(st, "PRAGMA user_version");
	if (version == 0)
		store_create(st);
	else if (version > 0 && version < SCHEMA_VERSION)
		store_upgrade(st, version);
	else if (version != SCHEMA_VERSION) {
		log_line("\"%s\" is of version %lld, this program knows %d", path, (long long)version, SCHEMA_VERSION);
		return -EPROTO;
	}
	store_load(st);
	return 0;
}

int store_open(const char *dir, struct store **ret)
{
	AUTO_FREE char *path = dir ? xprintf("%s/sandbox.db", dir) : xstrdup(":memory:");
	struct store *st = xcalloc(1, sizeof(*st));
	int r;

	st->folder = -1;
	r = dir ? lock_folder(st, dir) : 0;
	if (r == 0)
		r = open_database(st, path);
	if (r < 0) {
		store_close(st);
		return r;
	}
	*ret = st;
	return 0;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	for (size_t i = 0; i < st->n_statements; i++)
		sqlite3_finalize(st->statements[i].stmt);
	sqlite3_close(st->db);
	if (st->folder >= 0)
		close(st->folder);
	free(st);
}
