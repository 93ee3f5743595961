/* Questions to a person: only where stdin and stderr are terminals and --no-input was not given. */
#pragma once

#include "base/secret.h"
#include "clients/cli/cli.h"

bool prompt_possible(const struct cli *cli);

/* Asks until something is said; an empty answer is the default where there is one. At the end of input, when
 * interrupted, or with no terminal: tells (the latter naming `option`) and returns -1. */
int prompt_text(struct cli *cli, const char *question, const char *default_answer, const char *option,
		char **ret);
/* 1 = yes. "no" and the end of input are told, exit status 10. Without a terminal: names --yes. */
int prompt_confirm(struct cli *cli, const char *question);
/* Like prompt_confirm(), but "no" is an answer: 0, with nothing told. */
int prompt_yes_no(struct cli *cli, const char *question);

/* Without echo; an empty answer is one. `option` is named where there is no terminal. */
int prompt_hidden(struct cli *cli, const char *question, const char *option, struct secret **ret);
/* A password: not empty. */
int prompt_secret(struct cli *cli, const char *question, struct secret **ret);
/* A password that is to be: asked twice, and from the beginning for as long as the two differ. */
int prompt_new_secret(struct cli *cli, const char *question, struct secret **ret);
/* All of a file ("-" is stdin), or of a piped stdin where path is NULL; *ret is NULL when a person has to be
 * asked. `what` it is, in lower case, for what is told. */
int prompt_secret_from(struct cli *cli, const char *path, const char *what, struct secret **ret);
/* The same of --password-file=F; its lines are then taken by their index: what is missing is told. */
int prompt_secret_from_file(struct cli *cli, const struct args *args, struct secret **ret);
int prompt_secret_line(struct cli *cli, const struct secret *file, unsigned index, struct secret **ret);
