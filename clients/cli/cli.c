/* Telling of failures, calls, JSON documents. What is said about orders and products is in the verbs. */
#include "clients/cli/cli.h"

#include <stdarg.h>
#include <sys/ioctl.h>

#include "clients/cli/progress.h"
#include "clients/cli/table.h"
#include "dbus/jsonview.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool cli_interrupted(void)
{
	return interrupted;
}

const volatile sig_atomic_t *cli_interrupt_flag(void)
{
	return &interrupted;
}

void cli_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

static void trace_call(const char *interface, const char *member, uint64_t usec, const sd_bus_error *error)
{
	cli_note("%s.%s: %s (%u ms)", strempty(interface), strempty(member), error ? error->name : "ok",
		 (unsigned)(usec / 1000));
}

int cli_connect(struct cli *cli)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	int r;

	r = client_open(&cli->client, &e);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	if (cli->call_timeout)
		cli->client->timeout_usec = cli->call_timeout;
	cli->client->interrupted = &interrupted;
	if (cli->verbose)
		cli->client->trace = trace_call;
	r = client_start_daemon(cli->client, &e);
	return r < 0 ? cli_fail_error(cli, &e, CLIENT_READS) : 0;
}

void cli_note(const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *clean = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		xcheck(NULL);
	clean = text_clean(text, false);
	fprintf(stderr, "%s\n", clean);
}

static void print_error_json(struct cli *cli, int exit_status, const char *name, const char *message)
{
	json_object *o, *e;

	if (!cli->json || cli->told_json)
		return;
	o = xcheck(json_object_new_object());
	e = xcheck(json_object_new_object());
	json_object_object_add(e, "name", json_object_new_string(name));
	json_object_object_add(e, "message", json_object_new_string(message));
	json_object_object_add(e, "exit", json_object_new_int(exit_status));
	json_object_object_add(o, "error", e);
	(void)cli_print_json(cli, o);
}

static int fail(struct cli *cli, int exit_status, const char *name, const char *message)
{
	_cleanup_free_ char *clean = text_clean(message, false);
	size_t n = strlen(clean);

	if (n > 1 && clean[n - 1] == '.' && clean[n - 2] != '.')
		clean[n - 1] = '\0';
	progress_hide(cli->bar);
	fprintf(stderr, "customerclient: %s\n", clean);
	print_error_json(cli, exit_status, name, clean);
	cli->exit_status = exit_status;
	return -1;
}

int cli_fail(struct cli *cli, int exit_status, const char *error_name, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		xcheck(NULL);
	return fail(cli, exit_status, error_name, text);
}

int cli_usage(struct cli *cli, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		xcheck(NULL);
	return fail(cli, CC_EXIT_USAGE, SD_BUS_ERROR_INVALID_ARGS, text);
}

/* What to do about it, where the daemon's sentence does not say. */
static const char *error_hint(const char *name)
{
	switch (client_error_id(name)) {
	case CC_E_NOT_SIGNED_IN:
	case CC_E_SESSION_EXPIRED:
		return "customerclient sign-in LOGIN";
	case CC_E_EMPTY_CART:
		return "customerclient cart add ITEM";
	case CC_E_PRICE_CHANGED:
		return "order again to see the new one";
	case CC_E_OFFLINE:
		return "see customerclient status";
	default:
		return NULL;
	}
}

int cli_fail_error(struct cli *cli, const sd_bus_error *error, enum client_effect effect)
{
	int status = client_exit_status(error->name, effect);
	_cleanup_free_ char *message = NULL;
	const char *text = error->message, *hint;
	size_t n;

	if (isempty(text))
		text = client_error_text(error->name);
	if (isempty(text))
		text = error->name;
	hint = strchr(text, ';') ? NULL : error_hint(error->name);
	if (!hint && status == CC_EXIT_OUTCOME_UNKNOWN && client_error_id(error->name) == CC_E_NONE) {
		text = "The daemon did not answer, so it is not known whether this was done";
		hint = "look before you repeat it";
	} else if (!hint && status == CC_EXIT_NO_DAEMON && !strchr(text, ';') &&
		   !startswith(error->name, "org.freedesktop.DBus.Error.Spawn.")) {
		text = "The daemon did not answer";
		hint = "see journalctl --user -u " CC_UNIT_DAEMON;
	}
	n = strlen(text);
	if (n > 0 && text[n - 1] == '.' && hint)
		n--;
	message = xprintf("%.*s%s%s", (int)n, text, hint ? "; " : "", strempty(hint));
	return fail(cli, status, error->name, message);
}

int cli_fail_errno(struct cli *cli, int r, const char *doing)
{
	if (r == -EINTR)
		return cli_fail(cli, CC_EXIT_INTERRUPTED, CC_ERROR("Interrupted"), "Interrupted");
	return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "%s: %s", doing, strerror(-r));
}

int cli_bad_reply(struct cli *cli, int r, const char *member)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)client_bad_reply(r, member, &e);
	return cli_fail_error(cli, &e, CLIENT_READS);
}

int cli_send(struct cli *cli, enum client_effect effect, sd_bus_message *m, sd_bus_message **ret_reply)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	int r;

	r = client_send(cli->client, m, &e, ret_reply);
	return r < 0 ? cli_fail_error(cli, &e, effect) : 0;
}

static int call(struct cli *cli, enum client_effect effect, const char *interface, const char *member,
		sd_bus_message **ret_reply, const char *types, va_list ap)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = client_new_call(cli->client, interface, member, &m);
	if (r >= 0 && !isempty(types))
		r = sd_bus_message_appendv(m, types, ap);
	if (r < 0)
		return cli_fail_errno(cli, r, member);
	return cli_send(cli, effect, m, ret_reply);
}

int cli_read(struct cli *cli, const char *interface, const char *member, sd_bus_message **ret_reply,
	     const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = call(cli, CLIENT_READS, interface, member, ret_reply, types, ap);
	va_end(ap);
	return r;
}

int cli_act(struct cli *cli, const char *interface, const char *member, sd_bus_message **ret_reply,
	    const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = call(cli, CLIENT_ACTS, interface, member, ret_reply, types, ap);
	va_end(ap);
	return r;
}

int cli_lookup_order(struct cli *cli, const char *text, char **ret_uid)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	int r;

	r = order_lookup(cli->client, text, &e, ret_uid);
	return r < 0 ? cli_fail_error(cli, &e, CLIENT_READS) : 0;
}

int cli_get_order(struct cli *cli, const char *uid, struct order *ret)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	int r;

	r = order_get(cli->client, uid, &e, ret);
	return r < 0 ? cli_fail_error(cli, &e, CLIENT_READS) : 0;
}

int cli_order_json(struct cli *cli, const char *uid, json_object **ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = cli_read(cli, CC_IFACE_ORDERS, "Get", &reply, "s", uid);
	if (r < 0)
		return r;
	r = json_from_dict(reply, ret);
	return r < 0 ? cli_bad_reply(cli, r, "Orders.Get") : 0;
}

int cli_print_order_json(struct cli *cli, const char *uid)
{
	json_object *o;
	int r;

	r = cli_order_json(cli, uid, &o);
	return r < 0 ? r : cli_print_json(cli, o);
}

int cli_require_session(struct cli *cli)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *state;
	int r;

	r = client_get_property(cli->client, CC_IFACE_SESSION, "State", "s", &e, &reply);
	if (r < 0)
		return cli_fail_error(cli, &e, CLIENT_READS);
	r = sd_bus_message_read(reply, "s", &state);
	if (r < 0)
		return cli_bad_reply(cli, r, "Session.State");
	if (streq(state, "signed-in"))
		return 0;
	if (streq(state, "expired"))
		sd_bus_error_set(&e, CC_ERROR("SessionExpired"), "The session has expired");
	else
		sd_bus_error_set(&e, CC_ERROR("NotSignedIn"), "Nobody is signed in");
	return cli_fail_error(cli, &e, CLIENT_READS);
}

int cli_print_json(struct cli *cli, json_object *o)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (isatty(STDOUT_FILENO))
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	printf("%s\n", (const char *)xcheck((void *)json_object_to_json_string_ext(o, flags)));
	json_object_put(o);
	cli->told_json = true;
	return 0;
}

void cli_print_json_line(json_object *o)
{
	printf("%s\n", (const char *)xcheck(
			       (void *)json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE)));
	json_object_put(o);
	fflush(stdout);
}

bool cli_terminal_size(int fd, unsigned *ret_columns, unsigned *ret_rows)
{
	struct winsize w = {};

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &w) < 0)
		return false;
	*ret_columns = w.ws_col ? w.ws_col : 80;
	*ret_rows = w.ws_row ? w.ws_row : 24;
	return true;
}

void cli_fprint_field(struct cli *cli, FILE *f, const char *label, const char *text)
{
	_cleanup_free_ char *clean = text_clean(text, false);

	if (*clean)
		fprintf(f, "%s%-11s%s %s\n", cli->style->on[STYLE_DIM], label, cli->style->off, clean);
}

void cli_print_field(struct cli *cli, const char *label, const char *text)
{
	cli_fprint_field(cli, stdout, label, text);
}

size_t cli_columns(void)
{
	unsigned columns, rows;

	return cli_terminal_size(STDOUT_FILENO, &columns, &rows) ? columns : 0;
}

void cli_print_table(struct cli *cli, struct table *t)
{
	struct page page;

	table_print(t, page_begin(&page), cli->style, cli_columns(), cli->legend);
	page_end(cli, &page);
	table_free(t);
}
