/* Push: what the hub says is taken in like an answer of sync, but never over something newer. While it is up, polling
 * is rare; when it is lost, polling takes over at once; after every connect one sync closes the gap. */
#include "base/timeutil.h"
#include "core/core-internal.h"

static const struct secret *hook_token(void *userdata)
{
	return session_hook_token(userdata);
}

static void hook_unauthorized(void *userdata)
{
	session_renew(userdata);
}

static void hook_state(enum signalr_state state, void *userdata)
{
	struct core *c = userdata;

	core_properties(c, CORE_PUSH_STATE);
	if (state == SIGNALR_SSE || state == SIGNALR_LONG_POLLING)
		sync_now(c);
	else
		sync_reschedule(c);
}

static uint64_t hook_first_delay(void *userdata)
{
	struct core *c = userdata;

	return schedule_reconnect(orders_count_pending(c) > 0, &c->sync.backoff);
}

static uint64_t hook_next_delay(struct backoff *backoff, void *userdata)
{
	return schedule_reconnect_again(orders_count_pending(userdata) > 0, backoff);
}

static void hook_invoked(const char *target, json_object *arguments, void *userdata)
{
	static bool unknown_told;
	struct core *c = userdata;
	json_object *first;

	if (!session_active(c) || !c->user)
		return;
	first = json_object_array_length(arguments) > 0 ? json_object_array_get_idx(arguments, 0) : NULL;
	if (!first) {
		log_debug("An invocation without an argument is ignored");
	} else if (streq(target, PUSH_TARGET_ORDER)) {
		if (orders_apply(c, first, ORDER_FROM_PUSH) == -EBADMSG)
			log_debug("A pushed order made no sense and is ignored");
	} else if (streq(target, PUSH_TARGET_NOTIFICATION)) {
		if (notifications_apply(c, first, /* silent= */ false) == -EBADMSG)
			log_debug("A pushed notification made no sense and is ignored");
	} else if (streq(target, PUSH_TARGET_COURIER)) {
		struct courier_move m = { 0 };

		if (push_decode_courier(first, &m) >= 0)
			orders_courier_moved(c, &m);
		courier_move_done(&m);
	} else if (!unknown_told) {
		log_debug("The hub invokes a target this version does not know, ignoring");
		unknown_told = true;
	}
}

static const struct signalr_handler handler = {
	.token = hook_token,
	.unauthorized = hook_unauthorized,
	.state_changed = hook_state,
	.invoked = hook_invoked,
	.first_delay = hook_first_delay,
	.next_delay = hook_next_delay,
};

bool push_is_up(const struct core *c)
{
	enum signalr_state state = c->push ? signalr_get_state(c->push) : SIGNALR_OFF;

	return state == SIGNALR_SSE || state == SIGNALR_LONG_POLLING;
}

const char *push_state(const struct core *c)
{
	switch (c->push ? signalr_get_state(c->push) : SIGNALR_OFF) {
	case SIGNALR_CONNECTING:
		return "connecting";
	case SIGNALR_SSE:
		return "server-sent-events";
	case SIGNALR_LONG_POLLING:
		return "long-polling";
	default:
		return "off";
	}
}

int push_init(struct core *c)
{
	_cleanup_free_ char *url = push_hub_url(c->config);
	struct signalr_options options = {
		.url = url,
		.sse = c->config->push_sse,
		.long_polling = c->config->push_long_polling,
		.timeout = c->config->push_timeout,
		.backoff_base = SCHEDULE_PUSH_BACKOFF_BASE,
		.backoff_cap = SCHEDULE_PUSH_BACKOFF_CAP,
	};

	if (!c->config->push_enable)
		return 0;
	if (!url)
		return -ENOMEM;
	return signalr_new(c->base, c->http, &options, &handler, c, &c->push);
}

void push_start(struct core *c)
{
	if (c->push && c->started && session_active(c))
		signalr_start(c->push);
}

void push_wanted(struct core *c)
{
	if (c->push && c->started && session_active(c))
		signalr_retry_now(c->push);
}

void push_stop(struct core *c)
{
	if (c->push)
		signalr_stop(c->push);
}

void push_done(struct core *c)
{
	signalr_free(TAKE_PTR(c->push));
}
