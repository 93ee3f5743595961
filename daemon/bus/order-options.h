/* The dictionaries of Orders: options of Place, Quote and Rate, filter of List. Types and single values are checked here,
 * rules of the business are not. */
#pragma once

#include <systemd/sd-bus.h>

#include "core/core.h"

int order_options_read(sd_bus_message *m, struct place_options *o, sd_bus_error *e);
/* *ret_photos: uids, a strv; NULL: none. Caller frees, on failure too. */
int rate_options_read(sd_bus_message *m, char ***ret_photos, sd_bus_error *e);

struct list_filter {
	char **statuses;
	bool has_statuses, has_pending, pending;
	uint64_t since, until;
	char *text, *id;
};
int list_filter_read(sd_bus_message *m, struct list_filter *f, sd_bus_error *e);
void list_filter_done(struct list_filter *f);
