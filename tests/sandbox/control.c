/*
 * /Sandbox: what a person or a test can do to the services from outside.
 */
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/life.h"
#include "tests/sandbox/mail.h"

static const double speed_max = 100000;
static const int64_t advance_max = 10 * 365 * 24 * INT64_C(3600);

static void answer_clock(struct call *c)
{
	struct sandbox *s = c->sandbox;

	c->answer = json_object_new_object();
	json_object_object_add(c->answer, "speed", json_object_new_double(s->clock.speed));
	json_add_date(c->answer, "now", clock_now(&s->clock));
	if (s->late_minutes < 0)
		json_object_object_add(c->answer, "lateMinutes", NULL);
	else
		json_add_int(c->answer, "lateMinutes", s->late_minutes);
}

int control_clock_get(struct call *c)
{
	answer_clock(c);
	return 0;
}

static int read_speed(struct call *c, double *ret)
{
	json_object *speed = json_member(c->body, "speed");

	*ret = c->sandbox->clock.speed;
	if (!speed)
		return 0;
	if (json_object_is_type(speed, json_type_int) || json_object_is_type(speed, json_type_double))
		*ret = json_object_get_double(speed);
	else
		*ret = -1;
	if (!(*ret >= 0 && *ret <= speed_max))
		return call_fail(c, 422, "invalid-speed", "The speed is no number from 0 to %g", speed_max);
	return 0;
}

int control_clock(struct call *c)
{
	struct sandbox *s = c->sandbox;
	int64_t advance, late;
	json_object *late_member;
	double speed;
	int r;

	r = read_speed(c, &speed);
	if (r < 0)
		return r;
	if (json_int_member(c->body, "advanceSec", 0, &advance) < 0 || advance < 0 || advance > advance_max)
		return call_fail(c, 422, "invalid-advance-sec", "\"advanceSec\" is no integer from 0 to %lld",
				 (long long)advance_max);
	if (json_int_member(c->body, "lateMinutes", -1, &late) < 0 || late < -1 || late > 600)
		return call_fail(c, 422, "invalid-late-minutes",
				 "\"lateMinutes\" is no integer from 0 to 600, nor null");
	if (json_object_object_get_ex(c->body, "lateMinutes", &late_member))
		s->late_minutes = late;
	if (speed != s->clock.speed || advance > 0) {
		clock_set_speed(&s->clock, speed);
		clock_advance(&s->clock, advance * USEC_PER_SEC);
		life_clock_changed(s);
		mail_clock_changed(s);
	}
	answer_clock(c);
	return 0;
}

int control_advance(struct call *c)
{
	struct order o AUTO(order_done) = { 0 };
	const char *uid, *name;
	enum status status;
	int64_t delay;
	int r;

	r = call_text(c, "deliveryOrderUid", 1, 100, &uid);
	if (r < 0)
		return r;
	r = call_optional_text(c, "status", 100, &name);
	if (r < 0)
		return r;
	if (json_int_member(c->body, "delayMinutes", 0, &delay) < 0 || delay < -600 || delay > 600)
		return call_fail(c, 422, "invalid-delay-minutes",
				 "\"delayMinutes\" is no integer from -600 to 600");
	if (!name && !delay)
		return call_fail(c, 422, "invalid-status", "\"status\" or \"delayMinutes\" is needed");
	if (name && status_parse(name, &status) < 0)
		return call_fail(c, 422, "invalid-status", "There is no status \"%s\"", name);
	if (order_load(c->sandbox->store, uid, &o) < 0)
		return call_fail(c, 404, "not-found", "There is no order \"%s\"", uid);
	if (name && life_advance(c->sandbox, &o, status) < 0)
		return call_fail(c, 409, "wrong-status", "An order that is \"%s\" cannot become \"%s\"",
				 status_name(o.status), name);
	if (delay) {
		if (o.status >= STATUS_DELIVERED || o.status == STATUS_AWAITING_PAYMENT)
			return call_fail(c, 409, "wrong-status", "An order that is \"%s\" cannot be delayed",
					 status_name(o.status));
		life_delay(c->sandbox, &o, delay * USEC_PER_MINUTE);
		life_publish(c->sandbox, &o);
	}
	c->answer = order_to_json(&o);
	return 0;
}
