/*
 * customerclient-sandbox: options, start and stop. A stand-in for the services of docs/backend-api.md.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "tests/sandbox/catalog.h"
#include "tests/sandbox/help.h"
#include "tests/sandbox/http.h"
#include "tests/sandbox/hub.h"
#include "tests/sandbox/journal.h"
#include "tests/sandbox/life.h"
#include "tests/sandbox/mail.h"
#include "tests/sandbox/png.h"
#include "tests/sandbox/videos.h"

enum { EXIT_USAGE = 2, OPTION_TLS_CERT = 256, OPTION_TLS_KEY, OPTION_VERIFICATION, OPTION_RANDOM_SEED,
       OPTION_PING_SEC, OPTION_CLIENT_TIMEOUT_SEC, OPTION_VIDEOS };

static const struct option long_options[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "data", required_argument, NULL, 'd' },
	{ "videos", required_argument, NULL, OPTION_VIDEOS },
	{ "speed", required_argument, NULL, 's' },
	{ "verification", required_argument, NULL, OPTION_VERIFICATION },
	{ "random-seed", required_argument, NULL, OPTION_RANDOM_SEED },
	{ "tls-cert", required_argument, NULL, OPTION_TLS_CERT },
	{ "tls-key", required_argument, NULL, OPTION_TLS_KEY },
	{ "ping-sec", required_argument, NULL, OPTION_PING_SEC },
	{ "client-timeout-sec", required_argument, NULL, OPTION_CLIENT_TIMEOUT_SEC },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static unsigned long long read_number(const char *name, const char *text, unsigned long long max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (end == text || *end || errno || *text == '-' || n > max)
		die(EXIT_USAGE, "--%s: \"%s\" is no number from 0 to %llu", name, text, max);
	return n;
}

static int64_t read_seconds(const char *name, const char *text)
{
	int64_t n = (int64_t)read_number(name, text, 3600);

	if (n == 0)
		die(EXIT_USAGE, "--%s: 0 seconds are too few", name);
	return n;
}

static double read_speed(const char *text)
{
	char *end;
	double speed = strtod(text, &end);

	if (end == text || *end || !(speed >= 0 && speed <= 100000))
		die(EXIT_USAGE, "--speed: \"%s\" is no number from 0 to 100000", text);
	return speed;
}

static bool read_verification(const char *text)
{
	if (strcmp(text, "service") != 0 && strcmp(text, "client") != 0)
		die(EXIT_USAGE, "--verification: \"%s\" is neither \"service\" nor \"client\"", text);
	return strcmp(text, "client") == 0;
}

static void read_options(int argc, char **argv, struct options *o)
{
	int k;

	opterr = 1;
	while ((k = getopt_long(argc, argv, "p:d:s:h", long_options, NULL)) >= 0) {
		switch (k) {
		case 'p':
			o->port = (uint16_t)read_number("port", optarg, UINT16_MAX);
			break;
		case 'd':
			o->data = optarg;
			break;
		case 's':
			o->speed = read_speed(optarg);
			o->speed_given = true;
			break;
		case OPTION_VERIFICATION:
			o->client_verifies = read_verification(optarg);
			break;
		case OPTION_VIDEOS:
			o->videos = optarg;
			break;
		case OPTION_TLS_CERT:
			o->tls_cert = optarg;
			break;
		case OPTION_TLS_KEY:
			o->tls_key = optarg;
			break;
		case OPTION_PING_SEC:
			o->ping_sec = read_seconds("ping-sec", optarg);
			break;
		case OPTION_CLIENT_TIMEOUT_SEC:
			o->client_timeout_sec = read_seconds("client-timeout-sec", optarg);
			break;
		case OPTION_RANDOM_SEED:
			o->random_seed = read_number("random-seed", optarg, UINT64_MAX);
			break;
		case 'h':
			fputs(help_text, stdout);
			exit(0);
		default:
			die(EXIT_USAGE, "see --help");
		}
	}
	if (optind < argc)
		die(EXIT_USAGE, "unexpected argument \"%s\", see --help", argv[optind]);
	if (!o->tls_cert != !o->tls_key)
		die(EXIT_USAGE, "--tls-cert and --tls-key go together");
}

static void on_signal(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(data);
}

static void start_clock(struct sandbox *s)
{
	s->clock.speed = s->options.speed_given ? s->options.speed : 1;
	s->clock.base_time = s->clock.base_life = clock_now(&s->clock);
	store_load_clock(s->store, &s->clock);
	if (s->options.speed_given)
		clock_set_speed(&s->clock, s->options.speed);
	store_save_clock(s->store, &s->clock);
}

int main(int argc, char **argv)
{
	struct sandbox s = { .options = { .port = 8080, .ping_sec = 15, .client_timeout_sec = 30 },
			     .late_minutes = -1 };
	struct event *term, *interrupt;
	int r;

	random_bytes(&s.options.random_seed, sizeof(s.options.random_seed));
	read_options(argc, argv, &s.options);
	s.rng = s.options.random_seed;
	signal(SIGPIPE, SIG_IGN);

	r = store_open(s.options.data, &s.store);
	if (r < 0)
		return 1;
	r = videos_new(&s, s.options.videos);
	if (r < 0) {
		videos_free(s.videos);
		store_close(s.store);
		return 1;
	}
	s.base = event_base_new();
	if (!s.base)
		die(1, "cannot make an event loop");
	s.faults = faults_new();
	s.journal = journal_new();
	s.hub = hub_new(&s);
	start_clock(&s);
	catalog_fill(&s);
	term = evsignal_new(s.base, SIGTERM, on_signal, s.base);
	interrupt = evsignal_new(s.base, SIGINT, on_signal, s.base);
	if (!term || !interrupt || event_add(term, NULL) < 0 || event_add(interrupt, NULL) < 0)
		die(1, "cannot wait for signals");
	life_start(&s);
	mail_start(&s);
	r = http_start(&s);
	if (r == 0)
		event_base_dispatch(s.base);

	http_stop(&s);
	hub_free(s.hub);
	life_stop(&s);
	mail_stop(&s);
	journal_free(s.journal);
	videos_free(s.videos);
	faults_free(s.faults);
	event_free(term);
	event_free(interrupt);
	store_close(s.store);
	event_base_free(s.base);
	png_forget_fonts();
	return r < 0 ? 1 : 0;
}
