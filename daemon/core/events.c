/* Events: everything that happens gets a number that never repeats, is kept with the user's cache, and told. */
#include "core/core-internal.h"

#define SEQ_BLOCK 200 /* numbers reserved at once: one durable write for that many events */

int events_init(struct core *c)
{
	uint64_t first;
	int r;

	r = state_reserve_seq(c->state, SEQ_BLOCK, &first);
	if (r < 0)
		return r;
	/* EventSeq before the first event of this run: all earlier ones are below it. */
	c->seq = first > 0 ? first - 1 : 0;
	c->seq_reserved_end = first + SEQ_BLOCK;
	return 0;
}

static int next_seq(struct core *c, uint64_t *ret)
{
	int r;

	if (c->seq + 1 >= c->seq_reserved_end) {
		uint64_t first;

		r = state_reserve_seq(c->state, SEQ_BLOCK, &first);
		if (r < 0)
			return r;
		c->seq = first - 1;
		c->seq_reserved_end = first + SEQ_BLOCK;
	}
	*ret = ++c->seq;
	return 0;
}

void event_emit(struct core *c, const char *kind, const char *uid, json_object *details)
{
	_cleanup_json_ json_object *owned = details;
	const char *text;
	uint64_t seq;
	int r;

	r = next_seq(c, &seq);
	if (r < 0) {
		log_error("An event of kind %s gets no number: %s", kind, strerror(-r));
		return;
	}
	text = owned ? json_object_to_json_string_ext(owned, JSON_C_TO_STRING_PLAIN) : "{}";
	if (c->user) {
		r = userdb_event_add(c->user, seq, kind, strempty(uid), text);
		if (r < 0)
			log_warning("An event of kind %s is not kept: %s", kind, userdb_error(c->user));
	}
	if (c->observer)
		c->observer->event(seq, kind, strempty(uid), text, c->observer_data);
	core_properties(c, CORE_EVENT_SEQ);
}

int events_begin(struct core *c, bool *ret_own)
{
	int r = userdb_begin(c->user);

	*ret_own = r >= 0;
	return r == -EALREADY ? 0 : r;
}

int events_end(struct core *c, bool own, int r)
{
	int k;

	if (!own)
		return r;
	if (r < 0) {
		userdb_rollback(c->user);
		return r;
	}
	k = userdb_commit(c->user);
	return k < 0 ? k : r;
}

static int no_row(uint64_t seq, const char *kind, const char *uid, const char *details, void *userdata)
{
	(void)seq, (void)kind, (void)uid, (void)details, (void)userdata;
	return 0;
}

int core_events_since(struct core *c, uint64_t after, uint32_t limit,
		      int (*row)(uint64_t seq, const char *kind, const char *uid, const char *details,
				 void *userdata),
		      void *userdata, struct failure *f)
{
	bool lost = false;
	int r;

	r = session_require(c, true, f);
	if (r < 0)
		return r;
	/* Whether some are lost must be known before the first row is given. */
	r = userdb_event_each(c->user, after, 1, no_row, NULL, &lost);
	if (r < 0)
		return failure_from_store(f, r, "The events could not be read");
	if (lost || after > c->seq) {
		r = row(after > c->seq ? c->seq : after, "resync", "", "{}", userdata);
		if (r < 0)
			return failure_from_store(f, r, "The events could not be given");
		limit--;
		if (after > c->seq)
			after = 0;
	}
	if (limit == 0)
		return 0;
	r = userdb_event_each(c->user, after, limit, row, userdata, &lost);
	return r < 0 ? failure_from_store(f, r, "The events could not be read") : 0;
}
