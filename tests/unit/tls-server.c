/* The server process: forked before the tests begin, so that nothing it holds is in the memory of the client. */
#include "tls-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "tls-server: %s\n", what);
	_exit(1);
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	check(ctx && EVP_PKEY_keygen_init(ctx) > 0 &&
		      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) > 0 &&
		      EVP_PKEY_keygen(ctx, &key) > 0, "key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	check(e && X509_add_ext(cert, e, -1), "extension");
	X509_EXTENSION_free(e);
}

/* Signed by the authority, or by itself when that is NULL. */
static X509 *make_certificate(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key, const char *name,
			      const char *alternative, long ends)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	static long serial;

	(void)X509_set_version(cert, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), ends);
	(void)X509_set_pubkey(cert, key);
	(void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	(void)X509_set_issuer_name(cert, authority ? X509_get_subject_name(authority) : subject);
	if (alternative)
		add_extension(cert, authority, NID_subject_alt_name, alternative);
	else
		add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
	check(X509_sign(cert, authority ? authority_key : key, EVP_sha256()) > 0, "sign");
	return cert;
}

static void answer(struct bufferevent *stream, const char *header, SSL *ssl)
{
	struct evbuffer *out = bufferevent_get_output(stream);
	const char *token = strstr(header, "Bearer ");
	int n;

	token = token ? token + strlen("Bearer ") : "";
	n = (int)strcspn(token, "\r");
	(void)evbuffer_add_printf(out, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n{\"tokenGuid\":\"%.*s\"}",
				  ssl && SSL_session_reused(ssl) ? "resumed" : "new", n + 16, n, token);
}

static void on_read(struct bufferevent *stream, void *userdata)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	char header[4096] = "";
	const char *length;
	size_t n, body;

	(void)userdata;
	n = (size_t)evbuffer_copyout(in, header, sizeof(header) - 1);
	if (n == 0 || !strstr(header, "\r\n\r\n"))
		return;
	length = strstr(header, "Content-Length: ");
	body = length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;
	n = (size_t)(strstr(header, "\r\n\r\n") - header) + 4 + body;
	if (evbuffer_get_length(in) < n)
		return;
	(void)evbuffer_drain(in, n);
	answer(stream, header, bufferevent_openssl_get_ssl(stream));
}

static void on_event(struct bufferevent *stream, short what, void *userdata)
{
	(void)userdata;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(stream);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int n, void *userdata)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *stream;

	(void)from;
	(void)n;
	if (userdata)
		stream = bufferevent_openssl_socket_new(base, fd, SSL_new(userdata), BUFFEREVENT_SSL_ACCEPTING,
							BEV_OPT_CLOSE_ON_FREE);
	else
		stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	check(stream, "connection");
	bufferevent_setcb(stream, on_read, NULL, on_event, NULL);
	(void)bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static unsigned listen_on(struct event_base *base, SSL_CTX *tls)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	struct evconnlistener *l = evconnlistener_new_bind(base, on_accept, tls, LEV_OPT_CLOSE_ON_FREE, -1,
							   (struct sockaddr *)&address, sizeof(address));

	check(l && getsockname(evconnlistener_get_fd(l), (struct sockaddr *)&address, &n) == 0, "listen");
	return ntohs(address.sin_port);
}

static SSL_CTX *make_context(X509 *cert, EVP_PKEY *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	check(tls && SSL_CTX_use_certificate(tls, cert) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1, "context");
	check(SSL_CTX_set_session_id_context(tls, (const unsigned char *)"test", 4) == 1, "session context");
	return tls;
}

static void serve(struct tls_server *s, int out)
{
	struct event_base *base = event_base_new();
	EVP_PKEY *key = make_key(), *authority_key = make_key();
	X509 *authority = make_certificate(authority_key, NULL, NULL, "Test authority", NULL, 86400);
	int fd = mkstemp(s->ca_file);
	FILE *f = fdopen(fd, "w");
	static const struct {
		const char *alternative;
		long ends;
	} kinds[_TLS_MAX] = {
		[TLS_GOOD] = { "IP:127.0.0.1", 86400 },
		[TLS_OTHER_HOST] = { "DNS:other.example", 86400 },
		[TLS_EXPIRED] = { "IP:127.0.0.1", -3600 },
	};

	check(f && PEM_write_X509(f, authority) && fclose(f) == 0, "file of the authority");
	for (size_t i = 0; i < _TLS_MAX; i++) {
		X509 *cert = make_certificate(key, authority, authority_key, "Test", kinds[i].alternative, kinds[i].ends);

		s->port[i] = listen_on(base, make_context(cert, key));
	}
	s->plain_port = listen_on(base, NULL);
	check(write(out, s, sizeof(*s)) == (ssize_t)sizeof(*s), "pipe");
	(void)event_base_dispatch(base);
}

int tls_server_start(struct tls_server *ret)
{
	struct tls_server s = { .ca_file = "/tmp/test-tls-XXXXXX" };
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		serve(&s, ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	if (read(ends[0], ret, sizeof(*ret)) != (ssize_t)sizeof(*ret))
		return -EIO;
	(void)close(ends[0]);
	ret->pid = pid;
	return 0;
}

void tls_server_stop(struct tls_server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)unlink(s->ca_file);
}
