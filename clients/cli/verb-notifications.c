/* notifications: the list, marking as read, muting. */
#include "base/timeutil.h"
#include "clients/cli/cli.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "dbus/jsonview.h"

#define SHOWN_MAX 1000

struct notification {
	const char *uid, *kind, *title, *body, *order; /* the message's */
	uint64_t sent;
	int read;
};

static int notification_read(sd_bus_message *m, struct notification *n)
{
	return sd_bus_message_read(m, CC_SIG_NOTIFICATION, &n->uid, &n->kind, &n->title, &n->body, &n->order,
				   &n->sent, &n->read);
}

static json_object *notification_json(const struct notification *n)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "uid", json_object_new_string(n->uid));
	json_object_object_add(o, "kind", json_object_new_string(n->kind));
	json_object_object_add(o, "title", json_object_new_string(n->title));
	json_object_object_add(o, "body", json_object_new_string(n->body));
	if (*n->order)
		json_object_object_add(o, "order", json_object_new_string(n->order));
	if (n->sent)
		json_object_object_add(o, "sent", json_new_time(n->sent));
	json_object_object_add(o, "read", json_object_new_boolean(n->read));
	return o;
}

struct list {
	struct cli *cli;
	struct table *table;
	json_object *array;
	char **unread; /* uids to be marked */
	size_t n;
};

static int add(struct list *l, const struct notification *n)
{
	char at[WHEN_SIZE];

	l->n++;
	if (l->array)
		json_object_array_add(l->array, notification_json(n));
	else {
		table_add(l->table, (const char *[]){ n->read ? "" : "new", when_format(at, n->sent),
						      n->title, n->body });
		table_set_style(l->table, 0, STYLE_BUSY);
		table_set_style(l->table, 2, STYLE_BOLD);
	}
	return n->read ? 0 : strv_push(&l->unread, n->uid);
}

static int gather(struct list *l, bool unread_only)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct notification n;
	int r;

	r = cli_read(l->cli, CC_IFACE_NOTIFICATIONS, "List", &reply, "bus", (int)unread_only, SHOWN_MAX, "");
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_NOTIFICATION);
	while (r >= 0 && (r = notification_read(reply, &n)) > 0)
		r = add(l, &n);
	return r < 0 ? cli_bad_reply(l->cli, r, "Notifications.List") : 0;
}

static int mark_read(struct cli *cli, char **uids)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	if (!uids)
		return 0;
	r = client_new_call(cli->client, CC_IFACE_NOTIFICATIONS, "MarkRead", &m);
	if (r >= 0)
		r = sd_bus_message_append_strv(m, uids);
	if (r < 0)
		return cli_fail_errno(cli, r, "Notifications.MarkRead");
	return cli_send(cli, CLIENT_ACTS, m, NULL);
}

static int list(struct cli *cli, const struct args *args)
{
	static const struct column columns[] = {
		{ "" }, { "SENT", .optional = true }, { "TITLE", .flexible = true },
		{ "BODY", .flexible = true },
	};
	struct list l = { .cli = cli };
	int r;

	if (cli->json)
		l.array = xcheck(json_object_new_array());
	else
		l.table = table_new(columns, ELEMENTSOF(columns));
	r = gather(&l, args_option(args, "unread"));
	if (r >= 0 && args_option(args, "mark-read"))
		r = mark_read(cli, l.unread);
	strv_free(l.unread);
	if (r < 0) {
		json_object_put(l.array);
		table_free(l.table);
		return r;
	}
	if (l.array)
		return cli_print_json(cli, l.array);
	if (l.n == 0)
		cli_note(args_option(args, "unread") ? "Nothing unread." : "No notifications.");
	cli_print_table(cli, l.table);
	return 0;
}

static int set_muted(struct cli *cli, bool muted, uint64_t until)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	char at[WHEN_SIZE];
	json_object *o;
	int r;

	r = client_set_property(cli->client, CC_IFACE_NOTIFICATIONS, "Muted", &e, "b", (int)muted);
	if (r >= 0 && muted)
		r = client_set_property(cli->client, CC_IFACE_NOTIFICATIONS, "MutedUntilTimestamp", &e, "t",
					until);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_ACTS);
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "muted", json_object_new_boolean(muted));
		if (until)
			json_object_object_add(o, "muted-until", json_new_time(until));
		return cli_print_json(cli, o);
	}
	if (!muted)
		puts("Bubbles are shown again.");
	else if (until)
		printf("No bubbles until %s.\n", when_format_near(at, until, now_realtime()));
	else
		puts("No bubbles until customerclient notifications --unmute.");
	return 0;
}

int verb_notifications(struct cli *cli, const struct args *args)
{
	const char *mute = args_option(args, "mute"), *unmute = args_option(args, "unmute");
	uint64_t span = 0;

	if (mute && unmute)
		return cli_usage(cli, "--mute and --unmute cannot both be");
	if ((mute || unmute) && (args_option(args, "unread") || args_option(args, "mark-read")))
		return cli_usage(cli, "--mute and --unmute stand alone");
	if (unmute)
		return set_muted(cli, false, 0);
	if (!mute)
		return list(cli, args);
	if (*mute && when_parse_duration(mute, &span) < 0)
		return cli_usage(cli, "--mute cannot be '%s'; it is a time such as 30m, 2h or 1d", mute);
	return set_muted(cli, true, span ? now_realtime() + span : 0);
}
