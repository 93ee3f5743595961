/* When pending orders are expected: what the predictive backend says, kept over restarts, and the time by which nine of
 * ten orders came, learned from those that did. Asked when an order changes, and when something is due anyway and what
 * was said is old; never by a clock of its own. Nothing waits for it, and nothing else fails with it. */
#include "base/timeutil.h"
#include "core/core-internal.h"
#include "core/promises.h"

#define KIND "delivery-time"
#define OLD (90 * USEC_PER_SEC)           /* then it is asked anew when something is due */
#define AFTER_FAILURE (10 * USEC_PER_SEC) /* not even a change of the order asks earlier */
#define AT_ONCE 2
#define MOVED USEC_PER_MIN                /* a promise that moved by more may be another one */

struct asking {
	struct open_call call;
	struct core *core;
	char *uid;
	uint64_t about;
};

static void asking_free(void *p)
{
	struct asking *a = p;

	if (!a)
		return;
	open_call_end(&a->call);
	free(a->uid);
	free(a);
}
DEFINE_CLEANUP(struct asking *, asking_free);

/* ---- what is learned ---- */

static void learn(struct core *c)
{
	int64_t delays[PROMISE_ORDERS_MAX];
	size_t n = 0;

	if (c->estimates.learned || !c->user)
		return;
	c->estimates.learned = true;
	c->estimates.orders = 0;
	if (userdb_delays(c->user, delays, ELEMENTSOF(delays), &n) < 0) {
		log_warning("How promises were kept cannot be read: %s", userdb_error(c->user));
		return;
	}
	if (promise_bound(delays, n, &c->estimates.delay) >= 0)
		c->estimates.orders = (uint32_t)n;
}

void estimates_forget_learned(struct core *c)
{
	c->estimates.learned = false;
}

/* ---- what is shown ---- */

/* On its way: the service has it and it needs no payment first. */
static bool is_expected(const struct order_view *v)
{
	return !v->local && status_is_pending(v->order->status) && !streq(v->order->status, STATUS_AWAITING_PAYMENT);
}

/* The service may have taken another time since for the promise; then the estimate was of another plan. */
static bool still_holds(const struct estimate *e, uint64_t promised_now)
{
	uint64_t moved = e->about > promised_now ? e->about - promised_now : promised_now - e->about;

	if (e->said.delivery == 0)
		return false;
	if (moved <= MOVED)
		return true;
	return e->said.earliest > 0 && e->said.latest > 0 && promised_now >= e->said.earliest &&
	       promised_now <= e->said.latest;
}

/* What was first promised is what the delays were learned against. Where the service has since promised it earlier, it
 * comes no later after that, and at the promise itself at the earliest. */
static uint64_t bound_of(uint64_t first, uint64_t now_promised, int64_t delay)
{
	int64_t bound = (int64_t)first + delay, moved = (int64_t)now_promised + (delay > 0 ? delay : 0);

	return (uint64_t)(now_promised > 0 && moved < bound ? moved : bound);
}

static void derive(struct core *c, struct tracked *t)
{
	struct order_view *v = &t->view;
	const struct estimate *e = &t->estimate;

	v->estimate = (struct order_estimate){ 0 };
	v->latest = 0;
	if (!is_expected(v))
		return;
	learn(c);
	if (still_holds(e, v->order->end_expected)) {
		v->estimate = (struct order_estimate){
			.cooking = e->said.cooking,
			.delivery = e->said.delivery,
			.earliest = e->said.earliest,
			.latest = e->said.latest,
			.confidence = e->said.confidence,
			.asked = e->asked,
		};
		v->latest = e->said.latest;
	}
	if (c->estimates.orders > 0 && e->promised > 0) {
		v->estimate.bound = bound_of(e->promised, v->order->end_expected, c->estimates.delay);
		v->estimate.bound_orders = c->estimates.orders;
	}
}

static void tell(struct core *c, struct tracked *t)
{
	derive(c, t);
	if (c->observer)
		c->observer->order_updated(&t->view, c->observer_data);
}

/* ---- asking ---- */

static void take(struct core *c, struct tracked *t, const struct delivery_time *said, uint64_t about, json_object *body)
{
	struct estimate *e = &t->estimate;

	e->said = *said;
	e->about = about;
	e->asked = now_realtime();
	e->failed = 0;
	if (c->user && userdb_prediction_put(c->user, KIND, t->view.order->uid, e->asked, about,
					     json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN)) < 0)
		log_warning("An estimate could not be stored: %s, ignoring", userdb_error(c->user));
}

void estimate_said(struct core *c, const char *uid, const struct delivery_time *said, uint64_t about,
		   json_object *body)
{
	struct tracked *t = orders_find_tracked(c, uid);

	if (!t)
		return;
	take(c, t, said, about, body);
	tell(c, t);
}

static void answered(const struct api_reply *reply, void *userdata)
{
	_cleanup_(asking_freep) struct asking *a = userdata;
	struct core *c = a->core;
	struct tracked *t = orders_find_tracked(c, a->uid);
	struct delivery_time said;
	bool again;

	c->estimates.open--;
	if (t) {
		again = t->estimate.again;
		t->estimate.open = t->estimate.again = false;
		if (reply->outcome == API_OK && predictive_decode_delivery_time(reply->body, &said) >= 0) {
			take(c, t, &said, a->about, reply->body);
			tell(c, t);
		} else {
			t->estimate.failed++;
			log_debug("No estimate of an order: %s", reply->message);
		}
		if (again)
			estimate_refresh(c, t, /* news= */ true);
	}
	/* Those that had to wait for this one. */
	estimates_refresh(c);
}

static bool is_due(const struct estimate *e, bool news)
{
	uint64_t now = now_monotonic(), old = OLD << (e->failed < 3 ? e->failed : 3);

	if (e->tried > 0 && (e->failed > 0 || !news))
		return now - e->tried >= (news ? AFTER_FAILURE : old);
	return news || e->asked == 0 || now_realtime() - e->asked >= OLD; /* a clock set back: asked */
}

void estimate_refresh(struct core *c, struct tracked *t, bool news)
{
	struct estimate *e = &t->estimate;
	struct asking *a;

	if (!c->started || c->stopping || !c->online || !session_active(c) || !is_expected(&t->view))
		return;
	if (e->open) {
		e->again = e->again || news;
		return;
	}
	if (c->estimates.open >= AT_ONCE || !is_due(e, news))
		return;
	a = new0(struct asking, 1);
	if (!a)
		return;
	open_call_begin(c, &a->call, asking_free);
	a->core = c;
	a->about = t->view.order->end_expected;
	a->uid = strdup(t->view.order->uid);
	e->tried = now_monotonic();
	if (!a->uid || predictive_delivery_time(c->api, a->uid, /* budget= */ 0, answered, a, NULL) < 0) {
		asking_free(a);
		return;
	}
	e->open = true;
	c->estimates.open++;
}

void estimates_refresh(struct core *c)
{
	struct tracked *t;

	TAILQ_FOREACH(t, &c->tracked, link)
		estimate_refresh(c, t, /* news= */ false);
}

void estimates_after_sync(struct core *c)
{
	struct tracked *t;

	if (!c->estimates.learned)
		TAILQ_FOREACH(t, &c->tracked, link)
			tell(c, t);
	estimates_refresh(c);
}

/* ---- with its order ---- */

static void load(struct core *c, struct tracked *t)
{
	_cleanup_free_ char *body = NULL;
	_cleanup_json_ json_object *o = NULL;
	struct estimate *e = &t->estimate;

	if (userdb_prediction_get(c->user, KIND, t->view.order->uid, &e->asked, &e->about, &body) < 0)
		return;
	if (json_parse(body, strlen(body), JSON_MAX_DEPTH, &o) < 0 || predictive_decode_delivery_time(o, &e->said) < 0)
		e->asked = 0;
}

void estimate_follow(struct core *c, struct tracked *t, bool added)
{
	if (!c->user)
		return;
	if (added)
		load(c, t);
	if (!status_is_pending(t->view.order->status)) {
		(void)userdb_prediction_forget(c->user, KIND, t->view.order->uid);
		estimates_forget_learned(c);
	} else if (userdb_promise_get(c->user, t->view.order->uid, &t->estimate.promised) < 0)
		t->estimate.promised = 0;
	derive(c, t);
}
