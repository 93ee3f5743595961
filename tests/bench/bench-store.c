/* How near the stores come to SQLite alone: every figure is measured beside a bare SQLite loop over the same file in
 * the same run, and printed with the ratio of the two (median of rounds that take turns).
 *
 *   bench-store [ORDERS]     default 100000; the files are in $TMPDIR and are removed
 */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "core/series.h"
#include "store/catalog.h"
#include "store/state.h"
#include "store/store-sql.h"
#include "store/userdb.h"

#define USER "7d444840-9dc0-11d1-b245-5ffdce74fad2"
#define ROUNDS_MAX 3000

static uint64_t sink; /* keeps the reads alive */

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench-store: %s: %s\n", what, why);
	exit(1);
}

static void check(int r, const char *what)
{
	if (r < 0)
		die(what, strerrordesc_np(-r));
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(double *v, size_t n, double p)
{
	qsort(v, n, sizeof(*v), compare);
	return v[(size_t)(p / 100 * (double)(n - 1) + 0.5)];
}

static void print(const char *what, double *v, size_t n)
{
	(void)printf("%-44s %10.1f %10.1f\n", what, percentile(v, n, 50), percentile(v, n, 99));
}

static void print_ratio(const char *what, double *ours, double *bare, size_t n)
{
	double a = percentile(ours, n, 50), b = percentile(bare, n, 50);

	(void)printf("%-44s %10.1f %10.1f   bare SQLite %8.1f   ratio %.2f\n", what, a, percentile(ours, n, 99), b, a / b);
}

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Order i of a history that is the same in every run. */
struct sample {
	char uid[40], number[16], body[1024];
	struct order_line lines[3];
	struct order o;
};

static void sample_fill(struct sample *s, uint64_t i)
{
	static const char *const statuses[] = { "delivered", "finished", "delivered", "cancelled" };
	uint64_t a = mix(i), b = mix(a);

	(void)snprintf(s->uid, sizeof(s->uid), "%08x-%04x-4%03x-a%03x-%012" PRIx64, (unsigned)(a >> 32),
		       (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff, (unsigned)(b >> 52), b & 0xffffffffffff);
	(void)snprintf(s->number, sizeof(s->number), "A-%08u", (unsigned)i);
	s->lines[0].name = (char *)"Large pizza with mushrooms";
	s->lines[1].name = (char *)"Orange juice, 1 litre";
	s->lines[2].name = (char *)(i % 1000 == 7 ? "Crème brûlée" : "Paper napkins");
	s->o = (struct order){
		.uid = s->uid, .number = s->number, .status = (char *)statuses[a % 4], .payment_type = (char *)"cash",
		.total_price = (int64_t)(a % 20000) + 500, .currency = "EUR",
		.created = 1600000000000000 + i * 60000000, .changed = 1600000000000000 + i * 60000000 + b % 3600000000,
		.end_expected = 1600000000000000 + i * 60000000 + 1800000000,
		.end_actual = 1600000000000000 + i * 60000000 + a % 3600000000,
		.destination = (char *)"742 Evergreen Terrace, Springfield", .lines = s->lines, .n_lines = 3,
	};
	(void)snprintf(s->body, sizeof(s->body),
		       "{\"uid\":\"%s\",\"number\":\"%s\",\"status\":\"Delivered\",\"couldBeCancelled\":false,"
		       "\"totalPrice\":%" PRId64 ",\"currency\":\"EUR\",\"dateCreated\":%" PRIu64 ",\"destination\":"
		       "\"742 Evergreen Terrace, Springfield\",\"products\":[{\"product\":{\"id\":12,\"name\":\"Large pizza with "
		       "mushrooms\"},\"quantity\":2,\"price\":12.90},{\"product\":{\"id\":77,\"name\":\"Orange juice, 1 litre\"},"
		       "\"quantity\":1,\"price\":3.40},{\"product\":{\"id\":42,\"name\":\"Paper napkins\"},\"quantity\":1,"
		       "\"price\":0.90}],\"timeline\":[{\"status\":\"Requested\",\"date\":\"2026-11-22T15:04:05Z\"},"
		       "{\"status\":\"Delivered\",\"date\":\"2026-11-22T15:54:05Z\"}]}",
		       s->uid, s->number, s->o.total_price, s->o.created);
}

static int sink_row(const struct order_row *r, void *userdata)
{
	++*(unsigned *)userdata;
	sink += (uint64_t)*r->uid + (uint64_t)*r->number + (uint64_t)*r->status + (uint64_t)*r->payment_type +
		(uint64_t)*r->currency + (uint64_t)r->total + r->created + r->changed + r->cancellable;
	return 0;
}

/* Writing: pages of 500 orders in slices of 100, a transaction each. */
static void bench_fill(struct userdb *u, unsigned orders)
{
	double *v = calloc(orders / 100 + 1, sizeof(*v));
	double begin = now_us();
	struct sample s = { 0 };
	unsigned i = 0, n = 0;

	if (!v)
		die("memory", "out of it");
	while (i < orders) {
		double t = now_us();

		check(userdb_begin(u), "begin");
		do {
			sample_fill(&s, i);
			check(userdb_order_put(u, &s.o, s.body, ORDER_FROM_SYNC, 1, NULL), "put");
		} while (++i % 100 && i < orders);
		check(userdb_commit(u), "commit");
		v[n++] = now_us() - t;
	}
	(void)printf("%-44s %10.0f orders a second\n", "orders stored, slices of 100",
		     orders / ((now_us() - begin) / 1e6));
	print("a slice of 100 orders", v, n);
	qsort(v, n, sizeof(*v), compare);
	(void)printf("%-44s %10.1f\n", "  the longest", v[n - 1]);
	free(v);
}

/* What SQLite alone would need for the same rows: one table, one index, text bound as it is. */
static void bench_fill_bare(const char *path, unsigned orders)
{
	double *v = calloc(orders / 100 + 1, sizeof(*v));
	struct sample s = { 0 };
	sqlite3_stmt *st;
	sqlite3 *db;
	unsigned n = 0;

	if (!v || sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			     "CREATE TABLE orders(uid TEXT PRIMARY KEY, number TEXT, status TEXT, payment_type TEXT,"
			     "total INTEGER, currency TEXT, created INTEGER, changed INTEGER, cancellable INTEGER, body TEXT);"
			     "CREATE INDEX newest ON orders(created DESC, uid, number, status, payment_type, total,"
			     "currency, changed, cancellable)", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO orders VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", -1, &st, NULL) !=
		    SQLITE_OK)
		die(path, "cannot be made");
	for (unsigned i = 0; i < orders;) {
		double t = now_us();

		(void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		do {
			sample_fill(&s, i);
			(void)sqlite3_bind_text(st, 1, s.uid, -1, SQLITE_STATIC);
			(void)sqlite3_bind_text(st, 2, s.number, -1, SQLITE_STATIC);
			(void)sqlite3_bind_text(st, 3, s.o.status, -1, SQLITE_STATIC);
			(void)sqlite3_bind_text(st, 4, s.o.payment_type, -1, SQLITE_STATIC);
			(void)sqlite3_bind_int64(st, 5, s.o.total_price);
			(void)sqlite3_bind_text(st, 6, s.o.currency, -1, SQLITE_STATIC);
			(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)s.o.created);
			(void)sqlite3_bind_int64(st, 8, (sqlite3_int64)s.o.changed);
			(void)sqlite3_bind_int(st, 9, s.o.cancellable);
			(void)sqlite3_bind_text(st, 10, s.body, -1, SQLITE_STATIC);
			if (sqlite3_step(st) != SQLITE_DONE)
				die("insert", sqlite3_errmsg(db));
			(void)sqlite3_reset(st);
		} while (++i % 100 && i < orders);
		(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		v[n++] = now_us() - t;
	}
	print("  bare SQLite, one table and one index", v, n);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	free(v);
}

/* The same list by hand, over the same index. */
static unsigned bare_list(sqlite3_stmt *st, unsigned limit)
{
	unsigned n = 0;

	(void)sqlite3_bind_int64(st, 1, limit);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < 5; i++)
			sink += (uint64_t)*sqlite3_column_text(st, i);
		for (int i = 5; i < 9; i++)
			sink += (uint64_t)sqlite3_column_int64(st, i);
		n++;
	}
	(void)sqlite3_reset(st);
	return n;
}

static void bench_newest(struct userdb *u, const char *path, unsigned limit, unsigned rounds)
{
	static double ours[ROUNDS_MAX], bare[ROUNDS_MAX];
	sqlite3_stmt *st;
	char what[64];
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT uid, number, status, payment_type, currency, total, created, changed, cancellable "
				   "FROM orders INDEXED BY orders_list ORDER BY created DESC, uid LIMIT ?1",
			       -1, &st, NULL) != SQLITE_OK)
		die(path, "cannot be read");
	for (unsigned i = 0; i < rounds + rounds / 10; i++) {
		_cleanup_free_ char *next = NULL;
		unsigned n = 0;
		double t = now_us();

		check(userdb_order_each(u, NULL, limit, "", sink_row, &n, &next), "list");
		ours[i % rounds] = now_us() - t;
		if (n != limit)
			die("list", "rows are missing");
		t = now_us();
		if (bare_list(st, limit) != limit)
			die("bare list", "rows are missing");
		bare[i % rounds] = now_us() - t;
	}
	(void)snprintf(what, sizeof(what), "newest %u", limit);
	print_ratio(what, ours, bare, rounds);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
}

static void bench_filters(struct userdb *u, unsigned orders)
{
	static char *const none_such[] = { (char *)"in-delivery", NULL };
	const struct {
		const char *what;
		struct order_filter filter;
	} cases[] = {
		{ "50 pending (there are none)", { .has_pending = true, .pending = true } },
		{ "50 of a status that none has", { .statuses = none_such } },
		{ "50 with a text that each has", { .text = "PIZZA" } },
		{ "50 with a text that 1 in 1000 has", { .text = "brûlée" } },
		{ "50 with a text that none has", { .text = "nowhere to be found" } },
		{ "50 of the middle", { .until = 1600000000000000 + orders / 2 * UINT64_C(60000000) } },
	};

	for (size_t c = 0; c < ELEMENTSOF(cases); c++) {
		double v[100];
		size_t rounds = orders > 20000 && c < 5 ? 20 : 100;

		for (size_t i = 0; i < rounds; i++) {
			unsigned n = 0;
			double t = now_us();

			check(userdb_order_each(u, &cases[c].filter, 50, "", sink_row, &n, NULL), "list");
			v[i] = now_us() - t;
		}
		print(cases[c].what, v, rounds);
	}
}

static void bench_single(struct userdb *u, unsigned orders)
{
	static double get[ROUNDS_MAX], same[ROUNDS_MAX], put[ROUNDS_MAX], find[ROUNDS_MAX];
	struct sample s = { 0 };

	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		_cleanup_free_ char *body = NULL, *uid = NULL;
		double t;

		sample_fill(&s, mix(i) % orders);
		t = now_us();
		check(userdb_order_get(u, s.uid, &body, NULL, NULL), "get");
		get[i] = now_us() - t;
		t = now_us();
		check(userdb_order_put(u, &s.o, s.body, ORDER_FROM_SYNC, 2 + i, NULL), "put");
		same[i] = now_us() - t;
		s.o.changed += 1 + i;
		t = now_us();
		check(userdb_order_put(u, &s.o, s.body, ORDER_FROM_PUSH, 3 + i, NULL), "put");
		put[i] = now_us() - t;
		t = now_us();
		check(userdb_order_find(u, s.number, &uid), "find");
		find[i] = now_us() - t;
	}
	print("one order by uid, with body", get, ROUNDS_MAX);
	print("one order by number", find, ROUNDS_MAX);
	print("one order put, nothing new", same, ROUNDS_MAX);
	print("one order put, changed", put, ROUNDS_MAX);
}

/* ---- statistics: the walk over all facts, as core makes it, beside the SQL one would write by hand ---- */

#define FACTS_SLICE 4000 /* as in core/facts-scan.c */

struct counting {
	struct series_sum *sum;
	int64_t after;
};

static int count_facts(const struct order_facts *f, void *userdata)
{
	static const struct facts_filter all;
	struct counting *c = userdata;

	c->after = f->id;
	return facts_count(&all, f) ? series_sum_add(c->sum, f) : 0;
}

/* Of this thread: what others do meanwhile makes no slice longer. */
static double cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* *longest: of all slices so far, CPU time. */
static double count_series(struct userdb *u, enum statistics_metric metric, enum calendar_period period, double *longest)
{
	double begin = now_us(), at = cpu_us(), now;
	struct counting c = { 0 };
	struct series s = { 0 };
	uint64_t first, last;
	int r;

	check(userdb_order_span(u, &first, &last), "span");
	check(series_sum_new(metric, period, "EUR", first, last, &c.sum), "series");
	do {
		r = userdb_facts_each(u, c.after, FACTS_SLICE, count_facts, &c);
		check(r, "facts");
		now = cpu_us();
		if (now - at > *longest)
			*longest = now - at;
		at = now;
	} while (r == FACTS_SLICE);
	check(series_sum_end(c.sum, &s), "end");
	sink += s.n;
	series_done(&s);
	series_sum_free(c.sum);
	return now_us() - begin;
}

static double count_bare(sqlite3_stmt *st)
{
	double begin = now_us();

	while (sqlite3_step(st) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(st); i++)
			sink += sqlite3_column_type(st, i) == SQLITE_INTEGER ? (uint64_t)sqlite3_column_int64(st, i)
									     : (uint64_t)*sqlite3_column_text(st, i);
	(void)sqlite3_reset(st);
	return now_us() - begin;
}

static void bench_statistics(struct userdb *u, const char *path)
{
	static const struct {
		const char *what, *sql;
		enum statistics_metric metric;
		enum calendar_period period;
	} cases[] = {
		{ "total-amount by day", "SELECT date(created / 1000000, 'unixepoch', 'localtime') AS b, sum(total) FROM order_facts "
		  "WHERE status <> 'cancelled' AND local = 0 AND currency = 'EUR' GROUP BY b", METRIC_TOTAL_AMOUNT, CALENDAR_DAY },
		{ "items, all time (same columns, row by row)", "SELECT id, created, status, local, total, currency, cost, items, "
		  "place, promised, delivered FROM order_facts ORDER BY id", METRIC_ITEMS, CALENDAR_ALL },
		{ "items, all time", "SELECT 'all', sum(items) FROM order_facts WHERE status <> 'cancelled' AND local = 0",
		  METRIC_ITEMS, CALENDAR_ALL },
		{ "order-time", "SELECT strftime('%H', created / 1000000, 'unixepoch', 'localtime') AS b, count(*) FROM order_facts "
		  "WHERE status <> 'cancelled' AND local = 0 GROUP BY b", METRIC_ORDER_TIME, CALENDAR_ALL },
		{ "delivery-place", "SELECT 'p' || place, count(*) FROM order_facts WHERE status <> 'cancelled' AND local = 0 "
		  "GROUP BY place", METRIC_DELIVERY_PLACE, CALENDAR_ALL },
	};
	double ours[30], bare[30], longest = 0;
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die("bare", sqlite3_errmsg(db));
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		sqlite3_stmt *st;
		char what[64];

		if (sqlite3_prepare_v2(db, cases[i].sql, -1, &st, NULL) != SQLITE_OK)
			die("bare", sqlite3_errmsg(db));
		for (size_t k = 0; k < ELEMENTSOF(ours); k++) {
			ours[k] = count_series(u, cases[i].metric, cases[i].period, &longest);
			bare[k] = count_bare(st);
		}
		(void)sqlite3_finalize(st);
		(void)snprintf(what, sizeof(what), "series %s", cases[i].what);
		print_ratio(what, ours, bare, ELEMENTSOF(ours));
	}
	(void)printf("%-44s %10.1f\n", "  the longest slice, CPU time", longest);
	(void)sqlite3_close(db);
}

static void bench_events(struct userdb *u)
{
	static double v[ROUNDS_MAX];

	check(userdb_begin(u), "begin");
	for (unsigned i = 1; i <= 2 * USERDB_EVENTS_KEPT; i++) {
		double t = now_us();

		check(userdb_event_add(u, i, "order", USER, "{\"status\":\"cooking\",\"previous\":\"processing\"}"), "event");
		v[i % ROUNDS_MAX] = now_us() - t;
	}
	check(userdb_commit(u), "commit");
	print("one event in a transaction, 10 000 kept", v, ROUNDS_MAX);
}

static int sink_product(const struct product *p, void *userdata)
{
	++*(unsigned *)userdata;
	sink += p->id + (uint64_t)*p->name;
	return 0;
}

static void bench_catalog(const char *folder)
{
	static const char *const words[] = { "pizza", "soup", "crème", "spicy", "roll", "tea", "salad", "burger", "noodle" };
	static const char *const texts[] = { "c", "cre", "creme br", "spicy noodle", "pizza tea salad", "zzz" };
	const unsigned products = 10000;
	struct catalog *c;
	double begin;

	check(catalog_open(folder, &c, NULL), "catalog");
	begin = now_us();
	for (unsigned i = 0; i < products; i++) {
		char name[128], description[256];
		struct product p = { .id = i + 1, .category = i % 8, .name = name, .description = description, .currency = "EUR" };

		(void)snprintf(name, sizeof(name), "%s %s no %u", words[mix(i) % 9], words[mix(i + 1) % 9], i);
		(void)snprintf(description, sizeof(description), "A %s with %s and brûlée of %s, for %u", words[mix(i + 2) % 9],
			       words[mix(i + 3) % 9], words[mix(i + 4) % 9], i % 7);
		if (i % 100 == 0)
			check(catalog_begin(c), "begin");
		check(catalog_put_product(c, &p), "product");
		if (i % 100 == 99)
			check(catalog_commit(c), "commit");
	}
	(void)printf("%-44s %10.0f products a second\n", "products stored, slices of 100",
		     products / ((now_us() - begin) / 1e6));
	for (size_t t = 0; t < ELEMENTSOF(texts); t++) {
		char what[64];
		double v[100];

		for (size_t i = 0; i < ELEMENTSOF(v); i++) {
			unsigned n = 0;
			double at = now_us();

			check(catalog_search(c, texts[t], 50, sink_product, &n), "search");
			v[i] = now_us() - at;
		}
		(void)snprintf(what, sizeof(what), "search \"%s\" in %u products", texts[t], products);
		print(what, v, ELEMENTSOF(v));
	}
	catalog_close(c);
}

static void bench_state(const char *folder)
{
	static double v[300];
	struct state *s;

	check(state_open(folder, &s, NULL), "state");
	for (unsigned i = 0; i < ELEMENTSOF(v); i++) {
		struct outbox_row row = {
			.world = (char *)"w", .user = (char *)"u", .kind = (char *)"place", .subject = (char *)"s",
			.state = (char *)"queued",
		};
		char key[16];
		double t = now_us();

		(void)snprintf(key, sizeof(key), "%u", i);
		row.key = key;
		check(state_outbox_add(s, &row, NULL), "outbox");
		v[i] = now_us() - t;
	}
	print("one row of the outbox, durable", v, ELEMENTSOF(v));
	state_close(s);
}

static void bench_open(const char *folder)
{
	double v[100];
	struct userdb *u;

	for (size_t i = 0; i < ELEMENTSOF(v); i++) {
		double t = now_us();

		check(userdb_open(folder, USER, &u, NULL), "open");
		v[i] = now_us() - t;
		userdb_close(u);
	}
	print("opening the user's database", v, ELEMENTSOF(v));
	for (size_t i = 0; i < ELEMENTSOF(v); i++) {
		struct state *s;
		double t = now_us();

		check(state_open(folder, &s, NULL), "open");
		v[i] = now_us() - t;
		state_close(s);
	}
	print("opening state.db (300 rows)", v, ELEMENTSOF(v));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	_cleanup_free_ char *folder = NULL, *path = NULL, *bare = NULL;
	unsigned orders = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	const char *tmp = getenv("TMPDIR");
	struct userdb *u;

	folder = strprintf("%s/bench-store-XXXXXX", isempty(tmp) ? "/tmp" : tmp);
	if (!folder || !mkdtemp(folder) || orders < 1000)
		die("usage", "bench-store [ORDERS (1000 or more)]");
	path = strprintf("%s/" USER ".db", folder);
	bare = strprintf("%s/bare.db", folder);
	if (!path || !bare)
		die("memory", "out of it");
	(void)printf("%u orders, µs %29s %10s\n", orders, "p50", "p99");
	check(userdb_open(folder, USER, &u, NULL), "open");
	bench_fill(u, orders);
	bench_fill_bare(bare, orders);
	bench_newest(u, path, 50, 3000);
	bench_newest(u, path, 1000, 300);
	if (orders >= 10000)
		bench_newest(u, path, 10000, 30);
	bench_filters(u, orders);
	bench_single(u, orders);
	bench_statistics(u, path);
	bench_events(u);
	userdb_close(u);
	bench_catalog(folder);
	bench_state(folder);
	bench_open(folder);
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return sink == 1;
}
