/* URLs, read by the same parser that connects to them (curl's), so that no two readings differ. */
#pragma once

#include "base/util.h"

/* May a token be sent there? 0; -EINVAL: not an absolute URL, or one with a user or password in it;
 * -EPROTONOSUPPORT: neither https nor http to loopback. */
int url_check(const char *url);
/* True for http(s)://127.0.0.0/8, [::1] and localhost. */
bool url_is_loopback(const char *url);
/* Percent-encodes one query value (RFC 3986 section 2.3 characters stay). Caller frees. */
char *url_escape(const char *value);
/* "https://host:port", lower-case, default port left out. Caller frees; NULL when it is not an http(s) URL. */
char *url_origin(const char *url);
/* What `reference` (a Location) means at `base`, RFC 3986 section 5. Caller frees; NULL when it is no URL. */
char *url_resolve(const char *base, const char *reference);
