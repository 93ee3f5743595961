/* Sync: what changed at the service since the last time, taken over page by page. Orders and notifications in every
 * run, the catalog when nothing is pending or somebody asks. Pages are written in slices that return to the loop; a
 * cursor is stored with the last slice of its page, so that a death in between repeats the page and loses nothing. */
#include "base/timeutil.h"
#include "core/core-internal.h"

#define MAX_EMPTY_PAGES 3

static void step_begin(struct core *c);
static void run_begin(struct core *c);

/* ---- where the cursor of a listing is kept ---- */

struct listing {
	const char *cursor_key, *etag_key;
	int (*get)(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done, void *userdata,
		   struct api_call **ret);
};

static const struct listing listings[] = {
	[SYNC_ORDERS] = { "orders-cursor", "orders-etag", customer_orders_get },
	[SYNC_NOTIFICATIONS] = { "notifications-cursor", "notifications-etag", push_notifications_get },
	[SYNC_PRODUCTS] = { "products-cursor", "products-etag", customer_products_get },
};

static bool of_catalog(const struct sync *s)
{
	return s->step == SYNC_CATEGORIES || s->step == SYNC_PRODUCTS;
}

static int meta_get(struct core *c, const char *key, char **ret)
{
	free(TAKE_PTR(*ret));
	return of_catalog(&c->sync) ? catalog_meta_get(c->catalog, key, ret) : userdb_meta_get(c->user, key, ret);
}

static int meta_put(struct core *c, const char *key, const char *value)
{
	return of_catalog(&c->sync) ? catalog_meta_put(c->catalog, key, value) :
				      userdb_meta_put(c->user, key, value);
}

static int begin(struct core *c)
{
	return of_catalog(&c->sync) ? catalog_begin(c->catalog) : userdb_begin(c->user);
}

static int commit(struct core *c)
{
	return of_catalog(&c->sync) ? catalog_commit(c->catalog) : userdb_commit(c->user);
}

static void rollback(struct core *c)
{
	if (of_catalog(&c->sync))
		catalog_rollback(c->catalog);
	else
		userdb_rollback(c->user);
}

/* ---- ends ---- */

static void waiter_end(struct sync_waiter_list *list, struct sync_waiter *w, const struct failure *f)
{
	core_done_cb done = w->done;
	void *userdata = w->userdata;

	TAILQ_REMOVE(list, w, link);
	event_free(w->timer);
	free(w);
	if (done)
		done(f, userdata);
}

static void waiters_end(struct sync_waiter_list *list, const struct failure *f)
{
	struct sync_waiter *w;

	while ((w = TAILQ_FIRST(list)))
		waiter_end(list, w, f);
}

static bool is_pending(struct core *c)
{
	return orders_count_pending(c) > 0;
}

static void arm(struct core *c, uint64_t wait)
{
	c->sync.due = now_monotonic() + wait;
	core_arm(c->sync.timer, wait);
}

static void drop_page(struct sync *s)
{
	json_object_put(TAKE_PTR(s->page));
	free(TAKE_PTR(s->cursor));
	free(TAKE_PTR(s->etag));
	s->page_at = 0;
	s->empty_pages = 0;
	s->restarted = false;
}

/* The run is over: f NULL, or why. */
static void run_end(struct core *c, const struct failure *f, uint64_t retry_after)
{
	struct sync *s = &c->sync;
	struct sync_waiter_list waiters = TAILQ_HEAD_INITIALIZER(waiters);

	drop_page(s);
	s->running = false;
	if (f) {
		log_debug("Sync failed: %s", failure_message(f));
		(void)core_set_error(c, failure_message(f));
		s->not_before = retry_after > 0 ? now_monotonic() + retry_after : 0;
		arm(c, schedule_retry(c->config, &s->backoff, is_pending(c), retry_after));
	} else {
		s->not_before = 0;
		(void)core_set_error(c, NULL);
		backoff_reset(&s->backoff);
		s->last = now_realtime();
		core_properties(c, CORE_LAST_SYNC);
		arm(c, schedule_interval(c->config, is_pending(c), push_is_up(c), &s->backoff));
	}
	estimates_after_sync(c);
	TAILQ_CONCAT(&waiters, &s->waiters, link);
	waiters_end(&waiters, f);
	/* Those who came while it ran want one that began after they asked, if the service lets them. */
	if (s->again && session_active(c) && !s->running) {
		s->again = false;
		if (s->not_before > 0)
			waiters_end(&s->next_waiters, f);
		else
			arm(c, 0);
	}
}

static void step_next(struct core *c);

/* This step failed. The seven services fail one by one, so the others' steps go on; without a session none does. */
static void step_fail(struct core *c, const struct api_reply *reply)
{
	struct sync *s = &c->sync;

	if (s->failure.error == CC_E_NONE)
		failure_from_reply(&s->failure, reply);
	if (reply->retry_after > s->retry_after)
		s->retry_after = reply->retry_after;
	if (reply->outcome == API_UNAUTHORIZED || reply->outcome == API_NO_TOKEN) {
		s->step = SYNC_END - 1;
	} else if (reply->outcome == API_OFFLINE && s->step != SYNC_NOTIFICATIONS) {
		s->customer_gone = true;
	}
	step_next(c);
}

static void run_fail_store(struct core *c, int r)
{
	_cleanup_failure_ struct failure f = { 0 };

	failure_from_store(&f, r, "What the service said could not be stored");
	log_error("%s", failure_message(&f));
	if (r == -EUCLEAN) {
		core_mend_catalog(c);
		(void)core_mend_cache(c);
	}
	/* Last: a disk that damages whatever is written is tried again by the back-off, not at once. */
	run_end(c, &f, 0);
}

static void step_next(struct core *c)
{
	struct sync *s = &c->sync;

	drop_page(s);
	s->step++;
	if ((s->step == SYNC_CATEGORIES || s->step == SYNC_PRODUCTS) && !s->full)
		s->step = SYNC_ORDERS;
	if (s->step < SYNC_NOTIFICATIONS && s->customer_gone)
		s->step = SYNC_NOTIFICATIONS;
	step_begin(c);
}

/* ---- pages ---- */

static int take_item(struct core *c, json_object *item)
{
	struct product p = { 0 };
	int r;

	switch (c->sync.step) {
	case SYNC_ORDERS:
		return orders_apply(c, item, ORDER_FROM_SYNC);
	case SYNC_NOTIFICATIONS:
		return notifications_apply(c, item, /* silent= */ !c->notifications_baseline);
	case SYNC_PRODUCTS:
		r = customer_decode_product(item, &p);
		if (r >= 0) {
			r = catalog_put_product(c->catalog, &p);
			if (r > 0)
				c->sync.changed = true;
			product_done(&p);
		}
		return r;
	default:
		return -EINVAL;
	}
}

/* An own ETag belongs to the URL it came from: kept only where the next question has the same cursor. */
static int store_cursor(struct core *c, const struct page *page)
{
	struct sync *s = &c->sync;
	const struct listing *l = &listings[s->step];
	bool same = streq(strempty(s->cursor), strempty(page->next)) || (!page->next && !page->has_more);
	int r;

	if (page->next) {
		r = meta_put(c, l->cursor_key, page->next);
		if (r < 0)
			return r;
	}
	return meta_put(c, l->etag_key, same ? s->etag : NULL);
}

static int baseline_known(struct core *c)
{
	struct sync *s = &c->sync;

	if (s->step == SYNC_ORDERS && !c->orders_baseline) {
		c->orders_baseline = true;
		return userdb_meta_put(c->user, "orders-known", "yes");
	}
	if (s->step == SYNC_NOTIFICATIONS && !c->notifications_baseline) {
		c->notifications_baseline = true;
		return userdb_meta_put(c->user, "notifications-known", "yes");
	}
	return 0;
}

static void page_protocol(struct core *c, const char *what)
{
	struct sync *s = &c->sync;

	if (s->failure.error == CC_E_NONE)
		failure_set(&s->failure, CC_E_PROTOCOL, "The service's listing made no sense: %s", what);
	step_next(c);
}

static void request_page(struct core *c);

static void page_end(struct core *c, const struct page *page)
{
	struct sync *s = &c->sync;
	const char *key = listings[s->step].cursor_key;

	if (!page->has_more) {
		step_next(c);
		return;
	}
	if (isempty(page->next) || streq(page->next, strempty(s->cursor))) {
		page_protocol(c, "there is more, but the cursor stays where it was");
		return;
	}
	s->empty_pages = page->n == 0 ? s->empty_pages + 1 : 0;
	if (s->empty_pages >= MAX_EMPTY_PAGES) {
		page_protocol(c, "page after page without an item");
		return;
	}
	if (meta_get(c, key, &s->cursor) < 0 || free_and_strdup(&s->etag, NULL) < 0) {
		page_protocol(c, "the cursor could not be kept");
		return;
	}
	json_object_put(TAKE_PTR(s->page));
	request_page(c);
}

static void write_slice(evutil_socket_t fd, short what, void *userdata)
{
	struct core *c = userdata;
	struct sync *s = &c->sync;
	struct page page;
	size_t end;
	int r;

	(void)fd, (void)what;
	r = page_decode(s->page, &page);
	if (r >= 0)
		r = begin(c);
	end = r >= 0 && page.n - s->page_at > SLICE_ROWS ? s->page_at + SLICE_ROWS : r >= 0 ? page.n : 0;
	for (; r >= 0 && s->page_at < end; s->page_at++) {
		r = take_item(c, json_object_array_get_idx(page.items, s->page_at));
		if (r == -EBADMSG) {
			log_debug("A record of a listing made no sense and is left out");
			r = 0;
		}
	}
	if (r >= 0 && end == page.n)
		r = store_cursor(c, &page);
	if (r >= 0 && end == page.n && !page.has_more)
		r = baseline_known(c);
	if (r >= 0)
		r = commit(c);
	if (r < 0) {
		rollback(c);
		run_fail_store(c, r);
		return;
	}
	if (s->page_at < page.n)
		core_arm(s->slice, 0);
	else
		page_end(c, &page);
}

static bool cursor_refused(const struct api_reply *reply)
{
	return reply->outcome == API_REFUSED &&
	       (reply->status == 410 || (reply->status == 400 && streq_ptr(reply->code, "invalid-cursor")));
}

static void page_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	struct sync *s = &c->sync;
	const struct listing *l = &listings[s->step];
	struct page page;

	s->call = NULL;
	if (reply->outcome == API_NOT_MODIFIED) {
		step_next(c);
		return;
	}
	if (cursor_refused(reply) && !s->restarted) {
		/* Start over from nothing: orders are written over in place, the catalog is emptied. */
		s->restarted = true;
		if (s->step == SYNC_PRODUCTS)
			(void)catalog_clear_products(c->catalog);
		(void)meta_put(c, l->cursor_key, NULL);
		(void)meta_put(c, l->etag_key, NULL);
		free(TAKE_PTR(s->cursor));
		free(TAKE_PTR(s->etag));
		request_page(c);
		return;
	}
	if (reply->outcome != API_OK) {
		step_fail(c, reply);
		return;
	}
	if (page_decode(reply->body, &page) < 0) {
		page_protocol(c, "not a page");
		return;
	}
	s->page = json_object_get(reply->body);
	s->page_at = 0;
	(void)free_and_strdup(&s->etag, reply->etag);
	core_arm(s->slice, 0);
}

static void request_page(struct core *c)
{
	struct sync *s = &c->sync;
	int r;

	r = listings[s->step].get(c->api, s->cursor, PAGE_SIZE_WANTED, s->etag, page_answered, c, &s->call);
	if (r < 0)
		run_fail_store(c, r);
}

static void listing_begin(struct core *c)
{
	struct sync *s = &c->sync;
	const struct listing *l = &listings[s->step];

	(void)meta_get(c, l->cursor_key, &s->cursor);
	(void)meta_get(c, l->etag_key, &s->etag);
	request_page(c);
}

/* ---- the two that are no pages ---- */

static int put_categories(struct core *c, json_object *list)
{
	size_t n = json_object_array_length(list), at = 0;
	struct category *all = new0(struct category, n + 1);
	int r;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (customer_decode_category(json_object_array_get_idx(list, i), &all[at]) >= 0)
			at++;
	r = catalog_put_categories(c->catalog, all, at);
	for (size_t i = 0; i < at; i++)
		category_done(&all[i]);
	free(all);
	return r;
}

static void categories_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	int r;

	c->sync.call = NULL;
	if (reply->outcome == API_NOT_MODIFIED) {
		step_next(c);
		return;
	}
	if (reply->outcome != API_OK) {
		step_fail(c, reply);
		return;
	}
	if (!json_object_is_type(reply->body, json_type_array)) {
		page_protocol(c, "the categories are not a list");
		return;
	}
	r = put_categories(c, reply->body);
	if (r > 0)
		c->sync.changed = true;
	if (r >= 0)
		r = catalog_meta_put(c->catalog, "categories-etag", reply->etag);
	if (r < 0)
		run_fail_store(c, r);
	else
		step_next(c);
}

static void account_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	struct customer_account a = { 0 };

	c->sync.call = NULL;
	if (reply->outcome != API_OK) {
		step_fail(c, reply);
		return;
	}
	/* A record that makes no sense is not worth failing a sync for: it is asked again in the next one. */
	if (customer_decode_account(reply->body, &a) >= 0) {
		c->sync.account_known = true;
		session_account_known(c, &a);
		customer_account_done(&a);
	}
	step_next(c);
}

static void settings_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;

	c->sync.call = NULL;
	if (reply->outcome == API_OK)
		settings_apply(c, reply->body, reply->etag);
	else if (reply->outcome == API_REFUSED) /* a service may have none */
		log_debug("The service gives no settings, ignoring: %s", reply->message);
	else if (reply->outcome != API_NOT_MODIFIED) {
		step_fail(c, reply);
		return;
	}
	step_next(c);
}

/* The least of what a sync brings: when they do not come, it has not failed, and they are asked for in the next. */
static void videos_answered(const struct api_reply *reply, void *userdata)
{
	struct core *c = userdata;
	int r = 0;

	c->sync.call = NULL;
	if (reply->outcome == API_UNAUTHORIZED || reply->outcome == API_NO_TOKEN) {
		step_fail(c, reply);
		return;
	}
	c->sync.want_videos = reply->outcome != API_OK && reply->outcome != API_NOT_MODIFIED &&
			      reply->outcome != API_REFUSED;
	if (reply->outcome == API_OK)
		r = videos_apply(c, reply->body, reply->etag);
	else if (reply->outcome != API_NOT_MODIFIED)
		log_debug("The service gives no videos, ignoring: %s", reply->message);
	if (r == -EBADMSG)
		log_debug("The service's videos are not a list, ignoring");
	if (r < 0 && r != -EBADMSG)
		run_fail_store(c, r);
	else
		step_next(c);
}

static void categories_begin(struct core *c)
{
	int r;

	(void)meta_get(c, "categories-etag", &c->sync.etag);
	r = customer_categories_get(c->api, c->sync.etag, categories_answered, c, &c->sync.call);
	if (r < 0)
		run_fail_store(c, r);
}

static void catalog_tell(struct core *c)
{
	if (!c->sync.changed)
		return;
	c->sync.changed = false;
	event_emit(c, "catalog", NULL, json_object_new_object());
	if (c->observer)
		c->observer->catalog_changed(c->observer_data);
}

static void step_begin(struct core *c)
{
	struct sync *s = &c->sync;

	switch (s->step) {
	case SYNC_SETTINGS:
		if (!s->full || settings_get(c, settings_answered, c, &s->call) < 0)
			step_next(c);
		return;
	case SYNC_ACCOUNT:
		if (s->account_known || customer_account_get(c->api, account_answered, c, &s->call) < 0)
			step_next(c);
		return;
	case SYNC_CATEGORIES:
		categories_begin(c);
		return;
	case SYNC_VIDEOS:
		if (!(s->full || s->want_videos) || videos_get(c, videos_answered, c, &s->call) < 0)
			step_next(c);
		return;
	case SYNC_END:
		if (s->full && s->failure.error == CC_E_NONE)
			s->catalog_done = now_boottime();
		catalog_tell(c);
		run_end(c, s->failure.error == CC_E_NONE ? NULL : &s->failure, s->retry_after);
		return;
	default:
		listing_begin(c);
	}
}

/* ---- runs ---- */

/* The catalog is asked for when somebody wants a sync, when it was never seen, and when nothing is pending. */
static bool wants_catalog(struct core *c)
{
	struct sync *s = &c->sync;
	_cleanup_free_ char *cursor = NULL;

	if (s->want_full || s->catalog_done == 0 || catalog_meta_get(c->catalog, "products-cursor", &cursor) < 0)
		return true;
	return !is_pending(c) && now_boottime() - s->catalog_done >= c->config->idle;
}

static void run_begin(struct core *c)
{
	struct sync *s = &c->sync;
	int r;

	if (s->running || !c->started || !session_active(c))
		return;
	core_mend_catalog(c);
	r = core_mend_cache(c);
	event_del(s->timer);
	s->due = USEC_INFINITY;
	TAILQ_CONCAT(&s->waiters, &s->next_waiters, link);
	if (r < 0) {
		run_fail_store(c, r);
		return;
	}
	s->running = true;
	s->full = wants_catalog(c);
	s->customer_gone = false;
	s->retry_after = 0;
	failure_done(&s->failure);
	s->want_full = false;
	s->step = SYNC_ACCOUNT;
	step_begin(c);
}

static void due(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	run_begin(userdata);
}

void sync_now(struct core *c)
{
	if (!c->started || !session_active(c))
		return;
	if (c->sync.running)
		c->sync.again = true;
	else if (now_monotonic() >= c->sync.not_before) /* else it is armed for then */
		arm(c, 0);
}

void sync_restart(struct core *c)
{
	struct sync *s = &c->sync;

	if (s->running) {
		api_cancel(TAKE_PTR(s->call));
		event_del(s->slice);
		drop_page(s);
		s->running = false;
		TAILQ_CONCAT(&s->waiters, &s->next_waiters, link);
		TAILQ_CONCAT(&s->next_waiters, &s->waiters, link);
	}
	sync_now(c);
}

void sync_reschedule(struct core *c)
{
	struct sync *s = &c->sync;
	uint64_t wait, now = now_monotonic();

	if (!c->started || s->running || !session_active(c) || s->due == USEC_INFINITY || s->backoff.attempt > 0)
		return;
	wait = schedule_interval(c->config, is_pending(c), push_is_up(c), &s->backoff);
	/* Sooner when the interval became shorter; what was due sooner anyway stays. */
	if (now + wait < s->due)
		arm(c, wait);
}

void sync_start(struct core *c)
{
	sync_now(c);
}

void sync_stop(struct core *c)
{
	struct sync *s = &c->sync;
	_cleanup_failure_ struct failure f = { 0 };

	api_cancel(TAKE_PTR(s->call));
	event_del(s->slice);
	event_del(s->timer);
	s->due = USEC_INFINITY;
	s->not_before = 0;
	s->running = s->again = false;
	drop_page(s);
	if (c->session.row.expired)
		failure_set(&f, CC_E_SESSION_EXPIRED, "The session expired before the sync ended; sign in again");
	else
		failure_set(&f, CC_E_NOT_SIGNED_IN, "The session ended before the sync did; sign in first");
	waiters_end(&s->waiters, &f);
	waiters_end(&s->next_waiters, &f);
}

void sync_refuse(struct core *c)
{
	struct sync *s = &c->sync;
	_cleanup_failure_ struct failure f = { 0 };

	if ((TAILQ_EMPTY(&s->waiters) && TAILQ_EMPTY(&s->next_waiters)) ||
	    session_require(c, /* reading= */ false, &f) >= 0)
		return;
	waiters_end(&s->waiters, &f);
	waiters_end(&s->next_waiters, &f);
}

/* ---- somebody asks ---- */

static void waiter_due(evutil_socket_t fd, short what, void *userdata)
{
	struct sync_waiter *w = userdata;
	struct core *c = w->core;
	struct sync_waiter *i;

	(void)fd, (void)what;
	/* Long enough: the rest comes by signal. */
	TAILQ_FOREACH(i, &c->sync.waiters, link)
		if (i == w) {
			waiter_end(&c->sync.waiters, w, c->sync.failure.error == CC_E_NONE ? NULL : &c->sync.failure);
			return;
		}
	waiter_end(&c->sync.next_waiters, w, NULL);
}

struct refused {
	struct failure failure;
	core_done_cb done;
	void *userdata;
};

static void refused_free(void *p)
{
	struct refused *r = p;

	failure_done(&r->failure);
	free(r);
}

static void refused_run(struct core *c, void *data)
{
	struct refused *r = data;

	(void)c;
	r->done(&r->failure, r->userdata);
	refused_free(r);
}

static int told_to_wait(struct core *c, struct failure *f)
{
	uint64_t now = now_monotonic();

	if (now >= c->sync.not_before)
		return 0;
	return failure_set(f, CC_E_RATE_LIMITED, "The service asks to wait %u s before the next sync",
			   (unsigned)((c->sync.not_before - now + USEC_PER_SEC - 1) / USEC_PER_SEC));
}

void core_sync(struct core *c, core_done_cb done, void *userdata)
{
	struct refused *refused = new0(struct refused, 1);
	struct sync_waiter *w;

	if (!refused)
		return;
	refused->done = done;
	refused->userdata = userdata;
	if (session_require(c, /* reading= */ false, &refused->failure) < 0 || told_to_wait(c, &refused->failure) < 0) {
		(void)core_defer(c, refused_run, refused, refused_free);
		return;
	}
	w = new0(struct sync_waiter, 1);
	if (w)
		w->timer = evtimer_new(c->base, waiter_due, w);
	if (!w || !w->timer) {
		free(w);
		failure_from_store(&refused->failure, -ENOMEM, "The sync could not be started");
		(void)core_defer(c, refused_run, refused, refused_free);
		return;
	}
	refused_free(refused);
	w->core = c;
	w->done = done;
	w->userdata = userdata;
	TAILQ_INSERT_TAIL(&c->sync.next_waiters, w, link);
	core_arm(w->timer, SYNC_WAIT);
	c->sync.want_full = true;
	sync_now(c);
}

int sync_init(struct core *c)
{
	struct sync *s = &c->sync;

	s->timer = evtimer_new(c->base, due, c);
	s->slice = evtimer_new(c->base, write_slice, c);
	s->due = USEC_INFINITY;
	s->backoff = (struct backoff){ .base = SCHEDULE_BACKOFF_BASE, .cap = SCHEDULE_BACKOFF_CAP };
	return s->timer && s->slice ? 0 : -ENOMEM;
}

static void drop_waiters(struct sync_waiter_list *list)
{
	struct sync_waiter *w;

	while ((w = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, w, link);
		event_free(w->timer);
		free(w);
	}
}

void sync_done(struct core *c)
{
	struct sync *s = &c->sync;

	api_cancel(TAKE_PTR(s->call));
	drop_waiters(&s->waiters);
	drop_waiters(&s->next_waiters);
	drop_page(s);
	failure_done(&s->failure);
	if (s->timer)
		event_free(s->timer);
	if (s->slice)
		event_free(s->slice);
}
