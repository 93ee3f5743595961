/* Payments: one charge per payment uid, whatever dies in between. A card's data lives in memory of its own until its
 * request has a definite answer; its row in the outbox holds the key and the payment's uid only, so that after a crash
 * the service can be asked what became of it. Nothing new is started for an order while that is open. */
#include <time.h>

#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"
#include "core/outbox-private.h"

#define PAY_WAIT (45 * USEC_PER_SEC)
#define PAY_WINDOW (60 * USEC_PER_SEC) /* how long a card that is in memory is tried again with the same key */
#define QR_SIZE_MAX (1U << 20)

struct paying {
	struct open_call call;
	struct core *core;
	char *order, *type, *key;
	struct card card;
	bool has_card;
	char *payload;
	struct failure failure;
	payment_cb done;
	payment_qr_cb qr_done;
	void *userdata;
};

static void paying_free(void *p)
{
	struct paying *o = p;

	if (!o)
		return;
	open_call_end(&o->call);
	free(o->order);
	free(o->type);
	free(o->key);
	free(o->payload);
	card_done(&o->card);
	failure_done(&o->failure);
	free(o);
}
DEFINE_CLEANUP(struct paying *, paying_free);

/* ---- what the order's record says ---- */

bool payment_is_paid(const char *status)
{
	return streq(status, "processed") || streq(status, "confirmed") || streq(status, "finished");
}

static bool payment_is_over(const char *status)
{
	return streq(status, "cancelled") || streq(status, "failed") || streq(status, "rejected") ||
	       streq(status, "not-accepted");
}

/* The newest of that type (NULL: of any). */
static const struct payment *newest_payment(const struct order *o, const char *type)
{
	const struct payment *newest = NULL;

	for (size_t i = 0; i < o->n_payments; i++) {
		const struct payment *p = &o->payments[i];

		if ((!type || streq_ptr(p->type, type)) && (!newest || p->date >= newest->date))
			newest = p;
	}
	return newest;
}

static const struct payment *open_payment(const struct core *c, const struct order *o, const char *type)
{
	const struct payment *p = newest_payment(o, type);

	if (!p || !streq(strempty(p->status), "requested"))
		return NULL;
	return p->valid_until > 0 && p->valid_until <= core_service_now(c) ? NULL : p;
}

static int check_due(struct core *c, const struct order_view *v, struct failure *f)
{
	const char *status = v->order->status;
	const struct payment *newest = newest_payment(v->order, NULL);

	if (v->local)
		return failure_set(f, CC_E_PAYMENT_NOT_DUE, "The order is not yet at the service (it is '%s'); nothing was "
				   "charged", status);
	if (streq(status, STATUS_CANCELLED) || streq(status, STATUS_FINISHED))
		return failure_set(f, CC_E_PAYMENT_NOT_DUE, "The order has ended (it is '%s'); nothing was charged", status);
	if (v->amount_due == 0)
		return failure_set(f, CC_E_PAYMENT_NOT_DUE, "The order is paid already; nothing was charged again");
	if (outbox_find(c, ROW_PAY, v->order->uid) || (newest && streq(strempty(newest->status), "in-process")))
		return failure_set(f, CC_E_OUTCOME_UNKNOWN, "A payment of this order is in process: wait for its outcome, "
				   "nothing new was started");
	return 0;
}

/* ---- the end of a call ---- */

static void paying_end(struct core *c, void *data)
{
	_cleanup_(paying_freep) struct paying *o = data;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_failure_ struct failure ignored = { 0 };
	const struct payment *p = NULL;

	if (o->failure.error == CC_E_NONE && order_get(c, o->order, &v, &ignored) >= 0)
		p = newest_payment(v->order, o->type);
	if (o->failure.error == CC_E_NONE && !p)
		failure_set(&o->failure, CC_E_PROTOCOL, "The service says nothing of a payment");
	if (o->qr_done)
		o->qr_done(&o->failure, NULL, NULL, 0, o->userdata);
	else
		o->done(o->failure.error == CC_E_NONE ? NULL : &o->failure, p, o->userdata);
}

static struct paying *paying_new(struct core *c, const char *order, const char *type, void *userdata)
{
	struct paying *o = new0(struct paying, 1);

	if (!o)
		return NULL;
	open_call_begin(c, &o->call, paying_free);
	o->core = c;
	o->userdata = userdata;
	o->order = strdup(order);
	o->type = strdup(type);
	return o;
}

/* The order as the service has it now, for what its payments became. Where that fails the next sync tells. */
static void refreshed(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;

	if (reply->outcome == API_OK && reply->body && c->user)
		(void)orders_apply(c, reply->body, ORDER_FROM_ANSWER);
}

/* The same, before the row of a payment that came about ends. */
static void row_refreshed(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;

	j->call = NULL;
	refreshed(reply, j->core);
	(void)state_outbox_delete(j->core->state, j->row.id);
	job_end(j, NULL, NULL);
}

static void row_refresh(struct outbox_job *j)
{
	if (customer_order_get(j->core->api, j->row.subject, row_refreshed, j, &j->call) >= 0)
		return;
	(void)state_outbox_delete(j->core->state, j->row.id);
	job_end(j, NULL, NULL);
}

/* ---- rows ---- */

static int add_row(struct core *c, const char *kind, const char *order, char *body, char *options,
		   struct secret *secret_body, uint64_t deadline, struct outbox_job **ret, struct failure *f)
{
	struct outbox_row row = { .body = body, .options = options, .created = now_realtime(), .deadline = deadline };
	char key[UUID_SIZE];
	int r;

	uuid_new(key);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(kind);
	row.subject = strdup(order);
	row.key = strdup(key);
	row.state = strdup(ROW_SUBMITTING);
	r = row.world && row.user && row.kind && row.subject && row.key && row.state ? outbox_add(c, &row, ret) : -ENOMEM;
	outbox_row_done(&row);
	if (r < 0)
		return failure_from_store(f, r, "The payment could not be stored; nothing was charged");
	(*ret)->secret_body = secret_body ? secret_ref(secret_body) : NULL;
	return 0;
}

static void start_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct outbox_judgement verdict = outbox_judge_call(reply, j->row.server_errors);
	_cleanup_failure_ struct failure f = { 0 };

	j->call = NULL;
	if (!verdict.unmark)
		j->sent = true;
	if (verdict.server_error)
		j->row.server_errors++;
	if (verdict.verdict == VERDICT_MADE) {
		row_refresh(j);
		return;
	}
	if (verdict.verdict == VERDICT_AGAIN && (j->sent || TAILQ_EMPTY(&j->waiters))) {
		job_again(j, reply->retry_after);
		return;
	}
	failure_from_reply(&f, reply);
	(void)state_outbox_delete(j->core->state, j->row.id);
	job_end(j, &f, NULL);
}

int payment_step_start(struct outbox_job *j)
{
	return customer_payment_start(j->core->api, j->row.body, j->row.key, 0, start_answered, j, &j->call);
}

/* ---- a card's request and what becomes of it ---- */

static char *row_payment(const struct outbox_job *j)
{
	_cleanup_json_ json_object *o = NULL;
	char *uid = NULL;

	if (j->row.options && json_parse(j->row.options, strlen(j->row.options), JSON_MAX_DEPTH, &o) >= 0)
		(void)json_get_strdup(o, "payment", &uid);
	return uid;
}

static void pay_end(struct outbox_job *j, const struct failure *f)
{
	(void)state_outbox_delete(j->core->state, j->row.id);
	(void)customer_order_get(j->core->api, j->row.subject, refreshed, j->core, NULL);
	job_end(j, f, NULL);
}

/* The service gives its reasons as words or as a code: "insufficient-funds". What the verdict says is not repeated. */
static char *reason_words(const char *reason, const char *verdict)
{
	char *words = strdup(streq(reason, verdict) ? "" : reason);

	if (words && !strchr(words, ' '))
		for (char *p = words; *p; p++)
			if (*p == '-')
				*p = ' ';
	return words;
}

/* "The payment was declined (insufficient funds); nothing was charged. The order waits for … until 19:40" */
static void declined(struct outbox_job *j, const struct payment *p, const char *reason)
{
	_cleanup_failure_ struct failure f = { 0 };
	const char *verdict = p && streq(strempty(p->status), "failed") ? "not carried out" : "declined";
	_cleanup_free_ char *words = reason_words(!isempty(reason) ? reason : p ? strempty(p->failure_reason) : "",
						  verdict);
	const char *why = strempty(words);
	char until[16] = "";
	struct tm tm;
	time_t end;

	if (p && p->valid_until > 0) {
		end = (time_t)(p->valid_until / USEC_PER_SEC);
		if (localtime_r(&end, &tm))
			(void)strftime(until, sizeof(until), "%H:%M", &tm);
	}
	failure_set(&f, CC_E_PAYMENT_DECLINED, "The payment was %s%s%s%s; nothing was charged. The order waits for "
		    "another card or another way to pay%s%s", verdict, isempty(why) ? "" : " (", why,
		    isempty(why) ? "" : ")", isempty(until) ? "" : " until ", until);
	pay_end(j, &f);
}

static void settle(struct outbox_job *j, const struct payment *p)
{
	_cleanup_failure_ struct failure f = { 0 };
	const char *status = strempty(p->status);

	if (payment_is_paid(status)) {
		log_info("A payment of order %s was made", j->row.subject);
		row_refresh(j);
	} else if (payment_is_over(status)) {
		declined(j, p, NULL);
	} else if (streq(status, "requested") && j->refusal) {
		failure_set(&f, j->refusal_error, "%s; nothing was charged", j->refusal);
		pay_end(j, &f);
	} else if (streq(status, "requested") && j->secret_body && core_service_now(j->core) < j->row.deadline) {
		/* The request did not get there: the same one again, with the same key. */
		j->ask = false;
		job_again(j, 0);
	} else if (streq(status, "requested")) {
		failure_set(&f, CC_E_OFFLINE, "The payment did not reach the service; nothing was charged. The order still "
			    "waits to be paid");
		pay_end(j, &f);
	} else {
		j->ask = true;
		secret_unref(TAKE_PTR(j->secret_body));
		job_again(j, 0);
	}
}

static void pay_asked(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	_cleanup_free_ char *uid = row_payment(j);
	_cleanup_failure_ struct failure f = { 0 };
	size_t n;

	j->call = NULL;
	if (reply->outcome != API_OK || !json_object_is_type(reply->body, json_type_array)) {
		job_again(j, reply->retry_after);
		return;
	}
	n = json_object_array_length(reply->body);
	for (size_t i = 0; i < n; i++) {
		struct payment p = { 0 };

		if (customer_decode_payment(json_object_array_get_idx(reply->body, i), &p) < 0)
			continue;
		if (streq_ptr(p.uid, uid)) {
			settle(j, &p);
			payment_done(&p);
			return;
		}
		payment_done(&p);
	}
	failure_set(&f, CC_E_BACKEND, "%s; nothing was charged", j->refusal ? j->refusal :
		    "The service has no such payment");
	pay_end(j, &f);
}

static void pay_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	_cleanup_free_ char *uid = row_payment(j);
	_cleanup_failure_ struct failure f = { 0 };
	struct payment p = { 0 };
	bool readable = reply->outcome == API_OK && customer_decode_payment(reply->body, &p) >= 0 &&
			streq_ptr(p.uid, uid);
	struct outbox_judgement verdict = outbox_judge_payment(reply, readable, j->row.server_errors, j->sent);

	j->call = NULL;
	if (!verdict.unmark)
		j->sent = true;
	if (verdict.server_error)
		j->row.server_errors++;
	switch (verdict.verdict) {
	case VERDICT_MADE:
		settle(j, &p);
		break;
	case VERDICT_REFUSED:
		if (reply->status == 402) {
			declined(j, NULL, reply->message);
			break;
		}
		failure_from_reply(&f, reply);
		pay_end(j, &f);
		break;
	default:
		if (verdict.confirm) {
			failure_from_reply(&f, reply);
			j->refusal_error = f.error;
			(void)free_and_strdup(&j->refusal, failure_message(&f));
			failure_done(&f);
		}
		/* Nothing was written, somebody hears it, and nothing has to be found out. */
		if (verdict.unmark && !j->sent) {
			failure_from_reply(&f, reply);
			pay_end(j, &f);
			break;
		}
		j->ask = true;
		job_again(j, reply->retry_after);
	}
	payment_done(&p);
}

int payment_step_pay(struct outbox_job *j)
{
	if (j->ask || !j->secret_body)
		return customer_payments_get(j->core->api, j->row.subject, 0, pay_asked, j, &j->call);
	return customer_payment_respond(j->core->api, j->secret_body, j->row.key, pay_answered, j, &j->call);
}

/* ---- Start ---- */

static void started(const struct failure *f, void *userdata)
{
	struct paying *o = userdata;

	if (f)
		failure_set(&o->failure, f->error, "%s", failure_message(f));
	paying_end(o->core, o);
}

/* 1: somebody waits; 0: there is an open one already; negative: refused. */
static int ensure_payment(struct paying *o, core_done_cb next)
{
	struct core *c = o->core;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	struct outbox_job *job;
	char *body = NULL;
	int r;

	r = session_require(c, /* reading= */ false, &o->failure);
	if (r >= 0)
		r = order_get(c, o->order, &v, &o->failure);
	if (r >= 0)
		r = check_due(c, v, &o->failure);
	if (r < 0)
		return r;
	if (open_payment(c, v->order, o->type))
		return 0;
	job = outbox_find(c, ROW_START, o->order);
	if (!job) {
		r = customer_payment_start_encode(o->order, o->type, &body);
		if (r < 0)
			return failure_from_store(&o->failure, r, "The payment could not be made up");
		r = add_row(c, ROW_START, o->order, body, NULL, NULL, core_service_now(c) + PAY_WINDOW, &job, &o->failure);
	}
	if (r >= 0)
		r = outbox_wait(c, job, CALL_BUDGET, NULL, next, o);
	return r < 0 && o->failure.error == CC_E_NONE ?
		failure_from_store(&o->failure, r, "The payment cannot be waited for") : r < 0 ? r : 1;
}

static int check_type(const char *type, struct failure *f)
{
	if (!customer_payment_type_from_bus(type))
		return failure_set(f, CC_E_INVALID_ARGS, "The payment type '%s' is not one of cash, pos, qr, card", type);
	return 0;
}

void payment_start(struct core *c, const char *order_uid, const char *type, payment_cb done, void *userdata)
{
	struct paying *o = paying_new(c, order_uid, type, userdata);
	int r;

	if (!o)
		return;
	o->done = done;
	r = check_type(type, &o->failure);
	if (r >= 0)
		r = ensure_payment(o, started);
	if (r <= 0)
		(void)core_defer(c, paying_end, o, paying_free);
}

/* ---- PayByCard ---- */

static int send_card(struct paying *o)
{
	struct core *c = o->core;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_secret_ struct secret *body = NULL;
	_cleanup_json_ json_object *options = json_object_new_object();
	const struct payment *p;
	struct outbox_job *job;
	char *text;
	int r;

	r = order_get(c, o->order, &v, &o->failure);
	if (r >= 0)
		r = check_due(c, v, &o->failure);
	if (r < 0)
		return r;
	p = open_payment(c, v->order, o->type);
	if (!p)
		return failure_set(&o->failure, CC_E_PROTOCOL, "The service started no payment; nothing was charged");
	r = customer_payment_respond_encode(o->order, p->uid, &o->card, &body);
	if (r >= 0)
		r = options ? json_add_string(options, "payment", p->uid) : -ENOMEM;
	text = r >= 0 ? strdup(json_object_to_json_string_ext(options, JSON_C_TO_STRING_PLAIN)) : NULL;
	if (!text)
		return failure_from_store(&o->failure, -ENOMEM, "The payment could not be made up; nothing was charged");
	card_done(&o->card);
	r = add_row(c, ROW_PAY, o->order, NULL, text, body, core_service_now(c) + PAY_WINDOW, &job, &o->failure);
	if (r >= 0)
		r = outbox_wait(c, job, PAY_WAIT, NULL, started, o);
	return r;
}

static void card_started(const struct failure *f, void *userdata)
{
	struct paying *o = userdata;

	if (f)
		failure_set(&o->failure, f->error, "%s", failure_message(f));
	else if (send_card(o) >= 0)
		return;
	paying_end(o->core, o);
}

void payment_by_card(struct core *c, const char *order_uid, struct secret *card, payment_cb done, void *userdata)
{
	struct paying *o = paying_new(c, order_uid, "card", userdata);
	int r;

	if (!o)
		return;
	o->done = done;
	r = session_require(c, /* reading= */ false, &o->failure);
	if (r >= 0)
		r = card_parse(card, core_service_now(c), &o->card, &o->failure);
	if (r >= 0)
		r = ensure_payment(o, card_started);
	if (r == 0)
		r = send_card(o) >= 0 ? 1 : -ECANCELED;
	if (r < 0)
		(void)core_defer(c, paying_end, o, paying_free);
}

/* ---- QR ---- */

static void qr_fetched(const struct failure *f, int fd, const char *name, const char *content_type, void *userdata)
{
	_cleanup_(paying_freep) struct paying *o = userdata;
	_cleanup_free_ char *png = NULL;
	ssize_t n = 0;

	(void)name, (void)content_type;
	if (f) {
		o->qr_done(f, NULL, NULL, 0, o->userdata);
		return;
	}
	png = malloc(QR_SIZE_MAX);
	if (png)
		n = pread(fd, png, QR_SIZE_MAX, 0);
	if (n <= 0) {
		failure_set(&o->failure, CC_E_PROTOCOL, "The picture of the QR code is empty");
		o->qr_done(&o->failure, NULL, NULL, 0, o->userdata);
		return;
	}
	o->qr_done(NULL, o->payload, png, (size_t)n, o->userdata);
}

static void qr_generated(const struct api_reply *reply, void *userdata)
{
	struct paying *o = userdata;
	struct file_record file = { 0 };

	if (reply->outcome != API_OK)
		failure_from_reply(&o->failure, reply);
	else if (file_decode(reply->body, &file) < 0 || isempty(file.qr_payload))
		failure_set(&o->failure, CC_E_PROTOCOL, "The service's answer has no QR code");
	else if (file.size > QR_SIZE_MAX)
		failure_set(&o->failure, CC_E_PROTOCOL, "The picture of the QR code is too large");
	else {
		o->payload = TAKE_PTR(file.qr_payload);
		file_fetch_record(o->core, &file, NULL, qr_fetched, o);
		file_record_done(&file);
		return;
	}
	file_record_done(&file);
	paying_end(o->core, o);
}

static int make_qr(struct paying *o)
{
	struct core *c = o->core;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	const struct payment *p;
	int r;

	r = order_get(c, o->order, &v, &o->failure);
	if (r < 0)
		return r;
	p = open_payment(c, v->order, o->type);
	if (!p)
		return failure_set(&o->failure, CC_E_PROTOCOL, "The service started no payment");
	r = file_generate_qr(c->api, o->order, p->uid, CALL_BUDGET, qr_generated, o, NULL);
	return r < 0 ? failure_set(&o->failure, CC_E_BACKEND, "The QR code could not be asked for: %s", strerror(-r)) : 0;
}

static void qr_started(const struct failure *f, void *userdata)
{
	struct paying *o = userdata;

	if (f)
		failure_set(&o->failure, f->error, "%s", failure_message(f));
	else if (make_qr(o) >= 0)
		return;
	paying_end(o->core, o);
}

void payment_get_qr(struct core *c, const char *order_uid, payment_qr_cb done, void *userdata)
{
	struct paying *o = paying_new(c, order_uid, "qr", userdata);
	int r;

	if (!o)
		return;
	o->qr_done = done;
	r = ensure_payment(o, qr_started);
	if (r == 0)
		r = make_qr(o) >= 0 ? 1 : -ECANCELED;
	if (r < 0)
		(void)core_defer(c, paying_end, o, paying_free);
}

/* ---- Confirm ---- */

static void confirm_refreshed(const struct api_reply *reply, void *userdata)
{
	struct paying *o = userdata;

	if (reply->outcome == API_OK)
		refreshed(reply, o->core);
	else
		failure_from_reply(&o->failure, reply);
	paying_end(o->core, o);
}

static void confirm_answered(const struct api_reply *reply, void *userdata)
{
	struct paying *o = userdata;

	/* Whatever it says, the order's own record has the state. */
	if (reply->outcome == API_OFFLINE || reply->outcome == API_UNAUTHORIZED || reply->outcome == API_NO_TOKEN)
		failure_from_reply(&o->failure, reply);
	else if (customer_order_get(o->core->api, o->order, confirm_refreshed, o, NULL) >= 0)
		return;
	paying_end(o->core, o);
}

static int confirm(struct paying *o)
{
	struct core *c = o->core;
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	_cleanup_secret_ struct secret *body = NULL;
	const struct payment *p;
	char key[UUID_SIZE];
	int r;

	r = session_require(c, /* reading= */ false, &o->failure);
	if (r >= 0)
		r = order_get(c, o->order, &v, &o->failure);
	if (r < 0)
		return r;
	p = newest_payment(v->order, "qr");
	if (!p)
		return failure_set(&o->failure, CC_E_PAYMENT_NOT_DUE, "No QR payment was started for this order");
	if (!streq(strempty(p->status), "requested"))
		return 0;
	uuid_new(key);
	r = customer_payment_respond_encode(o->order, p->uid, NULL, &body);
	if (r >= 0)
		r = customer_payment_respond(c->api, body, key, confirm_answered, o, NULL);
	return r < 0 ? failure_set(&o->failure, CC_E_BACKEND, "The question could not be sent: %s", strerror(-r)) : 1;
}

void payment_confirm(struct core *c, const char *order_uid, payment_cb done, void *userdata)
{
	struct paying *o = paying_new(c, order_uid, "qr", userdata);

	if (!o)
		return;
	o->done = done;
	if (confirm(o) <= 0)
		(void)core_defer(c, paying_end, o, paying_free);
}

int payment_list(struct core *c, const char *order_uid, struct order_view **ret, struct failure *f)
{
	return order_get(c, order_uid, ret, f);
}

/* ---- linked cards ---- */

struct cards {
	struct open_call call;
	struct core *core;
	struct failure failure;
	payment_cards_cb cards_done;
	core_done_cb done;
	void *userdata;
};

static void cards_free(void *p)
{
	struct cards *o = p;

	open_call_end(&o->call);
	failure_done(&o->failure);
	free(o);
}

static void cards_end(struct core *c, void *data)
{
	struct cards *o = data;
	const struct failure *f = o->failure.error == CC_E_NONE ? NULL : &o->failure;

	(void)c;
	if (o->cards_done)
		o->cards_done(f, NULL, 0, o->userdata);
	else
		o->done(f, o->userdata);
	cards_free(o);
}

static struct cards *cards_new(struct core *c, payment_cards_cb cards_done, core_done_cb done, void *userdata)
{
	struct cards *o = new0(struct cards, 1);

	if (!o)
		return NULL;
	*o = (struct cards){ .core = c, .cards_done = cards_done, .done = done, .userdata = userdata };
	open_call_begin(c, &o->call, cards_free);
	return o;
}

static void cards_answered(const struct api_reply *reply, void *userdata)
{
	struct cards *o = userdata;
	size_t n = 0, at = 0;
	struct card_record *all;

	if (reply->outcome != API_OK)
		failure_from_reply(&o->failure, reply);
	else if (!json_object_is_type(reply->body, json_type_array))
		failure_set(&o->failure, CC_E_PROTOCOL, "The service's list of cards is not one");
	else
		n = json_object_array_length(reply->body);
	all = new0(struct card_record, n + 1);
	if (o->failure.error != CC_E_NONE || !all) {
		free(all);
		cards_end(o->core, o);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (customer_decode_card(json_object_array_get_idx(reply->body, i), &all[at]) >= 0)
			at++;
	o->cards_done(NULL, all, at, o->userdata);
	for (size_t i = 0; i < at; i++)
		card_record_done(&all[i]);
	free(all);
	cards_free(o);
}

void payment_list_cards(struct core *c, payment_cards_cb done, void *userdata)
{
	struct cards *o = cards_new(c, done, NULL, userdata);

	if (!o)
		return;
	if (session_require(c, /* reading= */ false, &o->failure) >= 0 &&
	    customer_cards_get(c->api, CALL_BUDGET, cards_answered, o, NULL) >= 0)
		return;
	if (o->failure.error == CC_E_NONE)
		failure_set(&o->failure, CC_E_BACKEND, "The cards could not be asked for");
	(void)core_defer(c, cards_end, o, cards_free);
}

static void card_removed(const struct api_reply *reply, void *userdata)
{
	struct cards *o = userdata;

	if (reply->outcome == API_OFFLINE && reply->sent)
		failure_set(&o->failure, CC_E_OUTCOME_UNKNOWN, "The removal was sent and not answered; the list of cards "
			    "tells what became of it");
	else if (reply->outcome != API_OK)
		failure_from_reply(&o->failure, reply);
	cards_end(o->core, o);
}

void payment_remove_card(struct core *c, const char *uid, core_done_cb done, void *userdata)
{
	struct cards *o = cards_new(c, NULL, done, userdata);
	char key[UUID_SIZE];

	if (!o)
		return;
	uuid_new(key);
	if (session_require(c, /* reading= */ false, &o->failure) >= 0) {
		if (isempty(uid))
			failure_set(&o->failure, CC_E_INVALID_ARGS, "The card's uid is empty");
		else if (customer_card_remove(c->api, uid, key, CALL_BUDGET, card_removed, o, NULL) >= 0)
			return;
		else
			failure_set(&o->failure, CC_E_BACKEND, "The removal could not be sent");
	}
	(void)core_defer(c, cards_end, o, cards_free);
}
