/* The bubbles on the screen, through libnotify. Knows the notification server, and nothing of orders.
 *
 * libnotify waits for the server's answer. So the server is asked first, without waiting, what it can do: one
 * that is absent or hangs is found out there, and the loop goes on. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define BUBBLE_ACTIONS_MAX 4 /* GNOME shows three buttons; the fourth is "default", the bubble itself */

struct bubble_action {
	const char *key, *label; /* static */
};

struct bubble {
	const char *title, *body; /* plain text */
	struct bubble_action actions[BUBBLE_ACTIONS_MAX];
	size_t n_actions;
	bool stays; /* until it is answered */
	/* The bubble to replace. Ids of another server, or of an earlier run of it, are not used. */
	const char *server;
	uint32_t id;
};

struct bubbles;

struct bubbles_events {
	/* An action of any bubble on this bus; `token` is the activation token for a window, or NULL. */
	void (*invoked)(void *userdata, const char *server, uint32_t id, const char *action, const char *token);
	void (*closed)(void *userdata, const char *server, uint32_t id);
	/* A notification server came (also at the start). */
	void (*server_appeared)(void *userdata);
};

/* `shown`: server and id are valid during the call; else server is NULL and id 0. */
typedef void (*bubbles_shown_t)(void *userdata, void *cookie, bool shown, const char *server, uint32_t id);

/* NULL when libnotify cannot be initialised. The connection outlives the bubbles. */
struct bubbles *bubbles_new(GDBusConnection *bus, const struct bubbles_events *events, void *userdata);
/* Leaves what is on the screen as it is. Calls still under way end with shown = false. */
void bubbles_free(struct bubbles *b);

/* Copies the bubble. `done` is called once, never from within this call. */
void bubbles_show(struct bubbles *b, const struct bubble *bubble, bubbles_shown_t done, void *cookie);
void bubbles_close(struct bubbles *b, const char *server, uint32_t id);
