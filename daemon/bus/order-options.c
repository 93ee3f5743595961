/* What Place, Quote, Rate and List take in their dictionaries. */
#include <inttypes.h>

#include "base/uuid.h"
#include "bus/bus-options.h"
#include "bus/bus-private.h"
#include "bus/order-options.h"

static int read_uid(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	const char *uid;
	char quoted[QUOTED_SIZE];
	int r;

	r = sd_bus_message_read_basic(m, 's', &uid);
	if (r < 0)
		return r;
	if (!uuid_is_valid(uid))
		return bus_error_invalid(e, "'uid' \"%s\" is not a UUID", bus_quote(quoted, uid));
	return free_and_strdup((char **)((char *)target + option->offset), uid);
}

static int read_payment(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	const char *payment;
	char quoted[QUOTED_SIZE];
	int r;

	r = sd_bus_message_read_basic(m, 's', &payment);
	if (r < 0)
		return r;
	if (!streq(payment, "cash") && !streq(payment, "pos") && !streq(payment, "qr") && !streq(payment, "card"))
		return bus_error_invalid(e, "'payment' \"%s\" is none of cash, pos, qr, card", bus_quote(quoted, payment));
	return free_and_strdup((char **)((char *)target + option->offset), payment);
}

static int read_amount(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	int64_t *amount = (int64_t *)((char *)target + option->offset);
	int r;

	r = sd_bus_message_read_basic(m, 'x', amount);
	if (r < 0)
		return r;
	if (*amount < 0)
		return bus_error_invalid(e, "'%s' %" PRIi64 " is negative", option->key, *amount);
	return 0;
}

/* The same product in two lines is one line with both quantities. */
static int add_item(struct place_options *o, uint64_t product, uint32_t quantity, sd_bus_error *e)
{
	struct order_item *item = NULL;

	for (size_t i = 0; i < o->n_items && !item; i++)
		if (o->items[i].product == product)
			item = &o->items[i];
	if (quantity < 1 || quantity > CART_MAX_QUANTITY || (item && item->quantity + quantity > CART_MAX_QUANTITY))
		return bus_error_invalid(e, "'items': the quantity of product %" PRIu64 " is not 1 to %d", product,
					 CART_MAX_QUANTITY);
	if (item) {
		item->quantity += quantity;
		return 0;
	}
	if (o->n_items >= CART_MAX_LINES)
		return bus_error_invalid(e, "'items' has more than %d products", CART_MAX_LINES);
	o->items[o->n_items++] = (struct order_item){ .product = product, .quantity = quantity };
	return 0;
}

static int read_items(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	struct place_options *o = target;
	uint64_t product;
	uint32_t quantity;
	int r;

	o->items = new0(struct order_item, CART_MAX_LINES);
	if (!o->items)
		return -ENOMEM;
	r = sd_bus_message_enter_container(m, 'a', "(tu)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "(tu)", &product, &quantity)) > 0) {
		r = add_item(o, product, quantity, e);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (o->n_items == 0)
		return bus_error_invalid(e, "'%s' is empty", option->key);
	return sd_bus_message_exit_container(m);
}

int order_options_read(sd_bus_message *m, struct place_options *o, sd_bus_error *e)
{
#define TEXT(key, member) { key, "s", bus_option_text, offsetof(struct place_options, member), 0 }
	static const struct bus_option table[] = {
		TEXT("address", address),
		TEXT("city", city),
		TEXT("phone", phone),
		TEXT("comment", comment),
		TEXT("recipient", recipient),
		{ "payment", "s", read_payment, offsetof(struct place_options, payment), 0 },
		{ "uid", "s", read_uid, offsetof(struct place_options, uid), 0 },
		{ "deliver-at", "t", bus_option_u64, offsetof(struct place_options, deliver_at), 0 },
		{ "items", "a(tu)", read_items, 0, BUS_OPTION_HAS(struct place_options, has_items) },
		{ "max-total", "x", read_amount, offsetof(struct place_options, max_total),
		  BUS_OPTION_HAS(struct place_options, has_max_total) },
		{ "over-limit", "b", bus_option_bool, offsetof(struct place_options, over_limit), 0 },
		{ "expected-total", "x", read_amount, offsetof(struct place_options, expected_total),
		  BUS_OPTION_HAS(struct place_options, has_expected_total) },
		{ "wait-usec", "t", bus_option_u64, offsetof(struct place_options, wait),
		  BUS_OPTION_HAS(struct place_options, has_wait) },
		{ 0 },
	};
#undef TEXT

	return bus_options_read(m, table, o, e);
}

static int read_photos(sd_bus_message *m, const struct bus_option *option, void *target, sd_bus_error *e)
{
	char quoted[QUOTED_SIZE], **photos;
	int r;

	r = bus_option_strv(m, option, target, e);
	if (r < 0)
		return r;
	photos = *(char ***)((char *)target + option->offset);
	if (strv_length(photos) > RATING_PHOTOS_MAX)
		return bus_error_invalid(e, "'photos' has more than %d entries", RATING_PHOTOS_MAX);
	for (char **p = photos; p && *p; p++) {
		if (!uuid_is_valid(*p))
			return bus_error_invalid(e, "'photos': \"%s\" is not the UUID of a file", bus_quote(quoted, *p));
		if (strv_contains(p + 1, *p))
			return bus_error_invalid(e, "'photos': \"%s\" stands there twice", *p);
	}
	return 0;
}

int rate_options_read(sd_bus_message *m, char ***ret_photos, sd_bus_error *e)
{
	static const struct bus_option table[] = {
		{ "photos", "as", read_photos, 0, 0 },
		{ 0 },
	};

	return bus_options_read(m, table, ret_photos, e);
}

int list_filter_read(sd_bus_message *m, struct list_filter *f, sd_bus_error *e)
{
	static const struct bus_option table[] = {
		{ "status", "as", bus_option_strv, offsetof(struct list_filter, statuses),
		  BUS_OPTION_HAS(struct list_filter, has_statuses) },
		{ "pending", "b", bus_option_bool, offsetof(struct list_filter, pending),
		  BUS_OPTION_HAS(struct list_filter, has_pending) },
		{ "since", "t", bus_option_u64, offsetof(struct list_filter, since), 0 },
		{ "until", "t", bus_option_u64, offsetof(struct list_filter, until), 0 },
		{ "text", "s", bus_option_text, offsetof(struct list_filter, text), 0 },
		{ "id", "s", bus_option_text, offsetof(struct list_filter, id), 0 },
		{ 0 },
	};
	int r;

	r = bus_options_read(m, table, f, e);
	if (r < 0)
		return r;
	if (f->has_statuses && !f->statuses)
		return bus_error_invalid(e, "'status' is empty");
	if (f->id && f->text)
		return bus_error_invalid(e, "'id' and 'text' exclude each other");
	return 0;
}

void list_filter_done(struct list_filter *f)
{
	strv_free(f->statuses);
	free(f->text);
	free(f->id);
}
