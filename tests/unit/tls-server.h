/* A process of its own that serves TLS on loopback with certificates made on the spot. It answers each request with
 * {"tokenGuid":"…"}, the bearer token it got, and says in X-Resumed whether the TLS session was an old one. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum tls_certificate {
	TLS_GOOD,       /* for 127.0.0.1, by our authority */
	TLS_OTHER_HOST, /* for other.example */
	TLS_EXPIRED,
	_TLS_MAX
};

struct tls_server {
	pid_t pid;
	char ca_file[64];          /* of our authority */
	unsigned port[_TLS_MAX];
	unsigned plain_port;       /* the same without TLS */
};

int tls_server_start(struct tls_server *ret);
void tls_server_stop(struct tls_server *s);
