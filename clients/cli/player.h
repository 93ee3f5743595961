/* The person's own player: which there is, running it with an address, and how long it played. */
#pragma once

#include "clients/cli/cli.h"

enum player_measure {
	PLAYER_UNKNOWN, /* it may still be playing */
	PLAYER_CLOCK,   /* from its start to its end, pauses counted */
	PLAYER_TOLD,    /* the player said when it played and when not */
};

struct player_result {
	int status;              /* as of waitpid() */
	uint64_t played;         /* µs */
	enum player_measure measure;
};

/* mpv, else xdg-open where there is a desktop; NULL: none. */
const char *player_default(const struct cli *cli);
/* Whether a program of that name can be run; a name with a slash is a path. */
bool player_exists(const char *program);
/* Runs it without a shell, with the address as its last argument, and waits for its end. What it prints goes to stderr.
 * Ctrl-C ends it, and is no failure. -ENOENT: there is no such program. */
int player_run(const struct cli *cli, const char *program, const char *title, const char *url,
	       struct player_result *ret);
