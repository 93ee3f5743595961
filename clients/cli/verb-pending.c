/* pending: the orders that are on their way. */
#include "base/money.h"
#include "base/timeutil.h"
#include "clients/cli/estimate.h"
#include "clients/cli/orders-list.h"
#include "clients/cli/table.h"
#include "clients/cli/track-render.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"
#include "dbus/jsonview.h"

struct pending {
	struct cli *cli;
	struct table *table;
	json_object *array;
	char **notes;
	size_t n;
};

static void add_table_row(struct pending *p, const struct order *o, uint64_t now)
{
	char total[MONEY_HUMAN_SIZE] = "", expected[WHEN_SIZE], name[ORDER_CELL_SIZE];
	_cleanup_free_ char *note = NULL, *range = estimate_range(o, now),
			    *by = estimate_by(o, now), *age = estimate_age(o, now);
	struct track_state state = { .order = o };
	unsigned minutes = track_minutes_late(&state, now);

	if (order_has_total(o))
		money_format_human(total, o->total_price, o->currency);
	if (minutes > 0)
		note = xprintf("%u min late", minutes);
	table_add(p->table, (const char *[]){ order_cell(o->number, o->uid, name), o->status,
					      when_format_near(expected, estimate_arrival(o), now), range, by,
					      age, total, o->payment_type, note });
	table_set_style(p->table, 1, style_of_status(o->status));
	table_set_style(p->table, 4, estimate_is_outlived(o, now) ? STYLE_BAD : STYLE_NONE);
	table_set_style(p->table, 8, STYLE_BAD);
	orders_note_add(&p->notes, o, now);
}

/* Orders.GetMany has what a row lacks: when it is expected. */
static int add_orders(struct pending *p, char **uids)
{
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	uint64_t now = now_realtime();
	int r;

	r = client_new_call(p->cli->client, CC_IFACE_ORDERS, "GetMany", &m);
	if (r >= 0)
		r = sd_bus_message_append_strv(m, uids);
	if (r < 0)
		return cli_fail_errno(p->cli, r, "Orders.GetMany");
	r = cli_send(p->cli, CLIENT_READS, m, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
	while (r >= 0 && sd_bus_message_at_end(reply, false) == 0) {
		_cleanup_order_ struct order o;
		json_object *json;

		order_init(&o);
		if (p->array) {
			r = json_from_dict(reply, &json);
			if (r >= 0)
				json_object_array_add(p->array, json);
		} else {
			r = order_read(reply, &o);
			if (r >= 0 && o.uid && o.status)
				add_table_row(p, &o, now);
		}
		p->n++;
	}
	return r < 0 ? cli_bad_reply(p->cli, r, "Orders.GetMany") : 0;
}

#define GET_MANY_MAX 100

static int gather(struct pending *p)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(strv_freep) char **uids = NULL;
	struct order_row row;
	int r, n = 0;

	r = cli_read(p->cli, CC_IFACE_ORDERS, "ListPending", &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	while (r > 0 && n < GET_MANY_MAX && (r = order_row_read(reply, &row)) > 0) {
		r = strv_push(&uids, row.uid);
		n++;
		if (r >= 0)
			r = 1;
	}
	if (r < 0)
		return cli_bad_reply(p->cli, r, "Orders.ListPending");
	return uids ? add_orders(p, uids) : 0;
}

int verb_pending(struct cli *cli, const struct args *args)
{
	static const struct column columns[] = {
		{ "NUMBER" }, { "STATUS" }, { "EXPECTED" }, { "BETWEEN", .optional = true },
		{ "9 IN 10", .optional = true }, { "SAID", .optional = true },
		{ "TOTAL", .right = true, .optional = true }, { "PAYMENT", .optional = true }, { "" },
	};
	struct pending p = { .cli = cli };
	int r;

	(void)args;
	if (cli->json)
		p.array = xcheck(json_object_new_array());
	else
		p.table = table_new(columns, ELEMENTSOF(columns));
	r = gather(&p);
	if (r < 0) {
		json_object_put(p.array);
		table_free(p.table);
		strv_free(p.notes);
		return r;
	}
	if (p.array)
		return cli_print_json(cli, p.array);
	if (p.n == 0)
		cli_note("No order is pending.");
	cli_print_table(cli, p.table);
	orders_notes_print(cli, p.notes);
	strv_free(p.notes);
	return 0;
}
