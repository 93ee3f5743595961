/* What the person was told, kept over restarts: $XDG_STATE_HOME/customerclient-notifier/shown. Losing it loses no
 * order: what is pending then counts as told. */
#pragma once

#include "notifier/rules.h"

struct entry {
	char *uid;
	struct told told;
	/* The order's bubble and its question, as ids of one run of one notification server. */
	char *server;
	uint32_t bubble, question;
	uint64_t touched; /* last change of this entry */
};

struct memory;

/* Never fails for what is on disk: a file that cannot be read is a warning and counts as none. NULL: -ENOMEM. */
struct memory *memory_open(void);
/* The same, in that folder. */
struct memory *memory_open_at(const char *folder);
void memory_free(struct memory *m);
DEFINE_CLEANUP(struct memory *, memory_free);

/* The number of the last event that was handled; false when there is none yet. */
bool memory_get_seq(const struct memory *m, uint64_t *ret);
void memory_set_seq(struct memory *m, uint64_t seq);

/* Borrowed; valid until memory_add or memory_prune. */
struct entry *memory_find(struct memory *m, const char *uid);
struct entry *memory_find_bubble(struct memory *m, const char *server, uint32_t id);
/* An entry with nothing told, or the one that is there. NULL: -ENOMEM. */
struct entry *memory_add(struct memory *m, const char *uid);
size_t memory_count(const struct memory *m);
struct entry *memory_nth(struct memory *m, size_t i);

/* Forgets what ended long ago, and the oldest where there are too many. */
void memory_prune(struct memory *m, uint64_t now);
/* Writes the file anew when anything differs from what is there. A failure is a warning, once. */
void memory_save(struct memory *m);
