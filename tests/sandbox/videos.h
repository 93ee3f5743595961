/*
 * The videos of the file service: two that are built in and lie elsewhere, those of --videos, and what tests add.
 */
#pragma once

#include "tests/sandbox/call.h"

struct video {
	char *uid, *title, *description, *genre, *youtube_url, *picture_url;
	int64_t seconds;
	char *file_uid; /* NULL: it lies elsewhere */
	char *path, *content_type;
	char digest[DIGEST_SIZE];      /* of the file as it was at `changed` */
	int64_t size, changed, inode;
};

struct videos;

/* @dir NULL: only those built in. -errno with a sentence on stderr. */
int videos_new(struct sandbox *s, const char *dir);
void videos_free(struct videos *v);
/* The video whose file has that uid, its digest and size as the file is now; NULL: none. */
const struct video *videos_find_file(struct sandbox *s, const char *file_uid);
/* How fast videos are sent; 0: as fast as it goes. */
int64_t videos_bytes_per_sec(const struct sandbox *s);

/* What of which file a connection was sent, for the journal. */
struct range *videos_range_begin(struct sandbox *s, const char *file_uid, int64_t from, int64_t to);
void videos_range_written(struct range *r, int64_t bytes);
/* How: "done", "cut" (by a fault) or "gone" (the client went away). */
void videos_range_end(struct range *r, const char *how);
json_object *videos_ranges_to_json(struct sandbox *s);
