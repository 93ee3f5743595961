/* Pictures for the service: what is one, and how it gets there. What they are sent for is in the verbs. */
#include "clients/cli/photo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "clients/cli/progress.h"

#define HEAD 64 /* bytes that say what a file is */

/* ISO/IEC 14496-12, "ftyp": size, major brand, version, compatible brands. The family that HEIC and AVIF are of. */
static const char *by_brand(const unsigned char *data, size_t n)
{
	static const struct {
		const char *brand, *content_type;
	} brands[] = {
		{ "heic", "image/heic" }, { "heix", "image/heic" }, { "heim", "image/heic" }, { "heis", "image/heic" },
		{ "avif", "image/avif" }, { "avis", "image/avif" }, { "mif1", "image/heif" },
	};

	for (size_t i = 0; i < ELEMENTSOF(brands); i++)
		for (size_t at = 8; at + 4 <= n; at += at == 8 ? 8 : 4)
			if (memcmp(data + at, brands[i].brand, 4) == 0)
				return brands[i].content_type;
	return NULL;
}

const char *photo_content_type(const unsigned char *data, size_t n)
{
	size_t box;

	if (n >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	if (n >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (n >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0)
		return "image/webp";
	if (n >= 6 && (memcmp(data, "GIF87a", 6) == 0 || memcmp(data, "GIF89a", 6) == 0))
		return "image/gif";
	if (n < 16 || memcmp(data + 4, "ftyp", 4) != 0 || data[0] || data[1])
		return NULL;
	box = (size_t)data[2] << 8 | data[3];
	return by_brand(data, box < n ? box : n);
}

static int photo_check(struct cli *cli, struct photo *p)
{
	unsigned char head[HEAD];
	struct stat st;
	ssize_t n;

	if (fstat(p->fd, &st) < 0)
		return cli_usage(cli, "'%s' cannot be read: %s", p->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cli_usage(cli, "'%s' is a folder and no picture", p->path);
	if (!S_ISREG(st.st_mode))
		return cli_usage(cli, "'%s' is no regular file", p->path);
	if (st.st_size == 0)
		return cli_usage(cli, "'%s' is empty", p->path);
	p->size = (uint64_t)st.st_size;
	if (p->size > PHOTO_SIZE_MAX)
		return cli_usage(cli, "'%s' has %.1f MiB; a photo has at most %llu MiB", p->path,
				 (double)p->size / (1 << 20), PHOTO_SIZE_MAX >> 20);
	n = pread(p->fd, head, sizeof(head), 0);
	if (n < 0)
		return cli_usage(cli, "'%s' cannot be read: %s", p->path, strerror(errno));
	p->content_type = photo_content_type(head, (size_t)n);
	if (!p->content_type)
		return cli_usage(cli, "'%s' is no picture that is known here (JPEG, PNG, WebP, HEIC, AVIF, GIF)",
				 p->path);
	return 0;
}

int photos_open(struct cli *cli, const struct args *args, struct photos *ret)
{
	const char *path;
	struct photo *p;
	int r;

	*ret = (struct photos){};
	for (unsigned i = 0; (path = args_option_at(args, "photo", i)); i++) {
		if (i >= PHOTOS_MAX)
			return cli_usage(cli, "More than %d photos are too many", PHOTOS_MAX);
		p = &ret->list[i];
		/* A pipe would hold us up. */
		*p = (struct photo){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) };
		if (p->fd < 0)
			return cli_usage(cli, "'%s' cannot be read: %s", path, strerror(errno));
		ret->n = i + 1;
		r = photo_check(cli, p);
		if (r < 0)
			return r;
	}
	return 0;
}

void photos_close(struct photos *p)
{
	for (unsigned i = 0; i < p->n; i++)
		closep(&p->list[i].fd);
	p->n = 0;
}

void photos_note_sent(char **uids)
{
	size_t n = strv_length(uids);

	if (n > 0)
		cli_note("%zu photo%s had been sent by then; %s with no rating.", n, n > 1 ? "s" : "",
			 n > 1 ? "they go" : "it goes");
}

static int send_one(struct cli *cli, const struct photo *p, char ***ret_uids)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_progress_ struct progress progress = {};
	const char *slash = strrchr(p->path, '/'), *uid;
	_cleanup_free_ char *name = text_clean(slash ? slash + 1 : p->path, false);
	_cleanup_free_ char *label = xprintf("%s ", name);
	int r;

	r = progress_begin(&progress, cli, label);
	if (r < 0)
		return r;
	r = client_call(cli->client, CC_IFACE_FILES, "Upload", &e, &reply, "sshs", name, p->content_type, p->fd,
			progress.transfer);
	progress_end(&progress);
	if (r < 0) {
		photos_note_sent(*ret_uids);
		/* Nobody minds if it arrived all the same: who repeats it has the same file. */
		return cli_fail_error(cli, &e, CLIENT_READS);
	}
	r = sd_bus_message_read(reply, "s", &uid);
	if (r < 0)
		return cli_bad_reply(cli, r, "Files.Upload");
	if (!strv_contains(*ret_uids, uid) && strv_push(ret_uids, uid) < 0)
		xcheck(NULL);
	return 0;
}

int photos_send(struct cli *cli, const struct photos *p, char ***ret_uids)
{
	int r = 0;

	for (unsigned i = 0; i < p->n && r >= 0; i++)
		r = send_one(cli, &p->list[i], ret_uids);
	return r;
}
