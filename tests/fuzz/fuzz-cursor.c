/* Cursors of lists and what goes with them: the first byte chooses the list, then a cursor up to a newline, then a
 * text to look for. A cursor is taken or is -EINVAL; one that the list gives is always taken. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "store/catalog.h"
#include "store/userdb.h"

static struct userdb *userdb;
static struct catalog *catalog;

static void fill(void)
{
	char uid[] = "uid-0";

	for (unsigned i = 0; i < 8; i++) {
		struct order o = { .uid = uid, .number = uid + 3, .status = (char *)(i % 2 ? "cooking" : "delivered"),
				   .currency = "EUR", .created = i / 2, .comment = (char *)"Crème" };
		const struct notification one = { .uid = uid, .sent = i / 3 };
		const struct product p = { .id = i, .category = i % 3, .name = uid, .currency = "EUR" };

		FUZZ_CHECK(userdb_order_put(userdb, &o, "{}", ORDER_FROM_SYNC, 1, NULL) == 1);
		FUZZ_CHECK(userdb_notification_put(userdb, &one) == 1);
		FUZZ_CHECK(catalog_put_product(catalog, &p) == 1);
		uid[4]++;
	}
}

static void open_once(void)
{
	static char folder[] = "/tmp/fuzz-cursor-XXXXXX";
	static const char user[] = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
	char path[128];

	if (userdb)
		return;
	FUZZ_CHECK(mkdtemp(folder) && userdb_open(folder, user, &userdb, NULL) == 0 &&
		   catalog_open(folder, &catalog, NULL) == 0);
	fill();
	/* The open databases need no names any more. */
	FUZZ_CHECK(userdb_forget(folder, user) == 0);
	for (const char *const *end = (const char *const[]){ "", "-wal", "-shm", NULL }; *end; end++) {
		(void)snprintf(path, sizeof(path), "%s/catalog.db%s", folder, *end);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

static int count_order(const struct order_row *r, void *userdata)
{
	FUZZ_CHECK(r->uid && r->number && r->status);
	++*(unsigned *)userdata;
	return 0;
}

static int count_notification(const struct notification *one, void *userdata)
{
	FUZZ_CHECK(one->uid);
	++*(unsigned *)userdata;
	return 0;
}

static int count_product(const struct product *p, void *userdata)
{
	FUZZ_CHECK(p->name);
	++*(unsigned *)userdata;
	return 0;
}

static int list(uint8_t which, const char *cursor, const char *text, unsigned *rows, char **ret_next)
{
	const struct order_filter filter = { .text = text, .has_pending = which & 8, .pending = which & 16 };
	unsigned limit = 1 + (which >> 5);

	switch (which % 4) {
	case 0:
		return userdb_order_each(userdb, NULL, limit, cursor, count_order, rows, ret_next);
	case 1:
		return userdb_order_each(userdb, &filter, limit, cursor, count_order, rows, ret_next);
	case 2:
		return userdb_notification_each(userdb, which & 8, limit, cursor, count_notification, rows, ret_next);
	default:
		return catalog_each_product(catalog, which & 8 ? 1 : 0, limit, cursor, count_product, rows, ret_next);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *cursor, *text, *uid = NULL;
	unsigned rows = 0, pages = 0;
	int r;

	open_once();
	if (n == 0)
		return 0;
	cursor = strndup((const char *)data + 1, n - 1);
	FUZZ_CHECK(cursor);
	text = strchr(cursor, '\n');
	if (text)
		*text++ = '\0';
	r = userdb_order_find(userdb, cursor, &uid);
	FUZZ_CHECK(r == 0 || r == -ENOENT || r == -ENOTUNIQ);
	free(uid);
	text = text ? strdup(text) : NULL;
	for (; pages == 0 || *cursor; pages++) {
		char *next = NULL;

		r = list(*data, cursor, text, &rows, &next);
		free(cursor);
		cursor = next;
		if (pages == 0 && r == -EINVAL)
			break;
		FUZZ_CHECK(r == 0 && next && rows <= 8);
	}
	free(cursor);
	free(text);
	return 0;
}
