/* The e-mail backend, /EmailBackend: its URLs and JSON. */
#pragma once

#include "backend/api.h"

/* The body of OrderReportSend, stable byte for byte; caller frees. */
int email_report_encode(const char *order_uid, const char *email, const char *format, char **ret_json);
int email_report_send(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
		      struct api_call **ret);
int email_message_get(struct api *a, const char *uid, uint64_t budget, api_cb done, void *userdata,
		      struct api_call **ret);

struct email_message {
	char *uid, *status; /* queued, sent, failed */
	uint64_t date;
};
void email_message_done(struct email_message *m);
int email_decode_message(json_object *o, struct email_message *ret);
