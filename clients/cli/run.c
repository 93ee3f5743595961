/* A child and a pipe, with a time limit. */
#include "clients/cli/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/timeutil.h"

extern char **environ;

static int spawn(char *const argv[], int out, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	int r;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &files, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* Until the end, the bound, or the time: 0, 1 or -ETIMEDOUT. */
static int gather(int fd, uint64_t until, char *text, size_t max, size_t *n)
{
	while (*n < max) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = now_monotonic();
		ssize_t k;

		if (now >= until)
			return -ETIMEDOUT;
		k = poll(&p, 1, (int)((until - now) / USEC_PER_MSEC) + 1);
		if (k < 0)
			return -errno;
		if (k == 0)
			continue;
		k = read(fd, text + *n, max - *n);
		if (k < 0)
			return -errno;
		if (k == 0)
			return 0;
		*n += (size_t)k;
	}
	return 1;
}

int run_output(char *const argv[], uint64_t usec, size_t max, char **ret)
{
	_cleanup_close_ int in = -1, out = -1;
	_cleanup_free_ char *text = malloc(max + 1);
	size_t n = 0;
	int fds[2], r, status;
	pid_t pid;

	if (!text)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	r = spawn(argv, out, &pid);
	if (r < 0)
		return r;
	closep(&out);
	out = -1;
	r = gather(in, now_monotonic() + usec, text, max, &n);
	/* What has more to say than is wanted, or does not end. */
	if (r != 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r < 0)
		return r;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return -EIO;
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}
