/* Calls answered later: ownership of the message, one answer, counting, and the secrets such calls come with. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "bus/bus-fd.h"
#include "bus/bus-private.h"

struct bus_op {
	struct bus *bus;
	sd_bus_message *message;
	struct bus_op *previous, *next;
	void *data;
	void (*free_data)(void *data);

	size_t n_secrets, n_wanted;
	struct secret *secrets[BUS_OP_SECRETS];
	int fds[BUS_OP_SECRETS]; /* the message's */
	const char *names[BUS_OP_SECRETS];
	struct fd_secret *reading;
	void (*go_on)(struct bus_op *op);
};

static size_t count_of_sender(struct bus *b, const char *sender)
{
	size_t n = 0;

	for (struct bus_op *op = b->ops; op; op = op->next)
		if (streq_ptr(sd_bus_message_get_sender(op->message), sender))
			n++;
	return n;
}

int bus_op_new(struct bus *b, sd_bus_message *m, struct bus_op **ret, sd_bus_error *e)
{
	struct bus_op *op;

	if (b->stopping)
		return bus_error_setf(e, CC_E_BUSY, "customerclientd is going down; nothing was done");
	if (b->n_ops >= BUS_OP_TOTAL || count_of_sender(b, sd_bus_message_get_sender(m)) >= BUS_OP_PER_SENDER)
		return bus_error_setf(e, CC_E_LIMITS_EXCEEDED,
				      "Too many calls are open (%d for one caller); wait for answers first",
				      BUS_OP_PER_SENDER);
	op = new0(struct bus_op, 1);
	if (!op)
		return -ENOMEM;
	op->bus = b;
	op->message = sd_bus_message_ref(m);
	op->next = b->ops;
	if (op->next)
		op->next->previous = op;
	b->ops = op;
	b->n_ops++;
	*ret = op;
	return 0;
}

static void op_free(struct bus_op *op)
{
	if (op->previous)
		op->previous->next = op->next;
	else
		op->bus->ops = op->next;
	if (op->next)
		op->next->previous = op->previous;
	op->bus->n_ops--;

	if (op->free_data)
		op->free_data(op->data);
	fd_secret_cancel(op->reading);
	for (size_t i = 0; i < op->n_secrets; i++)
		secret_unref(op->secrets[i]);
	sd_bus_message_unref(op->message);
	free(op);
}

void bus_op_keep(struct bus_op *op, void *data, void (*free_data)(void *data))
{
	op->data = data;
	op->free_data = free_data;
}

struct bus *bus_op_bus(struct bus_op *op)
{
	return op->bus;
}

sd_bus_message *bus_op_message(struct bus_op *op)
{
	(void)sd_bus_message_rewind(op->message, /* complete= */ true);
	return op->message;
}

/* The only place where an op is answered. */
static void answer(struct bus_op *op, sd_bus_message *reply, int error)
{
	int r = error;

	if (reply) {
		bus_tell_changes(op->bus);
		r = sd_bus_send(NULL, reply, NULL);
	}
	if (!reply || r < 0)
		r = sd_bus_reply_method_errno(op->message, r, NULL);
	if (r < 0)
		log_debug("A reply could not be sent, ignoring: %s", strerror(-r));
	op_free(op);
}

void bus_op_send(struct bus_op *op, sd_bus_message *reply)
{
	answer(op, reply, 0);
	sd_bus_message_unref(reply);
}

void bus_op_reply(struct bus_op *op, const char *types, ...)
{
	sd_bus_message *reply = NULL;
	va_list ap;
	int r;

	r = sd_bus_message_new_method_return(op->message, &reply);
	if (r >= 0 && !isempty(types)) {
		va_start(ap, types);
		r = sd_bus_message_appendv(reply, types, ap);
		va_end(ap);
	}
	if (r < 0) {
		sd_bus_message_unref(reply);
		answer(op, NULL, r);
		return;
	}
	bus_op_send(op, reply);
}

static void answer_error(struct bus_op *op, const sd_bus_error *e)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_error(op->message, &reply, e);

	answer(op, r < 0 ? NULL : reply, r);
	sd_bus_message_unref(reply);
}

void bus_op_fail(struct bus_op *op, const struct failure *f)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)bus_error_set(&e, f);
	answer_error(op, &e);
}

void bus_op_fail_errno(struct bus_op *op, int error)
{
	answer(op, NULL, error);
}

sd_bus_message *bus_op_begin_reply(struct bus_op *op, const struct failure *f)
{
	sd_bus_message *reply = NULL;
	int r;

	if (f) {
		bus_op_fail(op, f);
		return NULL;
	}
	r = sd_bus_message_new_method_return(bus_op_message(op), &reply);
	if (r < 0)
		bus_op_fail_errno(op, r);
	return reply;
}

void bus_op_end_reply(struct bus_op *op, sd_bus_message *reply, int r)
{
	if (r < 0) {
		sd_bus_message_unref(reply);
		bus_op_fail_errno(op, r);
	} else {
		bus_op_send(op, reply);
	}
}

void bus_op_invalid(struct bus_op *op, const char *format, ...)
{
	_cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *message = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&message, format, ap) < 0)
		message = NULL;
	va_end(ap);
	(void)bus_error_invalid(&e, "%s", strempty(message));
	answer_error(op, &e);
}

void bus_op_done(const struct failure *f, void *userdata)
{
	struct bus_op *op = userdata;

	if (f)
		bus_op_fail(op, f);
	else
		bus_op_reply(op, NULL);
}

static void read_next(struct bus_op *op);

static void on_secret(struct secret *secret, const char *error, void *userdata)
{
	struct bus_op *op = userdata;

	op->reading = NULL;
	if (!secret) {
		bus_op_invalid(op, "%s", error);
		return;
	}
	op->secrets[op->n_secrets++] = secret;
	read_next(op);
}

static void read_next(struct bus_op *op)
{
	_cleanup_free_ char *error = NULL;
	size_t i = op->n_secrets;
	int r;

	if (i == op->n_wanted) {
		op->go_on(op);
		return;
	}
	r = fd_secret_read(op->bus->base, op->fds[i], op->names[i], FD_SECRET_TIMEOUT, on_secret, op, &op->reading, &error);
	if (r == -EINVAL && error)
		bus_op_invalid(op, "%s", error);
	else if (r < 0)
		bus_op_fail_errno(op, r);
}

void bus_op_read_secrets(struct bus_op *op, size_t n, const int fds[], const char *const names[],
			 void (*go_on)(struct bus_op *op))
{
	op->n_wanted = n;
	op->go_on = go_on;
	for (size_t i = 0; i < n; i++) {
		op->fds[i] = fds[i];
		op->names[i] = names[i];
	}
	read_next(op);
}

struct secret *bus_op_secret(struct bus_op *op, size_t i)
{
	return op->secrets[i];
}

void bus_op_end_all(struct bus *b)
{
	struct failure f = { .error = CC_E_BUSY,
			     .message = (char *)"customerclientd is going down; ask again when it is back whether this was done" };

	while (b->ops)
		bus_op_fail(b->ops, &f);
}
