/*
 * POST /Sandbox/Seed: checks what is asked for, makes the user if it is new, and has the history made.
 */
#include "tests/sandbox/auth.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/help.h"
#include "tests/sandbox/menu.h"
#include "tests/sandbox/seed.h"

enum { ORDERS_DEFAULT = 300, ORDERS_MAX = 200000, DRIFT_MAX = 60 };

static const int64_t span_default = 3 * 365 * USEC_PER_DAY;
static const int64_t span_min = 7 * USEC_PER_DAY;

/* A date with or without time. */
static int read_moment(struct call *c, const char *name, int64_t fallback, int64_t *ret)
{
	AUTO_FREE char *midnight = NULL;
	const char *text;

	if (json_string_member(c->body, name, &text) < 0)
		return call_fail(c, 422, "invalid-date", "\"%s\" is no text", name);
	*ret = fallback;
	if (!text)
		return 0;
	if (strlen(text) == 10)
		midnight = xprintf("%sT00:00:00Z", text);
	if (date_parse(midnight ? midnight : text, ret) < 0)
		return call_fail(c, 422, "invalid-date", "\"%s\": \"%.40s\" is no date", name, text);
	return 0;
}

static int64_t find_user(struct store *st, const char *login, char uid[UUID_SIZE])
{
	AUTO_QUERY sqlite3_stmt *q = store_query(st, "SELECT id, uid FROM users WHERE login = ?", "t", login);

	if (!store_step(q))
		return 0;
	snprintf(uid, UUID_SIZE, "%s", store_text(q, 1));
	return store_int(q, 0);
}

static int64_t make_user(struct call *c, const char *login, char uid[UUID_SIZE])
{
	AUTO_FREE char *hash = password_hash(SEED_PASSWORD), *email = xprintf("%s@example.com", login);
	struct sandbox *s = c->sandbox;

	uuid_make(uid);
	return auth_make_user(s->store, uid, login, email, "+12025550199", hash, clock_now(&s->clock));
}

static int read_habit(struct call *c, json_object *o, struct habit *ret)
{
	static const char *const names[7] = { "Sunday", "Monday", "Tuesday", "Wednesday",
					      "Thursday", "Friday", "Saturday" };
	const char *weekday = NULL;

	if (json_string_member(o, "weekday", &weekday) == 0 && weekday)
		for (unsigned i = 0; i < COUNT_OF(names); i++)
			if (strcmp(names[i], weekday) == 0)
				ret->weekday = i + 1;
	if (ret->weekday-- == 0)
		return call_fail(c, 422, "invalid-habits", "\"weekday\" of a habit is none of Sunday to Saturday");
	/* The menu's ids count from 1 on. */
	if (json_int_member(o, "productId", 0, &ret->product) < 0 || ret->product < 1 ||
	    ret->product > (int64_t)menu_n_products || menu_products[ret->product - 1].id != ret->product)
		return call_fail(c, 422, "invalid-habits", "\"productId\" of a habit is no product of the menu");
	return 0;
}

static int read_habits(struct call *c, struct history *h)
{
	json_object *list = json_member(c->body, "habits");
	int r = 0;

	if (!list)
		return 0;
	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) > HABITS_MAX)
		return call_fail(c, 422, "invalid-habits", "\"habits\" is no array of at most %d", HABITS_MAX);
	h->n_habits = json_object_array_length(list);
	for (size_t i = 0; r == 0 && i < h->n_habits; i++)
		r = read_habit(c, json_object_array_get_idx(list, i), &h->habits[i]);
	return r;
}

static int read_history(struct call *c, struct history *h)
{
	int64_t now = clock_now(&c->sandbox->clock);
	int r;

	r = call_text(c, "login", 3, 50, &h->login);
	if (r < 0)
		return r;
	if (json_int_member(c->body, "orders", ORDERS_DEFAULT, &h->orders) < 0 || h->orders < 1 ||
	    h->orders > ORDERS_MAX)
		return call_fail(c, 422, "invalid-orders", "\"orders\" is no integer from 1 to %d", ORDERS_MAX);
	if (json_int_member(c->body, "seed", 1, &h->seed) < 0)
		return call_fail(c, 422, "invalid-seed", "\"seed\" is no integer");
	if (json_int_member(c->body, "driftMinutes", 0, &h->drift) < 0 || h->drift < 0 || h->drift > DRIFT_MAX)
		return call_fail(c, 422, "invalid-drift-minutes", "\"driftMinutes\" is no integer from 0 to %d", DRIFT_MAX);
	r = read_habits(c, h);
	if (r < 0)
		return r;
	r = read_moment(c, "to", now, &h->to);
	if (r < 0)
		return r;
	r = read_moment(c, "from", h->to - span_default, &h->from);
	if (r < 0)
		return r;
	if (h->to > now || h->to - h->from < span_min || h->from < 0)
		return call_fail(c, 422, "invalid-date",
				 "\"from\" must be a week before \"to\", and \"to\" not in the"
				 " future");
	return 0;
}

static bool is_there(struct store *st, const struct history *h)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	char uid[UUID_SIZE];

	seed_first_uid(h, uid);
	q = store_query(st, "SELECT 1 FROM orders WHERE uid = ?", "t", uid);
	return store_step(q);
}

int control_seed(struct call *c)
{
	struct store *st = c->sandbox->store;
	struct history h = { 0 };
	char uid[UUID_SIZE];
	bool is_new;
	int r;

	r = read_history(c, &h);
	if (r < 0)
		return r;
	if (is_there(st, &h))
		return call_fail(c, 409, "already-seeded", "\"%s\" has the history of this seed already",
				 h.login);
	store_begin(st);
	h.user = find_user(st, h.login, uid);
	is_new = h.user == 0;
	if (is_new)
		h.user = make_user(c, h.login, uid);
	seed_make(c->sandbox, &h);
	store_commit(st);
	c->answer = json_object_new_object();
	json_add_text(c->answer, "userUid", uid);
	json_add_text(c->answer, "login", h.login);
	json_add_bool(c->answer, "isUserAdded", is_new);
	json_add_text(c->answer, "password", is_new ? SEED_PASSWORD : NULL);
	json_add_int(c->answer, "orders", h.orders);
	json_add_date(c->answer, "from", h.from);
	json_add_date(c->answer, "to", h.to);
	return 0;
}
