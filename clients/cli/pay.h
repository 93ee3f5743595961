/* Paying for an order: `pay` does it, and `order` at its end. */
#pragma once

#include "base/secret.h"
#include "clients/cli/cli.h"

struct pay_request {
	const char *uid;
	const char *type;      /* cash, pos, qr, card; NULL: what the order says */
	const char *card_file; /* "-" is stdin; NULL: asked for, or from a piped stdin */
	bool yes;
};

/* Calls about payments wait for banks: no less than this. */
#define PAY_CALL_TIMEOUT (90 * USEC_PER_SEC)

/* An exit status, or -1 when told. */
int pay_flow(struct cli *cli, const struct pay_request *p);

/* The newest payment of that type (NULL: of any), or NULL. */
const struct order_payment *pay_newest(const struct order *o, const char *type);
bool payment_status_paid(const char *status);
bool payment_status_over(const char *status);
/* Why a payment was not made, in words ("insufficient-funds" is a code), or "" where the verdict says that already. */
char *pay_reason(const struct order_payment *p, const char *verdict);

bool pay_is_due(const struct order *o);
/* " until 19:40", or "" where no payment has been started yet. */
char *pay_due_until(const struct order *o, uint64_t now);
/* What an order that awaits payment wants: "to pay until 19:40: customerclient pay 1042"; NULL for others. */
char *pay_due_text(const struct order *o, uint64_t now);

/* To be paid with a bank's help, before it is cooked: by card or QR code. */
bool pay_is_ahead(const struct order *o);
/* What goes on after the name of an order that wants something of the person: "is to be paid until 19:40: customerclient
 * pay 1042", or of a held one when it is sent and what can be done; NULL for others. */
char *pay_note_text(const struct order *o, const char *name, uint64_t now);

/* Follows the payment until it is made, or over. With `ask` the service is asked every few seconds (a QR code
 * is paid elsewhere). Returns an exit status, or -1 when told. */
int pay_watch(struct cli *cli, const char *uid, const char *type, bool ask);
int pay_by_qr(struct cli *cli, const char *uid);
int pay_by_card(struct cli *cli, const struct order *o, const struct pay_request *p);

/* A payment that came to nothing: told, with the commands there are now. Returns -1. */
int pay_refused(struct cli *cli, const char *uid, const sd_bus_error *e);
int pay_paid(struct cli *cli, const struct order *o, const char *type);

/* {number, holder, expiry, cvc}, and what may be shown of it: "Visa ending 4242". */
int card_read(struct cli *cli, const char *file, struct secret **ret);
char *card_describe(const struct secret *card);
