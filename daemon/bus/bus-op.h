/* A call that is answered later. It owns the message, is answered exactly once, and is counted for its caller. */
#pragma once

#include <systemd/sd-bus.h>

#include "base/secret.h"
#include "bus/bus-error.h"

#define BUS_OP_PER_SENDER 64
#define BUS_OP_TOTAL 1024
#define BUS_OP_SECRETS 2

struct bus;
struct bus_op;

/* LimitsExceeded when the caller has too many open; Busy when we are going down. The handler returns 1 afterwards. */
int bus_op_new(struct bus *b, sd_bus_message *m, struct bus_op **ret, sd_bus_error *e);

/* What the work on it keeps; freed with the op, however that is answered. */
void bus_op_keep(struct bus_op *op, void *data, void (*free_data)(void *data));
struct bus *bus_op_bus(struct bus_op *op);
/* Rewound to its first argument: a continuation reads the arguments again. */
sd_bus_message *bus_op_message(struct bus_op *op);

/* Each answers and frees the op; changed properties go out before. */
void bus_op_reply(struct bus_op *op, const char *types, ...);
void bus_op_send(struct bus_op *op, sd_bus_message *reply); /* takes the reply */
void bus_op_fail(struct bus_op *op, const struct failure *f);
/* For a reply that takes more than a call to fill. NULL: the op was answered, with f or because there is no memory.
 * The end takes the reply and how filling it went; below 0 that is the answer. */
sd_bus_message *bus_op_begin_reply(struct bus_op *op, const struct failure *f);
void bus_op_end_reply(struct bus_op *op, sd_bus_message *reply, int r);
void bus_op_fail_errno(struct bus_op *op, int error);
void bus_op_invalid(struct bus_op *op, const char *format, ...) _printf_(2, 3);
/* A core_done_cb: an empty reply, or the failure. */
void bus_op_done(const struct failure *f, void *op);

/* Reads n secrets one after the other from descriptors that the message owns, then goes on. A descriptor that is no
 * good, or too slow, ends the op with InvalidArgs. Names are literals. */
void bus_op_read_secrets(struct bus_op *op, size_t n, const int fds[], const char *const names[],
			 void (*go_on)(struct bus_op *op));
struct secret *bus_op_secret(struct bus_op *op, size_t i); /* borrowed */

/* Answers every open call with Busy, "going down". */
void bus_op_end_all(struct bus *b);
