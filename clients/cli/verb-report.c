/* report: an order's report in a file, opened, or sent by e-mail. */
#include <fcntl.h>

#include "base/timeutil.h"
#include "clients/cli/open.h"
#include "clients/cli/progress.h"
#include "clients/cli/save.h"
#include "clients/cli/verbs.h"
#include "clients/cli/when.h"
#include "dbus/jsonview.h"

#define MAIL_WAIT (10 * USEC_PER_SEC) /* how long it is asked whether a mail has gone out */

struct report {
	struct cli *cli;
	const char *format, *path;
	sd_bus_message *reply;
	int fd; /* the message's */
	const char *name, *content_type;
};

static int fetch(struct report *p, const char *uid)
{
	_cleanup_progress_ struct progress progress = {};
	struct cli *cli = p->cli;
	int r;

	r = progress_begin(&progress, cli, "");
	if (r >= 0)
		r = cli_read(cli, CC_IFACE_ORDERS, "GetReport", &p->reply, "sss", uid, p->format, progress.transfer);
	progress_end(&progress);
	if (r < 0)
		return r;
	r = sd_bus_message_read(p->reply, "hss", &p->fd, &p->name, &p->content_type);
	return r < 0 ? cli_bad_reply(cli, r, "Orders.GetReport") : 0;
}

/* The service's name for it, as a file of this folder and nothing else. */
static char *file_name(const struct report *p)
{
	_cleanup_free_ char *clean = text_clean(p->name, false);
	const char *slash = strrchr(clean, '/'), *name = slash ? slash + 1 : clean;

	while (*name == '.' || *name == '-')
		name++;
	return *name ? xstrdup(name) : xprintf("report.%s", p->format);
}

static int cannot_write(struct report *p, const char *path, int r)
{
	return cli_fail(p->cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "'%s' cannot be written: %s", path, strerror(-r));
}

/* Whole, or what was there before. */
static int save_as(struct report *p)
{
	struct save s = {};
	int r;

	r = save_open(p->cli, p->path, &s);
	if (r < 0)
		return r;
	r = open_copy(p->fd, fileno(s.f));
	return save_close(p->cli, &s, r < 0 ? cannot_write(p, p->path, r) : 0);
}

/* Only a name that was given may take the place of what is there. */
static int save_new(struct report *p, const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_EXCL, 0644);
	int r;

	if (fd < 0 && errno == EEXIST)
		return cli_usage(p->cli, "There is a file '%s' already; say where to with -o FILE", path);
	if (fd < 0)
		return cannot_write(p, path, -errno);
	r = open_copy(p->fd, fd);
	if (r >= 0 && fsync(fd) < 0)
		r = -errno;
	if (r >= 0)
		return 0;
	(void)unlink(path);
	return cannot_write(p, path, r);
}

static int save(struct report *p, char **ret_path)
{
	_cleanup_free_ char *path = p->path ? xstrdup(p->path) : file_name(p);
	int r;

	r = p->path ? save_as(p) : save_new(p, path);
	if (r >= 0)
		*ret_path = TAKE_PTR(path);
	return r;
}

/* To be looked at, not kept. */
static int save_for_look(struct report *p, char **ret_path)
{
	_cleanup_free_ char *suffix = xprintf(".%s", p->format);
	int r;

	r = open_keep(p->fd, "report", suffix, ret_path);
	return r < 0 ? cli_fail_errno(p->cli, r, "The report cannot be kept") : 0;
}

static int show_file(struct report *p, const char *path, bool opened)
{
	struct cli *cli = p->cli;
	json_object *o;
	int r;

	if (opened) {
		r = open_file(path);
		if (r < 0)
			return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED,
					"'%s' cannot be opened: xdg-open: %s", path, strerror(-r));
	}
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "file", json_object_new_string(path));
		json_object_object_add(o, "content-type", json_object_new_string(p->content_type));
		return cli_print_json(cli, o);
	}
	printf("%s\n", path);
	return 0;
}

static int report_file(struct cli *cli, const char *uid, const struct args *args, const char *format)
{
	struct report p = { .cli = cli, .format = format, .path = args_option(args, "output"), .fd = -1 };
	_cleanup_free_ char *path = NULL;
	bool opened = args_option(args, "open");
	int r;

	if (p.path && streq(p.path, "-") && (cli->json || opened))
		return cli_usage(cli, "-o - cannot be with --%s", cli->json ? "json" : "open");
	r = fetch(&p, uid);
	if (r >= 0 && p.path && streq(p.path, "-"))
		r = save_as(&p);
	else if (r >= 0) {
		r = opened && !p.path ? save_for_look(&p, &path) : save(&p, &path);
		if (r >= 0)
			r = show_file(&p, path, opened);
	}
	sd_bus_message_unref(p.reply);
	return r;
}

static int mail_status(struct cli *cli, const char *message, char **ret_status, uint64_t *ret_when)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *status;
	int r;

	r = cli_read(cli, CC_IFACE_ORDERS, "GetMessageStatus", &reply, "s", message);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "st", &status, ret_when);
	if (r < 0)
		return cli_bad_reply(cli, r, "Orders.GetMessageStatus");
	free(*ret_status);
	*ret_status = xstrdup(status);
	return 0;
}

/* Asked once a second while it is queued; offline it stays so, and goes out by itself later. */
static int wait_mail(struct cli *cli, const char *message, char **ret_status, uint64_t *ret_when)
{
	uint64_t until = now_monotonic() + MAIL_WAIT;
	int r;

	for (;;) {
		r = mail_status(cli, message, ret_status, ret_when);
		if (r < 0 || !streq(*ret_status, "queued") || now_monotonic() > until)
			return r;
		(void)usleep(USEC_PER_SEC / 2);
		if (cli_interrupted())
			return cli_fail_errno(cli, -EINTR, "");
	}
}

static int report_mail(struct cli *cli, const char *uid, const char *address, const char *format)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *status = NULL;
	const char *message;
	uint64_t when = 0;
	json_object *o;
	int r;

	r = cli_act(cli, CC_IFACE_ORDERS, "SendReport", &reply, "sss", uid, address, format);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "s", &message);
	if (r < 0)
		return cli_bad_reply(cli, r, "Orders.SendReport");
	r = wait_mail(cli, message, &status, &when);
	if (r < 0)
		return r;
	if (streq(status, "failed"))
		return cli_fail(cli, CC_EXIT_FAILURE, CC_ERROR("Backend"), "The report could not be sent%s%s",
				*address ? " to " : "", address);
	if (cli->json) {
		o = xcheck(json_object_new_object());
		json_object_object_add(o, "message", json_object_new_string(message));
		json_object_object_add(o, "status", json_object_new_string(status));
		if (when)
			json_object_object_add(o, "when", json_new_time(when));
		return cli_print_json(cli, o);
	}
	printf("%s%s%s.\n", streq(status, "sent") ? "Sent" : "Queued, it goes out by itself",
	       *address ? " to " : " to the address of the account", address);
	return 0;
}

int verb_report(struct cli *cli, const struct args *args)
{
	const char *email = args_option(args, "email"), *format = args_option(args, "format");
	_cleanup_free_ char *uid = NULL;
	int r;

	if (!format)
		format = "pdf";
	if (email && (args_option(args, "output") || args_option(args, "open")))
		return cli_usage(cli, "--email cannot be with --%s",
				 args_option(args, "open") ? "open" : "output");
	r = cli_lookup_order(cli, args->words[0], &uid);
	if (r < 0)
		return r;
	return email ? report_mail(cli, uid, email, format) : report_file(cli, uid, args, format);
}
