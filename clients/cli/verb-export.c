/* orders export: the whole history as CSV, JSON, plain text accounting or a calendar, to stdout or a file. */
#include "base/timeutil.h"
#include "clients/cli/export.h"
#include "clients/cli/save.h"
#include "clients/cli/verbs.h"

static const char *const formats[] = { "csv", "json", "ledger", "ics" };

/* As said, else as the name of the file ends. */
static int read_format(struct cli *cli, const struct args *args, const char *path, const char **ret)
{
	const char *format = args_option(args, "format"), *dot = path ? strrchr(path, '.') : NULL;

	for (size_t i = 0; !format && dot && i < ELEMENTSOF(formats); i++)
		if (streq(dot + 1, formats[i]))
			format = formats[i];
	if (!format && cli->json && !path)
		format = "json";
	if (!format)
		return cli_usage(cli, "Say what to write: --format=csv, json, ledger or ics");
	if (cli->json && !path && !streq(format, "json"))
		return cli_usage(cli, "--json and --format=%s on stdout cannot both be; write it to a file with -o", format);
	*ret = format;
	return 0;
}

static int copy_text(const struct export_file *e, bool header, FILE *f)
{
	const char *text = e->text, *end = e->text + e->size, *newline;

	if (!header && (newline = memchr(text, '\n', e->size)))
		text = newline + 1;
	return fwrite(text, 1, (size_t)(end - text), f) == (size_t)(end - text) ? 0 : -errno;
}

static int write_as(struct cli *cli, const struct export_file *e, const char *format, FILE *f)
{
	int r;

	if (streq(format, "ledger"))
		r = export_ledger(e, f);
	else if (streq(format, "ics"))
		r = export_ics(e, f, now_realtime());
	else
		r = copy_text(e, cli->legend || !streq(format, "csv"), f);
	if (r == -EBADMSG)
		return cli_bad_reply(cli, r, "Orders.Export");
	if (r == -EOVERFLOW)
		return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "The amounts of an order are too large for a ledger");
	/* What could not be written is told when the file is closed. */
	return 0;
}

static int print_result(struct cli *cli, const char *path, const char *format)
{
	json_object *o;

	if (!cli->json) {
		printf("%s\n", path);
		return 0;
	}
	o = xcheck(json_object_new_object());
	json_object_object_add(o, "file", json_object_new_string(path));
	json_object_object_add(o, "format", json_object_new_string(format));
	return cli_print_json(cli, o);
}

int verb_orders_export(struct cli *cli, const struct args *args)
{
	_cleanup_(orders_filter_done) struct orders_filter f = {};
	const char *path = args_option(args, "output"), *format = NULL;
	struct export_file e = { .fd = -1 };
	struct save s = {};
	int r;

	if (path && streq(path, "-"))
		path = NULL;
	r = read_format(cli, args, path, &format);
	if (r >= 0)
		r = orders_filter_read(cli, args, &f);
	if (r >= 0)
		r = export_fetch(cli, &f, streq(format, "csv") ? "csv" : "json", &e);
	if (r >= 0)
		r = save_open(cli, path, &s);
	if (r >= 0)
		r = save_close(cli, &s, write_as(cli, &e, format, s.f));
	export_file_done(&e);
	if (r >= 0 && path)
		r = print_result(cli, path, format);
	else if (r >= 0)
		cli->told_json = true;
	return r;
}
