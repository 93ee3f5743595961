/* A user's events, the newest USERDB_EVENTS_KEPT, and since which number none is missing. */
#include <inttypes.h>
#include <stdio.h>

#include "store/userdb-private.h"

/* The highest number of which we cannot say that we have it and all that came after it. */
#define FLOOR "events-floor"

/* 1 when it is known, 0 when no event was ever here. */
static int floor_get(struct userdb *u, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	char *end;
	int r;

	r = store_meta_get(u->store, FLOOR, &text);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	*ret = strtoull(text, &end, 10);
	return *end == '\0' ? 1 : -EUCLEAN;
}

static int floor_put(struct userdb *u, uint64_t seq)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, seq);
	return store_meta_put(u->store, FLOOR, text);
}

/* The number at `offset` from the newest; 0 when there are not that many. */
static int seq_from_newest(struct userdb *u, unsigned offset, uint64_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(u->store, &st, "SELECT seq FROM events ORDER BY seq DESC LIMIT 1 OFFSET ?1", "u",
			(uint64_t)offset);
	if (r < 0)
		return r;
	*ret = r > 0 ? column_u64(st, 0) : 0;
	return 0;
}

static int prune(struct userdb *u)
{
	uint64_t newest_to_go;
	int r;

	r = seq_from_newest(u, USERDB_EVENTS_KEPT, &newest_to_go);
	if (r < 0 || newest_to_go == 0)
		return r;
	r = store_run(u->store, "DELETE FROM events WHERE seq <= ?1", "u", newest_to_go);
	return r < 0 ? r : floor_put(u, newest_to_go);
}

static int event_add(struct userdb *u, uint64_t seq, const char *kind, const char *uid, const char *details)
{
	uint64_t lowest;
	int r;

	r = store_run(u->store, "INSERT INTO events(seq, kind, uid, details) VALUES(?1, ?2, ?3, ?4)", "uttt", seq, kind,
		      strempty(uid), isempty(details) ? "{}" : details);
	if (r < 0)
		return r;
	if (u->events_added++ < EVENTS_PRUNE_EVERY)
		return 0;
	u->events_added = 1;
	r = floor_get(u, &lowest);
	if (r == 0)
		r = floor_put(u, seq - 1);
	return r < 0 ? r : prune(u);
}

int userdb_event_add(struct userdb *u, uint64_t seq, const char *kind, const char *uid, const char *details)
{
	bool own;
	int r;

	if (seq == 0 || seq > INT64_MAX)
		return -EINVAL;
	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	r = store_leave(u->store, own, event_add(u, seq, kind, uid, details));
	if (r < 0)
		u->events_added = EVENTS_PRUNE_EVERY;
	return r;
}

static int events_start(struct userdb *u, uint64_t next)
{
	uint64_t lowest, newest;
	int r;

	r = seq_from_newest(u, 0, &newest);
	if (r < 0)
		return r;
	if (newest >= next) {
		/* state.db was lost, and the numbers began below ours: these are of another counting. */
		r = store_run(u->store, "DELETE FROM events", "");
		return r < 0 ? r : floor_put(u, next - 1);
	}
	r = floor_get(u, &lowest);
	if (r < 0)
		return r;
	if (r == 0 || lowest >= next)
		return floor_put(u, next - 1);
	return 0;
}

int userdb_events_start(struct userdb *u, uint64_t next)
{
	bool own;
	int r;

	if (next == 0 || next > INT64_MAX)
		return -EINVAL;
	r = store_enter(u->store, &own);
	if (r < 0)
		return r;
	return store_leave(u->store, own, events_start(u, next));
}

int userdb_event_each(struct userdb *u, uint64_t after, unsigned limit,
		      int (*row)(uint64_t seq, const char *kind, const char *uid, const char *details,
				 void *userdata),
		      void *userdata, bool *ret_lost)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	uint64_t lowest = 0;
	int r, k;

	r = floor_get(u, &lowest);
	if (r < 0)
		return r;
	*ret_lost = after < lowest;
	r = store_query(u->store, &st,
			"SELECT seq, kind, uid, details FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2", "uu",
			after < INT64_MAX ? after : (uint64_t)INT64_MAX, (uint64_t)limit);
	for (; r > 0; r = store_next(u->store, st)) {
		k = row(column_u64(st, 0), column_string(st, 1), column_string(st, 2), column_string(st, 3), userdata);
		if (k != 0)
			return k;
	}
	return r;
}
