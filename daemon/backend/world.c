/* Which services these are: another address is another world, whose rows, tokens and cursors never meet
 * ours. */
#include <stdio.h>

#include "backend/api.h"

/* "https://host:port/path", as the same address is always written. */
static char *url_normalize(const char *url)
{
	_cleanup_free_ char *origin = url_origin(url);
	const char *authority = origin ? strstr(url, "://") + 3 : NULL;

	return origin ? strprintf("%s%s", origin, authority + strcspn(authority, "/?#")) : NULL;
}

int api_world(const struct config *config, char ret[static API_WORLD_SIZE])
{
	char digest[SHA256_HEX_SIZE];
	_cleanup_free_ char *all = NULL;
	int r;

	for (unsigned i = 0; i < _SERVICE_MAX; i++) {
		_cleanup_free_ char *url = NULL;
		char *longer;

		if (!config->url[i])
			return -EINVAL;
		url = url_normalize(config->url[i]);
		if (!url)
			return -EINVAL;
		longer = strprintf("%s%s\n", strempty(all), url);
		if (!longer)
			return -ENOMEM;
		free(all);
		all = longer;
	}
	r = sha256_hex(all, strlen(all), digest);
	if (r < 0)
		return r;
	(void)snprintf(ret, API_WORLD_SIZE, "%.*s", API_WORLD_SIZE - 1, digest);
	return 0;
}
