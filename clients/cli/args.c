/* Reading the command line against the table of verbs. Values are only split off here; each verb reads its
 * own. */
#include "clients/cli/args.h"

#include "clients/cli/text.h"
#include "clients/cli/verbs.h"

static const struct option_def *find_option(const struct option_def *defs, const char *name, size_t n,
					    size_t *ret)
{
	for (size_t i = 0; defs && defs[i].name; i++)
		if (strlen(defs[i].name) == n && strncmp(defs[i].name, name, n) == 0) {
			*ret = i;
			return &defs[i];
		}
	return NULL;
}

static const struct option_def *find_short(const struct option_def *defs, char c, size_t *ret)
{
	for (size_t i = 0; defs && defs[i].name; i++)
		if (defs[i].short_name == c) {
			*ret = i;
			return &defs[i];
		}
	return NULL;
}

static const struct option_def *verb_options(const struct args *a)
{
	return a->verb ? a->verb->options : NULL;
}

static int unknown_option(const struct args *a, const char *text, size_t n, char **ret_problem)
{
	if (a->verb)
		*ret_problem = xprintf("'%s' has no option '%.*s'; see customerclient %s --help",
				       a->verb->name, (int)n, text, a->verb->name);
	else
		*ret_problem = xprintf(
			"There is no option '%.*s' for all commands; see customerclient --help", (int)n,
			text);
	return -EINVAL;
}

static bool word_allowed(const char *words, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = words; p && n > 0; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, value, n) == 0 && (p[n] == ' ' || !p[n]))
			return true;
	}
	return words == NULL;
}

static char *joined(const char *words)
{
	char *list = xcheck(calloc(1, strlen(words) * 2 + 1)), *p = list;

	for (; *words; words++) {
		if (*words == ' ')
			*p++ = ',';
		*p++ = *words;
	}
	return list;
}

static int store(struct args *a, const struct option_def *def, const char **slot, const char *value,
		 char **ret_problem)
{
	if (def->value && *def->value != '[' && !word_allowed(def->words, value)) {
		_cleanup_free_ char *list = joined(def->words);

		*ret_problem = xprintf("--%s cannot be '%s'; it is one of: %s", def->name, value, list);
		return -EINVAL;
	}
	*slot = value;
	a->given[a->n_given++] = (struct given_option){ def, value };
	return 0;
}

/* "--name", "--name=value" or "--name value"; *argv is moved on when the value is the next word. */
static int parse_long(struct args *a, char *const **argv, char **ret_problem)
{
	const char *name = **argv + 2, *equals = strchr(name, '='), **slots = a->global_values;
	size_t n = equals ? (size_t)(equals - name) : strlen(name), i;
	const struct option_def *def;

	def = find_option(global_options, name, n, &i);
	if (!def) {
		def = find_option(verb_options(a), name, n, &i);
		slots = a->values;
	}
	if (!def)
		return unknown_option(a, **argv, n + 2, ret_problem);
	if (!def->value && equals) {
		*ret_problem = xprintf("--%s takes no value", def->name);
		return -EINVAL;
	}
	if (!def->value || (*def->value == '[' && !equals)) {
		slots[i] = "";
		return 0;
	}
	if (!equals && !(*argv)[1]) {
		*ret_problem = xprintf("--%s needs a value: --%s=%s", def->name, def->name, def->value);
		return -EINVAL;
	}
	if (!equals)
		++*argv;
	return store(a, def, &slots[i], equals ? equals + 1 : **argv, ret_problem);
}

/* "-v", "-vv", "-oF", "-o F". */
static int parse_short(struct args *a, char *const **argv, char **ret_problem)
{
	for (const char *p = **argv + 1; *p; p++) {
		const char **slots = a->global_values;
		const struct option_def *def;
		size_t i;

		def = find_short(global_options, *p, &i);
		if (!def) {
			def = find_short(verb_options(a), *p, &i);
			slots = a->values;
		}
		if (!def)
			return unknown_option(a, **argv, strlen(**argv), ret_problem);
		if (!def->value) {
			slots[i] = "";
			continue;
		}
		if (p[1])
			return store(a, def, &slots[i], p + 1, ret_problem);
		if (!(*argv)[1]) {
			*ret_problem = xprintf("-%c needs a value: %s", *p, def->value);
			return -EINVAL;
		}
		++*argv;
		return store(a, def, &slots[i], **argv, ret_problem);
	}
	return 0;
}

static char *list_verbs(const char *below)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	bool first = true;

	for (const struct verb *v = verbs; v->name; v++) {
		const char *name = v->name;

		if (below) {
			name = startswith(v->name, below);
			name = name && *name == ' ' ? name + 1 : NULL;
		} else if (strchr(v->name, ' '))
			name = NULL;
		if (!name)
			continue;
		fprintf(f, "%s%s", first ? "" : ", ", name);
		first = false;
	}
	return textbuf_take(&b);
}

static int take_verb(struct args *a, const char *word, char **ret_problem)
{
	_cleanup_free_ char *list = NULL;

	a->verb = verb_find(word);
	if (a->verb)
		return 0;
	list = list_verbs(NULL);
	*ret_problem = xprintf("There is no command '%s'; the commands are: %s", word, list);
	return -EINVAL;
}

/* The first argument may make a longer verb: "cart" and "add". */
static int take_word(struct args *a, const char *word, char **ret_problem)
{
	_cleanup_free_ char *name = NULL, *list = NULL;
	const struct verb *below;

	if (a->n_words == 0) {
		name = xprintf("%s %s", a->verb->name, word);
		below = verb_find(name);
		if (below) {
			a->verb = below;
			memset(a->values, 0, sizeof(a->values)); /* "cart" has no options of its own */
			return 0;
		}
		list = list_verbs(a->verb->name);
		if (*list && a->verb->max_args == 0) {
			*ret_problem = xprintf("'%s' cannot '%s'; it can: %s", a->verb->name, word, list);
			return -EINVAL;
		}
	}
	a->words[a->n_words++] = word;
	return 0;
}

static int check_counts(const struct args *a, char **ret_problem)
{
	const struct verb *v = a->verb;

	if (!v || args_global(a, "help") || args_global(a, "version"))
		return 0;
	if (a->n_words < v->min_args)
		*ret_problem = xprintf("Something is missing: customerclient %s %s", v->name, v->synopsis);
	else if (a->n_words > v->max_args)
		*ret_problem = xprintf("'%s' is too much; it is: customerclient %s%s%s",
				       a->words[v->max_args], v->name, *v->synopsis ? " " : "", v->synopsis);
	else if (v->kind == ARG_WORDS && a->n_words > 0 && !word_allowed(v->words, a->words[0])) {
		_cleanup_free_ char *list = joined(v->words);

		*ret_problem = xprintf("'%s' cannot be '%s'; it is one of: %s", v->name, a->words[0], list);
	} else
		return 0;
	return -EINVAL;
}

int args_parse(struct args *a, char *const *argv, char **ret_problem)
{
	bool options = true;
	size_t n = 0;
	int r = 0;

	*a = (struct args){};
	for (; argv[n]; n++)
		if (!utf8_is_valid(argv[n], strlen(argv[n]))) {
			*ret_problem = xprintf("Argument %zu is not UTF-8 text", n + 1);
			return -EINVAL;
		}
	a->words = xcheck(new0(const char *, n + 1));
	a->given = xcheck(new0(struct given_option, n + 1));
	for (; *argv && r >= 0; argv++) {
		if (options && streq(*argv, "--"))
			options = false;
		else if (options && startswith(*argv, "--"))
			r = parse_long(a, &argv, ret_problem);
		else if (options && (*argv)[0] == '-' && (*argv)[1])
			r = parse_short(a, &argv, ret_problem);
		else if (!a->verb)
			r = take_verb(a, *argv, ret_problem);
		else
			r = take_word(a, *argv, ret_problem);
	}
	return r < 0 ? r : check_counts(a, ret_problem);
}

void args_done(struct args *a)
{
	free(a->words);
	free(a->given);
	*a = (struct args){};
}

const char *args_option(const struct args *a, const char *name)
{
	size_t i;

	return find_option(verb_options(a), name, strlen(name), &i) ? a->values[i] : NULL;
}

const char *args_option_at(const struct args *a, const char *name, unsigned i)
{
	const struct option_def *def;
	size_t slot;

	def = find_option(verb_options(a), name, strlen(name), &slot);
	for (unsigned k = 0; def && k < a->n_given; k++)
		if (a->given[k].def == def && i-- == 0)
			return a->given[k].value;
	return NULL;
}

const char *args_global(const struct args *a, const char *name)
{
	size_t i;

	return find_option(global_options, name, strlen(name), &i) ? a->global_values[i] : NULL;
}

const char *args_word(const struct args *a, unsigned i)
{
	return i < a->n_words ? a->words[i] : NULL;
}
