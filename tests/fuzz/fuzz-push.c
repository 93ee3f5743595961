/* Notifications, and what the hub's invocations carry. */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "backend/push.h"
#include "base/jsonutil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_object *o = NULL;
	struct notification notification;
	struct courier_move move;

	if (json_parse((const char *)data, n, JSON_MAX_DEPTH, &o) < 0)
		return 0;
	if (push_decode_notification(o, &notification) == 0) {
		FUZZ_CHECK(notification.uid[0] && notification.kind[0]);
		notification_done(&notification);
	}
	if (push_decode_courier(o, &move) == 0) {
		FUZZ_CHECK(move.order[0]);
		FUZZ_CHECK(isnan(move.latitude) == isnan(move.longitude));
		FUZZ_CHECK(isnan(move.latitude) ||
			   (fabs(move.latitude) <= 90 && fabs(move.longitude) <= 180));
		courier_move_done(&move);
	}
	return 0;
}
