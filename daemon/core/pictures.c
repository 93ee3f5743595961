/* Pictures of products: from the cache, else fetched once: from the service itself with the token, from elsewhere over
 * https and without it (docs/backend-api.md, "Pictures"). */
#include "base/url.h"
#include "core/core-internal.h"

#define PICTURE_MAX (4U << 20)
#define PICTURE_TIMEOUT (15 * USEC_PER_SEC)

struct picture {
	struct open_call call;
	struct core *core;
	catalog_picture_cb done;
	void *userdata;
	char *url, *type;
	void *data;
	size_t size;
	struct failure failure;
};

static void picture_free(void *p)
{
	struct picture *i = p;

	if (!i)
		return;
	open_call_end(&i->call);
	free(i->url);
	free(i->type);
	free(i->data);
	failure_done(&i->failure);
	free(i);
}
DEFINE_CLEANUP(struct picture *, picture_free);

static void picture_end(struct core *c, void *data)
{
	_cleanup_(picture_freep) struct picture *i = data;

	(void)c;
	i->done(i->failure.error == CC_E_NONE ? NULL : &i->failure, i->data, i->size, i->type, i->userdata);
}

static void fetched(const struct http_response *response, void *userdata)
{
	struct picture *i = userdata;
	struct failure *f = &i->failure;

	if (response->outcome == HTTP_UNREACHED)
		failure_set(f, CC_E_OFFLINE, "The picture cannot be fetched: %s", response->error);
	else if (response->outcome != HTTP_ANSWERED)
		failure_set(f, CC_E_PROTOCOL, "The picture cannot be fetched: %s", response->error);
	else if (response->status == 404)
		failure_set(f, CC_E_NOT_FOUND, "The picture is not there");
	else if (response->status != 200)
		failure_set(f, CC_E_BACKEND, "The picture cannot be fetched (%d)", response->status);
	else if (!response->content_type || !startswith(response->content_type, "image/"))
		failure_set(f, CC_E_PROTOCOL, "What came is no picture but '%.80s'", strempty(response->content_type));
	else if (catalog_picture_put(i->core->catalog, i->url, response->content_type, response->body,
				     response->body_size) < 0)
		log_warning("A picture could not be stored: %s, ignoring", catalog_error(i->core->catalog));
	if (f->error == CC_E_NONE) {
		i->size = response->body_size;
		i->data = malloc(i->size + 1);
		i->type = strdup(response->content_type);
		if (i->data && i->type)
			memcpy(i->data, response->body, i->size);
		else
			failure_from_store(f, -ENOMEM, "The picture could not be read");
	}
	picture_end(i->core, i);
}

/* 1: it is being fetched; 0: it is here. */
static int picture_begin(struct picture *i, uint64_t product)
{
	struct core *c = i->core;
	_cleanup_free_ char *base = NULL, *own = NULL, *origin = NULL;
	struct product p = { 0 };
	struct http_request request = { .method = "GET", .max_body = PICTURE_MAX, .timeout = PICTURE_TIMEOUT };
	int r;

	r = catalog_get_product(c->catalog, product, &p);
	if (r == -ENOENT || (r >= 0 && isempty(p.picture_url))) {
		product_done(&p);
		return failure_set(&i->failure, CC_E_NOT_FOUND, r < 0 ? "There is no product %llu" :
				   "The product %llu has no picture", (unsigned long long)product);
	}
	if (r < 0)
		return failure_from_store(&i->failure, r, "The catalog could not be read");
	base = strprintf("%s/", c->config->url[SERVICE_CUSTOMER]);
	i->url = base ? url_resolve(base, p.picture_url) : NULL;
	product_done(&p);
	own = url_origin(c->config->url[SERVICE_CUSTOMER]);
	origin = i->url ? url_origin(i->url) : NULL;
	if (!origin || !own)
		return failure_set(&i->failure, CC_E_PROTOCOL, "The picture's address makes no sense");
	r = catalog_picture_get(c->catalog, i->url, &i->type, &i->data, &i->size);
	if (r != -ENOENT)
		return r < 0 ? failure_from_store(&i->failure, r, "The picture could not be read") : 0;
	if (streq(own, origin))
		request.bearer = session_hook_token(c);
	else if (!startswith(i->url, "https:"))
		return failure_set(&i->failure, CC_E_PROTOCOL, "The picture's address is not https");
	request.url = i->url;
	r = http_start(c->http, &request, fetched, i, NULL);
	return r < 0 ? failure_set(&i->failure, CC_E_PROTOCOL, "The picture's address cannot be used: %s", strerror(-r)) : 1;
}

void catalog_get_picture(struct core *c, uint64_t product, catalog_picture_cb done, void *userdata)
{
	struct picture *i = new0(struct picture, 1);

	if (!i)
		return;
	open_call_begin(c, &i->call, picture_free);
	i->core = c;
	i->done = done;
	i->userdata = userdata;
	if (picture_begin(i, product) != 1)
		(void)core_defer(c, picture_end, i, picture_free);
}
