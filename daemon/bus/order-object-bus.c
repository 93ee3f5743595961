/* Interface Order: one object per pending order. Keeps what was last told of each, so that PropertiesChanged names
 * just what differs. */
#include <math.h>

#include "base/log.h"
#include "bus/bus-private.h"

struct value {
	char type;
	union {
		const char *s; /* of an order_object: owned */
		uint64_t t;
		int64_t x;
		uint32_t u;
		int b;
		double d;
	};
};

/* Name, type, expression of a view v and its order o. The vtable, the getter and the comparison come from here. */
#define ORDER_PROPERTIES(X) \
	X(Uid, s, o->uid) \
	X(Number, s, o->number) \
	X(Status, s, o->status) \
	X(Total, x, o->total_price) \
	X(Currency, s, o->currency) \
	X(PaymentType, s, o->payment_type) \
	X(PaymentStatus, s, v->payment_status) \
	X(AmountDue, x, v->amount_due) \
	X(Cancellable, b, v->cancellable) \
	X(HoldUntilTimestamp, t, v->hold_until) \
	X(ExpectedTimestamp, t, o->end_expected) \
	X(LatestTimestamp, t, v->latest) \
	X(CookingExpectedTimestamp, t, o->cooking_expected) \
	X(Destination, s, o->destination) \
	X(DestinationLatitude, d, o->destination_latitude) \
	X(DestinationLongitude, d, o->destination_longitude) \
	X(CourierName, s, o->has_courier ? o->courier.name : NULL) \
	X(CourierPhone, s, o->has_courier ? o->courier.phone : NULL) \
	X(CourierLatitude, d, has_fix(o) ? o->courier.latitude : (double)NAN) \
	X(CourierLongitude, d, has_fix(o) ? o->courier.longitude : (double)NAN) \
	X(CourierTimestamp, t, has_fix(o) ? o->courier.when : 0) \
	X(Progress, u, v->progress) \
	X(FailureReason, s, v->failure_reason)

enum property {
#define X(name, type, expression) PROPERTY_##name,
	ORDER_PROPERTIES(X)
#undef X
	_PROPERTY_MAX
};

static const char *const property_names[] = {
#define X(name, type, expression) #name,
	ORDER_PROPERTIES(X)
#undef X
};

struct order_object {
	struct order_object *next;
	char *path;
	struct value told[_PROPERTY_MAX];
	struct order_estimate told_estimate;
};

static bool has_fix(const struct order *o)
{
	return o->has_courier && o->courier.when != 0;
}

static struct value view_value(const struct order_view *v, enum property p)
{
	const struct order *o = v->order;

	switch (p) {
#define X(name, letter, expression) \
	case PROPERTY_##name: \
		return (struct value){ .type = #letter[0], .letter = (expression) };
	ORDER_PROPERTIES(X)
#undef X
	case _PROPERTY_MAX:
		break;
	}
	return (struct value){ .type = 's' };
}

static bool value_equal(const struct value *a, const struct value *b)
{
	switch (a->type) {
	case 's':
		return streq(strempty(a->s), strempty(b->s));
	case 'd':
		return a->d == b->d || (isnan(a->d) && isnan(b->d));
	case 'b':
		return a->b == b->b;
	case 'u':
		return a->u == b->u;
	default:
		return a->t == b->t;
	}
}

static int value_copy(struct value *to, const struct value *from)
{
	char *text = NULL;

	if (from->type == 's') {
		text = strdup(strempty(from->s));
		if (!text)
			return -ENOMEM;
	}
	if (to->type == 's')
		free((char *)to->s);
	*to = *from;
	if (text)
		to->s = text;
	return 0;
}

static void object_free(struct order_object *o)
{
	for (size_t i = 0; i < _PROPERTY_MAX; i++)
		if (o->told[i].type == 's')
			free((char *)o->told[i].s);
	free(o->path);
	free(o);
}

void order_objects_free(struct bus *b)
{
	while (b->orders) {
		struct order_object *o = b->orders;

		b->orders = o->next;
		object_free(o);
	}
}

static struct order_object **find_told(struct bus *b, const char *path)
{
	struct order_object **o = &b->orders;

	while (*o && !streq((*o)->path, path))
		o = &(*o)->next;
	return o;
}

static bool estimate_equal(const struct order_estimate *a, const struct order_estimate *b)
{
	return a->cooking == b->cooking && a->delivery == b->delivery && a->earliest == b->earliest &&
	       a->latest == b->latest && a->confidence == b->confidence && a->asked == b->asked &&
	       a->bound == b->bound && a->bound_orders == b->bound_orders;
}

#define NAMES_MAX (_PROPERTY_MAX + 2) /* the estimate, and NULL */

/* Takes over what differs; returns how many names were put into ret_names (with NULL behind them). */
static int take_over(struct order_object *o, const struct order_view *v, const char *ret_names[static NAMES_MAX])
{
	int n = 0, r;

	for (size_t i = 0; i < _PROPERTY_MAX; i++) {
		struct value now = view_value(v, (enum property)i);

		if (o->told[i].type && value_equal(&o->told[i], &now))
			continue;
		r = value_copy(&o->told[i], &now);
		if (r < 0)
			return r;
		ret_names[n++] = property_names[i];
	}
	if (!estimate_equal(&o->told_estimate, &v->estimate)) {
		o->told_estimate = v->estimate;
		ret_names[n++] = "Estimate";
	}
	ret_names[n] = NULL;
	return n;
}

static int add(struct bus *b, const struct order_view *v)
{
	const char *names[NAMES_MAX];
	struct order_object *o;
	char *path;
	int r;

	r = sd_bus_path_encode(CC_ORDER_PREFIX, v->order->uid, &path);
	if (r < 0)
		return r;
	if (*find_told(b, path)) {
		free(path);
		return -EEXIST;
	}
	o = new0(struct order_object, 1);
	if (!o) {
		free(path);
		return -ENOMEM;
	}
	o->path = path;
	o->next = b->orders;
	b->orders = o;
	r = take_over(o, v, names);
	return r < 0 ? r : sd_bus_emit_object_added(b->bus, o->path);
}

static int update(struct bus *b, const struct order_view *v)
{
	_cleanup_free_ char *path = NULL;
	const char *names[NAMES_MAX];
	struct order_object *o;
	int r;

	r = sd_bus_path_encode(CC_ORDER_PREFIX, v->order->uid, &path);
	if (r < 0)
		return r;
	o = *find_told(b, path);
	if (!o)
		return -ENOENT;
	r = take_over(o, v, names);
	if (r <= 0)
		return r;
	return sd_bus_emit_properties_changed_strv(b->bus, o->path, CC_IFACE_ORDER, (char **)names);
}

static int remove_object(struct bus *b, const struct order_view *v)
{
	_cleanup_free_ char *path = NULL;
	struct order_object **place, *o;
	int r;

	r = sd_bus_path_encode(CC_ORDER_PREFIX, v->order->uid, &path);
	if (r < 0)
		return r;
	place = find_told(b, path);
	o = *place;
	if (!o)
		return -ENOENT;
	r = sd_bus_emit_object_removed(b->bus, path);
	*place = o->next;
	object_free(o);
	return r;
}

static void report(const char *what, int r)
{
	if (r < 0 && !bus_is_gone(r))
		log_warning("The object of an order could not be %s: %s", what, strerror(-r));
}

void order_object_added(const struct order_view *v, void *bus)
{
	report("added", add(bus, v));
}

void order_object_updated(const struct order_view *v, void *bus)
{
	report("updated", update(bus, v));
}

/* The last status first, then the end of the object: who follows only the object sees how it came out. */
void order_object_removed(const struct order_view *v, void *bus)
{
	struct bus *b = bus;

	b->leaving = v;
	report("updated", update(b, v));
	report("removed", remove_object(b, v));
	b->leaving = NULL;
}

static const struct order_view *find_view(struct bus *b, const char *uid)
{
	if (b->leaving && streq(b->leaving->order->uid, uid))
		return b->leaving;
	return order_pending_find(b->core, uid);
}

static int find_object(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
		       sd_bus_error *e)
{
	_cleanup_free_ char *uid = NULL;
	const struct order_view *v;
	int r;

	(void)bus;
	(void)interface;
	(void)e;
	r = sd_bus_path_decode(path, CC_ORDER_PREFIX, &uid);
	if (r <= 0)
		return r;
	v = find_view(userdata, uid);
	if (!v)
		return 0;
	*ret_found = (void *)v;
	return 1;
}

static int property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	const struct order_view *v = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)e;
	for (size_t i = 0; i < _PROPERTY_MAX; i++) {
		struct value now;

		if (!streq(property_names[i], property))
			continue;
		now = view_value(v, (enum property)i);
		if (now.type == 's')
			return bus_append_text(reply, now.s);
		return sd_bus_message_append_basic(reply, now.type, &now.t);
	}
	return -ENXIO;
}

static int property_get_estimate(sd_bus *bus, const char *path, const char *interface, const char *property,
				 sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	const struct order_view *v = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)e;
	return bus_append_estimate(reply, &v->estimate);
}

static int order_method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const struct order_view *v = userdata;
	/* What find_object() found is the view; the bus is the vtable's own userdata. */
	struct bus *b = sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));
	const char *reason;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &reason)) < 0 ||
	    (r = bus_check_texts(e, "reason", reason, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	order_cancel(b->core, v->order->uid, reason, bus_op_done, op);
	return 1;
}

static const sd_bus_vtable order_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("s", reason), SD_BUS_NO_RESULT, order_method_cancel,
				SD_BUS_VTABLE_UNPRIVILEGED),
#define X(name, type, expression) \
	SD_BUS_PROPERTY(#name, #type, property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	ORDER_PROPERTIES(X)
#undef X
	SD_BUS_PROPERTY("Estimate", "a{sv}", property_get_estimate, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

static void push_path(const struct order_view *v, void *userdata)
{
	char ***paths = userdata;
	_cleanup_free_ char *path = NULL;

	if (sd_bus_path_encode(CC_ORDER_PREFIX, v->order->uid, &path) >= 0)
		(void)strv_push(paths, path);
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *e)
{
	struct bus *b = userdata;
	char **paths = NULL;

	(void)bus;
	(void)prefix;
	(void)e;
	order_pending_each(b->core, push_path, &paths);
	*ret_nodes = paths;
	return 0;
}

static void remember(const struct order_view *v, void *bus)
{
	const int r = add(bus, v);

	if (r < 0 && r != -EEXIST)
		report("added", r);
}

int order_objects_register(struct bus *b)
{
	int r;

	r = sd_bus_add_fallback_vtable(b->bus, NULL, CC_ORDER_PREFIX, CC_IFACE_ORDER, order_vtable, find_object, b);
	if (r < 0)
		return r;
	r = sd_bus_add_node_enumerator(b->bus, NULL, CC_ORDER_PREFIX, enumerate, b);
	if (r < 0)
		return r;
	/* Orders that were pending before we looked. */
	order_pending_each(b->core, remember, b);
	return 0;
}
