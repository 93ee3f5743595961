/* The outbox's driver: each open row goes, one try at a time, until there is a definite answer. What an answer means
 * is in outbox-rules.c; what is durable, and when, is decided here and nowhere else. */
#include "base/timeutil.h"
#include "core/core-internal.h"

#define BACKOFF_BASE USEC_PER_SEC
#define BACKOFF_CAP_WAITED (30 * USEC_PER_SEC)
#define BACKOFF_CAP (10 * USEC_PER_MIN)
#define DATE_EXACT (2 * (int64_t)USEC_PER_SEC) /* a Date has whole seconds, and took some time to come */
#define RETRY_AFTER_MAX (60 * USEC_PER_MIN) /* what net/answer lets through */
#define QUOTE_BUDGET 0 /* one try: the row itself is repeated */
#define ENDED_KEPT (60ULL * 24 * 60 * USEC_PER_MIN) /* a uid used again within it gets the first outcome */

static void job_step(struct outbox_job *j);

static bool is_place(const struct outbox_job *j)
{
	return streq(j->row.kind, ROW_PLACE);
}

static int set_state(struct outbox_job *j, const char *state)
{
	return free_and_strdup(&j->row.state, state);
}

static int persist(struct outbox_job *j)
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

static void answer_unknown(struct outbox_job *j)
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
		.cap = streq(j->row.kind, ROW_READ) ? BACKOFF_CAP : BACKOFF_CAP_WAITED,
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
		if (!streq(j->row.subject, subject) || !streq(j->row.state, ROW_WAITING))
			continue;
		if (made) {
			if (set_state(j, ROW_SUBMITTING) >= 0 && persist(j) >= 0)
				core_arm(j->timer, 0);
		} else {
			(void)state_outbox_delete(c->state, j->row.id);
			TAILQ_REMOVE(&c->outbox, j, link);
			job_free(j);
			core_properties(c, CORE_PENDING_OPERATIONS);
		}
	}
}

/* The row has come to an end and says so on disk: answers who waits and forgets it here. */
static void job_end(struct outbox_job *j, const struct failure *f, const char *status)
{
	struct core *c = j->core;
	_cleanup_free_ char *subject = strdup(j->row.subject);
	bool place = is_place(j), made = streq(j->row.state, ROW_MADE);

	event_del(j->timer);
	TAILQ_REMOVE(&c->outbox, j, link);
	core_properties(c, CORE_PENDING_OPERATIONS);
	answer_all(j, f, status);
	job_free(j);
	if (place && subject)
		release_behind(c, subject, made);
}

/* Again after a wait; a Retry-After is a floor that no event shortens. */
static void job_again(struct outbox_job *j, uint64_t retry_after)
{
	uint64_t wait = backoff_next_after(&j->backoff, retry_after);
	uint64_t now = core_service_now(j->core);

	j->row.not_before = retry_after > 0 ? now_realtime() + retry_after : 0;
	if (retry_after > 0)
		(void)persist(j); /* after a restart too */
	if (is_place(j) && j->row.deadline > now && j->row.deadline - now < wait)
		wait = j->row.deadline - now;
	core_arm(j->timer, wait);
}

/* ---- outcomes of a place row ---- */

static void place_rejected(struct outbox_job *j, enum cc_error error, const char *message)
{
	struct core *c = j->core;
	_cleanup_failure_ struct failure f = { 0 };
	int r;

	failure_set(&f, error, "%s", message);
	r = set_state(j, ROW_REJECTED);
	if (r >= 0)
		r = free_and_strdup(&j->row.error_name, failure_name(error));
	if (r >= 0)
		r = free_and_strdup(&j->row.error_message, message);
	if (r >= 0)
		r = state_begin(c->state);
	if (r >= 0) {
		r = state_outbox_update(c->state, &j->row);
		if (r >= 0 && j->row.from_cart)
			r = place_put_back(c, &j->row);
		if (r >= 0)
			r = state_commit(c->state);
		if (r < 0)
			state_rollback(c->state);
	}
	if (r < 0) {
		/* Not durable, so not said: the same question is asked again and gets the same answer. */
		log_error("The refusal of order %s could not be stored: %s", j->row.subject, strerror(-r));
		(void)set_state(j, j->row.attempted ? ROW_UNKNOWN : ROW_SUBMITTING);
		job_again(j, 0);
		return;
	}
	log_info("Order %s was not made: %s", j->row.subject, message);
	if (j->row.from_cart)
		cart_changed(c);
	(void)orders_apply_local(c, &j->row, /* silent= */ false);
	job_end(j, &f, NULL);
}

static void place_made(struct outbox_job *j, json_object *order)
{
	struct core *c = j->core;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure f = { 0 };

	/* The cache first: a death in between leaves the row open, and the same key finds the order again. */
	(void)orders_apply(c, order, ORDER_FROM_ANSWER);
	if (set_state(j, ROW_MADE) < 0 || persist(j) < 0) {
		job_again(j, 0);
		return;
	}
	log_info("Order %s was made", j->row.subject);
	(void)order_get(c, j->row.subject, &v, &f);
	job_end(j, NULL, v ? v->order->status : STATUS_REQUESTED);
}

static bool order_readable(const struct outbox_job *j, const struct api_reply *reply)
{
	_cleanup_(order_freep) struct order *o = NULL;

	return reply->outcome == API_OK && reply->body && customer_decode_order(reply->body, &o) >= 0 &&
	       streq_ptr(o->uid, j->row.subject);
}

/* "The price is 23.50 USD now": what the service's refusal brings along, in the sentence. */
static void place_refused(struct outbox_job *j, const struct api_reply *reply, bool confirm)
{
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_free_ char *message = NULL;
	struct placing p = { 0 };
	int64_t amount;

	failure_from_reply(&f, reply);
	if (f.error == CC_E_PRICE_CHANGED && placing_parse(&j->row, &p) >= 0 &&
	    customer_decode_new_amount(reply->body, p.request.currency, &amount) >= 0) {
		char now[MONEY_HUMAN_SIZE], then[MONEY_HUMAN_SIZE];

		message = strprintf("The total is %s now, not %s; nothing was ordered",
				    money_format_human(now, amount, p.request.currency),
				    money_format_human(then, p.request.amount, p.request.currency));
	} else if (f.error == CC_E_OFFLINE || f.error == CC_E_OUTCOME_UNKNOWN) {
		f.error = CC_E_BACKEND;
	}
	placing_done(&p);
	if (!message)
		message = strprintf("%s; nothing was ordered", failure_message(&f));
	if (confirm) {
		free(j->refusal);
		j->refusal = TAKE_PTR(message);
		j->refusal_error = f.error;
		j->ask = true;
		job_step(j);
		return;
	}
	place_rejected(j, f.error, message ? message : failure_message(&f));
}

/* ---- answers ---- */

static void place_asked(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct core *c = j->core;
	bool readable = order_readable(j, reply), not_found;
	bool over = (reply->date > 0 ? reply->date : core_service_now(c)) > j->row.deadline;

	j->call = NULL;
	not_found = reply->outcome == API_REFUSED && reply->status == 404 && streq_ptr(reply->code, "not-found");
	if (not_found && j->refusal) {
		_cleanup_free_ char *message = TAKE_PTR(j->refusal);

		place_rejected(j, j->refusal_error, message);
		return;
	}
	if (not_found && !j->row.attempted) {
		/* Asked only to learn the service's time. */
		j->ask = false;
		job_step(j);
		return;
	}
	switch (outbox_judge_asked(reply, readable, over)) {
	case VERDICT_MADE:
		place_made(j, reply->body);
		return;
	case VERDICT_REFUSED:
		place_rejected(j, CC_E_BACKEND, "The service did not get the order in time; nothing was ordered");
		return;
	case VERDICT_ASK:
		/* It is not there: the same key once more, before it is asked again. */
		j->ask = false;
		j->asked = true;
		job_again(j, reply->retry_after);
		return;
	case VERDICT_SIGN_IN:
		if (session_active(c))
			job_again(j, 0);
		else if (!j->row.attempted && j->row.deadline > 0)
			core_arm(j->timer, j->row.deadline > core_service_now(c) ?
				 j->row.deadline - core_service_now(c) : 0);
		return;
	default:
		job_again(j, reply->retry_after);
	}
}

static void place_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct core *c = j->core;
	struct outbox_judgement verdict = outbox_judge_place(reply, order_readable(j, reply), j->row.server_errors,
							     /* earlier= */ j->sent);

	j->call = NULL;
	j->asked = false;
	if (!verdict.unmark)
		j->sent = true;
	if (verdict.server_error)
		j->row.server_errors++;
	if (verdict.unmark && !j->sent && j->row.attempted) {
		j->row.attempted = false;
		if (persist(j) < 0)
			j->row.attempted = true;
	}
	switch (verdict.verdict) {
	case VERDICT_MADE:
		place_made(j, reply->body);
		return;
	case VERDICT_REFUSED:
		place_refused(j, reply, /* confirm= */ false);
		return;
	case VERDICT_ASK:
		if (verdict.confirm) {
			place_refused(j, reply, /* confirm= */ true);
			return;
		}
		j->ask = true;
		job_step(j);
		return;
	case VERDICT_SIGN_IN:
		if (!session_active(c) && !j->row.attempted)
			core_arm(j->timer, j->row.deadline > core_service_now(c) ?
				 j->row.deadline - core_service_now(c) : 0);
		else if (session_active(c))
			job_again(j, 0);
		return;
	default:
		job_again(j, reply->retry_after);
	}
}

static void place_quoted(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct quote q = { 0 };
	struct placing p = { 0 };
	int r;

	j->call = NULL;
	if (reply->outcome == API_REFUSED || reply->outcome == API_FAILURE) {
		place_refused(j, reply, /* confirm= */ false);
		return;
	}
	if (reply->outcome != API_OK) {
		job_again(j, reply->retry_after);
		return;
	}
	r = customer_decode_quote(reply->body, &q);
	if (r >= 0)
		r = placing_parse(&j->row, &p);
	if (r < 0) {
		job_again(j, 0);
	} else if (q.n_unavailable > 0) {
		place_rejected(j, CC_E_PRODUCT_UNAVAILABLE, "A product is not available; nothing was ordered");
	} else if (p.has_max && q.total_price > p.max_total) {
		place_rejected(j, CC_E_OVER_LIMIT, "The total is over max-total; nothing was ordered");
	} else if (placing_set_amount(&j->row, q.total_price) >= 0) {
		(void)orders_apply_local(j->core, &j->row, /* silent= */ false);
		job_step(j);
	} else {
		job_again(j, 0);
	}
	placing_done(&p);
	quote_done(&q);
}

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

static int mark_attempted(struct outbox_job *j)
{
	int r;

	j->row.tries++;
	if (j->row.attempted)
		return 0;
	j->row.attempted = true;
	r = persist(j);
	if (r < 0)
		j->row.attempted = false;
	return r;
}

static int fix_body(struct outbox_job *j, struct placing *p)
{
	int r;

	r = customer_order_encode(&p->request, &j->row.body);
	return r < 0 ? r : persist(j);
}

static int send_place(struct outbox_job *j)
{
	struct core *c = j->core;
	struct placing p = { 0 };
	_cleanup_free_ char *quote = NULL;
	int r;

	r = placing_parse(&j->row, &p);
	if (r >= 0 && !j->row.body && !p.request.has_amount) {
		p.request.uid = NULL;
		r = customer_order_encode(&p.request, &quote);
		if (r >= 0)
			r = customer_quote(c->api, quote, QUOTE_BUDGET, place_quoted, j, &j->call);
		placing_done(&p);
		return r;
	}
	if (r >= 0 && !j->row.body)
		r = fix_body(j, &p);
	placing_done(&p);
	if (r >= 0)
		r = mark_attempted(j);
	if (r >= 0)
		r = customer_make_order(c->api, j->row.body, j->row.key, place_answered, j, &j->call);
	return r;
}

static int become_unknown(struct outbox_job *j)
{
	if (streq(j->row.state, ROW_UNKNOWN))
		return 0;
	if (set_state(j, ROW_UNKNOWN) < 0 || persist(j) < 0)
		return -EIO;
	(void)orders_apply_local(j->core, &j->row, /* silent= */ false);
	answer_unknown(j);
	return 0;
}

/* The service said to wait: nothing is sent, but a deadline that comes meanwhile is told. µs; 0: go on, nothing will
 * be sent. */
static uint64_t wait_as_told(struct outbox_job *j)
{
	uint64_t now = now_realtime(), service_now = core_service_now(j->core), wait;

	wait = j->row.not_before - now;
	if (!is_place(j) || j->row.deadline == 0)
		return wait;
	if (j->row.deadline > service_now)
		return wait < j->row.deadline - service_now ? wait : j->row.deadline - service_now;
	if (!j->row.attempted)
		return 0;
	(void)become_unknown(j);
	return wait;
}

static int step_place(struct outbox_job *j)
{
	struct core *c = j->core;
	uint64_t now = core_service_now(c);

	switch (outbox_next_step(j->row.attempted, j->row.deadline, now)) {
	case STEP_REJECT:
		place_rejected(j, CC_E_OFFLINE, "The order could not be sent in time; nothing was ordered");
		return 0;
	case STEP_RESOLVE:
		if (become_unknown(j) < 0)
			return -EIO;
		if (!j->asked)
			j->ask = true;
		break;
	case STEP_SEND:
		break;
	}
	if (!session_active(c)) {
		if (!j->row.attempted)
			core_arm(j->timer, j->row.deadline - now);
		return 0;
	}
	/* Where the service's time was never seen, a question comes first: the deadline is in its time. */
	if (j->ask || !c->clock_known)
		return customer_order_get(c->api, j->row.subject, place_asked, j, &j->call);
	return send_place(j);
}

static int step_rate(struct outbox_job *j)
{
	_cleanup_json_ json_object *o = NULL;
	const char *comment = "";
	uint32_t rating = 0;
	int r;

	r = json_parse(j->row.options, strlen(j->row.options), JSON_MAX_DEPTH, &o);
	if (r < 0 || json_get_u32(o, "rating", &rating) <= 0 || json_get_string(o, "comment", &comment) < 0)
		return -EBADMSG;
	return customer_rate_order(j->core->api, j->row.subject, rating, comment, j->row.key, 0, call_answered, j,
				   &j->call);
}

static int step_call(struct outbox_job *j)
{
	struct core *c = j->core;
	int r;

	if (outbox_next_step(j->row.attempted, j->row.deadline, core_service_now(c)) != STEP_SEND) {
		/* What it was to do shows in the order's own record; so late, nobody expects it any more. */
		log_info("A request for order %s had no answer in time and is given up", j->row.subject);
		(void)state_outbox_delete(c->state, j->row.id);
		job_end(j, NULL, NULL);
		return 0;
	}
	if (!session_active(c))
		return 0;
	r = mark_attempted(j);
	if (r < 0)
		return r;
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

static void job_step(struct outbox_job *j)
{
	struct core *c = j->core;
	uint64_t now = now_realtime();
	int r;

	if (j->call || !c->started || streq(j->row.state, ROW_WAITING) || is_behind(j))
		return;
	/* Further away than any Retry-After: our clock was set back since. */
	if (j->row.not_before > now && j->row.not_before - now <= RETRY_AFTER_MAX) {
		uint64_t wait = wait_as_told(j);

		if (wait > 0) {
			core_arm(j->timer, wait);
			return;
		}
	}
	event_del(j->timer);
	r = is_place(j) ? step_place(j) : step_call(j);
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
		(void)persist(j); /* else the old one holds after a restart */
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
	r = set_state(j, ROW_CANCELLED);
	if (r >= 0)
		r = persist(j);
	if (r < 0) {
		(void)set_state(j, ROW_SUBMITTING);
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
