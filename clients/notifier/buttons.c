/* The buttons of the bubbles: which there are, and what they do. */
#include "notifier/buttons.h"

#include "base/log.h"
#include "base/records.h"
#include "base/timeutil.h"
#include "notifier/launch.h"
#include "notifier/qr.h"
#include "notifier/terminal.h"
#include "notifier/texts.h"

#define ACTION_DEFAULT "default" /* a click on the bubble itself */
#define ACTION_TRACK "track"
#define ACTION_PAY "pay"
#define ACTION_QR "show-qr"
#define ACTION_CANCEL "cancel"
#define ACTION_CANCEL_YES "cancel-yes"
#define ACTION_CANCEL_NO "cancel-no"
#define ACTION_RATE "rate-" /* and the number of stars */
#define ACTION_RATE_MORE "rate-more"

struct buttons {
	GDBusConnection *bus;
	struct feed *feed;
	struct bubbles *bubbles;
	struct memory *memory;
	struct qr *qr;
};

/* A button that was pressed, until all that follows from it is done. */
struct press {
	struct buttons *buttons;
	char *uid, *action, *token;
	struct view view;
	bool question; /* the bubble being shown is a question */
	bool separate; /* the bubble being shown is not the order's own */
};

static void press_free(struct press *p)
{
	view_done(&p->view);
	g_free(p->uid);
	g_free(p->action);
	g_free(p->token);
	g_free(p);
}

struct buttons *buttons_new(GDBusConnection *bus, struct feed *feed, struct bubbles *bubbles, struct memory *memory)
{
	struct buttons *b = g_new0(struct buttons, 1);

	b->bus = bus;
	b->feed = feed;
	b->bubbles = bubbles;
	b->memory = memory;
	b->qr = qr_new();
	return b;
}

void buttons_free(struct buttons *b)
{
	if (!b)
		return;
	qr_free(b->qr);
	g_free(b);
}

static void add_action(struct bubble *bubble, const char *key, const char *label)
{
	bubble->actions[bubble->n_actions++] = (struct bubble_action){ key, label };
}

void buttons_for_order(const struct view *v, struct bubble *bubble)
{
	add_action(bubble, ACTION_DEFAULT, "Track");
	if (rules_can_rate(v)) {
		add_action(bubble, ACTION_RATE "5", "★★★★★");
		add_action(bubble, ACTION_RATE "3", "★★★");
		add_action(bubble, ACTION_RATE_MORE, "More…");
	} else if (rules_can_pay(v)) {
		if (streq_ptr(v->payment_type, "qr"))
			add_action(bubble, ACTION_QR, "Show QR code");
		add_action(bubble, ACTION_PAY, "Pay");
		if (v->cancellable)
			add_action(bubble, ACTION_CANCEL, "Cancel");
	} else if (!rules_ended(v->status)) {
		add_action(bubble, ACTION_TRACK, "Track");
		if (v->cancellable)
			add_action(bubble, ACTION_CANCEL, "Cancel");
	}
}

void buttons_set_bubble(struct entry *e, const char *server, uint32_t bubble, uint32_t question)
{
	if (!streq_ptr(e->server, server)) {
		if (free_and_strdup(&e->server, server) < 0)
			return;
		e->bubble = e->question = 0;
	}
	if (bubble != 0)
		e->bubble = bubble;
	if (question != 0)
		e->question = question;
}

static void on_answer_shown(void *userdata, void *cookie, bool shown, const char *server, uint32_t id)
{
	struct press *p = cookie;
	struct entry *e = memory_find(p->buttons->memory, p->uid);

	(void)userdata;
	if (shown && e && p->question)
		buttons_set_bubble(e, server, /* bubble= */ 0, id);
	else if (shown && e && !p->separate)
		buttons_set_bubble(e, server, id, /* question= */ 0);
	memory_save(p->buttons->memory);
	press_free(p);
}

/* Shows what came of it, in the order's own bubble or in a separate one, and ends the press. */
static void press_answer(struct press *p, const struct text *text)
{
	const struct entry *e = memory_find(p->buttons->memory, p->uid);
	struct bubble bubble = { .title = text->title, .body = text->body };

	if (e) {
		bubble.server = e->server;
		bubble.id = p->question ? e->question : p->separate ? 0 : e->bubble;
	}
	if (p->question) {
		bubble.stays = true;
		add_action(&bubble, ACTION_CANCEL_YES, "Cancel the order");
		add_action(&bubble, ACTION_CANCEL_NO, "Keep it");
	}
	bubbles_show(p->buttons->bubbles, &bubble, on_answer_shown, p);
}

/* A stage that comes right after it would hide it in the order's own bubble. */
static void press_failed(struct press *p, const char *doing, const char *reason)
{
	_cleanup_text_ struct text text = {};

	p->question = false;
	p->separate = true;
	if (text_for_failure(&p->view, doing, reason, &text) < 0)
		press_free(p);
	else
		press_answer(p, &text);
}

static void on_cancelled(void *userdata, void *cookie, const char *error)
{
	struct press *p = cookie;

	(void)userdata;
	if (error)
		press_failed(p, "Cancelling", error);
	else
		press_free(p); /* the order's own bubble says it */
}

static void on_rated(void *userdata, void *cookie, const char *error)
{
	struct press *p = cookie;
	unsigned stars = (unsigned)(p->action[strlen(ACTION_RATE)] - '0');
	_cleanup_text_ struct text text = {};

	(void)userdata;
	if (error)
		press_failed(p, "Rating", error);
	else if (text_for_rating(&p->view, stars, &text) < 0)
		press_free(p);
	else
		press_answer(p, &text);
}

static void press_ask(struct press *p)
{
	_cleanup_text_ struct text text = {};

	p->question = true;
	if (text_for_question(&p->view, &text) < 0)
		press_free(p);
	else
		press_answer(p, &text);
}

static int show_qr_code(struct press *p, int fd)
{
	char *argv[] = { (char *)"xdg-open", NULL, NULL };
	const char *path;
	int r;

	r = qr_store(p->buttons->qr, p->uid, fd, &path);
	if (r < 0)
		return r;
	argv[1] = (char *)path;
	return launch(p->buttons->bus, "The QR code of an order", argv, p->token);
}

static void on_qr_code(void *userdata, void *cookie, int fd, const char *error)
{
	struct press *p = cookie;
	_cleanup_free_ char *reason = NULL;
	int r = error ? 0 : show_qr_code(p, fd);

	(void)userdata;
	if (r < 0) {
		log_info("The QR code of order %s is not shown: %s", p->uid, strerror(-r));
		error = reason = strprintf("%s. Type it in a terminal: customerclient pay %s --qr",
					   r == -ENOENT ? "There is no xdg-open to show the QR code with"
							: "The QR code cannot be shown", p->uid);
	}
	if (error || r < 0)
		press_failed(p, "Paying", strempty(error));
	else
		press_free(p);
}

static void press_act(struct press *p)
{
	struct feed *feed = p->buttons->feed;

	if (streq(p->action, ACTION_QR))
		feed_get_qr_code(feed, p->uid, on_qr_code, p);
	/* A question could outlast the time that there is. */
	else if (streq(p->action, ACTION_CANCEL) && p->view.hold_until > now_realtime())
		feed_cancel_order(feed, p->uid, on_cancelled, p);
	else if (streq(p->action, ACTION_CANCEL)) {
		if (p->view.cancellable)
			press_ask(p);
		else
			press_failed(p, "Cancelling", "It is too late to cancel it.");
	} else if (streq(p->action, ACTION_CANCEL_YES))
		feed_cancel_order(feed, p->uid, on_cancelled, p);
	else
		feed_rate_order(feed, p->uid, (unsigned)(p->action[strlen(ACTION_RATE)] - '0'), on_rated, p);
}

/* As in "Cancelling order 1042". */
static const char *doing_of(const char *action)
{
	if (streq(action, ACTION_QR) || streq(action, ACTION_PAY))
		return "Paying";
	return streq(action, ACTION_CANCEL) || streq(action, ACTION_CANCEL_YES) ? "Cancelling" : "Rating";
}

static void on_order(void *userdata, void *cookie, struct view *view)
{
	struct press *p = cookie;

	(void)userdata;
	if (!view) {
		press_failed(p, doing_of(p->action), "The order cannot be read now. Nothing was done.");
		return;
	}
	p->view = *view;
	*view = (struct view){};
	press_act(p);
}

static struct press *press_new(struct buttons *b, const char *uid, const char *action, const char *token)
{
	struct press *p = g_new0(struct press, 1);

	p->buttons = b;
	p->uid = g_strdup(uid);
	p->action = g_strdup(action);
	p->token = g_strdup(token);
	return p;
}

static void open_terminal(struct buttons *b, const char *uid, enum terminal_task task, const char *token)
{
	static const struct {
		const char *doing, *verb, *more;
	} words[] = {
		[TERMINAL_TRACK] = { "Tracking", "track", "" },
		[TERMINAL_PAY] = { "Paying", "pay", "" },
		[TERMINAL_RATE] = { "Rating", "rate", " STARS" },
	};
	_cleanup_free_ char *reason = NULL;

	if (terminal_open(b->bus, task, uid, token) >= 0)
		return;
	reason = strprintf("No terminal was found. Type it in one: customerclient %s %s%s", words[task].verb, uid,
			   words[task].more);
	if (reason)
		press_failed(press_new(b, uid, ACTION_TRACK, NULL), words[task].doing, reason);
}

static bool is_rating(const char *action)
{
	const char *stars = startswith(action, ACTION_RATE);

	return stars && *stars >= '1' && *stars <= '5' && stars[1] == '\0';
}

void buttons_invoked(struct buttons *b, const char *server, uint32_t id, const char *action, const char *token)
{
	const struct entry *e = memory_find_bubble(b->memory, server, id);

	if (!e)
		return;
	if (streq(action, ACTION_DEFAULT) || streq(action, ACTION_TRACK))
		open_terminal(b, e->uid, TERMINAL_TRACK, token);
	else if (streq(action, ACTION_PAY))
		open_terminal(b, e->uid, TERMINAL_PAY, token);
	else if (streq(action, ACTION_RATE_MORE))
		open_terminal(b, e->uid, TERMINAL_RATE, token);
	else if (streq(action, ACTION_CANCEL) || streq(action, ACTION_CANCEL_YES) || streq(action, ACTION_QR) ||
		 is_rating(action))
		feed_get_order(b->feed, e->uid, on_order, press_new(b, e->uid, action, token));
	else if (streq(action, ACTION_CANCEL_NO))
		bubbles_close(b->bubbles, server, id);
}

void buttons_closed(struct buttons *b, const char *server, uint32_t id)
{
	struct entry *e = memory_find_bubble(b->memory, server, id);

	if (!e || e->question != id)
		return;
	e->question = 0;
	memory_save(b->memory);
}

void buttons_order_changed(struct buttons *b, struct entry *e, const struct view *v)
{
	if (!streq(v->status, STATUS_AWAITING_PAYMENT))
		qr_forget(b->qr, v->uid);
	if (v->cancellable || e->question == 0 || !e->server)
		return;
	bubbles_close(b->bubbles, e->server, e->question);
	e->question = 0;
}
