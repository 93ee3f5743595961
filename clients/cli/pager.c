/* Showing long output on a terminal through the person's pager. */
#include "clients/cli/cli.h"

#include <fcntl.h>
#include <sys/wait.h>

FILE *page_begin(struct page *p)
{
	return textbuf_open(&p->buf);
}

static const char *pager_command(void)
{
	const char *pager = getenv("PAGER");

	if (!pager)
		pager = "less";
	return *pager && !streq(pager, "cat") ? pager : NULL;
}

static bool longer_than_screen(const char *text)
{
	unsigned columns, rows, lines = 0;

	if (!cli_terminal_size(STDOUT_FILENO, &columns, &rows))
		return false;
	for (; *text; text++)
		lines += *text == '\n';
	return lines >= rows;
}

static void run_pager(const char *command, int fd)
{
	(void)dup2(fd, STDIN_FILENO);
	(void)signal(SIGINT, SIG_DFL);
	(void)setenv("LESS", "FRSXMK", 0);
	(void)setenv("LESSCHARSET", "utf-8", 0);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* The pager may be left before it has read everything: that is no failure. */
static void feed(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static bool show_in_pager(const char *text)
{
	const char *command = pager_command();
	void (*before)(int);
	int fds[2], status = 0;
	pid_t pid;

	if (!command || pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		run_pager(command, fds[0]);
	(void)close(fds[0]);
	before = signal(SIGPIPE, SIG_IGN);
	if (pid > 0)
		feed(fds[1], text);
	(void)close(fds[1]);
	(void)signal(SIGPIPE, before);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

void page_end(struct cli *cli, struct page *p)
{
	_cleanup_free_ char *text = textbuf_take(&p->buf);

	fflush(stdout);
	if (cli->pager && longer_than_screen(text) && show_in_pager(text))
		return;
	fputs(text, stdout);
}
