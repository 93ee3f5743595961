/* A user's orders, one at a time: what is stored, and which of two states is the newer. Lists are in
 * userdb-order-list.c. */
#include <stdio.h>

#include "base/jsonutil.h"
#include "store/userdb-private.h"

struct stored {
	int64_t id;
	uint64_t changed, confirmed;
	bool local, same_body;
};

enum verdict { OLDER, SAME, NEWS };

void order_before_done(struct order_before *b)
{
	free(b->status);
	*b = (struct order_before){};
}

/* The same state may be written in another order of keys by push and by sync. */
static bool body_is_same(const char *a, const char *b)
{
	_cleanup_json_ json_object *ja = NULL, *jb = NULL;

	if (streq(a, b))
		return true;
	return json_parse(a, strlen(a), JSON_MAX_DEPTH, &ja) >= 0 &&
	       json_parse(b, strlen(b), JSON_MAX_DEPTH, &jb) >= 0 && json_object_equal(ja, jb);
}

static enum verdict judge(const struct stored *was, const struct order *o, enum order_source source)
{
	if (source == ORDER_LOCAL)
		return !was->local ? OLDER : was->same_body ? SAME : NEWS;
	if (was->local || o->changed > was->changed)
		return NEWS;
	if (o->changed < was->changed)
		return OLDER;
	if (was->same_body)
		return SAME;
	return source == ORDER_FROM_PUSH ? OLDER : NEWS;
}

/* 1: *ret and *ret_before tell what stands there; 0: nothing. */
static int stored_get(struct userdb *u, const struct order *o, const char *body, struct stored *ret,
		      struct order_before *ret_before)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st,
			"SELECT id, status, changed, confirmed, local, end_expected, body FROM orders WHERE uid = ?1",
			"t", o->uid);
	if (r <= 0)
		return r;
	r = column_strdup(st, 1, &ret_before->status);
	if (r < 0)
		return r;
	ret_before->existed = true;
	ret_before->end_expected = column_u64(st, 5);
	*ret = (struct stored){
		.id = sqlite3_column_int64(st, 0),
		.changed = column_u64(st, 2),
		.confirmed = column_u64(st, 3),
		.local = sqlite3_column_int(st, 4),
	};
	/* Only between equal dates does the body decide. */
	ret->same_body = (ret->changed == o->changed || ret->local) && body_is_same(column_string(st, 6), body);
	return 1;
}

static void write_part(FILE *f, const char *text)
{
	if (!isempty(text))
		(void)fprintf(f, "%s\n", text);
}

/* What a person may remember of an order, folded. */
static int searched_text(const struct order *o, char **ret)
{
	_cleanup_free_ char *raw = NULL;
	size_t size;
	FILE *f = open_memstream(&raw, &size);

	if (!f)
		return -ENOMEM;
	write_part(f, o->number);
	for (size_t i = 0; i < o->n_lines; i++)
		write_part(f, o->lines[i].name);
	write_part(f, o->destination);
	write_part(f, o->comment);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = text_fold(raw, 0);
	return *ret ? 0 : -ENOMEM;
}

/* A promise made while the order had not begun (unpaid, or not at the service) is none. */
static bool has_begun(const struct order_before *before, const struct stored *was)
{
	return before->existed && !was->local && !streq(before->status, STATUS_AWAITING_PAYMENT);
}

static int write_row(struct userdb *u, const struct order *o, const char *body, bool local, uint64_t confirmed,
		     int64_t id, bool begun)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = searched_text(o, &text);
	if (r < 0)
		return r;
	if (id == 0)
		r = store_run(u->store,
			      "INSERT INTO orders(uid, number, status, payment_type, total, currency, created, "
			      "changed, cancellable, pending, local, end_expected, confirmed, body) "
			      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
			      "ttttituunnnuut", o->uid, o->number, o->status, o->payment_type, o->total_price,
			      o->currency, o->created, o->changed, o->cancellable, status_is_pending(o->status), local,
			      o->end_expected, confirmed, body);
	else
		r = store_run(u->store,
			      "UPDATE orders SET number = ?2, status = ?3, payment_type = ?4, total = ?5, "
			      "currency = ?6, created = ?7, changed = ?8, cancellable = ?9, pending = ?10, local = ?11, "
			      "end_expected = ?12, confirmed = ?13, body = ?14 WHERE id = ?1",
			      "ittt" "ituunnnuut", id, o->number, o->status, o->payment_type, o->total_price, o->currency,
			      o->created, o->changed, o->cancellable, status_is_pending(o->status), local,
			      o->end_expected, confirmed, body);
	if (r < 0)
		return r;
	if (id == 0)
		id = sqlite3_last_insert_rowid(store_db(u->store));
	userdb_orders_changed(u);
	r = store_run(u->store,
		      "INSERT INTO order_text(id, text) VALUES(?1, ?2) "
		      "ON CONFLICT(id) DO UPDATE SET text = excluded.text WHERE text <> excluded.text",
		      "it", id, text);
	if (r >= 0)
		r = promise_note(u, id, o, !begun);
	return r < 0 ? r : userdb_facts_put(u, id, o, local);
}

static int order_put(struct userdb *u, const struct order *o, const char *body, enum order_source source,
		     uint64_t confirmed, struct order_before *ret_before)
{
	struct stored was = {};
	enum verdict verdict = NEWS;
	int r;

	r = stored_get(u, o, body, &was, ret_before);
	if (r < 0)
		return r;
	if (r > 0)
		verdict = judge(&was, o, source);
	if (confirmed < was.confirmed)
		confirmed = was.confirmed;
	if (verdict == NEWS) {
		r = write_row(u, o, body, source == ORDER_LOCAL, confirmed, was.id,
			      has_begun(ret_before, &was));
		return r < 0 ? r : 1;
	}
	if (verdict == SAME && confirmed > was.confirmed) {
		r = store_run(u->store, "UPDATE orders SET confirmed = ?2 WHERE id = ?1", "iu", was.id, confirmed);
		return r < 0 ? r : 0;
	}
	return 0;
}

int userdb_order_put(struct userdb *u, const struct order *o, const char *body, enum order_source source,
		     uint64_t confirmed, struct order_before *ret_before)
{
	_cleanup_(order_before_done) struct order_before before = {};
	bool own;
	int r;

	if (isempty(o->uid) || isempty(o->status) || !body)
		return -EINVAL;
	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	r = store_leave(u->store, own, order_put(u, o, body, source, confirmed, &before));
	if (r < 0)
		userdb_place_forget(u);
	if (r >= 0 && ret_before) {
		*ret_before = before;
		before = (struct order_before){};
	}
	return r;
}

static int order_delete(struct userdb *u, const char *uid)
{
	int r;

	userdb_orders_changed(u);
	r = userdb_facts_delete(u, uid);
	if (r >= 0)
		r = store_run(u->store, "DELETE FROM promises WHERE id = (SELECT id FROM orders WHERE uid = ?1)", "t",
			      uid);
	if (r < 0)
		return r;
	r = store_run(u->store, "DELETE FROM order_text WHERE id = (SELECT id FROM orders WHERE uid = ?1)", "t", uid);
	return r < 0 ? r : store_run(u->store, "DELETE FROM orders WHERE uid = ?1", "t", uid);
}

int userdb_order_delete(struct userdb *u, const char *uid)
{
	bool own;
	int r;

	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	r = store_leave(u->store, own, order_delete(u, uid));
	return r < 0 ? r : 0;
}

int userdb_order_get(struct userdb *u, const char *uid, char **ret_body, uint64_t *ret_confirmed, bool *ret_local)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char *body = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT body, confirmed, local FROM orders WHERE uid = ?1", "t", uid);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_strdup(st, 0, &body);
	if (r < 0)
		return r;
	*ret_body = body;
	if (ret_confirmed)
		*ret_confirmed = column_u64(st, 1);
	if (ret_local)
		*ret_local = sqlite3_column_int(st, 2);
	return 0;
}

/* One order out of at most two that fit: 1 with its uid, 0 none, -ENOTUNIQ. Frees and replaces *uid. */
static int find_one(struct userdb *u, const char *sql, const char *id, char **uid)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, sql, "t", id);
	if (r <= 0)
		return r;
	r = column_strdup(st, 0, uid);
	if (r < 0)
		return r;
	r = store_next(u->store, st);
	if (r < 0)
		return r;
	return r > 0 ? -ENOTUNIQ : 1;
}

/* U+10FFFF ends the range of what begins with a text. */
#define BEGINS(column) column " >= ?1 AND " column " < ?1 || char(0x10ffff)"

int userdb_order_find(struct userdb *u, const char *id, char **ret_uid)
{
	static const char *const ways[] = {
		"SELECT uid FROM orders WHERE uid = ?1",
		"SELECT uid FROM orders WHERE number = ?1 LIMIT 2",
		"SELECT uid FROM orders WHERE " BEGINS("uid") " UNION SELECT uid FROM orders WHERE " BEGINS("number")
		" LIMIT 2",
	};
	_cleanup_free_ char *uid = NULL;
	int r = 0;

	if (isempty(id))
		return -ENOENT;
	if (streq(id, "last"))
		r = find_one(u, "SELECT uid FROM orders INDEXED BY orders_list WHERE ?1 IS NOT NULL "
				"ORDER BY created DESC, uid LIMIT 1", id, &uid);
	for (size_t i = 0; i < ELEMENTSOF(ways) && r == 0; i++)
		r = find_one(u, ways[i], id, &uid);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	*ret_uid = TAKE_PTR(uid);
	return 0;
}
