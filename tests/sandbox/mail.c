/*
 * Queueing, composing and delivering mails: RFC 5322 with MIME, the receipt attached.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tests/sandbox/handlers.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/mail.h"
#include "tests/sandbox/report.h"

enum { BASE64_BYTES = 57 }; /* to a line of 76 characters */

static const char *const parts[] = { "tmp", "new", "cur" };
static const int64_t delay_max_ms = 24 * 3600 * INT64_C(1000);

static json_object *message_to_json(sqlite3_stmt *q)
{
	json_object *o = json_object_new_object();

	json_add_text(o, "messageUid", store_text(q, 0));
	json_add_text(o, "status", store_text(q, 1));
	json_add_date(o, "date", store_int(q, 2));
	return o;
}

static void answer_message(struct call *c, const char *uid)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(c->sandbox->store, "SELECT uid, status, ifnull(date, queued)"
						 " FROM messages WHERE uid = ?", "t", uid);

	(void)store_step(q);
	c->answer = message_to_json(q);
}

static void make_folder(struct sandbox *s)
{
	const char *tmp = getenv("TMPDIR");
	AUTO_FREE char *name = xprintf("%s/customerclient-sandbox-mail.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct post *p = s->post;

	if (p->folder)
		return;
	p->is_temporary = !s->options.data;
	if (!p->is_temporary)
		p->folder = xprintf("%s/Maildir", s->options.data);
	else if (mkdtemp(name))
		p->folder = TAKE(name);
	if (!p->folder || (mkdir(p->folder, 0700) < 0 && errno != EEXIST))
		die(1, "cannot make a folder for mails: %s", strerror(errno));
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		AUTO_FREE char *path = xprintf("%s/%s", p->folder, parts[i]);

		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			die(1, "cannot make the folder \"%s\": %s", path, strerror(errno));
	}
}

static void put_base64(FILE *f, const uint8_t *data, size_t size)
{
	unsigned char line[4 * BASE64_BYTES];

	for (size_t i = 0; i < size; i += BASE64_BYTES) {
		size_t n = size - i < BASE64_BYTES ? size - i : BASE64_BYTES;

		EVP_EncodeBlock(line, data + i, (int)n);
		fprintf(f, "%s\n", line);
	}
}

static void put_mail(FILE *f, const char *uid, const char *to, const struct order *o, const struct report *report,
		     int64_t now)
{
	char date[DATE_TEXT_SIZE], number[24];

	date_format_http(now, date);
	order_number(o, number);
	fprintf(f, "From: Delivery Service <receipts@sandbox.invalid>\nTo: <%s>\n", to);
	fprintf(f, "Subject: Your receipt for order %s\nDate: %.*s+0000\n", number, (int)strlen(date) - 3, date);
	fprintf(f, "Message-ID: <%s@sandbox.invalid>\nMIME-Version: 1.0\n", uid);
	fprintf(f, "Content-Type: multipart/mixed; boundary=\"=_%s\"\n\n", uid);
	fprintf(f, "--=_%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", uid);
	fprintf(f, "Hello,\n\nthe receipt for order %s is attached.", number);
	fprintf(f, " Its total is %lld.%02lld " CURRENCY ".\n\n", (long long)o->total_price / 100,
		(long long)o->total_price % 100);
	fprintf(f, "--=_%s\nContent-Type: %s\nContent-Disposition: attachment; filename=\"%s\"\n", uid,
		report->content_type, report->name);
	fputs("Content-Transfer-Encoding: base64\n\n", f);
	put_base64(f, report->data, report->size);
	fprintf(f, "\n--=_%s--\n", uid);
}

/* Whole or not at all: written to tmp, then moved to new, as Maildir has it. */
static int deliver_mail(struct sandbox *s, const char *uid, const char *to, const struct order *o, const char *format)
{
	struct report report AUTO(report_done) = { 0 };
	AUTO_FREE char *from_path = NULL, *path = NULL;
	bool failed;
	FILE *f;

	make_folder(s);
	from_path = xprintf("%s/tmp/%s", s->post->folder, uid);
	path = xprintf("%s/new/%lld.%s.sandbox", s->post->folder, (long long)(clock_now(&s->clock) / USEC_PER_SEC), uid);
	f = fopen(from_path, "we");
	if (!f)
		return -errno;
	report_make(o, format, &report);
	put_mail(f, uid, to, o, &report, clock_now(&s->clock));
	failed = ferror(f);
	if (fclose(f) != 0 || failed || rename(from_path, path) < 0) {
		(void)unlink(from_path);
		return -EIO;
	}
	return 0;
}

static void write_down(struct sandbox *s, const struct order *o, const char *uid, const char *to, const char *key)
{
	json_object *detail AUTO_JSON = json_object_new_object();
	char number[24];
	AUTO_FREE char *subject = NULL;

	order_number(o, number);
	subject = xprintf("Your receipt for order %s", number);
	json_add_text(detail, "messageUid", uid);
	json_add_text(detail, "email", to);
	journal_write(s, "mail", o->user, key, o->uid, json_text(detail));
	store_run(s->store, "INSERT INTO mails (email, subject, body, sent) VALUES (?, ?, ?, ?)", "ttti", to, subject,
		  "The receipt is attached.", clock_now(&s->clock));
}

/* true: there was one due. */
static bool send_one(struct sandbox *s)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(s->store, "SELECT uid, order_uid, email, format, key FROM messages"
						 " WHERE due <= ? ORDER BY due LIMIT 1", "i", clock_now(&s->clock));
	struct order o AUTO(order_done) = { 0 };
	AUTO_FREE char *uid = NULL;
	bool sent;

	if (!store_step(q))
		return false;
	uid = xstrdup(store_text(q, 0));
	sent = !s->post->fails && order_load(s->store, store_text(q, 1), &o) == 0 &&
	       deliver_mail(s, uid, store_text(q, 2), &o, store_text(q, 3)) == 0;
	if (sent)
		write_down(s, &o, uid, store_text(q, 2), store_text(q, 4));
	store_run(s->store, "UPDATE messages SET status = ?, due = NULL, date = ? WHERE uid = ?", "tit",
		  sent ? "sent" : "failed", clock_now(&s->clock), uid);
	return true;
}

static void arm(struct sandbox *s)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(s->store, "SELECT min(due) FROM messages", "");
	int64_t wait, most = 30 * USEC_PER_SEC;
	struct timeval tv;

	evtimer_del(s->post->timer);
	if (!store_step(q) || sqlite3_column_type(q, 0) == SQLITE_NULL)
		return;
	wait = store_int(q, 0) - clock_now(&s->clock);
	wait = wait < 1000 ? 1000 : wait > most ? most : wait;
	tv = (struct timeval){ .tv_sec = wait / USEC_PER_SEC, .tv_usec = wait % USEC_PER_SEC };
	evtimer_add(s->post->timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	struct sandbox *s = data;

	(void)fd;
	(void)what;
	store_begin(s->store);
	while (send_one(s))
		;
	store_commit(s->store);
	arm(s);
}

int email_report_send(struct call *c)
{
	struct sandbox *s = c->sandbox;
	struct order o AUTO(order_done) = { 0 };
	const char *order_uid, *email, *format;
	int64_t now = clock_now(&s->clock);
	char uid[UUID_SIZE];
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &order_uid);
	if (r < 0)
		return r;
	r = call_text(c, "email", 1, 300, &email);
	if (r < 0)
		return r;
	if (!email_is_valid(email))
		return call_fail(c, 422, "invalid-email", "\"%.100s\" is no e-mail address", email);
	r = call_text(c, "format", 1, 20, &format);
	if (r < 0)
		return r;
	if (!report_format_is_valid(format))
		return call_fail(c, 422, "invalid-format", "\"%s\" is none of pdf, png, html", format);
	if (order_load(s->store, order_uid, &o) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%.100s\"", order_uid);
	if (o.user != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This order is another user's");
	uuid_make(uid);
	store_run(s->store, "INSERT INTO messages (uid, user, order_uid, email, format, key, status, queued, due)"
		  " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?)", "tittttii", uid, c->user.id, o.uid, email, format, c->key,
		  now, now + s->post->delay_usec);
	arm(s);
	answer_message(c, uid);
	return 0;
}

int email_message_get(struct call *c)
{
	const char *uid = call_query(c, "uid");
	AUTO_QUERY sqlite3_stmt *q = NULL;

	if (!uid)
		return call_fail(c, 400, "invalid-uid", "The parameter \"uid\" is missing");
	q = store_query(c->sandbox->store, "SELECT user FROM messages WHERE uid = ?", "t", uid);
	if (!store_step(q))
		return call_fail(c, 404, "not-found", "There is no message \"%.100s\"", uid);
	if (store_int(q, 0) != c->user.id)
		return call_fail(c, 403, "wrong-owner", "This message is another user's");
	answer_message(c, uid);
	return 0;
}

int control_mail_get(struct call *c)
{
	struct post *p = c->sandbox->post;

	make_folder(c->sandbox);
	c->answer = json_object_new_object();
	json_add_int(c->answer, "delayMs", p->delay_usec / 1000);
	json_add_bool(c->answer, "fail", p->fails);
	json_add_text(c->answer, "maildir", p->folder);
	return 0;
}

/* {delayMs, fail}: each may be left out. */
int control_mail(struct call *c)
{
	json_object *fail = json_member(c->body, "fail");
	struct post *p = c->sandbox->post;
	int64_t ms;

	if (json_int_member(c->body, "delayMs", p->delay_usec / 1000, &ms) < 0 || ms < 0 || ms > delay_max_ms)
		return call_fail(c, 422, "invalid-delay-ms", "\"delayMs\" is no integer from 0 to %lld",
				 (long long)delay_max_ms);
	if (fail && !json_object_is_type(fail, json_type_boolean))
		return call_fail(c, 422, "invalid-fail", "\"fail\" is neither true nor false");
	p->delay_usec = ms * 1000;
	if (fail)
		p->fails = json_object_get_boolean(fail);
	return control_mail_get(c);
}

void mail_clock_changed(struct sandbox *s)
{
	arm(s);
}

void mail_start(struct sandbox *s)
{
	s->post = xcalloc(1, sizeof(*s->post));
	s->post->delay_usec = USEC_PER_SEC / 4;
	s->post->timer = evtimer_new(s->base, on_timer, s);
	if (!s->post->timer)
		die(1, "out of memory");
	arm(s);
}

static void remove_folder(const char *folder)
{
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		AUTO_FREE char *path = xprintf("%s/%s", folder, parts[i]);
		DIR *d = opendir(path);
		struct dirent *entry;

		while (d && (entry = readdir(d)))
			(void)unlinkat(dirfd(d), entry->d_name, 0);
		if (d)
			closedir(d);
		(void)rmdir(path);
	}
	(void)rmdir(folder);
}

void mail_stop(struct sandbox *s)
{
	struct post *p = s->post;

	if (!p)
		return;
	if (p->is_temporary)
		remove_folder(p->folder);
	event_free(p->timer);
	free(p->folder);
	free(p);
}
