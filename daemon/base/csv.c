/* Writing of CSV fields. What stands in them is the callers' business. */
#include "base/csv.h"

#include "base/util.h"

static void escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			(void)fputc('"', f);
		(void)fputc(*text, f);
	}
}

static void field(FILE *f, const char *prefix, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		(void)fprintf(f, "%s%s", prefix, text);
		return;
	}
	(void)fprintf(f, "\"%s", prefix);
	escaped(f, text);
	(void)fputc('"', f);
}

static bool is_formula(const char *text)
{
	static const char *const starts[] = {
		"=", "+", "-", "@", "\t", "\r", "\n",
		"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0", /* U+FF1D, FF0B, FF0D, FF20 */
	};

	text += strspn(text, "'");
	for (size_t i = 0; i < ELEMENTSOF(starts); i++)
		if (startswith(text, starts[i]))
			return true;
	return false;
}

void csv_field(FILE *f, const char *text)
{
	field(f, "", text);
}

void csv_text(FILE *f, const char *text)
{
	text = strempty(text);
	field(f, is_formula(text) ? "'" : "", text);
}
