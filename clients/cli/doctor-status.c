/* Judges what GetStatus says: session, service, TLS, push, clock, databases, outbox. Asks nobody. */
#include "clients/cli/doctor.h"

#include "base/config.h"
#include "clients/cli/when.h"
#include "clients/common/dict.h"

/* An order's deadline is in the service's time: less than this does not matter, and a day breaks TLS. */
#define CLOCK_WARNING (30 * USEC_PER_SEC)
#define CLOCK_WRONG (24 * 60 * USEC_PER_MIN)


#define CLOCK_UNKNOWN INT64_MIN

int doctor_status_read(sd_bus_message *m, struct doctor_status *ret)
{
	static const struct dict_field fields[] = {
		{ "signed-in", 'b', offsetof(struct doctor_status, signed_in) },
		{ "online", 'b', offsetof(struct doctor_status, online) },
		{ "version", 's', offsetof(struct doctor_status, version) },
		{ "login", 's', offsetof(struct doctor_status, login) },
		{ "push", 's', offsetof(struct doctor_status, push) },
		{ "last-error", 's', offsetof(struct doctor_status, last_error) },
		{ "contact-error", 's', offsetof(struct doctor_status, unreached) },
		{ "last-sync", 't', offsetof(struct doctor_status, last_sync) },
		{ "token-store", 's', offsetof(struct doctor_status, token_store) },
		{ "keyring", 's', offsetof(struct doctor_status, keyring) },
		{ "base-url", 's', offsetof(struct doctor_status, base_url) },
		{ "tls", 's', offsetof(struct doctor_status, tls) },
		{ "tls-version", 's', offsetof(struct doctor_status, tls_version) },
		{ "clock-skew", 'x', offsetof(struct doctor_status, clock_skew) },
		{ "state-db", 's', offsetof(struct doctor_status, state_db) },
		{ "cache-db", 's', offsetof(struct doctor_status, cache_db) },
		{ "state-size", 't', offsetof(struct doctor_status, state_size) },
		{ "cache-size", 't', offsetof(struct doctor_status, cache_size) },
		{ "pending-operations", 'u', offsetof(struct doctor_status, pending_operations) },
	};
	int r;

	ret->clock_skew = CLOCK_UNKNOWN;
	r = dict_read(m, fields, ELEMENTSOF(fields), ret);
	ret->has_clock_skew = ret->clock_skew != CLOCK_UNKNOWN;
	return r;
}

void doctor_status_done(struct doctor_status *s)
{
	free(s->version);
	free(s->login);
	free(s->push);
	free(s->last_error);
	free(s->unreached);
	free(s->token_store);
	free(s->keyring);
	free(s->base_url);
	free(s->tls);
	free(s->tls_version);
	free(s->state_db);
	free(s->cache_db);
	*s = (struct doctor_status){};
}

static char *config_file(void)
{
	char *file = config_user_file();

	return file ? file : xstrdup("customerclientd.conf");
}

static void judge_session(struct doctor *d)
{
	const struct doctor_status *s = &d->status;

	if (s->signed_in)
		doctor_add(d, VERDICT_OK, "session", xprintf("signed in as %s", strempty(s->login)), NULL);
	else if (s->login)
		doctor_add(d, VERDICT_WARNING, "session", xprintf("the session of %s has expired", s->login),
			   xprintf("customerclient sign-in %s", s->login));
	else
		doctor_add(d, VERDICT_WARNING, "session", xstrdup("nobody is signed in"),
			   xstrdup("customerclient sign-in LOGIN"));
}

/* What went wrong last, just now or when the daemon last tried, to stand behind a colon; NULL: nothing. */
static char *service_trouble(const struct doctor *d)
{
	const char *text = d->status.unreached, *why;
	size_t n;

	if (d->status.online || isempty(text))
		text = d->contact_error ? d->contact_error : d->status.last_error;
	if (isempty(text))
		return NULL;
	why = startswith(text, "The service could not be reached: ");
	text = why ? why : text;
	n = strlen(text);
	return xprintf("%.*s", (int)(text[n - 1] == '.' ? n - 1 : n), text);
}

static void judge_service(struct doctor *d, uint64_t now)
{
	const struct doctor_status *s = &d->status;
	const char *url = s->base_url ? s->base_url : "the service";
	_cleanup_free_ char *when = NULL, *trouble = service_trouble(d);
	char span[WHEN_SIZE];

	if (s->last_sync)
		when = xprintf("; last sync %s ago",
			       when_format_span(span, now > s->last_sync ? now - s->last_sync : 0));
	if (s->online && !trouble && !d->contact_timeout)
		doctor_add(d, VERDICT_OK, "service", xprintf("%s answers%s", url, strempty(when)), NULL);
	else if (s->online)
		doctor_add(d, VERDICT_WARNING, "service",
			   trouble ? xprintf("%s answers, but: %s%s", url, trouble, strempty(when)) :
				     xprintf("%s did not answer within 3 s, but did before%s", url, strempty(when)),
			   xstrdup("customerclient sync"));
	else
		doctor_add(d, VERDICT_WRONG, "service",
			   xprintf("%s cannot be reached: %s%s", url, trouble ? trouble : "no answer within 3 s",
				   strempty(when)),
			   s->base_url ? xprintf("curl --head --max-time 10 '%s'", s->base_url) : NULL);
}

/* Whether a failure is one of certificates, by the words of curl and OpenSSL. */
static bool is_tls_failure(const char *text)
{
	static const char *const words[] = { "certificate", "SSL", "TLS" };

	for (size_t i = 0; text && i < ELEMENTSOF(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static void judge_tls(struct doctor *d)
{
	const struct doctor_status *s = &d->status;
	_cleanup_free_ char *trouble = service_trouble(d);

	if (streq_ptr(s->tls, "loopback"))
		doctor_add(d, VERDICT_OK, "tls",
			   xstrdup("none: plain HTTP on loopback, nothing leaves this machine"), NULL);
	else if (!s->online && is_tls_failure(trouble)) {
		_cleanup_free_ char *file = config_file();

		doctor_add(d, VERDICT_WRONG, "tls", xprintf("not trusted: %s", trouble),
			   xprintf("for a private authority write CAFile=/path/to/ca.pem under [Services] in %s, "
				   "then systemctl --user restart " CC_UNIT_DAEMON, file));
	} else if (s->tls_version)
		doctor_add(d, VERDICT_OK, "tls", xprintf("%s, certificate checked", s->tls_version), NULL);
	else
		doctor_add(d, VERDICT_WARNING, "tls", xstrdup("not known: no answer came over TLS yet"),
			   xstrdup("customerclient sync"));
}

static void judge_push(struct doctor *d)
{
	const struct doctor_status *s = &d->status;
	const char *push = strempty(s->push);

	if (streq(push, "server-sent-events") || streq(push, "long-polling"))
		doctor_add(d, VERDICT_OK, "push", xprintf("live, by %s", push), NULL);
	else if (!s->signed_in)
		doctor_add(d, VERDICT_OK, "push", xstrdup("off: nobody is signed in"), NULL);
	else if (streq(push, "connecting"))
		doctor_add(d, VERDICT_WARNING, "push",
			   xstrdup("the live connection is being made; until then changes are asked for"), NULL);
	else {
		_cleanup_free_ char *file = config_file();

		doctor_add(d, VERDICT_WARNING, "push", xstrdup("off: changes are asked for, and come later"),
			   xprintf("look for Enable=no under [Push] in %s", file));
	}
}

static void judge_clock(struct doctor *d)
{
	const struct doctor_status *s = &d->status;
	uint64_t off = s->clock_skew < 0 ? -(uint64_t)s->clock_skew : (uint64_t)s->clock_skew;
	char span[WHEN_SIZE];

	if (!s->has_clock_skew)
		doctor_add(d, VERDICT_WARNING, "clock", xstrdup("not known: the service was not heard yet"), NULL);
	else if (off < CLOCK_WARNING)
		doctor_add(d, VERDICT_OK, "clock",
			   xprintf("within %u s of the service's", (unsigned)(off / USEC_PER_SEC) + 1), NULL);
	else
		doctor_add(d, off < CLOCK_WRONG ? VERDICT_WARNING : VERDICT_WRONG, "clock",
			   xprintf("this clock is %s %s the service's", when_format_span(span, off),
				   s->clock_skew > 0 ? "behind" : "ahead of"),
			   xstrdup("sudo timedatectl set-ntp true"));
}

static char *size_text(uint64_t bytes)
{
	return bytes < 10 << 20 ? xprintf("%u kB", (unsigned)(bytes >> 10))
				: xprintf("%u MB", (unsigned)(bytes >> 20));
}

static void judge_database(struct doctor *d, const char *what, const char *says, uint64_t size, bool precious)
{
	_cleanup_free_ char *text = size_text(size);

	if (!says || streq(says, "ok"))
		doctor_add(d, VERDICT_OK, what, xprintf("whole, %s on disk", text), NULL);
	else if (precious)
		doctor_add(d, VERDICT_WRONG, what, xprintf("%s; what was not sent then is in that file", says),
			   xstrdup("customerclient orders shows what was made; keep the file for a report, and "
				   "systemctl --user restart " CC_UNIT_DAEMON));
	else
		doctor_add(d, VERDICT_WARNING, what, xprintf("%s; it is filled again by itself", says), NULL);
}

static void judge_outbox(struct doctor *d)
{
	const struct doctor_status *s = &d->status;
	uint32_t n = s->pending_operations;

	if (n == 0)
		doctor_add(d, VERDICT_OK, "outbox", xstrdup("nothing waits to be sent"), NULL);
	else
		doctor_add(d, VERDICT_WARNING, "outbox",
			   xprintf("%u %s not answered yet%s", n, n == 1 ? "request is" : "requests are",
				   s->online ? "" : ", and the service cannot be reached"),
			   xstrdup("customerclient pending"));
}

void doctor_judge_status(struct doctor *d, uint64_t now)
{
	judge_session(d);
	judge_service(d, now);
	judge_tls(d);
	judge_push(d);
	judge_clock(d);
	judge_database(d, "state", d->status.state_db, d->status.state_size, true);
	judge_database(d, "cache", d->status.cache_db, d->status.cache_size, false);
	judge_outbox(d);
}
