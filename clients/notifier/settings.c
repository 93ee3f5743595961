/* The keys of customerclientd.conf that concern bubbles. base/config.c reads them all, with their checks, and would
 * bring the daemon's libraries for them into this program. */
#include "notifier/settings.h"

#include <glib.h>
#include <ini.h>
#include <stdio.h>

#include "base/config.h"
#include "base/util.h"

static bool is_yes(const char *value)
{
	static const char *const words[] = { "yes", "true", "on", "1" };

	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		if (streq(value, words[i]))
			return true;
	return false;
}

/* "22:00-07:00"; none where it is not that. */
static struct quiet read_quiet(const char *value)
{
	unsigned hour[2], minute[2];
	struct quiet q;
	int end = 0;

	if (sscanf(value, "%2u:%2u-%2u:%2u%n", &hour[0], &minute[0], &hour[1], &minute[1], &end) != 4 ||
	    value[end] != '\0' || hour[0] > 23 || minute[0] > 59 || hour[1] > 23 || minute[1] > 59)
		return (struct quiet){ -1, -1 };
	q = (struct quiet){ (int)(hour[0] * 60 + minute[0]), (int)(hour[1] * 60 + minute[1]) };
	return q.from == q.to ? (struct quiet){ -1, -1 } : q;
}

static int take_value(void *userdata, const char *section, const char *key, const char *value)
{
	struct settings *s = userdata;

	if (streq(section, "Notifications") && streq(key, "Promotions"))
		s->promotions = is_yes(value);
	else if (streq(section, "Notifications") && streq(key, "QuietHours"))
		s->quiet = read_quiet(value);
	return 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void read_drop_ins(const char *folder, struct settings *s)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, /* error= */ NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);

		(void)ini_parse(path, take_value, s);
	}
}

static void read_pair(const char *path, struct settings *s)
{
	g_autofree char *folder = g_strconcat(path, ".d", NULL);

	(void)ini_parse(path, take_value, s);
	read_drop_ins(folder, s);
}

void settings_load(struct settings *ret)
{
	_cleanup_free_ char *user = config_user_file();

	*ret = (struct settings){ .quiet = { -1, -1 } };
	read_pair(SYSCONFDIR "/customerclient/customerclientd.conf", ret);
	if (user)
		read_pair(user, ret);
}
