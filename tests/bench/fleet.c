/* A fleet of daemons after an outage: the requests per second that a backend sees, from the very scheduling code the
 * daemon runs (core/schedule, net/backoff). Nothing else of a daemon is here: each is two timers, as core/push.c and
 * core/sync.c set them. A bound that does not hold ends it with 1. */
#include <math.h>
#include <stdio.h>

#include "core/schedule.h"

#define HORIZON_SEC (4 * 3600U)
#define CONNECT_REQUESTS 3 /* negotiate, stream, handshake */
#define SYNC_REQUESTS 2    /* OrdersGet, NotificationsGet; answered 304 or with what changed */
#define PENDING_PERCENT 2

enum kind { CONNECT, SYNC };

struct entry {
	uint64_t due;
	uint32_t member, next; /* next: in the second's list or in the free list; 0: the end */
	enum kind kind;
};

struct member {
	bool pending, push_up;
	uint64_t due[2]; /* by kind; an entry with another time was put off */
	uint64_t up_at;
	struct backoff push, sync;
};

struct fleet {
	struct config config;
	struct member *members;
	uint32_t n;
	struct entry *entries;
	uint32_t n_entries, room, free;
	uint32_t seconds[HORIZON_SEC];
	uint32_t requests[HORIZON_SEC];
	uint64_t outage_begin, outage_end;
};

static uint64_t seed;

/* splitmix64 (Vigna); the modulo's bias is below 2^-30 here. */
static uint64_t chosen_below(uint64_t limit)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % limit;
}

static int plan(struct fleet *f, uint32_t member, enum kind kind, uint64_t due)
{
	uint64_t second = due / USEC_PER_SEC;
	struct entry *e;
	uint32_t i;

	f->members[member].due[kind] = due;
	if (second >= HORIZON_SEC)
		return 0;
	if (f->free == 0 && f->n_entries == f->room) {
		uint32_t room = f->room ? f->room * 2 : 1024;

		e = realloc(f->entries, room * sizeof(*e));
		if (!e)
			return -ENOMEM;
		f->entries = e;
		f->room = room;
	}
	i = f->free ? f->free : f->n_entries++;
	if (f->free)
		f->free = f->entries[i].next;
	f->entries[i] = (struct entry){ .due = due, .member = member, .kind = kind, .next = f->seconds[second] };
	f->seconds[second] = i;
	return 0;
}

static bool is_out(const struct fleet *f, uint64_t now)
{
	return now >= f->outage_begin && now < f->outage_end;
}

static int sync_member(struct fleet *f, uint32_t i, uint64_t now)
{
	struct member *m = &f->members[i];

	if (is_out(f, now)) {
		f->requests[now / USEC_PER_SEC]++;
		return plan(f, i, SYNC, now + schedule_retry(&f->config, &m->sync, m->pending, 0));
	}
	f->requests[now / USEC_PER_SEC] += SYNC_REQUESTS;
	backoff_reset(&m->sync);
	return plan(f, i, SYNC, now + schedule_interval(&f->config, m->pending, m->push_up, &m->sync));
}

static int connect_member(struct fleet *f, uint32_t i, uint64_t now)
{
	struct member *m = &f->members[i];

	if (is_out(f, now)) {
		f->requests[now / USEC_PER_SEC]++;
		return plan(f, i, CONNECT, now + schedule_reconnect_again(m->pending, &m->push));
	}
	f->requests[now / USEC_PER_SEC] += CONNECT_REQUESTS;
	m->push_up = true;
	m->up_at = now;
	backoff_reset(&m->push);
	return sync_member(f, i, now); /* one delta sync closes the gap */
}

/* All connections break at the same moment. */
static int break_all(struct fleet *f, uint64_t now)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < f->n; i++) {
		struct member *m = &f->members[i];
		uint64_t sooner = now + schedule_interval(&f->config, m->pending, /* push_up= */ false, &m->sync);

		m->push_up = false;
		r = plan(f, i, CONNECT, now + schedule_reconnect(m->pending, &m->push));
		if (r >= 0 && sooner < m->due[SYNC])
			r = plan(f, i, SYNC, sooner);
	}
	return r;
}

static int run_second(struct fleet *f, uint32_t second)
{
	int r = 0;

	/* What is planned for this very second comes in front of the list. */
	while (r >= 0 && f->seconds[second]) {
		uint32_t i = f->seconds[second];
		struct entry e = f->entries[i];

		f->seconds[second] = e.next;
		f->entries[i].next = f->free;
		f->free = i;
		if (f->members[e.member].due[e.kind] != e.due)
			continue;
		r = e.kind == SYNC ? sync_member(f, e.member, e.due) : connect_member(f, e.member, e.due);
	}
	return r;
}

static int start(struct fleet *f, uint32_t n, uint64_t outage_sec)
{
	int r = 0;

	/* The defaults of the configuration. */
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *error = NULL;

	r = config_parse("defaults", "", 0, &config, &error);
	if (r < 0)
		return r;
	f->config = (struct config){
		.pending_with_push = config->pending_with_push, .pending = config->pending,
		.idle_with_push = config->idle_with_push, .idle = config->idle,
		.jitter_percent = config->jitter_percent,
	};
	f->n = n;
	f->n_entries = 1; /* 0 is the end of a list */
	f->members = new0(struct member, n);
	f->entries = new0(struct entry, 1024);
	f->room = 1024;
	if (!f->members || !f->entries)
		return -ENOMEM;
	/* Long after their own starts: the polls of an hour are spread over it. */
	f->outage_begin = 3600 * USEC_PER_SEC;
	f->outage_end = f->outage_begin + outage_sec * USEC_PER_SEC;
	for (uint32_t i = 0; r >= 0 && i < n; i++) {
		struct member *m = &f->members[i];

		m->pending = i % 100 < PENDING_PERCENT;
		m->push_up = true;
		m->push = (struct backoff){ SCHEDULE_PUSH_BACKOFF_BASE, SCHEDULE_PUSH_BACKOFF_CAP, 0, chosen_below };
		m->sync = (struct backoff){ SCHEDULE_BACKOFF_BASE, SCHEDULE_BACKOFF_CAP, 0, chosen_below };
		r = plan(f, i, SYNC, backoff_spread(&m->sync, m->pending ? f->config.pending_with_push :
									    f->config.idle_with_push));
	}
	return r;
}

struct span {
	uint64_t sum;
	uint32_t peak;
	double mean;
};

static struct span measure(const struct fleet *f, uint64_t from, uint64_t to)
{
	struct span s = { 0 };

	for (uint64_t i = from; i < to; i++) {
		s.sum += f->requests[i];
		if (f->requests[i] > s.peak)
			s.peak = f->requests[i];
	}
	s.mean = (double)s.sum / (double)(to - from);
	return s;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Seconds after the outage within which a part of the fleet was connected again. */
static double back_after(const struct fleet *f, double part, uint64_t *sorted)
{
	for (uint32_t i = 0; i < f->n; i++)
		sorted[i] = f->members[i].up_at;
	qsort(sorted, f->n, sizeof(*sorted), compare);
	return (double)(sorted[(uint32_t)(part * (f->n - 1))] - f->outage_end) / (double)USEC_PER_SEC;
}

/* `rate`: the most requests a second that are allowed, as a part of the fleet; chance is added for small fleets. */
static bool within(const char *what, const struct fleet *f, uint32_t peak, double rate)
{
	double limit = rate * f->n + 6 * sqrt(rate * f->n);

	if (peak <= limit)
		return true;
	(void)printf("%s: a peak of %u requests a second, allowed are %.0f\n", what, peak, limit);
	return false;
}

static int simulate(uint32_t n, uint64_t outage_sec, uint64_t *scratch)
{
	struct fleet *f = new0(struct fleet, 1);
	struct span before, out, after;
	uint64_t begin, end;
	double last;
	bool good;
	int r;

	if (!f)
		return -ENOMEM;
	r = start(f, n, outage_sec);
	begin = f->outage_begin / USEC_PER_SEC;
	end = f->outage_end / USEC_PER_SEC;
	for (uint32_t i = 0; r >= 0 && i < end + 1200; i++) {
		if (i == begin)
			r = break_all(f, f->outage_begin);
		if (r >= 0)
			r = run_second(f, i);
	}
	if (r < 0)
		goto finish;
	before = measure(f, 1200, begin);
	out = measure(f, begin, end > begin ? end : begin + 1);
	after = measure(f, end, end + 125);
	last = back_after(f, 1, scratch);
	(void)printf("%9u %8llu s %9.1f %7u %9.1f %7u %9.1f %7u %6.2f %7.1f s %7.1f s %7.1f s\n", n,
		     (unsigned long long)outage_sec, before.mean, before.peak, out.mean, out.peak, after.mean, after.peak,
		     after.peak / after.mean, back_after(f, 0.5, scratch), back_after(f, 0.99, scratch), last);
	/* Connected: two requests an hour from who waits for nothing, two a minute from who waits for an order. */
	good = within("before", f, before.peak, 2 * (0.98 / 3600 + 0.02 / 60) * 1.25);
	/* All at once would be five times the fleet in a second; at most a tenth of the fleet comes in one. */
	good = within("during", f, out.peak, 0.1) && good;
	good = within("after", f, after.peak, 0.1) && good;
	if (last > 121) {
		(void)printf("the last is back %.1f s after the outage\n", last);
		good = false;
	}
	r = good ? 0 : -ERANGE;
finish:
	free(f->members);
	free(f->entries);
	free(f);
	return r;
}

int main(int argc, char *argv[])
{
	static const uint64_t outages[] = { 0, 5, 60, 600, 3600 };
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20000;
	_cleanup_free_ uint64_t *scratch = new0(uint64_t, n + 1);
	int r = 0;

	if (n < 1000 || !scratch) {
		(void)fprintf(stderr, "fleet [DAEMONS]: at least 1000\n");
		return 2;
	}
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	(void)printf("requests per second seen by the backend, %u %% of the daemons with an order pending\n"
		     "%9s %10s %17s %17s %17s %6s %9s %9s %9s\n%20s %9s %7s %9s %7s %9s %7s %6s %9s %9s %9s\n",
		     PENDING_PERCENT, "daemons", "outage", "before", "during", "125 s after", "peak/", "half is", "99 % are",
		     "all are", "", "mean", "peak", "mean", "peak", "mean", "peak", "mean", "back", "back", "back");
	for (size_t i = 0; i < ELEMENTSOF(outages); i++)
		if (simulate(n, outages[i], scratch) < 0)
			r = 1;
	return r;
}
