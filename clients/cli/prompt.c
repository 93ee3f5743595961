/* Asking on the terminal, and passwords from where scripts keep them. Questions go to stderr. */
#include "clients/cli/prompt.h"

#include <fcntl.h>
#include <termios.h>

#include "clients/common/secretfd.h"

#define LINE_LIMIT 4096 /* what a terminal gives in one line */

bool prompt_possible(const struct cli *cli)
{
	return cli->input && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* One line of the terminal without its newline; -ENODATA at the end of input. */
static int read_line(char buf[static LINE_LIMIT])
{
	ssize_t n;

	if (cli_interrupted())
		return -EINTR;
	n = read(STDIN_FILENO, buf, LINE_LIMIT - 1);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENODATA;
	buf[n] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	return 0;
}

static int told(struct cli *cli, int r, const char *option)
{
	if (r == -ENODATA) {
		fputc('\n', stderr);
		return cli_usage(cli, "No answer was given; say it with %s", option);
	}
	if (r == -EINTR)
		fputc('\n', stderr);
	return cli_fail_errno(cli, r, "The terminal could not be read");
}

static void trim(char *s)
{
	size_t n = strlen(s), skip = strspn(s, " \t");

	while (n > skip && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	memmove(s, s + skip, n - skip);
	s[n - skip] = '\0';
}

int prompt_text(struct cli *cli, const char *question, const char *default_answer, const char *option,
		char **ret)
{
	char line[LINE_LIMIT];
	int r;

	if (!prompt_possible(cli))
		return cli_usage(cli, "%s is missing", option);
	do {
		_cleanup_free_ char *clean = text_clean(strempty(default_answer), false);

		if (*clean)
			fprintf(stderr, "%s [%s]: ", question, clean);
		else
			fprintf(stderr, "%s: ", question);
		fflush(stderr);
		r = read_line(line);
		if (r < 0)
			return told(cli, r, option);
		trim(line);
		if (!*line && !isempty(default_answer)) {
			*ret = xstrdup(default_answer);
			return 0;
		}
	} while (!*line);
	if (!utf8_is_valid(line, strlen(line)))
		return cli_usage(cli, "The answer is not UTF-8 text");
	*ret = xstrdup(line);
	return 0;
}

int prompt_yes_no(struct cli *cli, const char *question)
{
	char line[LINE_LIMIT];
	int r;

	for (;;) {
		fprintf(stderr, "%s [y/N] ", question);
		fflush(stderr);
		r = read_line(line);
		if (r == -ENODATA) {
			fputc('\n', stderr);
			return 0;
		}
		if (r < 0)
			return told(cli, r, "--yes");
		trim(line);
		if (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0)
			return 1;
		if (!*line || strcasecmp(line, "n") == 0 || strcasecmp(line, "no") == 0)
			return 0;
	}
}

int prompt_confirm(struct cli *cli, const char *question)
{
	int r;

	if (!prompt_possible(cli))
		return cli_usage(cli, "--yes is missing; without it a terminal is needed, to ask on");
	r = prompt_yes_no(cli, question);
	if (r == 0)
		return cli_fail(cli, CC_EXIT_DECLINED, CC_ERROR("Declined"),
				"Nothing was done, as you said no");
	return r;
}

static int read_secret_line(struct secret **ret)
{
	char line[LINE_LIMIT];
	int r;

	r = read_line(line);
	if (r >= 0) {
		*ret = secret_new(line, strlen(line));
		r = *ret ? 0 : -ENOMEM;
	}
	wipe(line, sizeof(line));
	return r;
}

int prompt_hidden(struct cli *cli, const char *question, const char *option, struct secret **ret)
{
	struct termios before, quiet;
	int r;

	if (!prompt_possible(cli))
		return cli_usage(cli, "%s is missing", option);
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return cli_fail_errno(cli, -errno, "The terminal could not be read");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL | ICANON;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fprintf(stderr, "%s: ", question);
	fflush(stderr);
	r = read_secret_line(ret);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	return r < 0 ? told(cli, r, option) : 0;
}

int prompt_secret(struct cli *cli, const char *question, struct secret **ret)
{
	int r;

	r = prompt_hidden(cli, question, "--password-file", ret);
	if (r < 0)
		return r;
	if (secret_length(*ret) == 0) {
		*ret = secret_unref(*ret);
		return cli_usage(cli, "The password is empty");
	}
	return 0;
}

int prompt_new_secret(struct cli *cli, const char *question, struct secret **ret)
{
	int r;

	for (;;) {
		_cleanup_secret_ struct secret *first = NULL, *again = NULL;

		r = prompt_secret(cli, question, &first);
		if (r >= 0)
			r = prompt_secret(cli, "Again", &again);
		if (r < 0)
			return r;
		if (streq(secret_string(first), secret_string(again))) {
			*ret = TAKE_PTR(first);
			return 0;
		}
		cli_note("The two are not the same; type it again.");
	}
}

int prompt_secret_from(struct cli *cli, const char *path, const char *what, struct secret **ret)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *doing = NULL;
	int r;

	if (!path && isatty(STDIN_FILENO)) {
		*ret = NULL;
		return 0;
	}
	if (path && !streq(path, "-")) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return cli_usage(cli, "The %s file '%s' cannot be read: %s", what, path,
					 strerror(errno));
	}
	r = secret_from_fd(fd >= 0 ? fd : STDIN_FILENO, ret);
	if (r == -EMSGSIZE)
		return cli_usage(cli, "The %s is longer than %d bytes", what, SECRET_MAX);
	if (r >= 0)
		return 0;
	doing = xprintf("The %s could not be read", what);
	return cli_fail_errno(cli, r, doing);
}

int prompt_secret_from_file(struct cli *cli, const struct args *args, struct secret **ret)
{
	return prompt_secret_from(cli, args_option(args, "password-file"), "password", ret);
}

int prompt_secret_line(struct cli *cli, const struct secret *file, unsigned index, struct secret **ret)
{
	int r;

	r = secret_take_line(file, index, ret);
	if (r == -ENODATA || (r >= 0 && secret_length(*ret) == 0)) {
		if (r >= 0)
			*ret = secret_unref(*ret);
		return cli_usage(cli, index == 0 ? "The password is missing; give it with --password-file=F or a pipe" :
				 "The new password is missing: it is the second line");
	}
	return r < 0 ? cli_fail_errno(cli, r, "The password could not be read") : 0;
}
