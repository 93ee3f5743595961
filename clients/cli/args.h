/* The command line: global options, the verb, its options and arguments, in any order after the verb. What
 * exists is in the table of verbs.c; help and completion come from the same table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct cli;
struct args;

struct option_def {
	const char *name;   /* without the dashes */
	char short_name;    /* or 0 */
	const char *value;  /* what it takes, "SEC"; NULL: nothing; "[2h]": optional, only after '=' */
	const char *words;  /* the values there are, with spaces between; NULL: anything */
	const char *help;
};

enum arg_kind { ARG_NONE, ARG_OTHER, ARG_ORDER, ARG_WORDS };

#define ARGS_MANY ((unsigned)-1)
#define OPTIONS_MAX 16

struct verb {
	const char *name; /* "cart add": two words are a verb below "cart" */
	const char *synopsis;
	unsigned min_args, max_args;
	enum arg_kind kind;
	const char *words; /* ARG_WORDS: the first argument is one of these */
	const struct option_def *options; /* ends with one without a name; NULL: none */
	bool local; /* needs no daemon, or connects by itself */
	int (*run)(struct cli *cli, const struct args *args);
	const char *help;    /* one line */
	const char *details; /* more lines, or NULL */
	const char *example;
};

struct args {
	const struct verb *verb; /* NULL: none was given */
	const char *global_values[OPTIONS_MAX], *values[OPTIONS_MAX];
	struct given_option {
		const struct option_def *def;
		const char *value;
	} *given; /* every value in its order, for options that may come more than once */
	unsigned n_given;
	const char **words; /* the arguments; the strings are argv's */
	unsigned n_words;
};

/* 0, or -EINVAL with a sentence in *ret_problem (the caller frees). With --help or --version nothing is
 * missing: counts are not checked then. */
int args_parse(struct args *a, char *const *argv, char **ret_problem);
void args_done(struct args *a);
#define _cleanup_args_ _cleanup_(args_done)

/* NULL when it was not given; "" for an option without a value. The last one given counts. */
const char *args_option(const struct args *a, const char *name);
/* The i-th of the values given, from 0 on; NULL: there are no more. */
const char *args_option_at(const struct args *a, const char *name, unsigned i);
const char *args_global(const struct args *a, const char *name);
/* The argument, or NULL. */
const char *args_word(const struct args *a, unsigned i);
