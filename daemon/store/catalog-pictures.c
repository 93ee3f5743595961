/* catalog.db: the products' pictures, as they were fetched, the newest CATALOG_PICTURES_MAX bytes of them. */
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

static int pictures_size(struct catalog *c, uint64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(c->store, &st, "SELECT coalesce(sum(size), 0) FROM pictures", "");
	if (r < 0)
		return r;
	*ret = column_u64(st, 0);
	return 0;
}

static int picture_put(struct catalog *c, const char *url, const char *type, const void *data, size_t size)
{
	uint64_t all;
	int r;

	r = store_run(c->store, "INSERT OR REPLACE INTO pictures(url, type, size, data) VALUES(?1, ?2, ?3, ?4)", "ttux",
		      url, type, (uint64_t)size, data, size);
	if (r < 0)
		return r;
	for (;;) {
		r = pictures_size(c, &all);
		if (r < 0 || all <= CATALOG_PICTURES_MAX)
			return r;
		r = store_run(c->store, "DELETE FROM pictures WHERE id = (SELECT min(id) FROM pictures)", "");
		if (r < 0)
			return r;
	}
}

int catalog_picture_put(struct catalog *c, const char *url, const char *type, const void *data, size_t size)
{
	bool own;
	int r;

	if (size > CATALOG_PICTURES_MAX)
		return -E2BIG;
	r = store_enter(c->store, &own);
	if (r < 0)
		return r;
	return store_leave(c->store, own, picture_put(c, url, type, data, size));
}
