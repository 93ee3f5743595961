/* Drawing an order on its way into lines of text: a wide picture, and a small one for a small screen. Nothing
 * is read or written here. */
#include "clients/cli/track-render.h"

#include <math.h>

#include "base/money.h"
#include "clients/cli/estimate.h"
#include "clients/cli/pay.h"
#include "clients/cli/text.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"

#define WIDE_COLUMNS 72
#define WIDE_LINES 14
#define SMALL_LINES 8

static const struct stage {
	enum order_status status;
	const char *label;
} stages[] = {
	{ STATUS_REQUESTED, "Requested" },    { STATUS_PROCESSING, "Accepted" },
	{ STATUS_COOKING, "Cooking" },        { STATUS_READY_TO_DELIVER, "Ready" },
	{ STATUS_IN_DELIVERY, "On the way" }, { STATUS_DELIVERED, "Delivered" },
};

/* One line under way. */
struct line {
	struct textbuf buf;
	const struct style *style;
	size_t used, width;
};

static void line_begin(struct line *l, const struct style *style, size_t width)
{
	*l = (struct line){ .style = style, .width = width };
	(void)textbuf_open(&l->buf);
}

static void put(struct line *l, enum style_id id, const char *text)
{
	_cleanup_free_ char *clean = text_clean(text, false);
	_cleanup_free_ char *fit = text_fit(clean, l->width - l->used);

	if (!*fit)
		return;
	fprintf(l->buf.f, "%s%s%s", l->style->on[id], fit, id == STYLE_NONE ? "" : l->style->off);
	l->used += text_width(fit);
}

static void put_spaces_to(struct line *l, size_t column)
{
	if (column > l->width)
		column = l->width;
	if (column > l->used) {
		text_pad(l->buf.f, column - l->used);
		l->used = column;
	}
}

static void line_end(struct line *l, struct track_frame *f)
{
	f->lines[f->n++] = textbuf_take(&l->buf);
}

static void add_empty(struct track_frame *f)
{
	f->lines[f->n++] = xstrdup("");
}

/* What stands at the right keeps its place; the left is cut. */
static void add_two_sided(struct track_frame *f, const struct style *style, size_t width,
			  enum style_id left_id, const char *left, enum style_id right_id, const char *right)
{
	size_t right_width = text_width(right);
	struct line l;

	line_begin(&l, style, width);
	if (right_width > 0 && right_width + 2 < width)
		l.width = width - right_width - 2;
	put(&l, left_id, left);
	l.width = width;
	if (*right) {
		put_spaces_to(&l,
			      l.used == 0 || right_width + l.used + 2 > width ? l.used : width - right_width);
		put(&l, right_id, right);
	}
	line_end(&l, f);
}

static void add_right(struct track_frame *f, const struct style *style, size_t width, enum style_id id, const char *text)
{
	size_t n = text_width(text);
	struct line l;

	line_begin(&l, style, width);
	if (n > 0 && n < width)
		put_spaces_to(&l, width - n);
	put(&l, id, text);
	line_end(&l, f);
}

static size_t room_beside(const char *left, size_t width)
{
	size_t n = text_width(left) + 2;

	return n < width ? width - n : width;
}

static void add_labelled(struct track_frame *f, const struct style *style, size_t width, const char *label,
			 size_t indent, const char *text)
{
	struct line l;

	line_begin(&l, style, width);
	if (*text) {
		put(&l, STYLE_DIM, label);
		put_spaces_to(&l, indent);
		put(&l, STYLE_NONE, text);
	}
	line_end(&l, f);
}

unsigned track_minutes_late(const struct track_state *state, uint64_t now)
{
	const struct order *o = state->order;
	uint64_t promised = state->promised ? state->promised : order_expected(o), arrival;

	if (!promised)
		return 0;
	if (status_is_delivered(o->status))
		arrival = o->end_actual;
	else if (status_is_pending(o->status))
		arrival = order_expected(o) > now ? order_expected(o) : now;
	else
		return 0;
	return arrival > promised ? (unsigned)((arrival - promised) / USEC_PER_MIN) : 0;
}

static char *late_text(const struct track_state *state, uint64_t now)
{
	unsigned minutes = track_minutes_late(state, now);
	char span[WHEN_SIZE];

	if (minutes == 0)
		return xstrdup("");
	return xprintf(", %s late", when_format_span(span, minutes * USEC_PER_MIN));
}

static char *range_text(const struct order *o, uint64_t now)
{
	_cleanup_free_ char *range = estimate_range(o, now);

	return *range ? xprintf(" (%s)", range) : xstrdup("");
}

enum arrival_part {
	ARRIVAL_RANGE = 1 << 0,
	ARRIVAL_SPAN = 1 << 1, /* how long until then */
	ARRIVAL_ALL = ARRIVAL_RANGE | ARRIVAL_SPAN,
};

/* "expected 19:40 (19:34–19:52), in 12 min": what the order's arrival looks like. */
static char *arrival_text(const struct track_state *state, uint64_t now, unsigned parts)
{
	_cleanup_free_ char *late = late_text(state, now), *range = NULL;
	const struct order *o = state->order;
	uint64_t expected = estimate_arrival(o);
	char at[WHEN_SIZE], in[WHEN_SIZE];
	char *due = pay_due_text(o, now);

	if (due)
		return due;
	if (status_is_delivered(o->status)) {
		if (!o->end_actual)
			return xstrdup("");
		return xprintf("at %s%s", when_format_near(at, o->end_actual, now), late);
	}
	if (!status_is_pending(o->status))
		return xstrdup("");
	if (o->hold_until > now)
		return xprintf("is sent in %s%s", when_format_span(in, o->hold_until - now),
			       pay_is_ahead(o) ? ", then to pay" : "");
	if (!expected)
		return xstrdup("");
	when_format_near(at, expected, now);
	range = parts & ARRIVAL_RANGE ? range_text(o, now) : xstrdup("");
	if (expected < now + USEC_PER_MIN)
		return xprintf("expected %s%s%s", at, range, *late ? late : parts & ARRIVAL_SPAN ? ", any moment" : "");
	if (!(parts & ARRIVAL_SPAN))
		return xprintf("expected %s%s%s", at, range, late);
	return xprintf("expected %s%s, in %s%s", at, range, when_format_span(in, expected - now), late);
}

/* As much of it as there is room for: rather the range than how long until then, and rather that than nothing. */
static char *arrival_fit(const struct track_state *state, uint64_t now, size_t width)
{
	static const unsigned parts[] = { ARRIVAL_ALL, ARRIVAL_RANGE, ARRIVAL_SPAN, 0 };
	char *text = NULL;

	for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
		free(text);
		text = arrival_text(state, now, parts[i]);
		if (text_width(text) <= width)
			break;
	}
	return text;
}

static char *payment_text(const struct order *o)
{
	static const struct {
		const char *type, *text;
	} kinds[] = {
		{ "cash", "cash" }, { "pos", "by card at the door" }, { "qr", "QR code" }, { "card", "card" }
	};
	char money[MONEY_HUMAN_SIZE];
	const char *kind = strempty(o->payment_type);

	for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
		if (streq(kinds[i].type, kind))
			kind = kinds[i].text;
	if (!order_has_total(o))
		return xstrdup(kind);
	return xprintf("%s%s%s", money_format_human(money, o->total_price, o->currency), *kind ? ", " : "",
		       kind);
}

static char *distance_text(const struct order *o)
{
	double m = distance_metres(o->courier.latitude, o->courier.longitude, o->destination_latitude,
				   o->destination_longitude);

	if (isnan(m) || o->courier.date == 0 || !status_is_pending(o->status))
		return xstrdup("");
	if (m < 995)
		return xprintf("%.0f m away", round(m / 10) * 10);
	return xprintf("%.1f km away", m / 1000);
}

static char *seen_text(const struct order *o, uint64_t now)
{
	char span[WHEN_SIZE];

	if (o->courier.date == 0 || isnan(o->courier.latitude) || !status_is_pending(o->status))
		return xstrdup("");
	return xprintf("seen %s ago",
		       when_format_age(span, now > o->courier.date ? now - o->courier.date : 0));
}

static char *joined_text(const char *a, const char *b)
{
	return xprintf("%s%s%s", a, *a && *b ? ", " : "", b);
}

static char *courier_text(const struct order *o)
{
	if (isempty(o->courier.name) && status_is_pending(o->status))
		return xstrdup("nobody yet");
	return joined_text(strempty(o->courier.name), strempty(o->courier.phone));
}

static char *items_text(const struct order *o)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (size_t i = 0; i < o->products.n; i++)
		fprintf(f, "%s%u %s %s", i ? ", " : "", o->products.items[i].quantity,
			text_utf8() ? "\xc3\x97" : "x", o->products.items[i].name);
	return textbuf_take(&b);
}

static char *freshness_text(const struct track_state *s, uint64_t now, enum style_id *ret_id)
{
	const char *how = "Live";
	char span[WHEN_SIZE];

	*ret_id = STYLE_DIM;
	if (s->gone_since) {
		*ret_id = STYLE_BAD;
		return xprintf("Daemon gone for %s, waiting for it",
			       when_format_age(span, now > s->gone_since ? now - s->gone_since : 0));
	}
	if (!status_is_pending(s->order->status))
		return xstrdup("");
	if (!s->online) {
		how = "Offline";
		*ret_id = STYLE_BUSY;
	} else if (!streq(strempty(s->push), "server-sent-events") &&
		   !streq(strempty(s->push), "long-polling"))
		how = "Polling";
	if (!s->confirmed_at)
		return xprintf("%s, not confirmed yet", how);
	return xprintf("%s, confirmed %s ago", how,
		       when_format_age(span, now > s->confirmed_at ? now - s->confirmed_at : 0));
}

/* The furthest stage reached: of the present status, or where it has ended, of its history. */
static int stage_reached(const struct order *o)
{
	enum order_status now = status_from_string(o->status), s;
	int reached = -1;

	for (int i = 0; i < (int)ELEMENTSOF(stages); i++) {
		if (now >= stages[i].status && now <= STATUS_FINISHED)
			reached = i;
		for (size_t k = 0; k < o->timeline.n; k++) {
			s = status_from_string(o->timeline.items[k].status);
			if (s == stages[i].status && i > reached)
				reached = i;
		}
	}
	return reached;
}

static unsigned progress_of(const struct order *o)
{
	return status_is_delivered(o->status) ? 100 : o->progress > 100 ? 100 : o->progress;
}

static void add_bar(struct track_frame *f, const struct style *style, size_t width, const struct order *o)
{
	const char *full = text_utf8() ? "\xe2\x96\x88" : "#", *empty = text_utf8() ? "\xe2\x96\x91" : "-";
	unsigned percent = progress_of(o);
	size_t cells = width > 7 ? width - 7 : 0, done = cells * percent / 100;
	struct line l;

	line_begin(&l, style, width);
	fputs(style->on[style_of_status(o->status)], l.buf.f);
	for (size_t i = 0; i < cells; i++)
		fputs(i < done ? full : empty, l.buf.f);
	fputs(style->off, l.buf.f);
	l.used = cells;
	if (cells > 0) {
		_cleanup_free_ char *text = xprintf("  %3u %%", percent);

		put(&l, STYLE_NONE, text);
	}
	line_end(&l, f);
}

static void add_stages(struct track_frame *f, const struct style *style, size_t width, const struct order *o)
{
	int reached = stage_reached(o);
	bool pending = status_is_pending(o->status), utf8 = text_utf8();
	struct line l;

	line_begin(&l, style, width);
	for (int i = 0; i < (int)ELEMENTSOF(stages); i++) {
		bool current = i == reached && pending;
		const char *mark = current        ? utf8 ? "\xe2\x97\x8f " : "* "
				   : i <= reached ? utf8 ? "\xe2\x9c\x93 " : "+ "
				   : utf8         ? "\xe2\x97\x8b "
						  : ". ";
		_cleanup_free_ char *text = xprintf("%s%s%s", i ? "  " : "", mark, stages[i].label);

		put(&l, current ? STYLE_BOLD : i <= reached ? STYLE_GOOD : STYLE_DIM, text);
	}
	line_end(&l, f);
}

static char *title_text(const struct order *o)
{
	return xprintf("Order %s", order_name(o));
}

static char *status_text(const struct order *o)
{
	if (!status_is_pending(o->status) && !isempty(o->failure_reason))
		return xprintf("%s: %s", status_label(o->status), o->failure_reason);
	return xstrdup(status_label(o->status));
}

static enum style_id detail_style(const struct order *o, uint64_t now)
{
	return estimate_is_outlived(o, now) ? STYLE_BAD : STYLE_DIM;
}

static void render_wide(const struct track_state *s, const struct style *style, size_t width, uint64_t now,
			struct track_frame *f)
{
	const struct order *o = s->order;
	_cleanup_free_ char *title = title_text(o), *payment = payment_text(o), *status = status_text(o);
	_cleanup_free_ char *arrival = arrival_fit(s, now, room_beside(status, width)),
			    *detail = estimate_detail(o, now, /* brief= */ false), *courier = courier_text(o),
			    *distance = distance_text(o);
	_cleanup_free_ char *seen = seen_text(o, now), *where = joined_text(distance, seen),
			    *items = items_text(o);
	enum style_id freshness_style;
	_cleanup_free_ char *freshness = freshness_text(s, now, &freshness_style);
	bool late = track_minutes_late(s, now) > 0, pending = status_is_pending(o->status);

	add_two_sided(f, style, width, STYLE_BOLD, title, STYLE_NONE, payment);
	add_empty(f);
	add_two_sided(f, style, width, style_of_status(o->status), status, late ? STYLE_BAD : STYLE_NONE,
		      arrival);
	add_right(f, style, width, detail_style(o, now), detail);
	add_bar(f, style, width, o);
	add_stages(f, style, width, o);
	add_empty(f);
	add_labelled(f, style, width, "Courier", 9, courier);
	add_labelled(f, style, width, "", 9, where);
	add_labelled(f, style, width, "Code", 9, pending ? strempty(o->confirmation_code) : "");
	add_labelled(f, style, width, "To", 9, strempty(o->destination));
	add_labelled(f, style, width, "Items", 9, items);
	add_empty(f);
	add_two_sided(f, style, width, freshness_style, freshness, STYLE_DIM,
		      pending ? "Ctrl-C leaves, the order goes on" : "");
}

static void render_small(const struct track_state *s, const struct style *style, size_t width, unsigned rows,
			 uint64_t now, struct track_frame *f)
{
	const struct order *o = s->order;
	char money[MONEY_HUMAN_SIZE] = "";
	bool pending = status_is_pending(o->status), nobody = pending && isempty(o->courier.name);
	_cleanup_free_ char *title = title_text(o), *arrival = arrival_fit(s, now, width), *status = NULL;
	_cleanup_free_ char *detail = estimate_detail(o, now, /* brief= */ true);
	_cleanup_free_ char *distance = distance_text(o), *seen = seen_text(o, now);
	_cleanup_free_ char *courier = joined_text(nobody ? "nobody yet" : strempty(o->courier.name),
						   distance);
	_cleanup_free_ char *code = NULL, *where = NULL;
	enum style_id freshness_style;
	_cleanup_free_ char *freshness = freshness_text(s, now, &freshness_style);

	if (order_has_total(o))
		(void)money_format_human(money, o->total_price, o->currency);
	if (pending && !isempty(o->confirmation_code))
		code = xprintf("code %s", o->confirmation_code);
	where = joined_text(seen, strempty(code));
	status = xstrdup(status_label(o->status));
	if (pay_is_due(o)) {
		/* The command is not to be cut. */
		_cleanup_free_ char *until = pay_due_until(o, now);

		free(status);
		status = xprintf("%s%s", status_label(o->status), until);
		free(arrival);
		arrival = xprintf("customerclient pay %s", order_name(o));
	}
	add_two_sided(f, style, width, STYLE_BOLD, title, STYLE_NONE, money);
	add_two_sided(f, style, width, style_of_status(o->status), status, STYLE_NONE, "");
	add_two_sided(f, style, width, track_minutes_late(s, now) > 0 ? STYLE_BAD : STYLE_NONE,
		      *arrival || pending ? arrival : strempty(o->failure_reason), STYLE_NONE, "");
	if (rows > SMALL_LINES + 1)
		add_two_sided(f, style, width, detail_style(o, now), detail, STYLE_NONE, "");
	add_bar(f, style, width, o);
	add_labelled(f, style, width, "Courier", 8, courier);
	add_labelled(f, style, width, "", 8, where);
	add_labelled(f, style, width, "To", 8, strempty(o->destination));
	add_two_sided(f, style, width, freshness_style, freshness, STYLE_NONE, "");
}

void track_render(const struct track_state *state, const struct style *style, unsigned columns, unsigned rows,
		  uint64_t now, struct track_frame *ret)
{
	size_t width = columns > 1 ? columns - 1 : 1;

	*ret = (struct track_frame){};
	if (columns >= WIDE_COLUMNS && rows > WIDE_LINES)
		render_wide(state, style, width, now, ret);
	else
		render_small(state, style, width, rows, now, ret);
	while (ret->n > 1 && ret->n >= rows)
		free(ret->lines[--ret->n]);
}

void track_frame_done(struct track_frame *f)
{
	while (f->n > 0)
		free(f->lines[--f->n]);
}

char *track_render_line(const struct track_state *state, uint64_t now)
{
	const struct order *o = state->order;
	_cleanup_free_ char *arrival = arrival_text(state, now, ARRIVAL_ALL), *distance = distance_text(o),
			    *status = status_text(o), *bound = estimate_bound(o, now, /* brief= */ false);
	_cleanup_free_ char *line = NULL;
	char at[WHEN_SIZE];

	if (state->gone_since)
		line = xprintf("%s  the daemon is gone, waiting for it", when_format(at, now));
	else
		line = xprintf("%s  %s  %u %%%s%s%s%s%s%s%s%s", when_format(at, now), strempty(o->status),
			       progress_of(o), streq(status, status_label(o->status)) ? "" : "  ",
			       streq(status, status_label(o->status)) ? "" : strempty(o->failure_reason),
			       *arrival ? "  " : "", arrival, *bound ? ", " : "", bound, *distance ? "  " : "", distance);
	return text_clean(line, false);
}
