/* Secrets and descriptors. Where they come from (a terminal, a file, a pipe) is the callers' business. */
#include "clients/common/secretfd.h"

#include <fcntl.h>

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, data, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		data += k;
		n -= (size_t)k;
	}
	return 0;
}

int secret_to_fd(const struct secret *s, int *ret_fd)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], r;

	/* Beyond what a pipe takes at once we would wait for a reader. */
	if (secret_length(s) > SECRET_MAX)
		return -EMSGSIZE;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	out = fds[0];
	in = fds[1];
	r = write_all(in, secret_string(s), secret_length(s));
	if (r < 0)
		return r;
	*ret_fd = take_fd(&out);
	return 0;
}

int secret_from_fd(int fd, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	char buf[512];
	ssize_t n;
	int r = 0;

	s = secret_new_empty(SECRET_MAX);
	if (!s)
		return -ENOMEM;
	while (r >= 0 && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0)
			r = -errno;
		else if (secret_length(s) + (size_t)n > SECRET_MAX)
			r = -EMSGSIZE;
		else
			r = secret_append(s, buf, (size_t)n);
	}
	wipe(buf, sizeof(buf));
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

int secret_take_line(const struct secret *s, unsigned index, struct secret **ret)
{
	const char *p = secret_string(s), *end = p + secret_length(s), *newline;

	for (; index > 0; index--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return -ENODATA;
		p++;
	}
	if (p == end)
		return -ENODATA;
	newline = memchr(p, '\n', (size_t)(end - p));
	end = newline ? newline : end;
	if (end > p && end[-1] == '\r')
		end--;
	*ret = secret_new(p, (size_t)(end - p));
	return *ret ? 0 : -ENOMEM;
}
