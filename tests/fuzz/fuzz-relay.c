/* net/relay-request: whatever comes in, what is let through is for this host, within bounds, and in a form that cannot
 * break the header of the request that is made of it. */
#include "net/relay-request.h"

#include "tests/fuzz/fuzz.h"

#define HOST "127.0.0.1:4711"

static bool has_host(const char *head, size_t n)
{
	for (size_t i = 0; i + strlen(HOST) <= n; i++)
		if (memcmp(head + i, HOST, strlen(HOST)) == 0)
			return true;
	return false;
}

static void check_request(const char *data, size_t n)
{
	size_t length = relay_head_length(data, n);
	struct relay_request q;
	int status;

	FUZZ_CHECK(length <= n);
	if (length == 0)
		return;
	FUZZ_CHECK(relay_head_length(data, length) == length);
	status = relay_request_parse(data, length, HOST, &q);
	FUZZ_CHECK(status == 0 || status == 400 || status == 403 || status == 405 || status == 501 || status == 505);
	if (status != 0)
		return;
	FUZZ_CHECK(has_host(data, length));
	FUZZ_CHECK(memcmp(data, q.head ? "HEAD " : "GET /", 5) == 0);
	FUZZ_CHECK(memchr(q.path, '\0', sizeof(q.path)) && strspn(q.path, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "abcdefghijklmnopqrstuvwxyz") == strlen(q.path));
	FUZZ_CHECK(q.want.range != RELAY_RANGE_FROM || q.want.first <= q.want.last);
	FUZZ_CHECK(memchr(q.want.if_range, '\0', sizeof(q.want.if_range)));
	FUZZ_CHECK(!q.want.if_range[0] || relay_etag_is_strong(q.want.if_range));
	FUZZ_CHECK(q.want.range != RELAY_RANGE_NONE || !q.want.if_range[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);
	uint64_t first, last, total;

	if (!text)
		abort();
	check_request((const char *)data, n);
	if (relay_content_range_parse(text, &first, &last, &total))
		FUZZ_CHECK(first <= last && last < total && total <= INT64_MAX);
	if (relay_etag_is_strong(text))
		FUZZ_CHECK(strlen(text) < RELAY_ETAG_SIZE && !strpbrk(text, "\r\n "));
	return 0;
}
