/* The push notifications service, /NotificationsBackend: its URLs and JSON, and what the hub's
 * invocations carry. */
#include "backend/push.h"

#include "backend/decode.h"

int push_notifications_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			   void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *path = page_path("NotificationsGet", cursor, limit);

	if (!path)
		return -ENOMEM;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_NOTIFICATIONS,
				 .method = "GET",
				 .path = path,
				 .if_none_match = etag,
				 .timeout = PAGE_TIMEOUT,
				 .quiet = PAGE_QUIET,
			 },
			 done, userdata, ret);
}

int push_notifications_read_encode(char *const *uids, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	json_object *list = json_object_new_array();
	int r;

	r = o ? json_add(o, "uids", list) : -ENOMEM;
	if (!o && list)
		json_object_put(list);
	for (; r == 0 && uids && *uids; uids++) {
		json_object *uid;

		if (!utf8_is_valid(*uids, strlen(*uids)))
			return -EINVAL;
		uid = json_object_new_string(*uids);
		if (!uid || json_object_array_add(list, uid) < 0) {
			json_object_put(uid);
			r = -ENOMEM;
		}
	}
	return r < 0 ? r : encode_text(o, ret_json);
}

int push_notifications_read(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
			    struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_NOTIFICATIONS,
				 .method = "POST",
				 .path = "NotificationsRead",
				 .json = json,
				 .idempotency_key = key,
			 },
			 done, userdata, ret);
}

static int notification_read(json_object *o, struct notification *n)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct notification, uid) },
		{ "kind", FIELD_UID, offsetof(struct notification, kind) },
		{ "titleText", FIELD_TEXT, offsetof(struct notification, title) },
		{ "bodyText", FIELD_TEXT, offsetof(struct notification, body) },
		{ "deliveryOrderUid", FIELD_UID_OPTIONAL, offsetof(struct notification, order) },
		{ "dateSent", FIELD_TIME, offsetof(struct notification, sent) },
		{ "isRead", FIELD_BOOL, offsetof(struct notification, read) },
	};

	return decode_fields(o, fields, ELEMENTSOF(fields), NULL, n);
}

int push_decode_notification(json_object *o, struct notification *ret)
{
	struct notification n = { 0 };
	int r;

	r = notification_read(o, &n);
	if (r < 0) {
		notification_done(&n);
		return r;
	}
	*ret = n;
	return 0;
}

static int courier_move_read(json_object *o, struct courier_move *m)
{
	static const struct field fields[] = {
		{ "deliveryOrderUid", FIELD_UID, offsetof(struct courier_move, order) },
		{ "date", FIELD_TIME, offsetof(struct courier_move, when) },
		{ "dateEndExpected", FIELD_TIME, offsetof(struct courier_move, expected) },
	};
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, m);
	return r < 0 ? r : decode_coordinates(o, "latitude", "longitude", &m->latitude, &m->longitude);
}

int push_decode_courier(json_object *o, struct courier_move *ret)
{
	struct courier_move m = { 0 };
	int r;

	r = courier_move_read(o, &m);
	if (r < 0) {
		courier_move_done(&m);
		return r;
	}
	*ret = m;
	return 0;
}

void courier_move_done(struct courier_move *m)
{
	free(m->order);
	*m = (struct courier_move){ 0 };
}

char *push_hub_url(const struct config *config)
{
	const char *url = config->url[SERVICE_NOTIFICATIONS];

	return url ? strprintf("%s/hub", url) : NULL;
}
