/* Orders.Export: all orders that fit a filter, as JSON or CSV, written into a memfd a few milliseconds at a time, so
 * that nobody else waits. What an order looks like as JSON is in dbus/jsonview.c, as for `show --json`. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/csv.h"
#include "base/jsonutil.h"
#include "base/timeutil.h"
#include "bus/orders-bus.h"
#include "dbus/jsonview.h"

#define SLICE (3 * USEC_PER_MSEC)
#define PAGE 64             /* rows read at once */
#define EXPORTS_MAX 4       /* at a time, of all callers */
#define EXPORT_SIZE_MAX (1L << 30)

struct export_state {
	struct bus *bus;
	struct bus_op *op;
	sd_bus_track *track;
	struct event *turn;
	struct list_filter filter;
	bool csv;
	char *user;          /* whose orders they are */
	char *cursor;        /* of the next page; NULL: there is none */
	char **uids;         /* of this page, those that fit */
	size_t at;
	FILE *f;             /* over the memfd */
	uint64_t n;          /* orders written */
};

static unsigned exports;

static void export_free(void *data)
{
	struct export_state *x = data;

	if (x->turn)
		event_free(x->turn);
	sd_bus_track_unref(x->track);
	list_filter_done(&x->filter);
	free(x->user);
	free(x->cursor);
	strv_free(x->uids);
	if (x->f)
		(void)fclose(x->f);
	free(x);
	exports--;
}

/* ---- one order ---- */

/* By way of the dictionary of Orders.Get, so that the two never differ; the message is never sent. */
static int write_json(struct export_state *x, const struct order_view *v)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	_cleanup_json_ json_object *o = NULL;
	int r;

	if ((r = sd_bus_message_new_signal(x->bus->bus, &m, CC_PATH, CC_IFACE_ORDERS, "Order")) < 0 ||
	    (r = bus_append_order(m, v)) < 0 ||
	    (r = sd_bus_message_seal(m, /* cookie= */ 1, /* timeout= */ 0)) < 0 ||
	    (r = sd_bus_message_rewind(m, /* complete= */ true)) < 0 ||
	    (r = json_from_dict(m, &o)) < 0)
		return r;
	(void)fputs(x->n > 0 ? ",\n" : "\n", x->f);
	(void)fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE), x->f);
	return 0;
}

static void csv_money(FILE *f, int64_t amount, const struct order *o, bool known)
{
	char money[MONEY_SIZE];

	(void)fputc(',', f);
	if (known && *o->currency)
		csv_field(f, money_format(money, amount, o->currency));
}

static void csv_time(FILE *f, uint64_t usec)
{
	char time[ISO8601_SIZE];

	(void)fprintf(f, ",%s", usec ? time_format_iso8601(time, usec) : "");
}

static void csv_texts(FILE *f, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)fputc(',', f);
		csv_text(f, texts[i]);
	}
}

static const char csv_header[] =
	"uid,number,status,payment-type,destination,recipient,comment,created,delivered,promised,rating,"
	"products-price,delivery-price,additional-price,tax-price,total-price,currency,"
	"line,product,quantity,unit-price,line-total,name,note" CSV_EOL;

static void csv_order_fields(FILE *f, const struct order_view *v)
{
	const struct order *o = v->order;
	const char *const texts[] = { o->uid, o->number, o->status, o->payment_type, o->destination, o->recipient, o->comment };

	csv_texts(f, texts, ELEMENTSOF(texts));
	csv_time(f, o->created);
	csv_time(f, o->end_actual);
	csv_time(f, o->end_expected);
	(void)(o->rating ? fprintf(f, ",%" PRIu32, o->rating) : fputc(',', f));
	csv_money(f, o->products_price, o, true);
	csv_money(f, o->delivery_price, o, !v->local);
	csv_money(f, o->additional_price, o, !v->local);
	csv_money(f, o->tax_price, o, !v->local);
	csv_money(f, o->total_price, o, !v->local || o->total_price > 0);
	(void)fputc(',', f);
	csv_text(f, o->currency);
}

static void write_csv(struct export_state *x, const struct order_view *v)
{
	const struct order *o = v->order;
	size_t n = o->n_lines > 0 ? o->n_lines : 1;

	for (size_t i = 0; i < n; i++) {
		const struct order_line *l = o->n_lines > 0 ? &o->lines[i] : NULL;
		const char *const texts[] = { l ? l->name : NULL, l ? l->note : NULL };
		int64_t total = 0;
		bool fits;

		csv_order_fields(x->f, v);
		(void)fprintf(x->f, ",%zu", i + 1);
		if (l) {
			(void)fprintf(x->f, ",%" PRIu64 ",%" PRIu32, l->product, l->quantity);
			csv_money(x->f, l->unit_price, o, true);
			fits = !__builtin_mul_overflow(l->unit_price, (int64_t)l->quantity, &total);
			csv_money(x->f, total, o, fits);
		} else
			(void)fputs(",,,,", x->f);
		(void)fputc(',', x->f);
		csv_texts(x->f, texts, ELEMENTSOF(texts));
		(void)fputs(CSV_EOL, x->f);
	}
}

/* ---- all of them ---- */

static int gather(const struct order_row *row, void *userdata)
{
	struct export_state *x = userdata;

	return orders_fit(&x->filter, row->status, row->created) ? strv_push(&x->uids, row->uid) : 0;
}

/* Status and text are looked at here, not in the query, so that a page is soon read however few fit. */
static int next_page(struct export_state *x, struct userdb *u, struct failure *f)
{
	const struct order_filter range = { .since = x->filter.since, .until = x->filter.until };
	char *next = NULL;
	int r;

	strv_free(TAKE_PTR(x->uids));
	x->at = 0;
	r = userdb_order_each(u, &range, PAGE, x->cursor, gather, x, &next);
	if (r < 0)
		return failure_from_store(f, r, "The orders could not be read");
	free(x->cursor);
	x->cursor = next;
	if (isempty(next))
		free(TAKE_PTR(x->cursor));
	return 0;
}

static int write_order(struct export_state *x, struct userdb *u, const char *uid, struct failure *f)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	int r;

	if (!isempty(x->filter.text)) {
		r = userdb_order_has_text(u, uid, x->filter.text);
		if (r <= 0)
			return r < 0 ? failure_from_store(f, r, "The orders could not be read") : 0;
	}
	r = order_get(x->bus->core, uid, &v, f);
	if (r < 0)
		return f->error == CC_E_NOT_FOUND ? 0 : r;
	if (!orders_fit(&x->filter, v->order->status, v->order->created))
		return 0;
	if (x->csv)
		write_csv(x, v);
	else if (write_json(x, v) < 0)
		return failure_set(f, CC_E_STORAGE, "The order '%s' could not be written out", uid);
	x->n++;
	if (ftell(x->f) > EXPORT_SIZE_MAX)
		return failure_set(f, CC_E_LIMITS_EXCEEDED, "The orders take more than a GiB; ask for fewer by 'since' and 'until'");
	return 0;
}

/* 1: there is more; 0: that was all; negative: see the failure. */
static int write_slice(struct export_state *x, struct failure *f)
{
	uint64_t began = now_monotonic();
	struct userdb *u;
	int r;

	if (session_require(x->bus->core, /* reading= */ true, f) < 0)
		return -ECANCELED;
	u = core_userdb(x->bus->core);
	if (!u || !streq(session_user_uid(x->bus->core), x->user))
		return failure_set(f, CC_E_NOT_SIGNED_IN, "The session of these orders has ended; sign in first");
	do {
		if (x->uids && x->uids[x->at])
			r = write_order(x, u, x->uids[x->at++], f);
		else if (x->cursor)
			r = next_page(x, u, f);
		else
			return 0;
	} while (r >= 0 && now_monotonic() - began < SLICE);
	return r < 0 ? r : 1;
}

static int finish(struct export_state *x, struct failure *f)
{
	int fd = fileno(x->f);

	if (!x->csv)
		(void)fputs(x->n > 0 ? "\n]\n" : "]\n", x->f);
	if (fflush(x->f) != 0 || ferror(x->f) || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return failure_set(f, CC_E_STORAGE, "The orders could not be written out: %s", strerror(errno));
	return 0;
}

static void on_turn(evutil_socket_t fd, short what, void *userdata)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct export_state *x = userdata;
	int r;

	(void)fd;
	(void)what;
	r = write_slice(x, &f);
	if (r > 0 && evtimer_add(x->turn, &(struct timeval){ 0 }) < 0)
		r = failure_from_store(&f, -ENOMEM, "The orders could not be read");
	if (r == 0)
		r = finish(x, &f);
	else if (r > 0)
		return;
	if (r < 0)
		bus_op_fail(x->op, &f);
	else
		bus_op_reply(x->op, "h", fileno(x->f));
}

/* A read is for its caller: who has left needs no more of it. */
static int on_left(sd_bus_track *track, void *userdata)
{
	struct export_state *x = userdata;

	(void)track;
	bus_op_fail_errno(x->op, -ECANCELED);
	return 1;
}

static int open_file(struct export_state *x)
{
	int fd = memfd_create("orders", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	x->f = fdopen(fd, "w");
	if (!x->f) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	(void)fputs(x->csv ? csv_header : "[", x->f);
	return 0;
}

static int open_export(struct export_state *x, sd_bus_message *m, const char *format, sd_bus_error *e)
{
	struct bus *b = x->bus;
	char quoted[QUOTED_SIZE];
	struct userdb *u;
	char *uid = NULL;
	int r;

	x->csv = streq(format, "csv");
	if (!x->csv && !streq(format, "json"))
		return bus_error_invalid(e, "'format' \"%s\" is none of json, csv", bus_quote(quoted, format));
	r = bus_require_userdb(b, &u, e);
	if (r < 0)
		return r;
	if (exports > EXPORTS_MAX)
		return bus_error_setf(e, CC_E_LIMITS_EXCEEDED, "%d exports are being written; wait for one to end", EXPORTS_MAX);
	if (x->filter.id) {
		r = orders_find(u, x->filter.id, &uid, e);
		if (r >= 0)
			r = strv_push(&x->uids, uid);
		free(uid);
	} else
		r = free_and_strdup(&x->cursor, "");
	if (r < 0 || (r = free_and_strdup(&x->user, session_user_uid(b->core))) < 0 ||
	    (r = sd_bus_track_new(b->bus, &x->track, on_left, x)) < 0 ||
	    (r = sd_bus_track_add_sender(x->track, m)) < 0 ||
	    (r = open_file(x)) < 0)
		return r;
	x->turn = evtimer_new(b->base, on_turn, x);
	return x->turn && evtimer_add(x->turn, &(struct timeval){ 0 }) >= 0 ? 0 : -ENOMEM;
}

int orders_method_export(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct export_state *x = new0(struct export_state, 1);
	const char *format;
	int r;

	if (!x)
		return -ENOMEM;
	exports++;
	x->bus = userdata;
	if ((r = list_filter_read(m, &x->filter, e)) < 0 ||
	    (r = sd_bus_message_read(m, "s", &format)) < 0 ||
	    (r = bus_check_texts(e, "format", format, NULL)) < 0 ||
	    (r = open_export(x, m, format, e)) < 0 ||
	    (r = bus_op_new(x->bus, m, &x->op, e)) < 0) {
		export_free(x);
		return r;
	}
	bus_op_keep(x->op, x, export_free);
	return 1;
}
