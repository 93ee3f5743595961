/* What dashboards count of each order, in a narrow table beside the bodies: some 60 bytes a row, so that a walk over
 * a whole history reads a twentieth of the file and parses no JSON. Sums are made in core/. */
#include <stdio.h>

#include "base/jsonutil.h"
#include "store/userdb-private.h"

#define FILL_KEY "facts-filled" /* meta: the last id written from its body, or FILL_DONE */
#define FILL_DONE "complete"
#define VARINT_SIZE 10
#define LINES_MAX 1000 /* what a decoder lets through */
#define LINES_SIZE (LINES_MAX * 3 * VARINT_SIZE)

uint64_t userdb_generation(struct userdb *u)
{
	return u->generation;
}

uint64_t userdb_opening(struct userdb *u)
{
	return u->opening;
}

void userdb_orders_changed(struct userdb *u)
{
	static uint64_t last;

	u->generation = ++last;
}

/* ---- lines: product, quantity and unit price of each, as varints ---- */

static size_t varint_put(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	return n;
}

static bool varint_take(const unsigned char **p, size_t *left, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && *left > 0; shift += 7) {
		unsigned char byte = *(*p)++;

		(*left)--;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

bool order_facts_line(const void **lines, size_t *left, struct fact_line *ret)
{
	const unsigned char *p = *lines;
	uint64_t product, quantity, price;

	if (!varint_take(&p, left, &product) || !varint_take(&p, left, &quantity) || !varint_take(&p, left, &price) ||
	    quantity > UINT32_MAX || price > INT64_MAX)
		return false;
	*ret = (struct fact_line){ .product = product, .quantity = (uint32_t)quantity, .unit_price = (int64_t)price };
	*lines = p;
	return true;
}

static size_t lines_encode(const struct order *o, unsigned char bytes[static LINES_SIZE], uint64_t *ret_items)
{
	size_t count = o->n_lines < LINES_MAX ? o->n_lines : LINES_MAX, n = 0;

	*ret_items = 0;
	for (size_t i = 0; i < count; i++) {
		const struct order_line *l = &o->lines[i];

		n += varint_put(bytes + n, l->product);
		n += varint_put(bytes + n, l->quantity);
		n += varint_put(bytes + n, l->unit_price < 0 ? 0 : (uint64_t)l->unit_price);
		*ret_items += l->quantity;
	}
	return n;
}

/* ---- writing ---- */

void userdb_place_forget(struct userdb *u)
{
	free(TAKE_PTR(u->place));
}

static int place_look_up(struct userdb *u, const char *text, int64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT id FROM order_places WHERE text = ?1", "t", text);
	if (r > 0)
		*ret = sqlite3_column_int64(st, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	r = store_run(u->store, "INSERT INTO order_places(text) VALUES(?1)", "t", text);
	if (r >= 0)
		*ret = sqlite3_last_insert_rowid(store_db(u->store));
	return r < 0 ? r : 0;
}

/* Most people order to few places: the text is kept once. 0: the order says none. */
static int place_id(struct userdb *u, const char *text, int64_t *ret)
{
	int r;

	*ret = 0;
	if (isempty(text))
		return 0;
	if (!streq_ptr(u->place, text)) {
		userdb_place_forget(u);
		r = place_look_up(u, text, &u->place_id);
		if (r >= 0)
			r = free_and_strdup(&u->place, text);
		if (r < 0)
			return r;
	}
	*ret = u->place_id;
	return 0;
}

int userdb_facts_put(struct userdb *u, int64_t id, const struct order *o, bool local)
{
	unsigned char lines[LINES_SIZE];
	int64_t place;
	uint64_t items;
	size_t size;
	int r;

	r = place_id(u, o->destination, &place);
	size = lines_encode(o, lines, &items);
	if (r >= 0)
		r = store_run(u->store,
			      "INSERT OR REPLACE INTO order_facts(id, created, status, local, total, currency, cost, items, "
			      "place, promised, delivered, lines) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
			      "iutnitiuiuux", id, o->created, o->status, (int)local, o->total_price, o->currency,
			      o->products_price, items, place, o->end_expected, o->end_actual, (const void *)lines, size);
	return r < 0 ? r : 0;
}

int userdb_facts_delete(struct userdb *u, const char *uid)
{
	return store_run(u->store, "DELETE FROM order_facts WHERE id = (SELECT id FROM orders WHERE uid = ?1)", "t", uid);
}

/* ---- reading ---- */

#define FACTS "f.id, f.created, f.status, f.local, f.total, f.currency, f.cost, f.items, f.place, f.promised, " \
	      "f.delivered, f.lines"

static struct order_facts row_read(sqlite3_stmt *st)
{
	return (struct order_facts){
		.id = sqlite3_column_int64(st, 0),
		.created = column_u64(st, 1),
		.status = column_string(st, 2),
		.local = sqlite3_column_int(st, 3),
		.total = sqlite3_column_int64(st, 4),
		.currency = column_string(st, 5),
		.cost = sqlite3_column_int64(st, 6),
		.items = column_u64(st, 7),
		.place = sqlite3_column_int64(st, 8),
		.promised = column_u64(st, 9),
		.delivered = column_u64(st, 10),
		.lines = sqlite3_column_blob(st, 11),
		.lines_size = (size_t)sqlite3_column_bytes(st, 11),
	};
}

int userdb_facts_each(struct userdb *u, int64_t after, unsigned limit,
		      int (*row)(const struct order_facts *f, void *userdata), void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k, n = 0;

	r = store_query(u->store, &st, "SELECT " FACTS " FROM order_facts f WHERE f.id > ?1 ORDER BY f.id LIMIT ?2", "iu",
			after, (uint64_t)limit);
	for (; r > 0; r = store_next(u->store, st)) {
		struct order_facts f = row_read(st);

		k = row(&f, userdata);
		if (k < 0)
			return k;
		n++;
	}
	return r < 0 ? r : n;
}

int userdb_facts_each_newest(struct userdb *u, uint64_t since, uint64_t created, const char *uid, unsigned limit,
			     int (*row)(const struct order_facts *f, void *userdata), void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k, n = 0;

	r = store_query(u->store, &st,
			"SELECT " FACTS ", o.uid FROM (SELECT id, uid, created FROM orders INDEXED BY orders_list "
			"WHERE created <= ?1 AND (created < ?1 OR uid > ?2) AND created >= ?3 "
			"ORDER BY created DESC, uid LIMIT ?4) o CROSS JOIN order_facts f ON f.id = o.id", "utuu",
			created < INT64_MAX ? created : INT64_MAX, uid, since < INT64_MAX ? since : INT64_MAX,
			(uint64_t)limit);
	for (; r > 0; r = store_next(u->store, st)) {
		struct order_facts f = row_read(st);

		f.uid = column_string(st, 12);
		k = row(&f, userdata);
		if (k < 0)
			return k;
		n++;
	}
	return r < 0 ? r : n;
}

static int one_number(struct userdb *u, const char *sql, uint64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, sql, "");
	*ret = r > 0 ? column_u64(st, 0) : 0;
	return r < 0 ? r : 0;
}

int userdb_order_span(struct userdb *u, uint64_t *ret_first, uint64_t *ret_last)
{
	int r;

	r = one_number(u, "SELECT created FROM orders INDEXED BY orders_list WHERE created > 0 ORDER BY created LIMIT 1",
		       ret_first);
	if (r >= 0)
		r = one_number(u, "SELECT created FROM orders INDEXED BY orders_list ORDER BY created DESC LIMIT 1", ret_last);
	return r;
}

int userdb_place_text(struct userdb *u, int64_t place, char **ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT text FROM order_places WHERE id = ?1", "i", place);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return column_strdup(st, 0, ret);
}

int userdb_place_find(struct userdb *u, const char *text, int64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT id FROM order_places WHERE text = ?1", "t", text);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

int userdb_order_body(struct userdb *u, int64_t id, char **ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT body FROM orders WHERE id = ?1", "i", id);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return column_strdup(st, 0, ret);
}

/* ---- a file of a version that had no facts ---- */

/* The columns are right also where the body says less (a local order's says no date). */
static int fill_row(struct userdb *u, sqlite3_stmt *st, int (*decode)(const char *body, struct order **ret))
{
	_cleanup_(order_freep) struct order *o = NULL;
	int r;

	r = decode(column_string(st, 7), &o);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* one that cannot be read counts for nothing until sync brings it again */
	r = column_strdup(st, 1, &o->status);
	if (r < 0)
		return r;
	o->created = column_u64(st, 2);
	o->total_price = sqlite3_column_int64(st, 4);
	(void)strncpy(o->currency, column_string(st, 5), CURRENCY_SIZE - 1);
	o->currency[CURRENCY_SIZE - 1] = '\0';
	o->end_expected = column_u64(st, 6);
	return userdb_facts_put(u, sqlite3_column_int64(st, 0), o, sqlite3_column_int(st, 3));
}

static int fill_slice(struct userdb *u, unsigned limit, int64_t after, int64_t *ret_last,
		      int (*decode)(const char *body, struct order **ret))
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, n = 0;

	r = store_query(u->store, &st,
			"SELECT id, status, created, local, total, currency, end_expected, body FROM orders WHERE id > ?1 "
			"ORDER BY id LIMIT ?2", "iu", after, (uint64_t)limit);
	for (; r > 0; r = store_next(u->store, st)) {
		*ret_last = sqlite3_column_int64(st, 0);
		r = fill_row(u, st, decode);
		if (r < 0)
			return r;
		n++;
	}
	return r < 0 ? r : n;
}

int userdb_facts_fill(struct userdb *u, unsigned limit, int (*decode)(const char *body, struct order **ret))
{
	_cleanup_free_ char *at = NULL;
	char text[24];
	int64_t last;
	bool own;
	int r, n;

	if (u->facts_complete)
		return 0;
	r = store_meta_get(u->store, FILL_KEY, &at);
	if (r < 0 && r != -ENOENT)
		return r;
	u->facts_complete = streq_ptr(at, FILL_DONE);
	if (u->facts_complete)
		return 0;
	last = at ? strtoll(at, NULL, 10) : 0;
	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	n = fill_slice(u, limit, last, &last, decode);
	(void)snprintf(text, sizeof(text), "%lld", (long long)last);
	r = n < 0 ? n : store_meta_put(u->store, FILL_KEY, n == 0 ? FILL_DONE : text);
	r = store_leave(u->store, own, r);
	if (r < 0)
		return r;
	u->facts_complete = n == 0;
	return n > 0;
}
