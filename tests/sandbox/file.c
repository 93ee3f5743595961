/*
 * Keeping files, and handing them out whole or in part.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include <openssl/evp.h>

#include "tests/sandbox/file.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/stream.h"
#include "tests/sandbox/videos.h"

static json_object *record(sqlite3_stmt *q)
{
	json_object *o = json_object_new_object();

	json_add_text(o, "uid", store_text(q, 0));
	json_add_text(o, "fileName", store_text(q, 1));
	json_add_text(o, "contentType", store_text(q, 2));
	json_add_int(o, "size", store_int(q, 3));
	json_add_text(o, "sha256", store_text(q, 4));
	return o;
}

void file_keep(struct call *c, const struct file *f)
{
	struct store *st = c->sandbox->store;
	AUTO_QUERY sqlite3_stmt *q = NULL;
	char uid[UUID_SIZE], digest[DIGEST_SIZE];

	digest_hex(f->data, f->size, digest);
	store_run(st, "DELETE FROM files WHERE user = ? AND source = ? AND sha256 <> ?", "itt", c->user.id, f->source,
		  digest);
	uuid_make(uid);
	store_run(st, "INSERT OR IGNORE INTO files (uid, user, name, type, sha256, source, data)"
		  " VALUES (?, ?, ?, ?, ?, ?, ?)", "tittttb", uid, c->user.id, f->name, f->content_type, digest,
		  f->source, f->data, f->size);
	q = store_query(st, "SELECT uid, name, type, length(data), sha256 FROM files"
			" WHERE uid = ?1 OR (user = ?2 AND source = ?3)", "tit", uid, c->user.id, f->source);
	(void)store_step(q);
	c->answer = record(q);
}

/* "10-20", "10-", "-20" of so many bytes: 1, or -ERANGE if there are none of them, or 0 for what is no such range. */
static int parse_range(const char *text, size_t size, size_t *ret_first, size_t *ret_last)
{
	bool is_suffix = *text == '-';
	unsigned long long first, last = size ? size - 1 : 0;
	char *end;

	text += is_suffix;
	if (!isdigit((unsigned char)*text))
		return 0;
	first = strtoull(text, &end, 10);
	if (is_suffix) {
		if (*end)
			return 0;
		if (first == 0 || size == 0)
			return -ERANGE;
		first = first > size ? 0 : size - first;
	} else {
		if (*end++ != '-')
			return 0;
		if (isdigit((unsigned char)*end))
			last = strtoull(end, &end, 10);
		if (*end || (last < first && first < size))
			return 0;
	}
	if (first >= size)
		return -ERANGE;
	*ret_first = first;
	*ret_last = last < size ? last : size - 1;
	return 1;
}

/* What of a file is asked for: 0 all, 1 the part, or the failure 416. */
static int read_range(struct call *c, const char *etag, size_t size, size_t *first, size_t *last)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(c->req);
	const char *range = evhttp_find_header(in, "Range"), *if_range = evhttp_find_header(in, "If-Range");
	AUTO_FREE char *content_range = NULL;
	int r;

	if (!range || strncmp(range, "bytes=", 6) != 0 || (if_range && strcmp(if_range, etag) != 0))
		return 0;
	r = parse_range(range + 6, size, first, last);
	if (r == 0)
		return 0;
	content_range = r > 0 ? xprintf("bytes %zu-%zu/%zu", *first, *last, size) : xprintf("bytes */%zu", size);
	evhttp_add_header(evhttp_request_get_output_headers(c->req), "Content-Range", content_range);
	if (r < 0)
		return call_fail(c, 416, "range-not-satisfiable", "The file has %zu bytes", size);
	return 1;
}

char *file_digest_header(const void *data, size_t size)
{
	unsigned char sum[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	unsigned n;

	if (!EVP_Digest(data, size, sum, &n, EVP_sha256(), NULL))
		die(1, "cannot compute a digest");
	EVP_EncodeBlock(base64, sum, (int)n);
	return xprintf("sha-256=:%s:", base64);
}

/* Header and status of an answer with a file of that digest; *first and *last: which part of it. */
static int answer_head(struct call *c, const char *sha256, const char *digest, size_t size, size_t *first,
		       size_t *last)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(c->req);
	const char *have = evhttp_find_header(evhttp_request_get_input_headers(c->req), "If-None-Match");
	AUTO_FREE char *etag = xprintf("\"%.32s\"", sha256);
	int r;

	evhttp_add_header(out, "ETag", etag);
	evhttp_add_header(out, "Accept-Ranges", "bytes");
	evhttp_add_header(out, "Repr-Digest", digest);
	if (have && (strstr(have, etag) || strcmp(have, "*") == 0)) {
		c->status = 304;
		return 0;
	}
	r = read_range(c, etag, size, first, last);
	if (r < 0)
		return r;
	c->status = r ? 206 : 200;
	return 0;
}

static int send_file(struct call *c, sqlite3_stmt *q)
{
	const char *data = sqlite3_column_blob(q, 5);
	size_t size = (size_t)store_int(q, 3), first = 0, last = size ? size - 1 : 0;
	AUTO_FREE char *digest = file_digest_header(size ? data : "", size);
	int r;

	r = answer_head(c, store_text(q, 4), digest, size, &first, &last);
	if (r < 0 || c->status == 304)
		return r;
	c->text_size = size ? last - first + 1 : 0;
	c->text = xcalloc(1, c->text_size + 1);
	if (c->text_size)
		memcpy(c->text, data + first, c->text_size);
	c->content_type = c->own_type = xstrdup(store_text(q, 2));
	return 0;
}

/* A digest as it is kept, in the form of Repr-Digest. */
static char *digest_header_from_hex(const char *hex)
{
	unsigned char sum[DIGEST_SIZE / 2], base64[DIGEST_SIZE];
	unsigned byte;

	for (size_t i = 0; i < sizeof(sum); i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die(1, "\"%s\" is no digest", hex);
		sum[i] = (unsigned char)byte;
	}
	EVP_EncodeBlock(base64, sum, sizeof(sum));
	return xprintf("sha-256=:%s:", base64);
}

/* Everybody may see the videos. */
static int send_video(struct call *c, const struct video *v)
{
	AUTO_FREE char *digest = digest_header_from_hex(v->digest);
	size_t size = (size_t)v->size, first = 0, last = size ? size - 1 : 0;
	int fd, r;

	r = answer_head(c, v->digest, digest, size, &first, &last);
	if (r < 0 || c->status == 304)
		return r;
	c->content_type = c->own_type = xstrdup(v->content_type);
	fd = open(v->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return call_fail(c, 404, "not-found", "The file is gone");
	c->part = xcalloc(1, sizeof(*c->part));
	*c->part = (struct stream_part){
		.fd = fd,
		.from = (int64_t)first,
		.size = size ? (int64_t)(last - first + 1) : 0,
		.range = videos_range_begin(c->sandbox, v->file_uid, (int64_t)first, (int64_t)last),
	};
	return 0;
}

int file_get(struct call *c)
{
	AUTO_QUERY sqlite3_stmt *q = NULL;
	const char *uid = call_query(c, "uid");
	const struct video *video;

	if (!uid)
		return call_fail(c, 400, "invalid-uid", "The parameter \"uid\" is missing");
	video = videos_find_file(c->sandbox, uid);
	if (video)
		return send_video(c, video);
	q = store_query(c->sandbox->store, "SELECT uid, name, type, length(data), sha256, data, user FROM files"
			" WHERE uid = ?", "t", uid);
	if (!store_step(q))
		return call_fail(c, 404, "not-found", "There is no file \"%.100s\"", uid);
	if (store_int(q, 6) != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This file is another user's");
	return send_file(c, q);
}
