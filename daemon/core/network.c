/* When the world changed under us: the machine woke from suspend, the clock was set, a link or an address came. The
 * loop's own clock (CLOCK_MONOTONIC) stands still in suspend, so every timer is then looked at again. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "core/core-internal.h"

#define SETTLE (500 * USEC_PER_MSEC) /* addresses come in bursts */

struct network {
	struct core *core;
	int timer_fd, netlink_fd;
	struct event *timer_event, *netlink_event, *settle;
};

/* A timer so far away that it only ever ends by ECANCELED (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). */
static int arm_clock(struct network *n)
{
	struct itimerspec never = { .it_value.tv_sec = INT32_MAX };

	if (timerfd_settime(n->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
		return -errno;
	return 0;
}

static void changed(struct network *n)
{
	struct core *c = n->core;

	log_debug("The network or the clock changed");
	session_network_changed(c);
	(void)notifications_muted(c, NULL);
	http_forget_connections(c->http);
	api_network_changed(c->api);
	outbox_network_changed(c);
	if (c->push)
		signalr_retry_now(c->push);
	sync_now(c);
}

static void clock_set(evutil_socket_t fd, short what, void *userdata)
{
	struct network *n = userdata;
	uint64_t ignored;

	(void)what;
	if (read(fd, &ignored, sizeof(ignored)) < 0 && errno == EAGAIN)
		return;
	(void)arm_clock(n);
	core_arm(n->settle, 0);
}

static bool interesting(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *address = NLMSG_DATA(h);
	const struct rtmsg *route = NLMSG_DATA(h);

	if (h->nlmsg_type == RTM_NEWADDR && h->nlmsg_len >= NLMSG_LENGTH(sizeof(*address)))
		return address->ifa_scope == RT_SCOPE_UNIVERSE && !(address->ifa_flags & IFA_F_TENTATIVE);
	if (h->nlmsg_type == RTM_NEWROUTE && h->nlmsg_len >= NLMSG_LENGTH(sizeof(*route)))
		return route->rtm_dst_len == 0 && route->rtm_table == RT_TABLE_MAIN;
	return false;
}

static void netlink_ready(evutil_socket_t fd, short what, void *userdata)
{
	struct network *n = userdata;
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool any = false;
	ssize_t size;

	(void)what;
	while ((size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		size_t left = (size_t)size;

		for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			any = any || interesting(h);
	}
	if (size < 0 && errno == ENOBUFS) /* some were lost: assume the interesting one was among them */
		any = true;
	if (any && !event_pending(n->settle, EV_TIMEOUT, NULL))
		core_arm(n->settle, SETTLE);
}

static void settled(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd, (void)what;
	changed(userdata);
}

static int open_clock(struct network *n)
{
	n->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (n->timer_fd < 0)
		return -errno;
	n->timer_event = event_new(n->core->base, n->timer_fd, EV_READ | EV_PERSIST, clock_set, n);
	if (!n->timer_event || event_add(n->timer_event, NULL) < 0)
		return -ENOMEM;
	return arm_clock(n);
}

static int open_netlink(struct network *n)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};

	n->netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->netlink_fd < 0)
		return -errno;
	if (bind(n->netlink_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	n->netlink_event = event_new(n->core->base, n->netlink_fd, EV_READ | EV_PERSIST, netlink_ready, n);
	if (!n->netlink_event || event_add(n->netlink_event, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int network_new(struct core *c, struct network **ret)
{
	struct network *n = new0(struct network, 1);
	int r;

	if (!n)
		return -ENOMEM;
	n->core = c;
	n->timer_fd = n->netlink_fd = -1;
	n->settle = evtimer_new(c->base, settled, n);
	r = n->settle ? open_clock(n) : -ENOMEM;
	if (r < 0) {
		network_free(n);
		return r;
	}
	/* Without it (a sandbox may forbid the family) polling and back-off find the way back, only later. */
	r = open_netlink(n);
	if (r < 0)
		log_info("Changes of the network are not told here (%s), ignoring", strerror(-r));
	*ret = n;
	return 0;
}

void network_free(struct network *n)
{
	if (!n)
		return;
	if (n->timer_event)
		event_free(n->timer_event);
	if (n->netlink_event)
		event_free(n->netlink_event);
	if (n->settle)
		event_free(n->settle);
	closep(&n->timer_fd);
	closep(&n->netlink_fd);
	free(n);
}
