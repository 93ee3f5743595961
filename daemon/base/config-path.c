/* Where the configuration is. Apart from its reading, since the clients name the file in their messages. */
#include <pwd.h>
#include <sys/types.h>

#include "base/config.h"

char *config_user_file(void)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct passwd *user;

	/* The specification has relative paths ignored. */
	if (folder && folder[0] == '/')
		return strprintf("%s/customerclient/customerclientd.conf", folder);
	if (isempty(home)) {
		user = getpwuid(getuid());
		if (!user)
			return NULL;
		home = user->pw_dir;
	}
	return strprintf("%s/.config/customerclient/customerclientd.conf", home);
}
