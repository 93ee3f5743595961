/* Every name that stands on the bus, in one place: the bus name, object paths, interfaces, errors and the
 * signatures of lists. Daemon and clients share this file; the XML beside it says what the members mean. */
#pragma once

#define CC_BUS_NAME "org.deliveryservice.CustomerClient1"
#define CC_PATH "/org/deliveryservice/CustomerClient1"
#define CC_ORDER_PREFIX CC_PATH "/order" /* each pending order: CC_ORDER_PREFIX + sd_bus_path_encode(uid) */

#define CC_INTERFACE(name) CC_BUS_NAME "." name
#define CC_IFACE_DAEMON CC_INTERFACE("Daemon")
#define CC_IFACE_SESSION CC_INTERFACE("Session")
#define CC_IFACE_ACCOUNT CC_INTERFACE("Account")
#define CC_IFACE_CATALOG CC_INTERFACE("Catalog")
#define CC_IFACE_CART CC_INTERFACE("Cart")
#define CC_IFACE_ORDERS CC_INTERFACE("Orders")
#define CC_IFACE_ORDER CC_INTERFACE("Order")
#define CC_IFACE_NOTIFICATIONS CC_INTERFACE("Notifications")
#define CC_IFACE_PAYMENTS CC_INTERFACE("Payments")
#define CC_IFACE_SETTINGS CC_INTERFACE("Settings")
#define CC_IFACE_PREDICTIONS CC_INTERFACE("Predictions")
#define CC_IFACE_FILES CC_INTERFACE("Files")
#define CC_IFACE_STATISTICS CC_INTERFACE("Statistics")
#define CC_IFACE_VIDEOS CC_INTERFACE("Videos")

/* Not part of the API: held by the one notifier of a session, so that there is never a second. */
#define CC_NOTIFIER_NAME CC_BUS_NAME ".Notifier"
/* The .desktop file and the icon, without their suffixes. */
#define CC_DESKTOP_ENTRY "org.deliveryservice.CustomerClient"

#define CC_UNIT_DAEMON "customerclientd.service"
#define CC_UNIT_NOTIFIER "customerclient-notifier.service"

/* Rows of lists, without the array around them. */
#define CC_SIG_CATEGORY "(tsss)"
#define CC_SIG_PRODUCT "(ttssxsbd)"
#define CC_SIG_CART_LINE "(tsuxxs)"
#define CC_SIG_ORDER_ROW "(ssssxsttb)"
#define CC_SIG_NOTIFICATION "(ssssstb)"
#define CC_SIG_SERIES_POINT "(std)"
#define CC_SIG_DELIVERY "(stdd)"
#define CC_SIG_FAVOURITE "(tsux)"
#define CC_SIG_PLACE_SUM "(sux)"
#define CC_SIG_PRICE_CHANGE "(tsxxt)"
#define CC_SIG_RECOMMENDATION "(tsxsds)"
#define CC_SIG_VIDEO "(ssssub)"
#define CC_SIG_EVENT "(tssa{sv})"

#define CC_ERROR_PREFIX CC_BUS_NAME ".Error."
#define CC_ERROR(name) CC_ERROR_PREFIX name

/* Exit statuses of the CLI. */
enum {
	CC_EXIT_OK = 0,
	CC_EXIT_FAILURE = 1,
	CC_EXIT_USAGE = 2,
	CC_EXIT_NOT_FOUND = 3,
	CC_EXIT_SIGN_IN = 4,
	CC_EXIT_RATE_LIMITED = 5,
	CC_EXIT_NO_DAEMON = 6,
	CC_EXIT_OFFLINE = 7,
	CC_EXIT_REFUSED = 8,
	CC_EXIT_OUTCOME_UNKNOWN = 9,
	CC_EXIT_DECLINED = 10,
	CC_EXIT_CONFIG = 78,
	CC_EXIT_WAIT_TIMEOUT = 124,
	CC_EXIT_INTERRUPTED = 130,
};

/* X(identifier, full error name, exit status of the CLI, sentence used when there is no better one). The
 * identifier becomes `enum cc_error` CC_E_<identifier>. */
#define CC_ERRORS(X) \
	X(NOT_SIGNED_IN, CC_ERROR("NotSignedIn"), CC_EXIT_SIGN_IN, "Nobody is signed in; sign in first") \
	X(INVALID_CREDENTIALS, CC_ERROR("InvalidCredentials"), CC_EXIT_SIGN_IN, "The login or the password is wrong") \
	X(SESSION_EXPIRED, CC_ERROR("SessionExpired"), CC_EXIT_SIGN_IN, "The session has expired; sign in again") \
	X(SESSION_LOCKED, CC_ERROR("SessionLocked"), CC_EXIT_SIGN_IN, "The session lies in a keyring that is locked; unlock it, or sign in again") \
	X(USER_EXISTS, CC_ERROR("UserExists"), CC_EXIT_REFUSED, "There is already a user with that login, e-mail or phone") \
	X(INCORRECT_CODE, CC_ERROR("IncorrectCode"), CC_EXIT_REFUSED, "The code is not the one that was sent") \
	X(TOO_MANY_TRIES, CC_ERROR("TooManyTries"), CC_EXIT_REFUSED, "Too many wrong codes; sign up again for a new one") \
	X(NOT_FOUND, CC_ERROR("NotFound"), CC_EXIT_NOT_FOUND, "There is no such thing") \
	X(CANNOT_CANCEL, CC_ERROR("CannotCancel"), CC_EXIT_REFUSED, "The order cannot be cancelled any more") \
	X(NOT_DELIVERED, CC_ERROR("NotDelivered"), CC_EXIT_REFUSED, "The order has not been delivered") \
	X(ALREADY_RATED, CC_ERROR("AlreadyRated"), CC_EXIT_REFUSED, "The order has been rated already") \
	X(EMPTY_CART, CC_ERROR("EmptyCart"), CC_EXIT_REFUSED, "The cart is empty") \
	X(PRICE_CHANGED, CC_ERROR("PriceChanged"), CC_EXIT_REFUSED, "The price has changed; nothing was ordered") \
	X(PRODUCT_UNAVAILABLE, CC_ERROR("ProductUnavailable"), CC_EXIT_REFUSED, "A product is not available; nothing was ordered") \
	X(OVER_LIMIT, CC_ERROR("OverLimit"), CC_EXIT_REFUSED, "The order is over the spending limit; nothing was ordered") \
	X(PAYMENT_DECLINED, CC_ERROR("PaymentDeclined"), CC_EXIT_DECLINED, "The payment was declined; nothing was charged") \
	X(PAYMENT_NOT_DUE, CC_ERROR("PaymentNotDue"), CC_EXIT_REFUSED, "No payment is due for this order") \
	X(INVALID_CARD, CC_ERROR("InvalidCard"), CC_EXIT_DECLINED, "The card's details are not valid; nothing was charged") \
	X(CONFLICT, CC_ERROR("Conflict"), CC_EXIT_REFUSED, "That conflicts with the present state") \
	X(BUSY, CC_ERROR("Busy"), CC_EXIT_FAILURE, "Something has to end first") \
	X(OFFLINE, CC_ERROR("Offline"), CC_EXIT_OFFLINE, "The service cannot be reached; nothing was sent") \
	X(BACKEND, CC_ERROR("Backend"), CC_EXIT_FAILURE, "The service reported a failure") \
	X(PROTOCOL, CC_ERROR("Protocol"), CC_EXIT_FAILURE, "The service's answer made no sense") \
	X(OUTCOME_UNKNOWN, CC_ERROR("OutcomeUnknown"), CC_EXIT_OUTCOME_UNKNOWN, "The request was sent and not answered; do not repeat it, it is being resolved") \
	X(RATE_LIMITED, CC_ERROR("RateLimited"), CC_EXIT_RATE_LIMITED, "The service asks to wait") \
	X(STORAGE, CC_ERROR("Storage"), CC_EXIT_FAILURE, "The local database could not be read or written") \
	X(INVALID_ARGS, "org.freedesktop.DBus.Error.InvalidArgs", CC_EXIT_USAGE, "An argument is not valid") \
	X(LIMITS_EXCEEDED, "org.freedesktop.DBus.Error.LimitsExceeded", CC_EXIT_FAILURE, "Too many calls at once") \
	X(ACCESS_DENIED, "org.freedesktop.DBus.Error.AccessDenied", CC_EXIT_FAILURE, "That is not allowed") \
	X(NOT_SUPPORTED, "org.freedesktop.DBus.Error.NotSupported", CC_EXIT_REFUSED, "This version cannot do that")

enum cc_error {
	CC_E_NONE = 0,
#define X(id, name, exit_status, text) CC_E_##id,
	CC_ERRORS(X)
#undef X
	_CC_E_MAX
};
