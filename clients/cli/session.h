/* Signing in, as `sign-in` does and `sign-up` at its end. */
#pragma once

#include "base/secret.h"
#include "clients/cli/cli.h"

/* Fails with Conflict when somebody is signed in: before anything is asked that could not be used then. */
int session_check_signed_out(struct cli *cli);

int session_sign_in(struct cli *cli, const char *login, const struct secret *password, bool keep);
