/* What the person was told, kept over restarts, as a small key file that is replaced whole. */
#include "notifier/memory.h"

#include <glib.h>
#include <glib/gstdio.h>

#include "base/log.h"

#define GROUP_SELF "Notifier"
#define GROUP_ORDER "Order " /* and the uid, escaped as in a URI */

#define KEEP_ENDED_USEC (2 * 24 * 60 * USEC_PER_MIN)
#define KEEP_PENDING_USEC (60 * 24 * 60 * USEC_PER_MIN)
#define ENTRIES_MAX 500

struct memory {
	char *folder, *path;
	struct entry *entries;
	size_t n;
	uint64_t seq;
	bool has_seq;
	char *written; /* what the file holds */
	bool warned;
};

static void entry_done(struct entry *e)
{
	free(e->uid);
	free(e->server);
	told_done(&e->told);
}

static char *key_string(GKeyFile *file, const char *group, const char *key)
{
	g_autofree char *value = g_key_file_get_string(file, group, key, /* error= */ NULL);

	return value ? strdup(value) : NULL;
}

static void entry_load(struct memory *m, GKeyFile *file, const char *group, const char *escaped)
{
	g_autofree char *uid = g_uri_unescape_string(escaped, /* illegal_characters= */ NULL);
	struct entry *e;

	if (isempty(uid) || m->n >= ENTRIES_MAX)
		return;
	e = memory_add(m, uid);
	if (!e)
		return;
	free(e->told.stage);
	e->told.stage = key_string(file, group, "Stage") ?: strdup("");
	e->told.expected = g_key_file_get_uint64(file, group, "Expected", NULL);
	e->told.late_for = g_key_file_get_uint64(file, group, "LateFor", NULL);
	e->told.unpaid = key_string(file, group, "Unpaid");
	e->told.held = g_key_file_get_boolean(file, group, "Held", NULL);
	e->told.pay_until = g_key_file_get_boolean(file, group, "PayUntil", NULL);
	e->told.ready = g_key_file_get_boolean(file, group, "Ready", NULL);
	e->touched = g_key_file_get_uint64(file, group, "Touched", NULL);
	e->server = key_string(file, group, "Server");
	e->bubble = (uint32_t)g_key_file_get_uint64(file, group, "Bubble", NULL);
	e->question = (uint32_t)g_key_file_get_uint64(file, group, "Question", NULL);
}

static void memory_load(struct memory *m)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) groups = NULL;

	if (!g_key_file_load_from_file(file, m->path, G_KEY_FILE_NONE, &error)) {
		if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			log_warning("%s: %s; what was shown before is not known", m->path, error->message);
		return;
	}
	if (g_key_file_has_key(file, GROUP_SELF, "Seq", NULL)) {
		m->seq = g_key_file_get_uint64(file, GROUP_SELF, "Seq", NULL);
		m->has_seq = true;
	}
	groups = g_key_file_get_groups(file, NULL);
	for (char **g = groups; *g; g++) {
		const char *uid = startswith(*g, GROUP_ORDER);

		if (uid)
			entry_load(m, file, *g, uid);
	}
}

struct memory *memory_open_at(const char *folder)
{
	struct memory *m = new0(struct memory, 1);

	if (!m)
		return NULL;
	m->folder = strdup(folder);
	m->path = strprintf("%s/shown", folder);
	if (!m->folder || !m->path) {
		memory_free(m);
		return NULL;
	}
	memory_load(m);
	return m;
}

struct memory *memory_open(void)
{
	_cleanup_free_ char *folder = strprintf("%s/customerclient-notifier", g_get_user_state_dir());

	return folder ? memory_open_at(folder) : NULL;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_done(&m->entries[i]);
	free(m->entries);
	free(m->folder);
	free(m->path);
	free(m->written);
	free(m);
}

bool memory_get_seq(const struct memory *m, uint64_t *ret)
{
	if (m->has_seq)
		*ret = m->seq;
	return m->has_seq;
}

void memory_set_seq(struct memory *m, uint64_t seq)
{
	m->seq = seq;
	m->has_seq = true;
}

struct entry *memory_find(struct memory *m, const char *uid)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->entries[i].uid, uid))
			return &m->entries[i];
	return NULL;
}

struct entry *memory_find_bubble(struct memory *m, const char *server, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq_ptr(m->entries[i].server, server) &&
		    (m->entries[i].bubble == id || m->entries[i].question == id))
			return &m->entries[i];
	return NULL;
}

struct entry *memory_add(struct memory *m, const char *uid)
{
	struct entry *e = memory_find(m, uid), *entries;
	struct entry fresh = {};

	if (e)
		return e;
	fresh.uid = strdup(uid);
	fresh.told.stage = strdup("");
	entries = fresh.uid && fresh.told.stage ? reallocarray(m->entries, m->n + 1, sizeof(*entries)) : NULL;
	if (!entries) {
		entry_done(&fresh);
		return NULL;
	}
	m->entries = entries;
	m->entries[m->n] = fresh;
	return &m->entries[m->n++];
}

size_t memory_count(const struct memory *m)
{
	return m->n;
}

struct entry *memory_nth(struct memory *m, size_t i)
{
	return &m->entries[i];
}

static void entry_remove(struct memory *m, size_t i)
{
	entry_done(&m->entries[i]);
	memmove(&m->entries[i], &m->entries[i + 1], (m->n - i - 1) * sizeof(*m->entries));
	m->n--;
}

void memory_prune(struct memory *m, uint64_t now)
{
	for (size_t i = m->n; i-- > 0;) {
		const struct entry *e = &m->entries[i];
		bool ended = *e->told.stage && rules_ended(e->told.stage);

		if (e->touched + (ended ? KEEP_ENDED_USEC : KEEP_PENDING_USEC) < now)
			entry_remove(m, i);
	}
	while (m->n > ENTRIES_MAX) {
		size_t oldest = 0;

		for (size_t i = 1; i < m->n; i++)
			if (m->entries[i].touched < m->entries[oldest].touched)
				oldest = i;
		entry_remove(m, oldest);
	}
}

static void write_flag(GKeyFile *file, const char *group, const char *key, bool flag)
{
	if (flag)
		g_key_file_set_boolean(file, group, key, TRUE);
}

static void entry_write(GKeyFile *file, const struct entry *e)
{
	g_autofree char *escaped = g_uri_escape_string(e->uid, /* allowed= */ NULL, /* allow_utf8= */ FALSE);
	g_autofree char *group = g_strconcat(GROUP_ORDER, escaped, NULL);

	g_key_file_set_string(file, group, "Stage", e->told.stage);
	g_key_file_set_uint64(file, group, "Expected", e->told.expected);
	g_key_file_set_uint64(file, group, "LateFor", e->told.late_for);
	if (e->told.unpaid)
		g_key_file_set_string(file, group, "Unpaid", e->told.unpaid);
	write_flag(file, group, "Held", e->told.held);
	write_flag(file, group, "PayUntil", e->told.pay_until);
	write_flag(file, group, "Ready", e->told.ready);
	g_key_file_set_uint64(file, group, "Touched", e->touched);
	if (!e->server)
		return;
	g_key_file_set_string(file, group, "Server", e->server);
	g_key_file_set_uint64(file, group, "Bubble", e->bubble);
	g_key_file_set_uint64(file, group, "Question", e->question);
}

void memory_save(struct memory *m)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (m->has_seq)
		g_key_file_set_uint64(file, GROUP_SELF, "Seq", m->seq);
	for (size_t i = 0; i < m->n; i++)
		entry_write(file, &m->entries[i]);
	text = g_key_file_to_data(file, /* length= */ NULL, /* error= */ NULL);
	if (streq_ptr(text, m->written))
		return;
	(void)g_mkdir_with_parents(m->folder, 0700);
	if (!g_file_set_contents_full(m->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
		if (!m->warned)
			log_warning("%s; a restart will not know what was shown", error->message);
		m->warned = true;
		return;
	}
	m->warned = false;
	(void)free_and_strdup(&m->written, text);
}
