/* recommend: what the person may like now, with the reason. */
#include "clients/cli/items.h"
#include "clients/cli/predictions.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "dbus/jsonview.h"

#define LIMIT_DEFAULT 10
#define LIMIT_MAX 100

static json_object *to_json(const struct recommendations *r)
{
	json_object *o = xcheck(json_object_new_object()), *list = xcheck(json_object_new_array());
	struct recommendation one;

	while (recommendations_next(r, &one) > 0) {
		json_object *p = xcheck(json_object_new_object());

		json_object_object_add(p, "product", json_object_new_uint64(one.product));
		json_object_object_add(p, "name", json_object_new_string(one.name));
		json_object_object_add(p, "price", json_new_money(one.price, one.currency));
		json_object_object_add(p, "score", json_new_double(one.score));
		if (*one.reason)
			json_object_object_add(p, "reason", json_object_new_string(one.reason));
		json_object_array_add(list, p);
	}
	if (r->asked)
		json_object_object_add(o, "asked", json_new_time(r->asked));
	json_object_object_add(o, "recommendations", list);
	return o;
}

int verb_recommend(struct cli *cli, const struct args *args)
{
	_cleanup_recommendations_ struct recommendations r = {};
	_cleanup_free_ char *age = NULL;
	const char *limit = args_option(args, "limit");
	uint64_t n = LIMIT_DEFAULT;
	int k;

	if (limit && (number_parse(limit, LIMIT_MAX, &n) < 0 || n == 0))
		return cli_usage(cli, "'%s' is not a limit; it is a number from 1 to %d", limit, LIMIT_MAX);
	k = recommendations_get(cli, (uint32_t)n, &r);
	if (k < 0)
		return k;
	if (cli->json)
		return cli_print_json(cli, to_json(&r));
	if (r.n == 0) {
		cli_note("Nothing is recommended now.");
		return 0;
	}
	cli_print_table(cli, recommendations_table(&r));
	age = prediction_age_text(r.asked);
	if (cli->legend)
		cli_note("customerclient cart add ID puts one into the cart.%s%s%s", *age ? " (" : "", age, *age ? ")" : "");
	return 0;
}
