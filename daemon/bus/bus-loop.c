/* The loop: sd-bus's descriptor, events and absolute time-out as libevent events, set anew before every wait. It does
 * not know what travels on the bus. */
#include <poll.h>

#include "base/timeutil.h"
#include "bus/bus-loop.h"

/* Messages handled before sockets and timers of others get their turn; a caller that floods us does not stop them. */
#define DRAIN_MAX 128

struct bus_loop {
	struct event_base *base;
	sd_bus *bus;
	struct event *read, *write, *timer;
	int fd; /* that read and write are made for */
	uint64_t timer_at;
	void (*before_wait)(void *userdata);
	void *userdata;
	bool exit;
};

/* Their only work is to end the wait: sd_bus_process() finds out what there is. */
static void on_wake(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	(void)userdata;
}

static void free_event(struct event **ev)
{
	if (*ev)
		event_free(*ev);
	*ev = NULL;
}

int bus_loop_new(struct event_base *base, sd_bus *bus, struct bus_loop **ret)
{
	_cleanup_(bus_loop_freep) struct bus_loop *l = new0(struct bus_loop, 1);

	if (!l)
		return -ENOMEM;
	l->base = base;
	l->bus = sd_bus_ref(bus);
	l->fd = -1;
	l->timer = evtimer_new(base, on_wake, NULL);
	if (!l->timer)
		return -ENOMEM;
	*ret = TAKE_PTR(l);
	return 0;
}

void bus_loop_free(struct bus_loop *l)
{
	if (!l)
		return;
	free_event(&l->read);
	free_event(&l->write);
	free_event(&l->timer);
	sd_bus_unref(l->bus);
	free(l);
}

void bus_loop_set_before_wait(struct bus_loop *l, void (*before_wait)(void *userdata), void *userdata)
{
	l->before_wait = before_wait;
	l->userdata = userdata;
}

static int arm_events(struct bus_loop *l)
{
	int fd, events;

	fd = sd_bus_get_fd(l->bus);
	if (fd < 0)
		return fd;
	events = sd_bus_get_events(l->bus);
	if (events < 0)
		return events;

	if (fd != l->fd) {
		free_event(&l->read);
		free_event(&l->write);
		l->read = event_new(l->base, fd, EV_READ | EV_PERSIST, on_wake, NULL);
		l->write = event_new(l->base, fd, EV_WRITE | EV_PERSIST, on_wake, NULL);
		if (!l->read || !l->write)
			return -ENOMEM;
		l->fd = fd;
	}
	/* Adding what is added and deleting what is not costs nothing: libevent compares first. */
	if (((events & POLLIN) ? event_add(l->read, NULL) : event_del(l->read)) < 0 ||
	    ((events & POLLOUT) ? event_add(l->write, NULL) : event_del(l->write)) < 0)
		return -ENOMEM;
	return 0;
}

static int arm_timer(struct bus_loop *l)
{
	struct timeval tv;
	uint64_t at, now, left;
	int r;

	/* Absolute, CLOCK_MONOTONIC, µs; 0 means now, UINT64_MAX never. */
	r = sd_bus_get_timeout(l->bus, &at);
	if (r < 0)
		return r;
	if (at == UINT64_MAX) {
		(void)evtimer_del(l->timer);
		return 0;
	}
	/* A timer that has fired is no longer pending and is set again, even for the same moment. */
	if (evtimer_pending(l->timer, NULL) && at == l->timer_at)
		return 0;
	now = now_monotonic();
	left = at > now ? at - now : 0;
	tv = (struct timeval){ .tv_sec = (time_t)(left / USEC_PER_SEC), .tv_usec = (suseconds_t)(left % USEC_PER_SEC) };
	l->timer_at = at;
	return evtimer_add(l->timer, &tv) < 0 ? -ENOMEM : 0;
}

static int drain(struct bus_loop *l)
{
	for (int i = 0; i < DRAIN_MAX; i++) {
		int r = sd_bus_process(l->bus, NULL);

		if (r <= 0)
			return r;
	}
	return 1;
}

int bus_loop_once(struct bus_loop *l)
{
	int r, more;

	more = drain(l);
	if (more < 0)
		return more;
	if (l->exit)
		return 1;
	if (l->before_wait)
		l->before_wait(l->userdata);
	r = arm_events(l);
	if (r < 0)
		return r;
	r = arm_timer(l);
	if (r < 0)
		return r;
	/* Messages that sd-bus has read but not handled do not show on the descriptor: only look then. With EVLOOP_NONBLOCK
	 * alone libevent would go on for as long as the descriptor can be read. */
	r = event_base_loop(l->base, EVLOOP_ONCE | (more > 0 ? EVLOOP_NONBLOCK : 0));
	return r < 0 ? -EIO : 1;
}

int bus_loop_run(struct bus_loop *l)
{
	while (!l->exit) {
		int r = bus_loop_once(l);

		if (r < 0)
			return r;
	}
	return 0;
}

void bus_loop_exit(struct bus_loop *l)
{
	l->exit = true;
}
