/* `status --format=waybar`: what a status bar of waybar's custom modules (return-type json) shows. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "clients/common/order.h"

struct waybar_state {
	bool signed_in, online;
	const char *login;
	uint32_t unread, pending_orders;
	const struct order *pending; /* the newest to be paid, else the newest; or NULL */
};

/* {"text":…,"alt":…,"tooltip":…,"class":…,"percentage":…}; class and alt are one of signed-out, offline,
 * idle, pending, to-pay, late. Text is escaped for Pango. */
json_object *waybar_json(const struct waybar_state *s, uint64_t now);
/* class "unreachable" */
json_object *waybar_json_unreachable(void);
