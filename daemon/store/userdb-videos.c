/* The list of videos as the service last gave it, in its order. */
#include "store/userdb-private.h"

#define COLUMNS "uid, title, description, genre, seconds, file, web, picture"

static int put_all(struct userdb *u, const struct video *all, size_t n)
{
	int r;

	r = store_run(u->store, "DELETE FROM videos", "");
	for (size_t i = 0; r >= 0 && i < n; i++)
		/* One that is listed twice is listed where it came first. */
		r = store_run(u->store,
			      "INSERT INTO videos(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
			      " ON CONFLICT(uid) DO NOTHING",
			      "ttttuttt", all[i].uid, all[i].title, all[i].description, all[i].genre,
			      (uint64_t)all[i].seconds, all[i].file, all[i].web, all[i].picture);
	return r < 0 ? r : 0;
}

int userdb_videos_put(struct userdb *u, const struct video *all, size_t n)
{
	bool own;
	int r;

	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	return store_leave(u->store, own, put_all(u, all, n));
}

static const char *column_optional(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? NULL : column_string(st, i);
}

static struct video row_read(sqlite3_stmt *st)
{
	return (struct video){
		.uid = (char *)column_string(st, 0),
		.title = (char *)column_string(st, 1),
		.description = (char *)column_string(st, 2),
		.genre = (char *)column_string(st, 3),
		.seconds = (uint32_t)sqlite3_column_int64(st, 4),
		.file = (char *)column_optional(st, 5),
		.web = (char *)column_optional(st, 6),
		.picture = (char *)column_optional(st, 7),
	};
}

int userdb_video_each(struct userdb *u, int (*row)(const struct video *v, void *userdata), void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k;

	r = store_query(u->store, &st, "SELECT " COLUMNS " FROM videos ORDER BY position", "");
	for (; r > 0; r = store_next(u->store, st)) {
		struct video v = row_read(st);

		k = row(&v, userdata);
		if (k != 0)
			return k;
	}
	return r;
}

int userdb_video_get(struct userdb *u, const char *uid, char **ret_file, char **ret_web)
{
	_cleanup_free_ char *file = NULL, *web = NULL;
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT file, web FROM videos WHERE uid = ?1", "t", uid);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_strdup(st, 0, &file);
	if (r >= 0)
		r = column_strdup(st, 1, &web);
	if (r < 0)
		return r;
	free(*ret_file);
	free(*ret_web);
	*ret_file = TAKE_PTR(file);
	*ret_web = TAKE_PTR(web);
	return 0;
}
