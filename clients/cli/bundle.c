/* Writes the bundle: gathers its parts, has them redacted as one text, and puts that into a file of the person's. */
#include "clients/cli/bundle.h"

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/config.h"
#include "base/timeutil.h"
#include "clients/cli/run.h"

#define CONFIG_MAX (64U << 10)
#define LOG_MAX (256U << 10)
#define LOG_LINES "200"
#define LOG_LIMIT (3 * USEC_PER_SEC)

static void heading(FILE *f, const char *text)
{
	fprintf(f, "\n== %s ==\n", text);
}

static void field(FILE *f, const char *label, const char *value)
{
	fprintf(f, "%-16s %s\n", label, isempty(value) ? "-" : value);
}

static char *read_text(const char *path, size_t max)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = xcheck(malloc(max + 1));
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	n = read(fd, text, max);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return TAKE_PTR(text);
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" */
static char *distribution(void)
{
	_cleanup_free_ char *text = read_text("/etc/os-release", CONFIG_MAX);
	const char *p = text ? strstr(text, "PRETTY_NAME=") : NULL;

	if (!p)
		return NULL;
	p += strlen("PRETTY_NAME=");
	p += *p == '"';
	return xprintf("%.*s", (int)strcspn(p, "\"\n"), p);
}

static void put_versions(FILE *f, const struct doctor *d)
{
	_cleanup_free_ char *system = distribution(), *kernel = NULL;
	struct utsname u;

	if (uname(&u) == 0)
		kernel = xprintf("%s %s %s", u.sysname, u.release, u.machine);
	heading(f, "versions");
	field(f, "customerclient", PACKAGE_VERSION);
	field(f, "customerclientd", d->has_status ? d->status.version : "does not answer");
	field(f, "distribution", system);
	field(f, "kernel", kernel);
	field(f, "systemd", d->systemd_version);
	field(f, "desktop", getenv("XDG_CURRENT_DESKTOP"));
	field(f, "session", getenv("XDG_SESSION_TYPE"));
	field(f, "locale", isempty(getenv("LC_ALL")) ? getenv("LANG") : getenv("LC_ALL"));
	field(f, "terminal", getenv("TERM"));
}

/* ---- configuration ---- */

static void put_config(FILE *f, const struct redactor *r, const char *path)
{
	_cleanup_free_ char *text = read_text(path, CONFIG_MAX), *clean = NULL;

	if (!text && (errno == ENOENT || errno == ENOTDIR))
		return;
	fprintf(f, "-- %s%s%s\n", path, text ? "" : ": ", text ? "" : strerror(errno));
	if (!text)
		return;
	clean = redact_config(r, text);
	fprintf(f, "%s%s", clean, *clean && clean[strlen(clean) - 1] != '\n' ? "\n" : "");
}

static int is_drop_in(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > strlen(".conf") && streq(e->d_name + n - strlen(".conf"), ".conf");
}

static void put_config_pair(FILE *f, const struct redactor *r, const char *path)
{
	_cleanup_free_ char *folder = xprintf("%s.d", path);
	struct dirent **entries = NULL;
	int n;

	put_config(f, r, path);
	n = scandir(folder, &entries, is_drop_in, alphasort);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = xprintf("%s/%s", folder, entries[i]->d_name);

		put_config(f, r, file);
		free(entries[i]);
	}
	free(entries);
}

static void put_configuration(FILE *f, const struct redactor *r)
{
	static const char *const variables[] = { "CUSTOMERCLIENT_BASE_URL", "CUSTOMERCLIENT_LOG_LEVEL" };
	_cleanup_free_ char *user = config_user_file();

	heading(f, "configuration");
	put_config_pair(f, r, SYSCONFDIR "/customerclient/customerclientd.conf");
	if (user)
		put_config_pair(f, r, user);
	for (size_t i = 0; i < ELEMENTSOF(variables); i++)
		if (!isempty(getenv(variables[i])))
			fprintf(f, "%s is set here, in the environment\n", variables[i]);
}

/* ---- state and log ---- */

static void put_status(FILE *f, const struct doctor *d)
{
	int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	heading(f, "GetStatus");
	fprintf(f, "%s\n", d->has_status ? json_object_to_json_string_ext(d->status_json, flags)
					 : "the daemon did not give it");
}

/* The lines as they are, or, when nothing is known of the person, as far as they are the program's own words. */
static void put_log_lines(FILE *f, const char *text, bool known)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		_cleanup_free_ char *line = xprintf("%.*s", (int)n, p), *cut = known ? NULL : redact_cut(line);

		fprintf(f, "%s\n", cut ? cut : line);
		p += n + (p[n] != '\0');
	}
}

static void put_log(FILE *f, bool known)
{
	char *const argv[] = { (char *)"journalctl", (char *)"--user",       (char *)"--no-pager",
			       (char *)"--no-hostname", (char *)"-o", (char *)"short-iso",
			       (char *)"-n", (char *)LOG_LINES, (char *)"-u", (char *)CC_UNIT_DAEMON,
			       (char *)"-u", (char *)CC_UNIT_NOTIFIER, NULL };
	_cleanup_free_ char *text = NULL;
	int r;

	heading(f, "the newest " LOG_LINES " lines of the log");
	r = run_output(argv, LOG_LIMIT, LOG_MAX, &text);
	if (r < 0)
		fprintf(f, "journalctl --user gives none: %s\n", r == -EIO ? "it failed" : strerror(-r));
	else if (isempty(text))
		fputs("none\n", f);
	else
		put_log_lines(f, text, known);
}

static char *compose(struct doctor *d, const char *path)
{
	_cleanup_(redact_freep) struct redactor *r = redact_new();
	_cleanup_free_ char *text = NULL, *orders = NULL, *shown = NULL;
	char now[ISO8601_SIZE];
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	bool known;

	known = bundle_learn_person(d, r, &orders);
	bundle_learn_machine(d, r);
	fprintf(f, "customerclient doctor, %s\n",
		time_format_iso8601(now, now_realtime() / USEC_PER_SEC * USEC_PER_SEC));
	put_versions(f, d);
	heading(f, "doctor");
	doctor_print(d, f, &style_plain, 0);
	put_status(f, d);
	heading(f, "orders, how many");
	fprintf(f, "%s\n", isempty(orders) ? "not known" : orders);
	put_configuration(f, r);
	put_log(f, known);
	text = textbuf_take(&b);
	free(orders);
	orders = redact_text(r, text);
	free(shown);
	shown = redact_text(r, path);
	return xprintf("%s\n== before you send this ==\n"
		       "%s%s. Nothing was sent. What is personal was taken out and left a word\n"
		       "in angle brackets, but a program cannot know all that is: read it before you send it, and\n"
		       "take out what you do not want to tell.\n",
		       orders, streq(path, "-") ? "This is all there is" : "This file is ",
		       streq(path, "-") ? "" : shown);
}

/* ---- the file ---- */

static int write_all(int fd, const char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

static int cannot_write(struct cli *cli, const char *path, int error)
{
	return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "'%s' cannot be written: %s", path,
			strerror(error));
}

int bundle_exists(struct cli *cli, const char *path)
{
	return cli_usage(cli, "There is a file '%s' already; --replace writes over it", path);
}

/* Beside what is there, and in its place once it is whole: never half a file, and never through a link. */
static int replace_file(struct cli *cli, const char *path, const char *text)
{
	_cleanup_free_ char *beside = xprintf("%s.XXXXXX", path);
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	/* Root could take a device away. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return cli_usage(cli, "'%s' is no file that could be replaced", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return cannot_write(cli, path, errno);
	r = write_all(fd, text);
	if (r >= 0 && rename(beside, path) < 0)
		r = -errno;
	if (r >= 0)
		return 0;
	(void)unlink(beside);
	return cannot_write(cli, path, -r);
}

static int new_file(struct cli *cli, const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	int r;

	if (fd < 0 && errno == EEXIST)
		return bundle_exists(cli, path);
	if (fd < 0)
		return cannot_write(cli, path, errno);
	r = write_all(fd, text);
	if (r >= 0)
		return 0;
	(void)unlink(path);
	return cannot_write(cli, path, -r);
}

int bundle_write(struct doctor *d, const char *path, bool replace)
{
	_cleanup_free_ char *text = NULL;
	struct cli *cli = d->cli;

	d->deadline = now_monotonic() + DOCTOR_LIMIT;
	text = compose(d, path);
	if (cli_interrupted())
		return cli_fail_errno(cli, -EINTR, "");
	if (streq(path, "-")) {
		fputs(text, stdout);
		return 0;
	}
	return replace ? replace_file(cli, path, text) : new_file(cli, path, text);
}
