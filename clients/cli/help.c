/* --help, written from the table of verbs. */
#include "clients/cli/text.h"
#include "clients/cli/verbs.h"

static void print_option(FILE *f, const struct option_def *o)
{
	_cleanup_free_ char *left = NULL;
	char shorter[8] = "    ";
	const char *value = strempty(o->value), *inner = value;
	size_t n = strlen(value);

	if (o->short_name)
		snprintf(shorter, sizeof(shorter), "-%c, ", o->short_name);
	if (*value == '[') { /* "[2h]" is "[=2h]" here */
		inner = value + 1;
		left = xprintf("  %s--%s[=%.*s]", shorter, o->name, (int)(n - 2), inner);
	} else
		left = xprintf("  %s--%s%s%s", shorter, o->name, *value ? "=" : "", value);
	fprintf(f, "%-32s %s\n", left, o->help);
}

static void print_verb(FILE *f, const struct verb *v)
{
	_cleanup_free_ char *left = xprintf("  %s %s", v->name, v->synopsis);

	fprintf(f, "%-32s %s\n", left, v->help);
}

void help_print(FILE *f)
{
	fputs("customerclient [OPTION...] COMMAND [ARGUMENT...]\n\nOrder, pay, follow the courier.\n\n"
	      "Commands:\n",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		print_verb(f, v);
	fputs("\nOptions (before or after the command):\n", f);
	for (const struct option_def *o = global_options; o->name; o++)
		print_option(f, o);
	fputs("\ncustomerclient COMMAND --help says more, with an example.\n", f);
}

void help_print_verb(FILE *f, const struct verb *verb)
{
	fprintf(f, "customerclient %s%s%s%s\n\n%c%s.\n", verb->name, verb->options ? " [OPTION...]" : "",
		*verb->synopsis ? " " : "", verb->synopsis, verb->help[0] & ~0x20, verb->help + 1);
	if (verb->details)
		fprintf(f, "%s\n", verb->details);
	if (verb->options)
		fputs("\nOptions:\n", f);
	for (const struct option_def *o = verb->options; o && o->name; o++)
		print_option(f, o);
	fprintf(f, "\nExample:\n  %s\n", verb->example);
}
