/* An order as Orders.Get gives it. */
#include "notifier/view.h"

#include <math.h>

#include "clients/common/distance.h"

#define ITEMS_SHOWN 3

static char *lookup(GVariant *order, const char *key)
{
	const char *text;

	return g_variant_lookup(order, key, "&s", &text) ? strdup(text) : NULL;
}

/* "2 × Pad thai, Green curry and 3 more", or NULL. */
static char *describe_items(GVariant *order)
{
	g_autoptr(GVariant) lines = g_variant_lookup_value(order, "products", G_VARIANT_TYPE("a(tsuxs)"));
	size_t n = lines ? g_variant_n_children(lines) : 0;
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t i = 0; i < n && i < ITEMS_SHOWN; i++) {
		const char *name;
		uint32_t quantity;

		g_variant_get_child(lines, i, "(t&sux&s)", NULL, &name, &quantity, NULL, NULL);
		if (i > 0)
			g_string_append(text, ", ");
		if (quantity > 1)
			g_string_append_printf(text, "%u × ", quantity);
		g_string_append(text, name);
	}
	if (n > ITEMS_SHOWN)
		g_string_append_printf(text, " and %zu more", n - ITEMS_SHOWN);
	return text->len > 0 ? strdup(text->str) : NULL;
}

static bool is_paid(const char *status)
{
	return streq_ptr(status, "processed") || streq_ptr(status, "confirmed") || streq_ptr(status, "finished");
}

/* Whether one of them was made, and what the newest says. */
static void read_payments(GVariant *order, struct view *v)
{
	g_autoptr(GVariant) payments = g_variant_lookup_value(order, "payments", G_VARIANT_TYPE("aa{sv}"));
	size_t n = payments ? g_variant_n_children(payments) : 0;
	g_autoptr(GVariant) newest = NULL;
	uint64_t newest_date = 0;

	for (size_t i = 0; i < n; i++) {
		g_autoptr(GVariant) payment = g_variant_get_child_value(payments, i);
		const char *status = NULL;
		uint64_t date = 0;

		(void)g_variant_lookup(payment, "status", "&s", &status);
		(void)g_variant_lookup(payment, "date", "t", &date);
		v->paid = v->paid || is_paid(status);
		if (newest && date < newest_date)
			continue;
		newest_date = date;
		g_clear_pointer(&newest, g_variant_unref);
		newest = g_steal_pointer(&payment);
	}
	if (!newest)
		return;
	v->payment_uid = lookup(newest, "uid");
	v->payment_status = lookup(newest, "status");
	v->payment_reason = lookup(newest, "failure-reason");
	(void)g_variant_lookup(newest, "valid-until", "t", &v->pay_until);
}

static void read_estimate(GVariant *order, struct view *v)
{
	g_autoptr(GVariant) e = g_variant_lookup_value(order, "estimate", G_VARIANT_TYPE("a{sv}"));

	if (!e)
		return;
	(void)g_variant_lookup(e, "delivery", "t", &v->estimated);
	(void)g_variant_lookup(e, "earliest", "t", &v->earliest);
	(void)g_variant_lookup(e, "latest", "t", &v->latest);
	(void)g_variant_lookup(e, "asked", "t", &v->asked);
	(void)g_variant_lookup(e, "bound", "t", &v->bound);
}

static double courier_metres(GVariant *order, GVariant *courier)
{
	double from[2], to[2];

	if (!courier || !g_variant_lookup(courier, "latitude", "d", &from[0]) ||
	    !g_variant_lookup(courier, "longitude", "d", &from[1]) ||
	    !g_variant_lookup(order, "destination-latitude", "d", &to[0]) ||
	    !g_variant_lookup(order, "destination-longitude", "d", &to[1]))
		return (double)NAN;
	return distance_metres(from[0], from[1], to[0], to[1]);
}

/* When the timeline says that the order was delivered, 0 = it does not. */
static uint64_t delivered_at(GVariant *order)
{
	g_autoptr(GVariant) timeline = g_variant_lookup_value(order, "timeline", G_VARIANT_TYPE("a(st)"));
	size_t n = timeline ? g_variant_n_children(timeline) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *status;
		uint64_t when;

		g_variant_get_child(timeline, i, "(&st)", &status, &when);
		if (streq(status, "delivered"))
			return when;
	}
	return 0;
}

int view_from_order(GVariant *order, uint64_t now, struct view *ret)
{
	_cleanup_view_ struct view v = {};
	g_autoptr(GVariant) courier = g_variant_lookup_value(order, "courier", G_VARIANT_TYPE("a{sv}"));
	const char *currency;
	gboolean cancellable = FALSE;
	uint64_t age;

	v.uid = lookup(order, "uid");
	v.status = lookup(order, "status");
	if (!v.uid || isempty(v.status))
		return -EBADMSG;
	v.number = lookup(order, "number");
	v.payment_type = lookup(order, "payment-type");
	v.failure_reason = lookup(order, "failure-reason");
	v.courier = courier ? lookup(courier, "name") : NULL;
	v.items = describe_items(order);
	if (g_variant_lookup(order, "currency", "&s", &currency) && strlen(currency) == CURRENCY_SIZE - 1)
		memcpy(v.currency, currency, CURRENCY_SIZE);
	if (*v.currency)
		(void)g_variant_lookup(order, "total-price", "x", &v.total);
	(void)g_variant_lookup(order, "cancellable", "b", &cancellable);
	v.cancellable = cancellable;
	read_payments(order, &v);
	v.courier_metres = courier_metres(order, courier);
	(void)g_variant_lookup(order, "hold-until", "t", &v.hold_until);
	(void)g_variant_lookup(order, "rating", "u", &v.rating);
	(void)g_variant_lookup(order, "end-expected", "t", &v.expected);
	read_estimate(order, &v);
	if (!g_variant_lookup(order, "end-actual", "t", &v.ended) || v.ended == 0)
		v.ended = delivered_at(order);
	(void)g_variant_lookup(order, "changed", "t", &v.changed);
	if (g_variant_lookup(order, "age", "t", &age) && age <= now)
		v.confirmed = now - age;
	*ret = v;
	v = (struct view){};
	return 0;
}
