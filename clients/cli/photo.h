/* Pictures that are sent to the service: opened and looked at before anything is sent. */
#pragma once

#include "clients/cli/cli.h"

#define PHOTOS_MAX 10                /* with one rating; the daemon takes no more */
#define PHOTO_SIZE_MAX (64ULL << 20) /* bytes; nor larger ones */

struct photo {
	const char *path; /* borrowed */
	const char *content_type;
	uint64_t size;
	int fd;
};

struct photos {
	struct photo list[PHOTOS_MAX];
	unsigned n;
};

/* Opens what --photo names. A folder, an empty file, one that is too large or no picture is told by its name. */
int photos_open(struct cli *cli, const struct args *args, struct photos *ret);
void photos_close(struct photos *p);
#define _cleanup_photos_ _cleanup_(photos_close)
/* Sends one after the other. *ret_uids: a strv, each uid once; what was sent stands there on failure too. Caller frees. */
int photos_send(struct cli *cli, const struct photos *p, char ***ret_uids);
/* Before a failure is told: what became of those that were sent. */
void photos_note_sent(char **uids);

/* By how the file begins: "image/jpeg", or NULL for what is no picture. */
const char *photo_content_type(const unsigned char *data, size_t n);
