/* The session: who is signed in, the token and its renewal, signing in and out, change of password. Signing up is in
 * sign-up.c. Where the token rests is decided in token-store.c. */
#include "base/timeutil.h"
#include "core/core-internal.h"

#define RENEW_AT_PERCENT 80 /* of a token's life */
#define REVOCATION_KEPT (7 * 24 * 60 * USEC_PER_MIN)

static void schedule_renewal(struct core *c);
static void revoke_next(struct core *c);

/* ---- state ---- */

const char *session_state(struct core *c)
{
	if (!c->session.active)
		return "signed-out";
	return c->session.row.expired || c->tokens.lost ? "expired" : "signed-in";
}

bool session_active(const struct core *c)
{
	return c->session.active && !c->session.row.expired && c->session.row.token;
}

const char *session_login(struct core *c)
{
	return c->session.active ? strempty(c->session.row.login) : "";
}

const char *session_user_uid(struct core *c)
{
	return c->session.active ? strempty(c->session.row.user) : "";
}

const char *session_email(struct core *c)
{
	return c->session.active ? strempty(c->session.row.email) : "";
}

const char *session_phone(struct core *c)
{
	return c->session.active ? strempty(c->session.row.phone) : "";
}

uint64_t session_token_expiry(struct core *c)
{
	return session_active(c) ? c->session.row.token_end : 0;
}

int session_require(struct core *c, bool reading, struct failure *f)
{
	if (!c->session.active)
		return failure_set(f, CC_E_NOT_SIGNED_IN, "Nobody is signed in; sign in first");
	if (!reading && c->session.row.expired)
		return failure_set(f, CC_E_SESSION_EXPIRED, "The session of %s has expired; sign in again",
				   c->session.row.login);
	if (!reading && c->tokens.waiting && !token_store_fetching(c)) {
		_cleanup_free_ char *why = token_store_excuse(c);

		return failure_set(f, c->tokens.lost ? CC_E_SESSION_EXPIRED : CC_E_SESSION_LOCKED, "%s", strempty(why));
	}
	if (core_mend_cache(c) < 0)
		return failure_set(f, CC_E_STORAGE, "The cache of orders cannot be opened; see the log");
	return 0;
}

static void tell(struct core *c, unsigned properties)
{
	json_object *details = json_object_new_object();

	core_properties(c, CORE_SESSION | CORE_ACCOUNT | CORE_TOKEN_EXPIRY | properties);
	if (details && json_add_string(details, "state", session_state(c)) >= 0)
		event_emit(c, "session", c->session.row.user, TAKE_PTR(details));
	json_object_put(details);
}

void session_told(struct core *c)
{
	tell(c, 0);
}

int session_store(struct core *c)
{
	struct session_row row = c->session.row; /* borrows */
	int r;

	if (!row.keep || c->tokens.fresh)
		return 0;
	if (c->tokens.kept)
		row.token = NULL;
	r = state_session_put(c->state, c->world, &row);
	if (r < 0)
		log_error("The session could not be stored: %s", state_error(c->state));
	return r;
}

/* ---- opening and ending ---- */

/* A session whose token lies in a keyring that cannot be used gives way to another one. */
static int supersede(struct core *c)
{
	int r;

	if (!c->session.row.slot)
		return 0;
	r = state_begin(c->state);
	if (r < 0)
		return r;
	r = token_store_leave(c, /* told= */ false);
	if (r >= 0)
		r = state_session_delete(c->state, c->world);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0)
		state_rollback(c->state);
	else
		token_store_left(c);
	return r;
}

int session_open(struct core *c, struct session_row *row)
{
	int r;

	r = supersede(c);
	if (r < 0)
		return r;
	session_row_done(&c->session.row);
	c->session.row = *row;
	memset(row, 0, sizeof(*row));
	c->session.active = true;
	r = token_store_new(c);
	if (r < 0)
		return r;
	core_close_user(c);
	r = core_open_user(c);
	if (r < 0)
		return r;
	backoff_reset(&c->session.backoff);
	c->sync.account_known = false;
	schedule_renewal(c);
	tell(c, CORE_CART_COUNT | CORE_UNREAD | CORE_PENDING_OPERATIONS);
	if (c->started) {
		outbox_run(c);
		sync_now(c);
		push_start(c);
	}
	return 0;
}

static int store_expired(struct core *c, bool told)
{
	int r = state_begin(c->state);

	if (r < 0)
		return r;
	r = token_store_leave(c, told);
	token_store_left(c);
	if (r >= 0)
		r = session_store(c);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0)
		state_rollback(c->state);
	return r;
}

/* The token is here at last, in a session that was restored. */
void session_resume(struct core *c)
{
	schedule_renewal(c);
	session_renew(c);
	core_properties(c, CORE_TOKEN_EXPIRY);
	outbox_run(c);
	sync_now(c);
	push_start(c);
	api_token_renewed(c->api, 0);
}

/* The cache stays readable, what acts asks for a sign-in. */
static void expire(struct core *c, bool told)
{
	if (!c->session.active || c->session.row.expired)
		return;
	log_info("The session has expired");
	c->session.row.expired = true;
	secret_unref(TAKE_PTR(c->session.row.token));
	if (store_expired(c, told) < 0)
		log_error("That the session has expired could not be stored, ignoring");
	event_del(c->session.timer);
	videos_close(c);
	push_stop(c);
	sync_stop(c);
	tell(c, 0);
}

void session_expire(struct core *c)
{
	expire(c, /* told= */ true);
}

void session_disown(struct core *c)
{
	if (c->session.row.slot && c->session.row.token)
		leftovers_know(c, c->session.row.slot, c->session.row.token);
	expire(c, /* told= */ false);
}

static void close_session(struct core *c)
{
	api_cancel(TAKE_PTR(c->session.renewal));
	event_del(c->session.timer);
	push_stop(c);
	sync_stop(c);
	api_drop_authorized(c->api);
	c->session.active = false;
	tell(c, CORE_CART_COUNT | CORE_UNREAD | CORE_PENDING_OPERATIONS);
	core_close_user(c);
	session_row_done(&c->session.row);
	memset(&c->session.row, 0, sizeof(c->session.row));
	(void)core_set_error(c, NULL);
}

static int busy_orders(struct core *c, struct failure *f)
{
	_cleanup_free_ char *uids = NULL;
	struct outbox_job *j;

	TAILQ_FOREACH(j, &c->outbox, link) {
		char *longer;

		if (!streq(j->row.kind, ROW_PLACE) && !streq(j->row.kind, ROW_PAY))
			continue;
		longer = strprintf("%s%s%s", uids ? uids : "", uids ? ", " : "", j->row.subject);
		free(uids);
		uids = longer;
	}
	if (!uids)
		return 0;
	return failure_set(f, CC_E_BUSY, "The outcome of an order or a payment is open (%s): wait for it, or cancel the "
			   "order, before signing out", uids);
}

int session_sign_out(struct core *c, bool forget, struct failure *f)
{
	_cleanup_free_ char *user = NULL;
	bool in_file;
	int r;

	if (!c->session.active)
		return 0;
	r = busy_orders(c, f);
	if (r < 0)
		return r;
	user = strdup(c->session.row.user);
	if (!user)
		return failure_from_store(f, -ENOMEM, "Signing out failed");
	r = state_begin(c->state);
	in_file = c->session.row.token && !c->tokens.kept;
	if (r >= 0 && in_file)
		r = state_revocation_add(c->state, c->world, c->session.row.token, now_realtime());
	if (r >= 0)
		r = token_store_leave(c, /* told= */ in_file);
	if (r >= 0)
		r = state_session_delete(c->state, c->world);
	if (r >= 0 && forget)
		r = state_outbox_forget_user(c->state, c->world, user);
	if (r >= 0 && forget)
		r = state_cart_clear(c->state, c->world, user);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0) {
		state_rollback(c->state);
		return failure_from_store(f, r, "Signing out failed");
	}
	token_store_left(c);
	close_session(c);
	if (forget) {
		r = userdb_forget(c->cache_folder, user);
		if (r < 0 && r != -ENOENT)
			return failure_from_store(f, r, "Signed out, but the cache could not be deleted");
	}
	revoke_next(c);
	leftovers_network_changed(c);
	return 0;
}

/* ---- telling the service of a sign-out, now or later ---- */

static void revocation_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	_cleanup_secret_ struct secret *token = NULL;
	uint64_t since = 0, wait;
	int64_t id;

	c->session.revocation = NULL;
	if (state_revocation_first(c->state, c->world, &id, &token, &since) < 0)
		return;
	/* A refusal is as good: that token is no longer one. */
	if (reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT || reply->outcome == API_SERVER_ERROR) {
		if (now_realtime() < since + REVOCATION_KEPT) {
			wait = backoff_next_after(&c->session.revocation_backoff, reply->retry_after);
			core_arm(c->session.revocation_timer, wait);
			return;
		}
	}
	(void)state_revocation_delete(c->state, id);
	backoff_reset(&c->session.revocation_backoff);
	revoke_next(c);
}

static void revoke_next(struct core *c)
{
	_cleanup_secret_ struct secret *token = NULL;
	uint64_t since;
	int64_t id;

	if (c->session.revocation || !c->started)
		return;
	if (state_revocation_first(c->state, c->world, &id, &token, &since) < 0)
		return;
	if (auth_sign_out(c->api, token, revocation_answered, c, &c->session.revocation) < 0)
		core_arm(c->session.revocation_timer, backoff_next(&c->session.revocation_backoff));
}

static void revocation_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	revoke_next(userdata);
}

/* ---- renewal ---- */

static void take_token(struct core *c, struct auth_token *t)
{
	secret_unref(c->session.row.token);
	c->session.row.token = TAKE_PTR(t->token);
	c->session.row.token_begin = t->begin;
	c->session.row.token_end = t->end;
	(void)token_store_new(c);
}

static void renewal_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	struct auth_token t = { 0 };

	c->session.renewal = NULL;
	if (reply->outcome == API_OK && auth_decode_token(reply->body, &t) >= 0 && t.token) {
		take_token(c, &t);
		backoff_reset(&c->session.backoff);
		schedule_renewal(c);
		core_properties(c, CORE_TOKEN_EXPIRY);
		api_token_renewed(c->api, 0);
		if (c->push)
			signalr_retry_now(c->push);
	} else if (reply->outcome == API_UNAUTHORIZED || reply->outcome == API_FAILURE ||
		   (reply->outcome == API_REFUSED && (reply->status == 403 || reply->code))) {
		/* Its own word. A bare 404 may be a gateway's, in the midst of a new release behind it. */
		session_expire(c);
		api_token_renewed(c->api, -EACCES);
	} else {
		core_arm(c->session.timer, backoff_next_after(&c->session.backoff, reply->retry_after));
		api_token_renewed(c->api, -EHOSTUNREACH);
	}
	auth_token_done(&t);
}

void session_renew(struct core *c)
{
	if (c->session.renewal || !session_active(c))
		return;
	if (!c->session.row.token ||
	    auth_get_token(c->api, c->session.row.user, NULL, c->session.row.token, renewal_answered, c,
			   &c->session.renewal) < 0)
		api_token_renewed(c->api, -ENOMEM);
}

/* The token's life is told in the service's time; where its clock was not seen, ours stands in. */
static void schedule_renewal(struct core *c)
{
	uint64_t begin = c->session.row.token_begin, end = c->session.row.token_end, at, now = core_service_now(c);

	if (!session_active(c) || end <= begin)
		return;
	at = begin + (end - begin) / 100 * RENEW_AT_PERCENT;
	core_arm(c->session.timer, at > now ? at - now : 0);
}

static void renewal_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	session_renew(userdata);
}

const struct secret *session_hook_token(void *userdata)
{
	struct core *c = userdata;

	return session_active(c) ? c->session.row.token : NULL;
}

void session_hook_renew(void *userdata)
{
	session_renew(userdata);
}

void session_hook_rejected(void *userdata)
{
	session_expire(userdata);
}

void session_network_changed(struct core *c)
{
	/* Suspend stops the loop's clock, not the token's. */
	schedule_renewal(c);
	revoke_next(c);
	leftovers_network_changed(c);
}

/* ---- sign-in ---- */

struct sign_in {
	struct open_call call;
	struct core *core;
	struct session_row row;
	core_done_cb done;
	void *userdata;
	struct failure failure;
};

static void sign_in_free(void *p)
{
	struct sign_in *s = p;

	if (!s)
		return;
	open_call_end(&s->call);
	session_row_done(&s->row);
	failure_done(&s->failure);
	free(s);
}
DEFINE_CLEANUP(struct sign_in *, sign_in_free);

static void sign_in_end(struct core *c, void *data)
{
	_cleanup_(sign_in_freep) struct sign_in *s = data;

	(void)c;
	s->done(s->failure.error == CC_E_NONE ? NULL : &s->failure, s->userdata);
}

static void sign_in_settled(struct core *c, int r, void *data)
{
	struct sign_in *s = data;

	if (r < 0)
		failure_set(&s->failure, CC_E_STORAGE, "The session could not be stored; see the log");
	sign_in_end(c, s);
}

static void sign_in_token(const struct api_reply *reply, void *userdata)
{
	struct sign_in *s = userdata;
	struct core *c = s->core;
	struct auth_token t = { 0 };

	if (session_active(c)) /* another sign-in was quicker */
		failure_set(&s->failure, CC_E_CONFLICT, "%s is signed in already", c->session.row.login);
	else if (reply->outcome != API_OK)
		failure_from_reply(&s->failure, reply);
	else if (auth_decode_token(reply->body, &t) < 0 || !t.token)
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer has no token");
	else {
		s->row.token = TAKE_PTR(t.token);
		s->row.token_begin = t.begin;
		s->row.token_end = t.end;
		s->row.signed_in_at = core_service_now(c);
		if (session_open(c, &s->row) >= 0) {
			auth_token_done(&t);
			token_store_settle(c, sign_in_settled, s);
			return;
		}
		failure_set(&s->failure, CC_E_STORAGE, "The session could not be stored; see the log");
	}
	auth_token_done(&t);
	sign_in_end(c, s);
}

static void sign_in_verified(const struct api_reply *reply, void *userdata)
{
	struct sign_in *s = userdata;
	struct auth_verified v = { 0 };
	int r;

	if (reply->outcome == API_REFUSED && reply->status != 429)
		r = failure_set(&s->failure, CC_E_INVALID_CREDENTIALS, "The login or the password is wrong");
	else if (reply->outcome != API_OK)
		r = failure_from_reply(&s->failure, reply);
	else if (auth_decode_verified(reply->body, &v) < 0)
		r = failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer to the sign-in made no sense");
	else if (!v.verified || isempty(v.user_uid))
		r = failure_set(&s->failure, CC_E_INVALID_CREDENTIALS, "The login or the password is wrong");
	else {
		s->row.user = TAKE_PTR(v.user_uid);
		if (!isempty(v.login)) {
			free(s->row.login);
			s->row.login = TAKE_PTR(v.login);
		}
		s->row.email = TAKE_PTR(v.email);
		s->row.phone = TAKE_PTR(v.phone);
		r = auth_get_token(s->core->api, s->row.user, v.guid, NULL, sign_in_token, s, NULL);
		if (r < 0)
			failure_set(&s->failure, CC_E_BACKEND, "The sign-in failed: %s", strerror(-r));
	}
	auth_verified_done(&v);
	if (r < 0)
		sign_in_end(s->core, s);
}

void session_sign_in(struct core *c, const char *login, struct secret *password, bool keep, core_done_cb done,
		     void *userdata)
{
	struct sign_in *s = new0(struct sign_in, 1);
	int r;

	if (!s)
		return;
	open_call_begin(c, &s->call, sign_in_free);
	s->core = c;
	s->done = done;
	s->userdata = userdata;
	s->row.keep = keep;
	s->row.login = strdup(login);
	if (session_active(c))
		r = failure_set(&s->failure, CC_E_CONFLICT, "%s is signed in already; sign out first",
				c->session.row.login);
	else if (isempty(login))
		r = failure_set(&s->failure, CC_E_INVALID_ARGS, "The login is empty");
	else if (secret_length(password) == 0)
		r = failure_set(&s->failure, CC_E_INVALID_ARGS, "The password is empty");
	else {
		r = auth_verify_user_credentials(c->api, login, password, sign_in_verified, s, NULL);
		if (r < 0)
			failure_set(&s->failure, CC_E_BACKEND, "The sign-in could not be sent: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, sign_in_end, s, sign_in_free);
}

/* ---- change of password ---- */

static void changed_token(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	struct auth_token t = { 0 };

	c->session.renewal = NULL;
	/* Without a new token the old one serves to its end; then the session is expired and says so. */
	if (reply->outcome == API_OK && session_active(c) && auth_decode_token(reply->body, &t) >= 0 && t.token) {
		c->session.row.signed_in_at = core_service_now(c);
		take_token(c, &t);
		schedule_renewal(c);
		core_properties(c, CORE_TOKEN_EXPIRY);
		api_token_renewed(c->api, 0);
	} else {
		api_token_renewed(c->api, -EHOSTUNREACH);
		log_warning("No new token after the change of password: the session ends with the present one");
	}
	auth_token_done(&t);
}

/* A renewal of another kind: one at a time, ended by a sign-out. One under way is void since the change. */
static void take_new_token(struct core *c, const char *guid)
{
	api_cancel(TAKE_PTR(c->session.renewal));
	if (auth_get_token(c->api, c->session.row.user, guid, NULL, changed_token, c, &c->session.renewal) < 0)
		api_token_renewed(c->api, -ENOMEM);
}

static void password_changed(const struct api_reply *reply, void *userdata)
{
	struct sign_in *s = userdata;
	struct core *c = s->core;
	_cleanup_free_ char *guid = NULL;
	bool successful = false;

	if (reply->outcome == API_OFFLINE && reply->sent)
		failure_set(&s->failure, CC_E_OUTCOME_UNKNOWN, "The change of password was sent and not answered: the "
			    "next sign-in will tell which password holds");
	else if (reply->outcome == API_REFUSED && (reply->status == 403 || reply->status == 422))
		failure_set(&s->failure, CC_E_INVALID_CREDENTIALS, "The old password is wrong");
	else if (reply->outcome == API_FAILURE && auth_decode_successful(reply->body, &successful) >= 0 && !successful)
		failure_set(&s->failure, CC_E_INVALID_CREDENTIALS, "The old password was not accepted");
	else if (reply->outcome != API_OK)
		failure_from_reply(&s->failure, reply);
	else if (auth_decode_changed(reply->body, &successful, &guid) < 0)
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's answer made no sense");
	else if (!successful)
		failure_set(&s->failure, CC_E_INVALID_CREDENTIALS, "The old password is wrong");
	else if (guid && session_active(c))
		take_new_token(c, guid);
	sign_in_end(c, s);
}

void session_change_password(struct core *c, struct secret *old_password, struct secret *new_password,
			     core_done_cb done, void *userdata)
{
	struct sign_in *s = new0(struct sign_in, 1);
	int r;

	if (!s)
		return;
	open_call_begin(c, &s->call, sign_in_free);
	s->core = c;
	s->done = done;
	s->userdata = userdata;
	r = session_require(c, /* reading= */ false, &s->failure);
	if (r >= 0 && secret_length(new_password) < 8)
		r = failure_set(&s->failure, CC_E_INVALID_ARGS, "The new password is shorter than 8 characters");
	if (r >= 0) {
		r = auth_change_password(c->api, c->session.row.user, old_password, new_password, password_changed, s,
					 NULL);
		if (r < 0)
			failure_set(&s->failure, CC_E_BACKEND, "The change could not be sent: %s", strerror(-r));
	}
	if (r < 0)
		(void)core_defer(c, sign_in_end, s, sign_in_free);
}

/* ---- account, start and end ---- */

void session_account_known(struct core *c, const struct customer_account *a)
{
	struct session_row *row = &c->session.row;

	if (streq_ptr(a->email, row->email) && streq_ptr(a->phone, row->phone))
		return;
	if (free_and_strdup(&row->email, a->email) < 0 || free_and_strdup(&row->phone, a->phone) < 0)
		return;
	(void)session_store(c);
	core_properties(c, CORE_ACCOUNT);
}

int session_init(struct core *c)
{
	struct session *s = &c->session;
	int r;

	s->backoff = (struct backoff){ .base = 2 * USEC_PER_SEC, .cap = 10 * USEC_PER_MIN };
	s->revocation_backoff = s->backoff;
	s->timer = evtimer_new(c->base, renewal_due, c);
	s->revocation_timer = evtimer_new(c->base, revocation_due, c);
	if (!s->timer || !s->revocation_timer)
		return -ENOMEM;
	r = token_store_init(c);
	if (r < 0)
		return r;
	r = state_sign_up_get(c->state, c->world, &s->sign_up);
	if (r < 0 && r != -ENOENT)
		return r;
	r = state_session_get(c->state, c->world, &s->row);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	s->active = true;
	token_store_restored(c);
	/* A cache that cannot be opened is tried again at the first call that needs it. */
	(void)core_open_user(c);
	return 0;
}

void session_start(struct core *c)
{
	if (session_active(c))
		session_renew(c);
	revoke_next(c);
	token_store_start(c);
}

void session_done(struct core *c)
{
	struct session *s = &c->session;

	token_store_done(c);
	api_cancel(s->renewal);
	api_cancel(s->revocation);
	if (s->timer)
		event_free(s->timer);
	if (s->revocation_timer)
		event_free(s->revocation_timer);
	secret_unref(s->local_code);
	sign_up_row_done(&s->sign_up);
	session_row_done(&s->row);
}
