/* A QR payment: the code drawn on the terminal where it fits, else its picture opened or kept in a file; then
 * the payment is waited for. */

#include "base/timeutil.h"
#include "clients/cli/open.h"
#include "clients/cli/pay.h"
#include "clients/cli/qr-draw.h"
#include "clients/cli/when.h"

static bool can_draw(const struct cli *cli)
{
	const char *term = getenv("TERM");

	return !cli->json && isatty(STDOUT_FILENO) && !isempty(term) && !streq(term, "dumb");
}

static bool has_palette(void)
{
	return strstr(strempty(getenv("TERM")), "256color") || !isempty(getenv("COLORTERM"));
}

/* One line stays free under it: what is being waited for. */
static bool fits(const struct qr_picture *q)
{
	unsigned columns = 80, rows = 24;

	(void)cli_terminal_size(STDOUT_FILENO, &columns, &rows);
	return qr_picture_columns(q, text_utf8()) <= columns && qr_picture_rows(q, text_utf8()) + 1 <= rows;
}

/* The picture in a file of this session; a person opens it, or it is opened. */
static int show_picture(struct cli *cli, int png, char **ret_path)
{
	char *path = NULL;
	int r;

	r = open_keep(png, "payment-qr", ".png", &path);
	if (r < 0)
		return cli_fail_errno(cli, r, "The picture of the QR code could not be kept");
	if (open_possible(cli) && open_file(path) >= 0)
		cli_note("The QR code is opened as a picture: %s", path);
	else
		cli_note("The QR code as a picture: %s", path);
	*ret_path = path;
	return 0;
}

/* 1: drawn, so that the next line stands under it. `ret_path` is set where a picture is kept in a file. */
static int show_code(struct cli *cli, const char *payload, int png, char **ret_path)
{
	_cleanup_(qr_picture_freep) struct qr_picture *q = NULL;

	if (can_draw(cli) && qr_picture_new(payload, &q) >= 0 && fits(q)) {
		qr_picture_draw(q, stdout, text_utf8(), has_palette());
		fflush(stdout);
		return 1;
	}
	if (can_draw(cli))
		cli_note("The QR code does not fit into this terminal%s",
			 q ? ", a larger one or a smaller font shows it" : ": what it says is too long");
	if (cli->json)
		cli_note("The QR code says: %s", payload);
	else
		printf("%s\n", payload);
	fflush(stdout);
	return isatty(STDERR_FILENO) || cli->json ? show_picture(cli, png, ret_path) : 0;
}

static void print_waiting(const struct order *o)
{
	const struct order_payment *p = pay_newest(o, "qr");
	char at[WHEN_SIZE] = "";

	if (!isatty(STDERR_FILENO))
		return;
	if (p && p->valid_until)
		when_format_near(at, p->valid_until, now_realtime());
	/* No line end: the code above is not to scroll away. */
	fprintf(stderr, "Order %s waits for the payment%s%s. Ctrl-C leaves.", order_name(o),
		*at ? " until " : "", at);
	fflush(stderr);
}

int pay_by_qr(struct cli *cli, const char *uid)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *picture = NULL;
	_cleanup_order_ struct order o;
	const char *payload;
	int png, r;

	order_init(&o);
	r = client_call(cli->client, CC_IFACE_PAYMENTS, "GetQrCode", &e, &reply, "s", uid);
	if (r < 0)
		return pay_refused(cli, uid, &e);
	r = sd_bus_message_read(reply, "sh", &payload, &png);
	if (r < 0)
		return cli_bad_reply(cli, r, "Payments.GetQrCode");
	r = cli_get_order(cli, uid, &o);
	if (r >= 0)
		r = show_code(cli, payload, png, &picture);
	if (r < 0)
		return r;
	print_waiting(&o);
	r = pay_watch(cli, uid, "qr", true);
	/* A code that is decided is of no use; who leaves before may still want it. */
	if (picture && (r >= 0 || cli->exit_status == CC_EXIT_DECLINED))
		(void)unlink(picture);
	return r;
}
