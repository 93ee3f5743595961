/* stats: which numbers are wanted, and whether as a chart, a table, JSON, or a file. */
#include "clients/cli/save.h"
#include "clients/cli/stats.h"
#include "clients/cli/verbs.h"
#include "clients/dashboard/dashboard.h"

#define DAY (UINT64_C(24) * 60 * USEC_PER_MIN)

struct stats {
	struct cli *cli;
	const struct args *args;
	struct stats_query query;
	enum stats_metric metric;
	const char *period; /* NULL: was not given */
	bool kind_given;
	enum chart_kind kind;
};

/* The options that write a file. */
static const struct {
	const char *option;
	enum chart_format format;
} files[] = { { "svg", CHART_SVG }, { "png", CHART_PNG }, { "pdf", CHART_PDF } };

static bool to_file(const struct args *args)
{
	for (size_t i = 0; i < ELEMENTSOF(files); i++)
		if (args_option(args, files[i].option))
			return true;
	return false;
}

struct chart_screen stats_screen(const struct cli *cli)
{
	struct chart_screen s = { .columns = 80, .rows = 24, .utf8 = text_utf8(),
				  .colour = cli->style == &style_colour };
	unsigned columns, rows;

	if (cli_terminal_size(STDOUT_FILENO, &columns, &rows)) {
		s.columns = columns;
		s.rows = 16 + columns / 10; /* taller says no more */
		if (rows > 2 && s.rows > rows - 2)
			s.rows = rows - 2;
	}
	return s;
}

static int read_kind(struct stats *s)
{
	const char *kind = args_option(s->args, "chart"), *metric = stats_metric_name(s->metric);

	s->kind_given = kind;
	if (!kind)
		return 0;
	s->kind = streq(kind, "line")	   ? CHART_LINE :
		  streq(kind, "bar")	   ? CHART_BAR :
		  streq(kind, "histogram") ? CHART_HISTOGRAM :
					     CHART_SCATTER;
	if (stats_kind_possible(s->metric, s->kind))
		return 0;
	if (s->metric == STATS_DELIVERY)
		return cli_usage(s->cli,
				 "'delivery' is drawn as a scatter; delivery-duration and delivery-delay also as a %s", kind);
	return cli_usage(s->cli, "'%s' cannot be drawn as a %s; it can as a %s", metric, kind,
			 s->metric == STATS_ORDER_TIME ? "histogram, bar or line" : "bar");
}

/* One stdout has one thing on it. */
static int check_files(struct stats *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		const char *path = args_option(s->args, files[i].option);

		if (path && !*path)
			return cli_usage(s->cli, "--%s needs the name of a file; - is stdout", files[i].option);
		if (path && streq(path, "-") && (s->cli->json || n++ > 0))
			return cli_usage(s->cli, "--%s - cannot be with another thing on stdout", files[i].option);
	}
	return 0;
}

static int write_file(struct stats *s, const struct chart *c, enum chart_format format, const char *path)
{
	_cleanup_free_ char *data = NULL;
	struct save save = {};
	size_t size;
	int r;

	r = chart_draw(c, format, &data, &size);
	if (r < 0)
		return cli_fail(s->cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "The chart for '%s' cannot be drawn: %s", path,
				strerror(-r));
	r = save_open(s->cli, path, &save);
	if (r < 0)
		return r;
	(void)fwrite(data, 1, size, save.f); /* what was not written is told when it is closed */
	return save_close(s->cli, &save, 0);
}

static int write_files(struct stats *s, const struct chart *c)
{
	json_object *o, *list = xcheck(json_object_new_array());
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(files) && r >= 0; i++) {
		const char *path = args_option(s->args, files[i].option);

		if (!path)
			continue;
		r = write_file(s, c, files[i].format, path);
		json_object_array_add(list, json_object_new_string(path));
		if (r >= 0 && !s->cli->json && !streq(path, "-"))
			printf("%s\n", path);
	}
	if (r < 0 || !s->cli->json) {
		json_object_put(list);
		return r;
	}
	o = xcheck(json_object_new_object());
	json_object_object_add(o, "files", list);
	return cli_print_json(s->cli, o);
}

static int show_chart(struct stats *s, const struct chart *c)
{
	struct chart_screen screen = stats_screen(s->cli);

	if (to_file(s->args))
		return write_files(s, c);
	chart_print(c, &screen, stdout);
	return 0;
}

/* Every point, where nobody looks at a chart. */
static bool as_data(const struct stats *s)
{
	return !to_file(s->args) && (s->cli->json || (!s->kind_given && cli_columns() == 0));
}

static void note_below_table(struct stats *s, const char *summary, const char *source, uint64_t updated)
{
	_cleanup_free_ char *text = stats_source_text(source, updated);

	if (s->cli->legend)
		cli_note("%s%s%s", summary, *summary ? " " : "", text);
}

static int show_deliveries(struct stats *s)
{
	_cleanup_deliveries_ struct stats_deliveries d = {};
	_cleanup_chart_ struct chart c = {};
	int r;

	r = stats_deliveries_get(s->cli, &s->query, &d);
	if (r < 0)
		return r;
	if (as_data(s) && s->cli->json)
		return cli_print_json(s->cli, stats_deliveries_json(&s->query, &d));
	if (as_data(s)) {
		stats_deliveries_table(s->cli, &d);
		note_below_table(s, d.n > 0 ? "" : "Nothing in this period.", "local", d.updated);
		return 0;
	}
	stats_chart_deliveries(&s->query, &d, s->metric, s->metric == STATS_DELIVERY ? CHART_SCATTER : CHART_HISTOGRAM, &c);
	return show_chart(s, &c);
}

/* What makes neither a handful of points nor hundreds. */
static const char *period_for(const struct stats_query *q)
{
	uint64_t days = q->from && q->to ? (q->to - q->from) / DAY : UINT64_MAX;

	return days <= 45 ? "day" : days <= 200 ? "week" : "month";
}

static int get_series(struct stats *s, struct stats_series *ret)
{
	const char *period = s->period ? s->period : period_for(&s->query);
	int r;

	r = stats_series_get(s->cli, &s->query, s->metric, period, ret);
	/* Somebody who is new has no months to look at yet. */
	if (r < 0 || s->period || ret->n == 0 || ret->n > 2 || !streq(period, "month") || !stats_has_period(s->metric))
		return r;
	stats_series_done(ret);
	return stats_series_get(s->cli, &s->query, s->metric, "day", ret);
}

static int show_series(struct stats *s)
{
	_cleanup_series_ struct stats_series series = {};
	_cleanup_chart_ struct chart c = {};
	int r;

	r = get_series(s, &series);
	if (r < 0)
		return r;
	if (as_data(s) && s->cli->json)
		return cli_print_json(s->cli, stats_series_json(&s->query, &series));
	if (as_data(s)) {
		_cleanup_free_ char *summary = series.n > 0 ? stats_summary(&series) : xstrdup("Nothing in this period.");

		stats_series_table(s->cli, &series);
		note_below_table(s, summary, series.source, series.updated);
		return 0;
	}
	stats_chart_series(&s->query, &series, s->kind_given ? s->kind : stats_kind_default(&series), &c);
	return show_chart(s, &c);
}

/* A distribution of minutes is one of deliveries, not of their means. */
static bool of_deliveries(const struct stats *s)
{
	if (s->metric == STATS_DELIVERY)
		return true;
	if (s->metric != STATS_DELIVERY_DURATION && s->metric != STATS_DELIVERY_DELAY)
		return false;
	if (s->kind_given)
		return s->kind == CHART_HISTOGRAM && !as_data(s);
	return s->metric == STATS_DELIVERY_DELAY && !s->period && !as_data(s);
}

static int show_metric(struct stats *s, const char *word)
{
	int r;

	if (word && stats_metric_from_name(word, &s->metric) < 0)
		return cli_usage(s->cli, "There is no metric '%s'; the metrics are: " STATS_METRICS, word);
	s->period = args_option(s->args, "period");
	if (s->period && !stats_has_period(s->metric))
		return cli_usage(s->cli, "'%s' has no --period; say of when with --since, --until or --year", word);
	r = read_kind(s);
	if (r >= 0)
		r = check_files(s);
	if (r < 0)
		return r;
	return of_deliveries(s) ? show_deliveries(s) : show_series(s);
}

static int print_files(struct cli *cli, const char *path)
{
	json_object *o, *list;

	if (!cli->json) {
		if (!streq(path, "-"))
			printf("%s\n", path);
		return 0;
	}
	o = xcheck(json_object_new_object());
	list = xcheck(json_object_new_array());
	json_object_array_add(list, json_object_new_string(path));
	json_object_object_add(o, "files", list);
	return cli_print_json(cli, o);
}

/* All metrics at once; what is filtered is only what the page shows first. */
static int write_page(struct cli *cli, const struct args *args, const struct stats_query *q)
{
	const char *path = args_option(args, "html");
	const struct dashboard_filter filter = {
		.since = q->from,
		.until = q->to,
		.period = args_option(args, "period"),
		.statuses = q->statuses,
		.places = q->places,
	};
	int r;

	if (!*path)
		return cli_usage(cli, "--html needs the name of a file; - is stdout");
	if (args_word(args, 0) || args_option(args, "chart") || to_file(args))
		return cli_usage(cli, "--html is a page of all metrics; it cannot be with %s",
				 args_word(args, 0) ? "METRIC" : args_option(args, "chart") ? "--chart" : "another file");
	if (streq(path, "-") && cli->json)
		return cli_usage(cli, "--html - cannot be with another thing on stdout");
	r = dashboard_save(cli, &filter, path);
	return r < 0 ? r : print_files(cli, path);
}

static bool is_filtered(const struct stats_query *q)
{
	return q->from || q->to || q->statuses || q->places;
}

int verb_stats(struct cli *cli, const struct args *args)
{
	struct stats s = { .cli = cli, .args = args, .metric = STATS_TOTAL_AMOUNT };
	const char *word = args_word(args, 0), *term = getenv("TERM");
	int r;

	/* An ellipsis is a line of dots then, too. */
	if (args_option(args, "ascii") || (term && streq(term, "dumb")))
		text_set_utf8(false);
	r = stats_query_read(cli, args, &s.query);
	if (r < 0)
		;
	else if (args_option(args, "html"))
		r = write_page(cli, args, &s.query);
	else if (word || args_option(args, "period") || args_option(args, "chart") || to_file(args))
		r = show_metric(&s, word);
	else if (is_filtered(&s.query))
		r = stats_line(cli, &s.query);
	else
		r = stats_overview(cli);
	stats_query_done(&s.query);
	return r;
}
