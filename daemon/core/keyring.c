/* Runs customerclient-keyring: request and answer by a socket pair, an end in any case. */
#include "core/keyring.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/keyring-protocol.h"
#include "base/log.h"

#define LIMIT_SEC 5
#define MAX_CHILDREN 8 /* ended or killed, and not yet waited for */

struct keyring_call {
	TAILQ_ENTRY(keyring_call) link;
	struct keyring *keyring;
	enum keyring_operation operation;
	struct secret *request, *answer;
	keyring_cb done;
	void *userdata;
	bool started;
	pid_t pid; /* 0: there is none */
	int fd;
	struct event *read, *timer;
};

struct keyring {
	struct event_base *base;
	TAILQ_HEAD(, keyring_call) calls; /* the first one is under way */
	struct event *child;
	pid_t children[MAX_CHILDREN];
	char *helper;
};

static void run_next(struct keyring *k);

static const char *const operations[] = {
	[KEYRING_STORE] = KEYRING_OP_STORE,
	[KEYRING_LOOKUP] = KEYRING_OP_LOOKUP,
	[KEYRING_CLEAR] = KEYRING_OP_CLEAR,
};

static const char *const words[] = {
	[KEYRING_OK] = KEYRING_IS_OK,         [KEYRING_NONE] = KEYRING_IS_NONE,   [KEYRING_LOCKED] = KEYRING_IS_LOCKED,
	[KEYRING_ABSENT] = KEYRING_IS_ABSENT, [KEYRING_PLAIN] = KEYRING_IS_PLAIN, [KEYRING_FAILED] = KEYRING_IS_FAILED,
};

/* ---- the helper ---- */

/* Beside a daemon that runs where it was built; else where it was installed. */
static char *find_helper(void)
{
	static const char *const places[] = { "keyring/" KEYRING_HELPER, KEYRING_HELPER };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < ELEMENTSOF(places); i++) {
		_cleanup_free_ char *path = strprintf("%.*s/%s", (int)(slash - self), self, places[i]);

		if (path && access(path, X_OK) == 0)
			return TAKE_PTR(path);
	}
	return strdup(LIBEXECDIR "/" KEYRING_HELPER);
}

static void reap(struct keyring *k, int how)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (k->children[i] > 0 && waitpid(k->children[i], NULL, how) != 0)
			k->children[i] = 0;
}

static void child_ended(evutil_socket_t number, short what, void *userdata)
{
	(void)number, (void)what;
	reap(userdata, WNOHANG);
}

static void leave_child(struct keyring *k, pid_t pid)
{
	if (waitpid(pid, NULL, WNOHANG) != 0)
		return;
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (k->children[i] == 0) {
			k->children[i] = pid;
			return;
		}
	/* One call at a time: only what was killed and cannot die collects here. */
	log_warning("Process %d of the keyring does not end, ignoring", (int)pid);
}

static int spawn(const char *helper, int fd, pid_t *ret)
{
	char *const argv[] = { (char *)KEYRING_HELPER, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	pid_t pid = 0;
	int r;

	(void)sigemptyset(&none);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)sigaddset(&usual, SIGXFSZ);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &usual);
	r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	/* Not all of curl's sockets are closed on exec. */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawn(&pid, helper, &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (r == 0)
		*ret = pid;
	return -r;
}

/* ---- a call ---- */

static void call_free(struct keyring_call *call)
{
	if (!call)
		return;
	if (call->read)
		event_free(call->read);
	if (call->timer)
		event_free(call->timer);
	if (call->fd >= 0)
		(void)close(call->fd);
	secret_unref(call->request);
	secret_unref(call->answer);
	free(call);
}
DEFINE_CLEANUP(struct keyring_call *, call_free);

/* Off the list and off its process, which is killed unless it has ended. */
static void call_part(struct keyring_call *call)
{
	struct keyring *k = call->keyring;

	TAILQ_REMOVE(&k->calls, call, link);
	if (call->pid > 0) {
		(void)kill(call->pid, SIGKILL);
		leave_child(k, call->pid);
	}
}

static void call_end(struct keyring_call *call, enum keyring_status status, struct secret *token, const char *reason)
{
	_cleanup_(call_freep) struct keyring_call *own = call;
	struct keyring *k = call->keyring;

	log_debug("The keyring was asked to %s: %s", operations[call->operation], words[status]);
	call_part(call);
	run_next(k);
	own->done(status, token, reason, own->userdata);
}

/* It goes into a header; who can write to the keyring may have written anything. */
static bool is_token(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return n > 0;
}

static void call_answered(struct keyring_call *call)
{
	const char *text = secret_string(call->answer);
	size_t length = secret_length(call->answer), word = strnlen(text, length);
	_cleanup_secret_ struct secret *token = NULL;

	for (size_t i = 0; word < length && i < ELEMENTSOF(words); i++) {
		if (!streq(text, words[i]))
			continue;
		if (i == KEYRING_OK && length > word + 1) {
			if (!is_token(text + word + 1, length - word - 1)) {
				call_end(call, KEYRING_FAILED, NULL, "what is kept there is no token");
				return;
			}
			token = secret_new(text + word + 1, length - word - 1);
			if (!token)
				break;
		}
		call_end(call, (enum keyring_status)i, token, i == KEYRING_FAILED ? text + word + 1 : NULL);
		return;
	}
	call_end(call, KEYRING_FAILED, NULL, "no answer");
}

static void call_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct keyring_call *call = userdata;
	char chunk[1024];
	ssize_t n;
	int r;

	(void)what;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		r = secret_append(call->answer, chunk, (size_t)n);
		wipe(chunk, (size_t)n);
		if (r < 0) {
			call_end(call, KEYRING_FAILED, NULL, "too long an answer");
			return;
		}
	}
	if (n == 0)
		call_answered(call);
	else if (errno != EAGAIN && errno != EINTR)
		call_end(call, KEYRING_FAILED, NULL, strerror(errno));
}

static void call_overdue(evutil_socket_t fd, short what, void *userdata)
{
	struct keyring_call *call = userdata;

	(void)fd, (void)what;
	call_end(call, KEYRING_FAILED, NULL, call->pid > 0 ? "no answer in time" : "it could not be started");
}

/* The request fits the socket's buffer many times over. */
static int call_start(struct keyring_call *call)
{
	_cleanup_close_ int theirs = -1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	call->fd = pair[0];
	theirs = pair[1];
	if (evutil_make_socket_nonblocking(call->fd) < 0)
		return -EIO;
	if (send(call->fd, secret_string(call->request), secret_length(call->request), MSG_NOSIGNAL) !=
	    (ssize_t)secret_length(call->request))
		return -EIO;
	(void)shutdown(call->fd, SHUT_WR);
	call->request = secret_unref(call->request);
	call->read = event_new(call->keyring->base, call->fd, EV_READ | EV_PERSIST, call_readable, call);
	if (!call->read || event_add(call->read, NULL) < 0)
		return -ENOMEM;
	r = spawn(call->keyring->helper, theirs, &call->pid);
	if (r < 0)
		log_debug("%s: %s", call->keyring->helper, strerror(-r));
	return r;
}

static void run_next(struct keyring *k)
{
	static const struct timeval limit = { .tv_sec = LIMIT_SEC }, now = { 0 };
	struct keyring_call *call = TAILQ_FIRST(&k->calls);
	int r;

	if (!call || call->started)
		return;
	call->started = true;
	r = call_start(call);
	if (r < 0 && call->read)
		event_del(call->read);
	event_add(call->timer, r < 0 ? &now : &limit);
}

/* ---- what others call ---- */

static struct secret *request_new(enum keyring_operation operation, const struct keyring_item *item,
				  const struct secret *token)
{
	const char *const fields[KEYRING_FIELDS] = {
		operations[operation], item->world, item->user, item->slot, strempty(item->label),
	};
	struct secret *s = secret_new_empty(KEYRING_MESSAGE_MAX);
	int r = s ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < KEYRING_FIELDS; i++)
		r = secret_append(s, fields[i], strlen(fields[i]) + 1);
	if (r >= 0 && token)
		r = secret_append(s, secret_string(token), secret_length(token));
	return r < 0 ? secret_unref(s) : s;
}

int keyring_run(struct keyring *k, enum keyring_operation operation, const struct keyring_item *item,
		const struct secret *token, keyring_cb done, void *userdata, struct keyring_call **ret)
{
	_cleanup_(call_freep) struct keyring_call *call = new0(struct keyring_call, 1);

	if (!call)
		return -ENOMEM;
	call->keyring = k;
	call->operation = operation;
	call->fd = -1;
	call->done = done;
	call->userdata = userdata;
	call->request = request_new(operation, item, token);
	call->answer = secret_new_empty(KEYRING_MESSAGE_MAX);
	call->timer = evtimer_new(k->base, call_overdue, call);
	if (!call->request || !call->answer || !call->timer)
		return -ENOMEM;
	TAILQ_INSERT_TAIL(&k->calls, call, link);
	*ret = call;
	run_next(k);
	call = NULL;
	return 0;
}

void keyring_cancel(struct keyring_call *call)
{
	struct keyring *k;

	if (!call)
		return;
	k = call->keyring;
	call_part(call);
	call_free(call);
	run_next(k);
}

int keyring_new(struct event_base *base, struct keyring **ret)
{
	struct keyring *k = new0(struct keyring, 1);

	if (!k)
		return -ENOMEM;
	TAILQ_INIT(&k->calls);
	k->base = base;
	k->helper = find_helper();
	k->child = evsignal_new(base, SIGCHLD, child_ended, k);
	if (!k->helper || !k->child || event_add(k->child, NULL) < 0) {
		keyring_free(k);
		return -ENOMEM;
	}
	*ret = k;
	return 0;
}

void keyring_free(struct keyring *k)
{
	struct keyring_call *call;

	if (!k)
		return;
	while ((call = TAILQ_FIRST(&k->calls))) {
		call_part(call);
		call_free(call);
	}
	reap(k, 0); /* all of them are killed */
	if (k->child)
		event_free(k->child);
	free(k->helper);
	free(k);
}
