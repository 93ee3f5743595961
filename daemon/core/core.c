/* The core's frame: opening and closing, properties, status, reload. What the parts do is in their own files. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/timeutil.h"
#include "core/facts-scan.h"
#include "net/http.h"

#define USER_AGENT "customerclientd/" PACKAGE_VERSION


static void deferred_free(struct deferred *d, bool drop)
{
	TAILQ_REMOVE(&d->core->deferred, d, link);
	if (drop && d->free_data)
		d->free_data(d->data);
	event_free(d->event);
	free(d);
}

static void deferred_fire(evutil_socket_t fd, short what, void *userdata)
{
	struct deferred *d = userdata;
	struct core *c = d->core;
	void (*run)(struct core *core, void *data) = d->run;
	void *data = d->data;

	(void)fd, (void)what;
	deferred_free(d, /* drop= */ false);
	run(c, data);
}

int core_defer(struct core *c, void (*run)(struct core *c, void *data), void *data, void (*free_data)(void *))
{
	struct deferred *d = new0(struct deferred, 1);

	if (!d)
		return -ENOMEM;
	d->event = evtimer_new(c->base, deferred_fire, d);
	if (!d->event) {
		free(d);
		return -ENOMEM;
	}
	d->core = c;
	d->run = run;
	d->data = data;
	d->free_data = free_data;
	TAILQ_INSERT_TAIL(&c->deferred, d, link);
	event_active(d->event, EV_TIMEOUT, 0);
	return 0;
}

void open_call_begin(struct core *c, struct open_call *o, void (*free_call)(void *call))
{
	o->core = c;
	o->free_call = free_call;
	TAILQ_INSERT_TAIL(&c->open_calls, o, link);
}

void open_call_end(struct open_call *o)
{
	TAILQ_REMOVE(&o->core->open_calls, o, link);
}

void core_properties(struct core *c, unsigned properties)
{
	if (c->observer && properties)
		c->observer->properties_changed(properties, c->observer_data);
}

void core_arm(struct event *timer, uint64_t usec)
{
	if (usec == USEC_INFINITY) {
		event_del(timer);
		return;
	}

	struct timeval tv = { (time_t)(usec / USEC_PER_SEC), (suseconds_t)(usec % USEC_PER_SEC) };

	event_add(timer, &tv);
}

uint64_t core_service_now(const struct core *c)
{
	return c->service_time ? c->service_time + (now_boottime() - c->service_time_at) : now_realtime();
}

int core_set_error(struct core *c, const char *message)
{
	int r;

	if (streq(strempty(c->last_error), strempty(message)))
		return 0;
	r = free_and_strdup(&c->last_error, message);
	core_properties(c, CORE_LAST_ERROR);
	return r;
}

static void heard_clock(struct core *c, uint64_t date)
{
	bool first = !c->clock_known;

	c->clock_known = true;
	if (date == 0)
		return;
	c->service_time = date;
	c->service_time_at = now_boottime();
	if (first)
		outbox_clock_known(c, (int64_t)(date - now_realtime()));
}

static void hook_contact(bool reached, uint64_t date, const char *why, void *userdata)
{
	struct core *c = userdata;
	json_object *details;

	if (reached)
		heard_clock(c, date);
	else
		settings_offline(c);
	(void)free_and_strdup(&c->contact_error, reached ? NULL : why);
	if (c->contact_known && c->online == reached)
		return;
	c->contact_known = true;
	if (c->online == reached)
		return;
	c->online = reached;
	log_info(reached ? "Online" : "Offline");
	core_properties(c, CORE_ONLINE);
	details = json_object_new_object();
	if (details && json_add_bool(details, "online", reached) >= 0)
		event_emit(c, "online", NULL, TAKE_PTR(details));
	json_object_put(details);
	if (reached)
		outbox_run(c);
}

static bool hook_token_pending(void *userdata)
{
	return token_store_fetching(userdata);
}

static const struct api_hooks hooks = {
	.token = session_hook_token,
	.renew = session_hook_renew,
	.rejected = session_hook_rejected,
	.contact = hook_contact,
	.token_pending = hook_token_pending,
};

/* $XDG_…_HOME/customerclient, or ~/fallback/customerclient. */
static char *xdg_folder(const char *variable, const char *fallback)
{
	const char *home = getenv(variable);

	if (!isempty(home) && home[0] == '/')
		return strprintf("%s/customerclient", home);
	home = getenv("HOME");
	if (isempty(home))
		return NULL;
	return strprintf("%s/%s/customerclient", home, fallback);
}

/* Everything above our own folder is made like any program makes it: 0700 by the XDG base directory specification. */
static void make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return;
	for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(copy, 0700); /* store_folder() says what is wrong */
		*p = '/';
	}
}

static int folder(const char *variable, const char *fallback, const char *inside, char **ret, char **ret_error)
{
	_cleanup_free_ char *path = xdg_folder(variable, fallback), *real = NULL;
	const char *why = NULL;
	int r;

	if (!path) {
		*ret_error = strprintf("Neither %s nor HOME is set: no place for the databases", variable);
		return -EINVAL;
	}
	make_parents(path);
	r = store_folder(path, &real, &why);
	if (r >= 0 && inside) {
		_cleanup_free_ char *sub = strprintf("%s/%s", real, inside);

		if (!sub)
			return -ENOMEM;
		free(TAKE_PTR(real));
		r = store_folder(sub, &real, &why);
	}
	if (r < 0) {
		*ret_error = strprintf("The folder %s cannot be used: %s", path, why ? why : strerror(-r));
		return r;
	}
	*ret = TAKE_PTR(real);
	return 0;
}

static void note_catalog(struct core *c, const char *aside)
{
	if (!aside)
		return;
	log_warning("The catalog was damaged; it is kept as %s and filled again", aside);
	free(c->cache_note);
	c->cache_note = strprintf("was damaged, set aside as %s", aside);
}

static int open_databases(struct core *c, char **ret_error)
{
	_cleanup_free_ char *state_aside = NULL, *catalog_aside = NULL;
	int r;

	r = folder("XDG_STATE_HOME", ".local/state", NULL, &c->state_folder, ret_error);
	if (r < 0)
		return r;
	r = folder("XDG_CACHE_HOME", ".cache", c->world, &c->cache_folder, ret_error);
	if (r < 0)
		return r;
	r = state_open(c->state_folder, &c->state, &state_aside);
	if (r < 0) {
		*ret_error = strdup(store_open_error());
		return r;
	}
	if (state_aside) {
		log_error("The state database was damaged; it is kept as %s. Signed out, and orders that had not "
			  "reached the service are in that file only", state_aside);
		c->state_note = strprintf("was damaged, set aside as %s", state_aside);
	}
	r = catalog_open(c->cache_folder, &c->catalog, &catalog_aside);
	if (r < 0) {
		*ret_error = strdup(store_open_error());
		return r;
	}
	note_catalog(c, catalog_aside);
	return 0;
}

void core_mend_catalog(struct core *c)
{
	_cleanup_free_ char *aside = NULL;

	if (catalog_check(c->catalog) >= 0)
		return;
	log_info("The catalog is filled again: %s", catalog_error(c->catalog));
	if (catalog_reopen(c->catalog, &aside) < 0) {
		log_error("The catalog cannot be opened. %s", store_open_error());
		return;
	}
	note_catalog(c, aside);
	c->sync.want_full = true;
	sync_restart(c);
}

int core_new(struct event_base *base, struct config *config, struct core **ret, char **ret_error)
{
	_cleanup_(core_freep) struct core *c = new0(struct core, 1);
	struct http_options options = { .user_agent = USER_AGENT, .ca_file = config->ca_file };
	int r;

	if (!c) {
		config_free(config);
		return -ENOMEM;
	}
	TAILQ_INIT(&c->deferred);
	TAILQ_INIT(&c->open_calls);
	TAILQ_INIT(&c->outbox);
	TAILQ_INIT(&c->tracked);
	TAILQ_INIT(&c->sync.waiters);
	TAILQ_INIT(&c->sync.next_waiters);
	c->base = base;
	c->config = config;
	r = api_world(config, c->world);
	if (r < 0)
		return r;
	r = open_databases(c, ret_error);
	if (r < 0)
		return r;
	r = http_new(base, &options, &c->http);
	if (r >= 0)
		r = api_new(base, c->http, config, &hooks, c, &c->api);
	if (r >= 0)
		r = events_init(c);
	if (r >= 0)
		r = notifications_init(c);
	if (r >= 0)
		r = sync_init(c);
	if (r >= 0)
		r = push_init(c);
	if (r >= 0)
		r = network_new(c, &c->network);
	if (r >= 0)
		r = session_init(c);
	if (r < 0) {
		if (!*ret_error)
			*ret_error = strprintf("The start failed: %s", strerror(-r));
		return r;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

void core_set_observer(struct core *c, const struct core_observer *observer, void *userdata)
{
	c->observer = observer;
	c->observer_data = userdata;
}

void core_start(struct core *c)
{
	c->started = true;
	session_start(c);
	outbox_run(c);
	sync_start(c);
	push_start(c);
}

void core_end_waits(struct core *c)
{
	while (!TAILQ_EMPTY(&c->deferred))
		deferred_fire(-1, 0, TAILQ_FIRST(&c->deferred));
	outbox_end_waits(c);
}

void core_free(struct core *c)
{
	if (!c)
		return;
	c->stopping = true;
	c->observer = NULL;
	network_free(c->network);
	push_done(c);
	sync_done(c);
	core_close_user(c);
	session_done(c);
	notifications_done(c);
	while (!TAILQ_EMPTY(&c->deferred))
		deferred_free(TAILQ_FIRST(&c->deferred), /* drop= */ true);
	videos_done(c);
	api_free(c->api);
	http_free(c->http);
	while (!TAILQ_EMPTY(&c->open_calls)) {
		struct open_call *o = TAILQ_FIRST(&c->open_calls);

		o->free_call(o);
	}
	statistics_free(c->statistics);
	catalog_close(c->catalog);
	state_close(c->state);
	config_free(c->config);
	free(c->state_folder);
	free(c->cache_folder);
	free(c->state_note);
	free(c->cache_note);
	free(c->last_error);
	free(c->contact_error);
	free(c);
}

static bool same_services(const struct config *a, const struct config *b)
{
	for (int i = 0; i < _SERVICE_MAX; i++)
		if (!streq_ptr(a->url[i], b->url[i]))
			return false;
	return streq_ptr(a->ca_file, b->ca_file);
}

int core_reload(struct core *c, struct config *config)
{
	struct config *old = c->config, new_values;
	bool push;

	if (!same_services(old, config)) {
		config_free(config);
		return -EBUSY;
	}
	push = old->push_enable != config->push_enable || old->push_sse != config->push_sse ||
	       old->push_long_polling != config->push_long_polling || old->push_timeout != config->push_timeout;
	/* The api holds a pointer to the present struct: its values change, not its address. */
	new_values = *config;
	*config = *old;
	*old = new_values;
	config_free(config);
	if (push) {
		push_done(c);
		if (push_init(c) >= 0)
			push_start(c);
	}
	videos_reload(c);
	sync_reschedule(c);
	token_store_reconfigured(c);
	return 0;
}

/* The user's cache: opened at sign-in, and anew when its file was deleted or damaged under us. */
int core_open_cache(struct core *c)
{
	_cleanup_free_ char *aside = NULL;
	int r;

	r = userdb_open(c->cache_folder, c->session.row.user, &c->user, &aside);
	if (r < 0) {
		log_error("The cache of orders cannot be opened. %s", store_open_error());
		return r;
	}
	if (aside) {
		log_warning("The cache of orders was damaged; it is kept as %s and filled again", aside);
		free(c->cache_note);
		c->cache_note = strprintf("was damaged, set aside as %s", aside);
	}
	r = userdb_events_start(c->user, c->seq + 1);
	if (r < 0)
		log_warning("Which events are no longer kept is not known: %s", userdb_error(c->user));
	notifications_load(c);
	r = orders_load(c);
	if (r < 0) {
		log_error("The orders cannot be read: %s", strerror(-r));
		core_close_cache(c);
	} else
		facts_fill_start(c);
	return r;
}

int core_mend_cache(struct core *c)
{
	int r;

	if (c->user && userdb_check(c->user) >= 0)
		return 0;
	if (c->user)
		log_info("The cache of orders is filled again: %s", userdb_error(c->user));
	core_close_cache(c);
	r = core_open_cache(c);
	if (r >= 0 || c->sync.running)
		sync_restart(c);
	return r;
}

void core_close_cache(struct core *c)
{
	orders_unload(c);
	userdb_close(TAKE_PTR(c->user));
	c->unread = 0;
}

/* What belongs to the person who is signed in: the open rows of the outbox, and the cache. A cache that cannot be
 * opened is tried again at the first call that needs it. */
int core_open_user(struct core *c)
{
	int r;

	r = outbox_load(c);
	if (r < 0) {
		log_error("The outbox cannot be read: %s", state_error(c->state));
		return r;
	}
	return core_open_cache(c);
}

void core_close_user(struct core *c)
{
	videos_close(c);
	core_close_cache(c);
	outbox_unload(c);
}

struct catalog *core_catalog(struct core *c)
{
	core_mend_catalog(c);
	return c->catalog;
}

struct userdb *core_userdb(struct core *c)
{
	return c->user;
}

static int first_currency(const struct product *p, void *userdata)
{
	memcpy(userdata, p->currency, CURRENCY_SIZE);
	return 0;
}

void core_get_status(struct core *c, struct core_status *ret)
{
	static char currency[CURRENCY_SIZE];
	_cleanup_free_ char *next = NULL;
	bool signed_in = streq(session_state(c), "signed-in");

	currency[0] = '\0';
	(void)catalog_each_product(c->catalog, 0, 1, "", first_currency, currency, &next);
	*ret = (struct core_status){
		.online = c->online,
		.signed_in = signed_in,
		.login = c->session.active ? c->session.row.login : NULL,
		.push = push_state(c),
		.last_error = c->last_error,
		.contact_error = c->contact_error,
		.currency = currency[0] ? currency : NULL,
		.token_store = token_store_name(c),
		.keyring = token_store_state(c),
		.tls = startswith(c->config->url[SERVICE_CUSTOMER], "https:") ? "verified" : "loopback",
		.tls_version = http_tls_version(c->http),
		.base_url = c->config->base_url ? c->config->base_url : c->config->url[SERVICE_CUSTOMER],
		.state_db = c->state_note ? c->state_note : "ok",
		.cache_db = c->cache_note ? c->cache_note : "ok",
		.last_sync = c->sync.last,
		.event_seq = c->seq,
		.pending_operations = outbox_open_rows(c),
		.pending_orders = orders_count_pending(c),
		.unread = c->unread,
		.clock_skew = (int64_t)(core_service_now(c) - now_realtime()),
		.has_clock_skew = c->clock_known,
	};
}

static uint64_t folder_size(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *e;
	uint64_t size = 0;
	struct stat st;

	if (!folder)
		return 0;
	while ((e = readdir(folder)))
		if (fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			size += (uint64_t)st.st_size;
	closedir(folder);
	return size;
}

void core_get_sizes(struct core *c, uint64_t *ret_state, uint64_t *ret_cache)
{
	*ret_state = folder_size(c->state_folder);
	*ret_cache = folder_size(c->cache_folder);
}
