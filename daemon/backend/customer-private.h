/* What the files of the customer backend share: its two kinds of request. Private to this folder. */
#pragma once

#include "backend/api.h"

/* A retry budget of 0 is one try (backend/api.h). */
int customer_get(struct api *a, const char *path, const char *etag, uint64_t budget, api_cb done, void *userdata,
		 struct api_call **ret);
int customer_post(struct api *a, const char *path, const char *json, const char *key, uint64_t budget, api_cb done,
		  void *userdata, struct api_call **ret);
