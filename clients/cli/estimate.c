/* The words for when an order is expected. */
#include "clients/cli/estimate.h"

#include <time.h>

#include "clients/cli/text.h"
#include "clients/cli/when.h"
#include "clients/common/status.h"

/* Paid for where it has to be, and not yet there. */
static bool is_expected(const struct order *o)
{
	return status_is_pending(o->status) && !streq(o->status, "awaiting-payment");
}

uint64_t estimate_arrival(const struct order *o)
{
	return is_expected(o) && o->estimate.delivery ? o->estimate.delivery : order_expected(o);
}

static const char *clock_time(char buf[static 8], uint64_t usec)
{
	time_t t = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(buf, 8, "%H:%M", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

char *estimate_range(const struct order *o, uint64_t now)
{
	const struct order_estimate *e = &o->estimate;
	char from[8], to[8];

	if (!is_expected(o) || !e->earliest || e->latest <= now)
		return xstrdup("");
	clock_time(from, e->earliest);
	clock_time(to, e->latest);
	return streq(from, to) ? xstrdup("") : xprintf("%s%s%s", from, text_utf8() ? "\xe2\x80\x93" : "-", to);
}

bool estimate_is_outlived(const struct order *o, uint64_t now)
{
	return is_expected(o) && o->estimate.bound && o->estimate.bound <= now;
}

char *estimate_by(const struct order *o, uint64_t now)
{
	char at[8];

	if (!is_expected(o) || !o->estimate.bound)
		return xstrdup("");
	/* Where the service expects it later it may know better than its past. */
	if (!estimate_is_outlived(o, now) && o->estimate.bound < estimate_arrival(o))
		return xstrdup("");
	return xprintf("by %s", clock_time(at, o->estimate.bound));
}

char *estimate_bound(const struct order *o, uint64_t now, bool brief)
{
	_cleanup_free_ char *by = estimate_by(o, now);

	if (!*by)
		return xstrdup("");
	if (estimate_is_outlived(o, now))
		return xprintf(brief ? "9 of 10 came %s" : "late: nine in ten came %s", by);
	return xprintf(brief ? "%s in 9 of 10" : "%s nine times in ten", by);
}

char *estimate_age(const struct order *o, uint64_t now)
{
	const struct order_estimate *e = &o->estimate;
	char span[WHEN_SIZE];

	if (!is_expected(o) || !e->delivery || !e->asked)
		return xstrdup("");
	return xprintf("%s ago", when_format_span(span, now > e->asked ? now - e->asked : 0));
}

char *estimate_said(const struct order *o, uint64_t now)
{
	_cleanup_free_ char *age = estimate_age(o, now);

	return xprintf("%s%s", *age ? "said " : "", age);
}

char *estimate_detail(const struct order *o, uint64_t now, bool brief)
{
	_cleanup_free_ char *bound = estimate_bound(o, now, brief), *said = estimate_said(o, now);

	return xprintf("%s%s%s", bound, *bound && *said ? "; " : "", said);
}
