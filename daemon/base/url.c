/* URLs by curl's parser. */
#include "base/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

static inline void curlup(CURLU **u)
{
	curl_url_cleanup(*u);
}

/* The parts of an http or https URL; strings of curl's. */
struct parts {
	CURLU *url;
	char *scheme, *host, *port;
};

static void parts_done(struct parts *p)
{
	curl_url_cleanup(p->url);
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
}

/* False: not an absolute http(s) URL. curl writes scheme and numeric hosts in their usual form. */
static bool parts_read(struct parts *p, const char *text)
{
	p->url = curl_url();
	if (!p->url || !text || curl_url_set(p->url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return false;
	if (curl_url_get(p->url, CURLUPART_SCHEME, &p->scheme, 0) != CURLUE_OK ||
	    curl_url_get(p->url, CURLUPART_HOST, &p->host, 0) != CURLUE_OK ||
	    curl_url_get(p->url, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return false;
	for (char *c = p->host; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return streq(p->scheme, "https") || streq(p->scheme, "http");
}

static bool host_is_loopback(const char *host)
{
	struct in_addr v4;

	if (streq(host, "localhost") || streq(host, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

int url_check(const char *url)
{
	_cleanup_(parts_done) struct parts p = { 0 };
	char *part = NULL;

	if (!parts_read(&p, url))
		return p.scheme && !streq(p.scheme, "http") && !streq(p.scheme, "https") ? -EPROTONOSUPPORT : -EINVAL;
	if (curl_url_get(p.url, CURLUPART_USER, &part, 0) == CURLUE_OK ||
	    curl_url_get(p.url, CURLUPART_PASSWORD, &part, 0) == CURLUE_OK) {
		curl_free(part);
		return -EINVAL;
	}
	return streq(p.scheme, "https") || host_is_loopback(p.host) ? 0 : -EPROTONOSUPPORT;
}

bool url_is_loopback(const char *url)
{
	_cleanup_(parts_done) struct parts p = { 0 };

	return parts_read(&p, url) && host_is_loopback(p.host);
}

char *url_escape(const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = new0(char, strlen(value) * 3 + 1), *e = escaped;

	if (!escaped)
		return NULL;
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c))
			*e++ = (char)c;
		else {
			*e++ = '%';
			*e++ = digits[c >> 4];
			*e++ = digits[c & 15];
		}
	}
	return escaped;
}

char *url_origin(const char *url)
{
	_cleanup_(parts_done) struct parts p = { 0 };

	if (!parts_read(&p, url))
		return NULL;
	if (streq(p.port, streq(p.scheme, "https") ? "443" : "80"))
		return strprintf("%s://%s", p.scheme, p.host);
	return strprintf("%s://%s:%s", p.scheme, p.host, p.port);
}

char *url_resolve(const char *base, const char *reference)
{
	_cleanup_(curlup) CURLU *u = curl_url();
	char *resolved = NULL, *copy;

	if (!u || curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, reference, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &resolved, 0) != CURLUE_OK)
		return NULL;
	copy = strdup(resolved);
	curl_free(resolved);
	return copy;
}
