/*
 * What happens to an order and when. Requests of the customer are in ordering.c; the pace is in clock.c.
 */
#include <errno.h>
#include <math.h>

#include "tests/sandbox/life.h"
#include "tests/sandbox/payment.h"
#include "tests/sandbox/push.h"

enum { STEPS_PER_TURN = 50 };

static const int64_t courier_pace = 15 * USEC_PER_SEC;       /* of life between two positions … */
static const int64_t courier_pace_real = USEC_PER_SEC / 4;   /* … but of real time no less than this */
static const int64_t finished_after = 30 * USEC_PER_DAY;

static int64_t seconds(struct sandbox *s, unsigned from, unsigned to)
{
	return (from + rng_below(&s->rng, to - from + 1)) * USEC_PER_SEC;
}

/* One in five is late, by 6 to 20 minutes, unless a test said how late all are. */
static int64_t lateness(struct sandbox *s)
{
	if (s->late_minutes >= 0)
		return s->late_minutes * USEC_PER_MINUTE;
	return rng_below(&s->rng, 5) == 0 ? seconds(s, 6 * 60, 20 * 60) : 0;
}

/* The expected dates follow from the plan, for what has not happened yet. */
static void expect(struct sandbox *s, struct order *o)
{
	if (o->status >= STATUS_DELIVERED || o->status == STATUS_AWAITING_PAYMENT)
		return;
	if (!o->start_actual)
		o->start_expected = clock_date_of_life(&s->clock, o->plan.process);
	if (!o->cooking_actual)
		o->cooking_expected = clock_date_of_life(&s->clock, o->plan.promised_ready);
	o->end_expected = clock_date_of_life(&s->clock, o->plan.promised_arrive);
}

void life_plan(struct sandbox *s, struct order *o)
{
	int64_t life = clock_life(&s->clock), late = lateness(s), dishes = 0, wait;
	double km = place_distance_km(o->from, o->to);
	struct plan *p = &o->plan;

	if (o->status == STATUS_AWAITING_PAYMENT) {
		*p = (struct plan){ 0 };
		payment_await(s, o);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(o->items); i++)
		dishes += json_object_get_int64(
			json_member(json_object_array_get_idx(o->items, i), "quantity"));
	p->process = life + seconds(s, 45, 90);
	p->cook = p->process + seconds(s, 150, 210);
	p->promised_ready = p->cook + seconds(s, 540, 660) + (dishes > 12 ? 12 : dishes) * USEC_PER_MINUTE;
	p->deliver = p->promised_ready + seconds(s, 120, 240);
	p->promised_arrive = p->deliver + 5 * USEC_PER_MINUTE +
			     (int64_t)((isnan(km) ? 3 : km) * 3 * (double)USEC_PER_MINUTE);
	if (o->deliver_at) {
		wait = o->deliver_at - clock_now(&s->clock) - (p->promised_arrive - life);
		wait = wait > 0 ? wait : 0;
		p->cook += wait;
		p->promised_ready += wait;
		p->deliver += wait;
		p->promised_arrive += wait;
	}
	p->ready = p->promised_ready + late;
	p->deliver += late;
	p->arrive = p->promised_arrive + late;
	p->notice = late ? p->promised_ready - 2 * USEC_PER_MINUTE : 0;
	p->next = p->process;
	expect(s, o);
}

void life_end(struct order *o)
{
	o->plan.notice = 0;
	o->plan.next = 0;
}

/* Microseconds of real time until something is due; none: a long time. */
static int64_t until_next(struct sandbox *s)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(s->store, "SELECT (SELECT min(next_due) FROM orders),"
						 " (SELECT min(pay_due) FROM orders)", "");
	int64_t wait = INT64_MAX, pay;

	(void)store_step(q);
	if (sqlite3_column_type(q, 0) != SQLITE_NULL && s->clock.speed > 0)
		wait = (int64_t)((double)(store_int(q, 0) - clock_life(&s->clock)) / s->clock.speed);
	if (sqlite3_column_type(q, 1) != SQLITE_NULL) {
		pay = store_int(q, 1) - clock_now(&s->clock);
		wait = pay < wait ? pay : wait;
	}
	return wait;
}

static void arm(struct sandbox *s)
{
	int64_t wait = until_next(s), most = 30 * USEC_PER_SEC;
	struct timeval tv;

	evtimer_del(s->life_timer);
	if (wait == INT64_MAX)
		return;
	wait = wait < 1000 ? 1000 : wait > most ? most : wait;
	tv = (struct timeval){ .tv_sec = wait / USEC_PER_SEC, .tv_usec = wait % USEC_PER_SEC };
	evtimer_add(s->life_timer, &tv);
}

void life_publish(struct sandbox *s, struct order *o)
{
	order_touch(s, o);
	order_update(s->store, o);
	push_order_changed(s, o);
	arm(s);
}

static void courier_move(struct sandbox *s, struct order *o, int64_t life)
{
	double way = (double)(o->plan.arrive - o->plan.deliver);
	double part = way > 0 ? (double)(life - o->plan.deliver) / way : 1;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	o->courier_at = place_between(o->from, o->to, part);
	o->courier_date = clock_now(&s->clock);
}

static void courier_next(struct sandbox *s, struct order *o, int64_t life)
{
	int64_t least = (int64_t)((double)courier_pace_real * s->clock.speed);

	o->plan.next = life + (courier_pace > least ? courier_pace : least);
	if (o->plan.next > o->plan.arrive || isnan(o->to.latitude))
		o->plan.next = o->plan.arrive;
}

/* Enters the next status at a moment of life, which may be past after a pause, and plans what comes after. */
static void enter(struct sandbox *s, struct order *o, enum status status, int64_t life)
{
	int64_t date = clock_date_of_life(&s->clock, life);

	order_set_status(o, status, date);
	switch (status) {
	case STATUS_PROCESSING:
		o->start_actual = date;
		o->plan.next = o->plan.cook;
		break;
	case STATUS_COOKING:
		o->plan.next = o->plan.notice ? o->plan.notice : o->plan.ready;
		break;
	case STATUS_READY:
		o->cooking_actual = date;
		o->plan.notice = 0;
		o->plan.next = o->plan.deliver;
		break;
	case STATUS_IN_DELIVERY:
		o->courier = (int)rng_below(&s->rng, 6);
		o->courier_at = o->from;
		o->courier_date = date;
		courier_next(s, o, life);
		break;
	case STATUS_DELIVERED:
		courier_move(s, o, o->plan.arrive);
		payment_at_the_door(s, o);
		o->end_actual = date;
		o->plan.next = life + finished_after;
		break;
	default:
		payment_close(o);
		life_end(o);
	}
	life_publish(s, o);
	push_order_notice(s, o, status);
}

/* The kitchen admits that it is late: the expected dates move. */
static void give_notice(struct sandbox *s, struct order *o)
{
	o->plan.notice = 0;
	o->plan.promised_ready = o->plan.ready;
	o->plan.promised_arrive = o->plan.arrive;
	o->plan.next = o->plan.ready;
	expect(s, o);
	life_publish(s, o);
}

/* One thing that is due happens. */
static void step(struct sandbox *s, struct order *o)
{
	int64_t due = o->plan.next, life = clock_life(&s->clock);

	switch (o->status) {
	case STATUS_REQUESTED:
		enter(s, o, STATUS_PROCESSING, due);
		break;
	case STATUS_PROCESSING:
		enter(s, o, STATUS_COOKING, due);
		break;
	case STATUS_COOKING:
		if (o->plan.notice)
			give_notice(s, o);
		else
			enter(s, o, STATUS_READY, due);
		break;
	case STATUS_READY:
		enter(s, o, STATUS_IN_DELIVERY, due);
		break;
	case STATUS_IN_DELIVERY:
		if (life >= o->plan.arrive)
			enter(s, o, STATUS_DELIVERED, o->plan.arrive);
		else {
			courier_move(s, o, life);
			courier_next(s, o, life);
			order_touch(s, o);
			order_update(s->store, o);
			push_courier_moved(s, o);
		}
		break;
	case STATUS_DELIVERED:
		enter(s, o, STATUS_FINISHED, due);
		break;
	default:
		life_end(o);
		order_update(s->store, o);
	}
}

static bool run_one(struct sandbox *s)
{
	struct order o AUTO(order_done) = { 0 };

	if (order_load_pay_due(s->store, clock_now(&s->clock), &o) == 0)
		payment_step(s, &o);
	else if (s->clock.speed > 0 && order_load_due(s->store, clock_life(&s->clock), &o) == 0)
		step(s, &o);
	else
		return false;
	return true;
}

static void run(struct sandbox *s)
{
	store_begin(s->store);
	for (int i = 0; i < STEPS_PER_TURN && run_one(s); i++)
		;
	store_commit(s->store);
	arm(s);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	run(data);
}

int life_advance(struct sandbox *s, struct order *o, enum status status)
{
	int64_t shift;

	if (status == STATUS_CANCELLED && o->status < STATUS_DELIVERED) {
		enter(s, o, STATUS_CANCELLED, clock_life(&s->clock));
		return 0;
	}
	if (status <= o->status || status > STATUS_FINISHED || o->status == STATUS_CANCELLED ||
	    status == STATUS_AWAITING_PAYMENT)
		return -EINVAL;
	if (o->status == STATUS_AWAITING_PAYMENT) {
		payment_close(o);
		o->status = STATUS_REQUESTED;
		life_plan(s, o);
	}
	while (o->status < status) {
		enum status next = o->status == STATUS_REQUESTED ? STATUS_PROCESSING : o->status + 1;
		struct plan *p = &o->plan;
		int64_t life = clock_life(&s->clock);
		const int64_t due[] = {
			[STATUS_PROCESSING] = p->process, [STATUS_COOKING] = p->cook,
			[STATUS_READY] = p->ready,	  [STATUS_IN_DELIVERY] = p->deliver,
			[STATUS_DELIVERED] = p->arrive,	  [STATUS_FINISHED] = life,
		};

		shift = due[next] > life ? due[next] - life : 0;
		life_delay(s, o, -shift);
		enter(s, o, next, life);
	}
	return 0;
}

static void shift_by(int64_t *at, int64_t usec)
{
	if (*at)
		*at += usec;
}

void life_delay(struct sandbox *s, struct order *o, int64_t usec)
{
	struct plan *p = &o->plan;

	if (o->status < STATUS_PROCESSING)
		shift_by(&p->process, usec);
	if (o->status < STATUS_COOKING)
		shift_by(&p->cook, usec);
	if (o->status < STATUS_READY) {
		shift_by(&p->ready, usec);
		shift_by(&p->promised_ready, usec);
		shift_by(&p->notice, usec);
	}
	if (o->status < STATUS_IN_DELIVERY)
		shift_by(&p->deliver, usec);
	if (o->status < STATUS_DELIVERED) {
		shift_by(&p->arrive, usec);
		shift_by(&p->promised_arrive, usec);
	}
	if (o->status == STATUS_IN_DELIVERY)
		courier_next(s, o, clock_life(&s->clock));
	else
		shift_by(&p->next, usec);
	expect(s, o);
}

void life_clock_changed(struct sandbox *s)
{
	AUTO_QUERY sqlite3_stmt *q = store_query(s->store, "SELECT uid FROM orders WHERE status < 6", "");

	store_save_clock(s->store, &s->clock);
	while (store_step(q)) {
		struct order o AUTO(order_done) = { 0 };

		if (order_load(s->store, store_text(q, 0), &o) < 0)
			continue;
		expect(s, &o);
		life_publish(s, &o);
	}
	arm(s);
}

void life_start(struct sandbox *s)
{
	s->life_timer = evtimer_new(s->base, on_timer, s);
	if (!s->life_timer)
		die(1, "out of memory");
	run(s);
}

void life_stop(struct sandbox *s)
{
	if (s->life_timer)
		event_free(s->life_timer);
}
