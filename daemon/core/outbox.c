/* The outbox's driver: each open row goes, one try at a time, until there is a definite answer. What an answer means
 * is in outbox-rules.c; what is durable, and when, is decided here and nowhere else. */
#include "base/timeutil.h"
#include "core/outbox-private.h"

#define BACKOFF_BASE USEC_PER_SEC
#define BACKOFF_CAP_WAITED (30 * USEC_PER_SEC)
#define BACKOFF_CAP (10 * USEC_PER_MIN)
#define DATE_EXACT (2 * (int64_t)USEC_PER_SEC) /* a Date has whole seconds, and took some time to come */
#define RETRY_AFTER_MAX (60 * USEC_PER_MIN) /* what net/answer lets through */
#define ENDED_KEPT (60ULL * 24 * 60 * USEC_PER_MIN) /* a uid used again within it gets the first outcome */

bool job_is_place(const struct outbox_job *j)
{
	return streq(j->row.kind, ROW_PLACE);
}

int job_set_state(struct outbox_job *j, const char *state)
{
	return free_and_strdup(&j->row.state, state);
}

int job_persist(struct outbox_job *j)
{
	int r = state_outbox_update(j->core->state, &j->row);

	if (r < 0)
		log_error("The outbox could not be written (order %s): %s", j->row.subject,
			  state_error(j->core->state));
	return r;
}

/* ---- waiting callers ---- */

static void waiter_free(struct waiter *w)
{
	TAILQ_REMOVE(&w->job->waiters, w, link);
	event_free(w->timer);
	free(w);
}

/* Answers one; failure NULL: it is done, with that status. */
static void waiter_answer(struct waiter *w, const struct failure *f, const char *status)
{
	order_place_cb place_done = w->place_done;
	core_done_cb done = w->done;
	void *userdata = w->userdata;
	_cleanup_free_ char *uid = strdup(w->job->row.subject);

	waiter_free(w);
	if (place_done)
		place_done(f, strempty(uid), strempty(status), userdata);
	else
		done(f, userdata);
}

static void answer_all(struct outbox_job *j, const struct failure *f, const char *status)
{
	struct waiter_list all = TAILQ_HEAD_INITIALIZER(all);
	struct waiter *w;

	while ((w = TAILQ_FIRST(&j->waiters)))
		waiter_answer(w, f, status);
}

void job_answer_unknown(struct outbox_job *j)
{
	_cleanup_failure_ struct failure f = { 0 };

	failure_set(&f, CC_E_OUTCOME_UNKNOWN,
		    "The request for order %s was sent and not answered: do not repeat it, it is being resolved",
		    j->row.subject);
	answer_all(j, &f, NULL);
}

static void waiter_due(evutil_socket_t fd, short what, void *userdata)
{
	struct waiter *w = userdata;
	_cleanup_failure_ struct failure f = { 0 };

	(void)fd, (void)what;
	if (w->place_done) {
		waiter_answer(w, NULL, w->job->row.state);
		return;
	}
	failure_set(&f, CC_E_OUTCOME_UNKNOWN,
		    "The request was sent and not answered in time: do not repeat it, it is being resolved");
	waiter_answer(w, &f, NULL);
}

int outbox_wait(struct core *c, struct outbox_job *job, uint64_t wait, order_place_cb place_done, core_done_cb done,
		void *userdata)
{
	struct waiter *w = new0(struct waiter, 1);

	if (!w)
		return -ENOMEM;
	w->timer = evtimer_new(c->base, waiter_due, w);
	if (!w->timer) {
		free(w);
		return -ENOMEM;
	}
	w->job = job;
	w->place_done = place_done;
	w->done = done;
	w->userdata = userdata;
	TAILQ_INSERT_TAIL(&job->waiters, w, link);
	core_arm(w->timer, wait);
	return 0;
}

void outbox_end_waits(struct core *c)
{
	struct outbox_job *j;
	struct waiter *w;

	TAILQ_FOREACH(j, &c->outbox, link)
		while ((w = TAILQ_FIRST(&j->waiters)))
			waiter_due(-1, 0, w);
}

/* ---- jobs ---- */

static void job_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	job_step(userdata);
}

static void job_free(struct outbox_job *j)
{
	struct waiter *w;

	api_cancel(j->call);
	while ((w = TAILQ_FIRST(&j->waiters)))
		waiter_free(w);
	event_free(j->timer);
	outbox_row_done(&j->row);
	secret_unref(j->secret_body);
	free(j->refusal);
	free(j);
}

/* Takes the row's contents. */
static struct outbox_job *job_new(struct core *c, struct outbox_row *row)
{
	struct outbox_job *j = new0(struct outbox_job, 1);

	if (!j)
		return NULL;
	j->timer = evtimer_new(c->base, job_due, j);
	if (!j->timer) {
		free(j);
		return NULL;
	}
	TAILQ_INIT(&j->waiters);
	j->core = c;
	j->row = *row;
	memset(row, 0, sizeof(*row));
	/* A mark that a dead process left may stand for a request that arrived. */
	j->sent = j->row.attempted;
	j->backoff = (struct backoff){
		.base = BACKOFF_BASE,
		.cap = streq(j->row.kind, ROW_READ) || streq(j->row.kind, ROW_WATCHED) ? BACKOFF_CAP : BACKOFF_CAP_WAITED,
	};
	TAILQ_INSERT_TAIL(&c->outbox, j, link);
	return j;
}

struct outbox_job *outbox_find(struct core *c, const char *kind, const char *subject)
{
	struct outbox_job *j;

	TAILQ_FOREACH(j, &c->outbox, link)
		if (streq(j->row.kind, kind) && streq(j->row.subject, subject))
			return j;
	return NULL;
}

uint32_t outbox_open_rows(const struct core *c)
{
	const struct outbox_job *j;
	uint32_t n = 0;

	TAILQ_FOREACH(j, &c->outbox, link)
		n++;
	return n;
}

static void release_behind(struct core *c, const char *subject, bool made)
{
	struct outbox_job *j, *next;

	for (j = TAILQ_FIRST(&c->outbox); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (!streq(j->row.subject, subject))
			continue;
		if (!streq(j->row.state, ROW_WAITING)) {
			core_arm(j->timer, 0); /* it was behind; its turn has come */
		} else if (made) {
			if (job_set_state(j, ROW_SUBMITTING) >= 0 && job_persist(j) >= 0)
				core_arm(j->timer, 0);
		} else {
			(void)state_outbox_delete(c->state, j->row.id);
			TAILQ_REMOVE(&c->outbox, j, link);
			job_free(j);
			core_properties(c, CORE_PENDING_OPERATIONS);
		}
	}
}

void job_end(struct outbox_job *j, const struct failure *f, const char *status)
{
	struct core *c = j->core;
	_cleanup_free_ char *subject = strdup(j->row.subject);
	bool made = !job_is_place(j) || streq(j->row.state, ROW_MADE);

	event_del(j->timer);
	TAILQ_REMOVE(&c->outbox, j, link);
	core_properties(c, CORE_PENDING_OPERATIONS);
	answer_all(j, f, status);
	job_free(j);
	if (!isempty(subject))
		release_behind(c, subject, made);
}

void job_again(struct outbox_job *j, uint64_t retry_after)
{
	uint64_t wait = backoff_next_after(&j->backoff, retry_after);
	uint64_t now = core_service_now(j->core);

	j->row.not_before = retry_after > 0 ? now_realtime() + retry_after : 0;
	if (retry_after > 0)
		(void)job_persist(j); /* after a restart too */
	if (job_is_place(j) && j->row.deadline > now && j->row.deadline - now < wait)
		wait = j->row.deadline - now;
	core_arm(j->timer, wait);
}

/* ---- answers ---- */

static void call_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct core *c = j->core;
	struct outbox_judgement verdict = outbox_judge_call(reply, j->row.server_errors);
	_cleanup_failure_ struct failure f = { 0 };

	j->call = NULL;
	if (!verdict.unmark)
		j->sent = true;
	if (verdict.server_error)
		j->row.server_errors++;
	if (verdict.verdict == VERDICT_MADE) {
		if (reply->body && !streq(j->row.kind, ROW_READ))
			(void)orders_apply(c, reply->body, ORDER_FROM_ANSWER);
	} else if (verdict.verdict == VERDICT_REFUSED || verdict.verdict == VERDICT_ASK) {
		failure_from_reply(&f, reply);
		log_info("A request for order %s was refused: %s", j->row.subject, failure_message(&f));
	} else if (!j->sent && !TAILQ_EMPTY(&j->waiters)) {
		/* Nothing was written, and somebody is there to hear it: these calls are not queued. */
		failure_from_reply(&f, reply);
	} else {
		job_again(j, reply->retry_after);
		return;
	}
	/* Done, or never to be: nothing of it is needed again, the order's own record tells. */
	(void)state_outbox_delete(c->state, j->row.id);
	job_end(j, f.error == CC_E_NONE ? NULL : &f, NULL);
}

/* ---- steps ---- */

int job_mark_attempted(struct outbox_job *j)
{
	int r;

	j->row.tries++;
	if (j->row.attempted)
		return 0;
	j->row.attempted = true;
	r = job_persist(j);
	if (r < 0)
		j->row.attempted = false;
	return r;
}

static int read_photos(json_object *o, char ***ret)
{
	json_object *array = json_get_array(o, "photos");
	const char *photo;
	int r = 0;

	for (size_t i = 0; array && i < json_object_array_length(array) && r >= 0; i++) {
		photo = json_object_get_string(json_object_array_get_idx(array, i));
		r = photo ? strv_push(ret, photo) : -EBADMSG;
	}
	return r;
}

static int step_rate(struct outbox_job *j)
{
	_cleanup_(strv_freep) char **photos = NULL;
	_cleanup_json_ json_object *o = NULL;
	const char *comment = "";
	uint32_t rating = 0;
	int r;

	r = json_parse(j->row.options, strlen(j->row.options), JSON_MAX_DEPTH, &o);
	if (r < 0 || json_get_u32(o, "rating", &rating) <= 0 || json_get_string(o, "comment", &comment) < 0)
		return -EBADMSG;
	r = read_photos(o, &photos);
	if (r < 0)
		return r;
	return customer_rate_order(j->core->api, j->row.subject, rating, comment, photos, j->row.key, 0, call_answered,
				   j, &j->call);
}

static int step_call(struct outbox_job *j)
{
	struct core *c = j->core;
	int r;

	/* But for a charge: that is asked for until it is known. */
	if (!streq(j->row.kind, ROW_PAY) &&
	    outbox_next_step(j->row.attempted, j->row.deadline, core_service_now(c)) != STEP_SEND) {
		/* What it was to do shows in the order's own record; so late, nobody expects it any more. */
		log_info("A request for order %s had no answer in time and is given up", j->row.subject);
		(void)state_outbox_delete(c->state, j->row.id);
		job_end(j, NULL, NULL);
		return 0;
	}
	if (!session_active(c))
		return 0;
	r = job_mark_attempted(j);
	if (r < 0)
		return r;
	if (streq(j->row.kind, ROW_PAY))
		return payment_step_pay(j);
	if (streq(j->row.kind, ROW_START))
		return payment_step_start(j);
	if (streq(j->row.kind, ROW_SETTINGS))
		return settings_step(j);
	if (streq(j->row.kind, ROW_REPORT))
		return report_step(j);
	if (streq(j->row.kind, ROW_WATCHED))
		return watched_step(j);
	if (streq(j->row.kind, ROW_RATE))
		return step_rate(j);
	if (streq(j->row.kind, ROW_CANCEL))
		return customer_cancel_order(c->api, j->row.body, j->row.key, 0, call_answered, j, &j->call);
	return push_notifications_read(c->api, j->row.body, j->row.key, call_answered, j, &j->call);
}

/* Rows of one order are sent in order. */
static bool is_behind(const struct outbox_job *j)
{
	const struct outbox_job *other;

	if (isempty(j->row.subject))
		return false;
	TAILQ_FOREACH(other, &j->core->outbox, link) {
		if (other == j)
			return false;
		if (streq(other->row.subject, j->row.subject))
			return true;
	}
	return false;
}

void job_step(struct outbox_job *j)
{
	struct core *c = j->core;
	uint64_t now = now_realtime();
	int r;

	if (j->call || !c->started || streq(j->row.state, ROW_WAITING) || is_behind(j))
		return;
	/* Further away than any Retry-After: our clock was set back since. */
	if (j->row.not_before > now && j->row.not_before - now <= RETRY_AFTER_MAX) {
		uint64_t wait = place_wait_as_told(j);

		if (wait > 0) {
			core_arm(j->timer, wait);
			return;
		}
	}
	event_del(j->timer);
	r = job_is_place(j) ? place_step(j) : step_call(j);
	/* On success j may be gone. */
	if (r < 0) {
		log_error("A row of the outbox (%s %s) could not be sent: %s", j->row.kind, j->row.subject, strerror(-r));
		job_again(j, 0);
	}
}

void outbox_run(struct core *c)
{
	struct outbox_job *j;

	/* A step may end a job and with it others: each gets its turn from the loop. */
	TAILQ_FOREACH(j, &c->outbox, link)
		if (!j->call)
			core_arm(j->timer, 0);
}

void outbox_network_changed(struct core *c)
{
	struct outbox_job *j;

	TAILQ_FOREACH(j, &c->outbox, link)
		backoff_reset(&j->backoff);
	outbox_run(c);
}

/* A deadline that was counted from our clock is moved to where it would have been by the service's. */
void outbox_clock_known(struct core *c, int64_t ahead)
{
	struct outbox_job *j;

	TAILQ_FOREACH(j, &c->outbox, link) {
		if (!j->own_clock || j->row.body)
			continue;
		j->own_clock = false;
		if (ahead > -DATE_EXACT && ahead < DATE_EXACT)
			continue;
		j->row.deadline += (uint64_t)ahead;
		(void)job_persist(j); /* else the old one holds after a restart */
	}
}

/* ---- adding, cancelling, loading ---- */

int outbox_add(struct core *c, struct outbox_row *row, struct outbox_job **ret)
{
	struct outbox_job *j;
	int r;

	r = state_begin(c->state);
	if (r < 0)
		return r;
	r = state_outbox_add(c->state, row, &row->id);
	if (r >= 0 && row->from_cart)
		r = state_cart_clear(c->state, c->world, row->user);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0) {
		state_rollback(c->state);
		return r;
	}
	j = job_new(c, row);
	if (!j)
		return -ENOMEM;
	core_properties(c, CORE_PENDING_OPERATIONS);
	core_arm(j->timer, 0);
	*ret = j;
	return 0;
}

int outbox_cancel_unsent(struct core *c, struct outbox_job *j, struct failure *f)
{
	_cleanup_failure_ struct failure cancelled = { 0 };
	int r;

	api_cancel(TAKE_PTR(j->call));
	r = job_set_state(j, ROW_CANCELLED);
	if (r >= 0)
		r = job_persist(j);
	if (r < 0) {
		(void)job_set_state(j, ROW_SUBMITTING);
		core_arm(j->timer, 0);
		return failure_from_store(f, r, "The order could not be cancelled");
	}
	(void)orders_apply_local(c, &j->row, /* silent= */ false);
	failure_set(&cancelled, CC_E_CONFLICT, "The order was cancelled before it was sent; nothing was ordered");
	job_end(j, &cancelled, NULL);
	return 0;
}

static int row_copy(const struct outbox_row *row, struct outbox_row *ret)
{
	struct outbox_row copy = *row; /* numbers; each text is replaced by one of its own */
	int r = 0;

	copy.world = copy.user = copy.kind = copy.subject = copy.key = NULL;
	copy.body = copy.options = copy.state = copy.error_name = copy.error_message = NULL;
	if (free_and_strdup(&copy.world, row->world) < 0 || free_and_strdup(&copy.user, row->user) < 0 ||
	    free_and_strdup(&copy.kind, row->kind) < 0 || free_and_strdup(&copy.subject, row->subject) < 0 ||
	    free_and_strdup(&copy.key, row->key) < 0 || free_and_strdup(&copy.body, row->body) < 0 ||
	    free_and_strdup(&copy.options, row->options) < 0 || free_and_strdup(&copy.state, row->state) < 0 ||
	    free_and_strdup(&copy.error_name, row->error_name) < 0 ||
	    free_and_strdup(&copy.error_message, row->error_message) < 0)
		r = -ENOMEM;
	if (r < 0)
		outbox_row_done(&copy);
	else
		*ret = copy;
	return r;
}

static int load_row(const struct outbox_row *row, void *userdata)
{
	struct core *c = userdata;
	struct outbox_row copy = { 0 };
	int r;

	r = row_copy(row, &copy);
	if (r >= 0 && !job_new(c, &copy)) {
		outbox_row_done(&copy);
		r = -ENOMEM;
	}
	return r;
}

static struct outbox_job *find_orphan(struct core *c)
{
	struct outbox_job *j;

	TAILQ_FOREACH(j, &c->outbox, link)
		if (streq(j->row.state, ROW_WAITING) && !outbox_find(c, ROW_PLACE, j->row.subject))
			return j;
	return NULL;
}

/* What waited behind an order whose end was stored by a process that died before it released the rest. */
static int release_orphans(struct core *c)
{
	struct outbox_job *j;

	while ((j = find_orphan(c))) {
		_cleanup_free_ char *subject = strdup(j->row.subject);
		struct outbox_row place = { 0 };
		bool made;

		if (!subject)
			return -ENOMEM;
		made = state_outbox_get(c->state, c->world, ROW_PLACE, subject, &place) >= 0 &&
		       streq(place.state, ROW_MADE);
		outbox_row_done(&place);
		release_behind(c, subject, made);
		if (find_orphan(c) == j)
			return -ENOMEM;
	}
	return 0;
}

int outbox_load(struct core *c)
{
	uint64_t now = now_realtime();
	int r;

	(void)state_outbox_prune(c->state, c->world, now > ENDED_KEPT ? now - ENDED_KEPT : 0);
	r = state_outbox_each(c->state, c->world, c->session.row.user, /* open_only= */ true, load_row, c);
	return r < 0 ? r : release_orphans(c);
}

void outbox_unload(struct core *c)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct outbox_job *j;

	failure_set(&f, CC_E_OUTCOME_UNKNOWN, "The session ended before the answer came; sign in to see what became of it");
	while ((j = TAILQ_FIRST(&c->outbox))) {
		TAILQ_REMOVE(&c->outbox, j, link);
		if (!c->stopping)
			answer_all(j, &f, NULL);
		job_free(j);
	}
}
