/* The bundle of `doctor --bundle`: one text file for a bug report, that a person reads before sending it. */
#pragma once

#include "clients/cli/doctor.h"
#include "clients/cli/redact.h"

/* `path` "-": stdout. Never over a file that is there without `replace`. 0, or -1 when told. */
int bundle_write(struct doctor *d, const char *path, bool replace);
/* Says that there is a file already, and returns -1. */
int bundle_exists(struct cli *cli, const char *path);

/* bundle-person.c: what is known of the person and of this machine, to be taken out. False when the daemon did not give
 * it all. ret_counts: orders by their status, for people; "" where not known. */
bool bundle_learn_person(struct doctor *d, struct redactor *r, char **ret_counts);
void bundle_learn_machine(const struct doctor *d, struct redactor *r);
