/* Signing in, as `sign-in` does and `sign-up` at its end. */
#pragma once

#include "base/secret.h"
#include "clients/cli/cli.h"

int session_sign_in(struct cli *cli, const char *login, const struct secret *password, bool keep);
