/* A recogniser of JSON texts (RFC 8259). It builds nothing. */
#include "base/json-scan.h"

#include "base/util.h"

/* What json-c takes for one of them, rounded up: a few bytes of text can be hundreds of memory. */
#define OBJECT_COST 800U
#define OTHER_COST 160U

struct scan {
	const char *p, *end;
	unsigned depth; /* levels left */
	size_t memory;  /* bytes left for what will be built */
};

static int scan_value(struct scan *s);

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static int scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return -EBADMSG;
	s->p += n;
	return 0;
}

static bool take_digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

static int scan_number(struct scan *s)
{
	(void)take(s, '-');
	if (!take(s, '0') && !take_digits(s))
		return -EBADMSG;
	if (take(s, '.') && !take_digits(s))
		return -EBADMSG;
	if (take(s, 'e') || take(s, 'E')) {
		(void)(take(s, '+') || take(s, '-'));
		if (!take_digits(s))
			return -EBADMSG;
	}
	return 0;
}

/* What follows a backslash. */
static int scan_escape(struct scan *s)
{
	bool zero = true;

	if (s->p == s->end || !strchr("\"\\/bfnrtu", *s->p) || *s->p == '\0')
		return -EBADMSG;
	if (*s->p++ != 'u')
		return 0;
	for (int i = 0; i < 4; i++, s->p++) {
		if (s->p == s->end || *s->p == '\0' || !strchr("0123456789abcdefABCDEF", *s->p))
			return -EBADMSG;
		zero = zero && *s->p == '0';
	}
	return zero ? -EBADMSG : 0;
}

static int scan_string(struct scan *s)
{
	int r;

	if (!take(s, '"'))
		return -EBADMSG;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p++;

		if (c == '"')
			return 0;
		if (c < ' ')
			return -EBADMSG;
		if (c == '\\') {
			r = scan_escape(s);
			if (r < 0)
				return r;
		}
	}
	return -EBADMSG;
}

static int scan_member(struct scan *s)
{
	int r;

	skip_space(s);
	r = scan_string(s);
	if (r < 0)
		return r;
	skip_space(s);
	return take(s, ':') ? scan_value(s) : -EBADMSG;
}

/* An object or an array, by its end and by what stands in it. */
static int scan_list(struct scan *s, char end, int (*element)(struct scan *s))
{
	int r;

	if (s->depth == 0)
		return -E2BIG;
	s->depth--;
	s->p++;
	skip_space(s);
	if (!take(s, end)) {
		do {
			r = element(s);
			if (r < 0)
				return r;
		} while (take(s, ','));
		if (!take(s, end))
			return -EBADMSG;
	}
	s->depth++;
	return 0;
}

static int pay(struct scan *s, size_t cost)
{
	if (cost > s->memory)
		return -E2BIG;
	s->memory -= cost;
	return 0;
}

/* Leaves the position behind the space that follows the value. */
static int scan_value(struct scan *s)
{
	int r;

	skip_space(s);
	if (s->p == s->end)
		return -EBADMSG;
	r = pay(s, *s->p == '{' ? OBJECT_COST : OTHER_COST);
	if (r < 0)
		return r;
	switch (*s->p) {
	case '{':
		r = scan_list(s, '}', scan_member);
		break;
	case '[':
		r = scan_list(s, ']', scan_value);
		break;
	case '"':
		r = scan_string(s);
		break;
	case 't':
		r = scan_word(s, "true");
		break;
	case 'f':
		r = scan_word(s, "false");
		break;
	case 'n':
		r = scan_word(s, "null");
		break;
	default:
		r = scan_number(s);
	}
	skip_space(s);
	return r;
}

int json_scan(const char *text, size_t n, unsigned max_depth, size_t max_memory)
{
	struct scan s = { .p = text, .end = text + n, .depth = max_depth, .memory = max_memory };
	int r;

	if (!utf8_is_valid(text, n))
		return -EBADMSG;
	r = scan_value(&s);
	if (r < 0)
		return r;
	return s.p == s.end ? 0 : -EBADMSG;
}
