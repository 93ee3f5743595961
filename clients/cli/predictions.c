/* Asking the daemon for what the service foretells. What is only a tip beside something else is not waited for long. */
#include "clients/cli/predictions.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/money.h"
#include "base/timeutil.h"
#include "clients/cli/table.h"
#include "clients/cli/when.h"
#include "dbus/jsonview.h"

#define TIPS 3
#define TIP_TIMEOUT (2 * USEC_PER_SEC)
#define FRESH (15 * USEC_PER_SEC) /* what was asked for just now; older is the last answer */

static uint64_t get_asked(struct cli *cli, const char *property)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t asked = 0;

	if (client_get_property(cli->client, CC_IFACE_PREDICTIONS, property, "t", &error, &reply) >= 0)
		(void)sd_bus_message_read_basic(reply, 't', &asked);
	return asked;
}

char *prediction_age_text(uint64_t asked)
{
	uint64_t now = now_realtime();
	char span[WHEN_SIZE];

	if (asked == 0 || asked > now || now - asked < FRESH)
		return xstrdup("");
	return xprintf("as of %s ago", when_format_span(span, now - asked));
}

/* ---- recommendations ---- */

static int rewind_rows(const struct recommendations *r)
{
	int k = sd_bus_message_rewind(r->reply, true);

	return k < 0 ? k : sd_bus_message_enter_container(r->reply, 'a', CC_SIG_RECOMMENDATION);
}

int recommendations_next(const struct recommendations *r, struct recommendation *ret)
{
	return sd_bus_message_read(r->reply, CC_SIG_RECOMMENDATION, &ret->product, &ret->name, &ret->price, &ret->currency,
				   &ret->score, &ret->reason);
}

void recommendations_done(struct recommendations *r)
{
	r->reply = sd_bus_message_unref(r->reply);
}

static int count_rows(struct recommendations *r)
{
	struct recommendation one;
	int k = rewind_rows(r);

	while (k >= 0 && (k = recommendations_next(r, &one)) > 0)
		r->n++;
	return k < 0 ? k : rewind_rows(r);
}

int recommendations_get(struct cli *cli, uint32_t limit, struct recommendations *ret)
{
	_cleanup_recommendations_ struct recommendations r = {};
	int k;

	k = cli_read(cli, CC_IFACE_PREDICTIONS, "GetRecommendations", &r.reply, "u", limit);
	if (k < 0)
		return k;
	k = count_rows(&r);
	if (k < 0)
		return cli_bad_reply(cli, k, "Predictions.GetRecommendations");
	r.asked = get_asked(cli, "RecommendationsTimestamp");
	*ret = r;
	r.reply = NULL;
	return 0;
}

struct table *recommendations_table(const struct recommendations *r)
{
	static const struct column columns[] = {
		{ "ID", .right = true }, { "NAME", .flexible = true }, { "PRICE", .right = true, .optional = true },
		{ "REASON", .flexible = true },
	};
	struct table *t = table_new(columns, ELEMENTSOF(columns));
	struct recommendation one;

	while (recommendations_next(r, &one) > 0) {
		char id[24], price[MONEY_HUMAN_SIZE];

		snprintf(id, sizeof(id), "%" PRIu64, one.product);
		table_add(t, (const char *[]){ id, one.name, money_format_human(price, one.price, one.currency),
					       one.reason });
	}
	return t;
}

/* A call whose failure is nobody's business, and that is not waited for long. */
static int call_aside(struct cli *cli, const char *member, sd_bus_message **ret, const char *types, ...)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t timeout = cli->client->timeout_usec;
	va_list ap;
	int r;

	r = client_new_call(cli->client, CC_IFACE_PREDICTIONS, member, &m);
	va_start(ap, types);
	if (r >= 0)
		r = sd_bus_message_appendv(m, types, ap);
	va_end(ap);
	if (r < 0)
		return r;
	cli->client->timeout_usec = TIP_TIMEOUT < timeout ? TIP_TIMEOUT : timeout;
	r = client_send(cli->client, m, &error, ret);
	cli->client->timeout_usec = timeout;
	return r;
}

void recommendations_tip(struct cli *cli, FILE *f)
{
	_cleanup_recommendations_ struct recommendations r = {};
	_cleanup_(table_freep) struct table *t = NULL;

	if (call_aside(cli, "GetRecommendations", &r.reply, "u", TIPS) < 0 || count_rows(&r) < 0 || r.n == 0)
		return;
	t = recommendations_table(&r);
	fputs("You may like:\n", f);
	table_print(t, f, cli->style, cli_columns(), /* legend= */ false);
}

/* ---- the month's spending ---- */

bool forecast_get(struct cli *cli, struct forecast *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct forecast f = {};
	const char *currency;

	if (call_aside(cli, "GetSpendingForecast", &reply, "s", "month") < 0 ||
	    sd_bus_message_read(reply, "xxxs", &f.amount, &f.low, &f.high, &currency) < 0 ||
	    strlen(currency) != CURRENCY_SIZE - 1 || f.high <= 0)
		return false;
	memcpy(f.currency, currency, CURRENCY_SIZE);
	f.asked = get_asked(cli, "ForecastTimestamp");
	*ret = f;
	return true;
}

json_object *forecast_json(const struct forecast *f)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "amount", json_new_money(f->amount, f->currency));
	json_object_object_add(o, "low", json_new_money(f->low, f->currency));
	json_object_object_add(o, "high", json_new_money(f->high, f->currency));
	if (f->asked)
		json_object_object_add(o, "asked", json_new_time(f->asked));
	return o;
}

char *forecast_text(const struct forecast *f)
{
	_cleanup_free_ char *age = prediction_age_text(f->asked);
	char low[MONEY_SIZE], high[MONEY_SIZE], amount[MONEY_HUMAN_SIZE];

	money_format_human(amount, f->amount, f->currency);
	if (f->low == f->high)
		return xprintf("this month probably %s%s%s", amount, *age ? "; " : "", age);
	return xprintf("this month probably %s%s%s, %s%s%s", money_format(low, f->low, f->currency),
		       text_utf8() ? "\xe2\x80\x93" : "-", money_format(high, f->high, f->currency), amount,
		       *age ? "; " : "", age);
}
