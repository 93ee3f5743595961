/* Interface Cart. */
#include "bus/bus-private.h"

static int append_line(const struct cart_line *l, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "tsuxxs")) < 0 ||
	    (r = bus_append_u64(m, l->product)) < 0 ||
	    (r = bus_append_text(m, l->name)) < 0 ||
	    (r = bus_append_u32(m, l->quantity)) < 0 ||
	    (r = bus_append_i64(m, l->unit_price)) < 0 ||
	    (r = bus_append_i64(m, l->line_total)) < 0 ||
	    (r = bus_append_text(m, l->note)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int cart_method_get(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	char currency[CURRENCY_SIZE] = "";
	struct bus *b = userdata;
	int64_t total = 0;
	int r;

	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_CART_LINE)) < 0)
		return r;
	if (cart_each(b->core, append_line, reply, &total, currency, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_close_container(reply)) < 0 ||
	    (r = bus_append_i64(reply, total)) < 0 ||
	    (r = bus_append_text(reply, currency)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int cart_method_add(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	uint32_t quantity, now;
	uint64_t product;
	int r;

	r = sd_bus_message_read(m, "tu", &product, &quantity);
	if (r < 0)
		return r;
	if (quantity < 1 || quantity > CART_MAX_QUANTITY)
		return bus_error_invalid(e, "'quantity' %u is not 1 to %d", quantity, CART_MAX_QUANTITY);
	if (cart_add(b->core, product, quantity, &now, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = bus_append_u32(reply, now)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int cart_method_set_note(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	const char *note;
	uint64_t product;
	int r;

	if ((r = sd_bus_message_read(m, "ts", &product, &note)) < 0 ||
	    (r = bus_check_texts(e, "note", note, NULL)) < 0)
		return r;
	if (cart_set_note(b->core, product, note, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

static int cart_method_set_quantity(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	uint32_t quantity;
	uint64_t product;
	int r;

	r = sd_bus_message_read(m, "tu", &product, &quantity);
	if (r < 0)
		return r;
	if (quantity > CART_MAX_QUANTITY)
		return bus_error_invalid(e, "'quantity' %u is over %d", quantity, CART_MAX_QUANTITY);
	if (cart_set_quantity(b->core, product, quantity, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

static int cart_method_clear(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;

	if (cart_clear(b->core, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

static int cart_method_fill_from(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_free_ uint64_t *gone = NULL;
	struct bus *b = userdata;
	size_t n_gone = 0;
	const char *uid;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "order_uid", uid, NULL)) < 0)
		return r;
	if (cart_fill_from(b->core, uid, &gone, &n_gone, &f) < 0)
		return bus_error_set(e, &f);
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_append_array(reply, 't', gone, n_gone * sizeof(*gone))) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int cart_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
			     sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)property;
	(void)e;
	return bus_append_u32(reply, cart_count(b->core));
}

const sd_bus_vtable bus_cart_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Get", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a" CC_SIG_CART_LINE, lines, "x", total, "s", currency),
				cart_method_get, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Add", SD_BUS_ARGS("t", product, "u", quantity), SD_BUS_RESULT("u", quantity),
				cart_method_add, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetNote", SD_BUS_ARGS("t", product, "s", note), SD_BUS_NO_RESULT,
				cart_method_set_note, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetQuantity", SD_BUS_ARGS("t", product, "u", quantity), SD_BUS_NO_RESULT,
				cart_method_set_quantity, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Clear", NULL, NULL, cart_method_clear, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("FillFrom", SD_BUS_ARGS("s", order_uid), SD_BUS_RESULT("at", gone),
				cart_method_fill_from, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Count", "u", cart_property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_SIGNAL("Changed", NULL, 0),
	SD_BUS_VTABLE_END,
};
