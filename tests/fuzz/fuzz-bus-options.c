/* The open dictionaries of Orders (Place, Quote, Rate, List). The input is text: an entry a line, "KEY TYPE VALUE", made into
 * a D-Bus message as a caller would; each is read as options and as a filter. */
#include <string.h>
#include <sys/socket.h>

#include "base/uuid.h"
#include "bus/order-options.h"
#include "tests/fuzz/fuzz.h"

#define LINES_MAX 64

static sd_bus *make_bus(void)
{
	sd_bus *bus = NULL;
	int fds[2];

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_CHECK(sd_bus_new(&bus) >= 0);
	FUZZ_CHECK(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
	FUZZ_CHECK(sd_bus_start(bus) >= 0);
	(void)close(fds[1]);
	return bus;
}

static int append_array(sd_bus_message *m, char *value, bool items)
{
	char *rest = value, *word;
	int r;

	r = sd_bus_message_open_container(m, 'a', items ? "(tu)" : "s");
	while (r >= 0 && (word = strsep(&rest, ","))) {
		char *colon = strchr(word, ':');

		if (items)
			r = sd_bus_message_append(m, "(tu)", (uint64_t)strtoull(word, NULL, 10),
						  (uint32_t)(colon ? strtoul(colon + 1, NULL, 10) : 0));
		else
			r = sd_bus_message_append(m, "s", word);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const char *type, char *value)
{
	switch (type[0]) {
	case 'a':
		return append_array(m, value, type[1] == '(');
	case 's':
		return sd_bus_message_append(m, "s", value);
	case 't':
		return sd_bus_message_append(m, "t", (uint64_t)strtoull(value, NULL, 10));
	case 'x':
		return sd_bus_message_append(m, "x", (int64_t)strtoll(value, NULL, 10));
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)strtoul(value, NULL, 10));
	case 'b':
		return sd_bus_message_append(m, "b", (int)(value[0] == '1'));
	default:
		return sd_bus_message_append(m, "d", strtod(value, NULL));
	}
}

static const char *known_type(const char *type)
{
	static const char *const types[] = { "as", "a(tu)", "s", "t", "x", "u", "b" };

	for (size_t i = 0; i < ELEMENTSOF(types); i++)
		if (streq(types[i], type))
			return types[i];
	return "d";
}

static void append_entry(sd_bus_message *m, char *line)
{
	char *key = strsep(&line, " ");
	const char *type = known_type(line ? strsep(&line, " ") : "");

	FUZZ_CHECK(sd_bus_message_open_container(m, 'e', "sv") >= 0);
	FUZZ_CHECK(sd_bus_message_append(m, "s", key) >= 0);
	FUZZ_CHECK(sd_bus_message_open_container(m, 'v', type) >= 0);
	FUZZ_CHECK(append_value(m, type, line ? line : (char[]){ "" }) >= 0);
	FUZZ_CHECK(sd_bus_message_close_container(m) >= 0);
	FUZZ_CHECK(sd_bus_message_close_container(m) >= 0);
}

/* A refusal has a name and a sentence that may go over the bus. */
static void check_refusal(int r, sd_bus_error *e)
{
	if (r < 0) {
		FUZZ_CHECK(sd_bus_error_has_name(e, SD_BUS_ERROR_INVALID_ARGS));
		FUZZ_CHECK(utf8_is_valid(e->message, strlen(e->message)));
	}
	sd_bus_error_free(e);
}

static void check_place(sd_bus_message *m)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	struct place_options o = { 0 };
	int r = order_options_read(m, &o, &e);

	FUZZ_CHECK(o.n_items <= CART_MAX_LINES);
	for (size_t i = 0; i < o.n_items; i++)
		FUZZ_CHECK(o.items[i].quantity >= 1 && o.items[i].quantity <= CART_MAX_QUANTITY);
	if (r >= 0) {
		FUZZ_CHECK(!o.uid || uuid_is_valid(o.uid));
		FUZZ_CHECK(o.max_total >= 0 && o.expected_total >= 0);
		FUZZ_CHECK(!o.has_items || o.n_items > 0);
		FUZZ_CHECK(!o.comment || strlen(o.comment) <= 4096);
	}
	place_options_done(&o);
	check_refusal(r, &e);
}

static void check_filter(sd_bus_message *m)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	struct list_filter f = { 0 };
	int r = list_filter_read(m, &f, &e);

	if (r >= 0) {
		FUZZ_CHECK(!f.has_statuses || strv_length(f.statuses) > 0);
		FUZZ_CHECK(!(f.id && f.text));
	}
	list_filter_done(&f);
	check_refusal(r, &e);
}

static void check_rating(sd_bus_message *m)
{
	_cleanup_(strv_freep) char **photos = NULL;
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int r = rate_options_read(m, &photos, &e);

	if (r >= 0) {
		FUZZ_CHECK(strv_length(photos) <= RATING_PHOTOS_MAX);
		for (char **p = photos; p && *p; p++)
			FUZZ_CHECK(uuid_is_valid(*p) && !strv_contains(p + 1, *p));
	}
	check_refusal(r, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static sd_bus *bus;
	char *text = strndup((const char *)data, n), *rest = text, *line;
	sd_bus_message *m = NULL;

	if (!bus)
		bus = make_bus();
	FUZZ_CHECK(text);
	/* No bus delivers anything else. */
	if (!utf8_is_valid(text, strlen(text))) {
		free(text);
		return 0;
	}
	FUZZ_CHECK(sd_bus_message_new_method_call(bus, &m, NULL, "/", "org.example.X", "Y") >= 0);
	FUZZ_CHECK(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
	for (int i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")); i++)
		if (*line)
			append_entry(m, line);
	FUZZ_CHECK(sd_bus_message_close_container(m) >= 0);
	FUZZ_CHECK(sd_bus_message_seal(m, 1, 0) >= 0);
	FUZZ_CHECK(sd_bus_message_rewind(m, 1) >= 0);
	check_place(m);
	FUZZ_CHECK(sd_bus_message_rewind(m, 1) >= 0);
	check_filter(m);
	FUZZ_CHECK(sd_bus_message_rewind(m, 1) >= 0);
	check_rating(m);
	sd_bus_message_unref(m);
	free(text);
	return 0;
}
