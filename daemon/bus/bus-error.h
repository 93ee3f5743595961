/* What went wrong, as a D-Bus error: names come from dbus/names.h, sentences from whoever failed. */
#pragma once

#include <systemd/sd-bus.h>

#include "core/failure.h"

/* Each returns the negative errno that a handler hands back to sd-bus, which then sends *e. */
int bus_error_set(sd_bus_error *e, const struct failure *f);
int bus_error_setf(sd_bus_error *e, enum cc_error error, const char *format, ...) _printf_(3, 4);
/* InvalidArgs. */
int bus_error_invalid(sd_bus_error *e, const char *format, ...) _printf_(2, 3);

/* A caller's text as it may stand in a message: cut at a character's border, control characters as '?'. */
#define QUOTED_SIZE 68
const char *bus_quote(char buf[static QUOTED_SIZE], const char *text);
