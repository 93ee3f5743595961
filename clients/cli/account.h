/* The account, for the verbs that show it or take its phone. */
#pragma once

#include "clients/cli/cli.h"

struct account {
	char *login, *email, *phone;
};

int account_get(struct cli *cli, struct account *ret);
void account_done(struct account *a);
#define _cleanup_account_ _cleanup_(account_done)
