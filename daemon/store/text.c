/* Folding case and reading cursors; nothing here knows the database. */
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>
#include <wctype.h>

#include "store/text.h"

static locale_t utf8_locale(void)
{
	static locale_t locale;

	if (!locale)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	return locale;
}

/* The code point at s, and its length; 0 for what is not UTF-8. */
static size_t utf8_decode(const unsigned char *s, uint32_t *ret)
{
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t c;

	if (n == 0)
		return 0;
	c = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	*ret = c;
	return n;
}

static size_t utf8_encode(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Writes the folded character at s to out; *ret_taken is how much of s it was. */
static size_t fold_one(const unsigned char *s, locale_t locale, char out[static 4], size_t *ret_taken)
{
	uint32_t c;

	*ret_taken = 1;
	if (*s < 0x80 || !locale) {
		out[0] = (char)(*s >= 'A' && *s <= 'Z' ? *s + ('a' - 'A') : *s);
		return 1;
	}
	*ret_taken = utf8_decode(s, &c);
	if (*ret_taken == 0) {
		*ret_taken = 1;
		out[0] = (char)*s;
		return 1;
	}
	return utf8_encode((uint32_t)towlower_l((wint_t)c, locale), out);
}

char *text_fold(const char *text, size_t max)
{
	locale_t locale = utf8_locale();
	size_t n = strlen(text), used = 0, taken, size;
	char *out, one[4];

	/* A lower-case letter may be longer than its capital: U+023A has two bytes, U+2C65 three. */
	out = malloc(n / 2 * 3 + 4);
	if (!out)
		return NULL;
	for (const unsigned char *s = (const unsigned char *)text; *s; s += taken) {
		size = fold_one(s, locale, one, &taken);
		if (max > 0 && used + size > max)
			break;
		memcpy(out + used, one, size);
		used += size;
	}
	out[used] = '\0';
	return out;
}

char *cursor_write(char kind, uint64_t number, const char *text)
{
	return strprintf("%c%" PRIu64 ".%s", kind, number, text);
}

int cursor_read(const char *cursor, char kind, uint64_t *ret_number, const char **ret_text)
{
	uint64_t number = 0;
	const char *s = cursor;

	if (*s++ != kind || *s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*s - '0'), &number))
			return -EINVAL;
	if (*s++ != '.' || strlen(s) > CURSOR_TEXT_MAX || !utf8_is_valid(s, strlen(s)))
		return -EINVAL;
	*ret_number = number;
	*ret_text = s;
	return 0;
}
