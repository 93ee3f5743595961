/* Reads the configuration: files in their order, each key through one table, then the environment. Knows what a value
 * may be, not what it is for. */
#include "base/config.h"

#include <dirent.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/url.h"

#define CONFIG_MAX_FILE (1U << 20)
#define CONFIG_MAX_SEC UINT64_C(604800) /* a week */

struct setting {
	const char *section, *key, *initial; /* the default, as one would write it */
	int (*set)(struct config *c, const struct setting *s, const char *value);
	size_t offset;
	uint64_t low, high;
	const char *allowed; /* ends "expected …"; numbers say their bounds themselves */
};

static void *field(struct config *c, const struct setting *s)
{
	return (char *)c + s->offset;
}

static int read_number(const char *value, uint64_t low, uint64_t high, uint64_t *ret)
{
	uint64_t n = 0;

	if (*value == '\0')
		return -EINVAL;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*value - '0'), &n))
			return -EINVAL;
	}
	if (n < low || n > high)
		return -EINVAL;
	*ret = n;
	return 0;
}

static int set_seconds(struct config *c, const struct setting *s, const char *value)
{
	uint64_t seconds;
	int r;

	r = read_number(value, s->low, s->high, &seconds);
	if (r < 0)
		return r;
	*(uint64_t *)field(c, s) = seconds * USEC_PER_SEC;
	return 0;
}

static int set_unsigned(struct config *c, const struct setting *s, const char *value)
{
	uint64_t n;
	int r;

	r = read_number(value, s->low, s->high, &n);
	if (r < 0)
		return r;
	*(unsigned *)field(c, s) = (unsigned)n;
	return 0;
}

static int set_bool(struct config *c, const struct setting *s, const char *value)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ELEMENTSOF(yes); i++)
		if (streq(value, yes[i]) || streq(value, no[i])) {
			*(bool *)field(c, s) = streq(value, yes[i]);
			return 0;
		}
	return -EINVAL;
}

static int set_log_level(struct config *c, const struct setting *s, const char *value)
{
	return log_level_from_string(value, field(c, s));
}

static int set_transports(struct config *c, const struct setting *s, const char *value)
{
	_cleanup_free_ char *words = strdup(value);
	bool sse = false, long_polling = false;
	char *state = NULL;

	(void)s;
	if (!words)
		return -ENOMEM;
	for (char *w = strtok_r(words, " \t", &state); w; w = strtok_r(NULL, " \t", &state)) {
		if (streq(w, "server-sent-events"))
			sse = true;
		else if (streq(w, "long-polling"))
			long_polling = true;
		else
			return -EINVAL;
	}
	c->push_sse = sse;
	c->push_long_polling = long_polling;
	return sse || long_polling ? 0 : -EINVAL;
}

static int set_url(struct config *c, const struct setting *s, const char *value)
{
	_cleanup_free_ char *url = strdup(value);
	size_t n = strlen(value);
	int r;

	if (!url)
		return -ENOMEM;
	if (n > 0) {
		r = url_check(value);
		if (r < 0)
			return r;
		if (strpbrk(value, "?#"))
			return -EINVAL;
	}
	while (n > 0 && url[n - 1] == '/')
		url[--n] = '\0';
	free(*(char **)field(c, s));
	*(char **)field(c, s) = n > 0 ? TAKE_PTR(url) : NULL;
	return 0;
}

static int set_path(struct config *c, const struct setting *s, const char *value)
{
	if (*value != '\0' && *value != '/')
		return -EINVAL;
	return free_and_strdup(field(c, s), *value ? value : NULL);
}

/* The currency is the account's and not known here: how many digits it has is checked with the first order. */
static int set_amount(struct config *c, const struct setting *s, const char *value)
{
	size_t whole = strspn(value, "0123456789"), n = strlen(value);
	size_t fraction = value[whole] == '.' ? strspn(value + whole + 1, "0123456789") : 0;

	if (n > 0 && (whole == 0 || whole > 12 || fraction > 4 || (value[whole] == '.' && fraction == 0) ||
		      value[whole + (fraction > 0 ? fraction + 1 : 0)] != '\0'))
		return -EINVAL;
	return free_and_strdup(field(c, s), n > 0 ? value : NULL);
}

static int read_clock(const char *s, int *ret)
{
	for (int i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			return -EINVAL;
	*ret = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return *ret < 24 * 60 && s[3] < '6' ? 0 : -EINVAL;
}

static int set_quiet_hours(struct config *c, const struct setting *s, const char *value)
{
	int from, to;

	(void)s;
	if (*value == '\0') {
		c->quiet_from = c->quiet_to = -1;
		return 0;
	}
	if (strlen(value) != 11 || value[5] != '-' || read_clock(value, &from) < 0 || read_clock(value + 6, &to) < 0 ||
	    from == to)
		return -EINVAL;
	c->quiet_from = from;
	c->quiet_to = to;
	return 0;
}

#define URL_ALLOWED "an https URL (or http to loopback), without user, password, '?' and '#'"
#define BOOL_ALLOWED "yes or no"
#define URL(name, member) { "Services", name, "", set_url, offsetof(struct config, member), .allowed = URL_ALLOWED }
#define SECONDS(section, name, initial, member) \
	{ section, name, initial, set_seconds, offsetof(struct config, member), 1, CONFIG_MAX_SEC }
#define BOOL(section, name, initial, member) \
	{ section, name, initial, set_bool, offsetof(struct config, member), .allowed = BOOL_ALLOWED }

static const struct setting settings[] = {
	URL("BaseUrl", base_url),
	URL("Authentication", url[SERVICE_AUTHENTICATION]),
	URL("CustomerBackend", url[SERVICE_CUSTOMER]),
	URL("FileService", url[SERVICE_FILE]),
	URL("StatisticalBackend", url[SERVICE_STATISTICAL]),
	URL("PredictiveBackend", url[SERVICE_PREDICTIVE]),
	URL("EmailBackend", url[SERVICE_EMAIL]),
	URL("NotificationsBackend", url[SERVICE_NOTIFICATIONS]),
	{ "Services", "CAFile", "", set_path, offsetof(struct config, ca_file), .allowed = "an absolute path" },
	{ "Daemon", "LogLevel", "info", set_log_level, offsetof(struct config, log_level),
	  .allowed = "error, warning, info or debug" },
	BOOL("Session", "Keyring", "yes", keyring),
	SECONDS("Session", "KeyringSec", "60", keyring_wait),
	SECONDS("Sync", "PendingWithPushSec", "60", pending_with_push),
	SECONDS("Sync", "PendingSec", "15", pending),
	SECONDS("Sync", "IdleWithPushSec", "3600", idle_with_push),
	SECONDS("Sync", "IdleSec", "900", idle),
	{ "Sync", "JitterPercent", "20", set_unsigned, offsetof(struct config, jitter_percent), 0, 50 },
	BOOL("Push", "Enable", "yes", push_enable),
	{ "Push", "Transports", "server-sent-events long-polling", set_transports, 0,
	  .allowed = "one or both of server-sent-events and long-polling" },
	SECONDS("Push", "TimeoutSec", "30", push_timeout),
	SECONDS("Orders", "DeadlineSec", "600", deadline),
	{ "Orders", "HoldSec", "0", set_seconds, offsetof(struct config, hold), 0, 3600 },
	{ "Orders", "MonthlyLimit", "", set_amount, offsetof(struct config, monthly_limit),
	  .allowed = "an amount such as 250 or 249.50, in the account's currency, or nothing" },
	SECONDS("Videos", "IdleSec", "600", video_idle),
	BOOL("Notifications", "Promotions", "no", promotions),
	{ "Notifications", "QuietHours", "", set_quiet_hours, 0, .allowed = "two times of day such as 22:00-07:00, or nothing" },
};

static const char *const service_prefixes[_SERVICE_MAX] = {
	[SERVICE_AUTHENTICATION] = "/AuthWebApi",
	[SERVICE_CUSTOMER] = "/CustomerBackend",
	[SERVICE_FILE] = "/FileService",
	[SERVICE_STATISTICAL] = "/StatisticalBackend",
	[SERVICE_PREDICTIVE] = "/PredictiveBackend",
	[SERVICE_EMAIL] = "/EmailBackend",
	[SERVICE_NOTIFICATIONS] = "/NotificationsBackend",
};

/* One file while inih goes over it. inih tells no line numbers, but asks for one line after the other. */
struct reading {
	struct config *config;
	const char *name; /* of the file, for messages */
	const char *p, *end;
	unsigned line;
	int error;
	char *message;
};

_printf_(3, 4) static void reading_fail(struct reading *f, int error, const char *format, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;

	if (f->error < 0)
		return;
	f->error = error;
	va_start(ap, format);
	if (vasprintf(&what, format, ap) < 0)
		what = NULL;
	va_end(ap);
	if (what)
		f->message = strprintf("%s:%u: %s", f->name, f->line, what);
}

/* Gives inih its next line, without the space before it, by which inih would take it for the last one going on. */
static char *reading_next_line(char *buf, int size, void *stream)
{
	struct reading *f = stream;
	const char *newline;
	size_t n;

	if (f->error < 0 || f->p == f->end)
		return NULL;
	f->line++;
	newline = memchr(f->p, '\n', (size_t)(f->end - f->p));
	while (f->p < f->end && (*f->p == ' ' || *f->p == '\t'))
		f->p++;
	n = (size_t)((newline ? newline : f->end) - f->p);
	if (n >= (size_t)size) {
		reading_fail(f, -EINVAL, "the line has more than %d bytes", size - 1);
		return NULL;
	}
	memcpy(buf, f->p, n);
	buf[n] = '\0';
	/* inih would go on, with the keys of the section that was meant in none. */
	if (buf[0] == '[' && !strchr(buf, ']')) {
		reading_fail(f, -EINVAL, "expected [Section], Key=value or a comment");
		return NULL;
	}
	f->p += n + (newline != NULL);
	return buf;
}

static const struct setting *setting_find(const char *section, const char *key)
{
	for (size_t i = 0; i < ELEMENTSOF(settings); i++)
		if (streq(settings[i].section, section) && streq(settings[i].key, key))
			return &settings[i];
	return NULL;
}

/* An empty value goes back to the default. */
static int setting_apply(const struct setting *s, struct config *c, const char *value)
{
	return s->set(c, s, *value ? value : s->initial);
}

/* What a message may show of a wrong value: a URL could have a password in it. */
static const char *shown(const char *value)
{
	return strchr(value, '@') ? "…" : value;
}

static int reading_take_value(void *userdata, const char *section, const char *key, const char *value)
{
	const struct setting *s = setting_find(section, key);
	struct reading *f = userdata;
	int r;

	if (!s) {
		log_warning("%s:%u: unknown key '%s' in section [%s], ignoring", f->name, f->line, key, section);
		return 1;
	}
	r = setting_apply(s, f->config, value);
	if (r == -ENOMEM)
		reading_fail(f, r, "out of memory");
	else if (r < 0 && s->allowed)
		reading_fail(f, -EINVAL, "[%s] %s='%s': expected %s", section, key, shown(value), s->allowed);
	else if (r < 0)
		reading_fail(f, -EINVAL, "[%s] %s='%s': expected a whole number from %" PRIu64 " to %" PRIu64, section, key,
			     shown(value), s->low, s->high);
	return r >= 0;
}

static int config_read_text(struct config *c, const char *name, const char *text, size_t n, char **ret_error)
{
	struct reading f = { .config = c, .name = name, .p = text, .end = text + n };
	int line;

	if (!utf8_is_valid(text, n)) {
		*ret_error = strprintf("%s: not UTF-8 text", name);
		return -EINVAL;
	}
	line = ini_parse_stream(reading_next_line, &f, reading_take_value, &f);
	if (line > 0 && f.error == 0) {
		f.line = (unsigned)line;
		reading_fail(&f, -EINVAL, "expected [Section], Key=value or a comment");
	} else if (line < 0)
		reading_fail(&f, -ENOMEM, "out of memory");
	if (f.error < 0)
		*ret_error = f.message;
	return f.error;
}

static int fail_file(const char *path, int error, char **ret_error)
{
	*ret_error = strprintf("%s: %s", path, strerror(-error));
	return error;
}

/* Whole, NUL-terminated. A bound, since a person may name anything by a link. */
static int read_file(int folder, const char *name, char **ret, size_t *ret_n)
{
	_cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > CONFIG_MAX_FILE)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (n < (size_t)st.st_size) {
		ssize_t k = read(fd, text + n, (size_t)st.st_size - n);

		if (k < 0)
			return -errno;
		if (k == 0)
			break;
		n += (size_t)k;
	}
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	*ret_n = n;
	return 0;
}

static int config_read_file(struct config *c, int folder, const char *name, const char *path, char **ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r;

	r = read_file(folder, name, &text, &n);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return fail_file(path, r, ret_error);
	return config_read_text(c, path, text, n, ret_error);
}

static int is_drop_in(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > strlen(".conf") && streq(e->d_name + n - strlen(".conf"), ".conf");
}

/* By bytes: the order must not follow the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int config_read_drop_ins(struct config *c, const char *folder, char **ret_error)
{
	struct dirent **entries = NULL;
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	int n, r = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail_file(folder, -errno, ret_error);
	n = scandirat(fd, ".", &entries, is_drop_in, compare_names);
	if (n < 0)
		return fail_file(folder, -errno, ret_error);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = strprintf("%s/%s", folder, entries[i]->d_name);

		if (r == 0)
			r = path ? config_read_file(c, fd, entries[i]->d_name, path, ret_error) : -ENOMEM;
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* A file and the drop-ins beside it. */
static int config_read_pair(struct config *c, const char *path, char **ret_error)
{
	_cleanup_free_ char *folder = strprintf("%s.d", path);
	int r;

	if (!folder)
		return -ENOMEM;
	r = config_read_file(c, AT_FDCWD, path, path, ret_error);
	if (r < 0)
		return r;
	return config_read_drop_ins(c, folder, ret_error);
}

static int config_read_variable(struct config *c, const char *name, const char *section, const char *key,
				char **ret_error)
{
	const struct setting *s = setting_find(section, key);
	const char *value = getenv(name);
	int r;

	if (isempty(value))
		return 0;
	r = s->set(c, s, value);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_error = strprintf("environment: %s='%s': expected %s", name, shown(value),
				       s->allowed);
		return -EINVAL;
	}
	return 1;
}

/* A trial with another BaseUrl is a trial with another world: no service stays behind at the first one. */
static int config_read_environment(struct config *c, char **ret_error)
{
	int r;

	r = config_read_variable(c, "CUSTOMERCLIENT_BASE_URL", "Services", "BaseUrl", ret_error);
	if (r < 0)
		return r;
	for (size_t i = 0; r > 0 && i < _SERVICE_MAX; i++) {
		free(c->url[i]);
		c->url[i] = NULL;
	}
	r = config_read_variable(c, "CUSTOMERCLIENT_LOG_LEVEL", "Daemon", "LogLevel", ret_error);
	return r < 0 ? r : 0;
}

static int config_new(struct config **ret)
{
	_cleanup_(config_freep) struct config *c = new0(struct config, 1);
	int r;

	if (!c)
		return -ENOMEM;
	for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
		r = setting_apply(&settings[i], c, "");
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

/* Each service that was not placed elsewhere is below BaseUrl. */
static int config_place_services(struct config *c)
{
	for (size_t i = 0; i < _SERVICE_MAX; i++) {
		if (c->url[i] || !c->base_url)
			continue;
		c->url[i] = strprintf("%s%s", c->base_url, service_prefixes[i]);
		if (!c->url[i])
			return -ENOMEM;
	}
	return 0;
}

int config_parse(const char *name, const char *text, size_t n, struct config **ret, char **ret_error)
{
	_cleanup_(config_freep) struct config *c = NULL;
	int r;

	*ret_error = NULL;
	r = config_new(&c);
	if (r >= 0)
		r = config_read_text(c, name, text, n, ret_error);
	if (r >= 0)
		r = config_place_services(c);
	if (r >= 0)
		*ret = TAKE_PTR(c);
	return r;
}

int config_load(struct config **ret, char **ret_error)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *user_file = config_user_file();
	int r;

	*ret_error = NULL;
	r = config_new(&c);
	if (r < 0)
		return r;
	r = config_read_pair(c, SYSCONFDIR "/customerclient/customerclientd.conf", ret_error);
	if (r < 0)
		return r;
	if (user_file) {
		r = config_read_pair(c, user_file, ret_error);
		if (r < 0)
			return r;
	}
	r = config_read_environment(c, ret_error);
	if (r < 0)
		return r;
	r = config_place_services(c);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	free(c->base_url);
	for (size_t i = 0; i < _SERVICE_MAX; i++)
		free(c->url[i]);
	free(c->ca_file);
	free(c->monthly_limit);
	free(c);
}
