/* One order, kept as it is at the daemon until told to stop: read at first, and again after every signal
 * about it. The daemon may go and come back meanwhile. Shared by `track` and `wait`. */
#pragma once

#include <systemd/sd-event.h>

#include "clients/cli/cli.h"

struct watch {
	struct cli *cli;
	sd_event *event;
	char *uid;
	struct order order; /* valid once `known` */
	bool known;
	uint64_t read_at; /* when it was read */
	bool online;
	char *push;
	uint64_t gone_since; /* 0: the daemon is there */

	/* The order was read, the daemon has gone, or a second has passed. Return 0, or end the watch by a
	 * positive number: see watch_run(). */
	int (*on_change)(struct watch *w, void *userdata);
	int (*on_second)(struct watch *w, void *userdata);
	void *userdata;

	/* Its own. */
	sd_bus_slot *matches[6], *calls[3];
	sd_event_source *timer, *signals[2];
	sd_bus_message *replies[3];
	unsigned open_calls;
	bool again; /* something changed while it was being read */
	uint64_t retry_at;
	int result;
};

/* After this long without a daemon a program that nobody watches gives up. */
#define WATCH_GIVE_UP (60 * USEC_PER_SEC)

int watch_init(struct watch *w, struct cli *cli, const char *uid);
void watch_done(struct watch *w);
#define _cleanup_watch_ _cleanup_(watch_done)

/* Runs until a callback ends it with n > 0: returns n. Ctrl-C: returns -EINTR with nothing told (so that the
 * screen can be put in order first); other failures are told, -1. */
int watch_run(struct watch *w);
