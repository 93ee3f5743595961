/* An order as Orders.Get of the daemon gives it, read into what the rules need. */
#pragma once

#include <glib.h>

#include "notifier/rules.h"

/* `order` is an a{sv}; unknown keys are ignored, those of another type count as absent. -EBADMSG: no uid, no status;
 * -ENOMEM. */
int view_from_order(GVariant *order, uint64_t now, struct view *ret);
