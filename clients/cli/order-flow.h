/* Ordering what is in the cart: shown, asked, placed. `order` does it, and `reorder` at its end. */
#pragma once

#include "clients/cli/cli.h"

/* args may be of another verb: options it lacks count as not given. Returns an exit status, or -1 when
 * told. */
int order_flow(struct cli *cli, const struct args *args);
