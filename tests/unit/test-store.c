/* Opening of databases: whose files, which modes, versions, damage, full and read-only disks, transactions. */
#include "testing-store.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/store-sql.h"

static int one(sqlite3 *db)
{
	return sqlite3_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE)", NULL, NULL, NULL);
}

static int two(sqlite3 *db)
{
	return sqlite3_exec(db, "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a || '-2'", NULL, NULL, NULL);
}

static int three(sqlite3 *db)
{
	return sqlite3_exec(db, "CREATE TABLE u AS SELECT b || '-3' AS c FROM t", NULL, NULL, NULL);
}

static int broken(sqlite3 *db)
{
	return sqlite3_exec(db, "CREATE TABLE half(x); UPDATE t SET b = 'half'; INSERT INTO nowhere VALUES(1)", NULL, NULL,
			    NULL);
}

static const struct migration steps[] = { { one }, { two }, { three } };

static int open_at(const char *path, size_t version, struct store **ret)
{
	_cleanup_free_ char *aside = NULL;

	return store_open(path, STORE_NORMAL, steps, version, ret, &aside);
}

static char *text_of(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	char *text = NULL;

	assert_int_equal(sqlite3_prepare_v2(store_db(s), sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		text = strdup((const char *)sqlite3_column_text(st, 0));
	(void)sqlite3_finalize(st);
	return text;
}

static void assert_text(struct store *s, const char *sql, const char *expected)
{
	_cleanup_free_ char *text = text_of(s, sql);

	assert_string_equal(strempty(text), expected);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Folders */

static void test_folder_is_made(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a/b/c///"), *real = NULL, *plain = path_in(*state, "a/b/c");
	const char *why = NULL;
	mode_t mask = umask(0);

	assert_int_equal(store_folder(path, &real, &why), 0);
	(void)umask(mask);
	assert_string_equal(real, plain);
	assert_int_equal(mode_of(plain), 0700);
	assert_int_equal(mode_of(strcat(strcpy(plain, *state), "/a")), 0700);
}

static void test_folder_cases(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool file, link;
		uid_t owner;
		int r;
		const char *why;
	} cases[] = {
		{ "ours", 0700, .r = 0 },
		{ "readable", 0755, .r = 0 },
		{ "group", 0770, .r = -EPERM, .why = "others may write to it" },
		{ "world", 0703, .r = -EPERM, .why = "others may write to it" },
		{ "file", 0600, .file = true, .r = -EPERM, .why = "it is not a folder" },
		{ "link", 0700, .link = true, .r = -EPERM, .why = "it is a symbolic link" },
		{ "foreign", 0700, .owner = 65534, .r = -EPERM, .why = "it belongs to another user" },
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *path = path_in(*state, "%s", cases[i].name), *real = NULL;
		_cleanup_free_ char *target = path_in(*state, "%s-target", cases[i].name);
		const char *why = NULL;

		if (cases[i].owner && geteuid() != 0)
			continue;
		if (cases[i].file)
			file_write(path, "", 0);
		else
			assert_int_equal(mkdir(cases[i].link ? target : path, 0700), 0);
		if (cases[i].link)
			assert_int_equal(symlink(target, path), 0);
		assert_int_equal(chmod(path, cases[i].mode), 0);
		if (cases[i].owner)
			assert_int_equal(chown(path, cases[i].owner, 65534), 0);
		assert_int_equal(store_folder(path, &real, &why), cases[i].r);
		if (cases[i].r < 0) {
			assert_string_equal(why, cases[i].why);
			assert_non_null(strstr(store_open_error(), cases[i].name));
			assert_null(real);
		} else
			assert_int_equal(mode_of(path), 0700);
	}
}

static void test_folder_behind_a_link(void **state)
{
	_cleanup_free_ char *above = path_in(*state, "real"), *link = path_in(*state, "link");
	_cleanup_free_ char *path = path_in(*state, "link/ours"), *expected = path_in(*state, "real/ours");
	_cleanup_free_ char *real = NULL;

	assert_int_equal(mkdir(above, 0755), 0);
	assert_int_equal(symlink(above, link), 0);
	assert_int_equal(store_folder(path, &real, NULL), 0);
	assert_string_equal(real, expected);
}

static int as_nobody(void)
{
	return geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0) ? -1 : 0;
}

static int try_folder(void *path)
{
	_cleanup_free_ char *real = NULL;
	const char *why = "";

	if (as_nobody() < 0)
		return 255;
	return store_folder(path, &real, &why) == -EACCES && *why ? 0 : 1;
}

static void test_folder_cannot_be_made(void **state)
{
	_cleanup_free_ char *above = path_in(*state, "closed"), *path = path_in(*state, "closed/ours");

	assert_int_equal(mkdir(above, 0500), 0);
	assert_int_equal(chmod(*state, 0711), 0);
	assert_int_equal(in_child(try_folder, path), 0);
}

/* Files */

static void test_modes_and_pragmas(void **state)
{
	static const struct {
		enum store_sync sync;
		const char *synchronous;
	} cases[] = { { STORE_NORMAL, "1" }, { STORE_FULL, "2" } };

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *path = path_in(*state, "%zu.db", i), *wal = path_in(*state, "%zu.db-wal", i);
		_cleanup_free_ char *shm = path_in(*state, "%zu.db-shm", i), *aside = NULL;
		_cleanup_(store_closep) struct store *s = NULL;
		mode_t mask = umask(0);

		assert_int_equal(store_open(path, cases[i].sync, steps, 3, &s, &aside), 0);
		assert_null(aside);
		(void)umask(mask);
		assert_int_equal(mode_of(path), 0600);
		assert_int_equal(mode_of(wal), 0600);
		assert_int_equal(mode_of(shm), 0600);
		assert_text(s, "PRAGMA journal_mode", "wal");
		assert_text(s, "PRAGMA synchronous", cases[i].synchronous);
		assert_text(s, "PRAGMA wal_autocheckpoint", "1000");
		assert_text(s, "PRAGMA user_version", "3");
	}
}

static void make_plain(const char *path, mode_t mode)
{
	struct store *s;

	assert_int_equal(open_at(path, 3, &s), 0);
	store_close(s);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_file_cases(void **state)
{
	enum kind { MODE, LINK, HARD, FIFO, FOLDER, FOREIGN, WAL_LINK };
	static const struct {
		enum kind kind;
		int r;
		const char *why;
	} cases[] = {
		{ MODE, 0, NULL },
		{ LINK, -EPERM, "not a plain file" },
		{ HARD, -EPERM, "a second name" },
		{ FIFO, -EPERM, "not a plain file" },
		{ FOLDER, -EPERM, "not a plain file" },
		{ FOREIGN, -EPERM, "another user" },
		{ WAL_LINK, -EPERM, "not a plain file" },
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *path = path_in(*state, "%zu.db", i), *other = path_in(*state, "%zu.other", i);
		_cleanup_free_ char *wal = path_in(*state, "%zu.db-wal", i);
		_cleanup_(store_closep) struct store *s = NULL;

		if (cases[i].kind == FOREIGN && geteuid() != 0)
			continue;
		if (cases[i].kind == FIFO)
			assert_int_equal(mkfifo(path, 0600), 0);
		else if (cases[i].kind == FOLDER)
			assert_int_equal(mkdir(path, 0700), 0);
		else
			make_plain(cases[i].kind == LINK ? other : path, 0644);
		if (cases[i].kind == LINK)
			assert_int_equal(symlink(other, path), 0);
		if (cases[i].kind == HARD)
			assert_int_equal(link(path, other), 0);
		if (cases[i].kind == FOREIGN)
			assert_int_equal(chown(path, 65534, 65534), 0);
		if (cases[i].kind == WAL_LINK)
			assert_int_equal(symlink(other, wal), 0);
		assert_int_equal(open_at(path, 3, &s), cases[i].r);
		if (cases[i].r < 0) {
			assert_non_null(strstr(store_open_error(), cases[i].why));
			assert_non_null(strstr(store_open_error(), path));
		} else
			assert_int_equal(mode_of(path), 0600);
	}
	assert_int_equal(folder_count(*state, "damaged"), 0);
}

static int try_read_only(void *path)
{
	struct store *s = NULL;

	if (as_nobody() < 0)
		return 255;
	return open_at(path, 3, &s) == -EACCES && strstr(store_open_error(), path) ? 0 : 1;
}

static void test_read_only(void **state)
{
	_cleanup_free_ char *folder = path_in(*state, "closed"), *path = path_in(*state, "closed/a.db");

	assert_int_equal(mkdir(folder, 0700), 0);
	make_plain(path, 0400);
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(chmod(*state, 0711), 0);
	assert_int_equal(in_child(try_read_only, path), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(in_child(try_read_only, path), 0);
}

/* Versions */

static void insert(struct store *s, const char *a)
{
	assert_int_equal(store_run(s, "INSERT INTO t(a) VALUES(?1)", "t", a), 1);
}

static void test_migrates_from_every_version(void **state)
{
	for (size_t from = 0; from <= 3; from++)
		for (size_t to = from ? from : 1; to <= 3; to++) {
			_cleanup_free_ char *path = path_in(*state, "%zu-%zu.db", from, to);
			_cleanup_(store_closep) struct store *s = NULL;
			char version[4];

			assert_int_equal(open_at(path, from, &s), 0);
			if (from > 0)
				insert(s, "x");
			store_close(TAKE_PTR(s));
			assert_int_equal(open_at(path, to, &s), 0);
			(void)snprintf(version, sizeof(version), "%zu", to);
			assert_text(s, "PRAGMA user_version", version);
			assert_text(s, "SELECT a FROM t", from > 0 ? "x" : "");
			if (from == 1 && to >= 2)
				assert_text(s, "SELECT b FROM t", "x-2");
			if (from == 1 && to == 3)
				assert_text(s, "SELECT c FROM u", "x-2-3");
		}
}

static void test_failed_migration_leaves_all(void **state)
{
	static const struct migration bad[] = { { one }, { two }, { broken } };
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;

	assert_int_equal(open_at(path, 1, &s), 0);
	insert(s, "x");
	store_close(TAKE_PTR(s));
	assert_int_equal(store_open(path, STORE_NORMAL, bad, 3, &s, &aside), -EIO);
	assert_null(aside);
	assert_non_null(strstr(store_open_error(), "nowhere"));
	assert_int_equal(open_at(path, 2, &s), 0);
	assert_text(s, "PRAGMA user_version", "2");
	assert_text(s, "SELECT b FROM t", "x-2");
	assert_text(s, "SELECT count(*) FROM sqlite_master WHERE name = 'half'", "0");
}

static void test_newer_version_is_left_alone(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *before = NULL, *after = NULL;
	struct store *s;
	size_t n, m;

	make_plain(path, 0600);
	before = file_read(path, &n);
	for (int i = 0; i < 3; i++)
		assert_int_equal(open_at(path, 2, &s), -ENOTSUP);
	assert_non_null(strstr(store_open_error(), path));
	assert_non_null(strstr(store_open_error(), "version 3, this program knows up to 2"));
	after = file_read(path, &m);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
	assert_int_equal(folder_count(*state, "damaged"), 0);
}

/* Damage */

#define ROWS 200

static void fill(const char *path, unsigned rows)
{
	struct store *s;
	char a[128];

	assert_int_equal(open_at(path, 3, &s), 0);
	assert_int_equal(store_begin(s), 0);
	for (unsigned i = 0; i < rows; i++) {
		(void)snprintf(a, sizeof(a), "%0100u", i);
		insert(s, a);
	}
	assert_int_equal(store_commit(s), 0);
	store_close(s);
}

static void spoil_empty_with_log(const char *path)
{
	_cleanup_free_ char *wal = strprintf("%s-wal", path);

	assert_int_equal(truncate(path, 0), 0);
	file_write(wal, "left over", 9);
}

static void spoil_half(const char *path)
{
	assert_int_equal(truncate(path, 3 * 4096), 0);
}

static void spoil_odd(const char *path)
{
	assert_int_equal(truncate(path, 50), 0);
}

static void spoil_header(const char *path)
{
	file_spoil(path, 0, 100);
}

static void spoil_schema(const char *path)
{
	file_spoil(path, 100, 3000);
}

static void spoil_middle(const char *path)
{
	file_spoil(path, 5 * 4096, 4096);
}

static void spoil_text(const char *path)
{
	file_write(path, "This is a letter, not a database. It is long enough to have a header.\n", 70);
}

static void spoil_foreign(const char *path)
{
	sqlite3 *db;

	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs(x)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void spoil_version(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = -7", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool is_utc_time(const char *s)
{
	for (size_t i = 0; i < 16; i++)
		if (i == 8 ? s[i] != 'T' : i == 15 ? s[i] != 'Z' : s[i] < '0' || s[i] > '9')
			return false;
	return s[16] == '\0' || s[16] == '.';
}

static void test_damage_is_set_aside(void **state)
{
	static void (*const spoils[])(const char *path) = {
		spoil_empty_with_log, spoil_half, spoil_odd, spoil_header, spoil_schema, spoil_middle, spoil_text,
		spoil_foreign, spoil_version,
	};
	_cleanup_free_ char *path = path_in(*state, "a.db"), *prefix = path_in(*state, "a.db.damaged-");

	for (size_t i = 0; i < ELEMENTSOF(spoils); i++) {
		_cleanup_free_ char *before = NULL, *after = NULL, *aside = NULL;
		_cleanup_(store_closep) struct store *s = NULL;
		size_t n, m;

		fill(path, ROWS);
		spoils[i](path);
		before = file_read(path, &n);
		assert_int_equal(store_open(path, STORE_FULL, steps, 3, &s, &aside), 0);
		assert_non_null(aside);
		assert_true(startswith(aside, prefix) && is_utc_time(startswith(aside, prefix)));
		after = file_read(aside, &m);
		assert_int_equal(n, m);
		assert_memory_equal(before, after, n);
		assert_int_equal(mode_of(aside), 0600);
		assert_text(s, "SELECT count(*) FROM t", "0");
		insert(s, "new");
		store_close(TAKE_PTR(s));
		free(TAKE_PTR(aside));
		assert_int_equal(store_open(path, STORE_FULL, steps, 3, &s, &aside), 0);
		assert_null(aside);
		assert_text(s, "SELECT a FROM t", "new");
		store_close(TAKE_PTR(s));
		assert_int_equal(unlink(path), 0);
	}
	/* All within a few seconds: none has taken the place of another. */
	assert_true(folder_count(*state, "damaged-") >= ELEMENTSOF(spoils));
}

/* Damage deep in a large file shows when it is met: then the next opening sets the file aside. */
static void test_damage_met_later(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;
	struct stat st;
	int r = 0;

	fill(path, 40000);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 5 * 1024 * 1024);
	file_spoil(path, 1000 * 4096, 100 * 4096);
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_null(aside);
	for (unsigned i = 1; r >= 0 && i <= 40000; i++) {
		_cleanup_stmt_ sqlite3_stmt *st_row = NULL;

		r = store_query(s, &st_row, "SELECT a FROM t WHERE id = ?1", "u", (uint64_t)i);
	}
	assert_int_equal(r, -EUCLEAN);
	assert_non_null(strstr(store_error(s), "malformed"));
	store_close(TAKE_PTR(s));
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_non_null(aside);
	assert_text(s, "SELECT count(*) FROM t", "0");
	free(TAKE_PTR(aside));
	store_close(TAKE_PTR(s));
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_null(aside);
}

static void test_tables_that_are_not_ours(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;

	make_plain(path, 0600);
	assert_int_equal(open_at(path, 3, &s), 0);
	assert_int_equal(sqlite3_exec(store_db(s), "DROP TABLE u", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_run(s, "DELETE FROM u", ""), -EUCLEAN);
	store_close(TAKE_PTR(s));
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_non_null(aside);
	assert_int_equal(store_run(s, "DELETE FROM u", ""), 0);
}

static void test_deleted_under_us(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;

	assert_int_equal(open_at(path, 3, &s), 0);
	insert(s, "x");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_run(s, "DELETE FROM t", ""), -EUCLEAN);
	assert_int_equal(store_begin(s), -EUCLEAN);
	assert_non_null(strstr(store_error(s), "deleted or replaced"));
	store_close(TAKE_PTR(s));
	/* The log stayed behind, and is not taken for one of the new file. */
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_non_null(aside);
	assert_text(s, "SELECT count(*) FROM t", "0");
}

static void test_reopen(void **state)
{
	_cleanup_free_ char *folder = path_in(*state, "a"), *path = path_in(*state, "a/b.db"), *aside = NULL, *real = NULL;
	_cleanup_(store_closep) struct store *s = NULL;

	assert_int_equal(store_folder(folder, &real, NULL), 0);
	assert_int_equal(store_open(path, STORE_FULL, steps, 3, &s, &aside), 0);
	insert(s, "x");
	assert_int_equal(store_reopen(s, &aside), 0);
	assert_null(aside);
	assert_text(s, "SELECT a FROM t", "x");
	assert_text(s, "PRAGMA synchronous", "2");
	/* The whole folder goes, in the middle of a transaction, and something stands in its place. */
	assert_int_equal(store_begin(s), 0);
	insert(s, "y");
	for (const char *const *end = (const char *const[]){ "", "-wal", "-shm", NULL }; *end; end++) {
		_cleanup_free_ char *file = strprintf("%s%s", path, *end);

		assert_int_equal(unlink(file), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	file_write(folder, "", 0);
	for (int i = 0; i < 2; i++) {
		_cleanup_stmt_ sqlite3_stmt *st = NULL;

		assert_int_equal(store_reopen(s, &aside), -EPERM);
		assert_int_equal(store_run(s, "DELETE FROM t", ""), -EUCLEAN);
		assert_int_equal(store_query(s, &st, "SELECT a FROM t", ""), -EUCLEAN);
		assert_int_equal(store_begin(s), -EUCLEAN);
		assert_int_equal(store_commit(s), -EINVAL);
		assert_true(*store_error(s));
		store_rollback(s);
	}
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(store_reopen(s, &aside), 0);
	assert_null(aside);
	insert(s, "z");
	assert_text(s, "SELECT a FROM t", "z");
}

static void test_log_without_database(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *wal = path_in(*state, "a.db-wal"), *aside = NULL;
	_cleanup_free_ char *aside_wal = NULL, *log = NULL;
	_cleanup_(store_closep) struct store *s = NULL;
	size_t n;

	file_write(wal, "of a database set aside by halves", 33);
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_non_null(aside);
	aside_wal = strprintf("%s-wal", aside);
	log = file_read(aside_wal, &n);
	assert_int_equal(n, 33);
}

/* Transactions */

static void test_transactions(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db");
	_cleanup_(store_closep) struct store *s = NULL;

	assert_int_equal(open_at(path, 3, &s), 0);
	assert_int_equal(store_commit(s), -EINVAL);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_begin(s), -EALREADY);
	insert(s, "kept");
	/* A broken constraint undoes its statement only. */
	assert_int_equal(store_run(s, "INSERT INTO t(a) VALUES(?1)", "t", "kept"), -EEXIST);
	insert(s, "kept too");
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(store_begin(s), 0);
	insert(s, "dropped");
	store_rollback(s);
	store_rollback(s);
	assert_text(s, "SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY id)", "kept,kept too");
}

/* The disk is full in the middle of a transaction whose owner does not look: nothing of it is stored. */
static void test_full_in_a_transaction(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *large = malloc(100001);
	_cleanup_(store_closep) struct store *s = NULL;

	assert_non_null(large);
	memset(large, 'x', 100000);
	large[100000] = '\0';
	assert_int_equal(open_at(path, 3, &s), 0);
	insert(s, "before");
	assert_int_equal(sqlite3_exec(store_db(s), "PRAGMA max_page_count = 12", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_begin(s), 0);
	insert(s, "half");
	assert_int_equal(store_run(s, "INSERT INTO t(a) VALUES(?1)", "t", large), -ENOSPC);
	assert_int_equal(store_run(s, "INSERT INTO t(a) VALUES(?1)", "t", "other half"), -ENOSPC);
	assert_int_equal(store_commit(s), -ENOSPC);
	assert_text(s, "SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY id)", "before");
	assert_int_equal(sqlite3_exec(store_db(s), "PRAGMA max_page_count = 1000", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_begin(s), 0);
	insert(s, "after");
	assert_int_equal(store_commit(s), 0);
	assert_text(s, "SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY id)", "before,after");
}

/* Rows until the disk is full; the exit status tells after how many. */
static int write_until_full(void *path)
{
	struct rlimit limit = { 65536, 65536 };
	struct store *s;
	char a[512];
	int i, r = 0;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || open_at(path, 3, &s) < 0)
		return 255;
	for (i = 0; i < 253 && r >= 0; i++) {
		(void)snprintf(a, sizeof(a), "%0500d", i);
		r = store_run(s, "INSERT INTO t(a) VALUES(?1)", "t", a);
	}
	store_close(s);
	return r == -ENOSPC ? i - 1 : 254;
}

static void test_disk_full(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;
	char expected[8];
	int n;

	n = in_child(write_until_full, path);
	assert_in_range(n, 1, 252);
	(void)snprintf(expected, sizeof(expected), "%d", n);
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_null(aside);
	assert_text(s, "SELECT count(*) FROM t", expected);
	assert_text(s, "PRAGMA integrity_check", "ok");
}

static int open_on_full_disk(void *path)
{
	struct rlimit limit = { 2048, 2048 };
	struct store *s = NULL;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 255;
	r = open_at(path, 3, &s);
	return r == -ENOSPC ? 0 : -r;
}

static void test_disk_full_at_the_first_opening(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db"), *aside = NULL;
	_cleanup_(store_closep) struct store *s = NULL;

	assert_int_equal(in_child(open_on_full_disk, path), 0);
	assert_int_equal(store_open(path, STORE_NORMAL, steps, 3, &s, &aside), 0);
	assert_null(aside);
	insert(s, "x");
}

static void test_another_program_holds_it(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "a.db");
	_cleanup_(store_closep) struct store *s = NULL;
	sqlite3 *other;

	assert_int_equal(open_at(path, 3, &s), 0);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(store_db(s), 1);
	assert_int_equal(store_run(s, "DELETE FROM t", ""), -EBUSY);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_run(s, "DELETE FROM t", ""), 0);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* A statement in the middle of its rows is not taken away from under its user. */
static void test_statement_within_itself(void **state)
{
	static const char sql[] = "SELECT a FROM t ORDER BY id";
	_cleanup_free_ char *path = path_in(*state, "a.db");
	_cleanup_(store_closep) struct store *s = NULL;
	unsigned seen = 0;

	assert_int_equal(open_at(path, 3, &s), 0);
	insert(s, "1");
	insert(s, "2");
	insert(s, "3");
	{
		_cleanup_stmt_ sqlite3_stmt *outer = NULL;

		for (int r = store_query(s, &outer, sql, ""); r > 0; r = store_next(s, outer)) {
			_cleanup_stmt_ sqlite3_stmt *inner = NULL;

			for (int k = store_query(s, &inner, sql, ""); k > 0; k = store_next(s, inner))
				seen++;
			assert_ptr_not_equal(inner, outer);
		}
	}
	assert_int_equal(seen, 9);
	assert_ptr_equal(store_prepare(s, sql), store_prepare(s, sql));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_folder_is_made),
		TEST(test_folder_cases),
		TEST(test_folder_behind_a_link),
		TEST(test_folder_cannot_be_made),
		TEST(test_modes_and_pragmas),
		TEST(test_file_cases),
		TEST(test_read_only),
		TEST(test_migrates_from_every_version),
		TEST(test_failed_migration_leaves_all),
		TEST(test_newer_version_is_left_alone),
		TEST(test_damage_is_set_aside),
		TEST(test_damage_met_later),
		TEST(test_tables_that_are_not_ours),
		TEST(test_deleted_under_us),
		TEST(test_reopen),
		TEST(test_log_without_database),
		TEST(test_transactions),
		TEST(test_full_in_a_transaction),
		TEST(test_disk_full),
		TEST(test_disk_full_at_the_first_opening),
		TEST(test_another_program_holds_it),
		TEST(test_statement_within_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
