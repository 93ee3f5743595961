/* Settings: the service's object as last read, with what the person changed on top. A change is durable here first and
 * sent with If-Match; where someone else changed the same meanwhile, what the person did not touch is taken over, and a
 * key that both changed is told with both values. */
#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"
#include "core/outbox-private.h"

#define META_SETTINGS "settings"       /* the service's object as last read */
#define META_ETAG "settings-etag"
#define SETTING_UNSENT "settings-unsent" /* {key: value} in the service's names and values, in state.db */
#define SETTING_BASE "settings-base"     /* {key: the value it had when it was changed} */

/* Keys of D-Bus and of the service, and the values between which they translate. */
struct translation {
	const char *bus, *service;
};
struct key {
	const char *bus, *service;
	const struct translation *values; /* NULL: any text */
	bool is_bool;
	bool (*fits)(const char *text); /* of a text that is not empty; NULL: any */
	const char *like;               /* what fits, for people */
};

/* Only what nobody could be reached by is refused here; the rest is the service's to judge. */
static bool is_phone(const char *s)
{
	size_t digits = 0;

	s += *s == '+';
	for (; *s; s++)
		if (*s >= '0' && *s <= '9')
			digits++;
		else if (!strchr(" -.()", *s))
			return false;
	return digits >= 5 && digits <= 15;
}

static bool is_email(const char *s)
{
	const char *at = strchr(s, '@');

	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ')
			return false;
	return at && at > s && at[1] && !strchr(at + 1, '@');
}

#define PHONE .fits = is_phone, .like = "a phone number, such as +14155550100"
#define EMAIL .fits = is_email, .like = "an e-mail address, such as ann@example.org"

static const struct translation communication[] = {
	{ "email", "email" }, { "phone", "phone" }, { "whatsapp", "whatsapp" }, { "viber", "viber" },
	{ "telegram", "telegram" }, { NULL, NULL },
};
static const struct translation payment_type[] = {
	{ "cash", "Cash" }, { "pos", "POS" }, { "qr", "QR code" }, { "card", "Card" }, { NULL, NULL },
};
static const struct translation policy[] = { { "on", "On" }, { "off", "Off" }, { NULL, NULL } };

static const struct key keys[] = {
	{ "email", "email", EMAIL },
	{ "phone-number", "phoneNumber", PHONE },
	{ "whats-app", "whatsApp", PHONE },
	{ "viber", "viber", PHONE },
	{ "telegram", "telegram", PHONE },
	{ "telegram-nickname", "telegramNickname" },
	{ "preferred-communication", "preferredCommunication", communication },
	{ "preferred-payment-type", "preferredPaymentType", payment_type },
	{ "default-city", "defaultCity" },
	{ "default-address", "defaultAddress" },
	{ "notification-policy", "notificationPolicy", policy },
	{ "email-receipts", "emailReceipts", .is_bool = true },
};

static const struct key *find_key(const char *bus)
{
	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (streq(keys[i].bus, bus))
			return &keys[i];
	return NULL;
}

/* ---- what is kept ---- */

static json_object *parse_object(const char *text)
{
	json_object *o = NULL;

	if (text && json_parse(text, strlen(text), JSON_MAX_DEPTH, &o) >= 0 && json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	return json_object_new_object();
}

static json_object *stored(struct core *c)
{
	_cleanup_free_ char *text = NULL;

	(void)userdb_meta_get(c->user, META_SETTINGS, &text);
	return parse_object(text);
}

static json_object *setting_object(struct core *c, const char *name)
{
	_cleanup_free_ char *text = NULL;

	(void)state_setting_get(c->state, c->world, c->session.row.user, name, &text);
	return parse_object(text);
}

static int put_setting_object(struct core *c, const char *name, json_object *o)
{
	const char *text = json_object_object_length(o) > 0 ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) :
							     NULL;

	return state_setting_put(c->state, c->world, c->session.row.user, name, text);
}

static bool has_unsent(struct core *c)
{
	_cleanup_json_ json_object *o = setting_object(c, SETTING_UNSENT);

	return json_object_object_length(o) > 0;
}

/* The service's object with the unsent changes on top. */
static json_object *effective(struct core *c)
{
	json_object *o = stored(c);
	_cleanup_json_ json_object *unsent = setting_object(c, SETTING_UNSENT);

	json_object_object_foreach(unsent, name, value)
		(void)json_object_object_add(o, name, json_object_get(value));
	return o;
}

/* ---- reading ---- */

static int give(const struct key *k, json_object *o, int (*row)(const struct setting *s, void *userdata), void *userdata)
{
	struct setting s = { .key = k->bus, .is_bool = k->is_bool };
	const char *text = NULL;

	if (k->is_bool)
		return json_get_bool(o, k->service, &s.flag) > 0 ? row(&s, userdata) : 0;
	if (json_get_string(o, k->service, &text) <= 0)
		return 0;
	s.text = text;
	for (const struct translation *t = k->values; t && t->bus; t++)
		if (strcasecmp(t->service, text) == 0)
			s.text = t->bus;
	return row(&s, userdata);
}

int settings_each(struct core *c, int (*row)(const struct setting *s, void *userdata), void *userdata,
		  struct failure *f)
{
	_cleanup_json_ json_object *o = NULL;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	o = effective(c);
	for (size_t i = 0; o && i < ELEMENTSOF(keys); i++) {
		r = give(&keys[i], o, row, userdata);
		if (r < 0)
			return failure_from_store(f, r, "The settings could not be given");
	}
	return 0;
}

bool settings_email_receipts(struct core *c)
{
	_cleanup_json_ json_object *o = effective(c);
	bool on = false;

	return json_get_bool(o, "emailReceipts", &on) > 0 && on;
}

/* ---- what the service says ---- */

static void tell(struct core *c, char *const *changed)
{
	json_object *details = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; changed && changed[i]; i++)
		json_object_array_add(list, json_object_new_string(changed[i]));
	if (details && list && json_object_object_add(details, "keys", list) == 0)
		event_emit(c, "settings", NULL, json_object_get(details));
	json_object_put(details);
	if (c->observer && c->observer->settings_changed)
		c->observer->settings_changed(changed, c->observer_data);
}

static char **difference(json_object *a, json_object *b)
{
	char **changed = NULL;

	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (!json_object_equal(json_get(a, keys[i].service), json_get(b, keys[i].service)))
			(void)strv_push(&changed, keys[i].bus);
	return changed;
}

void settings_apply(struct core *c, json_object *o, const char *etag)
{
	_cleanup_json_ json_object *before = effective(c), *after = NULL;
	_cleanup_(strv_freep) char **changed = NULL;

	if (!json_object_is_type(o, json_type_object))
		return;
	if (userdb_meta_put(c->user, META_SETTINGS, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)) < 0 ||
	    userdb_meta_put(c->user, META_ETAG, etag) < 0)
		log_warning("The settings could not be kept: %s, ignoring", userdb_error(c->user));
	after = effective(c);
	changed = difference(before, after);
	if (changed)
		tell(c, changed);
}

int settings_get(struct core *c, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *etag = NULL;

	(void)userdb_meta_get(c->user, META_ETAG, &etag);
	return customer_settings_get(c->api, etag, done, userdata, ret);
}

/* ---- changing ---- */

struct change {
	struct open_call call;
	struct core *core;
	struct failure failure;
	bool queued;
	settings_set_cb done;
	void *userdata;
};

static void change_free(void *p)
{
	struct change *o = p;

	open_call_end(&o->call);
	failure_done(&o->failure);
	free(o);
}

static void change_end(struct core *c, void *data)
{
	struct change *o = data;

	(void)c;
	o->done(o->failure.error == CC_E_NONE ? NULL : &o->failure, o->queued, o->userdata);
	change_free(o);
}

/* "a, b, c": what the person may choose from. */
static char *joined(char *list, const char *word)
{
	char *longer = strprintf("%s%s%s", strempty(list), list ? ", " : "", word);

	free(list);
	return longer;
}

static int no_such_setting(const char *name, struct failure *f)
{
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		list = joined(list, keys[i].bus);
	return failure_set(f, CC_E_INVALID_ARGS, "There is no setting '%s'; there are: %s", name, strempty(list));
}

static int no_such_value(const struct key *k, const char *value, struct failure *f)
{
	_cleanup_free_ char *list = NULL;

	for (const struct translation *t = k->values; t && t->bus; t++)
		list = joined(list, t->bus);
	return failure_set(f, CC_E_INVALID_ARGS, "The setting '%s' cannot be '%.100s'; it is %s%s", k->bus, value,
			   list ? "one of: " : "", list ? list : strempty(k->like));
}

static int translate(const struct setting *s, json_object **ret, const struct key **ret_key, struct failure *f)
{
	const struct key *k = find_key(s->key);

	if (!k)
		return no_such_setting(s->key, f);
	if (k->is_bool != s->is_bool)
		return failure_set(f, CC_E_INVALID_ARGS, "The setting '%s' is %s", s->key, k->is_bool ? "yes or no" :
				   "a text");
	*ret_key = k;
	if (k->is_bool) {
		*ret = json_object_new_boolean(s->flag);
		return 0;
	}
	if (k->fits && !isempty(s->text) && !k->fits(s->text))
		return no_such_value(k, s->text, f);
	if (!k->values) {
		*ret = json_object_new_string(strempty(s->text));
		return 0;
	}
	for (const struct translation *t = k->values; t->bus; t++)
		if (streq(t->bus, strempty(s->text))) {
			*ret = json_object_new_string(t->service);
			return 0;
		}
	return no_such_value(k, strempty(s->text), f);
}

/* The change on top of what is unsent already, and what the key was before. */
static int keep_changes(struct core *c, const struct setting *changed, size_t n, struct failure *f)
{
	_cleanup_json_ json_object *unsent = setting_object(c, SETTING_UNSENT), *base = setting_object(c, SETTING_BASE);
	_cleanup_json_ json_object *now = stored(c);
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const struct key *k = NULL;
		json_object *value = NULL, *had;

		r = translate(&changed[i], &value, &k, f);
		if (r < 0)
			return r;
		had = json_get(now, k->service);
		/* Settings that were never read have no value that someone else could have changed. */
		if (json_object_object_length(now) > 0 && !json_object_object_get_ex(base, k->service, NULL))
			(void)json_object_object_add(base, k->service, json_object_get(had));
		(void)json_object_object_add(unsent, k->service, value);
	}
	r = state_begin(c->state);
	if (r >= 0)
		r = put_setting_object(c, SETTING_UNSENT, unsent);
	if (r >= 0)
		r = put_setting_object(c, SETTING_BASE, base);
	if (r >= 0)
		r = state_commit(c->state);
	if (r < 0) {
		state_rollback(c->state);
		return failure_from_store(f, r, "The settings could not be stored");
	}
	return 0;
}

static int ensure_row(struct core *c, struct outbox_job **ret, struct failure *f)
{
	struct outbox_row row = { .created = now_realtime() };
	char key[UUID_SIZE];
	int r;

	*ret = outbox_find(c, ROW_SETTINGS, "settings");
	if (*ret)
		return 0;
	uuid_new(key);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(ROW_SETTINGS);
	row.subject = strdup("settings");
	row.key = strdup(key);
	row.state = strdup(ROW_SUBMITTING);
	r = row.world && row.user && row.kind && row.subject && row.key && row.state ? outbox_add(c, &row, ret) : -ENOMEM;
	outbox_row_done(&row);
	return r < 0 ? failure_from_store(f, r, "The settings could not be queued") : 0;
}

static void change_sent(const struct failure *f, void *userdata)
{
	struct change *o = userdata;

	/* Not reached, or not in time: it is durable here and goes later. */
	if (f && f->error != CC_E_OFFLINE && f->error != CC_E_OUTCOME_UNKNOWN)
		failure_set(&o->failure, f->error, "%s", failure_message(f));
	o->queued = f && o->failure.error == CC_E_NONE;
	change_end(o->core, o);
}

void settings_set(struct core *c, const struct setting *changed, size_t n, settings_set_cb done, void *userdata)
{
	struct change *o = new0(struct change, 1);
	_cleanup_json_ json_object *before = NULL, *after = NULL;
	_cleanup_(strv_freep) char **names = NULL;
	struct outbox_job *job;
	int r;

	if (!o)
		return;
	open_call_begin(c, &o->call, change_free);
	o->core = c;
	o->done = done;
	o->userdata = userdata;
	r = session_require(c, /* reading= */ false, &o->failure);
	if (r >= 0) {
		before = effective(c);
		r = keep_changes(c, changed, n, &o->failure);
	}
	if (r >= 0)
		r = ensure_row(c, &job, &o->failure);
	if (r >= 0) {
		after = effective(c);
		names = difference(before, after);
		if (names)
			tell(c, names);
		o->queued = c->contact_known && !c->online;
		r = o->queued ? 0 : outbox_wait(c, job, CALL_BUDGET, NULL, change_sent, o);
		if (r < 0)
			failure_from_store(&o->failure, r, "The answer cannot be waited for");
	}
	if (r < 0 || o->queued)
		(void)core_defer(c, change_end, o, change_free);
}

void settings_offline(struct core *c)
{
	struct outbox_job *job = outbox_find(c, ROW_SETTINGS, "settings");

	if (job)
		job_answer_unknown(job);
}

/* ---- the row ---- */

static void forget_unsent(struct core *c, json_object *sent)
{
	_cleanup_json_ json_object *unsent = setting_object(c, SETTING_UNSENT), *base = setting_object(c, SETTING_BASE);

	/* What was changed again while this was on its way stays for the next time. */
	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		json_object *value;

		if (json_object_object_get_ex(unsent, keys[i].service, &value) &&
		    json_object_equal(value, json_get(sent, keys[i].service))) {
			json_object_object_del(unsent, keys[i].service);
			json_object_object_del(base, keys[i].service);
		}
	}
	(void)put_setting_object(c, SETTING_UNSENT, unsent);
	(void)put_setting_object(c, SETTING_BASE, base);
}

/* Keys that both changed, to different values: the person's is given up, and both are told. */
static char *conflicts(struct core *c, json_object *theirs)
{
	_cleanup_json_ json_object *unsent = setting_object(c, SETTING_UNSENT), *base = setting_object(c, SETTING_BASE);
	char *told = NULL;

	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		const char *name = keys[i].service;
		json_object *mine, *was, *is = json_get(theirs, name);
		char *longer;

		if (!json_object_object_get_ex(unsent, name, &mine) || !json_object_object_get_ex(base, name, &was) ||
		    json_object_equal(was, is) || json_object_equal(mine, is))
			continue;
		longer = strprintf("%s%s%s: here %s, elsewhere %s", strempty(told), told ? "; " : "", keys[i].bus,
				   json_object_get_string(mine), is ? json_object_get_string(is) : "nothing");
		free(told);
		told = longer;
		json_object_object_del(unsent, name);
		json_object_object_del(base, name);
	}
	if (told) {
		(void)put_setting_object(c, SETTING_UNSENT, unsent);
		(void)put_setting_object(c, SETTING_BASE, base);
	}
	return told;
}

static void row_over(struct outbox_job *j, const struct failure *f)
{
	(void)state_outbox_delete(j->core->state, j->row.id);
	job_end(j, f, NULL);
}

static void saved(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct core *c = j->core;
	struct outbox_judgement verdict = outbox_judge_call(reply, j->row.server_errors);
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_json_ json_object *sent = NULL;
	char key[UUID_SIZE];

	j->call = NULL;
	if (verdict.server_error)
		j->row.server_errors++;
	sent = parse_object(j->row.body);
	if (verdict.verdict == VERDICT_MADE) {
		forget_unsent(c, sent);
		if (c->user)
			settings_apply(c, reply->body, reply->etag);
		if (!has_unsent(c)) {
			row_over(j, NULL);
			return;
		}
	} else if (reply->outcome == API_REFUSED && reply->status == 412) {
		if (c->user)
			(void)userdb_meta_put(c->user, META_ETAG, NULL);
	} else if (verdict.verdict == VERDICT_REFUSED) {
		failure_from_reply(&f, reply);
		log_info("The settings were refused: %s", failure_message(&f));
		forget_unsent(c, sent);
		row_over(j, &f);
		return;
	} else {
		job_again(j, reply->retry_after);
		return;
	}
	/* Another body needs another key (docs/backend-api.md, "Keys"). */
	uuid_new(key);
	free(TAKE_PTR(j->row.body));
	(void)free_and_strdup(&j->row.key, key);
	job_again(j, 0);
}

/* The body is made, and fixed, from the service's newest object. */
static void read_first(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct core *c = j->core;
	_cleanup_failure_ struct failure f = { 0 };
	_cleanup_json_ json_object *o = NULL;
	_cleanup_free_ char *told = NULL;

	j->call = NULL;
	if (reply->outcome != API_OK || !json_object_is_type(reply->body, json_type_object) || !c->user) {
		job_again(j, reply->retry_after);
		return;
	}
	told = conflicts(c, reply->body);
	settings_apply(c, reply->body, reply->etag);
	if (told) {
		failure_set(&f, CC_E_CONFLICT, "The settings were changed elsewhere too (%s); what stands there holds", told);
		log_info("%s", failure_message(&f));
		(void)core_set_error(c, failure_message(&f));
	}
	if (!has_unsent(c)) {
		row_over(j, told ? &f : NULL);
		return;
	}
	o = effective(c);
	(void)free_and_strdup(&j->row.body, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	if (!j->row.body || state_outbox_update(c->state, &j->row) < 0)
		job_again(j, 0);
	else
		outbox_run(c);
}

int settings_step(struct outbox_job *j)
{
	struct core *c = j->core;
	_cleanup_free_ char *etag = NULL;

	if (!j->row.body)
		return customer_settings_get(c->api, NULL, read_first, j, &j->call);
	if (c->user)
		(void)userdb_meta_get(c->user, META_ETAG, &etag);
	return customer_settings_save(c->api, j->row.body, etag, j->row.key, saved, j, &j->call);
}
