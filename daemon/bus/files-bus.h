/* The methods of Orders that deal with files, for its vtable in orders-bus.c. */
#pragma once

#include <systemd/sd-bus.h>

int orders_method_get_report(sd_bus_message *m, void *userdata, sd_bus_error *e);
int orders_method_send_report(sd_bus_message *m, void *userdata, sd_bus_error *e);
int orders_method_get_message_status(sd_bus_message *m, void *userdata, sd_bus_error *e);
