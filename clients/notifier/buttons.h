/* The buttons of the bubbles: which there are, and what they do. */
#pragma once

#include <gio/gio.h>

#include "notifier/bubbles.h"
#include "notifier/feed.h"
#include "notifier/memory.h"

struct buttons;

struct buttons *buttons_new(GDBusConnection *bus, struct feed *feed, struct bubbles *bubbles, struct memory *memory);
/* After feed and bubbles are freed, so that no answer is outstanding. */
void buttons_free(struct buttons *b);

/* Sets the actions of an order's bubble. */
void buttons_for_order(const struct view *v, struct bubble *bubble);

/* Notes which bubble belongs to the entry; 0 leaves the id as it is, but not over another server. */
void buttons_set_bubble(struct entry *e, const char *server, uint32_t bubble, uint32_t question);

/* Takes back what is of no use any more: the question whether to cancel, the picture of the QR code. */
void buttons_order_changed(struct buttons *b, struct entry *e, const struct view *v);

/* Bubbles that are not ours are ignored. */
void buttons_invoked(struct buttons *b, const char *server, uint32_t id, const char *action, const char *token);
void buttons_closed(struct buttons *b, const char *server, uint32_t id);
