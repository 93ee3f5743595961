/*
 * A customer's settings: one object, saved whole, so that two who change it at once do not undo each other.
 */
#include "tests/sandbox/deliver.h"
#include "tests/sandbox/handlers.h"

enum { TEXT_MAX = 300 };

static const char *const communications[] = { "email", "phone", "whatsapp", "viber", "telegram", NULL };
static const char *const payment_types[] = { "Cash", "POS", "QR code", "Card", NULL };
static const char *const policies[] = { "On", "Off", NULL };

static const struct member {
	const char *name;
	const char *const *values; /* NULL: any text; the first is the one of who has not chosen */
} members[] = {
	{ "email", NULL },
	{ "phoneNumber", NULL },
	{ "whatsApp", NULL },
	{ "viber", NULL },
	{ "telegram", NULL },
	{ "telegramNickname", NULL },
	{ "preferredCommunication", communications },
	{ "preferredPaymentType", payment_types },
	{ "defaultCity", NULL },
	{ "defaultAddress", NULL },
	{ "notificationPolicy", policies },
};

static json_object *of_new_user(const struct user *u)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < COUNT_OF(members); i++)
		json_add_text(o, members[i].name, members[i].values ? members[i].values[0] : NULL);
	json_add_text(o, "email", u->email);
	json_add_text(o, "phoneNumber", u->phone);
	json_add_bool(o, "emailReceipts", false);
	return o;
}

static json_object *load(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT body FROM settings WHERE user = ?", "i",
						 c->user.id);

	return store_step(q) ? json_tokener_parse(store_text(q, 0)) : of_new_user(&c->user);
}

int settings_get(struct call *c)
{
	c->answer = load(c);
	return 0;
}

static bool is_among(const char *const *values, const char *text)
{
	for (; *values; values++)
		if (strcmp(*values, text) == 0)
			return true;
	return false;
}

static int read_settings(struct call *c, json_object *ret)
{
	json_object *receipts = json_member(c->body, "emailReceipts");
	const char *text;
	int r;

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const struct member *m = &members[i];

		r = call_optional_text(c, m->name, TEXT_MAX, &text);
		if (r < 0)
			return r;
		if (text && m->values && !is_among(m->values, text))
			return call_fail(c, 422, "invalid-settings", "\"%s\" cannot be \"%.60s\"", m->name, text);
		json_add_text(ret, m->name, text || !m->values ? text : m->values[0]);
	}
	if (json_string_member(ret, "email", &text) == 0 && text && *text && !email_is_valid(text))
		return call_fail(c, 422, "invalid-email", "\"%.100s\" is no e-mail address", text);
	if (receipts && !json_object_is_type(receipts, json_type_boolean))
		return call_fail(c, 422, "invalid-email-receipts", "\"emailReceipts\" is neither true nor false");
	json_add_bool(ret, "emailReceipts", receipts && json_object_get_boolean(receipts));
	return 0;
}

int settings_save(struct call *c)
{
	const char *have = evhttp_find_header(evhttp_request_get_input_headers(c->req), "If-Match");
	json_object *now AUTO_JSON = load(c), *wanted AUTO_JSON = json_object_new_object();
	char etag[ETAG_SIZE];
	int r;

	deliver_etag(json_text(now), strlen(json_text(now)), etag);
	if (have && strcmp(have, "*") != 0 && !strstr(have, etag))
		return call_fail(c, 412, "settings-changed", "The settings were changed elsewhere meanwhile");
	r = read_settings(c, wanted);
	if (r < 0)
		return r;
	store_run(c->sandbox->store, "INSERT OR REPLACE INTO settings VALUES (?, ?)", "it", c->user.id, json_text(wanted));
	c->answer = TAKE(wanted);
	return 0;
}
