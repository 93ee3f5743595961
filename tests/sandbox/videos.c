/*
 * Which videos there are and what was watched and sent of them. Their bytes are on disk and never in memory whole:
 * stream.c sends them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tests/sandbox/handlers.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/videos.h"

enum { VIDEOS_MAX = 500, RANGES_MAX = 2000, SIDECAR_MAX = 64 * 1024, WATCHED_SEC_MAX = 24 * 3600 };

/* A ring: a pointer to an entry is good as long as fewer than RANGES_MAX are open. */
struct range {
	int64_t number, from, to, written;
	char file_uid[80];
	const char *how; /* NULL: open */
};

struct videos {
	struct video *list[VIDEOS_MAX];
	size_t n;
	int64_t bytes_per_sec, ranges_total;
	struct range ranges[RANGES_MAX];
};

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".mp4", "video/mp4" },
	{ ".webm", "video/webm" },
	{ ".mkv", "video/x-matroska" },
	{ ".ogv", "video/ogg" },
};

static void video_free(struct video *v)
{
	free(v->uid);
	free(v->title);
	free(v->description);
	free(v->genre);
	free(v->youtube_url);
	free(v->picture_url);
	free(v->file_uid);
	free(v->path);
	free(v->content_type);
	free(v);
}

/* From a JSON object with the members of Video; what it does not say stays as it is. */
static void video_read(struct video *v, json_object *o)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "uid", &v->uid }, { "title", &v->title }, { "description", &v->description }, { "genre", &v->genre },
		{ "youTubeUrl", &v->youtube_url }, { "pictureUrl", &v->picture_url }, { "fileUid", &v->file_uid },
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const char *text = NULL;

		if (json_string_member(o, texts[i].name, &text) < 0 || !text)
			continue;
		free(*texts[i].text);
		*texts[i].text = xstrdup(text);
	}
	(void)json_int_member(o, "lengthSeconds", v->seconds, &v->seconds);
}

/* A uid that is the same at each start. */
static char *uid_from(const char *purpose, const char *name)
{
	AUTO_FREE char *text = xprintf("%s %s", purpose, name);
	uint64_t rng = rng_seed_from(text);
	char uid[UUID_SIZE];

	uuid_from(&rng, uid);
	return xstrdup(uid);
}

static int digest_file(int fd, char out[DIGEST_SIZE])
{
	unsigned char buffer[64 * 1024], sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	off_t at = 0;
	unsigned n;
	ssize_t got;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		die(1, "cannot compute a digest");
	while ((got = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		if (!EVP_DigestUpdate(ctx, buffer, (size_t)got))
			die(1, "cannot compute a digest");
		at += got;
	}
	if (!EVP_DigestFinal_ex(ctx, sum, &n))
		die(1, "cannot compute a digest");
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	return got < 0 ? -errno : 0;
}

/* Size and digest, anew when the file is another than last time. */
static int video_look(struct video *v)
{
	int fd = open(v->path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat st;
	int64_t changed;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	changed = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	if (changed != v->changed || st.st_size != v->size || (int64_t)st.st_ino != v->inode) {
		r = digest_file(fd, v->digest);
		v->changed = changed;
		v->size = st.st_size;
		v->inode = (int64_t)st.st_ino;
	}
	close(fd);
	return r;
}

static void read_sidecar(struct video *v, const char *path)
{
	AUTO_FREE char *text = xcalloc(1, SIDECAR_MAX + 1);
	json_object *o AUTO_JSON = NULL;
	const char *why = NULL;
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return;
	n = fread(text, 1, SIDECAR_MAX, f);
	fclose(f);
	if (json_read_object(text, n, &o, &why) < 0)
		die(1, "%s: %s", path, why);
	video_read(v, o);
}

static void add_file(struct videos *all, const char *dir, const char *name)
{
	const char *dot = strrchr(name, '.'), *type = NULL;
	AUTO_FREE char *stem = NULL, *sidecar = NULL;
	struct video *v;
	int r;

	for (size_t i = 0; dot && i < COUNT_OF(types); i++)
		if (strcmp(dot, types[i].suffix) == 0)
			type = types[i].type;
	if (!type)
		return;
	if (all->n == VIDEOS_MAX)
		die(1, "%s has more than %d videos", dir, VIDEOS_MAX);
	stem = xprintf("%.*s", (int)(dot - name), name);
	sidecar = xprintf("%s/%s.json", dir, stem);
	v = all->list[all->n++] = xcalloc(1, sizeof(*v));
	v->uid = uid_from("video", name);
	v->file_uid = uid_from("video file", name);
	v->title = xstrdup(stem);
	v->path = xprintf("%s/%s", dir, name);
	v->content_type = xstrdup(type);
	read_sidecar(v, sidecar);
	r = video_look(v);
	if (r < 0)
		die(1, "cannot read %s: %s", v->path, strerror(-r));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct videos *all, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, by_name);

	if (n < 0) {
		n = -errno;
		log_line("cannot read the folder %s: %s", dir, strerror(errno));
		return n;
	}
	for (int i = 0; i < n; i++) {
		add_file(all, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

static void add_built_in(struct videos *all)
{
	static const struct {
		const char *title, *description, *genre, *url;
		int64_t seconds;
	} built_in[] = {
		{ "How to cook borscht", "Beetroot, patience and sour cream", "Cooking",
		  "https://www.youtube.com/watch?v=dQw4w9WgXcQ", 734 },
		{ "From oven to door", "A courier's evening in the rain", "Documentary",
		  "https://www.youtube.com/watch?v=aqz-KE-bpKQ", 512 },
	};

	for (size_t i = 0; i < COUNT_OF(built_in); i++) {
		struct video *v = all->list[all->n++] = xcalloc(1, sizeof(*v));

		v->uid = uid_from("video", built_in[i].title);
		v->title = xstrdup(built_in[i].title);
		v->description = xstrdup(built_in[i].description);
		v->genre = xstrdup(built_in[i].genre);
		v->youtube_url = xstrdup(built_in[i].url);
		v->seconds = built_in[i].seconds;
	}
}

int videos_new(struct sandbox *s, const char *dir)
{
	s->videos = xcalloc(1, sizeof(*s->videos));
	add_built_in(s->videos);
	return dir ? add_folder(s->videos, dir) : 0;
}

void videos_free(struct videos *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++)
		video_free(v->list[i]);
	free(v);
}

const struct video *videos_find_file(struct sandbox *s, const char *file_uid)
{
	for (size_t i = 0; i < s->videos->n; i++) {
		struct video *v = s->videos->list[i];

		if (v->path && v->file_uid && strcmp(v->file_uid, file_uid) == 0)
			return video_look(v) < 0 ? NULL : v;
	}
	return NULL;
}

int64_t videos_bytes_per_sec(const struct sandbox *s)
{
	return s->videos->bytes_per_sec;
}

static const struct video *find(struct sandbox *s, const char *uid)
{
	for (size_t i = 0; i < s->videos->n; i++)
		if (strcmp(s->videos->list[i]->uid, uid) == 0)
			return s->videos->list[i];
	return NULL;
}

/* ---- what was sent ---- */

struct range *videos_range_begin(struct sandbox *s, const char *file_uid, int64_t from, int64_t to)
{
	struct videos *v = s->videos;
	struct range *r = &v->ranges[v->ranges_total++ % RANGES_MAX];

	*r = (struct range){ .number = v->ranges_total, .from = from, .to = to };
	snprintf(r->file_uid, sizeof(r->file_uid), "%s", file_uid);
	return r;
}

void videos_range_written(struct range *r, int64_t bytes)
{
	r->written += bytes;
}

void videos_range_end(struct range *r, const char *how)
{
	r->how = how;
}

json_object *videos_ranges_to_json(struct sandbox *s)
{
	const struct videos *v = s->videos;
	int64_t first = v->ranges_total > RANGES_MAX ? v->ranges_total - RANGES_MAX : 0;
	json_object *a = json_object_new_array();

	for (int64_t i = first; i < v->ranges_total; i++) {
		const struct range *r = &v->ranges[i % RANGES_MAX];
		json_object *o = json_object_new_object();

		json_add_int(o, "number", r->number);
		json_add_text(o, "fileUid", r->file_uid);
		json_add_int(o, "from", r->from);
		json_add_int(o, "to", r->to);
		json_add_int(o, "written", r->written);
		json_add_text(o, "end", r->how);
		json_object_array_add(a, o);
	}
	return a;
}

/* ---- calls ---- */

static json_object *video_to_json(const struct video *v)
{
	json_object *o = json_object_new_object();

	json_add_text(o, "uid", v->uid);
	json_add_text(o, "title", v->title);
	json_add_text(o, "description", v->description);
	json_add_text(o, "genre", v->genre);
	json_add_int(o, "lengthSeconds", v->seconds);
	json_add_text(o, "fileUid", v->file_uid);
	json_add_text(o, "youTubeUrl", v->youtube_url);
	json_add_text(o, "pictureUrl", v->picture_url);
	return o;
}

int videos_get(struct call *c)
{
	c->answer = json_object_new_array();
	for (size_t i = 0; i < c->sandbox->videos->n; i++)
		json_object_array_add(c->answer, video_to_json(c->sandbox->videos->list[i]));
	return 0;
}

int videos_watched_save(struct call *c)
{
	json_object *detail AUTO_JSON = NULL;
	const char *uid, *date;
	int64_t seconds, when;
	int r;

	r = call_text(c, "videoUid", 1, 100, &uid);
	if (r == 0)
		r = call_text(c, "dateWatched", 1, DATE_TEXT_SIZE, &date);
	if (r < 0)
		return r;
	if (!find(c->sandbox, uid))
		return call_fail(c, 404, "not-found", "There is no video \"%.100s\"", uid);
	if (date_parse(date, &when) < 0)
		return call_fail(c, 422, "invalid-date-watched", "\"dateWatched\" is no date");
	if (json_int_member(c->body, "watchDuration", -1, &seconds) < 0 || seconds < 0 || seconds > WATCHED_SEC_MAX)
		return call_fail(c, 422, "invalid-watch-duration", "\"watchDuration\" is no integer from 0 to %d",
				 WATCHED_SEC_MAX);
	detail = json_object_new_object();
	json_add_text(detail, "videoUid", uid);
	json_add_date(detail, "dateWatched", when);
	json_add_int(detail, "watchDuration", seconds);
	journal_add(c, "watched", NULL, json_text(detail));
	c->status = 204;
	return 0;
}

static int add_one(struct call *c, json_object *o)
{
	struct videos *all = c->sandbox->videos;
	struct video *v;

	if (all->n == VIDEOS_MAX)
		return call_fail(c, 409, "too-many-videos", "There are %d videos already", VIDEOS_MAX);
	v = all->list[all->n++] = xcalloc(1, sizeof(*v));
	video_read(v, o);
	if (!v->uid)
		v->uid = uid_from("added", v->title ? v->title : "");
	return 0;
}

static void remove_one(struct videos *all, const char *uid)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i]->uid, uid) != 0)
			all->list[kept++] = all->list[i];
		else
			video_free(all->list[i]);
	all->n = kept;
}

int control_videos_get(struct call *c)
{
	c->answer = json_object_new_object();
	json_add_int(c->answer, "bytesPerSec", c->sandbox->videos->bytes_per_sec);
	json_object_object_add(c->answer, "ranges", videos_ranges_to_json(c->sandbox));
	return 0;
}

int control_videos(struct call *c)
{
	struct videos *all = c->sandbox->videos;
	json_object *add = json_member(c->body, "add");
	const char *gone = NULL;
	int64_t rate;
	int r;

	if (json_int_member(c->body, "bytesPerSec", all->bytes_per_sec, &rate) < 0 || rate < 0)
		return call_fail(c, 422, "invalid-bytes-per-sec", "\"bytesPerSec\" is no integer that is not negative");
	if (add && !json_object_is_type(add, json_type_object))
		return call_fail(c, 422, "invalid-add", "\"add\" is no video");
	r = call_optional_text(c, "remove", 100, &gone);
	if (r == 0 && add)
		r = add_one(c, add);
	if (r < 0)
		return r;
	if (gone)
		remove_one(all, gone);
	all->bytes_per_sec = rate;
	return control_videos_get(c);
}
