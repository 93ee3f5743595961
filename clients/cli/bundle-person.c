/* What a bundle must not have: asks the daemon for the person's words and numbers, and for how many orders there are.
 * What is asked for goes into the redactor and nowhere else. */
#include "clients/cli/bundle.h"

#include <inttypes.h>
#include <pwd.h>
#include <sys/types.h>

#include "clients/common/dict.h"

#define CALL_LIMIT (USEC_PER_SEC)
#define ORDERS_MAX 10000u /* of a List */
#define ORDERS_WHOLE 100  /* of a GetMany: the newest */

struct person {
	char *login, *user, *email, *phone;
	char *settings_email, *settings_phone, *whats_app, *viber, *telegram, *telegram_nickname, *city, *address;
};

static void person_done(struct person *p)
{
	free(p->login);
	free(p->user);
	free(p->email);
	free(p->phone);
	free(p->settings_email);
	free(p->settings_phone);
	free(p->whats_app);
	free(p->viber);
	free(p->telegram);
	free(p->telegram_nickname);
	free(p->city);
	free(p->address);
}

static int read_properties(struct doctor *d, const char *interface, const struct dict_field *fields, size_t n,
			   struct person *p)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = client_get_all(d->cli->client, CC_PATH, interface, &e, &reply);
	return r < 0 ? r : dict_read(reply, fields, n, p);
}

static int read_account(struct doctor *d, struct person *p)
{
	static const struct dict_field session[] = {
		{ "Login", 's', offsetof(struct person, login) },
		{ "UserUid", 's', offsetof(struct person, user) },
	};
	static const struct dict_field account[] = {
		{ "Email", 's', offsetof(struct person, email) },
		{ "PhoneNumber", 's', offsetof(struct person, phone) },
	};
	int r;

	r = read_properties(d, CC_IFACE_SESSION, session, ELEMENTSOF(session), p);
	return r < 0 ? r : read_properties(d, CC_IFACE_ACCOUNT, account, ELEMENTSOF(account), p);
}

static int read_settings(struct doctor *d, struct person *p)
{
	static const struct dict_field fields[] = {
		{ "email", 's', offsetof(struct person, settings_email) },
		{ "phone-number", 's', offsetof(struct person, settings_phone) },
		{ "whats-app", 's', offsetof(struct person, whats_app) },
		{ "viber", 's', offsetof(struct person, viber) },
		{ "telegram", 's', offsetof(struct person, telegram) },
		{ "telegram-nickname", 's', offsetof(struct person, telegram_nickname) },
		{ "default-city", 's', offsetof(struct person, city) },
		{ "default-address", 's', offsetof(struct person, address) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = client_call(d->cli->client, CC_IFACE_SETTINGS, "GetAll", &e, &reply, NULL);
	return r < 0 ? r : dict_read(reply, fields, ELEMENTSOF(fields), p);
}

static void learn(struct redactor *r, const struct person *p)
{
	const char *const phones[] = { p->phone, p->settings_phone, p->whats_app, p->viber, p->telegram };

	redact_add(r, "login", p->login);
	redact_add(r, "uid", p->user);
	redact_add(r, "e-mail", p->email);
	redact_add(r, "e-mail", p->settings_email);
	redact_add(r, "name", p->telegram_nickname);
	redact_add(r, "address", p->city);
	redact_add_address(r, p->address);
	for (size_t i = 0; i < ELEMENTSOF(phones); i++) {
		redact_add(r, "phone", phones[i]);
		redact_add_phone(r, phones[i]);
	}
}

/* ---- orders ---- */

static void learn_order(struct redactor *r, const struct order *o)
{
	redact_add_address(r, o->destination);
	redact_add_address(r, o->origin);
	redact_add_name(r, o->recipient);
	redact_add_name(r, o->courier.name);
	redact_add_phone(r, o->courier.phone);
	redact_add(r, "comment", o->comment);
	redact_add(r, "comment", o->rating_comment);
	redact_add(r, "code", o->confirmation_code);
	for (size_t i = 0; i < o->products.n; i++)
		redact_add(r, "comment", o->products.items[i].note);
	for (size_t i = 0; i < o->payments.n; i++)
		redact_add(r, "card", o->payments.items[i].card);
}

static int learn_whole_orders(struct doctor *d, struct redactor *r, char **uids)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	int n;

	n = client_new_call(d->cli->client, CC_IFACE_ORDERS, "GetMany", &m);
	if (n >= 0)
		n = sd_bus_message_append_strv(m, uids);
	if (n >= 0)
		n = client_send(d->cli->client, m, &e, &reply);
	if (n >= 0)
		n = sd_bus_message_enter_container(reply, 'a', "a{sv}");
	while (n >= 0 && sd_bus_message_at_end(reply, false) == 0) {
		_cleanup_order_ struct order o;

		order_init(&o);
		n = order_read(reply, &o);
		if (n >= 0)
			learn_order(r, &o);
	}
	return n;
}

struct counts {
	char **statuses;
	unsigned n[16], total;
};

static int count(struct counts *c, const char *status)
{
	size_t i = 0;
	int r;

	while (c->statuses && c->statuses[i] && !streq(c->statuses[i], status))
		i++;
	c->total++;
	if (i >= ELEMENTSOF(c->n))
		return 0;
	if (!c->statuses || !c->statuses[i]) {
		r = strv_push(&c->statuses, status);
		if (r < 0)
			return r;
	}
	c->n[i]++;
	return 0;
}

static char *counts_text(const struct counts *c)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	fprintf(f, "%u%s", c->total, c->total == ORDERS_MAX ? " or more" : "");
	for (size_t i = 0; c->statuses && c->statuses[i]; i++)
		fprintf(f, "%s %u %s", i ? "," : ":", c->n[i], c->statuses[i]);
	return textbuf_take(&b);
}

static int read_rows(sd_bus_message *reply, struct redactor *redactor, struct counts *c, char ***uids)
{
	struct order_row row;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	while (r > 0 && (r = order_row_read(reply, &row)) > 0) {
		redact_add(redactor, "order", row.number);
		r = count(c, row.status);
		if (r >= 0 && strv_length(*uids) < ORDERS_WHOLE)
			r = strv_push(uids, row.uid);
		if (r >= 0)
			r = 1;
	}
	return r;
}

static int learn_orders(struct doctor *d, struct redactor *redactor, char **ret_counts)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(strv_freep) char **uids = NULL;
	struct counts c = {};
	int r;

	r = client_call(d->cli->client, CC_IFACE_ORDERS, "List", &e, &reply, "a{sv}us", 0, ORDERS_MAX, "");
	if (r >= 0)
		r = read_rows(reply, redactor, &c, &uids);
	if (r >= 0) {
		free(*ret_counts);
		*ret_counts = counts_text(&c);
	}
	if (r >= 0 && uids)
		r = learn_whole_orders(d, redactor, uids);
	strv_free(c.statuses);
	return r;
}

bool bundle_learn_person(struct doctor *d, struct redactor *r, char **ret_counts)
{
	_cleanup_(person_done) struct person p = {};
	bool known;

	*ret_counts = xstrdup("");
	if (!d->has_status)
		return false;
	doctor_limit(d, CALL_LIMIT);
	known = read_account(d, &p) >= 0;
	redact_add(r, "login", d->status.login);
	/* Signed out, and nothing to be known of anybody. */
	if (!isempty(p.login)) {
		known = read_settings(d, &p) >= 0 && known;
		known = learn_orders(d, r, ret_counts) >= 0 && known;
	}
	learn(r, &p);
	return known;
}

void bundle_learn_machine(const struct doctor *d, struct redactor *r)
{
	const struct passwd *user = getpwuid(getuid());
	const char *home = getenv("HOME");
	char machine[256] = "";

	/* "root" is everybody's. */
	if (user && user->pw_uid != 0) {
		redact_add_word(r, "user", user->pw_name);
		redact_add_name(r, user->pw_gecos);
	}
	if (!isempty(home) && !streq(home, "/"))
		redact_add(r, "home", home);
	if (gethostname(machine, sizeof(machine) - 1) == 0 && !streq(machine, "localhost"))
		redact_add_word(r, "machine", machine);
	if (d->status.base_url)
		redact_add_host(r, d->status.base_url);
}
