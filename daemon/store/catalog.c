/* catalog.db: opening, schema, categories, and products as they come in and are listed. The search is in
 * catalog-search.c. */
#include <inttypes.h>
#include <stdio.h>

#include "store/catalog-private.h"
#include "store/text.h"

#define CATEGORIES_DIGEST "categories-digest"
#define TAG_SEPARATOR '\n'
/* Enough to sort by; a cursor carries it. */
#define SORT_MAX 128

/* products_fts has no copy of the texts ("external content"): they are the columns of products. */
static int version_1(sqlite3 *db)
{
	return sqlite3_exec(db,
		"CREATE TABLE categories("
		"  id INTEGER PRIMARY KEY, position INTEGER NOT NULL, name TEXT, description TEXT, picture_url TEXT);"
		"CREATE TABLE products("
		"  id INTEGER PRIMARY KEY, category INTEGER NOT NULL, sort TEXT NOT NULL, name TEXT NOT NULL,"
		"  description TEXT NOT NULL, tags TEXT NOT NULL, picture_url TEXT, price INTEGER NOT NULL,"
		"  currency TEXT NOT NULL, limited INTEGER NOT NULL, quantity INTEGER NOT NULL, rating REAL NOT NULL,"
		"  changed INTEGER NOT NULL);"
		"CREATE INDEX products_list ON products(category, sort, id);"
		"CREATE VIRTUAL TABLE products_fts USING fts5(name, description, tags, content = 'products',"
		"  content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');"
		"CREATE TABLE pictures("
		"  id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, type TEXT NOT NULL, size INTEGER NOT NULL,"
		"  data BLOB NOT NULL);"
		"CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);",
		NULL, NULL, NULL);
}

static const struct migration migrations[] = {
	{ version_1 },
};

int catalog_open(const char *folder, struct catalog **ret, char **ret_set_aside)
{
	_cleanup_free_ char *real = NULL, *path = NULL;
	_cleanup_(catalog_closep) struct catalog *c = NULL;
	int r;

	r = store_folder(folder, &real, NULL);
	if (r < 0)
		return r;
	path = strprintf("%s/catalog.db", real);
	c = new0(struct catalog, 1);
	if (!path || !c)
		return -ENOMEM;
	r = store_open(path, STORE_NORMAL, migrations, ELEMENTSOF(migrations), &c->store, ret_set_aside);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

int catalog_reopen(struct catalog *c, char **ret_set_aside)
{
	return store_reopen(c->store, ret_set_aside);
}

void catalog_close(struct catalog *c)
{
	if (!c)
		return;
	store_close(c->store);
	free(c);
}

int catalog_check(struct catalog *c)
{
	return store_check(c->store);
}

const char *catalog_error(struct catalog *c)
{
	return store_error(c->store);
}

int catalog_begin(struct catalog *c)
{
	return store_begin(c->store);
}

int catalog_commit(struct catalog *c)
{
	return store_commit(c->store);
}

void catalog_rollback(struct catalog *c)
{
	store_rollback(c->store);
}

int catalog_meta_get(struct catalog *c, const char *key, char **ret)
{
	return store_meta_get(c->store, key, ret);
}

int catalog_meta_put(struct catalog *c, const char *key, const char *value)
{
	return store_meta_put(c->store, key, value);
}

static int categories_digest(const struct category *categories, size_t n, char ret[static SHA256_HEX_SIZE])
{
	_cleanup_free_ char *all = NULL;
	size_t size;
	FILE *f = open_memstream(&all, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, "%" PRIu64 "%c%s%c%s%c%s%c", categories[i].id, 0, strempty(categories[i].name), 0,
			      strempty(categories[i].description), 0, strempty(categories[i].picture_url), 0);
	if (fclose(f) != 0)
		return -ENOMEM;
	return sha256_hex(all, size, ret);
}

static int put_categories(struct catalog *c, const struct category *categories, size_t n)
{
	_cleanup_free_ char *old = NULL;
	char digest[SHA256_HEX_SIZE];
	int r;

	r = categories_digest(categories, n, digest);
	if (r < 0)
		return r;
	r = store_meta_get(c->store, CATEGORIES_DIGEST, &old);
	if (r < 0 && r != -ENOENT)
		return r;
	if (streq_ptr(old, digest) || (!old && n == 0))
		return 0;
	r = store_run(c->store, "DELETE FROM categories", "");
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = store_run(c->store,
			      "INSERT OR IGNORE INTO categories(id, position, name, description, picture_url) "
			      "VALUES(?1, ?2, ?3, ?4, ?5)",
			      "uuttt", categories[i].id, (uint64_t)i, categories[i].name, categories[i].description,
			      categories[i].picture_url);
		if (r < 0)
			return r;
	}
	r = store_meta_put(c->store, CATEGORIES_DIGEST, digest);
	return r < 0 ? r : 1;
}

int catalog_put_categories(struct catalog *c, const struct category *categories, size_t n)
{
	bool own;
	int r;

	r = store_enter(c->store, &own);
	if (r < 0)
		return r;
	return store_leave(c->store, own, put_categories(c, categories, n));
}

int catalog_each_category(struct catalog *c, int (*row)(const struct category *category, void *userdata),
			  void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k;

	r = store_query(c->store, &st, "SELECT id, name, description, picture_url FROM categories ORDER BY position",
			"");
	for (; r > 0; r = store_next(c->store, st)) {
		struct category one = {
			.id = column_u64(st, 0),
			.name = (char *)column_string(st, 1),
			.description = (char *)column_string(st, 2),
			.picture_url = (char *)column_string(st, 3),
		};

		k = row(&one, userdata);
		if (k != 0)
			return k;
	}
	return r;
}

static int tags_join(char *const *tags, char **ret)
{
	_cleanup_free_ char *joined = NULL;
	size_t size;
	FILE *f = open_memstream(&joined, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; tags && tags[i]; i++)
		(void)fprintf(f, "%s%c", tags[i], TAG_SEPARATOR);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = TAKE_PTR(joined);
	return 0;
}

static int tags_split(const char *joined, char ***ret)
{
	_cleanup_free_ char *copy = strdup(joined);
	_cleanup_(strv_freep) char **tags = NULL;
	int r;

	if (!copy)
		return -ENOMEM;
	for (char *tag = copy, *end; (end = strchr(tag, TAG_SEPARATOR)); tag = end + 1) {
		*end = '\0';
		r = strv_push(&tags, tag);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(tags);
	return 0;
}

/* FTS5 forgets a row only when it is told the very texts it was given. */
static int fts_delete(struct catalog *c, uint64_t id)
{
	return store_run(c->store,
			 "INSERT INTO products_fts(products_fts, rowid, name, description, tags) "
			 "SELECT 'delete', id, name, description, tags FROM products WHERE id = ?1",
			 "u", id);
}

static int fts_insert(struct catalog *c, uint64_t id)
{
	return store_run(c->store,
			 "INSERT INTO products_fts(rowid, name, description, tags) "
			 "SELECT id, name, description, tags FROM products WHERE id = ?1",
			 "u", id);
}

static int product_exists(struct catalog *c, uint64_t id)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;

	return store_query(c->store, &st, "SELECT 1 FROM products WHERE id = ?1", "u", id);
}

static int product_remove(struct catalog *c, uint64_t id)
{
	int r;

	r = product_exists(c, id);
	if (r <= 0)
		return r;
	r = fts_delete(c, id);
	if (r < 0)
		return r;
	r = store_run(c->store, "DELETE FROM products WHERE id = ?1", "u", id);
	return r < 0 ? r : 1;
}

/* What is there of p: 0 nothing, 1 another price or the like, 2 other texts, 3 all the same. */
enum { NEW_PRODUCT, OTHER_VALUES, OTHER_TEXTS, NOTHING_NEW };

static int product_compare(struct catalog *c, const struct product *p, const char *tags)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct product was;
	int r;

	r = store_query(c->store, &st, "SELECT " PRODUCT_COLUMNS ", p.tags FROM products p WHERE p.id = ?1", "u", p->id);
	if (r <= 0)
		return r < 0 ? r : NEW_PRODUCT;
	was = product_row_read(st);
	if (!streq(was.name, strempty(p->name)) || !streq(was.description, strempty(p->description)) ||
	    !streq(column_string(st, 12), tags))
		return OTHER_TEXTS;
	/* A rating is stored as it came, so bits compare. */
	return was.category == p->category && streq(was.picture_url, strempty(p->picture_url)) &&
	       was.price == p->price && streq(was.currency, p->currency) && was.limited == p->limited &&
	       was.quantity == p->quantity && memcmp(&was.rating, &p->rating, sizeof(was.rating)) == 0 ?
	       NOTHING_NEW : OTHER_VALUES;
}

static int product_write(struct catalog *c, const struct product *p, const char *tags)
{
	_cleanup_free_ char *sort = text_fold(strempty(p->name), SORT_MAX);

	if (!sort)
		return -ENOMEM;
	return store_run(c->store,
			 "INSERT INTO products(id, category, sort, name, description, tags, picture_url, price, currency, "
			 "limited, quantity, rating, changed) "
			 "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
			 "ON CONFLICT(id) DO UPDATE SET category = excluded.category, sort = excluded.sort, "
			 "name = excluded.name, description = excluded.description, tags = excluded.tags, "
			 "picture_url = excluded.picture_url, price = excluded.price, currency = excluded.currency, "
			 "limited = excluded.limited, quantity = excluded.quantity, rating = excluded.rating, "
			 "changed = excluded.changed",
			 "uutttttitnudu", p->id, p->category, sort, strempty(p->name), strempty(p->description), tags,
			 p->picture_url, p->price, p->currency, p->limited, (uint64_t)p->quantity, p->rating,
			 p->changed);
}

static int put_product(struct catalog *c, const struct product *p)
{
	_cleanup_free_ char *tags = NULL;
	int r, difference;

	if (p->deleted)
		return product_remove(c, p->id);
	r = tags_join(p->dietary_tags, &tags);
	if (r < 0)
		return r;
	difference = product_compare(c, p, tags);
	if (difference < 0 || difference == NOTHING_NEW)
		return difference < 0 ? difference : 0;
	if (difference == OTHER_TEXTS) {
		r = fts_delete(c, p->id);
		if (r < 0)
			return r;
	}
	r = product_write(c, p, tags);
	if (r < 0)
		return r;
	if (difference != OTHER_VALUES) {
		r = fts_insert(c, p->id);
		if (r < 0)
			return r;
	}
	return 1;
}

int catalog_put_product(struct catalog *c, const struct product *p)
{
	bool own;
	int r;

	r = store_enter(c->store, &own);
	if (r < 0)
		return r;
	return store_leave(c->store, own, put_product(c, p));
}

static int clear_products(struct catalog *c)
{
	int r;

	r = store_run(c->store, "INSERT INTO products_fts(products_fts) VALUES('delete-all')", "");
	return r < 0 ? r : store_run(c->store, "DELETE FROM products", "");
}

int catalog_clear_products(struct catalog *c)
{
	bool own;
	int r;

	r = store_enter(c->store, &own);
	if (r < 0)
		return r;
	r = store_leave(c->store, own, clear_products(c));
	return r < 0 ? r : 0;
}

struct product product_row_read(sqlite3_stmt *st)
{
	struct product p = {
		.id = column_u64(st, 0),
		.category = column_u64(st, 1),
		.name = (char *)column_string(st, 2),
		.description = (char *)column_string(st, 3),
		.picture_url = (char *)column_string(st, 4),
		.price = sqlite3_column_int64(st, 5),
		.limited = sqlite3_column_int(st, 7),
		.quantity = (uint32_t)sqlite3_column_int64(st, 8),
		.rating = sqlite3_column_double(st, 9),
		.changed = column_u64(st, 10),
	};

	(void)snprintf(p.currency, sizeof(p.currency), "%s", column_string(st, 6));
	return p;
}

/* "<id>.<category>.<sort>" after the kind; cursor_read() has seen to the id and the UTF-8. */
static int place_read(const char *cursor, uint64_t *ret_id, uint64_t *ret_category, const char **ret_sort)
{
	const char *rest;
	char *end;
	int r;

	r = cursor_read(cursor, 'p', ret_id, &rest);
	if (r < 0)
		return r;
	errno = 0;
	*ret_category = strtoull(rest, &end, 10);
	if (errno != 0 || *rest < '0' || *rest > '9' || *end != '.')
		return -EINVAL;
	*ret_sort = end + 1;
	return 0;
}

static int place_write(const struct product *p, const char *sort, char **ret)
{
	_cleanup_free_ char *text = strprintf("%" PRIu64 ".%s", p->category, sort);

	if (!text)
		return -ENOMEM;
	*ret = cursor_write('p', p->id, text);
	return *ret ? 0 : -ENOMEM;
}

#define LIST "SELECT " PRODUCT_COLUMNS " FROM products p INDEXED BY products_list "
#define ORDER " ORDER BY p.category, p.sort, p.id LIMIT ?4"

static int products_query(struct catalog *c, sqlite3_stmt **ret, uint64_t category, unsigned limit,
			  const char *cursor)
{
	uint64_t id, at, many = (uint64_t)limit + 1;
	const char *sort;
	int r;

	*ret = NULL;
	if (isempty(cursor)) {
		if (category == 0)
			return store_query(c->store, ret, LIST "ORDER BY p.category, p.sort, p.id LIMIT ?1", "u", many);
		return store_query(c->store, ret,
				   LIST "WHERE p.category = ?1 ORDER BY p.category, p.sort, p.id LIMIT ?2", "uu",
				   category, many);
	}
	r = place_read(cursor, &id, &at, &sort);
	if (r < 0)
		return r;
	if (category == 0)
		return store_query(c->store, ret, LIST "WHERE (p.category, p.sort, p.id) > (?1, ?2, ?3)" ORDER, "utuu",
				   at, sort, id, many);
	return store_query(c->store, ret,
			   LIST "WHERE p.category = ?1 AND (p.sort, p.id) > (?2, ?3)" ORDER, "utuu", category, sort, id,
			   many);
}

int catalog_each_product(struct catalog *c, uint64_t category, unsigned limit, const char *cursor,
			 int (*row)(const struct product *p, void *userdata), void *userdata, char **ret_next)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_free_ char *next = NULL;
	int r, k;

	if (limit == 0)
		return -EINVAL;
	r = products_query(c, &st, category, limit, cursor);
	for (; r > 0; r = store_next(c->store, st)) {
		struct product one;

		if (limit-- == 0)
			break;
		one = product_row_read(st);
		if (limit == 0 && ret_next) {
			k = place_write(&one, column_string(st, 11), &next);
			if (k < 0)
				return k;
		}
		k = row(&one, userdata);
		if (k != 0)
			return k;
	}
	if (r < 0 || !ret_next)
		return r < 0 ? r : 0;
	if (r == 0 && free_and_strdup(&next, "") < 0)
		return -ENOMEM;
	*ret_next = TAKE_PTR(next);
	return 0;
}

static int product_copy(sqlite3_stmt *st, struct product *ret)
{
	struct product p = product_row_read(st);

	p.name = p.description = p.picture_url = NULL;
	if (column_strdup(st, 2, &p.name) < 0 || column_strdup(st, 3, &p.description) < 0 ||
	    column_strdup(st, 4, &p.picture_url) < 0 || tags_split(column_string(st, 12), &p.dietary_tags) < 0) {
		product_done(&p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

int catalog_get_product(struct catalog *c, uint64_t id, struct product *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(c->store, &st, "SELECT " PRODUCT_COLUMNS ", p.tags FROM products p WHERE p.id = ?1", "u", id);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return product_copy(st, ret);
}

int catalog_get_price(struct catalog *c, uint64_t id, const char *currency, int64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(c->store, &st, "SELECT price FROM products WHERE id = ?1 AND currency = ?2", "ut", id, currency);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

bool product_is_available(const struct product *p)
{
	return !p->deleted && (!p->limited || p->quantity > 0);
}
