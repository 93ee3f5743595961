/*
 * The history of a person who orders food: habits of the week, favourites, holidays, a move to another flat,
 * prices that rise, couriers that are late. The same seed makes the same history.
 */
#include <math.h>

#include "tests/sandbox/menu.h"
#include "tests/sandbox/order.h"
#include "tests/sandbox/pricing.h"
#include "tests/sandbox/seed.h"

enum {
	FAVOURITES = 3,
	CANCELLED_PERCENT = 4,
	RATED_PERCENT = 35,
	FAVOURITE_PERCENT = 55,
};

static const int64_t finished_after = 30 * USEC_PER_DAY;
static const int64_t longest_order = 3 * USEC_PER_HOUR;
static const double lateness_max = 90; /* minutes */

/* How much more is ordered on some days: Sunday first. */
static const double weekday_weight[7] = { 0.9, 0.4, 0.8, 0.6, 0.8, 2.4, 1.6 };

static const struct {
	const char *city, *address, *comment;
} homes[2] = {
	{ "Berlin", "Kastanienallee 27", "Third floor, the bell says Winter" },
	{ "Munich", "Lindwurmstraße 118", "Please ring twice, the bell is shy" },
};

static const char *const praises[] = { "Hot and on time, thank you!", "As good as ever",
				       "The courier was lovely", NULL, NULL };
static const char *const complaints[] = { "Cold by the time it came", "Very late",
					  "Nobody could say where it was", NULL };

struct seeding {
	struct sandbox *sandbox;
	const struct history *history;
	uint64_t rng;
	size_t favourites[FAVOURITES]; /* of menu_products */
	size_t drink, dessert;
	int64_t move;                  /* when the person moves */
	double *weights;               /* of each day, added up */
	size_t n_days;
};

static uint64_t rng_of(const struct history *h)
{
	AUTO_FREE char *text = xprintf("%s %lld", h->login, (long long)h->seed);

	return rng_seed_from(text);
}

void seed_first_uid(const struct history *h, char out[UUID_SIZE])
{
	uint64_t rng = rng_of(h);

	uuid_from(&rng, out);
}

static size_t product_of(struct seeding *g, int first_category, int last_category)
{
	size_t i;

	do
		i = rng_below(&g->rng, (unsigned)menu_n_products);
	while (menu_products[i].category < first_category || menu_products[i].category > last_category ||
	       menu_products[i].quantity > 0);
	return i;
}

static void choose_favourites(struct seeding *g)
{
	for (size_t i = 0; i < FAVOURITES; i++) {
		bool again;

		do {
			again = false;
			g->favourites[i] = product_of(g, 1, 5);
			for (size_t k = 0; k < i; k++)
				again = again || g->favourites[k] == g->favourites[i];
		} while (again);
	}
	g->drink = product_of(g, 8, 8);
	g->dessert = product_of(g, 7, 7);
}

/* Summer holidays of three weeks and the days around New Year; in a short history one gap in its middle. */
static bool is_away(const struct seeding *g, int64_t day)
{
	const struct history *h = g->history;
	int64_t span = h->to - h->from, middle = h->from + span / 2;
	unsigned month, mday, weekday;
	int year;

	if (span < 200 * USEC_PER_DAY)
		return llabs(day - middle) < span / 16;
	date_civil(day, &year, &month, &mday, &weekday);
	if (month == 8)
		return mday >= 2 && mday <= 23;
	return (month == 12 && mday >= 24) || (month == 1 && mday <= 2);
}

static void weigh_days(struct seeding *g)
{
	const struct history *h = g->history;
	int64_t first = h->from - h->from % USEC_PER_DAY;
	double sum = 0;

	g->n_days = (size_t)((h->to - longest_order - first) / USEC_PER_DAY + 1);
	g->weights = xcalloc(g->n_days, sizeof(double));
	for (size_t i = 0; i < g->n_days; i++) {
		int64_t day = first + (int64_t)i * USEC_PER_DAY;
		double habit = 0.6 + 0.8 * (double)i / (double)g->n_days; /* it grows on people */
		unsigned month, mday, weekday;
		int year;

		date_civil(day, &year, &month, &mday, &weekday);
		if (!is_away(g, day))
			sum += habit * weekday_weight[weekday] * (month <= 2 || month >= 11 ? 1.3 : 1);
		g->weights[i] = sum;
	}
}

/* Lunch on Tuesdays, else mostly dinner. */
static int64_t pick_moment(struct seeding *g)
{
	const struct history *h = g->history;
	int64_t first = h->from - h->from % USEC_PER_DAY, moment;
	unsigned month, mday, weekday, minutes;
	int year;

	do {
		double want = rng_unit(&g->rng) * g->weights[g->n_days - 1];
		size_t low = 0, high = g->n_days - 1;

		while (low < high) {
			size_t middle = (low + high) / 2;

			if (g->weights[middle] <= want)
				low = middle + 1;
			else
				high = middle;
		}
		moment = first + (int64_t)low * USEC_PER_DAY;
		date_civil(moment, &year, &month, &mday, &weekday);
		minutes = weekday == 2 || rng_below(&g->rng, 5) == 0 ? 11 * 60 + 30 : 17 * 60 + 30;
		minutes += rng_below(&g->rng, 75) + rng_below(&g->rng, 75);
		moment += minutes * USEC_PER_MINUTE + rng_below(&g->rng, 60 * 1000000);
	} while (moment < h->from || moment > h->to - longest_order);
	return moment;
}

/* Prices rise in January and July, each product's at its own pace of 1 to 4 percent; as now at the end. */
static int64_t price_at(const struct seeding *g, size_t product, int64_t date)
{
	unsigned month, mday, weekday, last_month;
	double rise = 0.01 + 0.03 * (double)(product * 7 % 10) / 9;
	int year, last_year, steps;
	int64_t price;

	date_civil(date, &year, &month, &mday, &weekday);
	date_civil(g->history->to, &last_year, &last_month, &mday, &weekday);
	steps = (last_year - year) * 2 + (last_month > 6) - (month > 6);
	price = (int64_t)((double)menu_products[product].price / pow(1 + rise, steps) + 0.5);
	return steps ? price - price % 10 : price;
}

static void add_line(struct seeding *g, struct basket *b, size_t product, int64_t count, int64_t date)
{
	for (size_t i = 0; i < b->n_lines; i++)
		if (b->lines[i].product == menu_products[product].id) {
			b->lines[i].count += count;
			return;
		}
	b->lines[b->n_lines++] = (struct line){
		.product = menu_products[product].id, .count = count, .price = price_at(g, product, date),
		.name = xstrdup(menu_products[product].name),
	};
}

static void fill_basket(struct seeding *g, struct basket *b, int64_t date)
{
	unsigned month, mday, weekday;
	bool weekend;
	int year;

	date_civil(date, &year, &month, &mday, &weekday);
	weekend = weekday == 5 || weekday == 6;
	if (rng_below(&g->rng, 100) < FAVOURITE_PERCENT) /* the first favourite above all */
		add_line(g, b, g->favourites[rng_below(&g->rng, 2) * (1 + rng_below(&g->rng, FAVOURITES - 1))],
			 1 + (weekend && rng_below(&g->rng, 2)), date);
	else
		add_line(g, b, product_of(g, 1, 6), 1, date);
	if (weekend || rng_below(&g->rng, 4) == 0)
		add_line(g, b, product_of(g, 1, 5), 1, date);
	if (rng_below(&g->rng, 3) == 0)
		add_line(g, b, rng_below(&g->rng, 3) ? g->drink : product_of(g, 8, 8), 1 + weekend, date);
	if (rng_below(&g->rng, weekend ? 3 : 8) == 0)
		add_line(g, b, g->dessert, 1, date);
	for (size_t i = 0; i < g->history->n_habits; i++)
		if (g->history->habits[i].weekday == weekday && rng_below(&g->rng, 5) > 0)
			add_line(g, b, (size_t)g->history->habits[i].product - 1, 1, date);
	if (rng_below(&g->rng, 12) == 0)
		b->lines[0].note = xstrdup("Extra napkins, please");
	pricing_add_fees(b);
}

/* Cash in the beginning, by card and QR code more and more. */
static enum payment_type pick_payment(struct seeding *g, int64_t date)
{
	double age = (double)(date - g->history->from) / (double)(g->history->to - g->history->from);
	double x = rng_unit(&g->rng);

	if (x < 0.15)
		return PAY_POS;
	if (x < 0.30)
		return PAY_QR;
	return x < 0.80 - 0.45 * age ? PAY_CASH : PAY_CARD;
}

/*
 * Minutes after what was promised, by a skewed law: most are about on time, some very late, more of them on the busy
 * evenings, and more and more where the service is to get worse.
 */
static int64_t pick_lateness(struct seeding *g, int64_t date)
{
	const struct history *h = g->history;
	double size = sqrt(-2 * log(1 - rng_unit(&g->rng))), angle = 2 * M_PI * rng_unit(&g->rng);
	double age = (double)(date - h->from) / (double)(h->to - h->from), late;
	unsigned month, mday, weekday;
	bool busy;
	int year;

	date_civil(date, &year, &month, &mday, &weekday);
	busy = (weekday == 5 || weekday == 6) && date % USEC_PER_DAY >= 17 * USEC_PER_HOUR;
	late = exp((busy ? 2.4 : 2.2) + 0.7 * size * cos(angle)) - 8 + (double)h->drift * age;
	return (int64_t)floor(late < lateness_max ? late : lateness_max);
}

static void add_payment(struct seeding *g, struct order *o, bool paid)
{
	json_object *p;
	char uid[UUID_SIZE];

	if (o->payment_type == PAY_CASH || o->payment_type == PAY_POS)
		return;
	p = json_object_new_object();
	uuid_from(&g->rng, uid);
	json_add_text(p, "uid", uid);
	json_add_text(p, "deliveryOrderUid", o->uid);
	json_add_money(p, "amount", o->total_price);
	json_add_text(p, "currency", CURRENCY);
	json_add_text(p, "paymentType", payment_type_name(o->payment_type));
	json_add_text(p, "paymentMethod", payment_method_name(o->payment_type));
	json_add_text(p, "status", paid ? "Confirmed" : "Cancelled");
	json_add_text(p, "cardNumber", o->payment_type == PAY_CARD ? "**** 4242" : NULL);
	json_add_text(p, "qrPayload", NULL);
	json_add_date(p, "date", o->created + USEC_PER_MINUTE);
	json_add_date(p, "validUntil", o->created + 15 * USEC_PER_MINUTE);
	json_add_text(p, "failureReason", NULL);
	json_object_array_add(o->payments, p);
}

static void rate(struct seeding *g, struct order *o, int64_t late)
{
	if (rng_below(&g->rng, 100) >= RATED_PERCENT)
		return;
	o->rating = late > 25 ? 1 + rng_below(&g->rng, 2) : late > 10 ? 3 + rng_below(&g->rng, 2)
								      : 4 + (rng_below(&g->rng, 4) > 0);
	o->rating_comment = xstrdup(o->rating > 3 ? praises[rng_below(&g->rng, COUNT_OF(praises))]
						  : complaints[rng_below(&g->rng, COUNT_OF(complaints))]);
	o->rating_date = o->end_actual + (2 + rng_below(&g->rng, 60)) * USEC_PER_MINUTE;
}

static int64_t minutes(struct seeding *g, unsigned from, unsigned to)
{
	return (from + rng_below(&g->rng, to - from + 1)) * USEC_PER_MINUTE +
	       rng_below(&g->rng, 60) * USEC_PER_SEC;
}

static void live(struct seeding *g, struct order *o)
{
	int64_t late = pick_lateness(g, o->created), now = clock_now(&g->sandbox->clock), cook, deliver;
	double km = place_distance_km(o->from, o->to);

	o->start_expected = o->created + USEC_PER_MINUTE;
	o->start_actual = o->created + minutes(g, 0, 2);
	cook = o->start_actual + minutes(g, 2, 4);
	o->cooking_expected = o->created + 15 * USEC_PER_MINUTE;
	o->cooking_actual = cook + minutes(g, 8, 12) + (late > 0 ? late * USEC_PER_MINUTE / 2 : 0);
	deliver = o->cooking_actual + minutes(g, 1, 2);
	o->end_expected = o->created + 25 * USEC_PER_MINUTE + (int64_t)(km * 3 * (double)USEC_PER_MINUTE);
	o->end_actual = o->end_expected + late * USEC_PER_MINUTE + rng_below(&g->rng, 60) * USEC_PER_SEC;
	if (o->end_actual < deliver + 2 * USEC_PER_MINUTE)
		o->end_actual = deliver + 2 * USEC_PER_MINUTE;
	order_set_status(o, STATUS_PROCESSING, o->start_actual);
	order_set_status(o, STATUS_COOKING, cook);
	order_set_status(o, STATUS_READY, o->cooking_actual);
	order_set_status(o, STATUS_IN_DELIVERY, deliver);
	order_set_status(o, STATUS_DELIVERED, o->end_actual);
	o->courier = (int)rng_below(&g->rng, 6);
	o->courier_at = o->to;
	o->courier_date = o->changed = o->end_actual;
	rate(g, o, late);
	if (o->end_actual + finished_after < now) {
		order_set_status(o, STATUS_FINISHED, o->end_actual + finished_after);
		o->changed = o->end_actual + finished_after;
	} else if (o->rating && o->rating_date <= now)
		o->changed = o->rating_date;
	else if (o->rating)
		o->rating = 0;
}

static void cancel(struct seeding *g, struct order *o)
{
	int64_t date = o->created + minutes(g, 0, 2);

	o->start_expected = o->created + USEC_PER_MINUTE;
	o->end_expected = o->created + 40 * USEC_PER_MINUTE;
	order_set_status(o, STATUS_CANCELLED, date);
	o->changed = date;
}

static void make_order(struct seeding *g, int64_t date, const char *uid)
{
	struct order o AUTO(order_done) = { .user = g->history->user, .courier = -1, .seeded = true };
	struct basket b AUTO(basket_done) = { 0 };
	bool cancelled = rng_below(&g->rng, 100) < CANCELLED_PERCENT;
	size_t home = date >= g->move;

	snprintf(o.uid, sizeof(o.uid), "%s", uid);
	o.created = date;
	o.payment_type = pick_payment(g, date);
	fill_basket(g, &b, date);
	o.items = basket_lines_to_json(&b);
	o.products_price = b.products_price;
	o.delivery_price = b.delivery_price;
	o.additional_price = b.additional_price;
	o.tax_price = b.tax_price;
	o.total_price = b.total_price;
	o.payments = json_object_new_array();
	o.timeline = json_object_new_array();
	o.city = xstrdup(homes[home].city);
	o.address = xstrdup(homes[home].address);
	o.comment = rng_below(&g->rng, 6) == 0 ? xstrdup(homes[home].comment) : NULL;
	o.phone = NULL;
	o.origin = place_kitchen_address(o.city);
	o.from = place_of_kitchen(o.city);
	o.to = place_of_address(o.city, o.address);
	snprintf(o.code, sizeof(o.code), "%04u", rng_below(&g->rng, 10000));
	order_set_status(&o, STATUS_REQUESTED, date);
	add_payment(g, &o, !cancelled);
	if (o.payment_type == PAY_QR || o.payment_type == PAY_CARD)
		order_set_status(&o, STATUS_AWAITING_PAYMENT, date);
	if (cancelled)
		cancel(g, &o);
	else
		live(g, &o);
	o.seq = store_next_change(g->sandbox->store);
	order_insert(g->sandbox->store, &o);
}

static int compare_moments(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Listings go by the order of changes, which is not that of the orders: gives the numbers of changes anew. */
static void number_changes(struct seeding *g, int64_t first)
{
	store_run(
		g->sandbox->store,
		"UPDATE orders SET seq = ?1 + n.i FROM (SELECT id,"
		" row_number() OVER (ORDER BY changed,"
		" id) - 1 AS i FROM orders WHERE user = ?2 AND seq >= ?1) AS n"
		" WHERE orders.id = n.id",
		"ii", first, g->history->user);
}

void seed_make(struct sandbox *s, const struct history *h)
{
	struct seeding g = { .sandbox = s, .history = h, .rng = rng_of(h) };
	AUTO_FREE int64_t *moments = xcalloc((size_t)h->orders, sizeof(*moments));
	int64_t first = store_last_change(s->store) + 1;
	char uid[UUID_SIZE];

	uuid_from(&g.rng, uid);
	choose_favourites(&g);
	g.move = h->from + (int64_t)((double)(h->to - h->from) * (0.55 + 0.1 * rng_unit(&g.rng)));
	weigh_days(&g);
	for (int64_t i = 0; i < h->orders; i++)
		moments[i] = pick_moment(&g);
	qsort(moments, (size_t)h->orders, sizeof(*moments), compare_moments);
	for (int64_t i = 0; i < h->orders; i++) {
		make_order(&g, moments[i], uid);
		uuid_from(&g.rng, uid);
	}
	number_changes(&g, first);
	free(g.weights);
}
