/* base/config: any file is a whole configuration, or an error in words. */
#include "base/config.h"
#include "base/url.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_free_ char *error = NULL;

	log_set_level(LOG_LEVEL_ERROR);
	if (config_parse("file", (const char *)data, n, &c, &error) < 0) {
		FUZZ_CHECK(!c && error && startswith(error, "file:"));
		return 0;
	}
	FUZZ_CHECK(!error && c->pending >= USEC_PER_SEC && c->jitter_percent <= 50);
	FUZZ_CHECK(c->push_sse || c->push_long_polling);
	for (size_t i = 0; i < _SERVICE_MAX; i++)
		FUZZ_CHECK(!c->url[i] || url_check(c->url[i]) == 0);
	return 0;
}
