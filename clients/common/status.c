/* The statuses of an order, as tables. No D-Bus here. */
#include "clients/common/status.h"

#include "base/util.h"

static const struct {
	const char *name, *label;
} statuses[_STATUS_MAX] = {
	[STATUS_SUBMITTING] = { "submitting", "Being sent" },
	[STATUS_UNKNOWN] = { "unknown", "Being found out" },
	[STATUS_REQUESTED] = { "requested", "Requested" },
	[STATUS_AWAITING_PAYMENT] = { "awaiting-payment", "Awaiting payment" },
	[STATUS_PROCESSING] = { "processing", "Accepted" },
	[STATUS_COOKING] = { "cooking", "Being cooked" },
	[STATUS_READY_TO_DELIVER] = { "ready-to-deliver", "Ready to deliver" },
	[STATUS_IN_DELIVERY] = { "in-delivery", "On the way" },
	[STATUS_DELIVERED] = { "delivered", "Delivered" },
	[STATUS_FINISHED] = { "finished", "Delivered" },
	[STATUS_CANCELLED] = { "cancelled", "Cancelled" },
	[STATUS_REJECTED] = { "rejected", "Not made" },
};

enum order_status status_from_string(const char *s)
{
	for (int i = 0; s && i < _STATUS_MAX; i++)
		if (streq(statuses[i].name, s))
			return (enum order_status)i;
	return STATUS_OTHER;
}

const char *status_to_string(enum order_status status)
{
	return status == STATUS_OTHER ? NULL : statuses[status].name;
}

const char *status_label(const char *status)
{
	enum order_status s = status_from_string(status);

	return s == STATUS_OTHER ? strempty(status) : statuses[s].label;
}

bool status_is_delivered(const char *status)
{
	enum order_status s = status_from_string(status);

	return s == STATUS_DELIVERED || s == STATUS_FINISHED;
}

bool status_is_pending(const char *status)
{
	enum order_status s = status_from_string(status);

	return s == STATUS_OTHER || s < STATUS_DELIVERED;
}

int status_compare(const char *status, enum order_status target)
{
	enum order_status s = status_from_string(status);

	if (s == target)
		return 1;
	switch (target) {
	case STATUS_CANCELLED:
		return status_is_pending(status) ? 0 : -1;
	case STATUS_REJECTED: /* never at the service: only what is not answered yet can become it */
	case STATUS_UNKNOWN:
		return s == STATUS_SUBMITTING || s == STATUS_UNKNOWN ? 0 : -1;
	case STATUS_SUBMITTING:
		return 1;
	default:
		break;
	}
	if (s == STATUS_CANCELLED || s == STATUS_REJECTED)
		return -1;
	if (s == STATUS_OTHER) /* somewhere between requested and delivered */
		return target == STATUS_REQUESTED ? 1 : 0;
	return s > target ? 1 : 0;
}
