/* Secrets from a caller's descriptor, without ever waiting for the caller; sealed memfds for the way back. Does not
 * know D-Bus. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bus/bus-fd.h"

enum source { FROM_FILE, FROM_PIPE, FROM_SOCKET };

struct fd_secret {
	char *name;
	int fd;
	enum source source;
	struct event *io, *timer;
	struct secret *text;
	fd_secret_cb done;
	void *userdata;
	uint64_t timeout;
};

void fd_secret_cancel(struct fd_secret *s)
{
	if (!s)
		return;
	if (s->io)
		event_free(s->io);
	if (s->timer)
		event_free(s->timer);
	if (s->fd >= 0)
		(void)close(s->fd);
	secret_unref(s->text);
	free(s->name);
	free(s);
}

static void fail(struct fd_secret *s, const char *why)
{
	_cleanup_free_ char *error = strprintf("The %s %s", s->name, why);
	fd_secret_cb done = s->done;
	void *userdata = s->userdata;

	fd_secret_cancel(s);
	done(NULL, error ? error : "Out of memory", userdata);
}

static void fail_errno(struct fd_secret *s, int error)
{
	_cleanup_free_ char *why = strprintf("could not be read from its descriptor: %s", strerror(error));

	fail(s, why ? why : "could not be read from its descriptor");
}

/* The whole text is there: without its newline it goes to the caller. */
static void finish(struct fd_secret *s)
{
	const char *text = secret_string(s->text);
	size_t n = secret_length(s->text);
	struct secret *secret;
	fd_secret_cb done = s->done;
	void *userdata = s->userdata;

	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 0)
		return fail(s, "is empty");
	if (!utf8_is_valid(text, n))
		return fail(s, "is not UTF-8 text");
	secret = secret_new(text, n);
	if (!secret)
		return fail(s, "does not fit into memory");
	fd_secret_cancel(s);
	done(secret, NULL, userdata);
}

/* Takes what is there. Returns 1 when more is to come, 0 when this has ended (and freed) s. */
static int take(struct fd_secret *s)
{
	char buf[FD_SECRET_MAX + 1];
	ssize_t n;
	int r;

	if (s->source == FROM_FILE)
		n = pread(s->fd, buf, sizeof(buf), 0);
	else if (s->source == FROM_SOCKET)
		n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);
	else
		n = read(s->fd, buf, sizeof(buf));
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 1;
		fail_errno(s, errno);
		return 0;
	}
	r = secret_append(s->text, buf, (size_t)n);
	wipe(buf, sizeof(buf));
	if (r < 0) {
		fail(s, "is longer than 4096 bytes");
		return 0;
	}
	if (n > 0 && s->source != FROM_FILE)
		return 1;
	finish(s);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	(void)take(userdata);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct fd_secret *s = userdata;
	_cleanup_free_ char *why = NULL;

	(void)fd;
	(void)what;
	if (s->source == FROM_FILE) {
		/* EINTR aside, a file never says "later". */
		if (take(s) > 0)
			fail_errno(s, EAGAIN);
		return;
	}
	why = strprintf("did not come to its end within %" PRIu64 " ms (close the writing end)", s->timeout / USEC_PER_MSEC);
	fail(s, why ? why : "did not come to its end in time");
}

/* Our own descriptor of it, that does not block. */
static int open_source(int fd, enum source *ret_source, const char **ret_why)
{
	char path[sizeof("/proc/self/fd/") + 12];
	struct stat st;
	int flags, type, own;
	socklen_t size = sizeof(type);

	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY) {
		*ret_why = "cannot be read: its descriptor is not open for reading";
		return -EINVAL;
	}
	if (S_ISFIFO(st.st_mode)) {
		/* O_NONBLOCK belongs to the open file, which the caller shares: open it once more. */
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		if (own < 0) {
			*ret_why = "cannot be read: its pipe belongs to somebody else";
			return -EINVAL;
		}
		*ret_source = FROM_PIPE;
		return own;
	}
	if (S_ISREG(st.st_mode)) {
		*ret_source = FROM_FILE;
	} else if (S_ISSOCK(st.st_mode) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
		   type == SOCK_STREAM) {
		*ret_source = FROM_SOCKET;
	} else {
		*ret_why = "must come from a file, a memfd, a pipe or a stream socket";
		return -EINVAL;
	}
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return own < 0 ? -errno : own;
}

int fd_secret_read(struct event_base *base, int fd, const char *name, uint64_t timeout, fd_secret_cb done, void *userdata,
		   struct fd_secret **ret, char **ret_error)
{
	_cleanup_(fd_secret_cancelp) struct fd_secret *s = new0(struct fd_secret, 1);
	const char *why = NULL;
	struct timeval tv = { 0 };

	if (!s)
		return -ENOMEM;
	s->fd = open_source(fd, &s->source, &why);
	if (s->fd == -EINVAL && why) {
		*ret_error = strprintf("The %s %s", name, why);
		return *ret_error ? -EINVAL : -ENOMEM;
	}
	if (s->fd < 0)
		return s->fd;

	s->done = done;
	s->userdata = userdata;
	s->timeout = timeout;
	s->name = strdup(name);
	s->text = secret_new_empty(FD_SECRET_MAX);
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->name || !s->text || !s->timer)
		return -ENOMEM;
	if (s->source != FROM_FILE) {
		s->io = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
		if (!s->io || event_add(s->io, NULL) < 0)
			return -ENOMEM;
		tv = (struct timeval){ .tv_sec = (time_t)(timeout / USEC_PER_SEC),
				       .tv_usec = (suseconds_t)(timeout % USEC_PER_SEC) };
	}
	/* A file is read in the loop's next turn, so that the callback never comes from here. */
	if (evtimer_add(s->timer, &tv) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(s);
	return 0;
}

int fd_sealed(const char *name, const void *data, size_t n, int *ret)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < n;) {
		ssize_t k = pwrite(fd, (const char *)data + done, n - done, (off_t)done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		done += (size_t)k;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	*ret = take_fd(&fd);
	return 0;
}
