/* Who is at the other end of a connection over loopback. */
#pragma once

#include "base/util.h"

/* Whether the connected IPv4 socket `fd` of this machine is talked to by a socket of our own user. False also when
 * that cannot be found out. */
bool relay_peer_is_ours(int fd);
/* The same by /proc/self/net/tcp alone, which is read where the kernel has no sock_diag. */
bool relay_peer_is_ours_by_proc(int fd);
