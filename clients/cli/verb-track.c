/* track: an order followed live, as a picture on a terminal, a line per change in a pipe, a document at the
 * end with --json. The picture is drawn in track-render.c, put on screen in track-screen.c. */
#include <inttypes.h>

#include "base/timeutil.h"
#include "clients/cli/estimate.h"
#include "clients/cli/track-screen.h"
#include "clients/cli/verbs.h"
#include "clients/cli/watch.h"
#include "clients/common/status.h"

#define ENDED 1

struct track {
	struct watch watch;
	struct track_state state;
	struct track_screen screen;
	sd_event_source *resize, *stop;
	bool picture, lines;
	char *last_line_key; /* what the last line said, without the times that run */
};

static void update_state(struct track *t)
{
	struct watch *w = &t->watch;

	t->state.order = &w->order;
	t->state.online = w->online;
	t->state.push = w->push;
	t->state.gone_since = w->gone_since;
	t->state.confirmed_at = w->read_at > w->order.age ? w->read_at - w->order.age : 0;
	/* Whatever is said later, this is what the person was promised. */
	if (!t->state.promised)
		t->state.promised = w->order.end_expected ? w->order.end_expected : order_expected(&w->order);
}

static void draw(struct track *t)
{
	unsigned columns = 80, rows = 24;
	struct track_frame frame;

	(void)cli_terminal_size(STDOUT_FILENO, &columns, &rows);
	track_render(&t->state, t->watch.cli->style, columns, rows, now_realtime(), &frame);
	track_screen_draw(&t->screen, &frame, columns);
}

/* A change is another status, another expected minute, a courier, or the daemon's coming and going. */
static void print_change(struct track *t)
{
	const struct order *o = &t->watch.order;
	_cleanup_free_ char *line = NULL, *key = NULL;

	key = xprintf("%s %" PRIu64 " %s %d", o->status, estimate_arrival(o) / USEC_PER_MIN,
		      strempty(o->courier.name), t->state.gone_since != 0);
	if (streq_ptr(key, t->last_line_key))
		return;
	free(t->last_line_key);
	t->last_line_key = TAKE_PTR(key);
	line = track_render_line(&t->state, now_realtime());
	printf("%s\n", line);
	fflush(stdout);
}

static int show(struct track *t)
{
	if (t->picture)
		draw(t);
	else if (t->lines)
		print_change(t);
	return 0;
}

static int on_change(struct watch *w, void *userdata)
{
	struct track *t = userdata;

	if (!w->known)
		return 0;
	update_state(t);
	(void)show(t);
	return status_is_pending(w->order.status) || w->gone_since ? 0 : ENDED;
}

static int on_second(struct watch *w, void *userdata)
{
	struct track *t = userdata;

	if (w->known && t->picture)
		draw(t);
	if (!t->picture && w->gone_since && now_realtime() > w->gone_since + WATCH_GIVE_UP)
		return cli_fail(
			w->cli, CC_EXIT_NO_DAEMON, SD_BUS_ERROR_SERVICE_UNKNOWN,
			"The daemon has been gone for a minute; see journalctl --user -u " CC_UNIT_DAEMON);
	return 0;
}

static int on_resize(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	struct track *t = userdata;

	(void)s;
	(void)si;
	if (t->watch.known)
		draw(t);
	return 0;
}

/* Ctrl-Z: the terminal is given back first, and taken again when the person returns. */
static int on_stop(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	struct track *t = userdata;

	(void)s;
	(void)si;
	track_screen_close(&t->screen);
	(void)raise(SIGSTOP);
	track_screen_open(&t->screen);
	if (t->watch.known)
		draw(t);
	return 0;
}

static int open_picture(struct track *t)
{
	sigset_t block;
	int r;

	sigemptyset(&block);
	sigaddset(&block, SIGWINCH);
	sigaddset(&block, SIGTSTP);
	if (sigprocmask(SIG_BLOCK, &block, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(t->watch.event, &t->resize, SIGWINCH, on_resize, t);
	if (r >= 0)
		r = sd_event_add_signal(t->watch.event, &t->stop, SIGTSTP, on_stop, t);
	if (r >= 0)
		track_screen_open(&t->screen);
	return r;
}

/* The newest pending order. 0 = there is none. */
static int newest_pending(struct cli *cli, char **ret_uid)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct order_row row;
	int r;

	r = cli_read(cli, CC_IFACE_ORDERS, "ListPending", &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	if (r > 0)
		r = order_row_read(reply, &row);
	if (r < 0)
		return cli_bad_reply(cli, r, "Orders.ListPending");
	if (r > 0)
		*ret_uid = xstrdup(row.uid);
	return r;
}

static int tell_end(struct cli *cli, struct track *t)
{
	const struct order *o = &t->watch.order;

	if (!status_is_delivered(o->status))
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("Conflict"), "Order %s was %s%s%s",
				order_name(o), streq(o->status, "rejected") ? "not made" : o->status,
				isempty(o->failure_reason) ? "" : ": ", strempty(o->failure_reason));
	if (cli->json)
		return cli_print_order_json(cli, o->uid);
	if (t->picture && !o->rating)
		printf("Next: customerclient rate %s STARS\n", order_name(o));
	return 0;
}

static bool wants_picture(const struct cli *cli)
{
	const char *term = getenv("TERM");

	return !cli->json && isatty(STDOUT_FILENO) && !isempty(term) && !streq(term, "dumb");
}

static void track_done(struct track *t)
{
	track_screen_close(&t->screen);
	sd_event_source_unref(t->resize);
	sd_event_source_unref(t->stop);
	watch_done(&t->watch);
	free(t->last_line_key);
}

int verb_track(struct cli *cli, const struct args *args)
{
	_cleanup_(track_done) struct track t = {};
	_cleanup_free_ char *uid = NULL;
	int r;

	r = args_word(args, 0) ? cli_lookup_order(cli, args->words[0], &uid) : newest_pending(cli, &uid);
	if (r < 0)
		return r;
	if (!uid) {
		cli_note("No order is pending.");
		return cli->json ? cli_print_json(cli, NULL) : 0;
	}
	r = watch_init(&t.watch, cli, uid);
	if (r < 0)
		return r;
	t.watch.on_change = on_change;
	t.watch.on_second = on_second;
	t.watch.userdata = &t;
	t.picture = wants_picture(cli);
	t.lines = !t.picture && !cli->json;
	r = t.picture ? open_picture(&t) : 0;
	if (r < 0)
		return cli_fail_errno(cli, r, "The terminal cannot be used");
	r = watch_run(&t.watch);
	track_screen_close(&t.screen);
	if (r == -EINTR)
		return cli->json ? cli_fail_errno(cli, r, "") : CC_EXIT_INTERRUPTED;
	return r < 0 ? r : tell_end(cli, &t);
}
