/* Widths, cleaning and cutting of text. What the text says is not known here. */
#include "clients/cli/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <wchar.h>
#include <wctype.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS "\xe2\x80\xa6"    /* U+2026 */

static bool utf8_terminal = true;

void text_init(void)
{
	(void)setlocale(LC_CTYPE, "");
	utf8_terminal = streq(nl_langinfo(CODESET), "UTF-8");
	/* In the "C" locale what the daemon says is still UTF-8, and its widths are needed for the
	 * columns. */
	if (!utf8_terminal)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

bool text_utf8(void)
{
	return utf8_terminal;
}

void text_set_utf8(bool utf8)
{
	utf8_terminal = utf8;
}

/* The length of the character at s, or 0 where there is none. */
static size_t next_char(const char *s, size_t n, wchar_t *ret)
{
	mbstate_t state = {};
	size_t k = mbrtowc(ret, s, n, &state);

	return k == (size_t)-1 || k == (size_t)-2 ? 0 : k;
}

static int char_width(wchar_t c)
{
	int w = wcwidth(c);

	return w < 0 ? 1 : w;
}

size_t text_width(const char *s)
{
	size_t left = strlen(s), width = 0;

	while (left > 0) {
		wchar_t c;
		size_t k = next_char(s, left, &c);

		width += k ? (size_t)char_width(c) : 1;
		s += k ? k : 1;
		left -= k ? k : 1;
	}
	return width;
}

/* Direction overrides and isolates can make a line read as something else than it is. */
static bool is_direction_control(wchar_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void clean_char(FILE *f, const char *s, size_t k, wchar_t c, bool lines)
{
	if (k == 0 || is_direction_control(c))
		fputs(REPLACEMENT, f);
	else if (c == '\n' && lines)
		fputc('\n', f);
	else if (c == '\n' || c == '\t' || c == '\r')
		fputc(' ', f);
	else if (iswcntrl((wint_t)c) || wcwidth(c) < 0)
		fputs(REPLACEMENT, f);
	else
		fwrite(s, 1, k, f);
}

char *text_clean(const char *s, bool lines)
{
	struct textbuf b;
	FILE *f = textbuf_open(&b);
	size_t left = strlen(strempty(s));

	while (left > 0) {
		wchar_t c = 0;
		size_t k = next_char(s, left, &c);

		clean_char(f, s, k, c, lines);
		s += k ? k : 1;
		left -= k ? k : 1;
	}
	return textbuf_take(&b);
}

char *text_fit(const char *s, size_t width)
{
	const char *dots = utf8_terminal ? ELLIPSIS : "~";
	size_t used = 0, n = 0, left = strlen(s);
	char *cut;

	if (text_width(s) <= width)
		return xstrdup(s);
	if (width == 0)
		return xstrdup("");
	while (left > 0) {
		wchar_t c;
		size_t k = next_char(s + n, left, &c);
		size_t w = k ? (size_t)char_width(c) : 1;

		if (used + w > width - 1)
			break;
		used += w;
		n += k ? k : 1;
		left -= k ? k : 1;
	}
	while (n > 0 && s[n - 1] == ' ')
		n--;
	cut = xprintf("%.*s%s", (int)n, s, dots);
	return cut;
}

void text_pad(FILE *f, size_t columns)
{
	while (columns-- > 0)
		fputc(' ', f);
}

void *xcheck(void *p)
{
	if (!p) {
		fputs("customerclient: out of memory\n", stderr);
		_exit(1);
	}
	return p;
}

char *xstrdup(const char *s)
{
	return xcheck(strdup(s));
}

char *xprintf(const char *format, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	return xcheck(n < 0 ? NULL : s);
}

FILE *textbuf_open(struct textbuf *b)
{
	*b = (struct textbuf){};
	b->f = open_memstream(&b->text, &b->n);
	return xcheck(b->f);
}

char *textbuf_take(struct textbuf *b)
{
	if (fclose(b->f) != 0)
		xcheck(NULL);
	b->f = NULL;
	return TAKE_PTR(b->text);
}
