/* net/answer: header lines and bodies of any kind, within their bounds. Lines end at '\n'; what follows an empty one is
 * the body. */
#include "base/timeutil.h"
#include "tests/fuzz/fuzz.h"
#include "net/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;
	struct answer a = { 0 };

	while (p < end && !a.header_done) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = newline ? (size_t)(newline + 1 - p) : (size_t)(end - p);

		if (!answer_take_header(&a, p, length))
			break;
		p += length;
	}
	FUZZ_CHECK(answer_retry_after(&a) <= 60 * USEC_PER_MIN);
	(void)answer_append(&a, p, (size_t)(end - p), 100);
	FUZZ_CHECK(a.body_size <= 100 && (!a.body || a.body[a.body_size] == '\0'));
	if (answer_is_redirect(&a))
		FUZZ_CHECK(a.status >= 301 && a.status <= 308);
	answer_done(&a);
	return 0;
}
