/* The videos of the file service, /FileService: their URLs and JSON. Their bytes are files: see also file.h. */
#pragma once

#include "backend/api.h"
#include "base/records.h"

#define VIDEO_LIST_MAX 1000U

int video_list_get(struct api *a, const char *etag, api_cb done, void *userdata, struct api_call **ret);
/* 0 or -EBADMSG. An address that is not https is left out: nobody is sent there. */
int video_decode(json_object *o, struct video *ret);
/* Whether a person may be sent there: https, and nothing in it but what a URL may have. */
bool video_web_address_is_good(const char *url);

/* Which part of a file is wanted. */
struct video_part {
	bool whole, suffix;
	uint64_t first, last; /* last UINT64_MAX: to the end; suffix: so many bytes before the end */
	const char *if_range; /* or NULL */
};
/* The part, as it comes, until it is held back by api_hold(). One try, without a bound in time but in silence. */
int video_stream(struct api *a, const char *file, const struct video_part *part,
		 void (*on_header)(const struct api_header *header, void *userdata),
		 void (*on_data)(const char *data, size_t n, void *userdata), api_cb done, void *userdata,
		 struct api_call **ret);

int video_watched_encode(const char *video, uint64_t when, uint32_t seconds, char **ret_json);
/* One try: the outbox repeats. */
int video_watched_save(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
		       struct api_call **ret);
