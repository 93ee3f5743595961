/* What the service foretold, as it was last said, and how its promises of orders were kept. What follows from that is
 * core's business. */
#include "base/records.h"
#include "store/userdb-private.h"

int userdb_prediction_put(struct userdb *u, const char *kind, const char *subject, uint64_t asked, uint64_t about,
			  const char *body)
{
	int r;

	r = store_run(u->store,
		      "INSERT INTO predictions(kind, subject, asked, about, body) VALUES(?1, ?2, ?3, ?4, ?5) "
		      "ON CONFLICT(kind, subject) DO UPDATE SET asked = excluded.asked, about = excluded.about, "
		      "body = excluded.body",
		      "ttuut", kind, subject, asked, about, body);
	return r < 0 ? r : 0;
}

int userdb_prediction_get(struct userdb *u, const char *kind, const char *subject, uint64_t *ret_asked,
			  uint64_t *ret_about, char **ret_body)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char *body = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT asked, about, body FROM predictions WHERE kind = ?1 AND subject = ?2",
			"tt", kind, subject);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_strdup(st, 2, &body);
	if (r < 0)
		return r;
	*ret_asked = column_u64(st, 0);
	*ret_about = column_u64(st, 1);
	*ret_body = body;
	return 0;
}

int userdb_prediction_forget(struct userdb *u, const char *kind, const char *subject)
{
	int r;

	r = store_run(u->store, "DELETE FROM predictions WHERE kind = ?1 AND subject = ?2", "tt", kind, subject);
	return r < 0 ? r : 0;
}

int promise_note(struct userdb *u, int64_t id, const struct order *o, bool anew)
{
	bool delivered = streq(o->status, STATUS_DELIVERED) || streq(o->status, STATUS_FINISHED);
	int r;

	if (o->end_expected == 0)
		return 0;
	r = store_run(u->store,
		      "INSERT INTO promises(id, promised, delivered) VALUES(?1, ?2, ?3) "
		      "ON CONFLICT(id) DO UPDATE SET delivered = excluded.delivered, "
		      "promised = CASE WHEN ?4 THEN excluded.promised ELSE promised END",
		      "iuun", id, o->end_expected, delivered ? o->end_actual : 0, anew);
	return r < 0 ? r : 0;
}

int userdb_promise_get(struct userdb *u, const char *uid, uint64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT p.promised FROM orders o JOIN promises p ON p.id = o.id WHERE o.uid = ?1",
			"t", uid);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret = column_u64(st, 0);
	return 0;
}

int userdb_delays(struct userdb *u, int64_t *ret, size_t max, size_t *ret_n)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	size_t n = 0;
	int r;

	/* The index holds all of it, newest first. */
	r = store_query(u->store, &st,
			"SELECT delivered - promised FROM promises INDEXED BY promises_delivered WHERE delivered > 0 "
			"ORDER BY delivered DESC LIMIT ?1",
			"u", (uint64_t)max);
	for (; r > 0 && n < max; r = store_next(u->store, st))
		ret[n++] = sqlite3_column_int64(st, 0);
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
}
