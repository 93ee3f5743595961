/* The file service, /FileService: its calls, and its record. */
#include "backend/file.h"

#include "backend/decode.h"

#define TRY_TIMEOUT (120 * USEC_PER_SEC) /* of a transfer; it is resumed where it broke */

static int post(struct api *a, const char *path, json_object *o, uint64_t budget, api_cb done, void *userdata,
		struct api_call **ret)
{
	_cleanup_free_ char *json = NULL;
	int r;

	r = encode_text(o, &json);
	if (r < 0)
		return r;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "POST",
				 .path = path,
				 .json = json,
				 .retry_budget = budget,
			 },
			 done, userdata, ret);
}

static int post_two(struct api *a, const char *path, const char *order_uid, const char *name, const char *value,
		    uint64_t budget, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "deliveryOrderUid", order_uid);
	if (r == 0)
		r = json_add_string(o, name, value);
	return r < 0 ? r : post(a, path, o, budget, done, userdata, ret);
}

int file_generate_qr(struct api *a, const char *order_uid, const char *payment_uid, uint64_t budget, api_cb done,
		     void *userdata, struct api_call **ret)
{
	return post_two(a, "GenerateQrCode", order_uid, "paymentUid", payment_uid, budget, done, userdata, ret);
}

int file_report_generate(struct api *a, const char *order_uid, const char *format, uint64_t budget, api_cb done,
			 void *userdata, struct api_call **ret)
{
	return post_two(a, "OrderReportGenerate", order_uid, "format", format, budget, done, userdata, ret);
}

int file_get(struct api *a, const char *uid, uint64_t offset, const char *if_range, size_t max,
	     void (*on_data)(const char *data, size_t n, void *userdata), api_cb done, void *userdata,
	     struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(uid), *path = NULL, *range = NULL;

	path = escaped ? strprintf("FileGet?uid=%s", escaped) : NULL;
	range = strprintf("bytes=%llu-", (unsigned long long)offset);
	if (!path || !range)
		return -ENOMEM;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "GET",
				 .path = path,
				 .range = offset > 0 ? range : NULL,
				 .if_range = offset > 0 ? if_range : NULL,
				 .on_data = on_data,
				 .max_body = max,
				 .timeout = TRY_TIMEOUT,
			 },
			 done, userdata, ret);
}

/* "sha-256=:BASE64:" (RFC 9530 section 2) from hex. */
static char *content_digest(const char *hex)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char bytes[33] = { 0 };
	char text[45];

	if (strlen(hex) != 64 || strspn(hex, "0123456789abcdef") != 64)
		return NULL;
	for (size_t i = 0; i < 64; i++)
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 |
					       (hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10));
	for (size_t i = 0; i < 11; i++) {
		const unsigned char *b = bytes + 3 * i;

		text[4 * i] = base64[b[0] >> 2];
		text[4 * i + 1] = base64[(b[0] & 3) << 4 | b[1] >> 4];
		text[4 * i + 2] = base64[(b[1] & 15) << 2 | b[2] >> 6];
		text[4 * i + 3] = base64[b[2] & 63];
	}
	text[43] = '='; /* 32 bytes are ten threes and two */
	text[44] = '\0';
	return strprintf("sha-256=:%s:", text);
}

int file_upload(struct api *a, const char *name, const char *content_type, int fd, uint64_t size, const char *sha256,
		const char *key, void (*on_sent)(uint64_t sent, void *userdata), api_cb done, void *userdata,
		struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(name), *path = NULL, *digest = content_digest(sha256);

	path = escaped ? strprintf("FileUpload?name=%s", escaped) : NULL;
	if (!path || !digest)
		return digest ? -ENOMEM : -EINVAL;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "POST",
				 .path = path,
				 .body_fd = fd,
				 .body_fd_size = size,
				 .content_type = content_type,
				 .content_digest = digest,
				 .idempotency_key = key,
				 .on_sent = on_sent,
				 .timeout = TRY_TIMEOUT,
			 },
			 done, userdata, ret);
}

void file_record_done(struct file_record *f)
{
	free(f->uid);
	free(f->name);
	free(f->content_type);
	free(f->sha256);
	free(f->qr_payload);
	*f = (struct file_record){ 0 };
}

int file_decode(json_object *o, struct file_record *ret)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct file_record, uid) },
		{ "fileName", FIELD_TEXT, offsetof(struct file_record, name) },
		{ "contentType", FIELD_TEXT, offsetof(struct file_record, content_type) },
		{ "size", FIELD_ID, offsetof(struct file_record, size) },
		{ "sha256", FIELD_TEXT, offsetof(struct file_record, sha256) },
		{ "qrPayload", FIELD_TEXT, offsetof(struct file_record, qr_payload) },
	};
	struct file_record f = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &f);
	if (r == 0 && f.sha256 && (strlen(f.sha256) != 64 || strspn(f.sha256, "0123456789abcdef") != 64))
		r = decode_refuse("sha256");
	if (r < 0) {
		file_record_done(&f);
		return r;
	}
	*ret = f;
	return 0;
}
