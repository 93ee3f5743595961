/* state.db: the cart. What may be put in is for core to say. */
#include "store/state-private.h"

int state_cart_each(struct state *s, const char *world, const char *user,
		    int (*line)(const struct order_item *item, void *userdata), void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k;

	r = store_query(s->store, &st,
			"SELECT product, quantity, note FROM cart WHERE world = ?1 AND user = ?2 ORDER BY id", "tt",
			world, strempty(user));
	for (; r > 0; r = store_next(s->store, st)) {
		struct order_item item = {
			.product = column_u64(st, 0),
			.quantity = (uint32_t)sqlite3_column_int64(st, 1),
			.note = (char *)sqlite3_column_text(st, 2),
		};

		k = line(&item, userdata);
		if (k != 0)
			return k;
	}
	return r;
}

int state_cart_get(struct state *s, const char *world, const char *user, uint64_t product, uint32_t *ret_quantity)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st, "SELECT quantity FROM cart WHERE world = ?1 AND user = ?2 AND product = ?3",
			"ttu", world, strempty(user), product);
	if (r < 0)
		return r;
	*ret_quantity = r > 0 ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
	return 0;
}

int state_cart_set(struct state *s, const char *world, const char *user, uint64_t product, uint32_t quantity)
{
	int r;

	if (quantity == 0)
		r = store_run(s->store, "DELETE FROM cart WHERE world = ?1 AND user = ?2 AND product = ?3", "ttu", world,
			      strempty(user), product);
	else
		r = store_run(s->store,
			      "INSERT INTO cart(world, user, product, quantity) VALUES(?1, ?2, ?3, ?4) "
			      "ON CONFLICT(world, user, product) DO UPDATE SET quantity = excluded.quantity",
			      "ttuu", world, strempty(user), product, (uint64_t)quantity);
	return r < 0 ? r : 0;
}

int state_cart_note(struct state *s, const char *world, const char *user, uint64_t product, const char *note)
{
	int r;

	r = store_run(s->store, "UPDATE cart SET note = ?4 WHERE world = ?1 AND user = ?2 AND product = ?3", "ttut",
		      world, strempty(user), product, isempty(note) ? NULL : note);
	if (r < 0)
		return r;
	return r > 0 ? 0 : -ENOENT;
}

int state_cart_clear(struct state *s, const char *world, const char *user)
{
	int r;

	r = store_run(s->store, "DELETE FROM cart WHERE world = ?1 AND user = ?2", "tt", world, strempty(user));
	return r < 0 ? r : 0;
}

int state_cart_count(struct state *s, const char *world, const char *user, uint32_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT coalesce(sum(quantity), 0) FROM cart WHERE world = ?1 AND user = ?2", "tt", world,
			strempty(user));
	if (r < 0)
		return r;
	*ret = (uint32_t)sqlite3_column_int64(st, 0);
	return 0;
}
