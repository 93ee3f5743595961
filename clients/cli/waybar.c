/* The line for status bars, from a state that was read before. */
#include "clients/cli/waybar.h"

#include "clients/cli/pay.h"
#include "clients/cli/text.h"
#include "clients/cli/track-render.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"

/* Bars read it as Pango markup. */
static char *escaped(const char *s)
{
	_cleanup_free_ char *clean = text_clean(s, true);
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (const char *p = clean; *p; p++)
		switch (*p) {
		case '&': fputs("&amp;", f); break;
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		default: fputc(*p, f);
		}
	return textbuf_take(&b);
}

static json_object *document(const char *text, const char *class, const char *tooltip, int percentage)
{
	_cleanup_free_ char *safe_text = escaped(text), *safe_tooltip = escaped(tooltip);
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "text", json_object_new_string(safe_text));
	json_object_object_add(o, "alt", json_object_new_string(class));
	json_object_object_add(o, "tooltip", json_object_new_string(safe_tooltip));
	json_object_object_add(o, "class", json_object_new_string(class));
	if (percentage >= 0)
		json_object_object_add(o, "percentage", json_object_new_int(percentage));
	return o;
}

static json_object *pending_document(const struct waybar_state *s, uint64_t now)
{
	const struct order *o = s->pending;
	struct track_state track = { .order = o, .online = s->online };
	unsigned late = track_minutes_late(&track, now);
	_cleanup_free_ char *wants = pay_note_text(o, order_name(o), now), *until = pay_due_until(o, now);
	_cleanup_free_ char *text = NULL, *tooltip = NULL, *more = NULL, *late_text = NULL;
	bool due = pay_is_due(o);
	char expected[WHEN_SIZE];

	when_format_near(expected, order_expected(o), now);
	if (due)
		text = xprintf("To pay%s", until);
	else
		text = xprintf("%s%s%s", status_label(o->status), *expected ? " " : "", expected);
	more = s->pending_orders > 1 ? xprintf("\n%u more pending", s->pending_orders - 1) : xstrdup("");
	late_text = late ? xprintf("\n%u min late", late) : xstrdup("");
	tooltip = xprintf("Order %s%s%s%s%s%s%s", order_name(o), wants ? " " : "", strempty(wants),
			  isempty(o->destination) ? "" : "\nto ", strempty(o->destination), late_text, more);
	return document(text, due ? "to-pay" : late ? "late" : "pending", tooltip, (int)o->progress);
}

json_object *waybar_json(const struct waybar_state *s, uint64_t now)
{
	_cleanup_free_ char *text = NULL, *tooltip = NULL;

	if (!s->signed_in)
		return document("", "signed-out", "Nobody is signed in", -1);
	if (s->pending)
		return pending_document(s, now);
	text = s->unread ? xprintf("%u", s->unread) : xstrdup("");
	tooltip = xprintf("%s\nNo pending orders\n%u unread", strempty(s->login), s->unread);
	return document(text, s->online ? "idle" : "offline", tooltip, -1);
}

json_object *waybar_json_unreachable(void)
{
	return document("", "unreachable", "customerclientd cannot be reached", -1);
}
