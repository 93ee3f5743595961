/* The files under the databases: whose they are, with which modes, and setting a damaged one aside. Nothing here
 * knows SQL. */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "store/store-sql.h"

#define HEADER "SQLite format 3" /* with its NUL, 16 bytes */

static char open_error[PATH_MAX + 256];

void store_set_open_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(open_error, sizeof(open_error), format, ap);
	va_end(ap);
}

const char *store_open_error(void)
{
	return open_error;
}

static int sync_parent(const char *path)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *parent = strdup(path);
	char *slash;

	if (!parent)
		return -ENOMEM;
	slash = strrchr(parent, '/');
	if (!slash)
		return 0;
	slash[slash == parent ? 1 : 0] = '\0';
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int make_folder(const char *path)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	/* What is durable in a folder is worth no more than the folder's own entry; some file systems cannot. */
	(void)sync_parent(path);
	return 0;
}

static int make_parents(const char *path)
{
	_cleanup_free_ char *p = strdup(path);
	int r;

	if (!p)
		return -ENOMEM;
	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = access(p, F_OK) < 0 ? make_folder(p) : 0;
		if (r < 0)
			return r;
		*slash = '/';
	}
	return 0;
}

static const char *folder_open(const char *path, int *ret_fd, int *ret_r)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	*ret_r = -EPERM;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return "it is a symbolic link";
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		return "it is not a folder";
	if (fd < 0 || fstat(fd, &st) < 0) {
		*ret_r = -errno;
		return strerrordesc_np(errno);
	}
	if (st.st_uid != geteuid())
		return "it belongs to another user";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it";
	if ((st.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0) {
		*ret_r = -errno;
		return "its mode could not be set to 0700";
	}
	*ret_fd = take_fd(&fd);
	*ret_r = 0;
	return NULL;
}

int store_folder(const char *path, char **ret, const char **ret_why)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *p = strdup(path);
	const char *why = NULL;
	char *real;
	int r;

	if (!p)
		r = -ENOMEM;
	else {
		for (size_t n = strlen(p); n > 1 && p[n - 1] == '/'; n--)
			p[n - 1] = '\0';
		r = make_parents(p);
		if (r >= 0)
			r = make_folder(p);
	}
	if (r >= 0)
		why = folder_open(p, &fd, &r);
	if (r >= 0) {
		real = realpath(p, NULL);
		if (real) {
			*ret = real;
			return 0;
		}
		r = -errno;
	}
	if (!why)
		why = strerrordesc_np(-r);
	store_set_open_error("The folder %s cannot be used: %s", path, why);
	if (ret_why)
		*ret_why = why;
	return r;
}

/* A plain file of our own; *ret_size is its length. `flags` may make it. */
static int check_plain(const char *path, int flags, off_t *ret_size, char header[static 16])
{
	_cleanup_close_ int fd = open(path, flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	const char *why = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EPERM : -errno;
		why = r == -EPERM ? "it is not a plain file" : strerrordesc_np(errno);
	} else {
		r = -EPERM;
		if (!S_ISREG(st.st_mode))
			why = "it is not a plain file";
		else if (st.st_uid != geteuid())
			why = "it belongs to another user";
		else if (st.st_nlink != 1)
			why = "it has a second name (hard link)";
		else if ((st.st_mode & 0777) != 0600 && fchmod(fd, 0600) < 0)
			why = "its mode could not be set to 0600";
	}
	if (why) {
		if (r != -ENOENT)
			store_set_open_error("The file %s cannot be used: %s", path, why);
		return r;
	}
	memset(header, 0, 16);
	if (pread(fd, header, 16, 0) < 0)
		return -errno;
	*ret_size = st.st_size;
	return 0;
}

static char *with_suffix(const char *path, const char *suffix)
{
	return strprintf("%s%s", path, suffix);
}

int store_file_check(const char *path)
{
	_cleanup_free_ char *wal = with_suffix(path, "-wal"), *shm = with_suffix(path, "-shm");
	_cleanup_free_ char *mark = with_suffix(path, ".is-damaged");
	off_t size = 0, wal_size = 0, ignored;
	char header[16], other[16];
	int r;

	if (!wal || !shm || !mark)
		return -ENOMEM;
	r = check_plain(path, O_CREAT, &size, header);
	if (r < 0)
		return r;
	r = check_plain(wal, 0, &wal_size, other);
	if (r < 0 && r != -ENOENT)
		return r;
	r = check_plain(shm, 0, &ignored, other);
	if (r < 0 && r != -ENOENT)
		return r;
	if (access(mark, F_OK) == 0) {
		store_set_open_error("The file %s was found damaged", path);
		return -EUCLEAN;
	}
	/* An empty file is a new one; but SQLite would quietly drop the log of one that was cut to nothing. */
	if (size == 0 ? wal_size > 0 : memcmp(header, HEADER, 16) != 0) {
		store_set_open_error("The file %s is damaged: it is not a database", path);
		return -EUCLEAN;
	}
	return 0;
}

void store_file_mark_damaged(const char *path)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *mark = with_suffix(path, ".is-damaged");

	if (mark)
		fd = open(mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int store_file_set_aside(const char *path, char **ret)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	_cleanup_free_ char *base = NULL, *mark = with_suffix(path, ".is-damaged");
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!mark)
		return -ENOMEM;
	if (!gmtime_r(&now, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return -EOVERFLOW;
	for (unsigned i = 0; i < 1000; i++) {
		free(base);
		base = i == 0 ? strprintf("%s.damaged-%s", path, when) : strprintf("%s.damaged-%s.%u", path, when, i);
		if (!base)
			return -ENOMEM;
		if (access(base, F_OK) < 0 && errno == ENOENT)
			break;
	}
	/* The database first: a log left without it is taken for damage again, not for a log of the new file. */
	for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
		_cleanup_free_ char *from = with_suffix(path, suffixes[i]), *to = with_suffix(base, suffixes[i]);

		if (!from || !to)
			return -ENOMEM;
		if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0 && errno != ENOENT) {
			int r = -errno;

			store_set_open_error("The damaged file %s could not be set aside: %s", path,
					     strerrordesc_np(-r));
			return r;
		}
	}
	(void)unlink(mark);
	(void)sync_parent(path);
	*ret = TAKE_PTR(base);
	return 0;
}
