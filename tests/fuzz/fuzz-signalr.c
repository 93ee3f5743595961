/* net/signalr-frame and net/signalr-negotiate: frames are the same however they are cut, and any answer to negotiate
 * is read or refused whole. The first byte says how to cut. */
#include "base/url.h"
#include "tests/fuzz/fuzz.h"
#include "net/signalr-frame.h"
#include "net/signalr-negotiate.h"

static size_t count(struct frames *f, size_t *total)
{
	const char *text;
	size_t n, frames = 0;

	while (frames_next(f, &text, &n)) {
		FUZZ_CHECK(!memchr(text, FRAME_END, n));
		*total += n;
		frames++;
	}
	return frames;
}

static void cut_frames(const char *data, size_t n, size_t step)
{
	size_t total = 0, other_total = 0, frames, other_frames = 0;
	struct frames whole = { 0 }, pieces = { 0 };

	FUZZ_CHECK(frames_append(&whole, data, n) == 0);
	frames = count(&whole, &total);
	for (size_t i = 0; i < n; i += step) {
		FUZZ_CHECK(frames_append(&pieces, data + i, n - i < step ? n - i : step) == 0);
		other_frames += count(&pieces, &other_total);
	}
	FUZZ_CHECK(frames == other_frames && total == other_total);
	frames_done(&whole);
	frames_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_(negotiation_done) struct negotiation g = { 0 };
	const char *text = (const char *)data + 1;

	if (n == 0)
		return 0;
	n--;
	cut_frames(text, n, 1 + data[0] % 7);
	if (negotiation_parse(text, n, &g) < 0) {
		FUZZ_CHECK(!g.error && !g.url && !g.id && !g.token);
		return 0;
	}
	FUZZ_CHECK(g.error || g.url || g.id);
	if (g.url && negotiation_may_move("https://hub.example/", g.url)) {
		_cleanup_free_ char *url = hub_url(g.url, "/negotiate", "negotiateVersion", "1");
		_cleanup_free_ char *from = url_origin(g.url), *to = url ? url_origin(url) : NULL;

		FUZZ_CHECK(url_check(g.url) == 0 && !url_is_loopback(g.url));
		/* Its own URL leads nowhere else. */
		FUZZ_CHECK(from && to && streq(from, to));
	}
	return 0;
}
