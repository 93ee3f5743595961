/* Orders as a calendar, RFC 5545: content lines of at most 75 octets, folded between characters, text escaped. */
#include <inttypes.h>
#include <time.h>

#include "base/money.h"
#include "clients/cli/export.h"

#define LINE_MAX_OCTETS 75

struct ics {
	FILE *f;
	uint64_t now;
};

/* The length of the character that begins here. */
static size_t char_length(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void content_line(FILE *f, const char *line)
{
	size_t used = 0;

	while (*line) {
		size_t n = char_length(line);

		if (used + n > LINE_MAX_OCTETS) {
			fputs("\r\n ", f);
			used = 1;
		}
		fwrite(line, 1, n, f);
		used += n;
		line += n;
	}
	fputs("\r\n", f);
}

/* NAME:TEXT, nothing for no text. Takes the text. */
static void text_line(FILE *f, const char *name, char *text)
{
	_cleanup_free_ char *raw = text, *clean = text_clean(raw, true), *line = NULL;
	struct textbuf b;
	FILE *escaped = textbuf_open(&b);

	fprintf(escaped, "%s:", name);
	for (const char *p = clean; *p; p++) {
		if (*p == '\n') {
			fputs("\\n", escaped);
			continue;
		}
		if (*p == '\\' || *p == ';' || *p == ',')
			fputc('\\', escaped);
		fputc(*p, escaped);
	}
	line = textbuf_take(&b);
	if (*clean)
		content_line(f, line);
}

static void time_line(FILE *f, const char *name, uint64_t usec)
{
	time_t t = (time_t)(usec / USEC_PER_SEC);
	char line[64], stamp[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(line, sizeof(line), "%s:%s", name, stamp);
	content_line(f, line);
}

static char *total_of(json_object *o)
{
	char money[MONEY_HUMAN_SIZE];
	int64_t total;

	if (!export_amount(o, "total-price", &total))
		return xstrdup("");
	return xstrdup(money_format_human(money, total, export_text(o, "currency")));
}

/* "2 x Pad thai, Cola": on one line, or a line each. */
static char *products_of(json_object *o, const char *between)
{
	json_object *products = json_get_array(o, "products");
	struct textbuf b;
	FILE *f = textbuf_open(&b);

	for (size_t i = 0; products && i < json_object_array_length(products); i++) {
		json_object *p = json_object_array_get_idx(products, i);
		uint32_t quantity = 0;

		(void)json_get_u32(p, "quantity", &quantity);
		fputs(i > 0 ? between : "", f);
		if (quantity != 1)
			fprintf(f, "%" PRIu32 " x ", quantity);
		fputs(export_text(p, "name"), f);
	}
	return textbuf_take(&b);
}

static const char *event_status(const char *status)
{
	if (streq(status, "cancelled") || streq(status, "rejected"))
		return "STATUS:CANCELLED";
	return streq(status, "delivered") || streq(status, "finished") ? "STATUS:CONFIRMED" : "STATUS:TENTATIVE";
}

/* From the order to the door: as it was, or as it is promised. */
static uint64_t event_end(json_object *o)
{
	static const char *const names[] = { "end-actual", "end-expected", "deliver-at" };
	uint64_t end = 0;

	for (size_t i = 0; i < ELEMENTSOF(names) && end == 0; i++)
		end = export_time(o, names[i]);
	return end;
}

static void describe(FILE *f, json_object *o)
{
	_cleanup_free_ char *line = products_of(o, ", "), *list = products_of(o, "\n"), *total = total_of(o);
	const char *number = export_text(o, "number"), *comment = export_text(o, "comment");

	text_line(f, "SUMMARY", xprintf("%s%s%s%s", *line ? line : "Order", *total ? " (" : "", total, *total ? ")" : ""));
	text_line(f, "DESCRIPTION", xprintf("Order %s: %s\n%s%s%s%s%s", *number ? number : export_text(o, "uid"),
					    export_text(o, "status"), list, *total ? "\nTotal " : "", total,
					    *comment ? "\n" : "", comment));
	text_line(f, "LOCATION", xstrdup(export_text(o, "destination")));
}

static int add_order(json_object *o, void *userdata)
{
	struct ics *c = userdata;
	uint64_t start = export_time(o, "created"), changed = export_time(o, "changed"), end = event_end(o);
	double latitude, longitude;
	char geo[64];

	if (start == 0)
		return 0;
	content_line(c->f, "BEGIN:VEVENT");
	text_line(c->f, "UID", xprintf("%s@customerclient", export_text(o, "uid")));
	time_line(c->f, "DTSTAMP", changed ? changed : c->now);
	time_line(c->f, "DTSTART", start);
	/* An event without an end is one moment; one that ends before it begins is not allowed. */
	if (end / USEC_PER_SEC > start / USEC_PER_SEC)
		time_line(c->f, "DTEND", end);
	describe(c->f, o);
	if (json_get_double(o, "destination-latitude", &latitude) > 0 &&
	    json_get_double(o, "destination-longitude", &longitude) > 0) {
		snprintf(geo, sizeof(geo), "GEO:%.6f;%.6f", latitude, longitude);
		content_line(c->f, geo);
	}
	content_line(c->f, event_status(export_text(o, "status")));
	content_line(c->f, "TRANSP:TRANSPARENT");
	content_line(c->f, "END:VEVENT");
	return 0;
}

int export_ics(const struct export_file *e, FILE *f, uint64_t now)
{
	struct ics c = { .f = f, .now = now };
	int r;

	content_line(f, "BEGIN:VCALENDAR");
	content_line(f, "VERSION:2.0");
	content_line(f, "PRODID:-//customerclient//orders//EN");
	content_line(f, "CALSCALE:GREGORIAN");
	r = export_each(e, add_order, &c);
	content_line(f, "END:VCALENDAR");
	return r;
}
