/*
 * Money, dates and JSON as the contract has them. Reading is strict, writing has one form only.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>

#include "tests/sandbox/values.h"

static const int64_t money_max = INT64_C(1000000000000);

int money_parse(const char *text, int64_t *ret_cents)
{
	const char *p = text;
	int64_t cents = 0;
	int digits = 0, fraction = 0;
	bool negative = *p == '-';

	if (negative)
		p++;
	for (; isdigit((unsigned char)*p); p++, digits++) {
		cents = cents * 10 + (*p - '0');
		if (cents > money_max)
			return -ERANGE;
	}
	if (digits == 0)
		return -EINVAL;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, fraction++) {
			if (fraction >= 2 && *p != '0')
				return -ERANGE;
			if (fraction < 2)
				cents = cents * 10 + (*p - '0');
		}
		if (fraction == 0)
			return -EINVAL;
		if (fraction > 4)
			return -ERANGE;
	}
	if (*p)
		return -EINVAL;
	for (; fraction < 2; fraction++)
		cents *= 10;
	*ret_cents = negative ? -cents : cents;
	return 0;
}

json_object *money_to_json(int64_t cents)
{
	AUTO_FREE char *text = xprintf("%s%lld.%02lld", cents < 0 ? "-" : "", llabs(cents / 100),
				       llabs(cents % 100));

	return json_object_new_double_s((double)cents / 100, text);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t civil_to_days(int64_t y, unsigned m, unsigned d)
{
	int64_t era;
	unsigned yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m + (m > 2 ? -3U : 9U)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + (int64_t)doe - 719468;
}

static void days_to_civil(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t era;
	unsigned doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = (int)((int64_t)yoe + era * 400 + (*ret_month <= 2));
}

/* Reads exactly @n digits and moves on; -1 if they are not there. */
static int take_digits(const char **p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static int take_sign(const char **p, char sign)
{
	if (**p != sign)
		return -EINVAL;
	(*p)++;
	return 0;
}

static unsigned days_in_month(int y, int m)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return days[m - 1] + (m == 2 && leap);
}

/* Reads "Z", "+hh:mm" or nothing at the end of a date. */
static int take_offset(const char **p, int64_t *ret_usec)
{
	int sign, h, m;

	*ret_usec = 0;
	if (**p == 'Z')
		(*p)++;
	else if (**p == '+' || **p == '-') {
		sign = *(*p)++ == '-' ? -1 : 1;
		h = take_digits(p, 2);
		if (h < 0 || h > 14 || take_sign(p, ':') < 0)
			return -EINVAL;
		m = take_digits(p, 2);
		if (m < 0 || m > 59)
			return -EINVAL;
		*ret_usec = sign * (h * USEC_PER_HOUR + m * USEC_PER_MINUTE);
	}
	return **p ? -EINVAL : 0;
}

int date_parse(const char *text, int64_t *ret_usec)
{
	const char *p = text;
	int y, mo, d, h, mi, s, digits = 0;
	int64_t usec = 0, offset;

	y = take_digits(&p, 4);
	if (y < 1 || take_sign(&p, '-') < 0)
		return -EINVAL;
	mo = take_digits(&p, 2);
	if (mo < 1 || mo > 12 || take_sign(&p, '-') < 0)
		return -EINVAL;
	d = take_digits(&p, 2);
	if (d < 1 || (unsigned)d > days_in_month(y, mo) || take_sign(&p, 'T') < 0)
		return -EINVAL;
	h = take_digits(&p, 2);
	if (h < 0 || h > 23 || take_sign(&p, ':') < 0)
		return -EINVAL;
	mi = take_digits(&p, 2);
	if (mi < 0 || mi > 59 || take_sign(&p, ':') < 0)
		return -EINVAL;
	s = take_digits(&p, 2);
	if (s < 0 || s > 59)
		return -EINVAL;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, digits++)
			if (digits < 6)
				usec = usec * 10 + (*p - '0');
		if (digits < 1 || digits > 7)
			return -EINVAL;
		for (; digits < 6; digits++)
			usec *= 10;
	}
	if (take_offset(&p, &offset) < 0)
		return -EINVAL;
	*ret_usec = civil_to_days(y, (unsigned)mo, (unsigned)d) * USEC_PER_DAY + h * USEC_PER_HOUR +
		    mi * USEC_PER_MINUTE + s * USEC_PER_SEC + usec - offset;
	return 0;
}

struct civil {
	int year;
	unsigned month, day, weekday, hour, minute, second, usec;
};

static struct civil civil_of(int64_t usec)
{
	struct civil c;
	int64_t days = usec / USEC_PER_DAY, rest = usec % USEC_PER_DAY;

	if (rest < 0) {
		rest += USEC_PER_DAY;
		days--;
	}
	days_to_civil(days, &c.year, &c.month, &c.day);
	c.weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
	c.hour = (unsigned)(rest / USEC_PER_HOUR);
	c.minute = (unsigned)(rest / USEC_PER_MINUTE % 60);
	c.second = (unsigned)(rest / USEC_PER_SEC % 60);
	c.usec = (unsigned)(rest % USEC_PER_SEC);
	return c;
}

void date_civil(int64_t usec, int *ret_year, unsigned *ret_month, unsigned *ret_day, unsigned *ret_weekday)
{
	struct civil c = civil_of(usec);

	*ret_year = c.year;
	*ret_month = c.month;
	*ret_day = c.day;
	*ret_weekday = c.weekday;
}

void date_format(int64_t usec, char out[DATE_TEXT_SIZE])
{
	struct civil c = civil_of(usec);

	snprintf(out, DATE_TEXT_SIZE, "%04d-%02u-%02uT%02u:%02u:%02u.%06uZ", c.year, c.month, c.day, c.hour,
		 c.minute, c.second, c.usec);
}

void date_format_http(int64_t usec, char out[DATE_TEXT_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_of(usec);

	snprintf(out, DATE_TEXT_SIZE, "%.3s, %02u %.3s %04d %02u:%02u:%02u GMT", days + 3 * c.weekday, c.day,
		 months + 3 * (c.month - 1), c.year, c.hour, c.minute, c.second);
}

json_object *date_to_json(int64_t usec)
{
	char text[DATE_TEXT_SIZE];

	if (usec == 0)
		return NULL;
	date_format(usec, text);
	return json_object_new_string(text);
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

/* After a number as JSON has it; NULL if it is none, such as "5.", "01" or "-". */
static const char *skip_number(const char *p, const char *end)
{
	const char *digits = p += *p == '-', *after;

	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return NULL;
	if (p < end && *p == '.') {
		after = skip_digits(p + 1, end);
		if (after == p + 1)
			return NULL;
		p = after;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		after = skip_digits(p, end);
		if (after == p)
			return NULL;
		p = after;
	}
	return p;
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static const char *skip_word(const char *p, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	return NULL;
}

/* json-c takes more than JSON even when strict: NaN, 'single quotes', "5.", comments. Its tokens are checked
 * first. */
static bool has_json_tokens(const char *p, const char *end)
{
	while (p && p < end) {
		if (*p == '"')
			p = skip_string(p, end);
		else if (*p == '-' || isdigit((unsigned char)*p))
			p = skip_number(p, end);
		else if (memchr("{}[]:, \t\r\n", *p, 10))
			p++;
		else
			p = skip_word(p, end);
	}
	return p;
}

int json_read_object(const char *text, size_t size, json_object **ret, const char **ret_why)
{
	AUTO_JSON json_object *o = NULL;
	enum json_tokener_error e;
	json_tokener *t;

	if (size == 0) {
		*ret_why = "the body is empty";
		return -EINVAL;
	}
	if (memchr(text, '\0', size)) {
		*ret_why = "the body has a NUL byte";
		return -EINVAL;
	}
	if (!has_json_tokens(text, text + size)) {
		*ret_why = "it has something in it that is not JSON";
		return -EINVAL;
	}
	t = json_tokener_new_ex(32);
	if (!t)
		die(1, "out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text, (int)size);
	e = json_tokener_get_error(t);
	json_tokener_free(t);
	if (e == json_tokener_continue) {
		*ret_why = "the JSON ends too early";
		return -EINVAL;
	}
	if (e != json_tokener_success) {
		*ret_why = json_tokener_error_desc(e);
		return -EINVAL;
	}
	if (!json_object_is_type(o, json_type_object)) {
		*ret_why = "the body is no JSON object";
		return -EINVAL;
	}
	*ret = TAKE(o);
	return 0;
}

json_object *json_member(json_object *o, const char *name)
{
	json_object *v = NULL;
	char pascal[64];

	if (json_object_object_get_ex(o, name, &v))
		return v;
	snprintf(pascal, sizeof(pascal), "%s", name);
	pascal[0] = (char)toupper((unsigned char)pascal[0]);
	return json_object_object_get_ex(o, pascal, &v) ? v : NULL;
}

int json_string_member(json_object *o, const char *name, const char **ret)
{
	json_object *v = json_member(o, name);

	if (v && !json_object_is_type(v, json_type_string))
		return -EINVAL;
	if (v && strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return -EINVAL; /* "\u0000" inside */
	*ret = v ? json_object_get_string(v) : NULL;
	return 0;
}

int json_int_member(json_object *o, const char *name, int64_t fallback, int64_t *ret)
{
	json_object *v = json_member(o, name);

	if (v && !json_object_is_type(v, json_type_int))
		return -EINVAL;
	*ret = v ? json_object_get_int64(v) : fallback;
	return 0;
}

void json_add_text(json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, text ? json_object_new_string(text) : NULL);
}

void json_add_int(json_object *o, const char *name, int64_t n)
{
	json_object_object_add(o, name, json_object_new_int64(n));
}

void json_add_bool(json_object *o, const char *name, bool b)
{
	json_object_object_add(o, name, json_object_new_boolean(b));
}

void json_add_money(json_object *o, const char *name, int64_t cents)
{
	json_object_object_add(o, name, money_to_json(cents));
}

void json_add_date(json_object *o, const char *name, int64_t usec)
{
	json_object_object_add(o, name, date_to_json(usec));
}

void json_add_degrees(json_object *o, const char *name, double degrees)
{
	char text[32];

	if (isnan(degrees)) {
		json_object_object_add(o, name, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.6f", degrees);
	json_object_object_add(o, name, json_object_new_double_s(degrees, text));
}

const char *json_text(json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

bool email_is_valid(const char *s)
{
	const char *at = s ? strchr(s, '@') : NULL;

	if (!at || at == s || !at[1] || strchr(at + 1, '@') || !strchr(at + 1, '.') || strpbrk(s, "<>\"(),:;"))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}
