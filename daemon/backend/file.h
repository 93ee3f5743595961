/* The file service, /FileService: its URLs and JSON. */
#pragma once

#include "backend/api.h"

struct file_record {
	char *uid, *name, *content_type, *sha256; /* lower-case hex of the whole file */
	char *qr_payload;                         /* of GenerateQrCode; else NULL */
	uint64_t size;
};
void file_record_done(struct file_record *f);
int file_decode(json_object *o, struct file_record *ret); /* 0 or -EBADMSG */

int file_generate_qr(struct api *a, const char *order_uid, const char *payment_uid, uint64_t budget, api_cb done,
		     void *userdata, struct api_call **ret);
/* format: pdf, png, html */
int file_report_generate(struct api *a, const char *order_uid, const char *format, uint64_t budget, api_cb done,
			 void *userdata, struct api_call **ret);
/* The bytes from `offset` on, by on_data; if_range: the ETag of what is here already (a 200 then begins anew). The
 * reply's status is 200 or 206. */
int file_get(struct api *a, const char *uid, uint64_t offset, const char *if_range, size_t max,
	     void (*on_data)(const char *data, size_t n, void *userdata), api_cb done, void *userdata,
	     struct api_call **ret);
/* sha256: lower-case hex. The descriptor stays the caller's. */
int file_upload(struct api *a, const char *name, const char *content_type, int fd, uint64_t size, const char *sha256,
		const char *key, void (*on_sent)(uint64_t sent, void *userdata), api_cb done, void *userdata,
		struct api_call **ret);
