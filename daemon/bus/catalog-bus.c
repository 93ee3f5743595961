/* Interface Catalog: rows go from the database straight into the reply. */
#include <inttypes.h>

#include "bus/bus-fd.h"
#include "bus/bus-private.h"

static int append_category(const struct category *c, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "tsss")) < 0 ||
	    (r = bus_append_u64(m, c->id)) < 0 ||
	    (r = bus_append_text(m, c->name)) < 0 ||
	    (r = bus_append_text(m, c->description)) < 0 ||
	    (r = bus_append_text(m, c->picture_url)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int catalog_method_list_categories(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *b = userdata;
	int r;

	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_CATEGORY)) < 0)
		return r;
	r = catalog_each_category(core_catalog(b->core), append_category, reply);
	if (r < 0)
		return bus_error_store(e, r, "the categories");
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int append_product(const struct product *p, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "ttssxsbd")) < 0 ||
	    (r = bus_append_u64(m, p->id)) < 0 ||
	    (r = bus_append_u64(m, p->category)) < 0 ||
	    (r = bus_append_text(m, p->name)) < 0 ||
	    (r = bus_append_text(m, p->description)) < 0 ||
	    (r = bus_append_i64(m, p->price)) < 0 ||
	    (r = bus_append_text(m, p->currency)) < 0 ||
	    (r = bus_append_bool(m, product_is_available(p))) < 0 ||
	    (r = bus_append_double(m, p->rating)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int catalog_method_list_products(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_free_ char *next = NULL;
	struct bus *b = userdata;
	const char *cursor;
	uint64_t category;
	uint32_t limit;
	int r;

	if ((r = sd_bus_message_read(m, "tus", &category, &limit, &cursor)) < 0 ||
	    (r = bus_check_limit(e, &limit)) < 0 ||
	    (r = bus_check_texts(e, "cursor", cursor, NULL)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_PRODUCT)) < 0)
		return r;
	r = catalog_each_product(core_catalog(b->core), category, limit, cursor, append_product, reply, &next);
	if (r == -EINVAL && !isempty(cursor))
		return bus_error_cursor(e, cursor);
	if (r < 0)
		return bus_error_store(e, r, "the products");
	if ((r = sd_bus_message_close_container(reply)) < 0 ||
	    (r = bus_append_text(reply, next)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int catalog_method_search(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *b = userdata;
	const char *text;
	uint32_t limit;
	int r;

	if ((r = sd_bus_message_read(m, "su", &text, &limit)) < 0 ||
	    (r = bus_check_limit(e, &limit)) < 0 ||
	    (r = bus_check_texts(e, "text", text, NULL)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_PRODUCT)) < 0)
		return r;
	r = catalog_search(core_catalog(b->core), text, limit, append_product, reply);
	if (r < 0)
		return bus_error_store(e, r, "the products");
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static int append_product_dictionary(sd_bus_message *m, const struct product *p)
{
	int r;

	if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
	    (r = bus_put_basic(m, "id", 't', &p->id)) < 0 ||
	    (r = bus_put_basic(m, "category", 't', &p->category)) < 0 ||
	    (r = bus_put_text(m, "name", p->name)) < 0 ||
	    (r = bus_put_text(m, "description", p->description)) < 0 ||
	    (r = bus_put_i64(m, "price", p->price)) < 0 ||
	    (r = bus_put_text(m, "currency", p->currency)) < 0 ||
	    (r = bus_put_bool(m, "available", product_is_available(p))) < 0)
		return r;
	if (p->limited && (r = bus_put_u32(m, "available-quantity", p->quantity)) < 0)
		return r;
	if (p->rating > 0 && (r = bus_put_double(m, "rating", p->rating)) < 0)
		return r;
	if (p->dietary_tags && (r = bus_put_strv(m, "dietary-tags", p->dietary_tags)) < 0)
		return r;
	r = bus_put_text(m, "picture-url", p->picture_url);
	if (r < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int catalog_method_get_product(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(product_done) struct product p = { 0 };
	struct bus *b = userdata;
	uint64_t id;
	int r;

	r = sd_bus_message_read(m, "t", &id);
	if (r < 0)
		return r;
	r = catalog_get_product(core_catalog(b->core), id, &p);
	if (r == -ENOENT)
		return bus_error_setf(e, CC_E_NOT_FOUND, "There is no product %" PRIu64, id);
	if (r < 0)
		return bus_error_store(e, r, "the product");
	if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = append_product_dictionary(reply, &p)) < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static void picture_done(const struct failure *f, const void *data, size_t n, const char *content_type, void *userdata)
{
	struct bus_op *op = userdata;
	_cleanup_close_ int fd = -1;
	int r;

	if (f) {
		bus_op_fail(op, f);
		return;
	}
	r = fd_sealed("picture", data, n, &fd);
	if (r < 0)
		bus_op_fail_errno(op, r);
	else
		bus_op_reply(op, "hs", fd, strempty(content_type));
}

static int catalog_method_get_picture(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct bus_op *op;
	uint64_t id;
	int r;

	if ((r = sd_bus_message_read(m, "t", &id)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	catalog_get_picture(b->core, id, picture_done, op);
	return 1;
}

const sd_bus_vtable bus_catalog_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("ListCategories", SD_BUS_NO_ARGS, SD_BUS_RESULT("a" CC_SIG_CATEGORY, categories),
				catalog_method_list_categories, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListProducts", SD_BUS_ARGS("t", category, "u", limit, "s", cursor),
				SD_BUS_RESULT("a" CC_SIG_PRODUCT, products, "s", next_cursor),
				catalog_method_list_products, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Search", SD_BUS_ARGS("s", text, "u", limit),
				SD_BUS_RESULT("a" CC_SIG_PRODUCT, products), catalog_method_search,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetProduct", SD_BUS_ARGS("t", id), SD_BUS_RESULT("a{sv}", product),
				catalog_method_get_product, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetPicture", SD_BUS_ARGS("t", id), SD_BUS_RESULT("h", file, "s", content_type),
				catalog_method_get_picture, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("Changed", NULL, 0),
	SD_BUS_VTABLE_END,
};
