/* The page: its parts put together, and what the browser is told to allow: this style and this script, by their
 * digests, and nothing else. */
#include "clients/dashboard/dashboard.h"

#include "base/timeutil.h"
#include "base/money.h"
#include "clients/cli/save.h"
#include "clients/dashboard/assets.h"
#include "clients/dashboard/dashboard-data.h"

#define DIGEST_SIZE 32
#define SOURCE_SIZE (sizeof("'sha256-'") + 4 * ((DIGEST_SIZE + 2) / 3))

static unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* 'sha256-…', as a policy names an inline element. */
static int source_of(const char *text, char ret[static SOURCE_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char digest[DIGEST_SIZE + 1] = {};
	char hex[SHA256_HEX_SIZE], *p;
	int r;

	r = sha256_hex(text, strlen(text), hex);
	if (r < 0)
		return r;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		digest[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	p = stpcpy(ret, "'sha256-");
	/* 32 bytes are ten threes and a two, which ends with one '='. */
	for (size_t i = 0; i < DIGEST_SIZE; i += 3) {
		unsigned v = (unsigned)digest[i] << 16 | (unsigned)digest[i + 1] << 8 |
			     (i + 2 < DIGEST_SIZE ? digest[i + 2] : 0U);

		*p++ = letters[v >> 18];
		*p++ = letters[v >> 12 & 63];
		*p++ = letters[v >> 6 & 63];
		*p++ = i + 2 < DIGEST_SIZE ? letters[v & 63] : '=';
	}
	strcpy(p, "'");
	return 0;
}

struct page_parts {
	const char *style, *script, *currency;
	const struct export_file *orders;
	const struct dashboard_filter *filter;
};

static int write_policy(FILE *f, const struct page_parts *p)
{
	char style[SOURCE_SIZE], script[SOURCE_SIZE];
	int r;

	r = source_of(p->style, style);
	if (r >= 0)
		r = source_of(p->script, script);
	if (r >= 0)
		fprintf(f, "default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", style,
			script);
	return r;
}

static int write_part(FILE *f, const char *name, size_t n, const struct page_parts *p)
{
	if (strncmp(name, "POLICY", n) == 0)
		return write_policy(f, p);
	if (strncmp(name, "STYLE", n) == 0)
		fputs(p->style, f);
	else if (strncmp(name, "SCRIPT", n) == 0)
		fputs(p->script, f);
	else if (strncmp(name, "DATA", n) == 0)
		return dashboard_data_write(f, p->orders, p->filter, p->currency, now_realtime());
	return 0;
}

/* page.html has @NAME@ where a part goes, and no other '@'. */
static int write_page(FILE *f, const struct page_parts *p)
{
	const char *at = (const char *)dashboard_page, *name, *end;
	int r;

	for (; (name = strchr(at, '@')) && (end = strchr(name + 1, '@')); at = end + 1) {
		fwrite(at, 1, (size_t)(name - at), f);
		r = write_part(f, name + 1, (size_t)(end - name - 1), p);
		if (r < 0)
			return r;
	}
	fputs(at, f);
	return 0;
}

/* The currency that the statistics are in. */
static int account_currency(struct cli *cli, char ret[static CURRENCY_SIZE])
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *source, *unit;
	int r;

	r = cli_read(cli, CC_IFACE_STATISTICS, "GetFilteredSeries", &reply, "sstta{sv}", "total-amount", "all",
		     (uint64_t)0, (uint64_t)0, 1, "source", "s", "local");
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "ss", &source, &unit);
	if (r < 0)
		return cli_bad_reply(cli, r, "Statistics.GetFilteredSeries");
	(void)snprintf(ret, CURRENCY_SIZE, "%s", unit);
	return 0;
}

int dashboard_save(struct cli *cli, const struct dashboard_filter *filter, const char *path)
{
	struct orders_filter all = {};
	struct export_file orders = { .fd = -1 };
	char currency[CURRENCY_SIZE];
	const struct page_parts parts = {
		.style = (const char *)dashboard_style,
		.script = (const char *)dashboard_script,
		.currency = currency,
		.orders = &orders,
		.filter = filter,
	};
	struct save s;
	int r;

	r = account_currency(cli, currency);
	if (r >= 0)
		r = export_fetch(cli, &all, "json", &orders);
	if (r >= 0)
		r = save_open(cli, path, &s);
	if (r >= 0) {
		r = write_page(s.f, &parts);
		if (r < 0)
			r = cli_bad_reply(cli, r, "Orders.Export");
		r = save_close(cli, &s, r);
	}
	export_file_done(&orders);
	return r;
}
