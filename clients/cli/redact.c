/* Redaction. Each matcher marks bytes of the text with what they are; what is marked is replaced at the end, so that no
 * replacement hides a part of something else. Which texts are a person's is the caller's to say. */
#include "clients/cli/redact.h"

#include <ctype.h>
#include <wchar.h>
#include <wctype.h>

#include "clients/cli/text.h"

#define LONG_NEEDLE 8 /* bytes from which a needle is found inside of words */

struct needle {
	const char *tag;
	char *text;
	bool digits; /* compared by its digits alone */
	bool exact;  /* as it is written: a word that may be one of the language's */
};

struct redactor {
	struct needle *needles;
	size_t n;
};

/* A text while it is gone over: for each byte what it is, or NULL. */
struct marks {
	const char *text;
	size_t n;
	const char **tag;
};

struct redactor *redact_new(void)
{
	return xcheck(new0(struct redactor, 1));
}

struct redactor *redact_free(struct redactor *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n; i++)
		free(r->needles[i].text);
	free(r->needles);
	free(r);
	return NULL;
}

static void add(struct redactor *r, const char *tag, const char *text, size_t n, bool digits, bool exact)
{
	while (n > 0 && isspace((unsigned char)*text))
		text++, n--;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n < 3)
		return;
	r->needles = xcheck(reallocarray(r->needles, r->n + 1, sizeof(*r->needles)));
	r->needles[r->n++] = (struct needle){ tag, xprintf("%.*s", (int)n, text), digits, exact };
}

void redact_add(struct redactor *r, const char *tag, const char *text)
{
	if (text)
		add(r, tag, text, strlen(text), false, false);
}

void redact_add_word(struct redactor *r, const char *tag, const char *text)
{
	if (text)
		add(r, tag, text, strlen(text), false, true);
}

/* Each part between separators, unless it is a short number. */
static void add_parts(struct redactor *r, const char *tag, const char *text, const char *separators, bool exact)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, separators);

		if (n != strspn(p, "0123456789 ") || n > 4)
			add(r, tag, p, n, false, exact);
		p += n + (p[n] != '\0');
	}
}

void redact_add_address(struct redactor *r, const char *text)
{
	const char *street = strempty(text);

	redact_add(r, "address", text);
	add_parts(r, "address", street, ",;\n", false);
	/* "12 Mill Lane" without its number. */
	street += strspn(street, "0123456789");
	if (*street == ' ' && strlen(street) > 5)
		add(r, "address", street, strcspn(street, ",;\n"), false, false);
}

void redact_add_name(struct redactor *r, const char *text)
{
	redact_add(r, "name", text);
	add_parts(r, "name", strempty(text), " ,", true);
}

void redact_add_phone(struct redactor *r, const char *text)
{
	_cleanup_free_ char *digits = xstrdup(strempty(text));
	size_t n = 0;

	for (const char *p = digits; *p; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	if (n >= 6)
		add(r, "phone", digits, n, true, false);
}

static bool is_loopback(const char *host, size_t n)
{
	static const char *const names[] = { "localhost", "[::1]", "127.0.0.1" };

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (strlen(names[i]) == n && strncasecmp(host, names[i], n) == 0)
			return true;
	return false;
}

void redact_add_host(struct redactor *r, const char *url)
{
	const char *host = strstr(url, "://");
	size_t n;

	if (!host)
		return;
	host += 3;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (!is_loopback(host, n))
		add(r, "host", host, n, false, false);
}

/* ---- marking ---- */

static void mark(struct marks *m, size_t from, size_t to, const char *tag)
{
	for (size_t i = from; i < to && i < m->n; i++)
		if (!m->tag[i])
			m->tag[i] = tag;
}

static bool is_word(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

static size_t next_wide(const char *s, size_t n, wchar_t *ret)
{
	mbstate_t state = {};
	size_t k = mbrtowc(ret, s, n, &state);

	if (k == 0 || k == (size_t)-1 || k == (size_t)-2) {
		*ret = (unsigned char)*s;
		return 1;
	}
	return k;
}

/* The bytes of the text from `at` on that are the needle; 0: none. */
static size_t match_text(const struct marks *m, size_t at, const struct needle *x)
{
	size_t i = at, left = strlen(x->text);
	const char *p = x->text;

	while (left > 0) {
		wchar_t a, b;
		size_t k, l;

		if (i >= m->n)
			return 0;
		k = next_wide(m->text + i, m->n - i, &a);
		l = next_wide(p, left, &b);
		if (iswspace((wint_t)a) && iswspace((wint_t)b)) {
			while (i < m->n && isspace((unsigned char)m->text[i]))
				i++;
			while (left > 0 && isspace((unsigned char)*p))
				p++, left--;
			continue;
		}
		if (x->exact ? a != b : towlower((wint_t)a) != towlower((wint_t)b))
			return 0;
		i += k;
		p += l;
		left -= l;
	}
	return i - at;
}

/* Digits with spaces, dashes, dots, slashes and brackets between them. */
static size_t match_digits(const struct marks *m, size_t at, const struct needle *x)
{
	const char *p = x->text;
	size_t i = at, gap = 0;

	if (!isdigit((unsigned char)m->text[at]))
		return 0;
	for (; i < m->n && *p; i++) {
		unsigned char c = (unsigned char)m->text[i];

		if (c == (unsigned char)*p) {
			p++;
			gap = 0;
		} else if (!strchr(" -./()", c) || ++gap > 3)
			return 0;
	}
	return *p ? 0 : i - at;
}

static bool stands_alone(const struct marks *m, size_t at, size_t n)
{
	return (at == 0 || !is_word((unsigned char)m->text[at - 1])) &&
	       (at + n >= m->n || !is_word((unsigned char)m->text[at + n]));
}

static void mark_needle(struct marks *m, const struct needle *x)
{
	bool whole = strlen(x->text) < LONG_NEEDLE || x->exact;

	for (size_t at = 0; at < m->n; at++) {
		size_t n = x->digits ? match_digits(m, at, x) : match_text(m, at, x);

		if (n > 0 && (!whole || stands_alone(m, at, n))) {
			mark(m, at, at + n, x->tag);
			at += n - 1;
		}
	}
}

static bool is_mail_char(unsigned char c)
{
	return is_word(c) || strchr("._%+-", c);
}

static void mark_emails(struct marks *m)
{
	for (size_t at = 0; at < m->n; at++) {
		size_t sign = m->text[at] == '@' ? 1 : at + 2 < m->n && memcmp(m->text + at, "%40", 3) == 0 ? 3 : 0;
		size_t from = at, to = at + sign;

		if (sign == 0)
			continue;
		while (from > 0 && is_mail_char((unsigned char)m->text[from - 1]))
			from--;
		while (to < m->n && (is_word((unsigned char)m->text[to]) || strchr(".-", m->text[to])))
			to++;
		if (from < at && to > at + sign)
			mark(m, from, to, "e-mail");
	}
}

static size_t run_of(const struct marks *m, size_t at, const char *more, bool letters)
{
	size_t i = at;

	while (i < m->n && m->text[i] &&
	       ((letters ? isalnum((unsigned char)m->text[i]) : isdigit((unsigned char)m->text[i])) ||
		strchr(more, m->text[i])))
		i++;
	return i - at;
}

static size_t match_uuid(const struct marks *m, size_t at)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t n = strlen(form);

	if (at + n > m->n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '-' ? m->text[at + i] != '-' : !isxdigit((unsigned char)m->text[at + i]))
			return 0;
	return n;
}

/* A long word of letters and digits, or a JSON web token with its dots. */
static size_t match_token(const struct marks *m, size_t at)
{
	size_t n = run_of(m, at, "_-", true), digits = 0, letters = 0;

	if (n >= 8 && memcmp(m->text + at, "eyJ", 3) == 0)
		return run_of(m, at, "_-.=", true);
	for (size_t i = at; i < at + n; i++) {
		digits += isdigit((unsigned char)m->text[i]) != 0;
		letters += isalpha((unsigned char)m->text[i]) != 0;
	}
	return n >= 20 && digits > 0 && letters > 0 ? n : 0;
}

/* A card's number, or a phone's: enough digits with at most one separator between each. */
static size_t match_number(const struct marks *m, size_t at, const char **ret_tag)
{
	size_t n = 0, digits = 0;
	bool plus = m->text[at] == '+';

	if (!plus && !isdigit((unsigned char)m->text[at]))
		return 0;
	for (size_t i = at + plus; i < m->n; i++) {
		if (isdigit((unsigned char)m->text[i])) {
			digits++;
			n = i + 1 - at;
		} else if (!strchr(plus ? " -.()" : " -", m->text[i]) || (!plus && n + at != i))
			break;
	}
	*ret_tag = plus ? "phone" : "number";
	return plus ? (digits >= 7 ? n : 0) : (digits >= 13 && digits <= 19 ? n : 0);
}

/* The last digits of a card behind dots or stars. */
static size_t match_masked(const struct marks *m, size_t at)
{
	size_t i = at, masks = 0, digits;

	for (; i < m->n; i++)
		if (m->text[i] == '*')
			masks++;
		else if (i + 3 <= m->n && memcmp(m->text + i, "\xe2\x80\xa2", 3) == 0)
			masks++, i += 2;
		else if (m->text[i] != ' ' || masks == 0)
			break;
	digits = masks >= 2 ? run_of(m, i, "", false) : 0;
	return digits > 0 ? i + digits - at : 0;
}

static void mark_runs(struct marks *m)
{
	for (size_t at = 0; at < m->n; at++) {
		const char *tag = "uid";
		size_t n;

		if (at > 0 && is_word((unsigned char)m->text[at - 1]))
			continue;
		n = match_uuid(m, at);
		if (n == 0 && (n = match_token(m, at)) > 0)
			tag = "token";
		if (n == 0)
			n = match_number(m, at, &tag);
		if (n == 0 && (n = match_masked(m, at)) > 0)
			tag = "card";
		if (n > 0)
			mark(m, at, at + n, tag);
	}
}

/* What follows one of these words, to the next space. */
static void mark_secrets(struct marks *m)
{
	static const char *const words[] = { "bearer ", "token=", "token: ", "password=", "password: ", "passwd=",
					     "secret=", "cvc=", "cvc: " };

	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		for (size_t at = 0, k = strlen(words[i]); at + k < m->n; at++)
			if (strncasecmp(m->text + at, words[i], k) == 0)
				mark(m, at + k, at + k + strcspn(m->text + at + k, " \t\n\"',;&"), "secret");
}

/* scheme://user:password@HOST:port/path?query */
static void mark_urls(struct marks *m)
{
	static const char ends[] = "/?# \t\n\"'<>,;";

	for (size_t at = 0; at + 3 < m->n; at++) {
		const char *host = m->text + at + 3, *sign, *colon;
		size_t all, n, rest;

		if (memcmp(m->text + at, "://", 3) != 0)
			continue;
		all = strcspn(host, ends);
		sign = memrchr(host, '@', all);
		if (sign) {
			mark(m, at + 3, (size_t)(sign + 1 - m->text), "secret");
			all -= (size_t)(sign + 1 - host);
			host = sign + 1;
		}
		colon = *host == '[' ? memchr(host, ']', all) : memchr(host, ':', all);
		n = colon ? (size_t)(colon - host) + (*colon == ']') : all;
		if (n > 0 && !is_loopback(host, n))
			mark(m, (size_t)(host - m->text), (size_t)(host - m->text) + n, "host");
		rest = strcspn(host, " \t\n\"'<>");
		colon = memchr(host, '?', rest);
		if (colon)
			mark(m, (size_t)(colon - m->text), (size_t)(host - m->text) + rest, "query");
	}
}

/* Four numbers with dots, and six or more groups of hex with colons. */
static void mark_ips(struct marks *m)
{
	for (size_t at = 0; at < m->n; at++) {
		size_t n, dots = 0, colons = 0;

		if (at > 0 && (is_word((unsigned char)m->text[at - 1]) || strchr(".:", m->text[at - 1])))
			continue;
		n = run_of(m, at, ".", false);
		while (n > 0 && m->text[at + n - 1] == '.')
			n--;
		for (size_t i = at; i < at + n; i++)
			dots += m->text[i] == '.';
		if (dots == 3 && !is_loopback(m->text + at, n))
			mark(m, at, at + n, "ip");
		n = strspn(m->text + at, "0123456789abcdefABCDEF:");
		for (size_t i = at; i < at + n; i++)
			colons += m->text[i] == ':';
		if (colons >= 3)
			mark(m, at, at + n, "ip");
	}
}

static char *replace(const struct marks *m)
{
	const char *last = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (size_t i = 0; i < m->n; last = m->tag[i++])
		if (!m->tag[i])
			fputc(m->text[i], f);
		else if (m->tag[i] != last)
			fprintf(f, "<%s>", m->tag[i]);
	return textbuf_take(&b);
}

static int longest_first(const void *a, const void *b)
{
	size_t n = strlen(((const struct needle *)a)->text), k = strlen(((const struct needle *)b)->text);

	return n < k ? 1 : n > k ? -1 : 0;
}

char *redact_text(const struct redactor *r, const char *text)
{
	struct marks m = { .text = text, .n = strlen(text) };
	char *clean;

	m.tag = xcheck(new0(const char *, m.n + 1));
	qsort(r->needles, r->n, sizeof(*r->needles), longest_first);
	mark_secrets(&m);
	mark_emails(&m);
	for (size_t i = 0; i < r->n; i++)
		mark_needle(&m, &r->needles[i]);
	mark_urls(&m);
	mark_ips(&m);
	mark_runs(&m);
	clean = replace(&m);
	free(m.tag);
	return clean;
}

/* ---- files and logs ---- */

/* Keys whose values are numbers, words of the manual, or addresses of services, which redact_text() takes care of. */
static bool is_public_key(const char *key, size_t n)
{
	static const char *const keys[] = {
		"BaseUrl", "Authentication", "CustomerBackend", "FileService", "StatisticalBackend",
		"PredictiveBackend", "EmailBackend", "NotificationsBackend", "LogLevel", "PendingWithPushSec",
		"PendingSec", "IdleWithPushSec", "IdleSec", "JitterPercent", "Enable", "Transports", "TimeoutSec",
		"DeadlineSec", "HoldSec", "Promotions", "QuietHours", "Keyring", "KeyringSec",
	};

	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (strlen(keys[i]) == n && strncmp(keys[i], key, n) == 0)
			return true;
	return false;
}

static void config_line(FILE *f, const char *line, size_t n)
{
	const char *equals = memchr(line, '=', n);
	size_t key;

	while (n > 0 && isspace((unsigned char)*line))
		line++, n--;
	while (n > 0 && isspace((unsigned char)line[n - 1]))
		n--;
	key = equals && equals > line ? (size_t)(equals - line) : 0;
	while (key > 0 && isspace((unsigned char)line[key - 1]))
		key--;
	if (n == 0)
		fputc('\n', f);
	else if (*line == '#' || *line == ';')
		fprintf(f, "%c <comment>\n", *line);
	else if (*line == '[' && line[n - 1] == ']')
		fprintf(f, "%.*s\n", (int)n, line);
	else if (key > 0 && (is_public_key(line, key) || equals + 1 == line + n))
		fprintf(f, "%.*s\n", (int)n, line);
	else if (key > 0)
		fprintf(f, "%.*s=<not-shown>\n", (int)key, line);
	else
		fputs("<line>\n", f);
}

char *redact_config(const struct redactor *r, const char *text)
{
	_cleanup_free_ char *lines = NULL;
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	while (*text) {
		size_t n = strcspn(text, "\n");

		config_line(f, text, n);
		text += n + (text[n] != '\0');
	}
	lines = textbuf_take(&b);
	return redact_text(r, lines);
}

char *redact_cut(const char *line)
{
	/* "2026-11-22T18:40:42+0000 customerclientd[12]: message" */
	const char *message = strstr(line, "]: "), *colon;

	message = message ? message + 3 : line;
	colon = strstr(message, ": ");
	if (!colon || strstr(message, ".conf:"))
		return xstrdup(line);
	return xprintf("%.*s: <not-shown>", (int)(colon - line), line);
}
