/* The videos of the file service: its calls, and its record. */
#include "backend/video.h"

#include "backend/decode.h"

#define STREAM_QUIET (20 * USEC_PER_SEC)

int video_list_get(struct api *a, const char *etag, api_cb done, void *userdata, struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "GET",
				 .path = "VideosGet",
				 .if_none_match = etag,
			 },
			 done, userdata, ret);
}

bool video_web_address_is_good(const char *url)
{
	if (!url || !startswith(url, "https://") || url_check(url) < 0)
		return false;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\"'<>\\^`{|}", *p))
			return false;
	return true;
}

int video_decode(json_object *o, struct video *ret)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct video, uid) },
		{ "title", FIELD_TEXT, offsetof(struct video, title) },
		{ "description", FIELD_TEXT, offsetof(struct video, description) },
		{ "genre", FIELD_TEXT, offsetof(struct video, genre) },
		{ "fileUid", FIELD_UID_OPTIONAL, offsetof(struct video, file) },
		{ "youTubeUrl", FIELD_TEXT, offsetof(struct video, web) },
		{ "pictureUrl", FIELD_TEXT, offsetof(struct video, picture) },
	};
	struct video v = { 0 };
	double seconds = 0;
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &v);
	if (r < 0) {
		video_done(&v);
		return r;
	}
	/* A length is only shown: one that makes no sense is not known. */
	if (json_get_double(o, "lengthSeconds", &seconds) > 0 && seconds > 0 && seconds < UINT32_MAX)
		v.seconds = (uint32_t)(seconds + 0.5);
	if (!video_web_address_is_good(v.web))
		free(TAKE_PTR(v.web));
	*ret = v;
	return 0;
}

static char *range_of(const struct video_part *p)
{
	if (p->suffix)
		return strprintf("bytes=-%llu", (unsigned long long)p->last);
	if (p->last == UINT64_MAX)
		return strprintf("bytes=%llu-", (unsigned long long)p->first);
	return strprintf("bytes=%llu-%llu", (unsigned long long)p->first, (unsigned long long)p->last);
}

int video_stream(struct api *a, const char *file, const struct video_part *part,
		 void (*on_header)(const struct api_header *header, void *userdata),
		 void (*on_data)(const char *data, size_t n, void *userdata), api_cb done, void *userdata,
		 struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(file), *path = NULL, *range = range_of(part);

	path = escaped ? strprintf("FileGet?uid=%s", escaped) : NULL;
	if (!path || !range)
		return -ENOMEM;
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "GET",
				 .path = path,
				 .range = part->whole ? NULL : range,
				 .if_range = part->whole || isempty(part->if_range) ? NULL : part->if_range,
				 .on_header = on_header,
				 .on_data = on_data,
				 .can_hold = true,
				 .timeout = USEC_INFINITY,
				 .quiet = STREAM_QUIET,
			 },
			 done, userdata, ret);
}

int video_watched_encode(const char *video, uint64_t when, uint32_t seconds, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "videoUid", video);
	if (r == 0)
		r = json_add_time(o, "dateWatched", when);
	if (r == 0)
		r = json_add_u64(o, "watchDuration", seconds);
	return r < 0 ? r : encode_text(o, ret_json);
}

int video_watched_save(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
		       struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_FILE,
				 .method = "POST",
				 .path = "WatchedVideoSave",
				 .json = json,
				 .idempotency_key = key,
			 },
			 done, userdata, ret);
}
