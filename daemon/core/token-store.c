/* Where the token rests. A new one goes to the keyring first, and to state.db when the keyring does not take it in time;
 * one in state.db is moved as soon as the keyring can be used: stored, read back, then deleted here. What the keyring
 * is asked and when: at the start, when something has to be stored, and when it says that it changed; never by a clock. */
#include <stdio.h>

#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"

#define LOOK_DELAY (50 * USEC_PER_MSEC) /* one change is told by several signals */
#define LOOK_INTERVAL USEC_PER_SEC
/* A keyring that told of a change whenever it is asked would have us run in circles: after eight looks, one in 10 s. */
#define LOOK_COST (10 * USEC_PER_SEC)
#define LOOK_CREDIT (8 * LOOK_COST)

static void look(struct core *c);

static bool usable(const struct core *c)
{
	return c->config->keyring && c->tokens.present;
}

static bool has_token(const struct core *c)
{
	return c->session.active && c->session.row.token;
}

/* ---- what is said of the keyring, once for each change ---- */

static void say(struct core *c, enum keyring_status status, const char *reason)
{
	const struct token_store *t = &c->tokens;
	const char *meanwhile = t->waiting ? "what is known stays readable, and the session goes on when it is"
					   : "the session's token rests in state.db";

	switch (status) {
	case KEYRING_OK:
	case KEYRING_NONE:
		if (t->condition != -1)
			log_info("The keyring is open");
		break;
	case KEYRING_LOCKED:
		if (t->waiting || (has_token(c) && !t->kept))
			log_info("The keyring is locked: %s%s", meanwhile, t->waiting ? " unlocked" : "");
		break;
	case KEYRING_ABSENT:
		if (t->waiting)
			log_info("There is no keyring, and the session's token lies in it: %s there", meanwhile);
		else if (t->condition == KEYRING_OK)
			log_info("The keyring is gone");
		break;
	case KEYRING_PLAIN:
		log_warning("The keyring would have secrets sent to it in the clear, and is not used: %s",
			    t->waiting ? "sign in again" : meanwhile);
		break;
	case KEYRING_FAILED:
		log_warning("The keyring does not work (%s): %s%s", reason ? reason : "no reason given", meanwhile,
			    t->waiting ? " answered" : "");
		break;
	}
}

void token_store_note(struct core *c, enum keyring_status status, const char *reason)
{
	struct token_store *t = &c->tokens;

	if (status == KEYRING_NONE)
		status = KEYRING_OK;
	if (t->condition == (int)status)
		return;
	say(c, status, reason);
	t->condition = (int)status;
}

const char *token_store_state(const struct core *c)
{
	static const char *const names[] = {
		[KEYRING_OK] = "ok",         [KEYRING_NONE] = "ok",     [KEYRING_LOCKED] = "locked",
		[KEYRING_ABSENT] = "absent", [KEYRING_PLAIN] = "plain", [KEYRING_FAILED] = "failing",
	};

	if (!c->config->keyring)
		return "off";
	if (c->tokens.condition >= 0)
		return names[c->tokens.condition];
	return c->tokens.present ? NULL : "absent";
}

const char *token_store_name(const struct core *c)
{
	const struct token_store *t = &c->tokens;

	if (!c->session.active || c->session.row.expired || t->lost || !c->session.row.keep)
		return "none";
	return t->waiting || t->kept ? "secret-service" : t->fresh ? "none" : "file";
}

char *token_store_excuse(struct core *c)
{
	static const char *const why[] = {
		[KEYRING_LOCKED] = "is locked: unlock it",
		[KEYRING_ABSENT] = "is not there: start it",
		[KEYRING_PLAIN] = "knows no encryption and is not used: start another",
		[KEYRING_FAILED] = "does not answer: start it again",
	};
	int condition = c->tokens.condition;
	const char *reason = condition >= KEYRING_LOCKED ? why[condition] : "was not asked yet: try again";

	if (c->tokens.present && now_monotonic() >= c->tokens.looked + LOOK_INTERVAL)
		look(c);
	return strprintf("The keyring that holds the session of %s %s, or sign in again", strempty(c->session.row.login),
			 reason);
}

/* ---- one question to the keyring at a time ---- */

static char *label(const struct core *c)
{
	const char *host = strstr(c->config->url[SERVICE_AUTHENTICATION], "://");

	host = host ? host + 3 : c->config->url[SERVICE_AUTHENTICATION];
	return strprintf("customerclient: session of %s at %.*s", strempty(c->session.row.login),
			 (int)strcspn(host, "/"), host);
}

static int ask(struct core *c, enum keyring_operation operation, keyring_cb done)
{
	struct token_store *t = &c->tokens;
	_cleanup_free_ char *text = label(c);
	const struct keyring_item item = { c->world, strempty(c->session.row.user), c->session.row.slot, text };

	if (!text)
		return -ENOMEM;
	keyring_cancel(TAKE_PTR(t->call));
	t->looked = now_monotonic();
	t->paid_until = (t->paid_until > t->looked ? t->paid_until : t->looked) + LOOK_COST;
	return keyring_run(t->keyring, operation, &item, operation == KEYRING_STORE ? c->session.row.token : NULL, done, c,
			   &t->call);
}

/* After each: what was put off meanwhile. */
static void answered(struct core *c)
{
	if (c->tokens.again)
		core_keyring_changed(c, KEYRING_CHANGED, c->tokens.present);
	leftovers_next(c);
}

/* ---- storing ---- */

static void settle(struct core *c, int r)
{
	struct token_store *t = &c->tokens;
	void (*settled)(struct core *core, int result, void *data) = t->settled;

	t->fresh = false;
	t->settled = NULL;
	if (settled)
		settled(c, r, TAKE_PTR(t->settled_data));
}

/* The session's row; its item is that of a session from here on. */
static int put_row(struct core *c)
{
	int r = state_begin(c->state);

	if (r < 0)
		return r;
	r = session_store(c);
	if (r >= 0)
		r = state_keyring_item_delete(c->state, c->session.row.slot);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0)
		state_rollback(c->state);
	return r;
}

static void stored(enum keyring_status status, struct secret *token, const char *reason, void *userdata)
{
	struct core *c = userdata;
	struct token_store *t = &c->tokens;
	int r;

	(void)token;
	t->call = NULL;
	t->kept = status == KEYRING_OK;
	t->fresh = false;
	token_store_note(c, status, reason);
	r = put_row(c);
	if (r >= 0 && t->kept && !t->said)
		log_info("The session's token rests in the keyring");
	t->said = t->kept;
	settle(c, r);
	answered(c);
}

/* Known before it is used, so that what a process dies over is found again: as that of the session, or, while that is
 * not stored, as one to be cleared. */
static int make_slot(struct core *c)
{
	char slot[UUID_SIZE];

	uuid_new(slot);
	c->session.row.slot = strdup(slot);
	if (!c->session.row.slot)
		return -ENOMEM;
	return c->tokens.fresh ? token_store_leave(c, /* told= */ false) : session_store(c);
}

static int store(struct core *c)
{
	int r;

	if (!c->session.row.slot) {
		r = make_slot(c);
		if (r < 0)
			return r;
	}
	return ask(c, KEYRING_STORE, stored);
}

int token_store_new(struct core *c)
{
	struct token_store *t = &c->tokens;
	int r = 0;

	event_del(t->patience);
	keyring_cancel(TAKE_PTR(t->call));
	t->waiting = t->lost = t->kept = t->in_doubt = false;
	if (!c->session.row.keep)
		return 0;
	/* Not on disk at all where the keyring is likely to take it. The renewal takes the old token for as long, should
	 * we die over it. */
	t->fresh = usable(c) && (t->condition == -1 || t->condition == KEYRING_OK);
	if (!t->fresh)
		r = session_store(c);
	if (r >= 0 && usable(c) && store(c) < 0 && t->fresh) {
		t->fresh = false;
		r = session_store(c);
	}
	return r;
}

void token_store_settle(struct core *c, void (*settled)(struct core *c, int r, void *data), void *data)
{
	if (!c->tokens.fresh) {
		settled(c, 0, data);
		return;
	}
	c->tokens.settled = settled;
	c->tokens.settled_data = data;
}

/* ---- fetching ---- */

static void patience_over(evutil_socket_t fd, short what, void *userdata)
{
	struct core *c = userdata;

	(void)fd, (void)what;
	c->tokens.lost = true;
	log_warning("The keyring that holds the session's token did not come within %u s: the session counts as expired",
		    (unsigned)(c->config->keyring_wait / USEC_PER_SEC));
	session_told(c);
}

/* Nobody knows when somebody unlocks a keyring; one that is not there at all is waited for, and not for ever. */
static void cannot_fetch(struct core *c, enum keyring_status status)
{
	struct token_store *t = &c->tokens;
	bool was_lost = t->lost;

	if (status == KEYRING_LOCKED) {
		event_del(t->patience);
		t->lost = false;
		if (was_lost)
			session_told(c);
	} else if (!t->lost && !event_pending(t->patience, EV_TIMEOUT, NULL)) {
		core_arm(t->patience, c->config->keyring_wait);
	}
	api_token_renewed(c->api, -ENOKEY);
	sync_refuse(c);
}

static void take_out(struct core *c);

static void fetched(enum keyring_status status, struct secret *token, const char *reason, void *userdata)
{
	struct core *c = userdata;
	struct token_store *t = &c->tokens;
	bool was_lost = t->lost;

	t->call = NULL;
	if (status == KEYRING_OK && !token)
		status = KEYRING_NONE;
	token_store_note(c, status, reason);
	if (status == KEYRING_OK) {
		t->waiting = t->lost = false;
		t->kept = true;
		event_del(t->patience);
		c->session.row.token = secret_ref(token);
		session_resume(c);
		if (was_lost)
			session_told(c);
		if (!c->config->keyring)
			take_out(c);
	} else if (status == KEYRING_NONE) {
		log_info("The session's token was removed from the keyring: sign in again");
		event_del(t->patience);
		t->waiting = t->lost = false;
		session_disown(c);
		api_token_renewed(c->api, -EACCES);
	} else {
		cannot_fetch(c, status);
	}
	answered(c);
}

static void confirmed(enum keyring_status status, struct secret *token, const char *reason, void *userdata)
{
	struct core *c = userdata;

	(void)token;
	c->tokens.call = NULL;
	token_store_note(c, status, reason);
	if (status == KEYRING_NONE) {
		log_info("The session's token was removed from the keyring: sign in again");
		session_disown(c);
	}
	answered(c);
}

bool token_store_fetching(const struct core *c)
{
	return c->tokens.waiting && c->tokens.call && c->tokens.condition == -1;
}

/* Keyring=no: back to state.db, and the item goes. */
static void take_out(struct core *c)
{
	struct token_store *t = &c->tokens;
	_cleanup_free_ char *slot = NULL;
	int r;

	keyring_cancel(TAKE_PTR(t->call));
	t->kept = t->fresh = false;
	r = session_store(c);
	if (r >= 0)
		r = state_begin(c->state);
	if (r < 0)
		return;
	r = token_store_leave(c, /* told= */ true);
	slot = TAKE_PTR(c->session.row.slot);
	if (r >= 0)
		r = session_store(c);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0) {
		state_rollback(c->state);
		c->session.row.slot = TAKE_PTR(slot);
		return;
	}
	log_info("The session's token was moved from the keyring to state.db");
	leftovers_next(c);
}

/* ---- when it is asked ---- */

static void look(struct core *c)
{
	struct token_store *t = &c->tokens;
	bool doubt = t->in_doubt;
	int r = 0;

	if (!c->started || c->stopping)
		return;
	if (t->call) {
		t->again = true;
		return;
	}
	t->again = t->in_doubt = false;
	if (t->waiting)
		r = ask(c, KEYRING_LOOKUP, fetched);
	else if (!has_token(c) || !c->session.row.keep)
		r = 0;
	else if (!c->config->keyring && c->session.row.slot)
		take_out(c);
	else if (!t->kept && usable(c))
		r = store(c);
	else if (t->kept && doubt)
		r = ask(c, KEYRING_LOOKUP, confirmed);
	if (r < 0)
		log_warning("The keyring cannot be asked: %s", strerror(-r));
	leftovers_next(c);
}

static void look_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	look(userdata);
}

void core_keyring_changed(struct core *c, enum keyring_change change, bool present)
{
	struct token_store *t = &c->tokens;
	uint64_t now = now_monotonic(), at = t->looked + LOOK_INTERVAL;

	if (t->paid_until > at + LOOK_CREDIT)
		at = t->paid_until - LOOK_CREDIT;

	t->present = present;
	if (change == KEYRING_WENT) {
		token_store_note(c, KEYRING_ABSENT, NULL);
		if (t->waiting && !t->call)
			cannot_fetch(c, KEYRING_ABSENT);
		return;
	}
	t->in_doubt = true;
	if (c->started && !event_pending(t->timer, EV_TIMEOUT, NULL))
		core_arm(t->timer, at > now + LOOK_DELAY ? at - now : LOOK_DELAY);
}

void token_store_reconfigured(struct core *c)
{
	look(c);
}

/* ---- the end of a session ---- */

int token_store_leave(struct core *c, bool told)
{
	const struct session_row *s = &c->session.row;
	const struct keyring_row row = { s->slot, s->user, now_realtime(), told };

	return s->slot ? state_keyring_item_add(c->state, c->world, &row) : 0;
}

void token_store_left(struct core *c)
{
	struct token_store *t = &c->tokens;
	struct session_row *row = &c->session.row;

	keyring_cancel(TAKE_PTR(t->call));
	event_del(t->patience);
	settle(c, 0);
	if (row->slot && t->kept && row->token)
		leftovers_know(c, row->slot, row->token);
	free(TAKE_PTR(row->slot));
	t->waiting = t->lost = t->kept = t->said = t->in_doubt = false;
}

/* ---- start and end ---- */

int token_store_init(struct core *c)
{
	struct token_store *t = &c->tokens;

	t->condition = -1;
	t->timer = evtimer_new(c->base, look_due, c);
	t->patience = evtimer_new(c->base, patience_over, c);
	if (!t->timer || !t->patience || leftovers_init(c) < 0)
		return -ENOMEM;
	return keyring_new(c->base, &t->keyring);
}

void token_store_restored(struct core *c)
{
	struct session_row *row = &c->session.row;

	if (row->slot)
		(void)state_keyring_item_delete(c->state, row->slot);
	if (!row->token && !row->expired && row->slot)
		c->tokens.waiting = true;
	else if (!row->token)
		row->expired = true;
}

void token_store_start(struct core *c)
{
	struct token_store *t = &c->tokens;

	if (t->waiting && !t->present) {
		token_store_note(c, KEYRING_ABSENT, NULL);
		cannot_fetch(c, KEYRING_ABSENT);
	} else {
		look(c);
	}
}

static void free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

void token_store_done(struct core *c)
{
	struct token_store *t = &c->tokens;

	if (t->fresh) {
		t->fresh = false;
		t->settled = NULL;
		(void)session_store(c);
	}
	leftovers_done(c);
	keyring_free(t->keyring);
	free_event(t->timer);
	free_event(t->patience);
}
