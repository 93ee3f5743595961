/* Reads a hub's answer to negotiate, and makes the URLs that follow from it. */
#include "net/signalr-negotiate.h"

#include "base/jsonutil.h"
#include "base/url.h"

static bool offers_text(json_object *transport)
{
	json_object *formats = json_get_array(transport, "transferFormats");

	for (size_t i = 0; formats && i < json_object_array_length(formats); i++) {
		json_object *format = json_object_array_get_idx(formats, i);

		if (json_object_is_type(format, json_type_string) && streq(json_object_get_string(format), "Text"))
			return true;
	}
	return false;
}

static void take_transports(json_object *o, struct negotiation *g)
{
	json_object *list = json_get_array(o, "availableTransports");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *transport = json_object_array_get_idx(list, i);
		const char *name;

		if (json_get_string(transport, "transport", &name) <= 0 || !offers_text(transport))
			continue;
		if (streq(name, "ServerSentEvents"))
			g->sse = true;
		else if (streq(name, "LongPolling"))
			g->long_polling = true;
	}
}

/* "url" with its token: which is taken out of the JSON, to be nowhere but in secret memory. */
static int take_redirect(json_object *o, struct negotiation *g)
{
	const char *token;
	int r;

	r = json_get_string(o, "accessToken", &token);
	if (r <= 0)
		return r;
	g->token = secret_new(token, strlen(token));
	json_wipe(o, "accessToken");
	return g->token ? 0 : -ENOMEM;
}

static int take_connection(json_object *o, struct negotiation *g)
{
	uint64_t version = 0;
	int r;

	r = json_get_u64(o, "negotiateVersion", &version);
	if (r < 0)
		return r;
	r = json_get_strdup(o, version > 0 ? "connectionToken" : "connectionId", &g->id);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	take_transports(o, g);
	return 0;
}

int negotiation_parse(const char *body, size_t n, struct negotiation *ret)
{
	_cleanup_(negotiation_done) struct negotiation g = { 0 };
	_cleanup_json_ json_object *o = NULL;
	int r;

	if (json_parse(body, n, JSON_MAX_DEPTH, &o) < 0 || !json_object_is_type(o, json_type_object))
		return -EBADMSG;
	r = json_get_strdup(o, "error", &g.error);
	if (r == 0) {
		r = json_get_strdup(o, "url", &g.url);
		if (r > 0)
			r = take_redirect(o, &g);
		else if (r == 0)
			r = take_connection(o, &g);
	}
	if (r < 0)
		return r;
	*ret = g;
	g = (struct negotiation){ 0 };
	return 0;
}

void negotiation_done(struct negotiation *g)
{
	free(g->error);
	free(g->url);
	free(g->id);
	secret_unref(g->token);
	*g = (struct negotiation){ 0 };
}

bool negotiation_may_move(const char *ours, const char *target)
{
	return url_check(target) >= 0 && (!url_is_loopback(target) || url_is_loopback(ours));
}

char *hub_url(const char *hub, const char *suffix, const char *name, const char *value)
{
	size_t n = strcspn(hub, "#"), path = strcspn(hub, "?#");
	_cleanup_free_ char *escaped = value ? url_escape(value) : NULL;
	const char *query = path < n ? hub + path : "";

	if (value && !escaped)
		return NULL;
	/* A redirect may name the folder with a slash at its end. */
	n -= path;
	while (path > 0 && hub[path - 1] == '/')
		path--;
	return strprintf("%.*s%s%.*s%s%s%s%s", (int)path, hub, strempty(suffix), (int)n, query,
			 !name ? "" : n > 0 ? "&" : "?", strempty(name), name ? "=" : "", strempty(escaped));
}
