/* orders: the list, with filters, as a table, JSON or CSV. */
#include <inttypes.h>

#include "base/csv.h"
#include "base/money.h"
#include "base/timeutil.h"
#include "clients/cli/items.h"
#include "clients/cli/orders-list.h"
#include "clients/cli/pay.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"
#include "dbus/jsonview.h"

#define PAGE 1000
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000000

void orders_filter_done(struct orders_filter *f)
{
	strv_free(f->status);
}

const char *order_cell(const char *number, const char *uid, char buf[static ORDER_CELL_SIZE])
{
	if (!isempty(number))
		return number;
	snprintf(buf, ORDER_CELL_SIZE, "%.*s", cli_columns() > 0 ? 8 : ORDER_CELL_SIZE - 1, uid);
	return buf;
}

void orders_note_add(char ***notes, const struct order *o, uint64_t now)
{
	char buf[ORDER_CELL_SIZE];
	const char *name = order_cell(o->number, o->uid, buf);
	_cleanup_free_ char *note = pay_note_text(o, name, now), *line = note ? xprintf("%s %s", name, note) : NULL;

	if (line && strv_push(notes, line) < 0)
		xcheck(NULL);
}

void orders_notes_print(struct cli *cli, char *const *notes)
{
	if (!notes || !cli->legend)
		return;
	putchar('\n');
	for (; *notes; notes++) {
		_cleanup_free_ char *clean = text_clean(*notes, false);

		printf("%s%s%s\n", cli->style->on[STYLE_BUSY], clean, cli->style->off);
	}
}

/* Nobody named one of an order that the service never had. */
static bool has_total(const struct order_row *row)
{
	return row->total > 0 || *row->number;
}

json_object *order_row_json(const struct order_row *row)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "uid", json_object_new_string(row->uid));
	if (*row->number)
		json_object_object_add(o, "number", json_object_new_string(row->number));
	json_object_object_add(o, "status", json_object_new_string(row->status));
	json_object_object_add(o, "payment-type", json_object_new_string(row->payment_type));
	if (has_total(row))
		json_object_object_add(o, "total-price", json_new_money(row->total, row->currency));
	if (row->created)
		json_object_object_add(o, "created", json_new_time(row->created));
	if (row->changed)
		json_object_object_add(o, "changed", json_new_time(row->changed));
	json_object_object_add(o, "cancellable", json_object_new_boolean(row->cancellable));
	return o;
}

static void csv_row(FILE *f, const struct order_row *row)
{
	char money[MONEY_SIZE], created[ISO8601_SIZE] = "", changed[ISO8601_SIZE] = "";
	const char *fields[] = { row->uid, row->number, row->status, row->payment_type,
				 has_total(row) ? money_format(money, row->total, row->currency) : "", row->currency,
				 row->created ? time_format_iso8601(created, row->created) : "",
				 row->changed ? time_format_iso8601(changed, row->changed) : "",
				 row->cancellable ? "yes" : "no" };

	for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
		if (i > 0)
			fputc(',', f);
		csv_text(f, fields[i]);
	}
	fputs(CSV_EOL, f);
}

static int parse_statuses(struct cli *cli, const char *list, struct orders_filter *f)
{
	_cleanup_free_ char *copy = xstrdup(list);
	char *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		if (streq(word, "pending")) {
			f->pending = true;
			continue;
		}
		if (status_from_string(word) == STATUS_OTHER)
			return cli_usage(cli,
					 "--status cannot be '%s'; it is 'pending', or of these with commas "
					 "between: %s",
					 word, STATUSES);
		if (strv_push(&f->status, word) < 0)
			xcheck(NULL);
	}
	return 0;
}

int orders_filter_read(struct cli *cli, const struct args *args, struct orders_filter *f)
{
	const char *status = args_option(args, "status"), *since = args_option(args, "since");
	const char *until = args_option(args, "until");
	uint64_t now = now_realtime(), start, end;

	if (since) {
		if (when_parse_period(since, now, &f->since, &end) < 0)
			return cli_usage(cli,
					 "--since cannot be '%s'; it is 2025, 2025-03, 2025-03-14, yesterday "
					 "or 'last year'",
					 since);
	}
	if (until) {
		if (when_parse_period(until, now, &start, &end) < 0)
			return cli_usage(cli,
					 "--until cannot be '%s'; it is 2025, 2025-03, 2025-03-14, yesterday "
					 "or 'last year'",
					 until);
		f->until = end; /* which is not part of it, here and at the daemon */
	}
	return status ? parse_statuses(cli, status, f) : 0;
}

int orders_filter_append(sd_bus_message *m, const struct orders_filter *f)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0 && f->status) {
		r = sd_bus_message_open_container(m, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append(m, "s", "status");
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'v', "as");
		if (r >= 0)
			r = sd_bus_message_append_strv(m, f->status);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	if (r >= 0 && f->pending)
		r = sd_bus_message_append(m, "{sv}", "pending", "b", 1);
	if (r >= 0 && f->since)
		r = sd_bus_message_append(m, "{sv}", "since", "t", f->since);
	if (r >= 0 && f->until)
		r = sd_bus_message_append(m, "{sv}", "until", "t", f->until);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

struct sink {
	struct cli *cli;
	enum format format;
	struct table *table;
	json_object *array;
	struct page page;
	FILE *csv;
	uint64_t left; /* rows still wanted */
	uint64_t n;
	char **notes; /* below the table */
	unsigned n_notes;
};

#define NOTES_MAX 20 /* each is a call; more orders at once await nobody */

/* What an order wants of the person; a row does not say that much. */
static void note_row(struct sink *s, const struct order_row *row)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	enum order_status status = status_from_string(row->status);
	_cleanup_order_ struct order o;

	order_init(&o);
	if ((status == STATUS_AWAITING_PAYMENT || status == STATUS_SUBMITTING) && s->n_notes++ < NOTES_MAX &&
	    order_get(s->cli->client, row->uid, &e, &o) >= 0)
		orders_note_add(&s->notes, &o, now_realtime());
}

static void sink_add(struct sink *s, const struct order_row *row)
{
	char total[MONEY_HUMAN_SIZE], created[WHEN_SIZE], name[ORDER_CELL_SIZE];

	s->n++;
	s->left--;
	if (s->format == FORMAT_JSON) {
		json_object_array_add(s->array, order_row_json(row));
		return;
	}
	if (s->format == FORMAT_CSV) {
		csv_row(s->csv, row);
		return;
	}
	note_row(s, row);
	table_add(s->table,
		  (const char *[]){ order_cell(row->number, row->uid, name), when_format(created, row->created),
				    row->status,
				    has_total(row) ? money_format_human(total, row->total, row->currency) : "",
				    row->payment_type });
	table_set_style(s->table, 2, style_of_status(row->status));
}

/* One page: 1 = there is more, *cursor is moved on. */
static int fetch_page(struct sink *s, const struct orders_filter *f, char **cursor)
{
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	uint32_t limit = s->left < PAGE ? (uint32_t)s->left : PAGE;
	struct order_row row;
	const char *next;
	int r;

	r = client_new_call(s->cli->client, CC_IFACE_ORDERS, "List", &m);
	if (r >= 0)
		r = orders_filter_append(m, f);
	if (r >= 0)
		r = sd_bus_message_append(m, "us", limit, *cursor);
	if (r < 0)
		return cli_fail_errno(s->cli, r, "Orders.List");
	r = cli_send(s->cli, CLIENT_READS, m, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	while (r > 0 && s->left > 0 && (r = order_row_read(reply, &row)) > 0)
		sink_add(s, &row);
	if (r >= 0)
		r = sd_bus_message_exit_container(reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &next);
	if (r < 0)
		return cli_bad_reply(s->cli, r, "Orders.List");
	free(*cursor);
	*cursor = xstrdup(next);
	return **cursor ? 1 : 0;
}

static int read_format(struct cli *cli, const struct args *args, enum format *ret)
{
	const char *format = args_option(args, "format");

	if (cli->json && format && !streq(format, "json"))
		return cli_usage(cli, "--json and --format=%s cannot both be", format);
	*ret = cli->json || (format && streq(format, "json")) ? FORMAT_JSON :
	       format && streq(format, "csv")		      ? FORMAT_CSV :
								FORMAT_TABLE;
	cli->json = *ret == FORMAT_JSON;
	return 0;
}

static int read_limit(struct cli *cli, const struct args *args, uint64_t *ret)
{
	const char *limit = args_option(args, "limit");

	*ret = args_option(args, "all") ? LIMIT_MAX : LIMIT_DEFAULT;
	if (limit && args_option(args, "all"))
		return cli_usage(cli, "--limit and --all cannot both be");
	if (limit && (number_parse(limit, LIMIT_MAX, ret) < 0 || *ret == 0))
		return cli_usage(cli, "--limit cannot be '%s'; it is a number from 1 to %d", limit,
				 LIMIT_MAX);
	return 0;
}

static void sink_open(struct sink *s)
{
	static const struct column columns[] = {
		{ "NUMBER" }, { "CREATED", .optional = true }, { "STATUS" }, { "TOTAL", .right = true },
		{ "PAYMENT", .optional = true },
	};

	if (s->format == FORMAT_JSON)
		s->array = xcheck(json_object_new_array());
	else if (s->format == FORMAT_TABLE)
		s->table = table_new(columns, ELEMENTSOF(columns));
	else {
		s->csv = page_begin(&s->page);
		if (s->cli->legend)
			fputs("uid,number,status,payment-type,total,currency,created,changed,cancellable" CSV_EOL,
			      s->csv);
	}
}

/* Prints what was gathered, or drops it where the gathering failed. */
static int sink_close(struct sink *s, int r, bool more)
{
	if (r < 0) {
		json_object_put(s->array);
		table_free(s->table);
		if (s->csv)
			free(textbuf_take(&s->page.buf));
		return r;
	}
	if (s->array)
		return cli_print_json(s->cli, s->array);
	if (s->csv)
		page_end(s->cli, &s->page);
	else
		cli_print_table(s->cli, s->table);
	orders_notes_print(s->cli, s->notes);
	if (more && s->cli->legend)
		cli_note("The newest %" PRIu64 " orders; --all shows all, --limit=N more.", s->n);
	if (s->n == 0 && s->table)
		cli_note("No orders.");
	return 0;
}

int verb_orders(struct cli *cli, const struct args *args)
{
	_cleanup_(orders_filter_done) struct orders_filter f = {};
	_cleanup_free_ char *cursor = xstrdup("");
	struct sink s = { .cli = cli };
	int r;

	r = read_format(cli, args, &s.format);
	if (r >= 0)
		r = read_limit(cli, args, &s.left);
	if (r >= 0)
		r = orders_filter_read(cli, args, &f);
	if (r < 0)
		return r;
	sink_open(&s);
	do {
		r = fetch_page(&s, &f, &cursor);
	} while (r > 0 && s.left > 0);
	r = sink_close(&s, r, r > 0);
	strv_free(s.notes);
	return r;
}
