/* Opens a command in the person's terminal. */
#pragma once

#include <gio/gio.h>

/* The argument vector that runs `command` in the terminal `program` (a path, or one with arguments as in $TERMINAL);
 * each terminal has its own way. Caller frees with g_strfreev; NULL when `program` cannot be parsed. */
char **terminal_argv(const char *program, const char *const *command);
/* The first terminal there is: xdg-terminal-exec, $TERMINAL, x-terminal-emulator, then known ones. Caller frees;
 * NULL: none. */
char *terminal_find(void);

enum terminal_task {
	TERMINAL_TRACK, /* customerclient track UID */
	TERMINAL_PAY,   /* customerclient pay UID */
	TERMINAL_RATE,  /* asks for stars and comment, then customerclient rate UID … */
};

/* Runs it in a terminal that stays open until Enter (launch.h). 0, or -ENOENT: there is no terminal. */
int terminal_open(GDBusConnection *bus, enum terminal_task task, const char *uid, const char *token);
