/* Lists of a user's orders: newest first, by keyset, out of the covering index. */
#include <stdio.h>

#include "store/userdb-private.h"

#define LIST "SELECT uid, number, status, payment_type, currency, total, created, changed, cancellable FROM orders "
/* ?1 and ?2: created and uid of the last row of the page before; ?3: since; ?4: limit. */
#define AFTER "created <= ?1 AND (created < ?1 OR uid > ?2) AND created >= ?3 "
/* ?5: "\n<status>\n<status>\n" or NULL; ?6: 0, 1 or -1 for either. */
#define STATUS "AND (?5 IS NULL OR instr(?5, char(10) || status || char(10))) AND (?6 < 0 OR pending = ?6) "
#define NEWEST "ORDER BY created DESC, uid LIMIT ?4"

struct range {
	uint64_t created, since;
	const char *uid;
};

static int range_read(const struct order_filter *f, const char *cursor, struct range *ret)
{
	struct range range = { .created = INT64_MAX, .uid = "" };
	int r;

	if (!isempty(cursor)) {
		r = cursor_read(cursor, 'o', &range.created, &range.uid);
		if (r < 0)
			return r;
		if (range.created > INT64_MAX || !*range.uid)
			return -EINVAL;
	}
	if (f && f->until > 0 && range.created >= f->until) {
		range.created = f->until - 1;
		range.uid = "";
	}
	if (f)
		range.since = f->since < INT64_MAX ? f->since : INT64_MAX;
	*ret = range;
	return 0;
}

static int statuses_join(char *const *statuses, char **ret)
{
	_cleanup_free_ char *joined = NULL;
	size_t size;
	FILE *f = open_memstream(&joined, &size);

	if (!f)
		return -ENOMEM;
	(void)fputc('\n', f);
	for (; *statuses; statuses++)
		(void)fprintf(f, "%s\n", *statuses);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = TAKE_PTR(joined);
	return 0;
}

/* ?7: folded text. Limits are one more than asked for: whether there is a next page. */
static int list_query(struct userdb *u, sqlite3_stmt **ret, const struct order_filter *f, const struct range *at,
		      uint64_t limit, const char *statuses, const char *text)
{
	int pending = f && f->has_pending ? f->pending : -1;

	if (text)
		return store_query(u->store, ret,
				   LIST "INDEXED BY orders_list WHERE " AFTER STATUS
				   "AND EXISTS(SELECT 1 FROM order_text t WHERE t.id = orders.id AND instr(t.text, ?7)) "
				   NEWEST, "utuutnt", at->created, at->uid, at->since, limit, statuses, pending, text);
	if (pending == 1)
		return store_query(u->store, ret,
				   LIST "INDEXED BY orders_pending WHERE pending = 1 AND " AFTER STATUS NEWEST, "utuutn",
				   at->created, at->uid, at->since, limit, statuses, pending);
	if (statuses || pending == 0)
		return store_query(u->store, ret, LIST "INDEXED BY orders_list WHERE " AFTER STATUS NEWEST, "utuutn",
				   at->created, at->uid, at->since, limit, statuses, pending);
	return store_query(u->store, ret, LIST "INDEXED BY orders_list WHERE " AFTER NEWEST, "utuu", at->created,
			   at->uid, at->since, limit);
}

static struct order_row row_read(sqlite3_stmt *st)
{
	return (struct order_row){
		.uid = column_string(st, 0),
		.number = column_string(st, 1),
		.status = column_string(st, 2),
		.payment_type = column_string(st, 3),
		.currency = column_string(st, 4),
		.total = sqlite3_column_int64(st, 5),
		.created = column_u64(st, 6),
		.changed = column_u64(st, 7),
		.cancellable = sqlite3_column_int(st, 8),
	};
}

static int walk(struct userdb *u, sqlite3_stmt *st, int r, unsigned limit,
		int (*row)(const struct order_row *r, void *userdata), void *userdata, char **ret_next)
{
	char *next = NULL;
	int k;

	for (; r > 0; r = store_next(u->store, st)) {
		struct order_row one;

		if (limit-- == 0)
			break;
		one = row_read(st);
		if (limit == 0 && ret_next) {
			next = cursor_write('o', one.created, one.uid);
			if (!next)
				return -ENOMEM;
		}
		k = row(&one, userdata);
		if (k != 0) {
			free(next);
			return k;
		}
	}
	if (r == 0 && ret_next) {
		free(next);
		next = strdup("");
		if (!next)
			r = -ENOMEM;
	}
	if (r < 0) {
		free(next);
		return r;
	}
	if (ret_next)
		*ret_next = next;
	return 0;
}

int userdb_order_each(struct userdb *u, const struct order_filter *filter, unsigned limit, const char *cursor,
		      int (*row)(const struct order_row *r, void *userdata), void *userdata, char **ret_next)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_free_ char *statuses = NULL, *text = NULL;
	struct range range;
	int r;

	if (limit == 0)
		return -EINVAL;
	r = range_read(filter, cursor, &range);
	if (r < 0)
		return r;
	if (filter && filter->statuses) {
		r = statuses_join(filter->statuses, &statuses);
		if (r < 0)
			return r;
	}
	if (filter && !isempty(filter->text)) {
		text = text_fold(filter->text, 0);
		if (!text)
			return -ENOMEM;
	}
	r = list_query(u, &st, filter, &range, (uint64_t)limit + 1, statuses, text);
	if (r < 0)
		return r;
	return walk(u, st, r, limit, row, userdata, ret_next);
}

int userdb_order_has_text(struct userdb *u, const char *uid, const char *text)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_free_ char *folded = text_fold(text, 0);
	int r;

	if (!folded)
		return -ENOMEM;
	r = store_query(u->store, &st,
			"SELECT 1 FROM orders o JOIN order_text t ON t.id = o.id WHERE o.uid = ?1 AND instr(t.text, ?2)",
			"tt", uid, folded);
	return r > 0 ? 1 : r;
}

int userdb_order_count_pending(struct userdb *u, uint32_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT count(*) FROM orders INDEXED BY orders_pending WHERE pending = 1", "");
	if (r < 0)
		return r;
	*ret = (uint32_t)sqlite3_column_int64(st, 0);
	return 0;
}
