/* What the two files of the interface Orders share. */
#pragma once

#include "bus/bus-private.h"
#include "bus/order-options.h"

int orders_method_export(sd_bus_message *m, void *userdata, sd_bus_error *e);

/* The uid that the filter's `id` means; NotFound, InvalidArgs where it is the beginning of several. */
int orders_find(struct userdb *u, const char *id, char **ret_uid, sd_bus_error *e);
/* Whether an order fits all of the filter but `id` and `text`. */
bool orders_fit(const struct list_filter *f, const char *status, uint64_t created);
