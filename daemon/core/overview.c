/* The overview: one walk over all orders for the sums, then names and present prices of what was bought. */
#include <math.h>

#include "core/facts-scan.h"
#include "core/statistics.h"

#define PRODUCTS_MAX (1U << 16) /* that are told apart; a menu has some hundreds */
#define PLACES_MAX (1U << 20)
#define SLICE_PRICES 500

struct bought {
	uint64_t product;
	uint64_t quantity;
	int64_t amount;
	uint64_t last;      /* when; of orders in the account's currency, as paid */
	int64_t paid, order; /* order: id of that one */
	bool used;
};
struct at_place {
	int64_t id, amount;
	uint32_t orders;
};

struct overview_job {
	struct open_call call;
	struct core *core;
	struct overview o;
	uint64_t this_month, last_month, last_month_to_date, next_month, this_year, last_year;
	int64_t delay; /* µs, of all together */
	struct bought *products; /* a hash table */
	size_t n_products, size_products, at;
	struct at_place *places;
	size_t n_places;
	struct event *timer;
	bool waits; /* for the timer; before that the walk holds the job */
	statistics_overview_cb done;
	void *userdata;
};

static void overview_done(struct overview *o)
{
	for (size_t i = 0; i < o->n_favourites; i++)
		free(o->favourites[i].name);
	for (size_t i = 0; i < o->n_places; i++)
		free(o->places[i].text);
	for (size_t i = 0; i < o->n_prices; i++)
		free(o->prices[i].name);
	*o = (struct overview){ 0 };
}

static void job_free(void *data)
{
	struct overview_job *j = data;

	if (j->waits)
		open_call_end(&j->call);
	if (j->timer)
		event_free(j->timer);
	overview_done(&j->o);
	free(j->products);
	free(j->places);
	free(j);
}

/* ---- counting ---- */

static void set_months(struct overview_job *j)
{
	uint64_t now = core_service_now(j->core), day, then;

	calendar_refresh();
	j->this_month = calendar_begin(CALENDAR_MONTH, now);
	j->next_month = calendar_next(CALENDAR_MONTH, now);
	j->last_month = calendar_previous(CALENDAR_MONTH, now);
	j->this_year = calendar_begin(CALENDAR_YEAR, now);
	j->last_year = calendar_previous(CALENDAR_YEAR, now);
	/* The same day of that month at the same time; its end where it has no such day. */
	then = j->last_month;
	for (day = j->this_month; calendar_next(CALENDAR_DAY, day) <= now; day = calendar_next(CALENDAR_DAY, day))
		then = calendar_next(CALENDAR_DAY, then);
	then += now - day;
	j->last_month_to_date = then < j->this_month ? then : j->this_month;
}

static int job_begin(void *data)
{
	struct overview_job *j = data;

	overview_done(&j->o);
	facts_currency(j->core, j->o.currency);
	set_months(j);
	j->delay = 0;
	free(TAKE_PTR(j->products));
	free(TAKE_PTR(j->places));
	j->n_products = j->size_products = j->n_places = j->at = 0;
	return 0;
}

static size_t slot_of(const struct bought *table, size_t size, uint64_t product)
{
	size_t i = (size_t)(product * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (size - 1);

	while (table[i].used && table[i].product != product)
		i = (i + 1) & (size - 1);
	return i;
}

static int grow_products(struct overview_job *j)
{
	size_t size = j->size_products ? 2 * j->size_products : 256;
	struct bought *table = new0(struct bought, size);

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < j->size_products; i++)
		if (j->products[i].used)
			table[slot_of(table, size, j->products[i].product)] = j->products[i];
	free(j->products);
	j->products = table;
	j->size_products = size;
	return 0;
}

static int count_line(struct overview_job *j, const struct order_facts *f, const struct fact_line *l, bool money)
{
	struct bought *b;
	int64_t amount;

	if (2 * j->n_products >= j->size_products && j->n_products < PRODUCTS_MAX && grow_products(j) < 0)
		return -ENOMEM;
	b = &j->products[slot_of(j->products, j->size_products, l->product)];
	if (!b->used) {
		if (j->n_products >= PRODUCTS_MAX)
			return 0;
		*b = (struct bought){ .product = l->product, .order = f->id, .used = true };
		j->n_products++;
	}
	b->quantity += l->quantity;
	if (!money)
		return 0;
	if (__builtin_mul_overflow(l->unit_price, l->quantity, &amount) ||
	    __builtin_add_overflow(b->amount, amount, &b->amount))
		return -EOVERFLOW;
	if (f->created >= b->last) {
		b->last = f->created;
		b->paid = l->unit_price;
		b->order = f->id;
	}
	return 0;
}

static int count_place(struct overview_job *j, const struct order_facts *f, bool money)
{
	struct at_place *p;
	size_t size;

	if (f->place <= 0 || f->place >= PLACES_MAX)
		return 0;
	if ((size_t)f->place >= j->n_places) {
		size = (size_t)f->place * 2;
		p = reallocarray(j->places, size, sizeof(*p));
		if (!p)
			return -ENOMEM;
		memset(p + j->n_places, 0, (size - j->n_places) * sizeof(*p));
		j->places = p;
		j->n_places = size;
	}
	p = &j->places[f->place];
	p->id = f->place;
	p->orders++;
	return money && __builtin_add_overflow(p->amount, f->total, &p->amount) ? -EOVERFLOW : 0;
}

/* The amounts of parts cannot be larger than `total`, which is checked. */
static int count_money(struct overview_job *j, const struct order_facts *f)
{
	uint64_t t = f->created;

	if (__builtin_add_overflow(j->o.total, f->total, &j->o.total))
		return -EOVERFLOW;
	if (t >= j->this_month && t < j->next_month)
		j->o.this_month += f->total;
	if (t >= j->last_month && t < j->this_month)
		j->o.last_month += f->total;
	if (t >= j->last_month && t < j->last_month_to_date)
		j->o.last_month_to_date += f->total;
	if (t >= j->this_year)
		j->o.this_year += f->total;
	if (t >= j->last_year && t < j->this_year)
		j->o.last_year += f->total;
	return 0;
}

static int count_delivery(struct overview_job *j, const struct order_facts *f)
{
	if (!facts_are_delivered(f))
		return 0;
	j->o.delivered++;
	j->o.on_time += f->delivered <= f->promised;
	return __builtin_add_overflow(j->delay, (int64_t)(f->delivered - f->promised), &j->delay) ? -EOVERFLOW : 0;
}

static int job_row(const struct order_facts *f, void *data)
{
	static const struct facts_filter all;
	struct overview_job *j = data;
	bool money = streq(f->currency, j->o.currency);
	const void *lines = f->lines;
	size_t left = f->lines_size;
	struct fact_line line;
	int r = 0;

	if (!f->local && streq(f->status, STATUS_CANCELLED))
		j->o.cancelled++;
	if (!facts_count(&all, f))
		return 0;
	j->o.orders++;
	j->o.other_currencies += !money;
	if (j->o.since == 0 || f->created < j->o.since)
		j->o.since = f->created;
	j->o.this_month_orders += f->created >= j->this_month && f->created < j->next_month;
	j->o.last_month_orders += f->created >= j->last_month && f->created < j->this_month;
	if (money)
		r = count_money(j, f);
	while (r >= 0 && order_facts_line(&lines, &left, &line))
		r = count_line(j, f, &line, money);
	if (r >= 0)
		r = count_place(j, f, money);
	return r < 0 ? r : count_delivery(j, f);
}

/* ---- the best of each ---- */

/* The name of today; of what is no longer sold that of its last order. */
static char *product_name(struct core *c, const struct bought *b)
{
	_cleanup_(product_done) struct product p = { 0 };
	_cleanup_(order_freep) struct order *o = NULL;
	_cleanup_json_ json_object *json = NULL;
	_cleanup_free_ char *body = NULL;

	if (catalog_get_product(c->catalog, b->product, &p) >= 0)
		return strdup(strempty(p.name));
	if (userdb_order_body(c->user, b->order, &body) >= 0 &&
	    json_parse(body, strlen(body), JSON_MAX_DEPTH, &json) >= 0 && customer_decode_order(json, &o) >= 0)
		for (size_t i = 0; i < o->n_lines; i++)
			if (o->lines[i].product == b->product)
				return strdup(strempty(o->lines[i].name));
	return strdup("");
}

static int by_quantity(const void *a, const void *b)
{
	const struct bought *x = *(const struct bought *const *)a, *y = *(const struct bought *const *)b;

	if (x->quantity != y->quantity)
		return x->quantity < y->quantity ? 1 : -1;
	if (x->amount != y->amount)
		return x->amount < y->amount ? 1 : -1;
	return (x->product > y->product) - (x->product < y->product);
}

static int pick_favourites(struct overview_job *j)
{
	_cleanup_free_ const struct bought **all = new0(const struct bought *, j->n_products + 1);
	size_t n = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < j->size_products; i++)
		if (j->products[i].used)
			all[n++] = &j->products[i];
	qsort(all, n, sizeof(*all), by_quantity);
	for (size_t i = 0; i < n && i < OVERVIEW_ROWS; i++) {
		char *name = product_name(j->core, all[i]);

		if (!name)
			return -ENOMEM;
		j->o.favourites[j->o.n_favourites++] = (struct overview_favourite){
			.product = all[i]->product,
			.name = name,
			.quantity = all[i]->quantity < UINT32_MAX ? (uint32_t)all[i]->quantity : UINT32_MAX,
			.amount = all[i]->amount,
		};
	}
	return 0;
}

static int by_orders(const void *a, const void *b)
{
	const struct at_place *x = a, *y = b;

	if (x->orders != y->orders)
		return x->orders < y->orders ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static int pick_places(struct overview_job *j)
{
	int r;

	if (j->n_places > 0)
		qsort(j->places, j->n_places, sizeof(*j->places), by_orders);
	for (size_t i = 0; i < j->n_places && i < OVERVIEW_ROWS && j->places[i].orders > 0; i++) {
		struct overview_place *p = &j->o.places[j->o.n_places];

		r = userdb_place_text(j->core->user, j->places[i].id, &p->text);
		if (r < 0)
			return r;
		p->orders = j->places[i].orders;
		p->amount = j->places[i].amount;
		j->o.n_places++;
	}
	return 0;
}

static int64_t change_of(const struct overview_price *p)
{
	return p->now > p->paid ? p->now - p->paid : p->paid - p->now;
}

/* Keeps the largest changes, the later bought first of equal ones. */
static int offer_price(struct overview_job *j, const struct bought *b, int64_t now)
{
	struct overview_price fresh = { .product = b->product, .bought = b->last, .paid = b->paid, .now = now }, *p;
	size_t i, n = j->o.n_prices;

	p = j->o.prices;
	for (i = 0; i < n; i++)
		if (change_of(&fresh) > change_of(&p[i]) ||
		    (change_of(&fresh) == change_of(&p[i]) &&
		     (fresh.bought > p[i].bought || (fresh.bought == p[i].bought && fresh.product < p[i].product))))
			break;
	if (i == OVERVIEW_ROWS)
		return 0;
	fresh.name = product_name(j->core, b);
	if (!fresh.name)
		return -ENOMEM;
	if (n == OVERVIEW_ROWS)
		free(p[--n].name);
	memmove(&p[i + 1], &p[i], (n - i) * sizeof(*p));
	p[i] = fresh;
	j->o.n_prices = n + 1;
	return 0;
}

/* 1: there is more. */
static int price_slice(struct overview_job *j)
{
	size_t end = j->at + SLICE_PRICES < j->size_products ? j->at + SLICE_PRICES : j->size_products;
	int64_t now;
	int r;

	for (; j->at < end; j->at++) {
		const struct bought *b = &j->products[j->at];

		if (!b->used || b->last == 0)
			continue;
		r = catalog_get_price(j->core->catalog, b->product, j->o.currency, &now);
		if (r == -ENOENT || (r >= 0 && now == b->paid))
			continue;
		if (r >= 0)
			r = offer_price(j, b, now);
		if (r < 0)
			return r;
	}
	return j->at < j->size_products;
}

/* ---- the answer ---- */

static void answer(struct overview_job *j, const struct failure *f)
{
	j->o.mean_delay = j->o.delivered > 0 ? (double)j->delay / j->o.delivered / (double)USEC_PER_MIN : NAN;
	j->done(f, &j->o, j->userdata);
	job_free(j);
}

static void prices_due(evutil_socket_t fd, short what, void *userdata)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct overview_job *j = userdata;
	int r;

	(void)fd, (void)what;
	r = session_require(j->core, /* reading= */ true, &f);
	if (r >= 0) {
		r = price_slice(j);
		if (r < 0)
			failure_from_store(&f, r, "The prices could not be compared");
	}
	if (r > 0)
		core_arm(j->timer, 0);
	else
		answer(j, r < 0 ? &f : NULL);
}

static void job_end(const struct failure *failure, void *data)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct overview_job *j = data;
	int r;

	if (failure) {
		answer(j, failure);
		return;
	}
	r = pick_favourites(j);
	if (r >= 0)
		r = pick_places(j);
	if (r >= 0) {
		open_call_begin(j->core, &j->call, job_free);
		j->waits = true;
		core_arm(j->timer, 0);
		return;
	}
	failure_from_store(&f, r, "The overview could not be made");
	answer(j, &f);
}

static const struct facts_scan_ops job_ops = {
	.begin = job_begin,
	.row = job_row,
	.end = job_end,
	.drop = job_free,
};

void statistics_overview(struct core *c, statistics_overview_cb done, void *userdata)
{
	struct overview_job *j = new0(struct overview_job, 1);

	if (!j)
		return;
	j->core = c;
	j->done = done;
	j->userdata = userdata;
	j->timer = evtimer_new(c->base, prices_due, j);
	if (j->timer)
		facts_scan_start(c, strempty(c->session.row.user), &job_ops, j);
	else
		job_free(j);
}
