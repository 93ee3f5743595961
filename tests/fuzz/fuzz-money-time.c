/* base/money and base/timeutil: what is read is the same when written and read again. */
#include "base/money.h"
#include "base/timeutil.h"
#include "base/util.h"
#include "base/uuid.h"
#include "tests/fuzz/fuzz.h"

static void use_money(const char *text)
{
	static const char *const codes[] = { "JPY", "USD", "KWD", "CLF" };
	char buf[MONEY_SIZE];
	int64_t minor, again;

	for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
		if (money_parse(text, codes[i], &minor) < 0)
			continue;
		FUZZ_CHECK(money_parse(money_format(buf, minor, codes[i]), codes[i], &again) == 0 && again == minor);
	}
}

static void use_time(const char *text)
{
	char buf[ISO8601_SIZE];
	uint64_t usec, again;

	if (time_parse_iso8601(text, &usec) == 0)
		FUZZ_CHECK(time_parse_iso8601(time_format_iso8601(buf, usec), &again) == 0 && again == usec);
	if (time_parse_http(text, &usec) == 0)
		FUZZ_CHECK(usec % USEC_PER_SEC == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);

	if (!text)
		abort();
	use_money(text);
	use_time(text);
	if (uuid_is_valid(text))
		FUZZ_CHECK(strlen(text) == UUID_SIZE - 1);
	return 0;
}
