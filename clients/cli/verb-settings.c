/* settings, settings set. Which keys and values there are is the daemon's to say. */
#include "clients/cli/settings.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/common/dict.h"
#include "dbus/jsonview.h"

/* The one that is no text. */
#define SETTING_FLAG "email-receipts"

void defaults_get(struct cli *cli, struct defaults *ret)
{
	static const struct dict_field fields[] = {
		{ "default-address", 's', offsetof(struct defaults, address) },
		{ "default-city", 's', offsetof(struct defaults, city) },
		{ "preferred-payment-type", 's', offsetof(struct defaults, payment) },
	};
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;

	*ret = (struct defaults){};
	if (client_call(cli->client, CC_IFACE_SETTINGS, "GetAll", &e, &reply, NULL) >= 0)
		(void)dict_read(reply, fields, ELEMENTSOF(fields), ret);
}

void defaults_done(struct defaults *d)
{
	free(d->address);
	free(d->city);
	free(d->payment);
}

int verb_settings(struct cli *cli, const struct args *args)
{
	static const struct column columns[] = { { "SETTING" }, { "VALUE", .flexible = true } };
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_object *o;
	struct table *t;
	int r;

	(void)args;
	r = cli_read(cli, CC_IFACE_SETTINGS, "GetAll", &reply, NULL);
	if (r < 0)
		return r;
	r = json_from_dict(reply, &o);
	if (r < 0)
		return cli_bad_reply(cli, r, "Settings.GetAll");
	if (cli->json)
		return cli_print_json(cli, o);
	t = table_new(columns, ELEMENTSOF(columns));
	json_object_object_foreach(o, key, value) {
		const char *text = json_object_get_string(value);

		if (json_object_is_type(value, json_type_boolean))
			text = json_object_get_boolean(value) ? "yes" : "no";
		table_add(t, (const char *[]){ key, text });
	}
	if (json_object_object_length(o) == 0)
		cli_note("No setting is known yet; customerclient sync asks for them.");
	cli_print_table(cli, t);
	json_object_put(o);
	return 0;
}

static int read_flag(struct cli *cli, const char *key, const char *value, int *ret)
{
	static const struct {
		const char *word;
		int flag;
	} words[] = { { "yes", 1 }, { "true", 1 }, { "on", 1 }, { "no", 0 }, { "false", 0 }, { "off", 0 } };

	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		if (strcasecmp(words[i].word, value) == 0) {
			*ret = words[i].flag;
			return 0;
		}
	return cli_usage(cli, "The setting %s cannot be '%s'; it is yes or no", key, value);
}

/* "KEY=VALUE", appended to the dictionary. */
static int append_change(struct cli *cli, sd_bus_message *m, const char *word)
{
	const char *equals = strchr(word, '=');
	_cleanup_free_ char *key = NULL;
	int r, flag = 0;

	if (!equals || equals == word)
		return cli_usage(cli, "'%s' is no change; it is KEY=VALUE, as default-city=Springfield",
				 word);
	key = xprintf("%.*s", (int)(equals - word), word);
	if (streq(key, SETTING_FLAG)) {
		r = read_flag(cli, key, equals + 1, &flag);
		if (r < 0)
			return r;
		r = sd_bus_message_append(m, "{sv}", key, "b", flag);
	} else
		r = sd_bus_message_append(m, "{sv}", key, "s", equals + 1);
	return r < 0 ? cli_fail_errno(cli, r, "Settings.Set") : 0;
}

/* Which of the two was meant nobody knows. */
static int refuse_twice(struct cli *cli, const struct args *args, unsigned i)
{
	size_t n = strcspn(args->words[i], "=");

	for (unsigned k = 0; k < i; k++)
		if (strcspn(args->words[k], "=") == n && strncmp(args->words[k], args->words[i], n) == 0)
			return cli_usage(cli, "The setting %.*s is given twice", (int)n, args->words[i]);
	return 0;
}

static int new_changes(struct cli *cli, const struct args *args, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = client_new_call(cli->client, CC_IFACE_SETTINGS, "Set", &m);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r < 0)
		return cli_fail_errno(cli, r, "Settings.Set");
	for (unsigned i = 0; i < args->n_words; i++) {
		r = refuse_twice(cli, args, i);
		if (r < 0)
			return r;
		r = append_change(cli, m, args->words[i]);
		if (r < 0)
			return r;
	}
	r = sd_bus_message_close_container(m);
	if (r < 0)
		return cli_fail_errno(cli, r, "Settings.Set");
	*ret = TAKE_PTR(m);
	return 0;
}

int verb_settings_set(struct cli *cli, const struct args *args)
{
	_cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
	const char *result;
	json_object *o;
	int r;

	r = new_changes(cli, args, &m);
	if (r >= 0)
		r = cli_send(cli, CLIENT_ACTS, m, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "s", &result);
	if (r < 0)
		return cli_bad_reply(cli, r, "Settings.Set");
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "state", json_object_new_string(result));
		return cli_print_json(cli, o);
	}
	puts(streq(result, "queued") ? "Queued: it is sent as soon as the service can be reached."
				     : "Saved.");
	return 0;
}
