/* Items of the keyring that no session has any more: the service is told that their tokens are void, then they are
 * cleared. What cannot be done now is done when the keyring or the network changes, or at the next start. */
#include "base/timeutil.h"
#include "core/core-internal.h"

#define REVOCATION_KEPT (7 * 24 * 60 * USEC_PER_MIN)

static void leftover_forget(struct leftovers *l)
{
	keyring_row_done(&l->row);
	l->token = secret_unref(l->token);
}

/* A step is written down, r says how that went: the next one, or the same once more and not at once. */
static void leftover_written(struct core *c, int r)
{
	struct leftovers *l = &c->tokens.leftovers;

	if (r < 0) {
		core_arm(l->timer, backoff_next(&l->backoff));
		return;
	}
	backoff_reset(&l->backoff);
	leftovers_next(c);
}

static int leftover_ask(struct core *c, enum keyring_operation operation, keyring_cb done)
{
	struct leftovers *l = &c->tokens.leftovers;
	const struct keyring_item item = { c->world, l->row.user, l->row.slot, NULL };

	return keyring_run(c->tokens.keyring, operation, &item, NULL, done, c, &l->call);
}

static void leftover_cleared(enum keyring_status status, struct secret *token, const char *reason, void *userdata)
{
	struct core *c = userdata;
	struct leftovers *l = &c->tokens.leftovers;

	(void)token;
	l->call = NULL;
	token_store_note(c, status, reason);
	if (status != KEYRING_OK && status != KEYRING_NONE)
		return;
	leftover_written(c, state_keyring_item_delete(c->state, l->row.slot));
}

static void leftover_fetched(enum keyring_status status, struct secret *token, const char *reason, void *userdata)
{
	struct core *c = userdata;
	struct leftovers *l = &c->tokens.leftovers;

	l->call = NULL;
	token_store_note(c, status, reason);
	if (status == KEYRING_NONE || (status == KEYRING_OK && !token)) {
		leftover_written(c, state_keyring_item_delete(c->state, l->row.slot));
	} else if (status == KEYRING_OK) {
		l->token = secret_ref(token);
		leftovers_next(c);
	}
}

static void leftover_told(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	struct leftovers *l = &c->tokens.leftovers;

	l->revocation = NULL;
	/* A refusal is as good: that token is no longer one. */
	if ((reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT || reply->outcome == API_SERVER_ERROR) &&
	    now_realtime() < l->row.since + REVOCATION_KEPT) {
		core_arm(l->timer, backoff_next_after(&l->backoff, reply->retry_after));
		return;
	}
	leftover_written(c, state_keyring_item_told(c->state, l->row.slot));
}

/* The service first, since it takes the token to tell it; then the item goes. */
static int leftover_step(struct core *c)
{
	struct leftovers *l = &c->tokens.leftovers;
	bool told = l->row.told || now_realtime() >= l->row.since + REVOCATION_KEPT;

	if (!told && l->token)
		return auth_sign_out(c->api, l->token, leftover_told, c, &l->revocation);
	if (!c->tokens.present)
		return 0;
	return told ? leftover_ask(c, KEYRING_CLEAR, leftover_cleared) : leftover_ask(c, KEYRING_LOOKUP, leftover_fetched);
}

void leftovers_next(struct core *c)
{
	struct leftovers *l = &c->tokens.leftovers;
	_cleanup_(keyring_row_done) struct keyring_row row = { 0 };

	if (!c->started || c->stopping || l->call || l->revocation ||
	    event_pending(l->timer, EV_TIMEOUT, NULL))
		return;
	if (state_keyring_item_next(c->state, c->world, l->row.slot, &row) < 0) {
		leftover_forget(l);
		return;
	}
	if (streq_ptr(row.slot, c->session.row.slot)) /* being stored */
		return;
	if (!streq_ptr(row.slot, l->row.slot))
		l->token = secret_unref(l->token);
	keyring_row_done(&l->row);
	l->row = row;
	row = (struct keyring_row){ 0 };
	if (leftover_step(c) < 0)
		core_arm(l->timer, backoff_next(&l->backoff));
}

static void leftovers_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	leftovers_next(userdata);
}

void leftovers_network_changed(struct core *c)
{
	event_del(c->tokens.leftovers.timer);
	leftovers_next(c);
}

void leftovers_know(struct core *c, const char *slot, struct secret *token)
{
	struct leftovers *l = &c->tokens.leftovers;

	if (l->call || l->revocation)
		return;
	leftover_forget(l);
	l->row.slot = strdup(slot);
	l->token = secret_ref(token);
}

int leftovers_init(struct core *c)
{
	struct leftovers *l = &c->tokens.leftovers;

	l->backoff = (struct backoff){ .base = 2 * USEC_PER_SEC, .cap = 10 * USEC_PER_MIN };
	l->timer = evtimer_new(c->base, leftovers_due, c);
	return l->timer ? 0 : -ENOMEM;
}

void leftovers_done(struct core *c)
{
	struct leftovers *l = &c->tokens.leftovers;

	api_cancel(l->revocation);
	leftover_forget(l);
	if (l->timer)
		event_free(l->timer);
}
