/* The e-mail backend, /EmailBackend: its calls, and its record. */
#include "backend/email.h"

#include "backend/decode.h"

int email_report_encode(const char *order_uid, const char *email, const char *format, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "deliveryOrderUid", order_uid);
	if (r == 0)
		r = json_add_string(o, "email", email);
	if (r == 0)
		r = json_add_string(o, "format", format);
	return r < 0 ? r : encode_text(o, ret_json);
}

int email_report_send(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
		      struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_EMAIL,
				 .method = "POST",
				 .path = "OrderReportSend",
				 .json = json,
				 .idempotency_key = key,
			 },
			 done, userdata, ret);
}

int email_message_get(struct api *a, const char *uid, uint64_t budget, api_cb done, void *userdata,
		      struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(uid), *path = NULL;

	path = escaped ? strprintf("MessageGet?uid=%s", escaped) : NULL;
	if (!path)
		return -ENOMEM;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_EMAIL,
				 .method = "GET",
				 .path = path,
				 .retry_budget = budget,
			 },
			 done, userdata, ret);
}

void email_message_done(struct email_message *m)
{
	free(m->uid);
	free(m->status);
	*m = (struct email_message){ 0 };
}

int email_decode_message(json_object *o, struct email_message *ret)
{
	static const struct field fields[] = {
		{ "messageUid", FIELD_UID, offsetof(struct email_message, uid) },
		{ "status", FIELD_UID, offsetof(struct email_message, status) },
		{ "date", FIELD_TIME, offsetof(struct email_message, date) },
	};
	struct email_message m = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &m);
	if (r < 0) {
		email_message_done(&m);
		return r;
	}
	*ret = m;
	return 0;
}
