/* The push notifications service, /NotificationsBackend: its URLs and JSON, and the arguments of the hub's
 * invocations. */
#pragma once

#include "backend/api.h"
#include "backend/customer.h"
#include "base/records.h"

/* One try each: sync and the outbox repeat. */
int push_notifications_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			   void *userdata, struct api_call **ret);
/* `uids` NULL-terminated; frees and replaces *ret_json. */
int push_notifications_read_encode(char *const *uids, char **ret_json);
int push_notifications_read(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
			    struct api_call **ret);
/* Decoders: as those of customer.h. */
int push_decode_notification(json_object *o, struct notification *ret);

#define PUSH_TARGET_NOTIFICATION "ReceiveNotification"
#define PUSH_TARGET_ORDER "OrderChanged"
#define PUSH_TARGET_COURIER "CourierMoved"

struct courier_move {
	char *order;
	double latitude, longitude; /* NaN when missing or off the globe */
	uint64_t when, expected; /* expected 0 = not said */
};
int push_decode_courier(json_object *o, struct courier_move *ret);
void courier_move_done(struct courier_move *m);

/* The hub's URL, or NULL when the service has no address. Caller frees. */
char *push_hub_url(const struct config *config);
