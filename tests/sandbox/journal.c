/*
 * The journal. Orders and what was done to them are in the store and survive a restart; requests are counted by
 * call, and the latest are kept whole, in memory.
 */
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/hub.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/order.h"
#include "tests/sandbox/router.h"
#include "tests/sandbox/videos.h"

enum { RECENT_MAX = 2000, TEXT_MAX = 80 };

struct entry {
	int64_t number, date;
	size_t route;
	int status; /* 0: not answered */
	enum fault_kind fault;
	bool has_token;
	char request_id[TEXT_MAX], key[TEXT_MAX], cursor[TEXT_MAX], etag[TEXT_MAX], login[TEXT_MAX];
};

struct journal {
	struct entry recent[RECENT_MAX];
	int64_t total;
	int64_t counts[ROUTES_MAX];
};

struct journal *journal_new(void)
{
	return xcalloc(1, sizeof(struct journal));
}

void journal_free(struct journal *j)
{
	free(j);
}

static void copy(char out[TEXT_MAX], const char *text)
{
	snprintf(out, TEXT_MAX, "%s", text ? text : "");
}

void journal_request(struct call *c, const struct effect *e)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(c->req);
	struct journal *j = c->sandbox->journal;
	ssize_t route = router_index(c);
	struct entry *n;

	if (route < 0 || strncmp(c->path, "/Sandbox/", 9) == 0)
		return;
	j->counts[route]++;
	c->number = ++j->total;
	n = &j->recent[c->number % RECENT_MAX];
	*n = (struct entry){
		.number = c->number,
		.date = clock_now(&c->sandbox->clock),
		.route = (size_t)route,
		.fault = e->kind,
		.has_token = evhttp_find_header(in, "Authorization"),
	};
	copy(n->request_id, evhttp_find_header(in, "X-Request-Id"));
	copy(n->key, evhttp_find_header(in, "Idempotency-Key"));
	copy(n->etag, evhttp_find_header(in, "If-None-Match"));
	copy(n->cursor, call_query(c, "changedSince"));
}

void journal_answer(struct call *c)
{
	struct entry *n = &c->sandbox->journal->recent[c->number % RECENT_MAX];

	if (!c->number || n->number != c->number)
		return;
	n->status = c->status;
	copy(n->login, c->user.login);
}

void journal_write(struct sandbox *s, const char *kind, int64_t user, const char *key, const char *order_uid,
		   const char *detail)
{
	store_run(s->store, "INSERT INTO journal (kind, user, order_uid, key, detail, date)"
		  " VALUES (?, ?, ?, ?, ?, ?)", "tittti", kind, user, order_uid, key, detail, clock_now(&s->clock));
}

void journal_add(struct call *c, const char *kind, const char *order_uid, const char *detail)
{
	journal_write(c->sandbox, kind, c->user.id, c->key, order_uid, detail);
}

static json_object *orders_to_json(struct store *st)
{
	AUTO_QUERY sqlite3_stmt *q =
		store_query(st,
			    "SELECT o.uid, o.key, u.login, o.total_price, o.status, o.created,"
			    " o.payment_type, o.id FROM orders o JOIN users u ON u.id = o.user"
			    " WHERE NOT o.seeded ORDER BY o.id",
			    "");
	json_object *a = json_object_new_array();

	while (store_step(q)) {
		json_object *o = json_object_new_object();

		json_add_text(o, "uid", store_text(q, 0));
		json_add_text(o, "key", store_text(q, 1));
		json_add_text(o, "login", store_text(q, 2));
		json_add_money(o, "totalPrice", store_int(q, 3));
		json_add_text(o, "currency", CURRENCY);
		json_add_text(o, "status", status_name((enum status)store_int(q, 4)));
		json_add_date(o, "dateCreated", store_int(q, 5));
		json_add_text(o, "paymentType", payment_type_name((enum payment_type)store_int(q, 6)));
		json_object_array_add(a, o);
	}
	return a;
}

/* The members of a detail that is an object. */
static void add_members(json_object *o, const char *text)
{
	json_object *detail AUTO_JSON = json_tokener_parse(text);

	json_object_object_foreach(detail, name, value)
		json_object_object_add(o, name, json_object_get(value));
}

/* detail_name NULL: the detail is an object, whose members are added. */
static json_object *acts_to_json(struct store *st, const char *kind, const char *detail_name)
{
	AUTO_QUERY sqlite3_stmt *q =
		store_query(st,
			    "SELECT j.order_uid, j.key, u.login, j.detail, j.date FROM journal j"
			    " JOIN users u ON u.id = j.user WHERE j.kind = ? ORDER BY j.id",
			    "t", kind);
	json_object *a = json_object_new_array();

	while (store_step(q)) {
		json_object *o = json_object_new_object();

		json_add_text(o, "deliveryOrderUid", store_text(q, 0));
		json_add_text(o, "key", store_text(q, 1));
		json_add_text(o, "login", store_text(q, 2));
		if (detail_name)
			json_add_text(o, detail_name, store_text(q, 3));
		else
			add_members(o, store_text(q, 3));
		json_add_date(o, "date", store_int(q, 4));
		json_object_array_add(a, o);
	}
	return a;
}

static void add_unless_empty(json_object *o, const char *name, const char *text)
{
	json_add_text(o, name, text[0] ? text : NULL);
}

static json_object *entry_to_json(const struct entry *n)
{
	json_object *o = json_object_new_object();

	json_add_int(o, "number", n->number);
	json_add_date(o, "date", n->date);
	json_add_text(o, "method", router_method(n->route));
	json_add_text(o, "path", router_path(n->route));
	json_add_int(o, "status", n->status);
	json_add_text(o, "fault", faults_kind_name(n->fault));
	json_add_bool(o, "hasToken", n->has_token);
	add_unless_empty(o, "login", n->login);
	add_unless_empty(o, "requestId", n->request_id);
	add_unless_empty(o, "key", n->key);
	add_unless_empty(o, "changedSince", n->cursor);
	add_unless_empty(o, "ifNoneMatch", n->etag);
	return o;
}

static json_object *requests_to_json(const struct journal *j, int64_t since)
{
	int64_t first = j->total > RECENT_MAX ? j->total - RECENT_MAX + 1 : 1;
	json_object *a = json_object_new_array();

	for (int64_t i = since + 1 > first ? since + 1 : first; i <= j->total; i++)
		json_object_array_add(a, entry_to_json(&j->recent[i % RECENT_MAX]));
	return a;
}

static json_object *counts_to_json(const struct journal *j)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		json_object *before;

		if (!j->counts[i])
			continue;
		json_object_object_get_ex(o, router_path(i), &before);
		json_add_int(o, router_path(i), j->counts[i] + json_object_get_int64(before));
	}
	return o;
}

/* GET Journal?since=N: N is the lastRequest of an earlier answer. */
int control_journal(struct call *c)
{
	const char *since = call_query(c, "since");
	struct journal *j = c->sandbox->journal;

	c->answer = json_object_new_object();
	json_object_object_add(c->answer, "orders", orders_to_json(c->sandbox->store));
	json_object_object_add(c->answer, "charges", acts_to_json(c->sandbox->store, "charge", NULL));
	json_object_object_add(c->answer, "mails", acts_to_json(c->sandbox->store, "mail", NULL));
	json_object_object_add(c->answer, "ratingFiles", acts_to_json(c->sandbox->store, "rating-files", NULL));
	json_object_object_add(c->answer, "cancellations", acts_to_json(c->sandbox->store, "cancel", "reason"));
	json_object_object_add(c->answer, "ratings", acts_to_json(c->sandbox->store, "rating", "rating"));
	json_object_object_add(c->answer, "watched", acts_to_json(c->sandbox->store, "watched", NULL));
	json_object_object_add(c->answer, "ranges", videos_ranges_to_json(c->sandbox));
	json_object_object_add(c->answer, "counts", counts_to_json(j));
	json_object_object_add(c->answer, "requests",
			       requests_to_json(j, since ? strtoll(since, NULL, 10) : 0));
	json_add_int(c->answer, "lastRequest", j->total);
	json_add_int(c->answer, "pushConnections", (int64_t)hub_count(c->sandbox));
	return 0;
}
