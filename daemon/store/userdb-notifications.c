/* A user's notifications. Which were signalled is core's to say; here a uid is new only once. */
#include "store/userdb-private.h"

#define LIST "SELECT uid, kind, title, body, order_uid, sent, read FROM notifications "
#define AFTER "sent <= ?1 AND (sent < ?1 OR uid > ?2) ORDER BY sent DESC, uid LIMIT ?3"

static int notification_put(struct userdb *u, const struct notification *n)
{
	int r;

	r = store_run(u->store,
		      "INSERT INTO notifications(uid, kind, title, body, order_uid, sent, read) "
		      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(uid) DO NOTHING",
		      "tttttun", n->uid, n->kind, n->title, n->body, n->order, n->sent, n->read);
	if (r != 0 || !n->read)
		return r;
	r = store_run(u->store, "UPDATE notifications SET read = 1 WHERE uid = ?1 AND read = 0", "t", n->uid);
	return r < 0 ? r : 0;
}

int userdb_notification_put(struct userdb *u, const struct notification *n)
{
	bool own;
	int r;

	if (isempty(n->uid))
		return -EINVAL;
	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	return store_leave(u->store, own, notification_put(u, n));
}

static struct notification row_read(sqlite3_stmt *st)
{
	return (struct notification){
		.uid = (char *)column_string(st, 0),
		.kind = (char *)column_string(st, 1),
		.title = (char *)column_string(st, 2),
		.body = (char *)column_string(st, 3),
		.order = (char *)column_string(st, 4),
		.sent = column_u64(st, 5),
		.read = sqlite3_column_int(st, 6),
	};
}

static int walk(struct userdb *u, sqlite3_stmt *st, int r, unsigned limit,
		int (*row)(const struct notification *n, void *userdata), void *userdata, char **ret_next)
{
	_cleanup_free_ char *next = NULL;
	int k;

	for (; r > 0; r = store_next(u->store, st)) {
		struct notification one;

		if (limit-- == 0)
			break;
		one = row_read(st);
		if (limit == 0 && ret_next) {
			next = cursor_write('n', one.sent, one.uid);
			if (!next)
				return -ENOMEM;
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

int userdb_notification_each(struct userdb *u, bool unread_only, unsigned limit, const char *cursor,
			     int (*row)(const struct notification *n, void *userdata), void *userdata,
			     char **ret_next)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	uint64_t sent = INT64_MAX;
	const char *uid = "";
	int r;

	if (limit == 0)
		return -EINVAL;
	if (!isempty(cursor)) {
		r = cursor_read(cursor, 'n', &sent, &uid);
		if (r < 0)
			return r;
		if (sent > INT64_MAX || !*uid)
			return -EINVAL;
	}
	if (unread_only)
		r = store_query(u->store, &st, LIST "INDEXED BY notifications_unread WHERE read = 0 AND " AFTER, "utu",
				sent, uid, (uint64_t)limit + 1);
	else
		r = store_query(u->store, &st, LIST "INDEXED BY notifications_list WHERE " AFTER, "utu", sent, uid,
				(uint64_t)limit + 1);
	if (r < 0)
		return r;
	return walk(u, st, r, limit, row, userdata, ret_next);
}

static int exists(struct userdb *u, const char *uid)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;

	return store_query(u->store, &st, "SELECT 1 FROM notifications WHERE uid = ?1", "t", uid);
}

int userdb_notification_mark_read(struct userdb *u, const char *uid)
{
	int r;

	r = store_run(u->store, "UPDATE notifications SET read = 1 WHERE uid = ?1 AND read = 0", "t", uid);
	if (r != 0)
		return r;
	r = exists(u, uid);
	if (r < 0)
		return r;
	return r > 0 ? 0 : -ENOENT;
}

int userdb_notification_count_unread(struct userdb *u, uint32_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st,
			"SELECT count(*) FROM notifications INDEXED BY notifications_unread WHERE read = 0", "");
	if (r < 0)
		return r;
	*ret = (uint32_t)sqlite3_column_int64(st, 0);
	return 0;
}
