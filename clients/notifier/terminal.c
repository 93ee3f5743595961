/* Opens a command in the person's terminal. Which command is the caller's affair. */
#include "notifier/terminal.h"

#include "base/util.h"
#include "notifier/launch.h"

/* What stands between the terminal's name and the command; NULL: nothing. In the order in which they are tried. */
static const struct {
	const char *program, *separator;
} terminals[] = {
	{ "gnome-terminal", "--" },
	{ "kgx", "--" },
	{ "ptyxis", "--" },
	{ "konsole", "-e" },
	{ "foot", NULL },
	{ "footclient", NULL },
	{ "kitty", NULL },
	{ "alacritty", "-e" },
	{ "xfce4-terminal", "-x" },
	{ "mate-terminal", "-x" },
	{ "urxvt", "-e" },
	{ "xterm", "-e" },
};

/* $0 is customerclient, $1 the order. At their end the terminal would close with the last line on it. */
#define KEEP_OPEN "printf '\\nPress Enter to close. '; read -r _"
static const char *const scripts[] = {
	[TERMINAL_TRACK] = "\"$0\" track \"$1\"; " KEEP_OPEN,
	[TERMINAL_PAY] = "\"$0\" pay \"$1\"; " KEEP_OPEN,
	[TERMINAL_RATE] = "printf 'How many stars, 1 to 5? ' && read -r stars && [ -n \"$stars\" ] || exit\n"
			  "printf 'A comment (Enter for none): '; read -r comment\n"
			  "if [ -n \"$comment\" ]; then \"$0\" rate \"$1\" \"$stars\" --comment \"$comment\"\n"
			  "else \"$0\" rate \"$1\" \"$stars\"; fi; " KEEP_OPEN,
};

static const char *separator_of(const char *program)
{
	g_autofree char *name = g_path_get_basename(program);

	if (streq(name, "xdg-terminal-exec"))
		return NULL;
	for (size_t i = 0; i < ELEMENTSOF(terminals); i++)
		if (streq(terminals[i].program, name))
			return terminals[i].separator;
	return "-e"; /* what Debian's policy asks of an x-terminal-emulator, and most others know */
}

char **terminal_argv(const char *program, const char *const *command)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = NULL;
	const char *separator;

	if (!g_shell_parse_argv(program, /* argcp= */ NULL, &words, /* error= */ NULL))
		return NULL;
	for (char **w = words; *w; w++)
		g_ptr_array_add(argv, g_strdup(*w));
	separator = separator_of(words[0]);
	if (separator)
		g_ptr_array_add(argv, g_strdup(separator));
	for (; *command; command++)
		g_ptr_array_add(argv, g_strdup(*command));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), /* free_segment= */ FALSE);
}

/* $TERMINAL, which may have arguments, when its program is there. */
static char *find_configured(void)
{
	const char *value = g_getenv("TERMINAL");
	g_auto(GStrv) words = NULL;
	g_autofree char *path = NULL;

	if (isempty(value) || !g_shell_parse_argv(value, NULL, &words, NULL))
		return NULL;
	path = g_find_program_in_path(words[0]);
	return path ? g_strdup(value) : NULL;
}

char *terminal_find(void)
{
	char *found = g_find_program_in_path("xdg-terminal-exec");

	if (!found)
		found = find_configured();
	if (!found)
		found = g_find_program_in_path("x-terminal-emulator");
	for (size_t i = 0; i < ELEMENTSOF(terminals) && !found; i++)
		found = g_find_program_in_path(terminals[i].program);
	return found;
}

int terminal_open(GDBusConnection *bus, enum terminal_task task, const char *uid, const char *token)
{
	g_autofree char *terminal = terminal_find();
	g_autofree char *client = g_find_program_in_path("customerclient") ?: g_strdup(BINDIR "/customerclient");
	const char *const command[] = { "/bin/sh", "-c", scripts[task], client, uid, NULL };
	g_auto(GStrv) argv = NULL;

	argv = terminal ? terminal_argv(terminal, command) : NULL;
	return argv ? launch(bus, "customerclient in a terminal", argv, token) : -ENOENT;
}
