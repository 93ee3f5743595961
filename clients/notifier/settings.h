/* The keys of customerclientd.conf that concern bubbles. The daemon judges the file and refuses one that is wrong;
 * here what cannot be read is passed over. */
#pragma once

#include <stdbool.h>

#include "notifier/rules.h"

struct settings {
	bool promotions;    /* [Notifications] Promotions= */
	struct quiet quiet; /* [Notifications] QuietHours= */
};

/* The file of /etc, its drop-ins, the user's file, its drop-ins, each over the ones before. */
void settings_load(struct settings *ret);
