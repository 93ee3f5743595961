/* The cart: what stands in state.db joined with the catalog's names and prices. */
#include "core/core-internal.h"

struct cart_walk {
	struct core *core;
	int (*line)(const struct cart_line *l, void *userdata);
	void *userdata;
	int64_t total;
	char currency[CURRENCY_SIZE];
	size_t n;
};

void cart_changed(struct core *c)
{
	if (c->observer)
		c->observer->cart_changed(c->observer_data);
	core_properties(c, CORE_CART_COUNT);
}

static const char *user(struct core *c)
{
	return c->session.row.user;
}

static int walk_line(const struct order_item *item, void *userdata)
{
	struct cart_walk *w = userdata;
	struct product p = { 0 };
	struct cart_line l = { .product = item->product, .quantity = item->quantity, .note = strempty(item->note) };
	int r;

	r = catalog_get_product(w->core->catalog, item->product, &p);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r >= 0) {
		l.name = strempty(p.name);
		l.unit_price = p.price;
		/* 99 of anything priced within an int64_t's hundredth: the decoder bounds prices well below. */
		if (__builtin_mul_overflow(p.price, (int64_t)item->quantity, &l.line_total) ||
		    __builtin_add_overflow(w->total, l.line_total, &w->total)) {
			product_done(&p);
			return -ERANGE;
		}
		memcpy(w->currency, p.currency, CURRENCY_SIZE);
	} else {
		l.name = "(no longer sold)";
	}
	w->n++;
	r = w->line ? w->line(&l, w->userdata) : 0;
	product_done(&p);
	return r;
}

int cart_each(struct core *c, int (*line)(const struct cart_line *l, void *userdata), void *userdata,
	      int64_t *ret_total, char ret_currency[static CURRENCY_SIZE], struct failure *f)
{
	struct cart_walk w = { .core = c, .line = line, .userdata = userdata };
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	r = state_cart_each(c->state, c->world, user(c), walk_line, &w);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be read");
	if (!w.currency[0]) {
		struct core_status status;

		core_get_status(c, &status);
		memcpy(w.currency, status.currency ? status.currency : "USD", CURRENCY_SIZE);
	}
	*ret_total = w.total;
	memcpy(ret_currency, w.currency, CURRENCY_SIZE);
	return 0;
}

uint32_t cart_count(struct core *c)
{
	uint32_t n = 0;

	if (c->session.active)
		(void)state_cart_count(c->state, c->world, user(c), &n);
	return n;
}

static int count_line(const struct order_item *item, void *userdata)
{
	(void)item;
	++*(size_t *)userdata;
	return 0;
}

static int stop_at_first(const struct product *p, void *userdata)
{
	(void)p;
	*(bool *)userdata = true;
	return 1;
}

/* Before the first sync nothing can be said of what there is. */
static int no_product(struct core *c, uint64_t product, struct failure *f)
{
	bool any = false;

	(void)catalog_each_product(c->catalog, 0, 1, NULL, stop_at_first, &any, NULL);
	return failure_set(f, CC_E_NOT_FOUND, any ? "There is no product %llu" :
			   "The menu has not come yet, so product %llu is not known; it comes with the next sync",
			   (unsigned long long)product);
}

/* A product that can be put into the cart in that quantity. */
static int check_product(struct core *c, uint64_t product, uint64_t quantity, struct failure *f)
{
	struct product p = { 0 };
	int r;

	r = catalog_get_product(c->catalog, product, &p);
	if (r == -ENOENT)
		return no_product(c, product, f);
	if (r < 0)
		return failure_from_store(f, r, "The catalog could not be read");
	if (quantity > CART_MAX_QUANTITY)
		r = failure_set(f, CC_E_INVALID_ARGS, "The quantity %llu of '%s' is over %d",
				(unsigned long long)quantity, p.name, CART_MAX_QUANTITY);
	else if (!product_is_available(&p))
		r = failure_set(f, CC_E_PRODUCT_UNAVAILABLE, "'%s' is sold out; nothing was changed", p.name);
	else if (p.limited && quantity > p.quantity)
		r = failure_set(f, CC_E_PRODUCT_UNAVAILABLE, "Only %u of '%s' are left; nothing was changed",
				p.quantity, p.name);
	product_done(&p);
	return r;
}

static int check_lines(struct core *c, struct failure *f)
{
	size_t n = 0;
	int r;

	r = state_cart_each(c->state, c->world, user(c), count_line, &n);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be read");
	if (n >= CART_MAX_LINES)
		return failure_set(f, CC_E_INVALID_ARGS, "The cart has %zu lines already, the most there can be", n);
	return 0;
}

int cart_set_quantity(struct core *c, uint64_t product, uint32_t quantity, struct failure *f)
{
	uint32_t now = 0;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	r = state_cart_get(c->state, c->world, user(c), product, &now);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be read");
	if (quantity == now && now > 0)
		return 0;
	if (quantity == 0 && now == 0)
		return failure_set(f, CC_E_NOT_FOUND, "The product %llu is not in the cart",
				   (unsigned long long)product);
	if (quantity > now)
		r = check_product(c, product, quantity, f);
	if (r >= 0 && now == 0)
		r = check_lines(c, f);
	if (r < 0)
		return r;
	r = state_cart_set(c->state, c->world, user(c), product, quantity);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be written");
	cart_changed(c);
	return 0;
}

int cart_add(struct core *c, uint64_t product, uint32_t quantity, uint32_t *ret_quantity, struct failure *f)
{
	uint32_t now = 0;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	if (quantity == 0 || quantity > CART_MAX_QUANTITY)
		return failure_set(f, CC_E_INVALID_ARGS, "The quantity %u is not 1 to %d", quantity, CART_MAX_QUANTITY);
	r = state_cart_get(c->state, c->world, user(c), product, &now);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be read");
	r = cart_set_quantity(c, product, now + quantity, f);
	if (r < 0)
		return r;
	*ret_quantity = now + quantity;
	return 0;
}

int cart_set_note(struct core *c, uint64_t product, const char *note, struct failure *f)
{
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	r = state_cart_note(c->state, c->world, user(c), product, note);
	if (r == -ENOENT)
		return failure_set(f, CC_E_NOT_FOUND, "The product %llu is not in the cart",
				   (unsigned long long)product);
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be written");
	cart_changed(c);
	return 0;
}

int cart_clear(struct core *c, struct failure *f)
{
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	if (cart_count(c) == 0)
		return 0;
	r = state_cart_clear(c->state, c->world, user(c));
	if (r < 0)
		return failure_from_store(f, r, "The cart could not be emptied");
	cart_changed(c);
	return 0;
}

/* Replaces the cart by the lines of an order; within a transaction. */
static int fill(struct core *c, const struct order *o, uint64_t *gone, size_t *n_gone)
{
	int r;

	r = state_cart_clear(c->state, c->world, user(c));
	for (size_t i = 0; r >= 0 && i < o->n_lines; i++) {
		const struct order_line *l = &o->lines[i];
		struct product p = { 0 };
		uint32_t quantity = l->quantity, had = 0;

		r = catalog_get_product(c->catalog, l->product, &p);
		if (r == -ENOENT || (r >= 0 && !product_is_available(&p))) {
			gone[(*n_gone)++] = l->product;
			product_done(&p);
			r = 0;
			continue;
		}
		if (r >= 0)
			r = state_cart_get(c->state, c->world, user(c), l->product, &had);
		if (r < 0) {
			product_done(&p);
			break;
		}
		quantity += had;
		if (p.limited && quantity > p.quantity)
			quantity = p.quantity;
		if (quantity > CART_MAX_QUANTITY)
			quantity = CART_MAX_QUANTITY;
		r = state_cart_set(c->state, c->world, user(c), l->product, quantity);
		if (r >= 0 && !isempty(l->note))
			r = state_cart_note(c->state, c->world, user(c), l->product, l->note);
		product_done(&p);
	}
	return r;
}

int cart_fill_from(struct core *c, const char *order_uid, uint64_t **ret_gone, size_t *ret_n_gone, struct failure *f)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_free_ uint64_t *gone = NULL;
	size_t n_gone = 0;
	int r;

	r = order_get(c, order_uid, &v, f);
	if (r < 0)
		return r;
	gone = new0(uint64_t, v->order->n_lines + 1);
	if (!gone)
		return failure_from_store(f, -ENOMEM, "The cart could not be filled");
	r = state_begin(c->state);
	if (r >= 0)
		r = fill(c, v->order, gone, &n_gone);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0) {
		state_rollback(c->state);
		return failure_from_store(f, r, "The cart could not be filled");
	}
	cart_changed(c);
	*ret_gone = TAKE_PTR(gone);
	*ret_n_gone = n_gone;
	return 0;
}
