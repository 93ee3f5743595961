/* TCP has no SO_PEERCRED. But both ends of a loopback connection are sockets of this machine, and the kernel says
 * whose a socket is: by sock_diag(7) for one, or in /proc/self/net/tcp, a table of all (ProcSubset=pid leaves it). */
#include "net/relay-peer.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

struct ends {
	struct sockaddr_in near, far; /* of the peer's socket: its own, and ours */
};

static int ends_of(int fd, struct ends *ret)
{
	socklen_t near = sizeof(ret->near), far = sizeof(ret->far);

	if (getpeername(fd, (struct sockaddr *)&ret->near, &near) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ret->far, &far) < 0)
		return -errno;
	if (ret->near.sin_family != AF_INET || ret->far.sin_family != AF_INET ||
	    ntohl(ret->near.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		return -EAFNOSUPPORT;
	return 0;
}

/* In a user namespace, everybody who is not in it has this uid; whoever has it himself cannot be told from them. */
static bool uid_is_certain(uid_t uid)
{
	unsigned inside, outside, count;
	FILE *f;
	int n;

	if (uid != 65534)
		return true;
	f = fopen("/proc/self/uid_map", "re");
	if (!f)
		return false;
	n = fscanf(f, "%u %u %u", &inside, &outside, &count);
	(void)fclose(f);
	return n == 3 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

struct diag_question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

/* The one socket with these ends. 0; -ENOENT: there is none; other: the kernel cannot tell. */
static int ask_diag(const struct ends *e, uid_t *ret_uid, int *ret_state)
{
	struct diag_question q = {
		.header = { .nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
		.body = {
			.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = UINT32_MAX,
			.id = {
				.idiag_sport = e->near.sin_port,
				.idiag_dport = e->far.sin_port,
				.idiag_src = { e->near.sin_addr.s_addr },
				.idiag_dst = { e->far.sin_addr.s_addr },
				.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
			},
		},
	};
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	const struct inet_diag_msg *m = NLMSG_DATA(&answer.header);
	const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
	_cleanup_close_ int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	if (nl < 0 || sendto(nl, &q, sizeof(q), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	/* The answer is there when the question is sent. */
	n = recv(nl, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_HDRLEN || answer.header.nlmsg_len > (size_t)n)
		return -EBADMSG;
	if (answer.header.nlmsg_type == NLMSG_ERROR && answer.header.nlmsg_len >= NLMSG_LENGTH(sizeof(*error)))
		return error->error < 0 ? error->error : -EBADMSG;
	if (answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY || answer.header.nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->id.idiag_sport != e->near.sin_port || m->id.idiag_dport != e->far.sin_port)
		return -EBADMSG;
	*ret_uid = m->idiag_uid;
	*ret_state = m->idiag_state;
	return 0;
}

/* Lines as "0: 0100007F:A0B1 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000 …"; addresses are in the
 * machine's own byte order, ports are not. */
static int read_proc(const struct ends *e, uid_t *ret_uid, int *ret_state)
{
	unsigned near, near_port, far, far_port, state, uid;
	char line[512];
	int r = -ENOENT;
	FILE *f;

	f = fopen("/proc/self/net/tcp", "re");
	if (!f)
		return -errno;
	while (r < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %8X:%4X %8X:%4X %2X %*X:%*X %*X:%*X %*X %u", &near, &near_port, &far, &far_port,
			   &state, &uid) != 6)
			continue;
		if (near != e->near.sin_addr.s_addr || near_port != ntohs(e->near.sin_port) ||
		    far != e->far.sin_addr.s_addr || far_port != ntohs(e->far.sin_port))
			continue;
		*ret_uid = uid;
		*ret_state = (int)state;
		r = 0;
	}
	(void)fclose(f);
	return r;
}

/* One that is being closed belongs to nobody any more, and has uid 0. */
static bool is_ours(uid_t uid, int state)
{
	return state == TCP_ESTABLISHED && uid == geteuid() && uid_is_certain(uid);
}

bool relay_peer_is_ours_by_proc(int fd)
{
	struct ends ends;
	uid_t uid;
	int state;

	return ends_of(fd, &ends) >= 0 && read_proc(&ends, &uid, &state) >= 0 && is_ours(uid, state);
}

bool relay_peer_is_ours(int fd)
{
	struct ends ends;
	uid_t uid;
	int state, r;

	if (ends_of(fd, &ends) < 0)
		return false;
	r = ask_diag(&ends, &uid, &state);
	if (r == -ENOENT)
		return false;
	if (r < 0)
		return relay_peer_is_ours_by_proc(fd);
	return is_ours(uid, state);
}
