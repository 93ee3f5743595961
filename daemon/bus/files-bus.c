/* Interface Files, and the methods of Orders that hand out reports: bytes in by descriptor, out as sealed memfd. */
#include "bus/bus-private.h"
#include "bus/files-bus.h"

static void file_ready(const struct failure *f, int fd, const char *name, const char *content_type, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "hss", fd, name, content_type);
}

static void uploaded(const struct failure *f, const char *uid, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "s", uid);
}

static int files_method_upload(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *name, *type, *transfer;
	struct bus *b = userdata;
	struct bus_op *op;
	int fd, r;

	if ((r = sd_bus_message_read(m, "sshs", &name, &type, &fd, &transfer)) < 0 ||
	    (r = bus_check_texts(e, "name", name, "content_type", type, "transfer", transfer, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	file_send(b->core, name, type, fd, transfer, uploaded, op);
	return 1;
}

static int files_method_download(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *transfer;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "ss", &uid, &transfer)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, "transfer", transfer, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	file_fetch(b->core, uid, transfer, file_ready, op);
	return 1;
}

const sd_bus_vtable bus_files_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Upload", SD_BUS_ARGS("s", name, "s", content_type, "h", file, "s", transfer),
				SD_BUS_RESULT("s", uid), files_method_upload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("s", uid, "s", transfer),
				SD_BUS_RESULT("h", file, "s", name, "s", content_type), files_method_download,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Progress", SD_BUS_ARGS("s", transfer, "t", done, "t", total), 0),
	SD_BUS_VTABLE_END,
};

int orders_method_get_report(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *format, *transfer;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "sss", &uid, &format, &transfer)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, "format", format, "transfer", transfer, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	report_get(b->core, uid, format, transfer, file_ready, op);
	return 1;
}

int orders_method_send_report(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid, *email, *format;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "sss", &uid, &email, &format)) < 0 ||
	    (r = bus_check_texts(e, "uid", uid, "email", email, "format", format, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	report_send(b->core, uid, email, format, uploaded, op);
	return 1;
}

static void status_known(const struct failure *f, const char *status, uint64_t when, void *userdata)
{
	if (f)
		bus_op_fail(userdata, f);
	else
		bus_op_reply(userdata, "st", status, when);
}

int orders_method_get_message_status(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	const char *uid;
	struct bus *b = userdata;
	struct bus_op *op;
	int r;

	if ((r = sd_bus_message_read(m, "s", &uid)) < 0 ||
	    (r = bus_check_texts(e, "message_uid", uid, NULL)) < 0 ||
	    (r = bus_op_new(b, m, &op, e)) < 0)
		return r;
	report_status(b->core, uid, status_known, op);
	return 1;
}
