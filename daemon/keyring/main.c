/* customerclient-keyring: one operation on the desktop's keyring for customerclientd, in a process of its own, because
 * libsecret brings threads and a loop, and because a keyring that hangs then hangs nothing else. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/keyring-protocol.h"
#include "base/secret.h"
#include "keyring/service.h"

/* The daemon is less patient; this is for the case that it died. */
#define LIMIT_SEC 30
#define TRIES 3

/* No core dump, no ptrace by others of the same user, an end in any case. */
static void protect(void)
{
	const struct rlimit none = { 0 };

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(LIMIT_SEC);
}

static int read_request(struct secret *request)
{
	char chunk[1024];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0)
		r = n < 0 ? (errno == EINTR ? 0 : -errno) : secret_append(request, chunk, (size_t)n);
	wipe(chunk, sizeof(chunk));
	return r;
}

/* The fields, and behind them the token. */
static int split_request(const struct secret *request, const char *ret_fields[static KEYRING_FIELDS],
			 const char **ret_token, size_t *ret_n)
{
	const char *p = secret_string(request), *end = p + secret_length(request);

	for (int i = 0; i < KEYRING_FIELDS; i++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));

		if (!nul)
			return -EBADMSG;
		ret_fields[i] = p;
		p = nul + 1;
	}
	*ret_token = p;
	*ret_n = (size_t)(end - p);
	return 0;
}

static const char *run_once(const struct secret *request, struct secret **ret_token, char **ret_reason)
{
	const char *fields[KEYRING_FIELDS], *token;
	struct item item;
	size_t n;

	if (split_request(request, fields, &token, &n) < 0) {
		*ret_reason = strdup("the request is cut off");
		return KEYRING_IS_FAILED;
	}
	item = (struct item){ .world = fields[1], .user = fields[2], .slot = fields[3], .label = fields[4] };
	if (streq(fields[0], KEYRING_OP_STORE) && n > 0)
		return service_store(&item, token, n, ret_reason);
	if (streq(fields[0], KEYRING_OP_LOOKUP))
		return service_lookup(&item, ret_token, ret_reason);
	if (streq(fields[0], KEYRING_OP_CLEAR))
		return service_clear(&item, ret_reason);
	*ret_reason = strdup("there is no such operation");
	return KEYRING_IS_FAILED;
}

static const char *run(const struct secret *request, struct secret **ret_token, char **ret_reason)
{
	for (int i = 0; i < TRIES; i++) {
		const char *word = run_once(request, ret_token, ret_reason);

		if (!streq(word, SERVICE_AGAIN))
			return word;
	}
	*ret_reason = strdup("what it holds is not there when it is asked for");
	return KEYRING_IS_FAILED;
}

static int write_all(const char *data, size_t n)
{
	while (n > 0) {
		ssize_t k = send(STDIN_FILENO, data, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		data += k;
		n -= (size_t)k;
	}
	return 0;
}

static int answer(const char *word, const struct secret *token, const char *reason)
{
	int r = write_all(word, strlen(word) + 1);

	if (r >= 0 && token)
		r = write_all(secret_string(token), secret_length(token));
	else if (r >= 0 && reason)
		r = write_all(reason, strlen(reason));
	return r;
}

int main(int argc, char *argv[])
{
	_cleanup_secret_ struct secret *request = NULL, *token = NULL;
	_cleanup_free_ char *reason = NULL;
	const char *word;
	int kind;

	(void)argv;
	protect();
	if (argc > 1 || getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &(socklen_t){ sizeof(kind) }) < 0) {
		(void)fprintf(stderr, KEYRING_HELPER " is run by customerclientd, and takes no options.\n");
		return 2;
	}
	request = secret_new_empty(KEYRING_MESSAGE_MAX);
	if (!request || read_request(request) < 0)
		return EXIT_FAILURE;
	word = run(request, &token, &reason);
	return answer(word, token, reason) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
