/*
 * RecommendationsGet: what a customer may like today, by what they order on this day of the week, by what they order
 * at all, by what others order along with it, and by what is popular. Each with its reason.
 */
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/order.h"

enum {
	LIMIT_DEFAULT = 10,
	LIMIT_MAX = 100,
	OWN_ORDERS = 500,  /* the newest that are looked at */
	ALL_ORDERS = 2000,
	HABIT_LEAST = 3,   /* as often is a habit */
	TOGETHER_LEAST = 5,
};

static const char *const weekdays[7] = { "Sundays", "Mondays", "Tuesdays", "Wednesdays",
					 "Thursdays", "Fridays", "Saturdays" };

struct candidate {
	int64_t id;
	char *name;
	double rating;
	bool sold;            /* can be had now */
	int64_t own, own_day; /* the customer's orders that have it; those of this day of the week */
	int64_t all, with;    /* of everybody; those that also have the customer's first favourite */
	double score;
	char *reason;
};

struct taste {
	struct candidate *list; /* by id */
	size_t n;
	unsigned weekday;       /* 0 = Sunday */
	int64_t own, own_day, all, with;
	const struct candidate *first; /* what the customer orders most; NULL: nothing yet */
};

static void taste_done(struct taste *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].reason);
	}
	free(t->list);
}

static void read_products(struct store *st, struct taste *t)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT id, name, rating, deleted = 0 AND ifnull(quantity, 1) > 0"
						 " FROM products ORDER BY id", "");

	while (store_step(q)) {
		t->list = xrealloc(t->list, (t->n + 1) * sizeof(*t->list));
		t->list[t->n++] = (struct candidate){
			.id = store_int(q, 0),
			.name = xstrdup(store_text(q, 1)),
			.rating = store_double(q, 2),
			.sold = store_int(q, 3),
		};
	}
}

static struct candidate *find(const struct taste *t, int64_t id)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n && t->list[low].id == id ? &t->list[low] : NULL;
}

/* The product of a line, if it is still known. */
static struct candidate *line_product(const struct taste *t, json_object *items, size_t i)
{
	json_object *product = json_member(json_object_array_get_idx(items, i), "product");

	return find(t, json_object_get_int64(json_member(product, "id")));
}

static void read_own(struct store *st, int64_t user, struct taste *t)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st,
						 "SELECT created, items FROM orders WHERE user = ? AND status <> 8"
						 " ORDER BY seq DESC LIMIT ?", "ii", user, (int64_t)OWN_ORDERS);

	while (store_step(q)) {
		json_object *items AUTO_JSON = json_tokener_parse(store_text(q, 1));
		unsigned month, day, weekday;
		int year;

		date_civil(store_int(q, 0), &year, &month, &day, &weekday);
		t->own++;
		t->own_day += weekday == t->weekday;
		for (size_t i = 0; i < json_object_array_length(items); i++) {
			struct candidate *p = line_product(t, items, i);

			if (!p)
				continue;
			p->own++;
			p->own_day += weekday == t->weekday;
			if (!t->first || p->own > t->first->own)
				t->first = p;
		}
	}
}

static void read_all(struct store *st, struct taste *t)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT items FROM orders WHERE status <> 8 ORDER BY id DESC LIMIT ?",
						 "i", (int64_t)ALL_ORDERS);

	while (store_step(q)) {
		json_object *items AUTO_JSON = json_tokener_parse(store_text(q, 0));
		bool with = false;

		for (size_t i = 0; i < json_object_array_length(items) && t->first; i++)
			with = with || line_product(t, items, i) == t->first;
		t->all++;
		t->with += with;
		for (size_t i = 0; i < json_object_array_length(items); i++) {
			struct candidate *p = line_product(t, items, i);

			if (!p)
				continue;
			p->all++;
			p->with += with;
		}
	}
}

static double share(int64_t n, int64_t of)
{
	return of > 0 ? (double)n / (double)of : 0;
}

/* The strongest reason there is, from the most to the least personal. */
static void judge(const struct taste *t, struct candidate *p)
{
	double today = share(p->own_day, t->own_day), other = share(p->own - p->own_day, t->own - t->own_day);
	double own = share(p->own, t->own), all = share(p->all, t->all), with = share(p->with, t->with);

	if (p->own_day >= HABIT_LEAST && today >= 0.3 && today > 1.5 * other) {
		p->score = 0.6 + 0.4 * today;
		p->reason = xprintf("You often order it on %s: %lld of %lld times", weekdays[t->weekday],
				    (long long)p->own_day, (long long)t->own_day);
	} else if (p->own >= HABIT_LEAST) {
		p->score = 0.3 + 0.3 * own;
		p->reason = xprintf("One of your favourites: ordered %lld times", (long long)p->own);
	} else if (t->first && p != t->first && p->with >= TOGETHER_LEAST && with > all) {
		p->score = 0.1 + 0.2 * with;
		p->reason = xprintf("Goes well with %s: %.0f %% take both", t->first->name, 100 * with);
	} else if (p->all > 0) {
		p->score = 0.01 + 0.09 * all;
		p->reason = xprintf("Popular: in %.0f %% of all orders", 100 * all < 1 ? 1 : 100 * all);
	} else {
		p->score = 0.01 * p->rating / 5;
		p->reason = xprintf("Rated %.1f of 5", p->rating);
	}
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->sold != y->sold)
		return y->sold - x->sold;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static int read_limit(struct call *c, int64_t *ret)
{
	const char *text = call_query(c, "limit");
	char *end;

	*ret = LIMIT_DEFAULT;
	if (!text)
		return 0;
	*ret = strtoll(text, &end, 10);
	if (end == text || *end || *ret < 1)
		return call_fail(c, 400, "invalid-limit", "The limit \"%.40s\" is not from 1 to %d", text, LIMIT_MAX);
	*ret = *ret < LIMIT_MAX ? *ret : LIMIT_MAX;
	return 0;
}

int predictive_recommendations(struct call *c)
{
	struct taste t AUTO(taste_done) = { 0 };
	unsigned month, day;
	int64_t limit;
	int year, r;

	r = read_limit(c, &limit);
	if (r < 0)
		return r;
	date_civil(clock_now(&c->sandbox->clock), &year, &month, &day, &t.weekday);
	read_products(c->sandbox->store, &t);
	read_own(c->sandbox->store, c->user.id, &t);
	read_all(c->sandbox->store, &t);
	for (size_t i = 0; i < t.n; i++)
		judge(&t, &t.list[i]);
	t.first = NULL; /* sorting moves it */
	qsort(t.list, t.n, sizeof(*t.list), compare);
	c->answer = json_object_new_array();
	for (size_t i = 0; i < t.n && t.list[i].sold && (int64_t)i < limit; i++) {
		AUTO_FREE char *score = xprintf("%.4f", t.list[i].score);
		json_object *o = json_object_new_object();

		json_add_int(o, "productId", t.list[i].id);
		json_object_object_add(o, "score", json_object_new_double_s(t.list[i].score, score));
		json_add_text(o, "reason", t.list[i].reason);
		json_object_array_add(c->answer, o);
	}
	return 0;
}
