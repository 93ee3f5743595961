/* base/url: no text makes a token go over plain HTTP to somewhere else. */
#include "base/url.h"
#include "tests/fuzz/fuzz.h"

#define UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n), *origin = NULL, *escaped = NULL, *resolved = NULL;

	if (!text)
		abort();
	origin = url_origin(text);
	if (url_check(text) == 0) {
		FUZZ_CHECK(origin);
		FUZZ_CHECK(startswith(origin, "https://") || url_is_loopback(text));
		FUZZ_CHECK(url_is_loopback(text) == url_is_loopback(origin));
	}
	escaped = url_escape(text);
	FUZZ_CHECK(escaped && escaped[strspn(escaped, UNRESERVED "%")] == '\0');
	resolved = url_resolve("https://host.example/a/b?c", text);
	return 0;
}
