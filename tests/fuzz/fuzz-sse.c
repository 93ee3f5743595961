/* net/sse: however a stream is cut, the events are the same. The first byte says how. */
#include "net/sse.h"

#include "tests/fuzz/fuzz.h"

struct record {
	char *data;
	size_t n;
};

/* Length and bytes of each event; a comment has a length of its own. */
static void note(const char *data, size_t n, void *userdata)
{
	struct record *r = userdata;
	size_t length = data ? n : SIZE_MAX;

	r->data = realloc(r->data, r->n + sizeof(length) + n + 1);
	if (!r->data)
		abort();
	memcpy(r->data + r->n, &length, sizeof(length));
	if (n > 0)
		memcpy(r->data + r->n + sizeof(length), data, n);
	r->n += sizeof(length) + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct record whole = { 0 }, pieces = { 0 };
	struct sse *a = sse_new(note, &whole), *b = sse_new(note, &pieces);
	size_t step;

	if (!a || !b)
		abort();
	if (n > 0) {
		step = 1 + data[0] % 7;
		data++;
		n--;
		FUZZ_CHECK(sse_feed(a, (const char *)data, n) == 0);
		for (size_t i = 0; i < n; i += step)
			FUZZ_CHECK(sse_feed(b, (const char *)data + i, n - i < step ? n - i : step) == 0);
		FUZZ_CHECK(whole.n == pieces.n && (whole.n == 0 || memcmp(whole.data, pieces.data, whole.n) == 0));
	}
	sse_free(a);
	sse_free(b);
	free(whole.data);
	free(pieces.data);
	return 0;
}
