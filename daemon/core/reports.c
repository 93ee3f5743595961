/* Reports of orders: made by the file service and fetched, or sent by e-mail. A report to be sent is queued like an
 * order (its key is the message's uid); its state is watched until it is sent or failed. */
#include <stdio.h>

#include "backend/email.h"
#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"
#include "core/outbox-private.h"

#define REPORT_DEADLINE (7 * 24 * 60 * USEC_PER_MIN)
#define WATCH_BASE (2 * USEC_PER_SEC)
#define WATCH_CAP (10 * USEC_PER_MIN)

struct report {
	struct open_call call;
	struct core *core;
	char *transfer;
	struct failure failure;
	file_cb done;
	report_sent_cb sent_done;
	report_status_cb status_done;
	char *message_uid, *status;
	uint64_t when;
	void *userdata;
};

static void report_free(void *p)
{
	struct report *o = p;

	if (!o)
		return;
	open_call_end(&o->call);
	free(o->transfer);
	free(o->message_uid);
	free(o->status);
	failure_done(&o->failure);
	free(o);
}
DEFINE_CLEANUP(struct report *, report_free);

static void report_end(struct core *c, void *data)
{
	_cleanup_(report_freep) struct report *o = data;
	const struct failure *f = o->failure.error == CC_E_NONE ? NULL : &o->failure;

	(void)c;
	if (o->done)
		o->done(f, -1, "", "", o->userdata);
	else if (o->sent_done)
		o->sent_done(f, strempty(o->message_uid), o->userdata);
	else
		o->status_done(f, strempty(o->status), o->when, o->userdata);
}

static struct report *report_new(struct core *c, void *userdata)
{
	struct report *o = new0(struct report, 1);

	if (!o)
		return NULL;
	open_call_begin(c, &o->call, report_free);
	o->core = c;
	o->userdata = userdata;
	return o;
}

static int check_format(const char *format, struct failure *f)
{
	if (streq(format, "pdf") || streq(format, "png") || streq(format, "html"))
		return 0;
	return failure_set(f, CC_E_INVALID_ARGS, "The format '%s' is not one of pdf, png, html", format);
}

/* An order that the service has. */
static int check_order(struct core *c, const char *uid, struct failure *f)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	int r;

	r = session_require(c, /* reading= */ false, f);
	if (r >= 0)
		r = order_get(c, uid, &v, f);
	if (r >= 0 && v->local)
		r = failure_set(f, CC_E_CONFLICT, "The order is not yet at the service; there is no report of it");
	return r;
}

/* ---- fetched ---- */

static void report_made(const struct api_reply *reply, void *userdata)
{
	_cleanup_(report_freep) struct report *o = userdata;
	struct file_record file = { 0 };

	if (reply->outcome != API_OK)
		failure_from_reply(&o->failure, reply);
	else if (file_decode(reply->body, &file) < 0)
		failure_set(&o->failure, CC_E_PROTOCOL, "The service's answer names no file");
	if (o->failure.error == CC_E_NONE)
		file_fetch_record(o->core, &file, o->transfer, o->done, o->userdata);
	else
		o->done(&o->failure, -1, "", "", o->userdata);
	file_record_done(&file);
}

void report_get(struct core *c, const char *order_uid, const char *format, const char *transfer, file_cb done,
		void *userdata)
{
	struct report *o = report_new(c, userdata);
	int r;

	if (!o)
		return;
	o->done = done;
	o->transfer = isempty(transfer) ? NULL : strdup(transfer);
	r = check_format(format, &o->failure);
	if (r >= 0)
		r = check_order(c, order_uid, &o->failure);
	if (r >= 0) {
		r = file_report_generate(c->api, order_uid, format, CALL_BUDGET, report_made, o, NULL);
		if (r < 0)
			failure_set(&o->failure, CC_E_BACKEND, "The report could not be asked for: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, report_end, o, report_free);
}

/* ---- sent ---- */

static void tell_message(struct core *c, const char *uid, const char *status)
{
	json_object *details = json_object_new_object();

	if (details && json_add_string(details, "status", status) >= 0)
		event_emit(c, "message", uid, TAKE_PTR(details));
	json_object_put(details);
}

/* The service's own uid of the message may be another than our key: kept in the row until it is sent. */
static char *row_message(const struct outbox_job *j)
{
	_cleanup_json_ json_object *o = NULL;
	char *uid = NULL;

	if (j->row.options && json_parse(j->row.options, strlen(j->row.options), JSON_MAX_DEPTH, &o) >= 0)
		(void)json_get_strdup(o, "messageUid", &uid);
	return uid;
}

static void message_over(struct outbox_job *j, const char *status)
{
	struct core *c = j->core;
	_cleanup_free_ char *key = strdup(j->row.key);

	(void)free_and_strdup(&j->row.error_message, status);
	(void)free_and_strdup(&j->row.state, ROW_DONE);
	(void)state_outbox_update(c->state, &j->row);
	job_end(j, NULL, NULL);
	if (key)
		tell_message(c, key, status);
}

static void message_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct email_message m = { 0 };

	j->call = NULL;
	if (reply->outcome != API_OK || email_decode_message(reply->body, &m) < 0) {
		if (reply->outcome == API_REFUSED)
			message_over(j, "failed");
		else
			job_again(j, reply->retry_after);
		return;
	}
	if (streq(m.status, "sent") || streq(m.status, "failed"))
		message_over(j, m.status);
	else
		job_again(j, 0);
	email_message_done(&m);
}

static int note_message(struct outbox_job *j, const char *message_uid)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	r = o ? json_add_string(o, "messageUid", message_uid) : -ENOMEM;
	if (r >= 0)
		r = free_and_strdup(&j->row.options, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	return r < 0 ? r : state_outbox_update(j->core->state, &j->row);
}

static void report_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct outbox_judgement verdict = outbox_judge_call(reply, j->row.server_errors);
	struct email_message m = { 0 };

	j->call = NULL;
	if (verdict.server_error)
		j->row.server_errors++;
	if (verdict.verdict == VERDICT_MADE && email_decode_message(reply->body, &m) >= 0) {
		if (streq(m.status, "sent") || streq(m.status, "failed")) {
			message_over(j, m.status);
		} else {
			(void)note_message(j, m.uid);
			j->backoff = (struct backoff){ .base = WATCH_BASE, .cap = WATCH_CAP };
			tell_message(j->core, j->row.key, m.status);
			job_again(j, 0);
		}
		email_message_done(&m);
	} else if (verdict.verdict == VERDICT_REFUSED || verdict.verdict == VERDICT_ASK ||
		   verdict.verdict == VERDICT_MADE) {
		log_info("A report could not be sent: %s", reply->message);
		message_over(j, "failed");
	} else {
		job_again(j, reply->retry_after);
	}
}

int report_step(struct outbox_job *j)
{
	_cleanup_free_ char *message = row_message(j);

	if (message)
		return email_message_get(j->core->api, message, 0, message_answered, j, &j->call);
	return email_report_send(j->core->api, j->row.body, j->row.key, report_answered, j, &j->call);
}

int report_queue(struct core *c, const char *order_uid, const char *email, const char *format, const char *key,
		 struct failure *f)
{
	struct outbox_row row = { .created = now_realtime() };
	struct outbox_job *job;
	int r;

	row.deadline = core_service_now(c) + REPORT_DEADLINE;
	r = email_report_encode(order_uid, email, format, &row.body);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(ROW_REPORT);
	row.subject = strdup(key); /* not the order's: mails of one order need no order among them */
	row.key = strdup(key);
	row.state = strdup(ROW_SUBMITTING);
	if (r >= 0)
		r = row.world && row.user && row.kind && row.subject && row.key && row.state ?
			outbox_add(c, &row, &job) : -ENOMEM;
	outbox_row_done(&row);
	if (r == -EEXIST) /* this very mail is on its way, or was sent */
		return 0;
	return r < 0 ? failure_from_store(f, r, "The report could not be queued") : 0;
}

static int check_email(const char *email, struct failure *f)
{
	const char *at = strchr(email, '@');

	if (!at || at == email || !strchr(at, '.') || strpbrk(email, " \t\r\n<>,;"))
		return failure_set(f, CC_E_INVALID_ARGS, "The e-mail address '%s' is not one", email);
	return 0;
}

void report_send(struct core *c, const char *order_uid, const char *email, const char *format, report_sent_cb done,
		 void *userdata)
{
	struct report *o = report_new(c, userdata);
	char key[UUID_SIZE];
	int r;

	if (!o)
		return;
	o->sent_done = done;
	uuid_new(key);
	r = check_format(format, &o->failure);
	if (r >= 0)
		r = check_order(c, order_uid, &o->failure);
	if (r >= 0 && isempty(email))
		email = session_email(c);
	if (r >= 0)
		r = check_email(email, &o->failure);
	if (r >= 0)
		r = report_queue(c, order_uid, email, format, key, &o->failure);
	if (r >= 0)
		o->message_uid = strdup(key);
	(void)core_defer(c, report_end, o, report_free);
}

static int receipt_key(const char *order_uid, char ret[static UUID_SIZE])
{
	_cleanup_free_ char *text = strprintf("receipt %s", order_uid);

	return text ? uuid_from_text(text, ret) : -ENOMEM;
}

void report_receipt(struct core *c, const struct order *o)
{
	_cleanup_failure_ struct failure f = { 0 };
	char key[UUID_SIZE];

	if (!session_active(c) || isempty(session_email(c)) || !settings_email_receipts(c) ||
	    receipt_key(o->uid, key) < 0)
		return;
	if (report_queue(c, o->uid, session_email(c), "pdf", key, &f) < 0)
		log_warning("No receipt is sent: %s", failure_message(&f));
}

/* From the outbox: it knows more than the service while a mail is not there yet. */
void report_status(struct core *c, const char *message_uid, report_status_cb done, void *userdata)
{
	struct report *o = report_new(c, userdata);
	struct outbox_row row = { 0 };
	int r;

	if (!o)
		return;
	o->status_done = done;
	r = session_require(c, /* reading= */ true, &o->failure);
	if (r >= 0) {
		r = state_outbox_get(c->state, c->world, ROW_REPORT, message_uid, &row);
		if (r == -ENOENT || (r >= 0 && !streq(row.user, c->session.row.user)))
			failure_set(&o->failure, CC_E_NOT_FOUND, "There is no message '%s'", message_uid);
		else if (r < 0)
			failure_from_store(&o->failure, r, "The outbox could not be read");
		else {
			o->status = strdup(streq(row.state, ROW_DONE) ? strempty(row.error_message) : "queued");
			o->when = row.created;
		}
		outbox_row_done(&row);
	}
	(void)core_defer(c, report_end, o, report_free);
}
