/* Files: fetched into a sealed memfd, resumed where the connection broke, handed on only when the digest fits; sent from
 * a descriptor with its digest. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"

#define FILE_MAX (256U << 20)
#define MAX_RESUMES 20
#define BACKOFF_BASE (250 * USEC_PER_MSEC)
#define BACKOFF_CAP (10 * USEC_PER_SEC)
#define TRANSFER_TIME (10 * USEC_PER_MIN)
#define CHUNK (64U << 10)

struct transfer {
	struct open_call call;
	struct core *core;
	char *uid, *name, *content_type, *sha256, *transfer, *etag, *key;
	uint64_t size, at, until; /* until: CLOCK_MONOTONIC */
	int fd;
	bool failed_write;
	struct api_call *http;
	struct event *timer;
	struct backoff backoff;
	struct failure failure;
	file_cb done;
	file_upload_cb upload_done;
	void *userdata;
};

static void transfer_free(void *p)
{
	struct transfer *t = p;

	if (!t)
		return;
	open_call_end(&t->call);
	if (t->timer)
		event_free(t->timer);
	closep(&t->fd);
	free(t->uid);
	free(t->name);
	free(t->content_type);
	free(t->sha256);
	free(t->transfer);
	free(t->etag);
	free(t->key);
	failure_done(&t->failure);
	free(t);
}
DEFINE_CLEANUP(struct transfer *, transfer_free);

static void transfer_end(struct core *c, void *data)
{
	_cleanup_(transfer_freep) struct transfer *t = data;
	const struct failure *f = t->failure.error == CC_E_NONE ? NULL : &t->failure;

	(void)c;
	if (t->upload_done)
		t->upload_done(f, strempty(t->uid), t->userdata);
	else
		t->done(f, t->fd, isempty(t->name) ? t->uid : t->name, strempty(t->content_type), t->userdata);
}

static struct transfer *transfer_new(struct core *c, const char *name, void *userdata)
{
	struct transfer *t = new0(struct transfer, 1);

	if (!t)
		return NULL;
	open_call_begin(c, &t->call, transfer_free);
	t->core = c;
	t->userdata = userdata;
	t->fd = -1;
	t->until = now_monotonic() + TRANSFER_TIME;
	t->backoff = (struct backoff){ .base = BACKOFF_BASE, .cap = BACKOFF_CAP };
	t->transfer = isempty(name) ? NULL : strdup(name);
	return t;
}

static void tell_progress(struct transfer *t, uint64_t done)
{
	const struct core_observer *o = t->core->observer;

	if (t->transfer && o && o->progress)
		o->progress(t->transfer, done, t->size, t->core->observer_data);
}

/* ---- digests ---- */

static int digest_fd(int fd, uint64_t size, char ret[static SHA256_HEX_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE], buffer[CHUNK];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	int r = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;

	for (uint64_t at = 0; r >= 0 && at < size;) {
		ssize_t got = pread(fd, buffer, sizeof(buffer), (off_t)at);

		if (got <= 0)
			r = got < 0 ? -errno : -EIO;
		else if (EVP_DigestUpdate(ctx, buffer, (size_t)got) != 1)
			r = -ENOMEM;
		else
			at += (uint64_t)got;
	}
	if (r >= 0 && EVP_DigestFinal_ex(ctx, bytes, &n) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; r >= 0 && i < n; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	ret[SHA256_HEX_SIZE - 1] = '\0';
	return r;
}

/* "sha-256=:BASE64:" (RFC 9530) to hex; false: another algorithm, or no digest. */
static bool repr_digest_hex(const char *field, char ret[static SHA256_HEX_SIZE])
{
	const char *begin = field ? strstr(field, "sha-256=:") : NULL;
	unsigned char bytes[36];

	if (!begin || strlen(begin) < 9 + 44 || begin[9 + 44] != ':')
		return false;
	if (EVP_DecodeBlock(bytes, (const unsigned char *)begin + 9, 44) != 33)
		return false;
	for (unsigned i = 0; i < 32; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	ret[SHA256_HEX_SIZE - 1] = '\0';
	return true;
}

/* ---- fetching ---- */

static void fetch_try(struct transfer *t);

static void fetch_data(const char *data, size_t n, void *userdata)
{
	struct transfer *t = userdata;

	if (t->failed_write)
		return;
	if (t->at + n > FILE_MAX || (t->size > 0 && t->at + n > t->size)) {
		failure_set(&t->failure, CC_E_PROTOCOL, "The file is larger than it was said to be");
		t->failed_write = true;
	} else if (pwrite(t->fd, data, n, (off_t)t->at) != (ssize_t)n) {
		failure_set(&t->failure, CC_E_STORAGE, "No memory for the file");
		t->failed_write = true;
	}
	if (t->failed_write)
		return;
	t->at += n;
	tell_progress(t, t->at);
}

static int check_digest(struct transfer *t, const char *repr_digest)
{
	char own[SHA256_HEX_SIZE], theirs[SHA256_HEX_SIZE];
	const char *expected = t->sha256;

	if (!expected && repr_digest_hex(repr_digest, theirs))
		expected = theirs;
	if (!expected)
		return 0;
	if (digest_fd(t->fd, t->at, own) < 0)
		return failure_set(&t->failure, CC_E_STORAGE, "The file's digest could not be made");
	if (!streq(own, expected))
		return failure_set(&t->failure, CC_E_PROTOCOL, "The file's digest does not fit: it was damaged on its way and "
				   "is not handed on");
	return 0;
}

static void fetch_complete(struct transfer *t, const struct api_reply *reply)
{
	if (!t->content_type && reply->content_type)
		t->content_type = strdup(reply->content_type);
	if (t->size > 0 && t->at != t->size)
		failure_set(&t->failure, CC_E_PROTOCOL, "The file is shorter than it was said to be");
	else if (check_digest(t, reply->repr_digest) >= 0 &&
		 fcntl(t->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		failure_set(&t->failure, CC_E_STORAGE, "The file could not be sealed: %s", strerror(errno));
	tell_progress(t, t->at);
	transfer_end(t->core, t);
}

static void fetch_answered(const struct api_reply *reply, void *userdata)
{
	struct transfer *t = userdata;

	t->http = NULL;
	if (reply->etag)
		(void)free_and_strdup(&t->etag, reply->etag);
	if (t->failed_write) {
		transfer_end(t->core, t);
	} else if (reply->outcome == API_OK) {
		fetch_complete(t, reply);
	} else if ((reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT ||
		    reply->outcome == API_SERVER_ERROR) &&
		   !streq_ptr(reply->code, API_CODE_LOCKED) && t->backoff.attempt < MAX_RESUMES && now_monotonic() < t->until) {
		core_arm(t->timer, backoff_next_after(&t->backoff, reply->retry_after));
	} else {
		failure_from_reply(&t->failure, reply);
		transfer_end(t->core, t);
	}
}

static void fetch_try(struct transfer *t)
{
	/* Without an ETag nothing says that it is still the same file: from the beginning. */
	if (!t->etag && t->at > 0) {
		t->at = 0;
		(void)ftruncate(t->fd, 0);
	}
	if (file_get(t->core->api, t->uid, t->at, t->etag, FILE_MAX, fetch_data, fetch_answered, t, &t->http) < 0) {
		failure_set(&t->failure, CC_E_BACKEND, "The file could not be asked for");
		(void)core_defer(t->core, transfer_end, t, NULL);
	}
}

static void fetch_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	fetch_try(userdata);
}

static int fetch_begin(struct transfer *t)
{
	t->timer = evtimer_new(t->core->base, fetch_due, t);
	t->fd = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (!t->timer || t->fd < 0)
		return failure_set(&t->failure, CC_E_STORAGE, "No memory for the file");
	fetch_try(t);
	return 0;
}

void file_fetch(struct core *c, const char *uid, const char *transfer, file_cb done, void *userdata)
{
	struct file_record record = { .uid = (char *)uid };

	file_fetch_record(c, &record, transfer, done, userdata);
}

void file_fetch_record(struct core *c, const struct file_record *record, const char *transfer, file_cb done,
		       void *userdata)
{
	struct transfer *t = transfer_new(c, transfer, userdata);
	int r;

	if (!t)
		return;
	t->done = done;
	t->size = record->size;
	r = session_require(c, /* reading= */ false, &t->failure);
	if (r >= 0 && (isempty(record->uid) || free_and_strdup(&t->uid, record->uid) < 0 ||
		       free_and_strdup(&t->name, record->name) < 0 ||
		       free_and_strdup(&t->content_type, record->content_type) < 0 ||
		       free_and_strdup(&t->sha256, record->sha256) < 0))
		r = failure_set(&t->failure, CC_E_INVALID_ARGS, "The file's uid is empty");
	if (r >= 0 && record->size > FILE_MAX)
		r = failure_set(&t->failure, CC_E_PROTOCOL, "The file is larger than %u MiB", FILE_MAX >> 20);
	if (r >= 0)
		r = fetch_begin(t);
	if (r < 0)
		(void)core_defer(c, transfer_end, t, NULL);
}

/* ---- sending ---- */

static void send_try(struct transfer *t);

static void send_sent(uint64_t sent, void *userdata)
{
	tell_progress(userdata, sent);
}

static void send_answered(const struct api_reply *reply, void *userdata)
{
	struct transfer *t = userdata;
	struct file_record file = { 0 };

	t->http = NULL;
	if (reply->outcome == API_OK && file_decode(reply->body, &file) >= 0) {
		if (file.sha256 && !streq(file.sha256, t->sha256))
			failure_set(&t->failure, CC_E_PROTOCOL, "The service has another file than was sent: the digest "
				    "differs");
		t->uid = TAKE_PTR(file.uid);
		file_record_done(&file);
	} else if (reply->outcome == API_OK) {
		failure_set(&t->failure, CC_E_PROTOCOL, "The service's answer to the upload made no sense");
	} else if ((reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT ||
		    reply->outcome == API_SERVER_ERROR) &&
		   reply->sent && t->backoff.attempt < MAX_RESUMES && now_monotonic() < t->until) {
		/* The same key: a file that arrived is not stored twice. */
		core_arm(t->timer, backoff_next_after(&t->backoff, reply->retry_after));
		return;
	} else {
		failure_from_reply(&t->failure, reply);
	}
	transfer_end(t->core, t);
}

static void send_try(struct transfer *t)
{
	if (file_upload(t->core->api, t->name, t->content_type, t->fd, t->size, t->sha256, t->key,
			t->transfer ? send_sent : NULL, send_answered, t, &t->http) < 0) {
		failure_set(&t->failure, CC_E_INVALID_ARGS, "The file's name or type cannot be sent");
		(void)core_defer(t->core, transfer_end, t, NULL);
	}
}

static void send_due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	send_try(userdata);
}

/* From whose it is and what is sent: who sends a file again because no answer came, or because we died, has it at the
 * service once. */
static int send_key(const struct transfer *t, const char *digest, char ret[static UUID_SIZE])
{
	_cleanup_free_ char *text = strprintf("upload %s %s %s %s", strempty(t->core->session.row.user), digest,
					      t->content_type, t->name);

	return text ? uuid_from_text(text, ret) : -ENOMEM;
}

static int send_begin(struct transfer *t, int fd)
{
	char digest[SHA256_HEX_SIZE], key[UUID_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return failure_set(&t->failure, CC_E_INVALID_ARGS, "The file is not a regular file or memfd");
	if (st.st_size <= 0 || st.st_size > (off_t)FILE_UPLOAD_MAX)
		return failure_set(&t->failure, CC_E_INVALID_ARGS, "The file has %lld bytes and not 1 to %u",
				   (long long)st.st_size, FILE_UPLOAD_MAX);
	t->size = (uint64_t)st.st_size;
	t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	t->timer = evtimer_new(t->core->base, send_due, t);
	if (t->fd < 0 || !t->timer || digest_fd(t->fd, t->size, digest) < 0)
		return failure_set(&t->failure, CC_E_STORAGE, "The file could not be read");
	t->sha256 = strdup(digest);
	if (send_key(t, digest, key) >= 0)
		t->key = strdup(key);
	if (!t->sha256 || !t->key)
		return failure_set(&t->failure, CC_E_STORAGE, "No memory for the upload");
	send_try(t);
	return 0;
}

void file_send(struct core *c, const char *name, const char *content_type, int fd, const char *transfer,
	       file_upload_cb done, void *userdata)
{
	struct transfer *t = transfer_new(c, transfer, userdata);
	int r;

	if (!t)
		return;
	t->upload_done = done;
	r = session_require(c, /* reading= */ false, &t->failure);
	if (r >= 0 && (isempty(name) || isempty(content_type)))
		r = failure_set(&t->failure, CC_E_INVALID_ARGS, "The file's %s is empty", isempty(name) ? "name" : "type");
	if (r >= 0 && (free_and_strdup(&t->name, name) < 0 || free_and_strdup(&t->content_type, content_type) < 0))
		r = failure_set(&t->failure, CC_E_STORAGE, "No memory for the upload");
	if (r >= 0)
		r = send_begin(t, fd);
	if (r < 0)
		(void)core_defer(c, transfer_end, t, NULL);
}
