/* Running a player. mpv is asked, through a socket of its own that only the two have, whether it plays; of others no
 * more is known than when they began and ended. */
#include "clients/cli/player.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/timeutil.h"
#include "clients/cli/open.h"

#define MPV_FD 3
#define LINE_MAX_BYTES (64U << 10)

extern char **environ;

/* What mpv says, a line of JSON each. */
struct listener {
	int fd; /* -1: nobody is listened to */
	char *line;
	size_t n;
	bool heard, plays;
	uint64_t since, played; /* µs; CLOCK_MONOTONIC */
};

bool player_exists(const char *program)
{
	_cleanup_free_ char *path = NULL;
	char *rest;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	path = xstrdup(strempty(getenv("PATH")));
	rest = path;
	for (char *folder; (folder = strsep(&rest, ":"));) {
		_cleanup_free_ char *file = xprintf("%s/%s", *folder ? folder : ".", program);

		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

const char *player_default(const struct cli *cli)
{
	if (player_exists("mpv"))
		return "mpv";
	return open_possible(cli) && player_exists("xdg-open") ? "xdg-open" : NULL;
}

static bool is_called(const char *program, const char *name)
{
	const char *slash = strrchr(program, '/');

	return streq(slash ? slash + 1 : program, name);
}

/* ---- mpv ---- */

static void listener_note(struct listener *l, bool plays)
{
	uint64_t now = now_monotonic();

	l->heard = true;
	if (l->plays)
		l->played += now - l->since;
	l->plays = plays;
	l->since = now;
}

/* {"event":"property-change","id":1,"name":"core-idle","data":false}: it is idle when paused, when it waits for data, and
 * before and after the video. */
static void listener_take_line(struct listener *l)
{
	_cleanup_json_ json_object *o = NULL;
	const char *event = NULL, *name = NULL;
	bool idle = true;

	if (json_parse(l->line, l->n, JSON_MAX_DEPTH, &o) < 0 || json_get_string(o, "event", &event) <= 0 ||
	    !streq(event, "property-change") || json_get_string(o, "name", &name) <= 0 || !streq(name, "core-idle"))
		return;
	(void)json_get_bool(o, "data", &idle);
	listener_note(l, !idle);
}

static void listener_end(struct listener *l)
{
	if (l->heard)
		listener_note(l, false);
	closep(&l->fd);
	l->fd = -1;
}

static void listener_read(struct listener *l)
{
	char buf[4096];
	ssize_t n = read(l->fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		listener_end(l);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			listener_take_line(l);
			l->n = 0;
		} else if (l->n < LINE_MAX_BYTES) {
			l->line[l->n++] = buf[i];
		}
	}
}

static int listener_begin(struct listener *l, int *ret_other)
{
	static const char wish[] = "{\"command\":[\"observe_property\",1,\"core-idle\"]}\n";
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	l->fd = pair[0];
	*ret_other = pair[1];
	l->line = xcheck(malloc(LINE_MAX_BYTES));
	return send(l->fd, wish, strlen(wish), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- running ---- */

static int spawn(const struct cli *cli, char *const *argv, int mpv_fd, const sigset_t *mask, pid_t *ret)
{
	bool keys = cli->input && !cli->json && isatty(STDIN_FILENO);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int r;

	if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attributes) != 0)
		return -ENOMEM;
	/* stdout is for data. */
	r = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	if (r == 0 && !keys)
		r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0 && mpv_fd >= 0)
		r = posix_spawn_file_actions_adddup2(&files, mpv_fd, MPV_FD);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attributes, mask);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &files, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* Until it has ended. `mask`: the signals that are let through only while nothing is under way here. */
static int wait_end(pid_t pid, struct listener *l, const sigset_t *mask, int *ret_status)
{
	_cleanup_close_ int end = pidfd_open(pid, 0);
	bool told = false;

	if (end < 0)
		return -errno;
	for (;;) {
		struct pollfd fds[] = { { .fd = end, .events = POLLIN }, { .fd = l->fd, .events = POLLIN } };

		if (ppoll(fds, ELEMENTSOF(fds), NULL, mask) < 0 && errno != EINTR)
			return -errno;
		/* On a terminal it has been told by that, too. */
		if (cli_interrupted() && !told) {
			told = true;
			(void)kill(pid, SIGTERM);
			continue;
		}
		if (l->fd >= 0 && fds[1].revents)
			listener_read(l);
		else if (fds[0].revents)
			break;
	}
	return waitpid(pid, ret_status, 0) < 0 ? -errno : 0;
}

static int run_and_wait(const struct cli *cli, char *const *argv, int mpv_fd, struct listener *l, int *ret_status)
{
	sigset_t held, before;
	pid_t pid;
	int r;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	r = spawn(cli, argv, mpv_fd, &before, &pid);
	if (mpv_fd >= 0)
		(void)close(mpv_fd);
	if (r >= 0)
		r = wait_end(pid, l, &before, ret_status);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

int player_run(const struct cli *cli, const char *program, const char *title, const char *url,
	       struct player_result *ret)
{
	bool mpv = is_called(program, "mpv"), launcher = is_called(program, "xdg-open");
	_cleanup_free_ char *clean = text_clean(title, /* lines= */ false), *title_option = NULL;
	char *plain[] = { (char *)program, (char *)url, NULL };
	char *with_mpv[] = { (char *)program, (char *)"--input-ipc-client=fd://3", NULL, (char *)"--", (char *)url, NULL };
	struct listener l = { .fd = -1 };
	uint64_t begin = now_monotonic();
	int other = -1, r = 0;

	title_option = xprintf("--force-media-title=%s", clean);
	with_mpv[2] = title_option;
	if (mpv)
		r = listener_begin(&l, &other);
	if (r >= 0)
		r = run_and_wait(cli, mpv ? with_mpv : plain, other, &l, &ret->status);
	else if (other >= 0)
		(void)close(other);
	listener_end(&l);
	free(l.line);
	ret->measure = l.heard ? PLAYER_TOLD : launcher || mpv ? PLAYER_UNKNOWN : PLAYER_CLOCK;
	ret->played = l.heard ? l.played : now_monotonic() - begin;
	return r;
}
