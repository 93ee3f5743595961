/* Starts programs with windows. */
#pragma once

#include <gio/gio.h>

/* As a unit of its own where a user manager is on the bus, so that it outlives us and is not bound by our unit's
 * sandbox; else as a child. `token` is an activation token or NULL. 0, or -ENOENT: there is no such program. Whether
 * it then came up is told by a warning only. */
int launch(GDBusConnection *bus, const char *description, char **argv, const char *token);
