/* Joins sd-bus to libevent. sd-bus has to be asked for its descriptor, events and time-out before every wait, and
 * libevent 2.1 has no hook there; so the loop is run from here, one wait at a time. */
#pragma once

#include <event2/event.h>
#include <systemd/sd-bus.h>

#include "base/util.h"

struct bus_loop;

/* Keeps a reference to the bus, not to the base. */
int bus_loop_new(struct event_base *base, sd_bus *bus, struct bus_loop **ret);
void bus_loop_free(struct bus_loop *l);
DEFINE_CLEANUP(struct bus_loop *, bus_loop_free);

/* Called before every wait, after sd-bus has nothing more to do: the place for what is sent once a turn. */
void bus_loop_set_before_wait(struct bus_loop *l, void (*before_wait)(void *userdata), void *userdata);

/* One turn: handles what sd-bus has, waits for an event of the base, runs all callbacks that are due. 1, or a negative
 * errno when the connection is over (-ECONNRESET, -ENOTCONN …) or the loop cannot wait. */
int bus_loop_once(struct bus_loop *l);
/* Turns until bus_loop_exit(): 0, or the errno of bus_loop_once(). */
int bus_loop_run(struct bus_loop *l);
void bus_loop_exit(struct bus_loop *l);
