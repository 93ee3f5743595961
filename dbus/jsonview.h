/* What the daemon says, as JSON for people's scripts: the names of the D-Bus API, money as
 * {"minor":1250,"currency":"USD"}, times in ISO 8601 UTC, what is not known left out. */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

/* The message stands on an a{sv}, which is read. -ENOMEM, or what sd-bus says about the message. */
int json_from_dict(sd_bus_message *m, json_object **ret);

json_object *json_new_money(int64_t minor, const char *currency);
/* In as few digits as say the same number; NULL for what is not finite. */
json_object *json_new_double(double d);
/* NULL for 0. */
json_object *json_new_time(uint64_t usec);
