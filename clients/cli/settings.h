/* What the person has set at the service, for the verbs that begin from it. */
#pragma once

#include "clients/cli/cli.h"

struct defaults {
	char *address, *city, *payment;
};

/* What is not known stays NULL; a failure is no reason to stop. */
void defaults_get(struct cli *cli, struct defaults *ret);
void defaults_done(struct defaults *d);
#define _cleanup_defaults_ _cleanup_(defaults_done)
