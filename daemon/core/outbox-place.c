/* The way of an order through the outbox: quoted where no total was given, sent, asked for, and its three ends. What an
 * answer means is in outbox-rules.c; the row's turns and waits are outbox.c's. */
#include "base/money.h"
#include "base/timeutil.h"
#include "core/outbox-private.h"

#define QUOTE_BUDGET 0 /* one try: the row itself is repeated */

static void place_rejected(struct outbox_job *j, enum cc_error error, const char *message)
{
	struct core *c = j->core;
	_cleanup_failure_ struct failure f = { 0 };
	const char *before = streq(j->row.state, ROW_UNKNOWN) ? ROW_UNKNOWN : ROW_SUBMITTING;
	int r;

	failure_set(&f, error, "%s", message);
	r = job_set_state(j, ROW_REJECTED);
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
		(void)job_set_state(j, before);
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
	if (job_set_state(j, ROW_MADE) < 0 || job_persist(j) < 0) {
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
		if (job_persist(j) < 0)
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
	_cleanup_failure_ struct failure f = { 0 };
	struct quote q = { 0 };
	struct placing p = { 0 };
	char total[MONEY_HUMAN_SIZE], message[MONEY_HUMAN_SIZE + 64];
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
		(void)snprintf(message, sizeof(message), "The total is %s, over max-total; nothing was ordered",
			       money_format_human(total, q.total_price, q.currency));
		place_rejected(j, CC_E_OVER_LIMIT, message);
	} else if (!p.over_limit && place_check_month(j->core, q.total_price, q.currency, j->row.subject, &f) < 0) {
		place_rejected(j, f.error, failure_message(&f));
	} else if (placing_set_amount(&j->row, q.total_price) >= 0) {
		(void)orders_apply_local(j->core, &j->row, /* silent= */ false);
		job_step(j);
	} else {
		job_again(j, 0);
	}
	placing_done(&p);
	quote_done(&q);
}

static int fix_body(struct outbox_job *j, struct placing *p)
{
	int r;

	r = customer_order_encode(&p->request, &j->row.body);
	return r < 0 ? r : job_persist(j);
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
		r = job_mark_attempted(j);
	if (r >= 0)
		r = customer_make_order(c->api, j->row.body, j->row.key, place_answered, j, &j->call);
	return r;
}

static int become_unknown(struct outbox_job *j)
{
	if (streq(j->row.state, ROW_UNKNOWN))
		return 0;
	if (job_set_state(j, ROW_UNKNOWN) < 0 || job_persist(j) < 0)
		return -EIO;
	(void)orders_apply_local(j->core, &j->row, /* silent= */ false);
	job_answer_unknown(j);
	return 0;
}

uint64_t place_wait_as_told(struct outbox_job *j)
{
	uint64_t now = now_realtime(), service_now = core_service_now(j->core), wait;

	wait = j->row.not_before - now;
	if (!job_is_place(j) || j->row.deadline == 0)
		return wait;
	if (j->row.deadline > service_now)
		return wait < j->row.deadline - service_now ? wait : j->row.deadline - service_now;
	if (!j->row.attempted)
		return 0;
	(void)become_unknown(j);
	return wait;
}

/* Wall µs; 0: the order is not held. */
static uint64_t held_until(const struct outbox_job *j)
{
	struct placing p = { 0 };
	uint64_t until = 0;

	if (!j->row.attempted && placing_parse(&j->row, &p) >= 0)
		until = p.hold_until;
	placing_done(&p);
	return until;
}

int place_step(struct outbox_job *j)
{
	struct core *c = j->core;
	uint64_t now = core_service_now(c), hold;

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
	hold = held_until(j);
	if (hold > now_realtime()) {
		core_arm(j->timer, hold - now_realtime());
		return 0;
	}
	if (hold > 0) /* it is over: said once, by what changes in the order's object */
		(void)orders_apply_local(c, &j->row, /* silent= */ true);
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
