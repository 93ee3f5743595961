/* Reading rows of the catalog and finding products by name. */
#include "clients/cli/product.h"

#include <inttypes.h>

#include "clients/cli/items.h"
#include "dbus/jsonview.h"

#define FIND_LIMIT 20

int product_read(sd_bus_message *m, struct product *ret)
{
	struct product p;
	int r;

	r = sd_bus_message_read(m, CC_SIG_PRODUCT, &p.id, &p.category, &p.name, &p.description, &p.price,
				&p.currency, &p.available, &p.rating);
	if (r > 0)
		*ret = p;
	return r;
}

json_object *product_json(const struct product *p)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "id", json_object_new_uint64(p->id));
	json_object_object_add(o, "category", json_object_new_uint64(p->category));
	json_object_object_add(o, "name", json_object_new_string(p->name));
	json_object_object_add(o, "description", json_object_new_string(p->description));
	json_object_object_add(o, "price", json_new_money(p->price, p->currency));
	json_object_object_add(o, "available", json_object_new_boolean(p->available));
	if (p->rating > 0)
		json_object_object_add(o, "rating", json_new_double(p->rating));
	return o;
}

static int too_many(struct cli *cli, const char *name, sd_bus_message *m)
{
	_cleanup_free_ char *list = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	struct product p;
	unsigned n = 0;

	(void)sd_bus_message_rewind(m, false);
	while (n < 5 && product_read(m, &p) > 0)
		fprintf(f, "%s%" PRIu64 " %s", n++ ? ", " : "", p.id, p.name);
	list = textbuf_take(&b);
	return cli_usage(cli, "'%s' fits more than one product; give the id of one: %s%s", name, list,
			 n == 5 ? " ..." : "");
}

int product_find(struct cli *cli, const char *name, uint64_t *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t exact = 0, any = 0;
	unsigned n = 0, n_exact = 0;
	struct product p;
	int r;

	r = cli_read(cli, CC_IFACE_CATALOG, "Search", &reply, "su", name, FIND_LIMIT);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_PRODUCT);
	while (r > 0 && (r = product_read(reply, &p)) > 0) {
		any = p.id;
		n++;
		if (strcasecmp(p.name, name) == 0) {
			exact = p.id;
			n_exact++;
		}
	}
	if (r < 0)
		return cli_bad_reply(cli, r, "Catalog.Search");
	if (n == 0)
		return cli_fail(cli, CC_EXIT_NOT_FOUND, CC_ERROR("NotFound"),
				"There is no product '%s'; see customerclient menu", name);
	if (n_exact != 1 && n > 1)
		return too_many(cli, name, reply);
	*ret = n_exact == 1 ? exact : any;
	return 0;
}

int product_id_arg(struct cli *cli, const char *text, uint64_t *ret)
{
	if (number_parse(text, UINT64_MAX, ret) < 0 || *ret == 0)
		return cli_usage(cli, "'%s' is not the id of a product; see customerclient menu", text);
	return 0;
}
