/* Pictures of QR codes as files for a viewer. Who opens them is the caller's affair. */
#include "notifier/qr.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define PICTURE_MAX (1U << 20)
/* Longer than anybody looks at one, should nothing be heard of the order. */
#define KEEP_SEC (30 * 60)

struct qr {
	char *folder;
	GHashTable *pictures; /* uid → picture */
};

struct picture {
	struct qr *qr;
	char *uid, *path;
	guint timer;
};

static void picture_free(void *p)
{
	struct picture *picture = p;

	if (picture->timer != 0)
		g_source_remove(picture->timer);
	(void)g_unlink(picture->path);
	g_free(picture->uid);
	g_free(picture->path);
	g_free(picture);
}

/* Those of a run that did not come to its end. */
static void remove_old(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, /* error= */ NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_suffix(name, ".png"))
			(void)g_unlink(path);
	}
}

struct qr *qr_new(void)
{
	struct qr *q = g_new0(struct qr, 1);

	q->folder = g_build_filename(g_get_user_runtime_dir(), "customerclient-notifier", NULL);
	q->pictures = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, picture_free);
	remove_old(q->folder);
	return q;
}

void qr_free(struct qr *q)
{
	if (!q)
		return;
	g_hash_table_unref(q->pictures);
	(void)g_rmdir(q->folder);
	g_free(q->folder);
	g_free(q);
}

/* The descriptor's place is not ours alone: read from the beginning, wherever it stands. */
static int read_picture(int fd, GByteArray *to)
{
	static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	uint8_t buffer[16384];
	ssize_t n;

	while ((n = pread(fd, buffer, sizeof(buffer), to->len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (to->len + (size_t)n > PICTURE_MAX)
			return -EBADMSG;
		g_byte_array_append(to, buffer, (guint)n);
	}
	return to->len > sizeof(signature) && memcmp(to->data, signature, sizeof(signature)) == 0 ? 0 : -EBADMSG;
}

static gboolean on_old(void *userdata)
{
	struct picture *picture = userdata;

	picture->timer = 0;
	qr_forget(picture->qr, picture->uid);
	return G_SOURCE_REMOVE;
}

int qr_store(struct qr *q, const char *uid, int fd, const char **ret_path)
{
	g_autofree char *escaped = g_uri_escape_string(uid, /* allowed= */ NULL, /* allow_utf8= */ FALSE);
	g_autofree char *name = g_strconcat(escaped, ".png", NULL);
	g_autoptr(GByteArray) png = g_byte_array_new();
	g_autofree char *path = g_build_filename(q->folder, name, NULL);
	g_autoptr(GError) error = NULL;
	struct picture *picture;
	int r;

	r = read_picture(fd, png);
	if (r < 0)
		return r;
	if (g_mkdir_with_parents(q->folder, 0700) < 0)
		return -errno;
	if (!g_file_set_contents_full(path, (const char *)png->data, png->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
				      &error)) {
		log_warning("%s", error->message);
		return -EIO;
	}
	/* The file of before was replaced: only its timer goes. */
	picture = g_hash_table_lookup(q->pictures, uid);
	if (picture) {
		g_source_remove(picture->timer);
	} else {
		picture = g_new0(struct picture, 1);
		picture->qr = q;
		picture->uid = g_strdup(uid);
		picture->path = g_steal_pointer(&path);
		g_hash_table_insert(q->pictures, picture->uid, picture);
	}
	picture->timer = g_timeout_add_seconds(KEEP_SEC, on_old, picture);
	*ret_path = picture->path;
	return 0;
}

void qr_forget(struct qr *q, const char *uid)
{
	(void)g_hash_table_remove(q->pictures, uid);
}
