/* The list of findings and how it is shown. What is looked at is in doctor-*.c. */
#include "clients/cli/doctor.h"

#include "base/timeutil.h"

static const struct {
	const char *name;
	enum style_id style;
} verdicts[_VERDICT_MAX] = {
	[VERDICT_OK] = { "ok", STYLE_GOOD },
	[VERDICT_WARNING] = { "warning", STYLE_BUSY },
	[VERDICT_WRONG] = { "wrong", STYLE_BAD },
};

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

void doctor_add(struct doctor *d, enum verdict v, const char *what, char *text, char *todo)
{
	d->findings = xcheck(reallocarray(d->findings, d->n + 1, sizeof(*d->findings)));
	d->findings[d->n++] = (struct finding){ .verdict = v, .what = what, .text = text, .todo = todo };
}

void doctor_done(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->findings[i].text);
		free(d->findings[i].todo);
	}
	free(d->findings);
	strv_free(d->names);
	strv_free(d->activatable);
	doctor_status_done(&d->status);
	json_object_put(d->status_json);
	free(d->contact_error);
	free(d->systemd_version);
	*d = (struct doctor){};
}

void doctor_limit(struct doctor *d, uint64_t usec)
{
	uint64_t now = now_monotonic(), left = d->deadline > now ? d->deadline - now : 0;

	if (usec > left)
		usec = left;
	/* What is well answers in no time, and is not to be called silent for others having been slow. */
	if (usec < USEC_PER_SEC / 5)
		usec = USEC_PER_SEC / 5;
	d->cli->client->timeout_usec = usec;
	(void)sd_bus_set_method_call_timeout(d->cli->client->bus, usec);
}

enum verdict doctor_worst(const struct doctor *d)
{
	enum verdict worst = VERDICT_OK;

	for (size_t i = 0; i < d->n; i++)
		if (d->findings[i].verdict > worst)
			worst = d->findings[i].verdict;
	return worst;
}

#define INDENT 23

/* Broken at spaces where the terminal ends; width 0: nowhere. */
static void print_text(FILE *f, const char *text, size_t width)
{
	size_t column = INDENT;

	while (*text) {
		size_t n = strcspn(text, " "), w;
		_cleanup_free_ char *word = xprintf("%.*s", (int)n, text);

		w = text_width(word);
		if (column > INDENT && width > 0 && column + 1 + w > width) {
			fputc('\n', f);
			text_pad(f, INDENT);
			column = INDENT;
		} else if (column > INDENT)
			column += fputc(' ', f) == ' ';
		fputs(word, f);
		column += w;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', f);
}

void doctor_print(const struct doctor *d, FILE *f, const struct style *style, size_t width)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct finding *x = &d->findings[i];
		_cleanup_free_ char *text = text_clean(x->text, false);

		fprintf(f, "%s%-7s%s  %-13s ", style->on[verdicts[x->verdict].style], verdicts[x->verdict].name,
			style->off, x->what);
		print_text(f, text, width);
		/* In one piece, to be pasted. */
		if (x->todo) {
			_cleanup_free_ char *todo = text_clean(x->todo, false);

			fprintf(f, "%*s-> %s\n", INDENT, "", todo);
		}
	}
}

json_object *doctor_json(const struct doctor *d)
{
	json_object *o = xcheck(json_object_new_object()), *list = xcheck(json_object_new_array());

	for (size_t i = 0; i < d->n; i++) {
		const struct finding *x = &d->findings[i];
		json_object *one = xcheck(json_object_new_object());

		json_object_object_add(one, "check", json_object_new_string(x->what));
		json_object_object_add(one, "result", json_object_new_string(verdict_name(x->verdict)));
		json_object_object_add(one, "text", json_object_new_string(x->text));
		if (x->todo)
			json_object_object_add(one, "todo", json_object_new_string(x->todo));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "ok", json_object_new_boolean(doctor_worst(d) != VERDICT_WRONG));
	json_object_object_add(o, "checks", list);
	return o;
}
