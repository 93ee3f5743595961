/* The notifier: joins feed, rules, memory and bubbles. What a button does is in buttons.c. */
#include "notifier/notifier.h"

#include <glib-unix.h>
#include <sys/timerfd.h>

#include "base/log.h"
#include "base/timeutil.h"
#include "notifier/buttons.h"
#include "notifier/bubbles.h"
#include "notifier/feed.h"
#include "notifier/memory.h"
#include "notifier/rules.h"
#include "notifier/texts.h"

/* Orders asked for at the same time: after a long absence there may be many. */
#define JOBS_AT_ONCE 4

/* One order being looked at. There is one job an order, so that its bubbles never overtake each other. */
struct job {
	struct notifier *notifier;
	char *uid;
	bool queued, busy;
	bool again;   /* something happened while busy */
	bool fresh;   /* an event brought it */
	bool recheck; /* look again after the next sync */
	bool unshown; /* look again when there is a notification server */
	bool later;   /* look again when the quiet hours are other ones; next_look is their end */
	bool courier; /* where the courier is matters */
	uint64_t next_look;
	struct view view;
	struct verdict verdict;
};

struct notifier {
	struct feed *feed;
	struct bubbles *bubbles;
	struct memory *memory;
	struct buttons *buttons;
	struct settings settings;
	bool stopping;
	GHashTable *jobs; /* uid → job */
	GQueue *queue;    /* of jobs, borrowed */
	unsigned active;  /* jobs that are busy, and notifications being fetched */
	uint64_t seq;     /* of the last event handed out */
	bool has_seq;
	int timer; /* timerfd */
	guint timer_source;
};

static void job_free(void *p)
{
	struct job *j = p;

	view_done(&j->view);
	free(j->uid);
	free(j);
}

static struct job *job_get(struct notifier *n, const char *uid)
{
	struct job *j = g_hash_table_lookup(n->jobs, uid);

	if (j)
		return j;
	j = g_new0(struct job, 1);
	j->notifier = n;
	j->uid = g_strdup(uid);
	g_hash_table_insert(n->jobs, j->uid, j);
	return j;
}

/* The expected times are wall time and go on in suspend: a timerfd of the realtime clock fires right after it. */
static void timer_arm(struct notifier *n)
{
	struct itimerspec when = {};
	uint64_t next = 0;
	GHashTableIter iter;
	struct job *j;

	g_hash_table_iter_init(&iter, n->jobs);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&j))
		if (j->next_look > 0 && (next == 0 || j->next_look < next))
			next = j->next_look;
	when.it_value.tv_sec = (time_t)(next / USEC_PER_SEC);
	when.it_value.tv_nsec = (long)(next % USEC_PER_SEC) * 1000;
	if (timerfd_settime(n->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		log_warning("The timer cannot be set: %s", strerror(errno));
}

/* All that was heard so far has been shown or remembered: only now its number may be kept. */
static void notifier_settle(struct notifier *n)
{
	if (n->active > 0 || !g_queue_is_empty(n->queue) || n->stopping)
		return;
	if (n->has_seq)
		memory_set_seq(n->memory, n->seq);
	memory_prune(n->memory, now_realtime());
	memory_save(n->memory);
	timer_arm(n);
}

static void on_order(void *userdata, void *cookie, struct view *view);

static void notifier_pump(struct notifier *n)
{
	while (!n->stopping && n->active < JOBS_AT_ONCE && !g_queue_is_empty(n->queue) && feed_is_live(n->feed)) {
		struct job *j = g_queue_pop_head(n->queue);

		j->queued = false;
		j->busy = true;
		n->active++;
		feed_get_order(n->feed, j->uid, on_order, j);
	}
}

static void job_wake(struct job *j)
{
	struct notifier *n = j->notifier;

	if (j->busy)
		j->again = true;
	else if (!j->queued) {
		j->queued = true;
		g_queue_push_tail(n->queue, j);
		notifier_pump(n);
	}
}

static void job_finish(struct job *j)
{
	struct notifier *n = j->notifier;
	const struct entry *e = memory_find(n->memory, j->uid);
	bool waits = j->recheck || j->unshown || j->next_look > 0; /* later ones have a next_look */

	view_done(&j->view);
	n->active--;
	j->busy = false;
	if (j->again) {
		j->again = false;
		job_wake(j);
	} else {
		j->fresh = false;
		if (!waits && (!e || rules_ended(e->told.stage)))
			g_hash_table_remove(n->jobs, j->uid);
	}
	notifier_pump(n);
	notifier_settle(n);
}

static void entry_set_told(struct entry *e, const struct verdict *verdict)
{
	if (free_and_strdup(&e->told.stage, verdict->stage) < 0)
		return;
	e->told.expected = verdict->expected;
	e->told.late_for = verdict->late_for;
	if (!streq_ptr(e->told.unpaid, verdict->unpaid))
		(void)free_and_strdup(&e->told.unpaid, verdict->unpaid);
	e->told.held = verdict->held;
	e->told.pay_until = verdict->pay_until;
	e->told.ready = verdict->ready;
	e->touched = now_realtime();
}

static void job_remember(struct job *j, const char *server, uint32_t bubble)
{
	struct entry *e = memory_add(j->notifier->memory, j->uid);

	if (!e)
		return;
	entry_set_told(e, &j->verdict);
	if (server)
		buttons_set_bubble(e, server, bubble, /* question= */ 0);
	memory_save(j->notifier->memory);
}

/* When this order is to be looked at again without any event. */
static void job_plan(struct job *j)
{
	const struct entry *e = memory_find(j->notifier->memory, j->uid);
	uint64_t now = now_realtime(), next = rules_next_look(&j->view, e ? &e->told : NULL, now);
	bool due = next > 0 && next <= now;

	/* The time has passed, but the service has not spoken since: only a sync can tell. */
	j->recheck = due;
	j->next_look = due ? 0 : next;
	j->courier = rules_wants_courier(&j->view, e ? &e->told : NULL);
}

/* Nothing told yet, and known as news: the next try is one. */
static void job_keep_news(struct job *j)
{
	struct entry *e = memory_add(j->notifier->memory, j->uid);

	if (e && e->touched == 0)
		e->touched = now_realtime();
}

static void on_shown(void *userdata, void *cookie, bool shown, const char *server, uint32_t id)
{
	struct job *j = cookie;

	(void)userdata;
	j->unshown = !shown;
	if (shown)
		job_remember(j, server, id);
	else
		job_keep_news(j);
	job_plan(j);
	job_finish(j);
}

static void job_show(struct job *j)
{
	struct notifier *n = j->notifier;
	const struct entry *e = memory_find(n->memory, j->uid);
	_cleanup_text_ struct text text = {};
	struct bubble bubble = {};

	if (text_for_order(&j->view, &j->verdict, now_realtime(), &text) < 0) {
		job_finish(j);
		return;
	}
	bubble.title = text.title;
	bubble.body = text.body;
	bubble.server = e ? e->server : NULL;
	bubble.id = e ? e->bubble : 0;
	buttons_for_order(&j->view, &bubble);
	bubbles_show(n->bubbles, &bubble, on_shown, j);
}

static void on_order(void *userdata, void *cookie, struct view *view)
{
	struct notifier *n = userdata;
	struct job *j = cookie;
	struct entry *e = memory_find(n->memory, j->uid);
	uint64_t now = now_realtime(), quiet_end = 0;

	if (!view) {
		/* Not in the cache yet, or signed out for now: a time that has come would come again and again. */
		j->recheck = e && !rules_ended(e->told.stage);
		j->next_look = 0;
		job_finish(j);
		return;
	}
	j->view = *view;
	*view = (struct view){};
	if (e)
		buttons_order_changed(n->buttons, e, &j->view);
	rules_judge(&j->view, e ? &e->told : NULL, j->fresh, now, &j->verdict);
	log_debug("Order %s is %s, told was %s: %s", j->uid, j->view.status, e ? e->told.stage : "nothing",
		  news_to_string(j->verdict.news));
	j->unshown = false;
	j->later = !feed_muted(n->feed) && rules_quiet(&n->settings.quiet, now, &quiet_end);
	if (j->later)
		rules_hush(&j->view, &j->verdict);
	j->later = j->verdict.news == NEWS_LATER;
	switch (j->verdict.news) {
	case NEWS_STAGE:
	case NEWS_MOVED:
	case NEWS_LATE:
	case NEWS_HELD:
	case NEWS_UNPAID:
	case NEWS_READY:
		if (!feed_muted(n->feed)) {
			job_show(j);
			return;
		}
		/* fall through */
	case NEWS_REMEMBER:
		job_remember(j, NULL, 0);
		break;
	case NEWS_LATER:
		job_keep_news(j);
		break;
	case NEWS_NONE:
		break;
	}
	job_plan(j);
	if (j->later)
		j->next_look = quiet_end;
	job_finish(j);
}

static void on_order_event(void *userdata, const char *uid)
{
	struct job *j = job_get(userdata, uid);

	j->fresh = true;
	job_wake(j);
}

static void on_order_pending(void *userdata, const char *uid)
{
	job_wake(job_get(userdata, uid));
}

static void on_order_moved(void *userdata, const char *uid)
{
	struct notifier *n = userdata;

	/* One that we do not know yet has an event coming, and that makes it news. */
	if (memory_find(n->memory, uid))
		job_wake(job_get(n, uid));
}

static void on_courier_moved(void *userdata, const char *uid)
{
	struct notifier *n = userdata;
	struct job *j = g_hash_table_lookup(n->jobs, uid);

	if (j && j->courier)
		job_wake(j);
}

static void on_caught_up(void *userdata)
{
	struct notifier *n = userdata;

	for (size_t i = 0; i < memory_count(n->memory); i++) {
		const struct entry *e = memory_nth(n->memory, i);

		if (!rules_ended(e->told.stage))
			job_wake(job_get(n, e->uid));
	}
	notifier_pump(n);
	notifier_settle(n);
}

/* Wakes the jobs for which `wanted` says so. A job may be freed only later, by the answer. */
static void wake_jobs(struct notifier *n, bool (*wanted)(const struct job *j, uint64_t now))
{
	uint64_t now = now_realtime();
	GHashTableIter iter;
	struct job *j;

	g_hash_table_iter_init(&iter, n->jobs);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&j))
		if (wanted(j, now))
			job_wake(j);
}

static bool wants_sync(const struct job *j, uint64_t now)
{
	(void)now;
	return j->recheck;
}

static bool wants_server(const struct job *j, uint64_t now)
{
	(void)now;
	return j->unshown;
}

static bool wants_settings(const struct job *j, uint64_t now)
{
	(void)now;
	return j->later;
}

static bool wants_time(const struct job *j, uint64_t now)
{
	return j->next_look > 0 && j->next_look <= now;
}

static void on_synced(void *userdata)
{
	wake_jobs(userdata, wants_sync);
}

static void on_server_appeared(void *userdata)
{
	wake_jobs(userdata, wants_server);
}

static gboolean on_timer(int fd, GIOCondition condition, void *userdata)
{
	struct notifier *n = userdata;
	uint64_t expirations;

	(void)condition;
	if (read(fd, &expirations, sizeof(expirations)) > 0)
		wake_jobs(n, wants_time);
	return G_SOURCE_CONTINUE;
}

static void on_seq(void *userdata, uint64_t seq)
{
	struct notifier *n = userdata;

	n->seq = seq;
	n->has_seq = true;
	notifier_settle(n);
}

static void notice_done(struct notifier *n)
{
	n->active--;
	notifier_pump(n);
	notifier_settle(n);
}

static void on_notice_shown(void *userdata, void *cookie, bool shown, const char *server, uint32_t id)
{
	(void)cookie, (void)shown, (void)server, (void)id;
	notice_done(userdata);
}

static void on_notice_text(void *userdata, void *cookie, const char *title, const char *body)
{
	struct notifier *n = userdata;
	const struct bubble bubble = { .title = title, .body = body };
	uint64_t quiet_end;

	(void)cookie;
	if (isempty(title) || feed_muted(n->feed) ||
	    rules_quiet(&n->settings.quiet, now_realtime(), &quiet_end))
		notice_done(n);
	else
		bubbles_show(n->bubbles, &bubble, on_notice_shown, NULL);
}

/* What the service wrote to the person. All that concerns one order is in that order's bubble already. */
static void on_notification(void *userdata, const char *uid, const char *kind)
{
	struct notifier *n = userdata;

	if (!streq(kind, "system") && !(streq(kind, "promotion") && n->settings.promotions))
		return;
	n->active++;
	feed_get_notification(n->feed, uid, on_notice_text, /* cookie= */ NULL);
}

static void on_invoked(void *userdata, const char *server, uint32_t id, const char *action, const char *token)
{
	struct notifier *n = userdata;

	buttons_invoked(n->buttons, server, id, action, token);
}

static void on_closed(void *userdata, const char *server, uint32_t id)
{
	struct notifier *n = userdata;

	buttons_closed(n->buttons, server, id);
}

static int notifier_start_timer(struct notifier *n)
{
	n->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (n->timer < 0)
		return -errno;
	n->timer_source = g_unix_fd_add(n->timer, G_IO_IN, on_timer, n);
	return 0;
}

struct notifier *notifier_new(GDBusConnection *bus, const struct settings *settings)
{
	static const struct bubbles_events bubbles_events = {
		.invoked = on_invoked,
		.closed = on_closed,
		.server_appeared = on_server_appeared,
	};
	static const struct feed_events feed_events = {
		.order_event = on_order_event,
		.order_pending = on_order_pending,
		.order_moved = on_order_moved,
		.courier_moved = on_courier_moved,
		.caught_up = on_caught_up,
		.synced = on_synced,
		.notification = on_notification,
		.seq = on_seq,
	};
	_cleanup_(notifier_freep) struct notifier *n = new0(struct notifier, 1);
	uint64_t seq = 0;
	bool known;

	if (!n)
		return NULL;
	n->settings = *settings;
	n->timer = -1;
	n->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
	n->queue = g_queue_new();
	n->memory = memory_open();
	n->bubbles = n->memory ? bubbles_new(bus, &bubbles_events, n) : NULL;
	if (!n->bubbles || notifier_start_timer(n) < 0)
		return NULL;
	known = memory_get_seq(n->memory, &seq);
	n->feed = feed_new(bus, seq, known, &feed_events, n);
	n->buttons = buttons_new(bus, n->feed, n->bubbles, n->memory);
	return TAKE_PTR(n);
}

void notifier_free(struct notifier *n)
{
	if (!n)
		return;
	n->stopping = true; /* calls still open end here, and nothing new begins */
	feed_free(n->feed);
	bubbles_free(n->bubbles);
	buttons_free(n->buttons);
	if (n->timer_source != 0)
		g_source_remove(n->timer_source);
	closep(&n->timer);
	if (n->queue)
		g_queue_free(n->queue);
	if (n->jobs)
		g_hash_table_unref(n->jobs);
	memory_free(n->memory);
	free(n);
}

void notifier_set(struct notifier *n, const struct settings *settings)
{
	n->settings = *settings;
	wake_jobs(n, wants_settings);
}
