/* catalog.db: the products' pictures, as they were fetched. */
#include "store/catalog-private.h"

int catalog_picture_get(struct catalog *c, const char *url, char **ret_type, void **ret_data, size_t *ret_size)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_free_ char *type = NULL;
	_cleanup_free_ void *data = NULL;
	size_t size;
	int r;

	r = store_query(c->store, &st, "SELECT type, data FROM pictures WHERE url = ?1", "t", url);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	size = (size_t)sqlite3_column_bytes(st, 1);
	data = malloc(size + 1);
	r = column_strdup(st, 0, &type);
	if (r < 0 || !data)
		return -ENOMEM;
	if (size > 0)
		memcpy(data, sqlite3_column_blob(st, 1), size);
	*ret_type = TAKE_PTR(type);
	*ret_data = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

int catalog_picture_put(struct catalog *c, const char *url, const char *type, const void *data, size_t size)
{
	_cleanup_stmt_ sqlite3_stmt *st =
		store_prepare(c->store, "INSERT OR REPLACE INTO pictures(url, type, data) VALUES(?1, ?2, ?3)");
	int r;

	if (!st)
		return -EIO;
	sqlite3_bind_text(st, 1, url, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, type, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 3, data, size, SQLITE_STATIC);
	r = sqlite3_step(st);
	return r == SQLITE_DONE ? 0 : store_fail(c->store, r);
}
