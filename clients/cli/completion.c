/* completion: scripts for the shells, written from the table of verbs. */
#include "clients/cli/cli.h"
#include "clients/cli/verbs.h"

/* Asked by the scripts for an ORDER: answered by the daemon where it runs. */
#define ORDER_COMMAND                                                                                        \
	"customerclient orders --no-legend --no-input --limit=20 --format=csv 2>/dev/null | cut -d, -f2"

static bool is_top(const struct verb *v)
{
	return !strchr(v->name, ' ');
}

/* "cart" for "cart add"; NULL for others. */
static bool is_below(const struct verb *v, const struct verb *top)
{
	const char *rest = startswith(v->name, top->name);

	return rest && *rest == ' ';
}

static bool has_below(const struct verb *top)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (is_below(v, top))
			return true;
	return false;
}

static bool takes_file(const struct option_def *o)
{
	return o->value && streq(o->value, "F");
}

static void print_option_words(FILE *f, const struct option_def *defs)
{
	for (const struct option_def *o = defs; o && o->name; o++)
		fprintf(f, " --%s%s", o->name, o->value && *o->value != '[' ? "=" : "");
}

static void bash_values(FILE *f, const struct option_def *defs)
{
	for (const struct option_def *o = defs; o && o->name; o++)
		if (o->words)
			fprintf(f, "\t\t--%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
				o->name, o->words);
		else if (takes_file(o))
			fprintf(f, "\t\t--%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", o->name);
}

static void bash_verb(FILE *f, const struct verb *v)
{
	fprintf(f, "\t\t'%s') options='", v->name);
	print_option_words(f, v->options);
	fputs("' words='", f);
	if (v->kind == ARG_WORDS)
		fputs(v->words, f);
	for (const struct verb *b = verbs; b->name; b++)
		if (is_below(b, v))
			fprintf(f, "%s ", strchr(b->name, ' ') + 1);
	fprintf(f, "' order=%s ;;\n", v->kind == ARG_ORDER ? "yes" : "");
}

void completion_bash(FILE *f)
{
	fputs("# bash completion of customerclient; source <(customerclient completion bash)\n"
	      "_customerclient() {\n"
	      "\tlocal cur verb='' word i=1 options='' words='' order='' args=0 tops=\"",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		if (is_top(v))
			fprintf(f, "%s ", v->name);
	fputs("\" below=\"", f);
	for (const struct verb *v = verbs; v->name; v++)
		if (has_below(v))
			fprintf(f, "%s ", v->name);
	fputs("\" globals='", f);
	print_option_words(f, global_options);
	fputs("'\n"
	      "\tlocal line=${COMP_LINE:0:COMP_POINT}\n"
	      "\tcur=${line##*[[:space:]]}\n"
	      "\tlocal before=${line%\"$cur\"}\n"
	      "\tfor word in $before; do\n"
	      "\t\tif ((i++ == 1)); then continue; fi\n"
	      "\t\tif [[ $word == -* ]]; then continue; fi\n"
	      "\t\tif [[ -z $verb ]]; then verb=$word\n"
	      "\t\telif ((args == 0)) && [[ \" $below\" == *\" $verb \"* ]]; then verb=\"$verb $word\"; "
	      "((args++))\n"
	      "\t\telse ((args++)); fi\n"
	      "\tdone\n"
	      "\tlocal prefix=${cur%%=*}\n"
	      "\tif [[ $cur == --*=* ]]; then\n"
	      "\t\tcur=${cur#*=}\n"
	      "\t\tcase $verb$prefix in\n",
	      f);
	bash_values(f, NULL);
	for (const struct verb *v = verbs; v->name; v++)
		for (const struct option_def *o = v->options; o && o->name; o++)
			if (o->words)
				fprintf(f, "\t\t'%s--%s') COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n",
					v->name, o->name, o->words);
			else if (takes_file(o))
				fprintf(f, "\t\t'%s--%s') COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n",
					v->name, o->name);
	for (const struct option_def *o = global_options; o->name; o++)
		if (o->words)
			fprintf(f, "\t\t*--%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", o->name,
				o->words);
	fputs("\t\tesac\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase $verb in\n"
	      "\t\t'') words=$tops ;;\n",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		bash_verb(f, v);
	fputs("\tesac\n"
	      "\tif [[ $cur == -* ]]; then words=\"$options$globals\"; order=; fi\n"
	      "\tif [[ -n $order ]]; then\n"
	      "\t\tif ((args > 0)); then return; fi\n"
	      "\t\twords=\"last $(" ORDER_COMMAND ")\"\n"
	      "\tfi\n"
	      "\tif [[ -n $words && ($cur == -* || -z $order) ]] && ((args > 0)) && [[ $cur != -* ]]; then "
	      "return; fi\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\tif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi\n"
	      "}\n"
	      "complete -F _customerclient customerclient\n",
	      f);
}

/* Inside of single quotes; with `special`, those characters get a backslash before them. */
static void print_quoted(FILE *f, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", f);
		else if (strchr(special, *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void zsh_value(FILE *f, const struct option_def *o)
{
	fputs(*o->value == '[' ? "::" : ":", f);
	print_quoted(f, o->name, "");
	if (o->words)
		fprintf(f, ":(%s)", o->words);
	else
		fputs(takes_file(o) ? ":_files" : ":", f);
}

static void zsh_option(FILE *f, const struct option_def *o)
{
	const char *equals = !o->value ? "" : *o->value == '[' ? "=-" : "=";

	for (int form = 0; form < (o->short_name ? 2 : 1); form++) {
		if (form == 0)
			fprintf(f, " \\\n\t\t'--%s%s[", o->name, equals);
		else
			fprintf(f, " \\\n\t\t'-%c%s[", o->short_name, o->value ? "+" : "");
		print_quoted(f, o->help, "[]:\\");
		fputc(']', f);
		if (o->value)
			zsh_value(f, o);
		fputc('\'', f);
	}
}

/* As the case `pattern` of a script. */
static void zsh_verb(FILE *f, const struct verb *v, const char *pattern)
{
	fprintf(f, "\t(%s)\n\t\t_arguments -s", pattern);
	for (const struct option_def *o = global_options; o->name; o++)
		zsh_option(f, o);
	for (const struct option_def *o = v->options; o && o->name; o++)
		zsh_option(f, o);
	if (v->kind == ARG_ORDER)
		fputs(" \\\n\t\t'1:order:_customerclient_an_order'", f);
	else if (v->kind == ARG_WORDS)
		fprintf(f, " \\\n\t\t'1:word:(%s)'", v->words);
	fputs("\n\t\t;;\n", f);
}

static void zsh_names(FILE *f, const char *array, const struct verb *top)
{
	fprintf(f, "\t%s=(\n", array);
	for (const struct verb *v = verbs; v->name; v++) {
		if (top ? !is_below(v, top) : !is_top(v))
			continue;
		fprintf(f, "\t\t'%s:", top ? strchr(v->name, ' ') + 1 : v->name);
		print_quoted(f, v->help, ":\\");
		fputs("'\n", f);
	}
	fputs("\t)\n", f);
}

/* A command with others below it: their names, or its own options. */
static void zsh_below(FILE *f, const struct verb *top)
{
	fprintf(f, "_customerclient_below_%s() {\n\tlocal -a below\n", top->name);
	zsh_names(f, "below", top);
	fputs("\tif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n\t\t_describe command below\n\t\treturn\n"
	      "\tfi\n\tlocal verb=$words[2]\n"
	      "\tif ((${below[(I)$verb:*]})); then\n\t\tshift words\n\t\t((CURRENT--))\n\telse\n\t\tverb=\n\tfi\n"
	      "\tcase $verb in\n",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		if (is_below(v, top))
			zsh_verb(f, v, strchr(v->name, ' ') + 1);
	zsh_verb(f, top, "*");
	fputs("\tesac\n}\n\n", f);
}

void completion_zsh(FILE *f)
{
	fputs("#compdef customerclient\n# zsh completion of customerclient\n\n"
	      "_customerclient_an_order() {\n\tlocal -a orders\n\torders=(last ${(f)\"$(" ORDER_COMMAND
	      ")\"})\n"
	      "\t_describe order orders\n}\n\n",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		if (has_below(v))
			zsh_below(f, v);
	fputs("_customerclient() {\n\tlocal -a commands\n", f);
	zsh_names(f, "commands", NULL);
	fputs("\tlocal context state state_descr line\n\ttypeset -A opt_args\n\t_arguments -s -C", f);
	for (const struct option_def *o = global_options; o->name; o++)
		zsh_option(f, o);
	fputs(" \\\n\t\t'1:command:->command' \\\n\t\t'*::argument:->argument'\n"
	      "\tif [[ $state == command ]]; then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tcase $line[1] in\n",
	      f);
	for (const struct verb *v = verbs; v->name; v++) {
		if (has_below(v))
			fprintf(f, "\t(%s)\n\t\t_customerclient_below_%s\n\t\t;;\n", v->name, v->name);
		else if (is_top(v))
			zsh_verb(f, v, v->name);
	}
	fputs("\tesac\n}\n\n"
	      "if [[ $funcstack[1] == _customerclient ]]; then\n\t_customerclient \"$@\"\nelse\n"
	      "\tcompdef _customerclient customerclient\nfi\n",
	      f);
}

/* `condition`: " -n …", or "" for what is there always. */
static void fish_option(FILE *f, const char *condition, const struct option_def *o)
{
	fprintf(f, "complete -c customerclient%s -l %s", condition, o->name);
	if (o->short_name)
		fprintf(f, " -s %c", o->short_name);
	if (o->value && *o->value != '[')
		fputs(takes_file(o) ? " -r -F" : " -x", f);
	if (o->words)
		fprintf(f, " -a '%s'", o->words);
	fputs(" -d '", f);
	print_quoted(f, o->help, "");
	fputs("'\n", f);
}

static void fish_verb(FILE *f, const struct verb *v)
{
	const char *below = strchr(v->name, ' ');
	_cleanup_free_ char *condition = xprintf(" -n '__customerclient_is \"%s\"'", v->name);

	fprintf(f, "complete -c customerclient -n '__customerclient_is \"%.*s\" 0' -a %s -d '",
		below ? (int)(below - v->name) : 0, v->name, below ? below + 1 : v->name);
	print_quoted(f, v->help, "");
	fputs("'\n", f);
	for (const struct option_def *o = v->options; o && o->name; o++)
		fish_option(f, condition, o);
	if (v->kind == ARG_ORDER)
		fprintf(f,
			"complete -c customerclient -n '__customerclient_is \"%s\" 0' -a 'last (" ORDER_COMMAND ")'\n",
			v->name);
	else if (v->kind == ARG_WORDS)
		fprintf(f, "complete -c customerclient -n '__customerclient_is \"%s\" 0' -a '%s'\n", v->name,
			v->words);
}

/* The options whose value is the next word where no '=' joins it. */
static void fish_values(FILE *f, const struct option_def *defs)
{
	for (const struct option_def *o = defs; o && o->name; o++) {
		if (!o->value || *o->value == '[')
			continue;
		fprintf(f, " --%s", o->name);
		if (o->short_name)
			fprintf(f, " -%c", o->short_name);
	}
}

/* A function that finds the command on the line, and how many arguments it has: a word such as "show" may be the value
 * of an option. */
static void fish_finder(FILE *f)
{
	fputs("function __customerclient_is -a wanted count\n"
	      "\tset -l verb ''\n\tset -l args 0\n\tset -l skip 0\n"
	      "\tfor word in (commandline -opc)[2..]\n"
	      "\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
	      "\t\tswitch $word\n\t\t\tcase",
	      f);
	fish_values(f, global_options);
	for (const struct verb *v = verbs; v->name; v++)
		fish_values(f, v->options);
	fputs("\n\t\t\t\tset skip 1\n"
	      "\t\t\tcase '-*'\n"
	      "\t\t\tcase '*'\n"
	      "\t\t\t\tif test -z \"$verb\"\n\t\t\t\t\tset verb $word\n"
	      "\t\t\t\telse if test $args = 0; and contains -- \"$verb $word\"",
	      f);
	for (const struct verb *v = verbs; v->name; v++)
		if (!is_top(v))
			fprintf(f, " '%s'", v->name);
	fputs("\n\t\t\t\t\tset verb \"$verb $word\"\n"
	      "\t\t\t\telse\n\t\t\t\t\tset args (math $args + 1)\n\t\t\t\tend\n"
	      "\t\tend\n\tend\n"
	      "\ttest \"$verb\" = \"$wanted\"; and test -z \"$count\" -o \"$count\" = $args\nend\n",
	      f);
}

void completion_fish(FILE *f)
{
	fputs("# fish completion of customerclient\n", f);
	fish_finder(f);
	fputs("complete -c customerclient -f\n", f);
	for (const struct option_def *o = global_options; o->name; o++)
		fish_option(f, "", o);
	for (const struct verb *v = verbs; v->name; v++)
		fish_verb(f, v);
}

int verb_completion(struct cli *cli, const struct args *args)
{
	if (cli->json)
		return cli_usage(cli, "completion prints a script, not JSON");
	if (streq(args->words[0], "bash"))
		completion_bash(stdout);
	else if (streq(args->words[0], "zsh"))
		completion_zsh(stdout);
	else
		completion_fish(stdout);
	return 0;
}
