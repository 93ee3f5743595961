/* Pictures of QR codes as files for a viewer, in a folder of the runtime directory that only the person can read.
 * They go when they are of no use any more, and all of them at the start and at the end. */
#pragma once

struct qr;

struct qr *qr_new(void);
/* Removes what is left. */
void qr_free(struct qr *q);

/* Reads the picture from `fd` and writes it to the order's file. *ret_path is valid until the next call. -EBADMSG:
 * it is no PNG or too large; or a negative errno. */
int qr_store(struct qr *q, const char *uid, int fd, const char **ret_path);
/* Nothing happens when there is none. */
void qr_forget(struct qr *q, const char *uid);
