/* The picture of `track` at every stage of an order, on a screen of 80x24 and one of 40x12, compared whole.
 * */
#include "unit.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "cli/text.h"
#include "cli/track-render.h"

#define NOW (UINT64_C(1795376400) * USEC_PER_SEC) /* 2026-11-22 19:40:00 UTC */
#define MIN USEC_PER_MIN

static struct order_product products[] = {
	{ .id = 25, .name = (char *)"Pad Thai", .note = (char *)"", .quantity = 2, .price = 1290 },
	{ .id = 32, .name = (char *)"Garlic Naan", .note = (char *)"", .quantity = 1, .price = 350 },
};

/* Strings of the order are constants here: it is never order_done(). */
static struct order an_order(const char *status, uint32_t progress)
{
	struct order o;

	order_init(&o);
	o.uid = (char *)"9dcc57ae-5341-4dc0-974e-a5967a7f729e";
	o.number = (char *)"C-000007";
	o.status = (char *)status;
	o.payment_type = (char *)"cash";
	o.currency = (char *)"USD";
	o.total_price = 3371;
	o.destination = (char *)"12 Long Street, Springfield";
	o.destination_latitude = 39.9430;
	o.destination_longitude = 7.9974;
	o.confirmation_code = (char *)"5205";
	o.created = NOW - 10 * MIN;
	o.end_expected = o.expected = NOW + 25 * MIN;
	o.progress = progress;
	o.products.items = products;
	o.products.n = ELEMENTSOF(products);
	return o;
}

static void add_courier(struct order *o)
{
	o->courier.name = (char *)"Luc\xc3\xad""a";
	o->courier.phone = (char *)"+12025550123";
	o->courier.latitude = 39.9530;
	o->courier.longitude = 7.9974;
	o->courier.date = NOW - 8 * USEC_PER_SEC;
}

static struct track_state a_state(const struct order *o)
{
	return (struct track_state){
		.order = o, .online = true, .push = "server-sent-events", .promised = o->end_expected,
		.confirmed_at = NOW - 3 * USEC_PER_SEC,
	};
}

static char *picture(const struct track_state *s, unsigned columns, unsigned rows, uint64_t now)
{
	struct track_frame f;
	struct textbuf b;
	FILE *out = textbuf_open(&b);

	track_render(s, &style_plain, columns, rows, now, &f);
	assert_true(f.n < rows);
	for (unsigned i = 0; i < f.n; i++) {
		assert_true(text_width(f.lines[i]) < columns);
		fprintf(out, "%s\n", f.lines[i]);
	}
	track_frame_done(&f);
	return textbuf_take(&b);
}

static void check(const struct track_state *s, const char *wide, const char *narrow)
{
	_cleanup_free_ char *w = picture(s, 80, 24, NOW), *n = picture(s, 40, 12, NOW);

	assert_string_equal(w, wide);
	assert_string_equal(n, narrow);
}

static void test_submitting(void **state)
{
	struct order o = an_order("submitting", 0);
	struct track_state s;

	(void)state;
	o.number = NULL;
	o.end_expected = o.expected = 0;
	o.confirmation_code = NULL;
	s = a_state(&o);
	check(&s,
	      "Order 9dcc57ae-5341-4dc0-974e-a5967a7f729e                      33.71 USD, cash\n"
	      "\n"
	      "Being sent\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "○ Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order 9dcc57ae-5341-4dc0-97…  33.71 USD\n"
	      "Being sent\n"
	      "\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "Courier nobody yet\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_held(void **state)
{
	struct order o = an_order("submitting", 0);
	struct track_state s;

	(void)state;
	o.number = NULL;
	o.end_expected = o.expected = 0;
	o.confirmation_code = NULL;
	o.hold_until = NOW + 42 * USEC_PER_SEC;
	s = a_state(&o);
	check(&s,
	      "Order 9dcc57ae-5341-4dc0-974e-a5967a7f729e                      33.71 USD, cash\n"
	      "\n"
	      "Being sent                                                      is sent in 42 s\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "○ Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order 9dcc57ae-5341-4dc0-97…  33.71 USD\n"
	      "Being sent\n"
	      "is sent in 42 s\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "Courier nobody yet\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_requested(void **state)
{
	struct order o = an_order("requested", 5);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Requested                                             expected 20:05, in 25 min\n"
	      "\n"
	      "███░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    5 %\n"
	      "● Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Requested\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    5 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_awaiting_payment(void **state)
{
	struct order o = an_order("awaiting-payment", 5);
	struct track_state s;

	(void)state;
	o.payment_type = (char *)"qr";
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                               33.71 USD, QR code\n"
	      "\n"
	      "Awaiting payment                            to pay: customerclient pay C-000007\n"
	      "\n"
	      "███░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    5 %\n"
	      "● Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Awaiting payment\n"
	      "customerclient pay C-000007\n"
	      "\n"
	      "█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    5 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_processing(void **state)
{
	struct order o = an_order("processing", 15);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Accepted                                              expected 20:05, in 25 min\n"
	      "\n"
	      "██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   15 %\n"
	      "✓ Requested  ● Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Accepted\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "████░░░░░░░░░░░░░░░░░░░░░░░░░░░░   15 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_cooking(void **state)
{
	struct order o = an_order("cooking", 40);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Being cooked                                          expected 20:05, in 25 min\n"
	      "\n"
	      "████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "✓ Requested  ✓ Accepted  ● Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Being cooked\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "████████████░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_ready(void **state)
{
	struct order o = an_order("ready-to-deliver", 60);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Ready to deliver                                      expected 20:05, in 25 min\n"
	      "\n"
	      "███████████████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   60 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ● Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Ready to deliver\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "███████████████████░░░░░░░░░░░░░   60 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_in_delivery(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;

	(void)state;
	add_courier(&o);
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "On the way                                            expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████████████████████████████████████░░░░░░░░░░░░░░░   80 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ● On the way  ○ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "         1.1 km away, seen 8 s ago\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "On the way\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████░░░░░░░   80 %\n"
	      "Courier Lucía, 1.1 km away\n"
	      "        seen 8 s ago, code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_in_delivery_late(void **state)
{
	struct order o = an_order("in-delivery", 95);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.courier.latitude = 39.9462;
	o.end_expected = o.expected = NOW - 12 * MIN - 5 * USEC_PER_SEC;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "On the way                                          expected 19:27, 12 min late\n"
	      "\n"
	      "████████████████████████████████████████████████████████████████████░░░░   95 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ● On the way  ○ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "         360 m away, seen 8 s ago\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "On the way\n"
	      "expected 19:27, 12 min late\n"
	      "\n"
	      "██████████████████████████████░░   95 %\n"
	      "Courier Lucía, 360 m away\n"
	      "        seen 8 s ago, code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_moved(void **state)
{
	struct order o = an_order("in-delivery", 70);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.expected = NOW + 40 * MIN;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "On the way                               expected 20:20, in 40 min, 15 min late\n"
	      "\n"
	      "██████████████████████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░   70 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ● On the way  ○ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "         1.1 km away, seen 8 s ago\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "On the way\n"
	      "expected 20:20, in 40 min, 15 min late\n"
	      "\n"
	      "██████████████████████░░░░░░░░░░   70 %\n"
	      "Courier Lucía, 1.1 km away\n"
	      "        seen 8 s ago, code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_without_coordinates(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.destination_latitude = NAN;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "On the way                                            expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████████████████████████████████████░░░░░░░░░░░░░░░   80 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ● On the way  ○ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "         seen 8 s ago\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "On the way\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████░░░░░░░   80 %\n"
	      "Courier Lucía\n"
	      "        seen 8 s ago, code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_delivered(void **state)
{
	struct order o = an_order("delivered", 100);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.end_expected = o.expected = NOW - 1 * MIN;
	o.end_actual = NOW - 2 * MIN;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Delivered                                                              at 19:38\n"
	      "\n"
	      "████████████████████████████████████████████████████████████████████████  100 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ✓ On the way  ✓ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "\n",
	      "Order C-000007                33.71 USD\n"
	      "Delivered\n"
	      "at 19:38\n"
	      "\n"
	      "████████████████████████████████  100 %\n"
	      "Courier Lucía\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "\n");
}

static void test_delivered_late(void **state)
{
	struct order o = an_order("delivered", 100);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.courier.date = 0;
	o.end_expected = o.expected = NOW - 14 * MIN;
	o.end_actual = NOW - 2 * MIN;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Delivered                                                 at 19:38, 12 min late\n"
	      "\n"
	      "████████████████████████████████████████████████████████████████████████  100 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ✓ On the way  ✓ Delivered\n"
	      "\n"
	      "Courier  Lucía, +12025550123\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "\n",
	      "Order C-000007                33.71 USD\n"
	      "Delivered\n"
	      "at 19:38, 12 min late\n"
	      "\n"
	      "████████████████████████████████  100 %\n"
	      "Courier Lucía\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "\n");
}

static void test_cancelled(void **state)
{
	struct order o = an_order("cancelled", 15);
	struct order_step steps[] = { { (char *)"requested", NOW }, { (char *)"processing", NOW } };
	struct track_state s;

	(void)state;
	o.timeline.items = steps;
	o.timeline.n = ELEMENTSOF(steps);
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Cancelled\n"
	      "\n"
	      "██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   15 %\n"
	      "✓ Requested  ✓ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "\n",
	      "Order C-000007                33.71 USD\n"
	      "Cancelled\n"
	      "\n"
	      "\n"
	      "████░░░░░░░░░░░░░░░░░░░░░░░░░░░░   15 %\n"
	      "\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "\n");
}

static void test_rejected(void **state)
{
	struct order o = an_order("rejected", 0);
	struct track_state s;

	(void)state;
	o.number = NULL;
	o.failure_reason = (char *)"Not sent in time, nothing was ordered";
	s = a_state(&o);
	check(&s,
	      "Order 9dcc57ae-5341-4dc0-974e-a5967a7f729e                      33.71 USD, cash\n"
	      "\n"
	      "Not made: Not sent in time, nothing was ordered\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "○ Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "\n"
	      "\n"
	      "\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "\n",
	      "Order 9dcc57ae-5341-4dc0-97…  33.71 USD\n"
	      "Not made\n"
	      "Not sent in time, nothing was ordered\n"
	      "\n"
	      "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 %\n"
	      "\n"
	      "\n"
	      "To      12 Long Street, Springfield\n"
	      "\n");
}

static void test_unknown_word(void **state)
{
	struct order o = an_order("waiting-for-rain", 30);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "waiting-for-rain                                      expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   30 %\n"
	      "○ Requested  ○ Accepted  ○ Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "waiting-for-rain\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "█████████░░░░░░░░░░░░░░░░░░░░░░░   30 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

static void test_offline(void **state)
{
	struct order o = an_order("cooking", 40);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	s.online = false;
	s.push = "off";
	s.confirmed_at = NOW - 3 * MIN;
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Being cooked                                          expected 20:05, in 25 min\n"
	      "\n"
	      "████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "✓ Requested  ✓ Accepted  ● Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Offline, confirmed 3 min 0 s ago               Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Being cooked\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "████████████░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Offline, confirmed 3 min 0 s ago\n");
}

static void test_polling(void **state)
{
	struct order o = an_order("cooking", 40);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	s.push = "connecting";
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Being cooked                                          expected 20:05, in 25 min\n"
	      "\n"
	      "████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "✓ Requested  ✓ Accepted  ● Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Polling, confirmed 3 s ago                     Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Being cooked\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "████████████░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Polling, confirmed 3 s ago\n");
}

static void test_daemon_gone(void **state)
{
	struct order o = an_order("cooking", 40);
	struct track_state s;

	(void)state;
	s = a_state(&o);
	s.gone_since = NOW - 12 * USEC_PER_SEC;
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Being cooked                                          expected 20:05, in 25 min\n"
	      "\n"
	      "████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "✓ Requested  ✓ Accepted  ● Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Daemon gone for 12 s, waiting for it           Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Being cooked\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "████████████░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Daemon gone for 12 s, waiting for it\n");
}

static void test_hostile_text(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;

	(void)state;
	add_courier(&o);
	o.courier.name = (char *)"\033[2JEve\n\u202e";
	o.destination = (char *)"\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8"
				  "\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8\u5bff\u53f8";
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "On the way                                            expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████████████████████████████████████░░░░░░░░░░░░░░░   80 %\n"
	      "✓ Requested  ✓ Accepted  ✓ Cooking  ✓ Ready  ● On the way  ○ Delivered\n"
	      "\n"
	      "Courier  �[2JEve �, +12025550123\n"
	      "         1.1 km away, seen 8 s ago\n"
	      "Code     5205\n"
	      "To       寿司寿司寿司寿司寿司寿司寿司寿司寿司寿司\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "On the way\n"
	      "expected 20:05, in 25 min\n"
	      "\n"
	      "█████████████████████████░░░░░░░   80 %\n"
	      "Courier �[2JEve �, 1.1 km away\n"
	      "        seen 8 s ago, code 5205\n"
	      "To      寿司寿司寿司寿司寿司寿司寿司寿…\n"
	      "Live, confirmed 3 s ago\n");
}

/* Ages run on without any event: the picture of the next second differs in them alone. */
static void test_age_counts_on(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;
	struct track_frame a, b;
	unsigned different = 0;

	(void)state;
	add_courier(&o);
	s = a_state(&o);
	track_render(&s, &style_plain, 80, 24, NOW, &a);
	track_render(&s, &style_plain, 80, 24, NOW + USEC_PER_SEC, &b);
	assert_int_equal(a.n, b.n);
	for (unsigned i = 0; i < a.n; i++)
		different += !streq(a.lines[i], b.lines[i]);
	assert_int_equal(different, 3); /* the fix, the confirmation, and "in 24 min" after "in 25 min" */
	assert_non_null(strstr(b.lines[8], "seen 9 s ago"));
	assert_non_null(strstr(b.lines[13], "confirmed 4 s ago"));
	track_frame_done(&a);
	track_frame_done(&b);
}

/* What the predictive backend says, and what was learned from the orders before. */
static struct order an_estimated_order(void)
{
	struct order o = an_order("cooking", 40);

	o.end_expected = o.expected = NOW + 20 * MIN;
	o.estimate = (struct order_estimate){
		.delivery = NOW + 22 * MIN, .earliest = NOW + 14 * MIN, .latest = NOW + 32 * MIN,
		.asked = NOW - 2 * MIN, .bound = NOW + 35 * MIN, .bound_orders = 250, .confidence = 0.8,
	};
	return o;
}

static void test_estimate(void **state)
{
	struct order o = an_estimated_order();
	struct track_state s;

	(void)state;
	s = a_state(&o);
	check(&s,
	      "Order C-000007                                                  33.71 USD, cash\n"
	      "\n"
	      "Being cooked                            expected 20:02 (19:54–20:12), in 22 min\n"
	      "                                     by 20:15 nine times in ten; said 2 min ago\n"
	      "████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "✓ Requested  ✓ Accepted  ● Cooking  ○ Ready  ○ On the way  ○ Delivered\n"
	      "\n"
	      "Courier  nobody yet\n"
	      "\n"
	      "Code     5205\n"
	      "To       12 Long Street, Springfield\n"
	      "Items    2 × Pad Thai, 1 × Garlic Naan\n"
	      "\n"
	      "Live, confirmed 3 s ago                        Ctrl-C leaves, the order goes on\n",
	      "Order C-000007                33.71 USD\n"
	      "Being cooked\n"
	      "expected 20:02 (19:54–20:12), in 22 min\n"
	      "by 20:15 in 9 of 10; said 2 min ago\n"
	      "████████████░░░░░░░░░░░░░░░░░░░░   40 %\n"
	      "Courier nobody yet\n"
	      "        code 5205\n"
	      "To      12 Long Street, Springfield\n"
	      "Live, confirmed 3 s ago\n");
}

/* A line of each picture at a time: that of the arrival, and the one after it. */
static void check_arrival(const struct order *o, uint64_t now, const char *wide, const char *detail,
			  const char *narrow, const char *narrow_detail)
{
	struct track_state s = a_state(o);
	const char *want[] = { wide, detail, narrow, narrow_detail };
	struct track_frame w, n;

	track_render(&s, &style_plain, 80, 24, now, &w);
	track_render(&s, &style_plain, 40, 12, now, &n);
	for (size_t i = 0; i < ELEMENTSOF(want); i++) {
		const char *line = i < 2 ? w.lines[2 + i] : n.lines[i];

		if (!strstr(line, want[i]) || (!*want[i] && *line))
			fail_msg("'%s' is not in '%s'", want[i], line);
		assert_null(strstr(line, "…"));
	}
	track_frame_done(&w);
	track_frame_done(&n);
}

/* What is outlived is left out or said to be past, and nothing stands beside what belies it. */
static void test_estimate_never_contradicts_itself(void **state)
{
	struct order o = an_estimated_order();

	(void)state;
	/* late: there is room for the range, or for the span */
	check_arrival(&o, NOW + 21 * MIN, "expected 20:02 (19:54–20:12), in 1 min, 1 min late",
		      "by 20:15 nine times in ten; said 23 min ago", "expected 20:02, in 1 min, 1 min late",
		      "by 20:15 in 9 of 10; said 23 min ago");
	/* the range is over */
	check_arrival(&o, NOW + 33 * MIN, "  expected 20:02, 13 min late", "by 20:15 nine times in ten; said 35 min ago",
		      "expected 20:02, 13 min late", "by 20:15 in 9 of 10; said 35 min ago");
	/* and so is the bound */
	check_arrival(&o, NOW + 35 * MIN, "  expected 20:02, 15 min late",
		      "late: nine in ten came by 20:15; said 37 min ago", "expected 20:02, 15 min late",
		      "9 of 10 came by 20:15; said 37 min ago");
	/* the service expects it later than nine in ten came */
	o.estimate.delivery = NOW + 36 * MIN;
	o.estimate.latest = NOW + 40 * MIN;
	check_arrival(&o, NOW, "expected 20:16 (19:54–20:20), in 36 min", " said 2 min ago",
		      "expected 20:16 (19:54–20:20), in 36 min", "said 2 min ago");
	/* a range within a minute says nothing */
	o.estimate.earliest = o.estimate.delivery;
	o.estimate.latest = o.estimate.delivery + USEC_PER_SEC;
	check_arrival(&o, NOW, "expected 20:16, in 36 min", " said 2 min ago", "expected 20:16, in 36 min",
		      "said 2 min ago");
	/* nothing but what was learned */
	o.estimate = (struct order_estimate){ .bound = NOW + 35 * MIN, .bound_orders = 20 };
	check_arrival(&o, NOW, " expected 20:00, in 20 min", "  by 20:15 nine times in ten", "expected 20:00, in 20 min",
		      "by 20:15 in 9 of 10");
	/* no range, or one within a minute */
	o.estimate = (struct order_estimate){
		.delivery = NOW + 22 * MIN, .earliest = NOW + 22 * MIN, .latest = NOW + 23 * MIN - 1, .asked = NOW,
	};
	check_arrival(&o, NOW, " expected 20:02, in 22 min", " said 0 s ago", "expected 20:02, in 22 min", "said 0 s ago");
	o.estimate = (struct order_estimate){ .delivery = NOW + 22 * MIN, .asked = NOW + 5 * MIN };
	check_arrival(&o, NOW, " expected 20:02, in 22 min", " said 0 s ago", "expected 20:02, in 22 min", "said 0 s ago");
	/* delivered, unpaid: none */
	o = an_estimated_order();
	o.status = (char *)"delivered";
	o.end_actual = NOW;
	check_arrival(&o, NOW, "at 19:40", "", "at 19:40", "");
	o = an_estimated_order();
	o.status = (char *)"awaiting-payment";
	check_arrival(&o, NOW, "to pay: customerclient pay", "", "customerclient pay", "");
}

/* Any size: as many lines for every order, none too long, one less than the screen at most. */
static void test_height_depends_on_size_alone(void **state)
{
	struct order first = an_order("submitting", 0), second = an_order("in-delivery", 80);
	struct track_state a, b;

	(void)state;
	first.destination = NULL;
	add_courier(&second);
	a = a_state(&first);
	b = a_state(&second);
	for (unsigned columns = 1; columns < 130; columns++)
		for (unsigned rows = 1; rows < 30; rows++) {
			struct track_frame f, g;

			track_render(&a, &style_plain, columns, rows, NOW, &f);
			track_render(&b, &style_plain, columns, rows, NOW, &g);
			assert_int_equal(f.n, g.n);
			assert_true(f.n >= 1 && (f.n < rows || rows == 1));
			for (unsigned i = 0; i < g.n; i++)
				assert_true(text_width(g.lines[i]) < (columns > 1 ? columns : 2));
			track_frame_done(&f);
			track_frame_done(&g);
		}
}

static void test_colour_changes_no_text(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;
	struct track_frame plain, colour;

	(void)state;
	add_courier(&o);
	s = a_state(&o);
	track_render(&s, &style_plain, 80, 24, NOW, &plain);
	track_render(&s, &style_colour, 80, 24, NOW, &colour);
	assert_int_equal(plain.n, colour.n);
	for (unsigned i = 0; i < plain.n; i++) {
		char *to = colour.lines[i], *p;

		for (p = colour.lines[i]; *p; p++)
			if (*p == '\033')
				p = strchr(p, 'm');
			else
				*to++ = *p;
		*to = '\0';
		assert_string_equal(plain.lines[i], colour.lines[i]);
	}
	track_frame_done(&plain);
	track_frame_done(&colour);
}

static void test_ascii(void **state)
{
	struct order o = an_order("cooking", 50);
	struct track_state s = a_state(&o);
	_cleanup_free_ char *p = NULL;

	(void)state;
	text_set_utf8(false);
	p = picture(&s, 80, 24, NOW);
	text_set_utf8(true);
	for (const char *c = p; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	assert_non_null(strstr(p, "####------"));
}

static void test_line(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s;
	_cleanup_free_ char *line = NULL, *gone = NULL, *rejected = NULL;

	(void)state;
	add_courier(&o);
	s = a_state(&o);
	line = track_render_line(&s, NOW);
	assert_string_equal(line,
			    "2026-11-22 19:40  in-delivery  80 %  expected 20:05, in 25 min  1.1 km away");
	s.gone_since = NOW;
	gone = track_render_line(&s, NOW);
	assert_string_equal(gone, "2026-11-22 19:40  the daemon is gone, waiting for it");
	o = an_order("rejected", 0);
	o.failure_reason = (char *)"Not sent\nin time";
	s = a_state(&o);
	rejected = track_render_line(&s, NOW);
	assert_string_equal(rejected, "2026-11-22 19:40  rejected  0 %  Not sent in time");
}

static void test_minutes_late(void **state)
{
	struct order o = an_order("in-delivery", 80);
	struct track_state s = a_state(&o);

	(void)state;
	assert_int_equal(track_minutes_late(&s, NOW), 0);
	assert_int_equal(track_minutes_late(&s, NOW + 25 * MIN + 59 * USEC_PER_SEC), 0);
	assert_int_equal(track_minutes_late(&s, NOW + 26 * MIN), 1);
	o.expected = NOW + 40 * MIN; /* moved, and said so at once */
	assert_int_equal(track_minutes_late(&s, NOW), 15);
	assert_int_equal(track_minutes_late(&s, NOW + 45 * MIN), 20);
	s.promised = o.end_expected = o.expected = 0; /* nothing was promised */
	assert_int_equal(track_minutes_late(&s, NOW), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_submitting),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_requested),
		cmocka_unit_test(test_awaiting_payment),
		cmocka_unit_test(test_processing),
		cmocka_unit_test(test_cooking),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_in_delivery),
		cmocka_unit_test(test_in_delivery_late),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_without_coordinates),
		cmocka_unit_test(test_delivered),
		cmocka_unit_test(test_delivered_late),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_unknown_word),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_polling),
		cmocka_unit_test(test_daemon_gone),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_age_counts_on),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_estimate_never_contradicts_itself),
		cmocka_unit_test(test_height_depends_on_size_alone),
		cmocka_unit_test(test_colour_changes_no_text),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_minutes_late),
	};

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
