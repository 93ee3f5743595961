/* Keeping and opening files. What they hold is the callers' business. */
#include "clients/cli/open.h"

#include <fcntl.h>
#include <spawn.h>

extern char **environ;

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, data, n);

		if (k < 0 && errno == EINTR && !cli_interrupted())
			continue;
		if (k < 0)
			return -errno;
		data += k;
		n -= (size_t)k;
	}
	return 0;
}

int open_copy(int from, int to)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;
	int r;

	while ((n = pread(from, buf, sizeof(buf), at)) > 0) {
		r = write_all(to, buf, (size_t)n);
		if (r < 0)
			return r;
		at += n;
	}
	return n < 0 ? -errno : 0;
}

int open_keep(int fd, const char *name, const char *suffix, char **ret_path)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *path = xprintf("%s/customerclient-%s-XXXXXX%s",
					    isempty(folder) ? "/tmp" : folder, name, suffix);
	_cleanup_close_ int to = -1;
	int r;

	to = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = open_copy(fd, to);
	if (r < 0) {
		(void)unlink(path);
		return r;
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

bool open_possible(const struct cli *cli)
{
	return cli->input && (!isempty(getenv("DISPLAY")) || !isempty(getenv("WAYLAND_DISPLAY")));
}

int open_file(const char *path)
{
	char *argv[] = { (char *)"xdg-open", (char *)path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t pid;
	int r;

	if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attributes) != 0)
		return -ENOMEM;
	/* Its words are not this program's, and Ctrl-C is not meant for it. */
	r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawnp(&pid, argv[0], &files, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}
