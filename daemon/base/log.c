/* The log: lines on stderr, with priorities where the journal reads them. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

static enum log_level max_level = LOG_LEVEL_INFO;

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

int log_level_from_string(const char *s, enum log_level *ret)
{
	for (size_t i = 0; i < ELEMENTSOF(levels); i++)
		if (streq(s, levels[i].name)) {
			*ret = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

void log_set_level(enum log_level level)
{
	max_level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= max_level;
}

/* systemd tells the journal's stream by device and inode, which holds for redirected output no more. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void log_write(enum log_level level, const char *format, ...)
{
	static int journal = -1;
	int saved_errno = errno, written;
	char line[2048];
	size_t n = 0, room;
	va_list ap;

	if (!log_enabled(level))
		return;
	if (journal < 0)
		journal = stderr_is_journal();
	if (journal)
		n = (size_t)snprintf(line, sizeof(line), "<%d>", levels[level].priority);
	else if (level != LOG_LEVEL_INFO)
		n = (size_t)snprintf(line, sizeof(line), "%s: ", levels[level].name);

	room = sizeof(line) - n - 1; /* one for the end of the line */
	errno = saved_errno;         /* for %m */
	va_start(ap, format);
	written = vsnprintf(line + n, room, format, ap);
	va_end(ap);
	if (written > 0)
		n += (size_t)written < room ? (size_t)written : room - 1;
	/* A message is one line, whatever it quotes. */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	/* One write, so that lines of several processes do not mix. There is nobody to tell when it fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		(void)0;
	errno = saved_errno;
}
