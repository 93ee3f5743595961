/* Writing a file beside its place, then moving it there. */
#include "clients/cli/save.h"

#include <fcntl.h>
#include <sys/stat.h>

static int cannot(struct cli *cli, const char *path, int error)
{
	return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "'%s' cannot be written: %s", path, strerror(error));
}

static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

/* A file of the same folder, with the rights that the one it replaces has. */
static int open_beside(struct save *s)
{
	struct stat st;
	int fd, error;

	s->temporary = xprintf("%s.XXXXXX", s->path);
	fd = mkostemp(s->temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, stat(s->path, &st) == 0 ? st.st_mode & 0777 : usual_mode()) == 0) {
		s->f = fdopen(fd, "w");
		if (s->f)
			return 0;
	}
	error = errno;
	(void)close(fd);
	(void)unlink(s->temporary);
	return -error;
}

static void save_done(struct save *s)
{
	free(s->path);
	free(s->temporary);
	*s = (struct save){};
}

int save_open(struct cli *cli, const char *path, struct save *ret)
{
	struct save s = {};
	struct stat st;
	int r;

	if (!path || streq(path, "-")) {
		*ret = (struct save){ .f = stdout };
		return 0;
	}
	/* A link stays one: what it leads to is replaced. */
	s.path = realpath(path, NULL);
	if (!s.path)
		s.path = xstrdup(path);
	if (stat(s.path, &st) == 0 && !S_ISREG(st.st_mode)) {
		s.f = fopen(s.path, "we");
		r = s.f ? 0 : -errno;
	} else
		r = open_beside(&s);
	if (r < 0) {
		save_done(&s);
		return cannot(cli, path, -r);
	}
	*ret = s;
	return 0;
}

int save_close(struct cli *cli, struct save *s, int r)
{
	int error = 0;

	if (s->f == stdout) /* what could not be written there is told at the end of the program */
		return r;
	if (ferror(s->f) || fflush(s->f) != 0 || (s->temporary && fsync(fileno(s->f)) < 0))
		error = errno ? errno : EIO;
	if (fclose(s->f) != 0 && !error)
		error = errno;
	if (r >= 0 && !error && s->temporary && rename(s->temporary, s->path) < 0)
		error = errno;
	if (s->temporary && (r < 0 || error))
		(void)unlink(s->temporary);
	if (r >= 0 && error)
		r = cannot(cli, s->path, error);
	save_done(s);
	return r;
}
