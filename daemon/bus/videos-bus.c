/* Interface Videos: the cached list, a URL to play, what was watched. */
#include "bus/bus-private.h"

static int append_video(const struct video *v, void *userdata)
{
	sd_bus_message *m = userdata;
	int r;

	if ((r = sd_bus_message_open_container(m, 'r', "ssssub")) < 0 ||
	    (r = bus_append_text(m, v->uid)) < 0 ||
	    (r = bus_append_text(m, v->title)) < 0 ||
	    (r = bus_append_text(m, v->description)) < 0 ||
	    (r = bus_append_text(m, v->genre)) < 0 ||
	    (r = bus_append_u32(m, v->seconds)) < 0 ||
	    (r = bus_append_bool(m, v->file)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int videos_method_list(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *b = userdata;
	struct userdb *u;
	int r;

	if ((r = bus_require_userdb(b, &u, e)) < 0 ||
	    (r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
	    (r = sd_bus_message_open_container(reply, 'a', CC_SIG_VIDEO)) < 0)
		return r;
	r = userdb_video_each(u, append_video, reply);
	if (r < 0)
		return bus_error_store(e, r, "the videos");
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return bus_send_reply(b, TAKE_PTR(reply));
}

static void video_opened(const struct failure *f, const char *url, const char *kind, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "ss", url, kind);
}

static int videos_method_open(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct bus *b = userdata;
	struct bus_op *op;
	const char *uid;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	video_open(b->core, uid, video_opened, op);
	return 1;
}

static int videos_method_report_watched(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	_cleanup_failure_ struct failure f = { 0 };
	struct bus *b = userdata;
	const char *uid;
	uint32_t seconds;
	int r;

	if ((r = sd_bus_message_read(m, "su", &uid, &seconds)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, NULL)) < 0)
		return r;
	if (video_report_watched(b->core, uid, seconds, &f) < 0)
		return bus_error_set(e, &f);
	return bus_reply_empty(b, m);
}

const sd_bus_vtable bus_videos_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("a" CC_SIG_VIDEO, videos), videos_method_list,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Open", SD_BUS_ARGS("s", uid), SD_BUS_RESULT("s", url, "s", kind), videos_method_open,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ReportWatched", SD_BUS_ARGS("s", uid, "u", seconds), SD_BUS_NO_RESULT,
				videos_method_report_watched, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
