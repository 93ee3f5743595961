/* status: the daemon's state in a few lines, and one line of JSON for status bars. */
#include "base/timeutil.h"
#include "clients/cli/cli.h"
#include "clients/cli/pay.h"
#include "clients/cli/verbs.h"
#include "clients/cli/waybar.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"
#include "clients/common/status.h"
#include "dbus/jsonview.h"

struct state {
	int signed_in, online;
	char *login, *push, *last_error, *keyring, *token_store;
	uint64_t last_sync;
	uint32_t pending_operations, pending_orders, unread;
};

static int state_read(sd_bus_message *m, struct state *s)
{
	static const struct dict_field fields[] = {
		{ "signed-in", 'b', offsetof(struct state, signed_in) },
		{ "online", 'b', offsetof(struct state, online) },
		{ "login", 's', offsetof(struct state, login) },
		{ "push", 's', offsetof(struct state, push) },
		{ "last-error", 's', offsetof(struct state, last_error) },
		{ "keyring", 's', offsetof(struct state, keyring) },
		{ "token-store", 's', offsetof(struct state, token_store) },
		{ "last-sync", 't', offsetof(struct state, last_sync) },
		{ "pending-operations", 'u', offsetof(struct state, pending_operations) },
		{ "pending-orders", 'u', offsetof(struct state, pending_orders) },
		{ "unread", 'u', offsetof(struct state, unread) },
	};

	return dict_read(m, fields, ELEMENTSOF(fields), s);
}

static void state_done(struct state *s)
{
	free(s->login);
	free(s->push);
	free(s->last_error);
	free(s->keyring);
	free(s->token_store);
}

/* Of the pending orders the newest that awaits its payment, else the newest. 1; 0 = there is none. */
static int choose_pending(struct cli *cli, char **ret_uid)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *uid = NULL;
	struct order_row row;
	bool due = false;
	int r;

	r = cli_read(cli, CC_IFACE_ORDERS, "ListPending", &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_ORDER_ROW);
	while (r > 0 && !due && (r = order_row_read(reply, &row)) > 0) {
		due = status_from_string(row.status) == STATUS_AWAITING_PAYMENT;
		if (due || !uid)
			r = free_and_strdup(&uid, row.uid);
		r = r < 0 ? r : 1;
	}
	if (r < 0)
		return cli_bad_reply(cli, r, "Orders.ListPending");
	*ret_uid = TAKE_PTR(uid);
	return *ret_uid != NULL;
}

/* That order, with what its object says. 0 = there is none. */
static int shown_pending(struct cli *cli, struct order *ret)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *object = NULL;
	_cleanup_free_ char *path = NULL, *uid = NULL;
	int r;

	r = choose_pending(cli, &uid);
	if (r > 0)
		r = cli_get_order(cli, uid, ret);
	if (r < 0 || !uid)
		return r;
	/* Gone in this very moment is no failure: the order has ended. */
	if (order_object_path(uid, &path) >= 0 &&
	    client_get_all(cli->client, path, CC_IFACE_ORDER, &e, &object) >= 0)
		(void)order_read_properties(object, ret);
	return 1;
}

static void print_connection(struct cli *cli, const struct state *s, uint64_t now)
{
	_cleanup_free_ char *text = NULL;
	char span[WHEN_SIZE], at[WHEN_SIZE];
	const char *push = strempty(s->push);

	if (!s->online)
		text = xstrdup("offline");
	else if (streq(push, "off") || isempty(push))
		text = xstrdup("online, by polling");
	else if (streq(push, "connecting"))
		text = xstrdup("online, live connection being made");
	else
		text = xprintf("online, live (%s)", push);
	cli_print_field(cli, "Service", text);
	if (s->last_sync) {
		_cleanup_free_ char *last =
			xprintf("%s, %s ago", when_format_near(at, s->last_sync, now),
				when_format_span(span, now > s->last_sync ? now - s->last_sync : 0));

		cli_print_field(cli, "Last sync", last);
	} else
		cli_print_field(cli, "Last sync", "never");
}

static char *pending_text(const struct order *o, uint64_t now)
{
	_cleanup_free_ char *wants = pay_note_text(o, order_name(o), now);
	char at[WHEN_SIZE];
	const char *expected = when_format_near(at, order_expected(o), now);

	if (wants)
		return xprintf("%s %s", order_name(o), wants);
	return xprintf("%s, %s%s%s", order_name(o), status_label(o->status), *expected ? ", expected " : "", expected);
}

/* Only a keyring that keeps the session from going on is worth a line. */
static void print_keyring(struct cli *cli, const struct state *s)
{
	if (streq(strempty(s->token_store), "secret-service") && streq(strempty(s->keyring), "locked"))
		cli_print_field(cli, "Keyring", "locked; the session may need it unlocked");
}

static void print_session(struct cli *cli, const struct state *s)
{
	_cleanup_free_ char *expired = NULL;

	if (s->signed_in)
		cli_print_field(cli, "Signed in", strempty(s->login));
	else if (isempty(s->login))
		cli_print_field(cli, "Signed in", "no; customerclient sign-in LOGIN");
	else {
		expired = xprintf("no, the session has expired; customerclient sign-in %s", s->login);
		cli_print_field(cli, "Signed in", expired);
	}
}

static void print_plain(struct cli *cli, const struct state *s, const struct order *pending)
{
	_cleanup_free_ char *unread = xprintf("%u", s->unread),
			    *operations = xprintf("%u", s->pending_operations),
			    *more = xprintf("%u more: customerclient pending", s->pending_orders - 1);
	_cleanup_free_ char *order = NULL;
	uint64_t now = now_realtime();

	print_session(cli, s);
	print_keyring(cli, s);
	print_connection(cli, s, now);
	if (s->signed_in) {
		cli_print_field(cli, "Unread", unread);
		order = pending ? pending_text(pending, now) : xstrdup("no orders");
		cli_print_field(cli, "Pending", order);
		if (s->pending_orders > 1)
			cli_print_field(cli, "", more);
	}
	if (s->pending_operations > 0)
		cli_print_field(cli, "Not sent", operations);
	if (!isempty(s->last_error))
		cli_print_field(cli, "Trouble", s->last_error);
}

static int print_waybar(const struct state *s, const struct order *pending)
{
	struct waybar_state w = {
		.signed_in = s->signed_in, .online = s->online, .login = s->login, .unread = s->unread,
		.pending_orders = s->pending_orders, .pending = pending,
	};

	cli_print_json_line(waybar_json(&w, now_realtime()));
	return 0;
}

/* A status bar shows what it is given, also when there is no daemon. */
static int waybar_unreachable(struct cli *cli)
{
	cli_print_json_line(waybar_json_unreachable());
	cli->told_json = true;
	return -1;
}

int verb_status(struct cli *cli, const struct args *args)
{
	const char *format = args_option(args, "format");
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(state_done) struct state s = {};
	_cleanup_order_ struct order pending;
	bool waybar = format && streq(format, "waybar");
	json_object *o;
	int r;

	order_init(&pending);
	if (waybar && cli->json)
		return cli_usage(cli, "--json and --format=waybar cannot both be");
	r = cli_connect(cli);
	if (r >= 0)
		r = cli_read(cli, CC_IFACE_DAEMON, "GetStatus", &reply, NULL);
	if (r < 0)
		return waybar ? waybar_unreachable(cli) : r;
	if (cli->json) {
		r = json_from_dict(reply, &o);
		return r < 0 ? cli_bad_reply(cli, r, "Daemon.GetStatus") : cli_print_json(cli, o);
	}
	r = state_read(reply, &s);
	if (r < 0)
		return cli_bad_reply(cli, r, "Daemon.GetStatus");
	r = s.signed_in && s.pending_orders > 0 ? shown_pending(cli, &pending) : 0;
	if (r < 0)
		return waybar ? waybar_unreachable(cli) : r;
	if (waybar)
		return print_waybar(&s, r > 0 ? &pending : NULL);
	print_plain(cli, &s, r > 0 ? &pending : NULL);
	return 0;
}
