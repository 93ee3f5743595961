/* Cancelling and rating: requests with a key of their own, durable before they are sent, answered within a bounded
 * wait. They are not queued: without network they are refused, nothing sent. */
#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"

struct action {
	struct failure failure;
	core_done_cb done;
	void *userdata;
};

static void action_free(void *p)
{
	struct action *a = p;

	if (!a)
		return;
	failure_done(&a->failure);
	free(a);
}
DEFINE_CLEANUP(struct action *, action_free);

static void action_end(struct core *c, void *data)
{
	_cleanup_(action_freep) struct action *a = data;

	(void)c;
	a->done(a->failure.error == CC_E_NONE ? NULL : &a->failure, a->userdata);
}

static struct action *action_new(core_done_cb done, void *userdata)
{
	struct action *a = new0(struct action, 1);

	if (!a)
		return NULL;
	a->done = done;
	a->userdata = userdata;
	return a;
}

/* Adds a row of that kind for the order. Takes body and options. */
static int add_row(struct core *c, const char *kind, const char *uid, const char *state, char *body, char *options,
		   uint64_t deadline, struct outbox_job **ret, struct failure *f)
{
	struct outbox_row row = { .body = body, .options = options, .created = now_realtime(), .deadline = deadline };
	char key[UUID_SIZE];
	int r;

	uuid_new(key);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(kind);
	row.subject = strdup(uid);
	row.key = strdup(key);
	row.state = strdup(state);
	r = row.world && row.user && row.kind && row.subject && row.key && row.state && (body || options) ?
		outbox_add(c, &row, ret) : -ENOMEM;
	outbox_row_done(&row);
	return r < 0 ? failure_from_store(f, r, "The request could not be stored; nothing was sent") : 0;
}

/* 1: somebody waits for the outbox now; 0: done at once; negative: refused. */
static int wait_for(struct core *c, struct outbox_job *job, struct action *a)
{
	int r = outbox_wait(c, job, CALL_BUDGET, NULL, a->done, a->userdata);

	return r < 0 ? failure_from_store(&a->failure, r, "The answer cannot be waited for") : 1;
}

static int cancel_open(struct core *c, struct outbox_job *place, const char *reason, struct failure *f)
{
	_cleanup_free_ char *body = NULL;
	struct outbox_job *job;
	int r;

	if (!place->row.attempted)
		return outbox_cancel_unsent(c, place, f);
	if (!outbox_find(c, ROW_CANCEL, place->row.subject)) {
		r = customer_cancel_encode(place->row.subject, reason, &body);
		if (r < 0)
			return failure_from_store(f, r, "The cancellation could not be made up");
		r = add_row(c, ROW_CANCEL, place->row.subject, ROW_WAITING, TAKE_PTR(body), NULL, 0, &job, f);
		if (r < 0)
			return r;
	}
	return failure_set(f, CC_E_OUTCOME_UNKNOWN, "The order was sent and not answered; it is cancelled as soon as it is "
			   "known to be made");
}

static int check_cancel(const struct order_view *v, struct failure *f)
{
	const char *status = v->order->status;

	if (streq(status, STATUS_CANCELLED))
		return failure_set(f, CC_E_CANNOT_CANCEL, "The order is cancelled already");
	if (streq(status, STATUS_REJECTED))
		return failure_set(f, CC_E_CANNOT_CANCEL, "The order was never made; there is nothing to cancel");
	if (streq(status, STATUS_DELIVERED) || streq(status, STATUS_FINISHED))
		return failure_set(f, CC_E_CANNOT_CANCEL, "The order has been delivered");
	return 0;
}

static int cancel(struct core *c, const char *uid, const char *reason, struct action *a)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	struct outbox_job *place, *job;
	char *body = NULL;
	int r;

	r = session_require(c, /* reading= */ false, &a->failure);
	if (r < 0)
		return r;
	place = outbox_find(c, ROW_PLACE, uid);
	if (place)
		return cancel_open(c, place, reason, &a->failure);
	r = order_get(c, uid, &v, &a->failure);
	if (r >= 0)
		r = check_cancel(v, &a->failure);
	if (r < 0)
		return r;
	job = outbox_find(c, ROW_CANCEL, uid);
	if (job) /* a second click waits for the first */
		return wait_for(c, job, a);
	r = customer_cancel_encode(uid, reason, &body);
	if (r < 0)
		return failure_from_store(&a->failure, r, "The cancellation could not be made up");
	r = add_row(c, ROW_CANCEL, uid, ROW_SUBMITTING, body, NULL, core_service_now(c) + c->config->deadline, &job,
		    &a->failure);
	return r < 0 ? r : wait_for(c, job, a);
}

void order_cancel(struct core *c, const char *uid, const char *reason, core_done_cb done, void *userdata)
{
	struct action *a = action_new(done, userdata);

	if (!a)
		return;
	if (cancel(c, uid, strempty(reason), a) == 1)
		action_free(a);
	else
		(void)core_defer(c, action_end, a, action_free);
}

/* What the outbox keeps of a rating, until it is sent (outbox.c, step_rate). */
static char *rating_options(uint32_t rating, const char *comment, char *const *photos)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	json_object *array, *photo;
	int r;

	r = o ? json_add_u64(o, "rating", rating) : -ENOMEM;
	if (r >= 0)
		r = json_add_string(o, "comment", strempty(comment));
	if (r >= 0 && strv_length(photos) > 0) {
		array = json_object_new_array();
		r = json_add(o, "photos", array);
		for (; r >= 0 && *photos; photos++) {
			photo = json_object_new_string(*photos);
			r = photo ? json_object_array_add(array, photo) : -ENOMEM;
		}
	}
	return r >= 0 ? strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)) : NULL;
}

static int rate(struct core *c, const char *uid, uint32_t rating, const char *comment, char *const *photos,
		struct action *a)
{
	_cleanup_(order_view_freep) struct order_view *v = NULL;
	struct outbox_job *job;
	char *options;
	int r;

	r = session_require(c, /* reading= */ false, &a->failure);
	if (r < 0)
		return r;
	if (rating < 1 || rating > 5)
		return failure_set(&a->failure, CC_E_INVALID_ARGS, "The rating %u is not 1 to 5", rating);
	if (strv_length(photos) > RATING_PHOTOS_MAX)
		return failure_set(&a->failure, CC_E_INVALID_ARGS, "A rating has at most %d photos", RATING_PHOTOS_MAX);
	r = order_get(c, uid, &v, &a->failure);
	if (r < 0)
		return r;
	if (v->order->rating > 0)
		return failure_set(&a->failure, CC_E_ALREADY_RATED, "The order was rated already, with %u",
				   v->order->rating);
	if (!streq(v->order->status, STATUS_DELIVERED) && !streq(v->order->status, STATUS_FINISHED))
		return failure_set(&a->failure, CC_E_NOT_DELIVERED, "The order has not been delivered (it is '%s')",
				   v->order->status);
	job = outbox_find(c, ROW_RATE, uid);
	if (job)
		return failure_set(&a->failure, CC_E_BUSY, "A rating of that order is on its way");
	options = rating_options(rating, comment, photos);
	if (!options)
		return failure_from_store(&a->failure, -ENOMEM, "The rating could not be made up");
	r = add_row(c, ROW_RATE, uid, ROW_SUBMITTING, NULL, options, core_service_now(c) + c->config->deadline, &job,
		    &a->failure);
	return r < 0 ? r : wait_for(c, job, a);
}

void order_rate(struct core *c, const char *uid, uint32_t rating, const char *comment, char *const *photos,
		core_done_cb done, void *userdata)
{
	struct action *a = action_new(done, userdata);

	if (!a)
		return;
	if (rate(c, uid, rating, comment, photos, a) == 1)
		action_free(a);
	else
		(void)core_defer(c, action_end, a, action_free);
}
