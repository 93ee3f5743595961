/* What the hub says: the handshake's answer, invocations, pings, the close. Source: aspnetcore,
 * src/SignalR/docs/specs/HubProtocol.md. */
#include <inttypes.h>

#include "base/jsonutil.h"
#include "base/log.h"
#include "net/signalr-private.h"

/* We offer no results; what the server waits for is that we are done. */
static int signalr_complete(struct signalr *s, const char *id)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_free_ char *text = NULL;

	if (!o || json_add(o, "type", json_object_new_int(3)) < 0 || json_add_string(o, "invocationId", id) < 0 ||
	    json_object_object_add(o, "result", NULL) < 0)
		return -ENOMEM;
	text = strprintf("%s%c", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), FRAME_END);
	if (!text)
		return -ENOMEM;
	return signalr_send(s, text, strlen(text));
}

static void signalr_take_invocation(struct signalr *s, json_object *o)
{
	json_object *arguments = json_get_array(o, "arguments");
	unsigned generation = s->generation;
	const char *target, *id = NULL;

	if (json_get_string(o, "target", &target) <= 0 || !arguments || json_get_string(o, "invocationId", &id) < 0) {
		signalr_fail(s, "the hub sent a damaged invocation", 0);
		return;
	}
	if (s->handler.invoked)
		s->handler.invoked(target, arguments, s->userdata);
	if (id && generation == s->generation && signalr_complete(s, id) < 0)
		signalr_fail(s, "the hub asks for more answers than can be sent", 0);
}

static void signalr_take_close(struct signalr *s, json_object *o)
{
	_cleanup_free_ char *why = NULL;
	const char *error = NULL;
	bool reconnect = false;

	(void)json_get_string(o, "error", &error);
	(void)json_get_bool(o, "allowReconnect", &reconnect);
	why = strprintf("the hub closes the connection%s%s", error ? ": " : "", strempty(error));
	if (reconnect)
		signalr_fail(s, strempty(why), 0);
	else
		signalr_wait(s, strempty(why), backoff_spread(&s->backoff, s->backoff.cap));
}

static void signalr_take_handshake(struct signalr *s, json_object *o)
{
	_cleanup_free_ char *why = NULL;
	const char *error;

	if (json_get_string(o, "error", &error) != 0) {
		why = strprintf("the hub refuses the handshake: %s", json_get_string(o, "error", &error) > 0 ? error : "");
		signalr_wait(s, strempty(why), signalr_next_delay(s, 0));
		return;
	}
	s->phase = PHASE_UP;
	s->state = s->sse_transport ? SIGNALR_SSE : SIGNALR_LONG_POLLING;
	s->refusals = 0;
	s->failure_logged = false;
	backoff_reset(&s->backoff);
	log_debug("push: connected by %s", s->sse_transport ? "server-sent events" : "long polling");
	signalr_tell(s);
}

static void signalr_take_message(struct signalr *s, json_object *o)
{
	uint64_t type = 0;

	if (json_get_u64(o, "type", &type) < 0)
		type = 0;
	switch (type) {
	case 1:
		signalr_take_invocation(s, o);
		break;
	case 3: /* a completion: we invoke nothing */
	case 6: /* a ping */
		break;
	case 7:
		signalr_take_close(s, o);
		break;
	default:
		if (!s->unknown_logged)
			log_warning("push: the hub sent a message of unknown type %" PRIu64 ", ignoring", type);
		s->unknown_logged = true;
	}
}

void signalr_take(struct signalr *s, const char *data, size_t n)
{
	unsigned generation = s->generation;
	const char *text;
	int r;

	r = frames_append(&s->frames, data, n);
	if (r < 0) {
		signalr_fail(s, r == -E2BIG ? "the hub sent a message that is too large" : "out of memory", 0);
		return;
	}
	while (generation == s->generation && frames_next(&s->frames, &text, &n)) {
		_cleanup_json_ json_object *o = NULL;

		if (json_parse(text, n, JSON_MAX_DEPTH, &o) < 0 || !json_object_is_type(o, json_type_object))
			signalr_fail(s, "the hub sent a message that is not JSON", 0);
		else if (s->phase == PHASE_SHAKING)
			signalr_take_handshake(s, o);
		else
			signalr_take_message(s, o);
	}
}
