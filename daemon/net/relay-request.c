/* Reads requests to the relay. No I/O; whatever is not plainly right is refused. */
#include "net/relay-request.h"

struct field {
	const char *name, *value;
	size_t name_n, value_n;
};

struct fields {
	bool host_seen, host_ours, body;
	struct field range, if_range;
	bool has_range, has_if_range, twice;
};

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_field_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return true;
}

static bool is_name(const struct field *f, const char *name)
{
	return f->name_n == strlen(name) && strncasecmp(f->name, name, f->name_n) == 0;
}

static bool equals(const char *s, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(s, text, n) == 0;
}

size_t relay_head_length(const char *data, size_t n)
{
	const char *end = memmem(data, n, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

/* A line of n bytes without its end. False: it is no field. */
static bool field_read(const char *line, size_t n, struct field *ret)
{
	size_t k = 0;

	while (k < n && is_token(line[k]))
		k++;
	if (k == 0 || k == n || line[k] != ':')
		return false;
	*ret = (struct field){ .name = line, .name_n = k, .value = line + k + 1, .value_n = n - k - 1 };
	while (ret->value_n > 0 && (*ret->value == ' ' || *ret->value == '\t')) {
		ret->value++;
		ret->value_n--;
	}
	while (ret->value_n > 0 && strchr(" \t", ret->value[ret->value_n - 1]))
		ret->value_n--;
	return is_field_text(ret->value, ret->value_n);
}

static int take_field(struct fields *s, const struct field *f, const char *host)
{
	if (is_name(f, "Host")) {
		if (s->host_seen)
			return 400;
		s->host_seen = true;
		s->host_ours = equals(f->value, f->value_n, host);
	} else if (is_name(f, "Range")) {
		s->twice = s->twice || s->has_range;
		s->has_range = true;
		s->range = *f;
	} else if (is_name(f, "If-Range")) {
		s->twice = s->twice || s->has_if_range;
		s->has_if_range = true;
		s->if_range = *f;
	} else if (is_name(f, "Transfer-Encoding")) {
		s->body = true;
	} else if (is_name(f, "Content-Length")) {
		s->body = s->body || !equals(f->value, f->value_n, "0");
	}
	return 0;
}

/* Digits of a number that a file's size can be; *p is moved behind them. */
static bool read_number(const char **p, const char *end, uint64_t *ret)
{
	const char *begin = *p;
	uint64_t n = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		if (n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(**p - '0');
	}
	*ret = n;
	return *p > begin;
}

static void read_range(const struct field *f, struct relay_want *ret)
{
	const char *p = f->value, *end = f->value + f->value_n;
	uint64_t first = 0, last = UINT64_MAX;
	bool suffix;

	if (f->value_n < 7 || strncasecmp(p, "bytes=", 6) != 0)
		return;
	p += 6;
	suffix = *p == '-';
	if (!suffix && !read_number(&p, end, &first))
		return;
	if (p == end || *p++ != '-')
		return;
	if ((suffix || p < end) && !read_number(&p, end, &last))
		return;
	if (p != end || (!suffix && last < first))
		return;
	ret->range = suffix ? RELAY_RANGE_SUFFIX : RELAY_RANGE_FROM;
	ret->first = first;
	ret->last = last;
}

bool relay_etag_is_strong(const char *etag)
{
	size_t n = etag ? strlen(etag) : 0;

	if (n < 2 || n >= RELAY_ETAG_SIZE || etag[0] != '"' || etag[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++)
		if ((unsigned char)etag[i] <= ' ' || etag[i] == '"' || etag[i] == 0x7f)
			return false;
	return true;
}

static void read_want(const struct fields *s, struct relay_want *ret)
{
	*ret = (struct relay_want){ .range = RELAY_RANGE_NONE };
	if (!s->has_range || s->twice)
		return;
	if (s->has_if_range) {
		if (s->if_range.value_n >= sizeof(ret->if_range))
			return;
		memcpy(ret->if_range, s->if_range.value, s->if_range.value_n);
		if (!relay_etag_is_strong(ret->if_range)) {
			ret->if_range[0] = '\0';
			return;
		}
	}
	read_range(&s->range, ret);
	if (ret->range == RELAY_RANGE_NONE)
		ret->if_range[0] = '\0';
}

/* "GET /path HTTP/1.1" */
static int read_request_line(const char *line, size_t n, struct relay_request *ret)
{
	const char *space = memchr(line, ' ', n), *target, *version;
	size_t method_n, path_n = 0, target_n;

	if (!space || space == line)
		return 400;
	method_n = (size_t)(space - line);
	for (size_t i = 0; i < method_n; i++)
		if (!is_token(line[i]))
			return 400;
	target = space + 1;
	space = memchr(target, ' ', n - method_n - 1);
	if (!space || target == space || *target != '/')
		return 400;
	target_n = (size_t)(space - target) - 1;
	version = space + 1;
	if (n - (size_t)(version - line) != 8 || memcmp(version, "HTTP/", 5) != 0)
		return 400;
	if (memcmp(version, "HTTP/1.1", 8) != 0 && memcmp(version, "HTTP/1.0", 8) != 0)
		return 505;
	ret->head = equals(line, method_n, "HEAD");
	if (!ret->head && !equals(line, method_n, "GET"))
		return 405;
	target++;
	while (path_n < target_n && is_token(target[path_n]) && !strchr("!#$%&'*+-.^_`|~", target[path_n]))
		path_n++;
	memset(ret->path, 0, sizeof(ret->path));
	if (path_n == target_n && path_n < sizeof(ret->path))
		memcpy(ret->path, target, path_n);
	return 0;
}

int relay_request_parse(const char *head, size_t n, const char *host, struct relay_request *ret)
{
	struct relay_request q = { 0 };
	struct fields fields = { 0 };
	const char *line = head, *end;
	unsigned count = 0;
	int status = 0;

	while ((end = memmem(line, n - (size_t)(line - head), "\r\n", 2)) && end != line && status == 0) {
		struct field f;

		if (line == head)
			status = read_request_line(line, (size_t)(end - line), &q);
		else if (++count > RELAY_FIELDS_MAX || !field_read(line, (size_t)(end - line), &f))
			status = 400;
		else
			status = take_field(&fields, &f, host);
		line = end + 2;
	}
	if (status != 0)
		return status;
	if (line == head || !end || !fields.host_seen)
		return 400;
	/* A page whose name was made to mean this machine would send its own. */
	if (!fields.host_ours)
		return 403;
	if (fields.body)
		return 501;
	read_want(&fields, &q.want);
	*ret = q;
	return 0;
}

bool relay_content_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_total)
{
	uint64_t first, last, total;
	const char *p, *end;

	if (!text || strncasecmp(text, "bytes ", 6) != 0)
		return false;
	p = text + 6;
	end = p + strlen(p);
	if (!read_number(&p, end, &first) || *p++ != '-' || !read_number(&p, end, &last) || *p++ != '/' ||
	    !read_number(&p, end, &total) || p != end || last < first || last >= total)
		return false;
	*ret_first = first;
	*ret_last = last;
	*ret_total = total;
	return true;
}
