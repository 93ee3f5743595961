/* The notifier: joins what the daemon says (feed), what follows from it (rules, texts), what was shown (memory) and
 * the screen (bubbles). */
#pragma once

#include <gio/gio.h>

#include "base/util.h"
#include "notifier/settings.h"

struct notifier;

/* NULL: -ENOMEM, or libnotify could not be initialised. The connection outlives the notifier. */
struct notifier *notifier_new(GDBusConnection *bus, const struct settings *settings);
void notifier_free(struct notifier *n);
DEFINE_CLEANUP(struct notifier *, notifier_free);

void notifier_set(struct notifier *n, const struct settings *settings);
