/* doctor: what a status means, how findings look, and that nothing of a person stays in a bundle. */
#include "tests/unit/unit.h"

#include "clients/cli/doctor.h"
#include "clients/cli/redact.h"

/* ---- redaction ---- */

#define CANARY "quick brown canary"

static struct redactor *person(void)
{
	struct redactor *r = redact_new();

	redact_add(r, "login", "ann");
	redact_add(r, "e-mail", "ann@example.org");
	redact_add(r, "phone", "+1 555 123-4567");
	redact_add_phone(r, "+1 555 123-4567");
	redact_add_address(r, "12 Mill Lane, Springfield");
	redact_add_name(r, "Grace Hopper");
	redact_add(r, "comment", "the grey door");
	redact_add(r, "order", "C-000042");
	redact_add(r, "home", "/home/grace");
	redact_add_word(r, "machine", "debian");
	redact_add_host(r, "https://delivery.example.org:8443/base");
	redact_add(r, "city", NULL);
	redact_add(r, "city", "NY"); /* too short to be told from other text */
	return r;
}

static void test_nothing_personal_stays(void **state)
{
	static const struct {
		const char *text, *gone; /* `gone` must not be there afterwards, the canary must */
	} cases[] = {
		{ "signed in as ann", "ann" },
		{ "signed in as ANN.", "ANN" },
		{ "login='ann'", "'ann'" },
		{ "mail to ann@example.org now", "example" },
		{ "mail to somebody.else+x@mail.example.net, now", "somebody" },
		{ "?email=ann%40example.org", "example" },
		{ "call +15551234567", "555" },
		{ "call 1 (555) 123 45 67", "123" },
		{ "call 15551234567", "5551234567" },
		{ "call +44 20 7946 0958", "7946" },
		{ "to 12 Mill Lane, Springfield", "Mill" },
		{ "to 12  MILL\tlane", "MILL" },
		{ "to Mill Lane", "Mill" },
		{ "in springfield", "springfield" },
		{ "for Grace Hopper", "Grace" },
		{ "Dear Grace,", "Grace" },
		{ "Ms. Hopper said", "Hopper" },
		{ "leave it at The Grey Door", "Grey" },
		{ "Order C-000042 was not made", "000042" },
		{ "order 2f1c2f0e-0000-4000-8000-0000000000af", "2f1c2f0e" },
		{ "/order/_32f1c2f0e_2d0000_2d4000_2d8000_2d0000000000af", "2f1c2f0e" },
		{ "card 4242424242424242", "4242" },
		{ "card 4242 4242 4242 4242.", "4242" },
		{ "card 4242-4242-4242-4242", "4242" },
		{ "card **** 4242", "4242" },
		{ "card \xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 4242", "4242" },
		{ "cvc=737", "737" },
		{ "Authorization: Bearer abc.def-123", "abc" },
		{ "token=abc", "abc" },
		{ "password=hunter2 ", "hunter2" },
		{ "it is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "c2lnbmF0dXJl" },
		{ "it is 8f14e45fceea167a5a36dedd4bea2543", "8f14e45f" },
		{ "https://delivery.example.org:8443/base", "delivery" },
		{ "no alternative name matches 'delivery.example.org'", "delivery" },
		{ "https://elsewhere.example.net/a?user=x", "elsewhere" },
		{ "https://elsewhere.example.net/a?user=xyz", "xyz" },
		{ "https://me:secret1@elsewhere.example.net/a", "secret1" },
		{ "from 192.0.2.17 port 443", "192.0.2.17" },
		{ "from 2001:db8:0:0:0:0:0:17 port", "db8" },
		{ "in /home/grace/.config", "grace" },
		{ "on debian: it", "debian" },
	};
	_cleanup_(redact_freep) struct redactor *r = person();

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *text = xprintf(CANARY " %s " CANARY, cases[i].text), *clean = redact_text(r, text);

		assert_non_null(strstr(text, cases[i].gone)); /* the search finds what is there */
		if (strstr(clean, cases[i].gone))
			fail_msg("'%s' is still in: %s", cases[i].gone, clean);
		if (!startswith(clean, CANARY " ") || strlen(clean) < 2 * strlen(CANARY) ||
		    !streq(clean + strlen(clean) - strlen(CANARY), CANARY))
			fail_msg("too much is gone: %s", clean);
		if (!strchr(clean, '<'))
			fail_msg("nothing says that something was there: %s", clean);
	}
}

/* What a report is for must stay. */
static void test_the_rest_stays(void **state)
{
	static const char *const texts[] = {
		"2026-11-22T18:40:42+0000 customerclientd[4711]: Offline",
		"2026-11-22 18:40:42 ok",
		"customerclientd.service: Main process exited, code=exited, status=78/CONFIG",
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.deliveryservice.CustomerClient1.Notifier",
		"http://127.0.0.1:8080/CustomerBackend and http://[::1]:80/ and http://localhost/",
		"push: connected by server-sent-events; next try in 1500 ms",
		"Linux 6.1.0-18-amd64 x86_64, Debian GNU/Linux 12 (bookworm), systemd 252.38-1",
		"announced: planning, annual", /* "ann" within words */
		"NY", /* was too short */
		"127.0.0.1",
		"",
	};
	_cleanup_(redact_freep) struct redactor *r = person();

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		_cleanup_free_ char *clean = redact_text(r, texts[i]);

		assert_string_equal(clean, texts[i]);
	}
}

static void test_words_instead(void **state)
{
	_cleanup_(redact_freep) struct redactor *r = person();
	_cleanup_free_ char *clean = redact_text(r, "ann (ann@example.org) at 12 Mill Lane, Springfield for Grace Hopper");

	(void)state;
	assert_string_equal(clean, "<login> (<e-mail>) at <address> for <name>");
}

/* A needle is found in other alphabets and cases; text that is no UTF-8 does no harm. */
static void test_other_alphabets(void **state)
{
	_cleanup_(redact_freep) struct redactor *r = redact_new();
	_cleanup_free_ char *a = NULL, *b = NULL;

	(void)state;
	redact_add_address(r, "\xd0\x9c\xd1\x96\xd0\xbb\xd0\xbb \xd0\x9b\xd0\xb5\xd0\xb9\xd0\xbd"); /* Cyrillic */
	a = redact_text(r, "to \xd0\xbc\xd1\x96\xd0\xbb\xd0\xbb \xd0\x9b\xd0\x95\xd0\x99\xd0\x9d!");
	assert_string_equal(a, "to <address>!");
	b = redact_text(r, "bad \xff\xfe bytes");
	assert_string_equal(b, "bad \xff\xfe bytes");
}

static void test_configuration(void **state)
{
	static const char text[] = "# ann's file\n"
				   "[Services]\n"
				   "BaseUrl = https://shop.example.net/api\n"
				   "  CAFile=/home/grace/ca.pem\n"
				   "Password=hunter2\n"
				   "; old: BaseUrl=https://other.example.net\n"
				   "\n"
				   "[Orders]\n"
				   "HoldSec=5\n"
				   "MonthlyLimit=250\n"
				   "a line of nonsense";
	_cleanup_(redact_freep) struct redactor *r = person();
	_cleanup_free_ char *clean = redact_config(r, text);

	(void)state;
	assert_string_equal(clean, "# <comment>\n"
				   "[Services]\n"
				   "BaseUrl = https://<host>/api\n"
				   "CAFile=<not-shown>\n"
				   "Password=<secret>\n"
				   "; <comment>\n"
				   "\n"
				   "[Orders]\n"
				   "HoldSec=5\n"
				   "MonthlyLimit=<not-shown>\n"
				   "<line>\n");
}

/* Without knowing anything of the person, only the program's own words stay. */
static void test_cut(void **state)
{
	static const struct {
		const char *line, *cut;
	} cases[] = {
		{ "2026-11-22T18:40:42+0000 customerclientd[4711]: Online",
		  "2026-11-22T18:40:42+0000 customerclientd[4711]: Online" },
		{ "2026-11-22T18:40:42+0000 customerclientd[4711]: Order x was not made: Dear Grace, sorry",
		  "2026-11-22T18:40:42+0000 customerclientd[4711]: Order x was not made: <not-shown>" },
		{ "x[1]: /home/u/customerclientd.conf:2: [Sync] PendingSec='soon': expected a whole number",
		  "x[1]: /home/u/customerclientd.conf:2: [Sync] PendingSec='soon': expected a whole number" },
		{ "-- No entries --", "-- No entries --" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *cut = redact_cut(cases[i].line);

		assert_string_equal(cut, cases[i].cut);
	}
}

/* ---- judging ---- */

#define NOW UINT64_C(1795000000000000)

static struct doctor_status healthy(void)
{
	return (struct doctor_status){
		.signed_in = true, .online = true, .login = (char *)"ann", .push = (char *)"server-sent-events",
		.token_store = (char *)"secret-service", .base_url = (char *)"https://delivery.example.org",
		.tls = (char *)"verified", .tls_version = (char *)"TLSv1.3", .state_db = (char *)"ok",
		.cache_db = (char *)"ok", .last_sync = NOW - 5 * USEC_PER_MIN, .state_size = 100 << 10,
		.cache_size = 30 << 20, .has_clock_skew = true, .clock_skew = -200000,
	};
}

static const struct finding *find(const struct doctor *d, const char *what)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->findings[i].what, what))
			return &d->findings[i];
	fail_msg("nothing is said of %s", what);
	return NULL;
}

static void forget(struct doctor *d)
{
	d->status = (struct doctor_status){}; /* the strings are the test's */
	d->contact_error = NULL;
	doctor_done(d);
}

static void test_healthy(void **state)
{
	struct doctor d = { .has_status = true, .status = healthy() };

	(void)state;
	doctor_judge_status(&d, NOW);
	for (size_t i = 0; i < d.n; i++)
		if (d.findings[i].verdict != VERDICT_OK || d.findings[i].todo)
			fail_msg("%s: %s", d.findings[i].what, d.findings[i].text);
	assert_int_equal(doctor_worst(&d), VERDICT_OK);
	assert_string_equal(find(&d, "service")->text, "https://delivery.example.org answers; last sync 5 min ago");
	assert_string_equal(find(&d, "tls")->text, "TLSv1.3, certificate checked");
	assert_string_equal(find(&d, "cache")->text, "whole, 30 MB on disk");
	forget(&d);
}

static void test_each_trouble(void **state)
{
	static const struct {
		const char *what;
		enum verdict verdict;
		const char *text, *todo; /* parts of them; NULL: there is none */
	} cases[] = {
		{ "session", VERDICT_WARNING, "the session of ann has expired", "customerclient sign-in ann" },
		{ "service", VERDICT_WRONG, "cannot be reached: SSL certificate problem", "curl --head" },
		{ "tls", VERDICT_WRONG, "not trusted: SSL certificate problem", "CAFile=" },
		{ "push", VERDICT_WARNING, "off", "[Push]" },
		{ "clock", VERDICT_WARNING, "this clock is 2 min behind the service's", "timedatectl" },
		{ "state", VERDICT_WRONG, "was damaged, set aside as x", "customerclient orders" },
		{ "cache", VERDICT_WARNING, "was damaged, set aside as y", NULL },
		{ "outbox", VERDICT_WARNING, "2 requests are not answered yet, and the service", "pending" },
	};
	struct doctor d = { .has_status = true, .status = healthy() };

	(void)state;
	d.status.signed_in = false;
	d.status.online = false;
	d.status.last_error = (char *)"The service could not be reached: SSL certificate problem.";
	d.status.push = (char *)"off";
	d.status.clock_skew = 2 * 60 * 1000000;
	d.status.state_db = (char *)"was damaged, set aside as x";
	d.status.cache_db = (char *)"was damaged, set aside as y";
	d.status.pending_operations = 2;
	doctor_judge_status(&d, NOW);
	assert_int_equal(doctor_worst(&d), VERDICT_WRONG);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const struct finding *x = find(&d, cases[i].what);

		/* Nothing is live while nobody is signed in. */
		if (streq(cases[i].what, "push")) {
			assert_int_equal(x->verdict, VERDICT_OK);
			continue;
		}
		assert_int_equal(x->verdict, cases[i].verdict);
		if (!strstr(x->text, cases[i].text))
			fail_msg("%s: %s", x->what, x->text);
		if (cases[i].todo ? !x->todo || !strstr(x->todo, cases[i].todo) : x->todo != NULL)
			fail_msg("%s: what to do: %s", x->what, strempty(x->todo));
	}
	forget(&d);
}

static void test_push_and_clock(void **state)
{
	static const struct {
		const char *push;
		int64_t skew;
		bool has_skew;
		enum verdict push_verdict, clock_verdict;
	} cases[] = {
		{ "long-polling", 29999999, true, VERDICT_OK, VERDICT_OK },
		{ "connecting", -30000000, true, VERDICT_WARNING, VERDICT_WARNING },
		{ "off", INT64_C(-86400000000), true, VERDICT_WARNING, VERDICT_WRONG },
		{ "off", INT64_MIN, true, VERDICT_WARNING, VERDICT_WRONG },
		{ "server-sent-events", 0, false, VERDICT_OK, VERDICT_WARNING },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct doctor d = { .has_status = true, .status = healthy() };

		d.status.push = (char *)cases[i].push;
		d.status.clock_skew = cases[i].skew;
		d.status.has_clock_skew = cases[i].has_skew;
		doctor_judge_status(&d, NOW);
		assert_int_equal(find(&d, "push")->verdict, cases[i].push_verdict);
		assert_int_equal(find(&d, "clock")->verdict, cases[i].clock_verdict);
		forget(&d);
	}
}

static void test_loopback_is_said(void **state)
{
	struct doctor d = { .has_status = true, .status = healthy() };

	(void)state;
	d.status.tls = (char *)"loopback";
	d.status.tls_version = NULL;
	doctor_judge_status(&d, NOW);
	assert_int_equal(find(&d, "tls")->verdict, VERDICT_OK);
	assert_non_null(strstr(find(&d, "tls")->text, "plain HTTP on loopback"));
	forget(&d);
}

/* A service that answers the daemon's last question and not this one. */
static void test_slow_service(void **state)
{
	struct doctor d = { .has_status = true, .status = healthy(), .contact_timeout = true };

	(void)state;
	doctor_judge_status(&d, NOW);
	assert_int_equal(find(&d, "service")->verdict, VERDICT_WARNING);
	d.status.online = false;
	doctor_judge_status(&d, NOW);
	assert_int_equal(doctor_worst(&d), VERDICT_WRONG);
	forget(&d);
}

/* ---- how it looks ---- */

static void test_lines(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct doctor d = {};
	struct textbuf b;

	(void)state;
	doctor_add(&d, VERDICT_OK, "bus", xstrdup("answers"), NULL);
	doctor_add(&d, VERDICT_WRONG, "daemon", xstrdup("says \033[2J\nnothing"), xstrdup("kill 12"));
	doctor_print(&d, textbuf_open(&b), &style_plain, 0);
	text = textbuf_take(&b);
	assert_string_equal(text, "ok       bus           answers\n"
				  "wrong    daemon        says \xef\xbf\xbd[2J nothing\n"
				  "                       -> kill 12\n");
	free(text);
	/* A terminal of 31 columns: texts are broken at spaces, commands are not. */
	doctor_print(&d, textbuf_open(&b), &style_colour, 31);
	text = textbuf_take(&b);
	assert_string_equal(text, "\033[32mok     \033[0m  bus           answers\n"
				  "\033[31mwrong  \033[0m  daemon        says\n"
				  "                       \xef\xbf\xbd[2J\n"
				  "                       nothing\n"
				  "                       -> kill 12\n");
	doctor_done(&d);
}

static void test_json(void **state)
{
	struct doctor d = {};
	json_object *o;

	(void)state;
	doctor_add(&d, VERDICT_WARNING, "clock", xstrdup("off"), xstrdup("set it"));
	o = doctor_json(&d);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
			    "{\"ok\":true,\"checks\":[{\"check\":\"clock\",\"result\":\"warning\",\"text\":\"off\","
			    "\"todo\":\"set it\"}]}");
	json_object_put(o);
	doctor_add(&d, VERDICT_WRONG, "bus", xstrdup("gone"), NULL);
	o = doctor_json(&d);
	assert_false(json_object_get_boolean(json_object_object_get(o, "ok")));
	json_object_put(o);
	doctor_done(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_personal_stays),
		cmocka_unit_test(test_the_rest_stays),
		cmocka_unit_test(test_words_instead),
		cmocka_unit_test(test_other_alphabets),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_each_trouble),
		cmocka_unit_test(test_push_and_clock),
		cmocka_unit_test(test_loopback_is_said),
		cmocka_unit_test(test_slow_service),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_json),
	};

	text_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
