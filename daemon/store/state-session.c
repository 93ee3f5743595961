/* state.db: sessions, tokens to revoke, keyring items to clear, sign-ups in progress. */
#include "store/state-private.h"

void session_row_done(struct session_row *r)
{
	free(r->user);
	free(r->login);
	free(r->email);
	free(r->phone);
	free(r->slot);
	secret_unref(r->token);
	*r = (struct session_row){};
}

int state_session_put(struct state *s, const char *world, const struct session_row *r)
{
	int k;

	k = store_run(s->store,
		      "INSERT INTO sessions(world, user, login, email, phone, token, token_begin, token_end, "
		      "signed_in_at, keep, expired, slot) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
		      "ON CONFLICT(world) DO UPDATE SET user = excluded.user, login = excluded.login, "
		      "email = excluded.email, phone = excluded.phone, token = excluded.token, "
		      "token_begin = excluded.token_begin, token_end = excluded.token_end, "
		      "signed_in_at = excluded.signed_in_at, keep = excluded.keep, expired = excluded.expired, "
		      "slot = excluded.slot",
		      "tttttsuuunnt", world, r->user, r->login, r->email, r->phone, r->token, r->token_begin,
		      r->token_end, r->signed_in_at, r->keep, r->expired, r->slot);
	if (k < 0)
		return k;
	state_scrub(s);
	return 0;
}

static int column_secret(sqlite3_stmt *st, int i, struct secret **ret)
{
	const void *token = sqlite3_column_text(st, i);

	if (!token)
		return 0;
	*ret = secret_new(token, (size_t)sqlite3_column_bytes(st, i));
	return *ret ? 0 : -ENOMEM;
}

int state_session_get(struct state *s, const char *world, struct session_row *ret)
{
	_cleanup_(session_row_done) struct session_row row = {};
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT user, login, email, phone, token, token_begin, token_end, signed_in_at, keep, expired, slot "
			"FROM sessions WHERE world = ?1", "t", world);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (column_strdup(st, 0, &row.user) < 0 || column_strdup(st, 1, &row.login) < 0 ||
	    column_strdup(st, 2, &row.email) < 0 || column_strdup(st, 3, &row.phone) < 0 ||
	    column_secret(st, 4, &row.token) < 0 || column_strdup(st, 10, &row.slot) < 0)
		return -ENOMEM;
	row.token_begin = column_u64(st, 5);
	row.token_end = column_u64(st, 6);
	row.signed_in_at = column_u64(st, 7);
	row.keep = sqlite3_column_int(st, 8);
	row.expired = sqlite3_column_int(st, 9);
	*ret = row;
	row = (struct session_row){};
	return 0;
}

int state_session_delete(struct state *s, const char *world)
{
	int r;

	r = store_run(s->store, "DELETE FROM sessions WHERE world = ?1", "t", world);
	if (r < 0)
		return r;
	if (r > 0)
		state_scrub(s);
	return 0;
}

int state_revocation_add(struct state *s, const char *world, const struct secret *token, uint64_t since)
{
	int r;

	r = store_run(s->store, "INSERT INTO revocations(world, token, since) VALUES(?1, ?2, ?3)", "tsu", world, token,
		      since);
	return r < 0 ? r : 0;
}

int state_revocation_first(struct state *s, const char *world, int64_t *ret_id, struct secret **ret_token,
			   uint64_t *ret_since)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct secret *token = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT id, token, since FROM revocations WHERE world = ?1 ORDER BY id LIMIT 1", "t", world);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = column_secret(st, 1, &token);
	if (r < 0)
		return r;
	*ret_id = sqlite3_column_int64(st, 0);
	*ret_token = token;
	*ret_since = column_u64(st, 2);
	return 0;
}

int state_revocation_delete(struct state *s, int64_t id)
{
	int r;

	r = store_run(s->store, "DELETE FROM revocations WHERE id = ?1", "i", id);
	if (r < 0)
		return r;
	if (r > 0)
		state_scrub(s);
	return 0;
}

void keyring_row_done(struct keyring_row *r)
{
	free(r->slot);
	free(r->user);
	*r = (struct keyring_row){};
}

int state_keyring_item_add(struct state *s, const char *world, const struct keyring_row *r)
{
	int k;

	k = store_run(s->store, "INSERT OR REPLACE INTO keyring_items(slot, world, user, since, told) VALUES(?1, ?2, ?3, ?4, ?5)",
		      "tttun", r->slot, world, r->user, r->since, r->told);
	return k < 0 ? k : 0;
}

int state_keyring_item_next(struct state *s, const char *world, const char *preferred, struct keyring_row *ret)
{
	_cleanup_(keyring_row_done) struct keyring_row row = {};
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT slot, user, since, told FROM keyring_items WHERE world = ?1 "
			"ORDER BY slot = ?2 DESC, since, slot LIMIT 1", "tt", world, strempty(preferred));
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (column_strdup(st, 0, &row.slot) < 0 || column_strdup(st, 1, &row.user) < 0)
		return -ENOMEM;
	row.since = column_u64(st, 2);
	row.told = sqlite3_column_int(st, 3);
	*ret = row;
	row = (struct keyring_row){};
	return 0;
}

int state_keyring_item_told(struct state *s, const char *slot)
{
	int r;

	r = store_run(s->store, "UPDATE keyring_items SET told = 1 WHERE slot = ?1", "t", slot);
	return r < 0 ? r : 0;
}

int state_keyring_item_delete(struct state *s, const char *slot)
{
	int r;

	r = store_run(s->store, "DELETE FROM keyring_items WHERE slot = ?1", "t", slot);
	return r < 0 ? r : 0;
}

void sign_up_row_done(struct sign_up_row *r)
{
	free(r->guid);
	free(r->login);
	free(r->email);
	free(r->phone);
	*r = (struct sign_up_row){};
}

int state_sign_up_put(struct state *s, const char *world, const struct sign_up_row *r)
{
	int k;

	k = store_run(s->store,
		      "INSERT INTO sign_ups(world, guid, login, email, phone, tries, code_sent) "
		      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) "
		      "ON CONFLICT(world) DO UPDATE SET guid = excluded.guid, login = excluded.login, "
		      "email = excluded.email, phone = excluded.phone, tries = excluded.tries, "
		      "code_sent = excluded.code_sent",
		      "tttttuu", world, r->guid, r->login, r->email, r->phone, (uint64_t)r->tries, r->code_sent);
	return k < 0 ? k : 0;
}

int state_sign_up_get(struct state *s, const char *world, struct sign_up_row *ret)
{
	_cleanup_(sign_up_row_done) struct sign_up_row row = {};
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	r = store_query(s->store, &st,
			"SELECT guid, login, email, phone, tries, code_sent FROM sign_ups WHERE world = ?1", "t", world);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (column_strdup(st, 0, &row.guid) < 0 || column_strdup(st, 1, &row.login) < 0 ||
	    column_strdup(st, 2, &row.email) < 0 || column_strdup(st, 3, &row.phone) < 0)
		return -ENOMEM;
	row.tries = (unsigned)sqlite3_column_int64(st, 4);
	row.code_sent = column_u64(st, 5);
	*ret = row;
	row = (struct sign_up_row){};
	return 0;
}

int state_sign_up_delete(struct state *s, const char *world)
{
	int r;

	r = store_run(s->store, "DELETE FROM sign_ups WHERE world = ?1", "t", world);
	return r < 0 ? r : 0;
}
