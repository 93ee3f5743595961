/* The daemon's face on the session bus: the name, the objects, and the loop that everything runs in. Asks the core,
 * tells what the core tells. */
#pragma once

#include <event2/event.h>

#include "base/util.h"

struct bus;
struct core;

/* Connects and takes the name; nothing is answered yet, calls wait. -EEXIST: another one has the name; -errno: no
 * bus. *ret_error is a sentence; caller frees. */
int bus_open(struct event_base *base, struct bus **ret, char **ret_error);
/* Puts the objects on the bus and observes the core, which must outlive bus_stop(). */
int bus_attach(struct bus *b, struct core *core);
/* Runs the loop until bus_exit(): 0. Negative errno: the connection is lost. */
int bus_run(struct bus *b);
void bus_exit(struct bus *b);
/* Gives the name back and answers what is open: Place with the state reached, the rest with "going down". The core may
 * be freed afterwards, and only then; the loop must not run in between. */
void bus_stop(struct bus *b);
void bus_free(struct bus *b);
DEFINE_CLEANUP(struct bus *, bus_free);
