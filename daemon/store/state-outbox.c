/* state.db: the outbox, the requests that must reach the service once. What the states mean is core's. */
#include "base/timeutil.h"
#include "store/state-private.h"

#define COLUMNS \
	"id, world, user, kind, subject, key, body, options, state, error_name, error_message, attempted, " \
	"from_cart, tries, server_errors, created, deadline, not_before"

static bool state_is_end(const char *state)
{
	return streq(state, "made") || streq(state, "rejected") || streq(state, "cancelled") || streq(state, "done");
}

void outbox_row_done(struct outbox_row *r)
{
	free(r->world);
	free(r->user);
	free(r->kind);
	free(r->subject);
	free(r->key);
	free(r->body);
	free(r->options);
	free(r->state);
	free(r->error_name);
	free(r->error_message);
	*r = (struct outbox_row){};
}

int state_outbox_add(struct state *s, const struct outbox_row *r, int64_t *ret_id)
{
	int k;

	k = store_run(s->store,
		      "INSERT INTO outbox(world, user, kind, subject, key, body, options, state, ended, error_name, "
		      "error_message, attempted, from_cart, tries, server_errors, created, deadline, not_before, "
		      "updated) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
		      "?18, ?19)",
		      "ttttttttnttnnuuuuuu", r->world, strempty(r->user), r->kind, strempty(r->subject), r->key, r->body,
		      r->options, r->state, state_is_end(strempty(r->state)), r->error_name, r->error_message,
		      r->attempted, r->from_cart, (uint64_t)r->tries, (uint64_t)r->server_errors, r->created,
		      r->deadline, r->not_before, now_realtime());
	if (k < 0)
		return k;
	if (ret_id)
		*ret_id = sqlite3_last_insert_rowid(store_db(s->store));
	return 0;
}

int state_outbox_update(struct state *s, const struct outbox_row *r)
{
	int k;

	k = store_run(s->store,
		      "UPDATE outbox SET body = ?2, options = ?3, state = ?4, ended = ?5, error_name = ?6, "
		      "error_message = ?7, attempted = ?8, from_cart = ?9, tries = ?10, server_errors = ?11, "
		      "created = ?12, deadline = ?13, not_before = ?14, updated = ?15 WHERE id = ?1",
		      "itttnttnnuuuuuu", r->id, r->body, r->options, r->state, state_is_end(strempty(r->state)),
		      r->error_name, r->error_message, r->attempted, r->from_cart, (uint64_t)r->tries,
		      (uint64_t)r->server_errors, r->created, r->deadline, r->not_before, now_realtime());
	if (k < 0)
		return k;
	return k > 0 ? 0 : -ENOENT;
}

int state_outbox_delete(struct state *s, int64_t id)
{
	int r;

	r = store_run(s->store, "DELETE FROM outbox WHERE id = ?1", "i", id);
	return r < 0 ? r : 0;
}

/* Texts are borrowed from the statement. */
static struct outbox_row row_read(sqlite3_stmt *st)
{
	return (struct outbox_row){
		.id = sqlite3_column_int64(st, 0),
		.world = (char *)sqlite3_column_text(st, 1),
		.user = (char *)sqlite3_column_text(st, 2),
		.kind = (char *)sqlite3_column_text(st, 3),
		.subject = (char *)sqlite3_column_text(st, 4),
		.key = (char *)sqlite3_column_text(st, 5),
		.body = (char *)sqlite3_column_text(st, 6),
		.options = (char *)sqlite3_column_text(st, 7),
		.state = (char *)sqlite3_column_text(st, 8),
		.error_name = (char *)sqlite3_column_text(st, 9),
		.error_message = (char *)sqlite3_column_text(st, 10),
		.attempted = sqlite3_column_int(st, 11),
		.from_cart = sqlite3_column_int(st, 12),
		.tries = (unsigned)sqlite3_column_int64(st, 13),
		.server_errors = (unsigned)sqlite3_column_int64(st, 14),
		.created = column_u64(st, 15),
		.deadline = column_u64(st, 16),
		.not_before = column_u64(st, 17),
	};
}

static int row_copy(const struct outbox_row *from, struct outbox_row *ret)
{
	_cleanup_(outbox_row_done) struct outbox_row row = *from;

	row.world = row.user = row.kind = row.subject = row.key = NULL;
	row.body = row.options = row.state = row.error_name = row.error_message = NULL;
	if (free_and_strdup(&row.world, from->world) < 0 || free_and_strdup(&row.user, from->user) < 0 ||
	    free_and_strdup(&row.kind, from->kind) < 0 || free_and_strdup(&row.subject, from->subject) < 0 ||
	    free_and_strdup(&row.key, from->key) < 0 || free_and_strdup(&row.body, from->body) < 0 ||
	    free_and_strdup(&row.options, from->options) < 0 || free_and_strdup(&row.state, from->state) < 0 ||
	    free_and_strdup(&row.error_name, from->error_name) < 0 ||
	    free_and_strdup(&row.error_message, from->error_message) < 0)
		return -ENOMEM;
	*ret = row;
	row = (struct outbox_row){};
	return 0;
}

int state_outbox_get(struct state *s, const char *world, const char *kind, const char *subject,
		     struct outbox_row *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct outbox_row row;
	int r;

	r = store_query(s->store, &st,
			"SELECT " COLUMNS " FROM outbox WHERE world = ?1 AND kind = ?2 AND subject = ?3 "
			"ORDER BY id DESC LIMIT 1",
			"ttt", world, kind, strempty(subject));
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	row = row_read(st);
	return row_copy(&row, ret);
}

int state_outbox_each(struct state *s, const char *world, const char *user, bool open_only,
		      int (*row)(const struct outbox_row *r, void *userdata), void *userdata)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k;

	if (open_only)
		r = store_query(s->store, &st,
				"SELECT " COLUMNS " FROM outbox WHERE ended = 0 AND world = ?1 "
				"AND (?2 IS NULL OR user = ?2) ORDER BY id", "tt", world, user);
	else
		r = store_query(s->store, &st,
				"SELECT " COLUMNS " FROM outbox WHERE world = ?1 AND (?2 IS NULL OR user = ?2) "
				"ORDER BY id", "tt", world, user);
	for (; r > 0; r = store_next(s->store, st)) {
		struct outbox_row borrowed = row_read(st);

		k = row(&borrowed, userdata);
		if (k != 0)
			return k;
	}
	return r;
}

int state_outbox_count_open(struct state *s, const char *world, const char *user, uint32_t *ret)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT count(*) FROM outbox WHERE ended = 0 AND world = ?1 AND (?2 IS NULL OR user = ?2)", "tt",
			world, user);
	if (r < 0)
		return r;
	*ret = (uint32_t)sqlite3_column_int64(st, 0);
	return 0;
}

int state_outbox_prune(struct state *s, const char *world, uint64_t before)
{
	int r;

	r = store_run(s->store, "DELETE FROM outbox WHERE ended = 1 AND world = ?1 AND updated < ?2", "tu", world,
		      before);
	return r < 0 ? r : 0;
}

int state_outbox_forget_user(struct state *s, const char *world, const char *user)
{
	int r;

	r = store_run(s->store, "DELETE FROM outbox WHERE world = ?1 AND user = ?2", "tt", world, strempty(user));
	return r < 0 ? r : 0;
}
