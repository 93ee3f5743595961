/* Videos: the list, kept for when there is no network; a URL to play one, behind which the relay hands on what the file
 * service gives; and what was watched, queued like everything that is to reach the service. */
#include "backend/video.h"
#include "base/timeutil.h"
#include "base/uuid.h"
#include "core/core-internal.h"
#include "core/outbox-private.h"
#include "net/relay.h"

#define WATCHED_MAX_SEC (24 * 60 * 60)
#define WATCHED_DEADLINE (30 * 24 * 60 * USEC_PER_MIN)
#define RELAY_HEAD_TIME (10 * USEC_PER_SEC)
#define RELAY_STOPPED_TIME (30 * USEC_PER_SEC)
#define RELAY_PATIENCE (60 * USEC_PER_SEC)

/* ---- the list ---- */

int videos_get(struct core *c, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *etag = NULL;

	(void)userdb_meta_get(c->user, "videos-etag", &etag);
	return video_list_get(c->api, etag, done, userdata, ret);
}

static int videos_store(struct core *c, const struct video *all, size_t n, const char *etag)
{
	int r;

	r = userdb_begin(c->user);
	if (r < 0)
		return r;
	r = userdb_videos_put(c->user, all, n);
	if (r >= 0)
		r = userdb_meta_put(c->user, "videos-etag", etag);
	if (r >= 0)
		r = userdb_commit(c->user);
	if (r < 0)
		userdb_rollback(c->user);
	return r;
}

int videos_apply(struct core *c, json_object *list, const char *etag)
{
	struct video *all;
	size_t n, at = 0;
	int r;

	if (!json_object_is_type(list, json_type_array))
		return -EBADMSG;
	n = json_object_array_length(list);
	if (n > VIDEO_LIST_MAX)
		n = VIDEO_LIST_MAX;
	all = new0(struct video, n + 1);
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (video_decode(json_object_array_get_idx(list, i), &all[at]) >= 0)
			at++;
	r = videos_store(c, all, at, etag);
	for (size_t i = 0; i < at; i++)
		video_done(&all[i]);
	free(all);
	return r;
}

/* ---- what the relay hands on ---- */

struct fetch {
	struct relay_viewer *viewer;
	struct api_call *call;
};

static void fetch_header(const struct api_header *h, void *userdata)
{
	struct fetch *f = userdata;

	relay_viewer_header(f->viewer, &(struct relay_answer){
					       .status = h->status,
					       .content_type = h->content_type,
					       .etag = h->etag,
					       .content_range = h->content_range,
					       .length = h->length,
					       .has_length = h->has_length,
				       });
}

static void fetch_data(const char *data, size_t n, void *userdata)
{
	struct fetch *f = userdata;

	relay_viewer_data(f->viewer, data, n);
}

static void fetch_ended(const struct api_reply *reply, void *userdata)
{
	struct fetch *f = userdata;
	struct relay_viewer *viewer = f->viewer;
	enum relay_end end = RELAY_REFUSED;

	if (reply->outcome == API_OK)
		end = RELAY_WHOLE;
	else if (reply->outcome == API_OFFLINE || reply->outcome == API_TRANSIENT || reply->outcome == API_SERVER_ERROR)
		end = RELAY_BROKEN;
	free(f);
	relay_viewer_end(viewer, end, reply->status, reply->retry_after);
}

static int fetch_start(struct relay_viewer *v, const char *id, const struct relay_want *want, void *userdata, void **ret)
{
	struct core *c = userdata;
	struct fetch *f = new0(struct fetch, 1);
	struct video_part part = {
		.whole = want->range == RELAY_RANGE_NONE,
		.suffix = want->range == RELAY_RANGE_SUFFIX,
		.first = want->first,
		.last = want->last,
		.if_range = want->if_range,
	};
	int r;

	if (!f)
		return -ENOMEM;
	f->viewer = v;
	r = video_stream(c->api, id, &part, fetch_header, fetch_data, fetch_ended, f, &f->call);
	if (r < 0) {
		free(f);
		return r;
	}
	*ret = f;
	return 0;
}

static void fetch_hold(void *fetch, bool hold)
{
	struct fetch *f = fetch;

	api_hold(f->call, hold);
}

static void fetch_cancel(void *fetch)
{
	struct fetch *f = fetch;

	api_cancel(f->call);
	free(f);
}

static const struct relay_source source = {
	.start = fetch_start,
	.hold = fetch_hold,
	.cancel = fetch_cancel,
};

static struct relay_options relay_options(const struct core *c)
{
	return (struct relay_options){
		.idle = c->config->video_idle,
		.head = RELAY_HEAD_TIME,
		.stopped = RELAY_STOPPED_TIME,
		.patience = RELAY_PATIENCE,
	};
}

void videos_reload(struct core *c)
{
	struct relay_options o = relay_options(c);

	if (c->relay)
		relay_set_options(c->relay, &o);
}

void videos_close(struct core *c)
{
	if (c->relay)
		relay_close_all(c->relay);
}

void videos_done(struct core *c)
{
	relay_free(TAKE_PTR(c->relay));
}

/* ---- opening ---- */

struct opening {
	struct open_call open_call;
	struct core *core;
	struct api_call *call;
	char *file, *url;
	const char *kind;
	struct failure failure;
	video_open_cb done;
	void *userdata;
};

static void opening_free(void *p)
{
	struct opening *o = p;

	open_call_end(&o->open_call);
	free(o->file);
	free(o->url);
	failure_done(&o->failure);
	free(o);
}

static void opening_freep(struct opening **o)
{
	opening_free(*o);
}

static void opening_end(struct core *c, void *data)
{
	_cleanup_(opening_freep) struct opening *o = data;

	(void)c;
	o->done(o->failure.error == CC_E_NONE ? NULL : &o->failure, strempty(o->url), o->kind, o->userdata);
}

static int open_relay(struct opening *o)
{
	struct relay_options options = relay_options(o->core);
	struct core *c = o->core;
	int r = 0;

	if (!c->relay)
		r = relay_new(c->base, &options, &source, c, &c->relay);
	if (r >= 0)
		r = relay_open(c->relay, o->file, &o->url);
	o->kind = "stream";
	if (r == -EBUSY)
		return failure_set(&o->failure, CC_E_BUSY, "%u videos are being watched; end one first", RELAY_MAX_OPEN);
	if (r < 0)
		return failure_set(&o->failure, CC_E_STORAGE, "The video cannot be handed on: %s", strerror(-r));
	return 0;
}

/* The service has it and lets this person see it: more is not wanted before there is a viewer. */
static void probe_header(const struct api_header *h, void *userdata)
{
	struct opening *o = userdata;

	(void)h;
	api_cancel(TAKE_PTR(o->call));
	(void)open_relay(o);
	opening_end(o->core, o);
}

static void probe_data(const char *data, size_t n, void *userdata)
{
	(void)data, (void)n, (void)userdata;
}

/* Without a header that would have ended it: it was refused, or nobody is there. */
static void probe_ended(const struct api_reply *reply, void *userdata)
{
	struct opening *o = userdata;

	o->call = NULL;
	if (reply->outcome == API_REFUSED && reply->status == 416)
		failure_set(&o->failure, CC_E_PROTOCOL, "The video's file is empty");
	else if (reply->outcome == API_OK)
		failure_set(&o->failure, CC_E_PROTOCOL, "The service's answer has no file");
	else
		failure_from_reply(&o->failure, reply);
	opening_end(o->core, o);
}

static int open_begin(struct opening *o, const char *uid)
{
	struct video_part first = { .first = 0, .last = 0 };
	_cleanup_free_ char *web = NULL;
	struct core *c = o->core;
	int r;

	r = session_require(c, /* reading= */ false, &o->failure);
	if (r < 0)
		return r;
	r = c->user ? userdb_video_get(c->user, uid, &o->file, &web) : -ENOTCONN;
	if (r == -ENOENT)
		return failure_set(&o->failure, CC_E_NOT_FOUND, "There is no video '%s'", uid);
	if (r < 0)
		return failure_from_store(&o->failure, r, "The videos could not be read");
	if (o->file) {
		r = video_stream(c->api, o->file, &first, probe_header, probe_data, probe_ended, o, &o->call);
		return r < 0 ? failure_set(&o->failure, CC_E_BACKEND, "The video could not be asked for: %s", strerror(-r)) :
			       1;
	}
	if (!web)
		return failure_set(&o->failure, CC_E_NOT_FOUND, "The service has neither the video nor a web address "
				   "(https) of it");
	o->url = TAKE_PTR(web);
	o->kind = "web";
	return 0;
}

void video_open(struct core *c, const char *uid, video_open_cb done, void *userdata)
{
	struct opening *o = new0(struct opening, 1);

	if (!o)
		return;
	open_call_begin(c, &o->open_call, opening_free);
	o->core = c;
	o->kind = "";
	o->done = done;
	o->userdata = userdata;
	if (open_begin(o, uid) <= 0)
		(void)core_defer(c, opening_end, o, NULL);
}

/* ---- what was watched ---- */

static void watched_answered(const struct api_reply *reply, void *userdata)
{
	struct outbox_job *j = userdata;
	struct outbox_judgement verdict = outbox_judge_call(reply, j->row.server_errors);

	j->call = NULL;
	if (verdict.server_error)
		j->row.server_errors++;
	if (verdict.verdict != VERDICT_MADE && verdict.verdict != VERDICT_REFUSED && verdict.verdict != VERDICT_ASK) {
		job_again(j, reply->retry_after);
		return;
	}
	if (verdict.verdict != VERDICT_MADE)
		log_info("What was watched of a video was not taken: %s", reply->message);
	(void)state_outbox_delete(j->core->state, j->row.id);
	job_end(j, NULL, NULL);
}

int watched_step(struct outbox_job *j)
{
	return video_watched_save(j->core->api, j->row.body, j->row.key, watched_answered, j, &j->call);
}

static int watched_queue(struct core *c, const char *video, uint32_t seconds)
{
	uint64_t now = core_service_now(c), began = now - seconds * USEC_PER_SEC;
	struct outbox_row row = { .created = now_realtime(), .deadline = now + WATCHED_DEADLINE };
	struct outbox_job *job;
	char key[UUID_SIZE];
	int r;

	uuid_new(key);
	r = video_watched_encode(video, began, seconds, &row.body);
	row.world = strdup(c->world);
	row.user = strdup(c->session.row.user);
	row.kind = strdup(ROW_WATCHED);
	row.subject = strdup(key); /* each is for itself */
	row.key = strdup(key);
	row.state = strdup(ROW_SUBMITTING);
	if (r >= 0)
		r = row.world && row.user && row.kind && row.subject && row.key && row.state ?
			outbox_add(c, &row, &job) : -ENOMEM;
	outbox_row_done(&row);
	return r;
}

int video_report_watched(struct core *c, const char *uid, uint32_t seconds, struct failure *f)
{
	_cleanup_free_ char *file = NULL, *web = NULL;
	int r;

	r = session_require(c, /* reading= */ true, f);
	if (r < 0)
		return r;
	if (seconds > WATCHED_MAX_SEC)
		return failure_set(f, CC_E_INVALID_ARGS, "Nobody watches a video for %u s; at most %u are taken", seconds,
				   WATCHED_MAX_SEC);
	r = c->user ? userdb_video_get(c->user, uid, &file, &web) : -ENOTCONN;
	if (r == -ENOENT)
		return failure_set(f, CC_E_NOT_FOUND, "There is no video '%s'", uid);
	if (r >= 0 && seconds > 0)
		r = watched_queue(c, uid, seconds);
	return r < 0 ? failure_from_store(f, r, "What was watched could not be queued") : 0;
}
