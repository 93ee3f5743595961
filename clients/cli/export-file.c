/* Fetching an export and walking its orders. It has a line for each, so that never more than one is in memory as
 * values. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "clients/cli/export.h"

#define EXPORT_CALL_TIMEOUT (10 * USEC_PER_MIN)

void export_file_done(struct export_file *e)
{
	if (e->text)
		(void)munmap((void *)(uintptr_t)e->text, e->size);
	sd_bus_message_unref(e->reply);
	*e = (struct export_file){ .fd = -1 };
}

static int map_file(struct export_file *e)
{
	struct stat st;
	void *p;

	if (fstat(e->fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0)
		return -EBADMSG;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, e->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	e->text = p;
	e->size = (size_t)st.st_size;
	return 0;
}

int export_fetch(struct cli *cli, const struct orders_filter *filter, const char *format, struct export_file *ret)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	*ret = (struct export_file){ .fd = -1 };
	if (!cli->call_timeout)
		cli->client->timeout_usec = EXPORT_CALL_TIMEOUT;
	r = client_new_call(cli->client, CC_IFACE_ORDERS, "Export", &m);
	if (r >= 0)
		r = orders_filter_append(m, filter);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", format);
	if (r < 0)
		return cli_fail_errno(cli, r, "Orders.Export");
	r = cli_send(cli, CLIENT_READS, m, &ret->reply);
	if (r < 0)
		return r;
	r = sd_bus_message_read(ret->reply, "h", &ret->fd);
	if (r >= 0)
		r = map_file(ret);
	return r < 0 ? cli_bad_reply(cli, r, "Orders.Export") : 0;
}

static int one_line(const char *line, size_t n, int (*order)(json_object *o, void *userdata), void *userdata)
{
	_cleanup_json_ json_object *o = NULL;

	if (n > 0 && line[n - 1] == ',')
		n--;
	if (json_parse(line, n, JSON_MAX_DEPTH, &o) < 0 || !json_object_is_type(o, json_type_object))
		return -EBADMSG;
	return order(o, userdata);
}

int export_each(const struct export_file *e, int (*order)(json_object *o, void *userdata), void *userdata)
{
	const char *start = e->text, *end = e->text + e->size;
	int r = 0;

	/* The newest comes first. */
	while (r >= 0 && end > start) {
		const char *newline = memrchr(start, '\n', (size_t)(end - start)), *line = newline ? newline + 1 : start;

		if (*line == '{' && line < end)
			r = one_line(line, (size_t)(end - line), order, userdata);
		end = newline ? newline : start;
	}
	return r;
}

const char *export_text(json_object *o, const char *name)
{
	const char *text = "";

	(void)json_get_string(o, name, &text);
	return text;
}

uint64_t export_time(json_object *o, const char *name)
{
	uint64_t usec = 0;

	(void)json_get_time(o, name, &usec);
	return usec;
}

bool export_amount(json_object *o, const char *name, int64_t *ret_minor)
{
	return json_get_i64(json_get_object(o, name), "minor", ret_minor) > 0;
}
